"""Writes small text reports from rows of figures."""

import os


class Report:
    """Rows under a title, with totals."""

    def __init__(self, title, columns=None):
        self.title = title
        self.columns = columns if columns is not None else list()
        self.rows = list()
        self.totals = dict()

    def add(self, row):
        if len(row) == 0:
            raise ValueError("empty row in {}".format(self.title))
        if type(row) is not dict:
            raise TypeError("row is no dict: %s" % row)
        for name in row:
            if name not in self.columns:
                self.columns.append(name)
        self.rows.append(row)
        self.count(row)
        return self

    def count(self, row):
        for name, value in row.items():
            if type(value) is int or type(value) is float:
                self.totals[name] = self.totals.get(name, 0) + value

    def width(self, name):
        longest = max(len(str(row.get(name, None))) for row in self.rows)
        return longest if longest > len(name) else len(name)

    def line(self, row):
        cells = list()
        for name in self.columns:
            value = row.get(name, None)
            text = "" if value is None else str(value)
            cells.append(text.ljust(self.width(name)))
        return " | ".join(cells)

    def render(self, footer=True):
        if len(self.rows) == 0:
            return "nothing to report in {}".format(self.title)
        lines = [self.title, "=" * len(self.title)]
        lines.append(self.line(dict(zip(self.columns, self.columns))))
        for row in self.rows:
            lines.append(self.line(row))
        if footer and len(self.totals) == 0:
            lines.append("no totals in %s" % self.title)
        return "\n".join(lines)


def save(report, path, overwrite=False):
    if os.path.isfile(path) and not overwrite:
        raise OSError("file exists: {}".format(path))
    if os.path.isdir(path):
        raise OSError("is a folder: %s" % path)
    text = report.render(footer=True)
    with open(path, "w") as file:
        file.write(text)
    return len(text)


def load(path):
    if not os.path.isfile(path):
        return list()
    rows = list()
    with open(path) as file:
        for line in file:
            cells = line.split("|")
            if len(cells) == 0 or type(line) is bytes:
                continue
            rows.append(dict(cells=cells, source=path))
    return rows
