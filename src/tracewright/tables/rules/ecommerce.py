"""The rules of the set `ecommerce`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from tracewright.tables.ecommerce import BASKETS, CATEGORIES, DAYS, FIRST_CUSTOMER, FIRST_DAY, STOCK
from tracewright.tables.rules.rule import Named, Rule, each, rising

LAST_DAY = FIRST_DAY + timedelta(days=DAYS - 1)
PRICES = {category.name: category.prices for category in CATEGORIES}
MOST_STOCK = max(high for (_, high), _ in STOCK)


def _categories_agree(tables: Mapping[str, Sequence[Named]]) -> Iterator[int]:
    category = {row["product_id"]: row["category"] for row in tables["inventory"]}
    items = enumerate(tables["order_items"])
    return (at for at, item in items if category.get(item["product_id"]) != item["category"])


def _totals_agree(tables: Mapping[str, Sequence[Named]]) -> Iterator[int]:
    hundredths: defaultdict[int, int] = defaultdict(int)
    for item in tables["order_items"]:
        # In whole cents, because a sum of doubles depends on its order.
        hundredths[item["order_id"]] += round(item["price"] * 100) * item["quantity"] * (100 - item["discount"])
    orders = enumerate(tables["orders"])
    return (at for at, order in orders if round(order["total"] * 100) != (hundredths[order["order_id"]] + 50) // 100)


def _baskets_fit(tables: Mapping[str, Sequence[Named]]) -> Iterator[int]:
    sizes = Counter(item["order_id"] for item in tables["order_items"])
    return (at for at, order in enumerate(tables["orders"]) if sizes[order["order_id"]] not in BASKETS)


RULES = (
    rising("orders", "time_order", lambda row: (row["order_date"], row["order_id"])),
    each("orders", "date_range", lambda row: FIRST_DAY <= row["order_date"] <= LAST_DAY),
    each("orders", "customer_range", lambda row: row["customer_id"] >= FIRST_CUSTOMER),
    each("orders", "returned_by_status", lambda row: row["returned"] == (row["status"] == "returned")),
    Rule("orders", "one_to_five_items", _baskets_fit),
    Rule("orders", "total_of_items", _totals_agree),
    Rule("order_items", "category_of_product", _categories_agree),
    each(
        "order_items",
        "price_range",
        lambda row: PRICES[row["category"]][0] <= row["price"] <= PRICES[row["category"]][1],
    ),
    each("inventory", "stock_range", lambda row: 0 <= row["stock"] <= MOST_STOCK),
)
