"""`python -m aihwkit` is the command `aihwkit`."""

import sys

from aihwkit.cli.main import main

sys.exit(main())
