"""Writes which files of which installed dependencies synthetic tasks are made from, after dependencies were bumped.

Usage: python scripts/pin_sources.py > src/tracewright/sources/_code/distributions.json
"""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.metadata import distribution
from pathlib import Path

FILES = {
    "alembic": 14,
    "iniconfig": 2,
    "mako": 8,
    "markdown-it-py": 14,
    "mdurl": 2,
    "packaging": 8,
    "pluggy": 5,
    "pydantic": 20,
    "pygments": 8,
    "pytest": 24,
    "rfc8785": 1,
    "rich": 28,
    "shellingham": 2,
    "sqlalchemy": 36,
    "typer": 10,
    "typing-inspection": 1,
}
"""How many files each gives; which ones follows from the hashes of their paths."""
SIZES = range(1_500, 60_000)
TABLES = (
    "/lexers/",
    "/styles/",
    "/testing/",
    "/tests/",
    "/v1/",
    "/templates/",
    "unicode",
    "_emoji_codes",
    "_vendor",
    "_spdx",
)


def chosen(name: str, count: int) -> dict[str, str]:
    """Return path to sha256 of the files taken from one installed distribution."""
    installed = distribution(name)
    paths = [
        str(path) for path in installed.files or [] if path.suffix == ".py" and not any(t in str(path) for t in TABLES)
    ]
    data = {path: Path(str(installed.locate_file(path))).read_bytes() for path in paths if ".." not in path}
    fitting = [path for path in data if len(data[path]) in SIZES]
    taken = sorted(fitting, key=lambda path: hashlib.sha256(path.encode()).hexdigest())[:count]
    return {path: hashlib.sha256(data[path]).hexdigest() for path in sorted(taken)}


if __name__ == "__main__":
    pins = {
        name: {"version": distribution(name).version, "files": chosen(name, count)} for name, count in FILES.items()
    }
    sys.stdout.write(json.dumps(pins, indent=1) + "\n")
