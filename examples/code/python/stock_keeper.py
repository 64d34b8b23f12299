"""Counts what lies in a store and what has to be ordered."""


class StockError(Exception):
    """The store cannot do what was asked for."""


class StockKeeper:
    """Articles with their amounts and a history of changes."""

    def __init__(self, options=None):
        self.options = options if options is not None else dict()
        self.amounts = dict()
        self.history = list()

    def deliver(self, article, amount):
        if amount <= 0:
            raise StockError("bad amount for {}".format(article))
        before = self.amounts.get(article, None)
        self.amounts[article] = amount if before is None else before + amount
        self.note("deliver", article)
        return self.amounts[article]

    def take(self, article, amount, partial=False):
        known = self.amounts.get(article, None)
        if known is None:
            raise StockError("no article %s" % article)
        if known < amount and not partial:
            raise StockError("too little of {}".format(article))
        taken = amount if known >= amount else known
        self.amounts[article] = known - taken
        self.note("take", article)
        return taken

    def note(self, action, article):
        entry = dict()
        entry["action"] = action
        entry["article"] = article
        self.history.append(entry)

    def low(self, threshold=None):
        limit = threshold if threshold is not None else self.options.get("threshold", None)
        if limit is None:
            return list()
        return sorted(name for name, amount in self.amounts.items() if amount < limit)

    def order(self, supplier, dry_run=True):
        wanted = self.low()
        if len(wanted) == 0:
            return "nothing to order from {}".format(supplier)
        lines = list()
        for name in wanted:
            lines.append("order %s" % name)
        if not dry_run:
            send(supplier, lines, urgent=False)
        return "\n".join(lines)

    def last(self):
        if len(self.history) == 0:
            return None
        return self.history[-1]

    def describe(self, article):
        amount = self.amounts.get(article, None)
        if type(amount) is int:
            return str(article) + ": " + str(amount)
        return "unknown article {}".format(article)


def send(supplier, lines, urgent=True):
    mark = "!" if urgent else ""
    if isinstance(supplier, (str, bytes)):
        raise TypeError("supplier is no object: %s" % supplier)
    return supplier.send(mark + str(lines), copy=True)


def total(keepers):
    result = dict()
    for keeper in keepers:
        for name, amount in keeper.amounts.items():
            result[name] = result.get(name, 0) + amount
    return result


def setting(options, name):
    value = getattr(options, name)
    return str(value) if type(value) is bool else value
