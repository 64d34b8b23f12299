"""The set `ecommerce`: half a year of a shop's orders, their items, and the stock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from tracewright.tables.content import Row
from tracewright.tables.draws import below, between, chance, shuffled, stream, weighted

SEED = 42
FIRST_DAY = date(2025, 8, 5)
DAYS = 180
WEEKEND = 5
"""Monday is 0: days from here on are a weekend."""
DAY_WEIGHTS = {False: 2, True: 3}
"""A day of a weekend sees half as many orders again as a weekday."""
BASKETS = {1: 1222, 2: 1406, 3: 787, 4: 402, 5: 201}
"""How many orders have so many items: about 30, 35, 20, 10 and 5 %, and exactly 4,018 orders with 9,008 items."""
CUSTOMERS = 2000
FIRST_CUSTOMER, FIRST_ORDER, FIRST_ITEM, FIRST_PRODUCT = 501, 1001, 10001, 201
QUANTITIES = ((1, 70), (2, 20), (3, 10))
DISCOUNTS = (5, 10, 15, 20, 25, 30)
CANCELLED = 3
"""Percent of the orders."""
STOCK = (((0, 0), 10), ((1, 19), 30), ((20, 500), 60))


class Category(NamedTuple):
    """A department: products in stock, weight among items, percent returned and discounted, prices, product names."""

    name: str
    products: int
    weight: int
    returned: int
    discounted: int
    prices: tuple[int, int]
    nouns: tuple[str, ...]


CATEGORIES = (
    Category("Electronics", 150, 30, 15, 45, (20, 500), ("Headphones", "Keyboard", "Monitor", "Speaker", "Charger")),
    Category("Clothing", 175, 35, 18, 50, (10, 150), ("Jacket", "Shirt", "Trousers", "Sweater", "Scarf")),
    Category("Home", 100, 20, 10, 35, (15, 300), ("Lamp", "Blanket", "Kettle", "Shelf")),
    Category("Books", 50, 10, 5, 25, (5, 50), ("Novel", "Atlas")),
    Category("Toys", 25, 5, 12, 40, (8, 80), ("Puzzle", "Kite")),
)
ADJECTIVES = (
    "Classic",
    "Compact",
    "Deluxe",
    "Everyday",
    "Fine",
    "Gentle",
    "Light",
    "Modern",
    "Plain",
    "Royal",
    "Smart",
    "Soft",
)

RETURN_BASE, RETURN_LEVEL = 4.6, 10.6
"""An order comes back as a whole: with 4.6 percent, and for each item by what its category's rate is over 10.6.

So about 12 % of all orders come back, and of the items of each category its own rate."""


class Item(NamedTuple):
    """A row of `order_items` before it has its ids; the price is in cents."""

    product: int
    category: Category
    quantity: int
    cents: int
    discount: int


def generate(scale: int = 1) -> Mapping[str, Sequence[Row]]:
    """Return the rows of each table, ordered by key; `scale` times 4,018 orders, 9,008 items and 500 products."""
    inventory = list(_inventory(stream(SEED, 3), scale))
    shelves = {category.name: [row[0] for row in inventory if row[2] == category.name] for category in CATEGORIES}
    drawn, bought = stream(SEED, 1), stream(SEED, 2)
    orders: list[Row] = []
    items: list[Row] = []
    for day, size in zip(_days(drawn, scale), _sizes(drawn, scale), strict=True):
        basket = [_item(bought, shelves) for _ in range(size)]
        order_id = FIRST_ORDER + len(orders)
        orders.append((order_id, *_order(drawn, day, basket, scale)))
        for item in basket:
            items.append((FIRST_ITEM + len(items), order_id, *_cells(item)))
    return {"orders": orders, "order_items": items, "inventory": inventory}


def _inventory(rng: Random, scale: int) -> Iterator[tuple[int, str, str, int]]:
    """Yield products; every pair of adjective and noun at least once, so 216 names and none of them a key."""
    products: list[tuple[str, str]] = []
    for category in CATEGORIES:
        names = [f"{adjective} {noun}" for adjective in ADJECTIVES for noun in category.nouns]
        again = [names[below(rng, len(names))] for _ in range(category.products * scale - len(names))]
        products += [(name, category.name) for name in [*names, *again]]
    for number, (name, category_name) in enumerate(shuffled(rng, products)):
        yield FIRST_PRODUCT + number, name, category_name, between(rng, *weighted(rng, STOCK))


def _days(rng: Random, scale: int) -> list[date]:
    """Draw the days of all orders, in order of time."""
    days = [FIRST_DAY + timedelta(days=number) for number in range(DAYS)]
    # As many copies as a day weighs: a draw is then one index and no search.
    calendar = [day for day in days for _ in range(DAY_WEIGHTS[day.weekday() >= WEEKEND])]
    return sorted(calendar[below(rng, len(calendar))] for _ in range(sum(BASKETS.values()) * scale))


def _sizes(rng: Random, scale: int) -> list[int]:
    return shuffled(rng, [size for size, count in BASKETS.items() for _ in range(count * scale)])


def _item(rng: Random, shelves: Mapping[str, Sequence[int]]) -> Item:
    category = weighted(rng, [(category, category.weight) for category in CATEGORIES])
    shelf = shelves[category.name]
    low, high = category.prices
    return Item(
        product=shelf[below(rng, len(shelf))],
        category=category,
        quantity=weighted(rng, QUANTITIES),
        cents=between(rng, low * 100, high * 100),
        discount=DISCOUNTS[below(rng, len(DISCOUNTS))] if chance(rng, category.discounted) else 0,
    )


def _order(rng: Random, day: date, basket: Sequence[Item], scale: int) -> Row:
    customer = FIRST_CUSTOMER + below(rng, CUSTOMERS * scale)
    hundredths = sum(item.cents * item.quantity * (100 - item.discount) for item in basket)
    status = _status(rng, basket)
    return customer, day, (hundredths + 50) // 100 / 100, status, status == "returned"


def _status(rng: Random, basket: Sequence[Item]) -> str:
    returned = RETURN_BASE + sum(item.category.returned - RETURN_LEVEL for item in basket)
    draw = rng.random() * 100
    if draw < returned:
        return "returned"
    return "cancelled" if draw >= 100 - CANCELLED else "completed"


def _cells(item: Item) -> Row:
    return item.product, item.category.name, item.quantity, item.cents / 100, item.discount
