"""Refuses what must not be in a tracked file: addresses of package registries, paths of one machine, loose ends."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

EVERYWHERE = {
    # Written so that no pattern matches itself.
    r"pyp[i]\.org|pythonhoste[d]\.org|npmj[s]\.(org|com)|deb\.debia[n]\.org": "the address of a package registry",
    r"/(wor[k]|roo[t]|hom[e])/[a-z]": "a path of one machine",
}
IN_CODE = {r"raise NotImplementedErro[r]|\bTOD[O]\b|\bFIXM[E]\b|assert Tru[e]\b|pragma: no cove[r]": "a loose end"}


def faults(name: str, text: str) -> Iterator[str]:
    """Yield a sentence for every line of a file that holds one of the patterns."""
    patterns = EVERYWHERE | (IN_CODE if name.endswith(".py") else {})
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, what in patterns.items():
            if found := re.search(pattern, line):
                yield f"{name}:{number} holds {what}: {found[0]}"


def tracked(root: Path) -> list[str]:
    """Return the files that git tracks, or would after `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return sorted(name for name in listed.stdout.split("\0") if name and (root / name).is_file())


def main(root: Path) -> int:
    """Print all faults; 1 when there are any."""
    names = tracked(root)
    found = [f"{name} records download addresses: remove it" for name in names if Path(name).name == "uv.lock"]
    for name in names:
        found += faults(name, (root / name).read_text(errors="replace"))
    for fault in found:
        print(fault)  # noqa: T201  # a check speaks to its terminal
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parents[1]))
