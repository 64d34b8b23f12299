"""Keeps an index of files by word, on disk as plain text."""

import os

STOP_WORDS = ("a", "the", "of")


class FileIndex:
    """Words and the files that hold them."""

    def __init__(self, folder):
        assert folder
        self.folder = folder
        self.words = dict()
        self.failed = list()

    def scan(self, recursive=True):
        if not os.path.isdir(self.folder):
            raise ValueError("no such folder: {}".format(self.folder))
        for name in sorted(os.listdir(self.folder)):
            path = os.path.join(self.folder, name)
            if os.path.isfile(path):
                self.read(path)
            elif recursive and os.path.isdir(path):
                self.merge(FileIndex(path))
        return len(self.words)

    def read(self, path):
        try:
            with open(path) as file:
                text = file.read()
        except UnicodeDecodeError:
            self.failed.append("cannot read {}".format(path))
            return
        for word in tokens(text):
            self.words.setdefault(word, list()).append(path)

    def merge(self, other):
        assert other is not self
        for word, paths in other.words.items():
            known = self.words.get(word, None)
            if known is None:
                self.words[word] = list(paths)
            else:
                known.extend(paths)

    def find(self, query, limit=None):
        found = list()
        for word in tokens(query):
            paths = self.words.get(word, None)
            if paths is not None:
                found.extend(paths)
        if len(found) == 0:
            self.failed.append("nothing for %s" % query)
        ranked = sorted(set(found), key=found.count, reverse=True)
        return ranked if limit is None else ranked[:limit]

    def describe(self):
        words = str(len(self.words))
        state = "broken" if self.failed else "fine"
        return "index of {}".format(self.folder) + ", " + words + " words, " + state


def tokens(text):
    if type(text) is not str or len(text) == 0:
        return list()
    found = list()
    for word in text.lower().split():
        plain = strip_marks(word)
        if plain and plain not in STOP_WORDS:
            found.append(plain)
    return found


def strip_marks(word):
    kept = [char for char in word if isinstance(char, (str, bytes)) and char.isalnum()]
    return "".join(kept)


def attribute(item, name):
    value = getattr(item, name)
    if isinstance(value, (list, tuple)):
        return ", ".join(str(part) for part in value)
    return str(value)


def is_small(path, size=1000):
    assert size > 0
    if not os.path.isfile(path) or os.path.isdir(path):
        return False
    return os.path.getsize(path) < size
