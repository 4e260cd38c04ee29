"""Changelogs, made from fragments.

A change of a package adds a file to its folder `changes`: its name says what it is about, its
text is one entry of the changelog. Two changes then never touch the same line.
"""

import re
from collections.abc import Sequence

from packaging.version import Version
from steps import ReleaseError

__all__ = ["as_entry", "merge"]


def as_entry(text: str, name: str) -> str:
    """Turn the text of a fragment into an entry.

    Raises:
        ReleaseError: The fragment is empty or holds a heading.
    """
    text = text.strip()
    if not text or re.search(r"(?m)^#", text):
        raise ReleaseError(f"changes/{name} must hold the text of one entry, without a heading")
    return text if text.startswith("- ") else "- " + text.replace("\n", "\n  ")


def merge(changelog: str, entries: Sequence[str], version: Version, date: str) -> str:
    """Return a changelog with the section of a release.

    The section `## VERSION (unreleased)`, if there is one, gets the date and the entries;
    otherwise a new section goes above all others.

    Args:
        changelog: The text so far.
        entries: Entries from fragments.
        version: Version of the release.
        date: Its day, as in 2027-01-31.

    Raises:
        ReleaseError: There is nothing to tell, the version has a section with a date already, or
            an unreleased section belongs to another version.
    """
    if re.search(rf"(?m)^## {re.escape(str(version))} \(\d", changelog):
        raise ReleaseError(f"the changelog says that {version} is released already")
    waiting = re.findall(r"(?m)^## (\S+) \(unreleased\)$", changelog)
    if waiting and waiting != [str(version)]:
        raise ReleaseError(
            f"the changelog has an unreleased section for {', '.join(waiting)}, not for {version}"
        )
    title = f"## {version} ({date})"
    if not waiting:
        if not entries:
            raise ReleaseError("nothing to release: there is no fragment in changes/")
        section = "\n".join([title, "", *entries, ""])
        head, mark, rest = changelog.partition("\n## ")
        return f"{head.rstrip()}\n\n{section}" + (f"{mark}{rest}" if mark else "")
    before, after = changelog.split(f"## {version} (unreleased)", 1)
    body, mark, rest = after.partition("\n## ")
    lines = [body.strip(), *entries]
    if not any(lines):
        raise ReleaseError(f"nothing to release: the section {version} (unreleased) is empty")
    section = "\n".join(line for line in lines if line)
    return f"{before}{title}\n\n{section}\n{mark}{rest}"
