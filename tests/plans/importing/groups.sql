-- a group and its measures
SELECT status, sum(amount) AS revenue, count(*) AS n, avg(qty) AS mean FROM orders GROUP BY status
{"from": "orders", "steps": [{"aggregate": {"by": ["status"], "measures": [{"as": "revenue", "expr": {"sum": "amount"}}, {"as": "n", "expr": {"count": "*"}}, {"as": "mean", "expr": {"avg": "qty"}}]}}]}

-- groups by position, by alias and by ALL
SELECT status, qty % 2 AS odd, max(amount) AS most FROM orders GROUP BY 1, odd
{"from": "orders", "steps": [{"aggregate": {"by": ["status", {"as": "odd", "expr": {"mod": ["qty", 2]}}], "measures": [{"as": "most", "expr": {"max": "amount"}}]}}]}

-- every item that aggregates nothing is a key
SELECT status, date_trunc('month', ordered_at) AS month, count(*) AS n FROM orders GROUP BY ALL
{"from": "orders", "steps": [{"aggregate": {"by": ["status", {"as": "month", "expr": {"bucket": ["ordered_at", "month"]}}], "measures": [{"as": "n", "expr": {"count": "*"}}]}}]}

-- a key that is not put out
SELECT count(*) AS n FROM orders GROUP BY status
{"from": "orders", "steps": [{"aggregate": {"by": ["status"], "measures": [{"as": "n", "expr": {"count": "*"}}]}}, {"select": ["n"]}]}

-- measures of expressions over aggregates
SELECT status, sum(amount) / count(*) + 1 AS mean, round(100 * min(qty) / max(qty), 1) AS spread FROM orders GROUP BY status
{"from": "orders", "steps": [{"aggregate": {"by": ["status"], "measures": [{"as": "mean", "expr": {"add": [{"div": [{"sum": "amount"}, {"count": "*"}]}, 1]}}, {"as": "spread", "expr": {"call": "round", "args": [{"div": [{"mul": [100, {"min": "qty"}]}, {"max": "qty"}]}, 1]}}]}}]}

-- having, with an aggregate that is not put out
SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id HAVING sum(amount) > 4000 AND count(*) > 5
{"from": "orders", "steps": [{"aggregate": {"by": ["customer_id"], "measures": [{"as": "n", "expr": {"count": "*"}}, {"as": "sum_amount", "expr": {"sum": "amount"}}]}}, {"filter": {"and": [{"gt": ["sum_amount", 4000]}, {"gt": ["n", 5]}]}}, {"select": ["customer_id", "n"]}]}

-- no key is one row
SELECT count(*) AS n, count(csat) AS rated, count(DISTINCT customer_id) AS who FROM tickets
{"from": "tickets", "steps": [{"aggregate": {"measures": [{"as": "n", "expr": {"count": "*"}}, {"as": "rated", "expr": {"count": "csat"}}, {"as": "who", "expr": {"count_distinct": "customer_id"}}]}}]}

-- filters of aggregates
SELECT status, count(*) FILTER (WHERE amount > 500) AS big, sum(qty) FILTER (WHERE qty < 4) AS few FROM orders GROUP BY status
{"from": "orders", "steps": [{"aggregate": {"by": ["status"], "measures": [{"as": "big", "expr": {"count": "*", "where": {"gt": ["amount", 500]}}}, {"as": "few", "expr": {"sum": "qty", "where": {"lt": ["qty", 4]}}}]}}]}

-- ordered and distinct aggregates
SELECT status, string_agg(DISTINCT CAST(qty AS VARCHAR), ',' ORDER BY CAST(qty AS VARCHAR)) AS sizes, list(order_id ORDER BY amount DESC, order_id) AS ids FROM orders GROUP BY status
{"from": "orders", "steps": [{"aggregate": {"by": ["status"], "measures": [{"as": "sizes", "expr": {"agg": "string_agg", "args": [{"cast": "qty", "to": "varchar"}, {"lit": ","}], "order": [{"cast": "qty", "to": "varchar"}], "distinct": true}}, {"as": "ids", "expr": {"agg": "list", "args": ["order_id"], "order": [{"desc": "amount"}, "order_id"]}}]}}]}

-- quantiles and other aggregates of the catalogue
SELECT status, quantile_cont(amount, 0.5) AS middle, stddev_samp(amount) AS spread, arg_max(order_id, amount) AS biggest FROM orders GROUP BY status
{"from": "orders", "steps": [{"aggregate": {"by": ["status"], "measures": [{"as": "middle", "expr": {"agg": "quantile_cont", "args": ["amount", 0.5]}}, {"as": "spread", "expr": {"agg": "stddev_samp", "args": ["amount"]}}, {"as": "biggest", "expr": {"agg": "arg_max", "args": ["order_id", "amount"]}}]}}]}

-- subtotals by rollup
SELECT p.category, o.status, sum(o.amount) AS revenue, grouping(p.category, o.status) AS level FROM orders o JOIN products p ON p.product_id = o.product_id GROUP BY ROLLUP (p.category, o.status)
{"from": {"table": "orders", "as": "o"}, "steps": [{"join": {"to": {"table": "products", "as": "p"}, "on": {"eq": ["p.product_id", "o.product_id"]}}}, {"aggregate": {"by": ["p.category", "o.status"], "measures": [{"as": "revenue", "expr": {"sum": "o.amount"}}, {"as": "level", "expr": {"grouping": ["category", "status"]}}], "sets": [["category", "status"], ["category"], []]}}]}

-- a cube
SELECT status, qty, count(*) AS n FROM orders GROUP BY CUBE (status, qty)
{"from": "orders", "steps": [{"aggregate": {"by": ["status", "qty"], "measures": [{"as": "n", "expr": {"count": "*"}}], "sets": [["status", "qty"], ["status"], ["qty"], []]}}]}

-- grouping sets beside a plain key
SELECT status, qty, customer_id % 2 AS odd, count(*) AS n FROM orders GROUP BY odd, GROUPING SETS ((status), (qty), ())
{"from": "orders", "steps": [{"aggregate": {"by": [{"as": "odd", "expr": {"mod": ["customer_id", 2]}}, "status", "qty"], "measures": [{"as": "n", "expr": {"count": "*"}}], "sets": [["odd", "status"], ["odd", "qty"], ["odd"]]}}, {"select": ["status", "qty", "odd", "n"]}]}

-- the order is by an aggregate that is not put out
SELECT status FROM orders GROUP BY status ORDER BY sum(amount) DESC
{"from": "orders", "steps": [{"aggregate": {"by": ["status"], "measures": [{"as": "sum_amount", "expr": {"sum": "amount"}}]}}, {"select": ["status", {"as": "order_1", "expr": "sum_amount"}]}, {"sort": [{"desc": "order_1"}]}, {"select": ["status"]}]}

-- groups of groups
SELECT n, count(*) AS customers FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id) GROUP BY n
{"from": {"plan": {"from": "orders", "steps": [{"aggregate": {"by": ["customer_id"], "measures": [{"as": "n", "expr": {"count": "*"}}]}}]}, "as": "sub"}, "steps": [{"aggregate": {"by": ["n"], "measures": [{"as": "customers", "expr": {"count": "*"}}]}}]}

-- an aggregate of a choice
SELECT sum(CASE WHEN status = 'paid' THEN amount ELSE 0 END) AS paid, sum(amount) AS whole FROM orders
{"from": "orders", "steps": [{"aggregate": {"measures": [{"as": "paid", "expr": {"sum": {"case": [[{"eq": ["status", {"lit": "paid"}]}, "amount"]], "else": 0}}}, {"as": "whole", "expr": {"sum": "amount"}}]}}]}
