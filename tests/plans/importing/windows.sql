-- ranks in a partition
SELECT order_id, rank() OVER (PARTITION BY status ORDER BY amount DESC) AS place, row_number() OVER (ORDER BY order_id) AS number FROM orders
{"from": "orders", "steps": [{"select": ["order_id", {"as": "place", "expr": {"over": {"call": "rank"}, "partition": ["status"], "order": [{"desc": "amount"}]}}, {"as": "number", "expr": {"over": {"call": "row_number"}, "order": ["order_id"]}}]}]}

-- a running sum with a frame of rows
SELECT order_id, sum(amount) OVER (ORDER BY order_id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS three FROM orders
{"from": "orders", "steps": [{"select": ["order_id", {"as": "three", "expr": {"over": {"sum": "amount"}, "order": ["order_id"], "frame": {"rows": [-2, 0]}}}]}]}

-- a frame of time
SELECT sensor_id, ts, avg(temperature) OVER (PARTITION BY sensor_id ORDER BY ts RANGE BETWEEN INTERVAL 2 HOUR PRECEDING AND CURRENT ROW) AS mean FROM readings
{"from": "readings", "steps": [{"select": ["sensor_id", "ts", {"as": "mean", "expr": {"over": {"avg": "temperature"}, "partition": ["sensor_id"], "order": ["ts"], "frame": {"range": [{"interval": [-2, "hour"]}, 0]}}}]}]}

-- a frame of groups that leaves ties out
SELECT order_id, count(*) OVER (ORDER BY qty GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES) AS near FROM orders
{"from": "orders", "steps": [{"select": ["order_id", {"as": "near", "expr": {"over": {"count": "*"}, "order": ["qty"], "frame": {"groups": [-1, 1]}, "exclude": "ties"}}]}]}

-- the whole partition
SELECT order_id, amount / sum(amount) OVER (PARTITION BY status) AS share, sum(amount) OVER () AS whole FROM orders
{"from": "orders", "steps": [{"select": ["order_id", {"as": "share", "expr": {"div": ["amount", {"over": {"sum": "amount"}, "partition": ["status"]}]}}, {"as": "whole", "expr": {"over": {"sum": "amount"}}}]}]}

-- the row before, and the last that was known
SELECT ticket_id, lag(csat, 1) OVER (ORDER BY ticket_id) AS before, last_value(csat IGNORE NULLS) OVER (ORDER BY ticket_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS known FROM tickets
{"from": "tickets", "steps": [{"select": ["ticket_id", {"as": "before", "expr": {"over": {"call": "lag", "args": ["csat", 1]}, "order": ["ticket_id"]}}, {"as": "known", "expr": {"over": {"call": "last_value", "args": ["csat"]}, "order": ["ticket_id"], "frame": {"rows": [null, 0]}, "ignore_nulls": true}}]}]}

-- a window with a name
SELECT order_id, sum(qty) OVER w AS so_far, max(amount) OVER (w ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS most FROM orders WINDOW w AS (PARTITION BY status ORDER BY order_id)
{"from": "orders", "steps": [{"select": ["order_id", {"as": "so_far", "expr": {"over": {"sum": "qty"}, "partition": ["status"], "order": ["order_id"]}}, {"as": "most", "expr": {"over": {"max": "amount"}, "partition": ["status"], "order": ["order_id"], "frame": {"rows": [0, null]}}}]}]}

-- a window over groups
SELECT status, sum(amount) AS revenue, rank() OVER (ORDER BY sum(amount) DESC) AS place, sum(sum(amount)) OVER () AS whole FROM orders GROUP BY status
{"from": "orders", "steps": [{"aggregate": {"by": ["status"], "measures": [{"as": "revenue", "expr": {"sum": "amount"}}]}}, {"select": ["status", "revenue", {"as": "place", "expr": {"over": {"call": "rank"}, "order": [{"desc": "revenue"}]}}, {"as": "whole", "expr": {"over": {"sum": "revenue"}}}]}]}

-- qualify keeps rows by a window
SELECT order_id, status, amount FROM orders QUALIFY row_number() OVER (PARTITION BY status ORDER BY amount DESC, order_id) <= 2
{"from": "orders", "steps": [{"derive": [{"as": "window_1", "expr": {"over": {"call": "row_number"}, "partition": ["status"], "order": [{"desc": "amount"}, "order_id"]}}]}, {"filter": {"lte": ["window_1", 2]}}, {"select": ["orders.order_id", "orders.status", "orders.amount"]}]}

-- qualify by an alias
SELECT customer_id, order_id, rank() OVER (PARTITION BY customer_id ORDER BY amount DESC) AS place FROM orders QUALIFY place = 1
{"from": "orders", "steps": [{"derive": [{"as": "window_1", "expr": {"over": {"call": "rank"}, "partition": ["customer_id"], "order": [{"desc": "amount"}]}}]}, {"filter": {"eq": ["window_1", 1]}}, {"select": ["orders.customer_id", "orders.order_id", {"as": "place", "expr": "window_1"}]}]}

-- a filter in a window
SELECT order_id, count(*) FILTER (WHERE status = 'paid') OVER (ORDER BY order_id) AS paid FROM orders
{"from": "orders", "steps": [{"select": ["order_id", {"as": "paid", "expr": {"over": {"count": "*", "where": {"eq": ["status", {"lit": "paid"}]}}, "order": ["order_id"]}}]}]}
