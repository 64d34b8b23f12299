"""The languages that ast-grep 0.51 has built in, by name, alias and file suffix.

Names are checked here first: the binding answers an unknown one with a panic that passes `except Exception`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePosixPath

_SUFFIXES: dict[str, tuple[str, ...]] = {
    "Bash": ("sh", "bash", "zsh", "ksh", "bats"),
    "C": ("c", "h"),
    "Cpp": ("cpp", "cc", "cxx", "c++", "hpp", "hh", "cu", "ino"),
    "CSharp": ("cs",),
    "Css": ("css", "scss"),
    "Dart": ("dart",),
    "Elixir": ("ex", "exs"),
    "Go": ("go",),
    "Haskell": ("hs",),
    "Hcl": ("hcl", "tf", "tfvars", "nomad"),
    "Html": ("html", "htm", "xhtml"),
    "Java": ("java",),
    "JavaScript": ("js", "cjs", "mjs", "jsx"),
    "Json": ("json",),
    "Kotlin": ("kt", "kts", "ktm"),
    "Lua": ("lua",),
    "Nix": ("nix",),
    "Php": ("php",),
    "Python": ("py", "pyi", "py3", "bzl"),
    "Ruby": ("rb", "rbw", "gemspec"),
    "Rust": ("rs",),
    "Scala": ("scala", "sc", "sbt"),
    "Solidity": ("sol",),
    "Swift": ("swift",),
    "Tsx": ("tsx",),
    "TypeScript": ("ts", "cts", "mts"),
    "Yaml": ("yaml", "yml"),
}
_ALIASES = {"c++": "Cpp", "c#": "CSharp", "golang": "Go", "shell": "Bash"}
_BY_SUFFIX = {suffix: name for name, suffixes in _SUFFIXES.items() for suffix in suffixes}
_BY_WORD = _BY_SUFFIX | {name.lower(): name for name in _SUFFIXES} | _ALIASES


def canonical_language(word: str) -> str | None:
    """Return ast-grep's own name for a language word (`py`, `python`, `Python`), None for an unknown one."""
    return _BY_WORD.get(word.strip().lower())


@lru_cache(maxsize=1024)
def language_of(path: str) -> str | None:
    """Return the language that ast-grep sees in a file of this name, None where it sees none."""
    return _BY_SUFFIX.get(PurePosixPath(path).suffix[1:].lower())


def suffix_of(language: str) -> str:
    """Return the first file suffix of a canonical language, with its dot."""
    return "." + _SUFFIXES[language][0]
