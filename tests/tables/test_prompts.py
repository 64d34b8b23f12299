"""Every sample question has an answer in the data, and a likely misreading of it has another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import duckdb
import pytest

from tracewright.tables import shipped
from tracewright.tables.content import csv_lines


class Answers(NamedTuple):
    """A query that answers the question, and one that a hasty reader would write."""

    question: str
    right: str
    wrong: str


ECOMMERCE = (
    Answers(
        "What is the revenue of each product category from completed orders?",
        "SELECT category, sum(price * quantity * (1 - discount / 100)) FROM order_items JOIN orders USING (order_id)"
        " WHERE status = 'completed' GROUP BY 1",
        "SELECT category, sum(price * quantity * (1 - discount / 100)) FROM order_items GROUP BY 1",
    ),
    Answers(
        "What share of the orders was returned in each month?",
        "SELECT date_trunc('month', order_date), avg(returned::INT) FROM orders GROUP BY 1",
        "SELECT date_trunc('month', order_date), count(*) FROM orders WHERE returned GROUP BY 1",
    ),
    Answers(
        "How many orders were placed on each day of the week?",
        "SELECT dayname(order_date), count(*) FROM orders GROUP BY 1",
        "SELECT dayname(order_date), count(*) FROM orders JOIN order_items USING (order_id) GROUP BY 1",
    ),
    Answers(
        "Which ten customers spent the most on completed orders?",
        "SELECT customer_id, sum(total) FROM orders WHERE status = 'completed' GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
        "SELECT customer_id, sum(total) FROM orders GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
    ),
    Answers(
        "Which products that are out of stock were ordered in the last 30 days?",
        "SELECT DISTINCT product_id FROM inventory JOIN order_items USING (product_id) JOIN orders USING (order_id)"
        " WHERE stock = 0 AND order_date >= DATE '2026-02-01' - INTERVAL 30 DAY",
        "SELECT product_id FROM inventory WHERE stock = 0",
    ),
    Answers(
        "How did the total revenue of each month change from the month before?",
        "SELECT month, revenue - lag(revenue) OVER (ORDER BY month)"
        " FROM (SELECT date_trunc('month', order_date) AS month, sum(total) AS revenue FROM orders GROUP BY 1)",
        "SELECT date_trunc('month', order_date), sum(total) FROM orders GROUP BY 1",
    ),
)
SUPPORT = (
    Answers(
        "What share of the tickets that are no longer open met their SLA, by priority?",
        "SELECT priority, avg(sla_met::INT) FROM tickets WHERE status <> 'Open' GROUP BY 1",
        "SELECT priority, avg(sla_met::INT) FROM tickets GROUP BY 1",
    ),
    Answers(
        "What is the median resolution time in hours for each category?",
        "SELECT category, median(resolution_time_hours) FROM tickets GROUP BY 1",
        "SELECT category, avg(resolution_time_hours) FROM tickets GROUP BY 1",
    ),
    Answers(
        "Which five agents resolved the most tickets?",
        "SELECT agent_id, count(*) FROM tickets WHERE status = 'Resolved' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5",
        "SELECT agent_id, count(*) FROM tickets GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5",
    ),
    Answers(
        "What is the average CSAT score for each channel?",
        "SELECT channel, avg(csat_score) FROM tickets GROUP BY 1",
        "SELECT channel, avg(coalesce(csat_score, 0)) FROM tickets GROUP BY 1",
    ),
    Answers(
        "How many tickets were created in each week?",
        "SELECT date_trunc('week', created_at), count(*) FROM tickets GROUP BY 1",
        "SELECT date_trunc('week', resolved_at), count(*) FROM tickets GROUP BY 1",
    ),
    Answers(
        "How many critical tickets are still open in each category?",
        "SELECT category, count(*) FROM tickets WHERE priority = 'Critical' AND status = 'Open' GROUP BY 1",
        "SELECT category, count(*) FROM tickets WHERE priority = 'Critical' AND NOT sla_met GROUP BY 1",
    ),
)
SENSORS = (
    Answers(
        "Which sensors had a battery below 20 % at their latest reading?",
        "SELECT sensor_id FROM readings GROUP BY 1 HAVING arg_max(battery_pct, timestamp) < 20",
        "SELECT sensor_id FROM readings GROUP BY 1 HAVING avg(battery_pct) < 20",
    ),
    Answers(
        "How many anomalies of each type were there in the last 24 hours?",
        "SELECT anomaly_type, count(*) FROM readings"
        " WHERE anomaly_flag AND timestamp >= TIMESTAMP '2026-02-01' - INTERVAL 24 HOUR GROUP BY 1",
        "SELECT anomaly_type, count(*) FROM readings WHERE anomaly_flag GROUP BY 1",
    ),
    Answers(
        "What is the average outdoor temperature for each hour of the day?",
        "SELECT hour(timestamp), avg(temperature_c) FROM readings WHERE location LIKE 'Outdoor%' GROUP BY 1",
        "SELECT hour(timestamp), avg(temperature_c) FROM readings GROUP BY 1",
    ),
    Answers(
        "What share of the online readings is anomalous at each location?",
        "SELECT location, avg(anomaly_flag::INT) FROM readings WHERE status = 'online' GROUP BY 1",
        "SELECT location, avg(anomaly_flag::INT) FROM readings GROUP BY 1",
    ),
    Answers(
        "What is the 95th percentile of vibration on each factory floor?",
        "SELECT location, quantile_cont(vibration_mm_s, 0.95) FROM readings WHERE location LIKE 'Factory%' GROUP BY 1",
        "SELECT location, max(vibration_mm_s) FROM readings WHERE location LIKE 'Factory%' GROUP BY 1",
    ),
    Answers(
        "What share of the readings was not online in each zone?",
        "SELECT zone, avg((status <> 'online')::INT) FROM readings GROUP BY 1",
        "SELECT zone, avg((status = 'offline')::INT) FROM readings GROUP BY 1",
    ),
)
ALL = {"ecommerce": ECOMMERCE, "support": SUPPORT, "sensors": SENSORS}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("tables")
    with duckdb.connect() as connection:
        for name, known in shipped.registry().items():
            for table, rows in shipped.generate(name).items():
                path = folder / f"{table}.csv"
                path.write_bytes(b"".join(csv_lines(known.table(table).header, rows)))
                connection.execute(f"CREATE TABLE {table} AS SELECT * FROM read_csv('{path}', header = true)")  # noqa: S608
        yield connection


def test_the_questions_are_those_of_the_registry() -> None:
    told = {name: tuple(answers.question for answers in each) for name, each in ALL.items()}
    assert told == {name: known.prompts for name, known in shipped.registry().items()}


@pytest.mark.parametrize(
    "answers", [answers for each in ALL.values() for answers in each], ids=lambda each: each.question
)
def test_a_question_has_an_answer_and_a_hasty_reading_another(
    database: duckdb.DuckDBPyConnection, answers: Answers
) -> None:
    right = sorted(database.execute(answers.right).fetchall(), key=str)
    assert right
    assert any(row[-1] is not None for row in right)
    assert right != sorted(database.execute(answers.wrong).fetchall(), key=str)
