"""Starting the interpreter of a reference on a script that records what it does."""

import argparse
import os
import subprocess


def run(script, record, out, description):
    """Let the interpreter that the command line names call `record` with the file to write.

    Args:
        script: the file that was started; it is started again, in the reference's interpreter.
        record: takes the path of the recording.
        out: where that is, unless the command line says another place.
        description: of the script.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("python", help="interpreter of the reference, or 'this'")
    parser.add_argument("--out", default=str(out))
    arguments = parser.parse_args()
    if arguments.python == "this":
        record(arguments.out)
        return
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [arguments.python, script, "this", "--out", arguments.out]
    subprocess.run(command, check=True, env=environment)
