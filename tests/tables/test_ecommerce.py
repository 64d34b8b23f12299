"""The shop's orders are spread as declared, with the effects that were planted in them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.tables.rates import meant, off
from tracewright.tables.ecommerce import CATEGORIES

Shop = dict[str, list[dict[str, Any]]]
DECLARED = {category.name: category for category in CATEGORIES}


def test_twelve_percent_of_the_orders_came_back_and_three_were_cancelled(shop: Shop) -> None:
    assert not off((order["status"] for order in shop["orders"]), {"completed": 85, "returned": 12, "cancelled": 3})


def test_the_items_of_each_category_came_back_at_its_rate(shop: Shop) -> None:
    returned = {order["order_id"]: order["returned"] for order in shop["orders"]}
    for name, category in DECLARED.items():
        fate = [returned[item["order_id"]] for item in shop["order_items"] if item["category"] == name]
        assert meant(sum(fate), len(fate), category.returned), name


def test_a_weekend_day_sees_half_as_many_orders_again(shop: Shop) -> None:
    days = Counter(order["order_date"] for order in shop["orders"])
    weekend = [count for day, count in days.items() if day.weekday() >= 5]
    week = [count for day, count in days.items() if day.weekday() < 5]
    assert len(days) == 180
    assert 1.35 < (sum(weekend) / len(weekend)) / (sum(week) / len(week)) < 1.65


def test_categories_discounts_and_quantities_have_their_weights(shop: Shop) -> None:
    items = shop["order_items"]
    assert not off((item["category"] for item in items), {name: each.weight for name, each in DECLARED.items()})
    assert not off((item["quantity"] for item in items), {1: 70, 2: 20, 3: 10})
    for name, category in DECLARED.items():
        cheaper = [item["discount"] > 0 for item in items if item["category"] == name]
        assert meant(sum(cheaper), len(cheaper), category.discounted), name


def test_an_order_has_one_to_five_items_by_weight(shop: Shop) -> None:
    sizes = Counter(item["order_id"] for item in shop["order_items"]).values()
    assert not off(sizes, {1: 30, 2: 35, 3: 20, 4: 10, 5: 5})


def test_names_of_products_repeat_and_a_tenth_is_out_of_stock(shop: Shop) -> None:
    products = shop["inventory"]
    assert len({product["name"] for product in products}) == 216
    levels = ("none" if p["stock"] == 0 else "low" if p["stock"] < 20 else "high" for p in products)
    assert not off(levels, {"none": 10, "low": 30, "high": 60})


def test_customers_and_products_are_numbered_as_declared(shop: Shop) -> None:
    customers = {order["customer_id"] for order in shop["orders"]}
    assert min(customers) >= 501
    assert max(customers) <= 2500
    assert len(customers) > 1600
    assert [product["product_id"] for product in shop["inventory"]] == list(range(201, 701))
    assert [order["order_id"] for order in shop["orders"]] == list(range(1001, 1001 + 4018))
