"""Language ids by file suffix and by the names that data sets use for them."""

from __future__ import annotations

from pathlib import PurePosixPath

_SUFFIXES: dict[str, tuple[str, ...]] = {
    "bash": ("sh", "bash", "zsh"),
    "c": ("c", "h"),
    "cpp": ("cpp", "cc", "cxx", "hpp", "hh"),
    "csharp": ("cs",),
    "css": ("css", "scss"),
    "dart": ("dart",),
    "elixir": ("ex", "exs"),
    "go": ("go",),
    "haskell": ("hs",),
    "hcl": ("hcl", "tf"),
    "html": ("html", "htm"),
    "java": ("java",),
    "javascript": ("js", "cjs", "mjs", "jsx"),
    "json": ("json",),
    "kotlin": ("kt", "kts"),
    "lua": ("lua",),
    "nix": ("nix",),
    "php": ("php",),
    "python": ("py", "pyi"),
    "ruby": ("rb",),
    "rust": ("rs",),
    "scala": ("scala", "sc"),
    "solidity": ("sol",),
    "swift": ("swift",),
    "tsx": ("tsx",),
    "typescript": ("ts", "cts", "mts"),
    "yaml": ("yaml", "yml"),
}
_NAMES = {"c++": "cpp", "c#": "csharp", "shell": "bash", "golang": "go"}
_BY_SUFFIX = {suffix: language for language, suffixes in _SUFFIXES.items() for suffix in suffixes}


def language_id(name: str) -> str:
    """Return the id of a language by its name or suffix (`Python`, `py`, `C#`); an unknown name in lower case."""
    word = name.strip().lower()
    return word if word in _SUFFIXES else _BY_SUFFIX.get(word) or _NAMES.get(word, word)


def language_of(path: str) -> str:
    """Return the language id that a file's suffix stands for, empty where it stands for none."""
    return _BY_SUFFIX.get(PurePosixPath(path).suffix[1:].lower(), "")


def suffix_of(language: str) -> str:
    """Return the first suffix of a language id, with its dot; `.txt` for an unknown one."""
    return "." + _SUFFIXES.get(language, ("txt",))[0]
