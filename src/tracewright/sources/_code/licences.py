"""Reads licences as SPDX expressions: from names that data sets use and from the texts of licence files.

It recognises the common licences by their own sentences; it is no legal advice, and what it does not know is unknown.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from tracewright.records.task import UNKNOWN_LICENCE

PERMISSIVE = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MIT-0"}
    | {"PSF-2.0", "Python-2.0", "Unlicense", "Zlib"}
)
_KNOWN = (
    *PERMISSIVE,
    *("Artistic-2.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CDDL-1.0", "EPL-1.0", "EPL-2.0", "MPL-1.1", "MPL-2.0"),
    *(f"{name}{tail}" for name in ("GPL-2.0", "GPL-3.0", "LGPL-2.0", "LGPL-2.1", "LGPL-3.0", "AGPL-3.0")
      for tail in ("", "-only", "-or-later")),
)  # fmt: skip
_ALIASES = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache2": "Apache-2.0",
    "cc by 4.0": "CC-BY-4.0",
    "cc by-sa 4.0": "CC-BY-SA-4.0",
    "bsd-2": "BSD-2-Clause",
    "bsd-3": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "the unlicense": "Unlicense",
    "the unlicense (unlicense)": "Unlicense",
}
_BY_NAME = {name.lower(): name for name in _KNOWN} | _ALIASES
_JOINTS = re.compile(r"\s+(AND|OR)\s+|([()])")
_TAG = re.compile(r"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+() -]{2,100})")
_GNU = re.compile(r"^\W*gnu (affero |lesser |library )?general public license\W+version ([23](?:\.[01])?)\b")
_GNU_NAMES = {"": "GPL", "affero ": "AGPL", "lesser ": "LGPL", "library ": "LGPL"}
_GRANT_ISC = "permission to use, copy, modify, and"
_BSD = "redistribution and use in source and binary forms"

_SENTENCES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (  # id, all of these, none of those
    ("Apache-2.0", ("apache license version 2.0", "terms and conditions for use, reproduction"), ()),
    ("MIT", ("permission is hereby granted, free of charge", "without restriction", "permission notice shall be"), ()),
    ("MIT-0", ("permission is hereby granted, free of charge", "without restriction", "software is provided"),
     ("permission notice shall be", "subject to the following condition", "boost")),
    ("BSD-3-Clause", (_BSD, "endorse or promote products"), ("all advertising materials",)),
    ("BSD-2-Clause", (_BSD, "in binary form must reproduce"), ("endorse or promote products", "advertising materials")),
    ("ISC", (_GRANT_ISC, "with or without fee", "appear in all copies"), ()),
    ("0BSD", (_GRANT_ISC, "with or without fee is hereby granted"), ("appear in all copies",)),
    ("MPL-2.0", ("mozilla public license version 2.0", "1.1. \"contributor\""), ()),
    ("EPL-1.0", ("eclipse public license - v 1.0",), ()),
    ("EPL-2.0", ("eclipse public license - v 2.0",), ()),
    ("CC0-1.0", ("cc0 1.0 universal",), ()),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",), ()),
    ("Zlib", ("provided 'as-is', without any express or implied warranty", "altered source versions must be"), ()),
    ("BSL-1.0", ("boost software license - version 1.0",), ()),
    ("PSF-2.0", ("python software foundation license version 2",), ()),
    ("Artistic-2.0", ("the artistic license 2.0",), ()),
)  # fmt: skip
_RESTRICTED = (
    *("commons clause", "the right to sell the software", "for good, not evil", "hippocratic license"),
    *("non-commercial", "noncommercial", "not for commercial", "business source license", "elastic license"),
    *("server side public license", "proprietary and confidential"),
)
"""What takes back a part of what the sentences beside it grant: such a text is none of the licences known here."""
LICENCE_FILE = re.compile(r"(?:UN)?LICEN[CS]E(?:[.-][\w.-]{1,40})?|COPYING(?:\.\w{1,12})?", re.I)
"""What a licence file is called; the shortest name counts first."""


@dataclass(frozen=True)
class Licence:
    """An SPDX expression and what it was read from."""

    expression: str = UNKNOWN_LICENCE
    evidence: str = ""

    @property
    def permissive(self) -> bool:
        """Say whether every part of an AND, or one part of an OR, is on our list of permissive licences."""
        if "(" in self.expression:
            return all(part in PERMISSIVE for part in re.split(r" AND | OR |[()]", self.expression) if part)
        either = self.expression.split(" OR ")
        return any(all(part in PERMISSIVE for part in whole.split(" AND ")) for whole in either)


def spdx(name: str) -> str:
    """Return the SPDX expression that a name or expression stands for, else `LicenseRef-unknown`."""
    parts = [part for part in _JOINTS.split(name.strip()[:200]) if part and part.strip()]
    read = [part if part in {"AND", "OR", "(", ")"} else _BY_NAME.get(part.strip().lower(), "") for part in parts]
    if not read or not all(read):
        return UNKNOWN_LICENCE
    return " ".join(read).replace("( ", "(").replace(" )", ")")


def recognise(text: str) -> str:
    """Return the SPDX expression of a licence text: all that is found in it, joined by AND."""
    if tag := _TAG.search(text[:2000]):
        return spdx(tag.group(1))
    plain = re.sub(r"[\s*#/]+", " ", text[:200_000]).strip().lower().replace("`", "'").replace("''", '"')
    plain = plain.replace("apache license, version", "apache license version")
    if gnu := _GNU.match(plain):
        version = gnu.group(2) if "." in gnu.group(2) else f"{gnu.group(2)}.0"
        return f"{_GNU_NAMES[gnu.group(1) or '']}-{version}"
    if any(sentence in plain for sentence in _RESTRICTED):
        return UNKNOWN_LICENCE
    found = [
        name
        for name, wanted, refused in _SENTENCES
        if all(sentence in plain for sentence in wanted) and not any(sentence in plain for sentence in refused)
    ]
    return " AND ".join(sorted(found)) or UNKNOWN_LICENCE


def read_licence(name: str, data: bytes) -> Licence:
    """Return the licence that a licence file states, with the file's name and hash as its evidence."""
    sha256 = hashlib.sha256(data).hexdigest()
    return Licence(recognise(data.decode(errors="replace")), f"{name} sha256:{sha256}")
