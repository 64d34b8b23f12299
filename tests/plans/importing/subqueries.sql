-- one value
SELECT order_id FROM orders WHERE amount > (SELECT avg(amount) FROM orders)
{"from": "orders", "steps": [{"filter": {"gt": ["amount", {"scalar": {"from": "orders", "steps": [{"aggregate": {"measures": [{"as": "avg_amount", "expr": {"avg": "amount"}}]}}]}}]}}, {"select": ["order_id"]}]}

-- one value that reads the row around it
SELECT o.order_id FROM orders o WHERE o.amount > (SELECT 2 * avg(i.amount) FROM orders i WHERE i.customer_id = o.customer_id)
{"from": {"table": "orders", "as": "o"}, "steps": [{"filter": {"gt": ["amount", {"scalar": {"from": {"table": "orders", "as": "i"}, "steps": [{"filter": {"eq": ["customer_id", {"outer": "customer_id"}]}}, {"aggregate": {"measures": [{"as": "c_2_avg_i_amount", "expr": {"mul": [2, {"avg": "amount"}]}}]}}]}}]}}, {"select": ["order_id"]}]}

-- there is a row, and there is none
SELECT c.customer_id FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id) AND NOT EXISTS (SELECT * FROM tickets t WHERE t.customer_id = c.customer_id AND t.priority = 'high')
{"from": {"table": "customers", "as": "c"}, "steps": [{"filter": {"and": [{"exists": {"from": {"table": "orders", "as": "o"}, "steps": [{"filter": {"eq": ["customer_id", {"outer": "customer_id"}]}}]}}, {"not": {"exists": {"from": {"table": "tickets", "as": "t"}, "steps": [{"filter": {"and": [{"eq": ["customer_id", {"outer": "customer_id"}]}, {"eq": ["priority", {"lit": "high"}]}]}}]}}}]}}, {"select": ["customer_id"]}]}

-- is among the rows of a query
SELECT name FROM customers WHERE customer_id IN (SELECT customer_id FROM orders WHERE amount > 850) AND customer_id NOT IN (SELECT customer_id FROM tickets WHERE csat = 5)
{"from": "customers", "steps": [{"filter": {"and": [{"in": ["customer_id", {"plan": {"from": "orders", "steps": [{"filter": {"gt": ["amount", 850]}}, {"select": ["customer_id"]}]}}]}, {"not": {"in": ["customer_id", {"plan": {"from": "tickets", "steps": [{"filter": {"eq": ["csat", 5]}}, {"select": ["customer_id"]}]}}]}}]}}, {"select": ["name"]}]}

-- is more than all, or than any
SELECT order_id FROM orders WHERE amount >= ALL (SELECT amount FROM orders) OR qty < ANY (SELECT csat FROM tickets WHERE csat = 2)
{"from": "orders", "steps": [{"filter": {"or": [{"compare": "gte", "of": "amount", "all": {"from": "orders", "steps": [{"select": ["amount"]}]}}, {"compare": "lt", "of": "qty", "any": {"from": "tickets", "steps": [{"filter": {"eq": ["csat", 2]}}, {"select": ["csat"]}]}}]}}, {"select": ["order_id"]}]}

-- two levels up
SELECT c.customer_id FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id AND EXISTS (SELECT 1 FROM tickets t WHERE t.customer_id = c.customer_id AND t.opened_at > o.ordered_at))
{"from": {"table": "customers", "as": "c"}, "steps": [{"filter": {"exists": {"from": {"table": "orders", "as": "o"}, "steps": [{"filter": {"and": [{"eq": ["customer_id", {"outer": "customer_id"}]}, {"exists": {"from": {"table": "tickets", "as": "t"}, "steps": [{"filter": {"and": [{"eq": ["customer_id", {"outer": "customer_id", "up": 2}]}, {"gt": ["opened_at", {"outer": "ordered_at"}]}]}}]}}]}}]}}}, {"select": ["customer_id"]}]}

-- a value beside columns
SELECT c.customer_id, (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id) AS orders FROM customers c
{"from": {"table": "customers", "as": "c"}, "steps": [{"select": ["customer_id", {"as": "orders", "expr": {"scalar": {"from": {"table": "orders", "as": "o"}, "steps": [{"filter": {"eq": ["customer_id", {"outer": "customer_id"}]}}, {"aggregate": {"measures": [{"as": "count", "expr": {"count": "*"}}]}}]}}}]}]}

-- a query in having
SELECT customer_id, sum(amount) AS revenue FROM orders GROUP BY customer_id HAVING sum(amount) > (SELECT 1.2 * avg(s) FROM (SELECT sum(amount) AS s FROM orders GROUP BY customer_id) x)
{"from": "orders", "steps": [{"aggregate": {"by": ["customer_id"], "measures": [{"as": "revenue", "expr": {"sum": "amount"}}]}}, {"filter": {"gt": ["revenue", {"scalar": {"from": {"plan": {"from": "orders", "steps": [{"aggregate": {"by": ["customer_id"], "measures": [{"as": "s", "expr": {"sum": "amount"}}]}}, {"select": ["s"]}]}, "as": "x"}, "steps": [{"aggregate": {"measures": [{"as": "c_1_2_avg_s", "expr": {"mul": [1.2, {"avg": "s"}]}}]}}]}}]}}]}

-- common tables, one of which reads another
WITH paid AS (SELECT * FROM orders WHERE status = 'paid'), by_customer AS (SELECT customer_id, sum(amount) AS revenue FROM paid GROUP BY customer_id) SELECT c.country, max(b.revenue) AS most FROM by_customer b JOIN customers c ON c.customer_id = b.customer_id GROUP BY c.country
{"let": {"paid": {"from": "orders", "steps": [{"filter": {"eq": ["status", {"lit": "paid"}]}}]}, "by_customer": {"from": "paid", "steps": [{"aggregate": {"by": ["customer_id"], "measures": [{"as": "revenue", "expr": {"sum": "amount"}}]}}]}}, "from": {"let": "by_customer", "as": "b"}, "steps": [{"join": {"to": {"table": "customers", "as": "c"}, "on": {"eq": ["c.customer_id", "b.customer_id"]}}}, {"aggregate": {"by": ["c.country"], "measures": [{"as": "most", "expr": {"max": "b.revenue"}}]}}]}

-- a common table with names of its own that is read twice
WITH m(month, revenue) AS (SELECT date_trunc('month', ordered_at), sum(amount) FROM orders GROUP BY 1) SELECT a.month, a.revenue - b.revenue AS more FROM m a JOIN m b ON b.month = a.month - INTERVAL 1 MONTH
{"let": {"m": {"from": "orders", "steps": [{"aggregate": {"by": [{"as": "date_trunc_month_ordered_at", "expr": {"bucket": ["ordered_at", "month"]}}], "measures": [{"as": "sum_amount", "expr": {"sum": "amount"}}]}}, {"select": [{"as": "month", "expr": "date_trunc_month_ordered_at"}, {"as": "revenue", "expr": "sum_amount"}]}]}}, "from": {"let": "m", "as": "a"}, "steps": [{"join": {"to": {"let": "m", "as": "b"}, "on": {"eq": ["b.month", {"sub": ["a.month", {"interval": [1, "month"]}]}]}}}, {"select": ["a.month", {"as": "more", "expr": {"sub": ["a.revenue", "b.revenue"]}}]}]}

-- a common table inside hides one of its name outside
WITH t AS (SELECT 1 AS a) SELECT a, (WITH t AS (SELECT 2 AS a) SELECT a FROM t) AS b FROM t
{"let": {"t": {"from": {"values": [[0]], "columns": [{"as": "zero", "type": "integer"}], "as": "one_row"}, "steps": [{"select": [{"as": "a", "expr": 1}]}]}, "t_2": {"from": {"values": [[0]], "columns": [{"as": "zero", "type": "integer"}], "as": "one_row"}, "steps": [{"select": [{"as": "a", "expr": 2}]}]}}, "from": "t", "steps": [{"select": ["a", {"as": "b", "expr": {"scalar": {"from": {"let": "t_2", "as": "t"}}}}]}]}

-- a common table that nobody reads is left out
WITH unread AS (SELECT 1 AS a) SELECT count(*) AS n FROM orders
{"from": "orders", "steps": [{"aggregate": {"measures": [{"as": "n", "expr": {"count": "*"}}]}}]}

-- a common table that reads the query around it
SELECT c.customer_id FROM customers c WHERE EXISTS (WITH mine AS (SELECT * FROM orders o WHERE o.customer_id = c.customer_id) SELECT 1 FROM mine WHERE amount > 800)
{"from": {"table": "customers", "as": "c"}, "steps": [{"filter": {"exists": {"from": {"plan": {"from": {"table": "orders", "as": "o"}, "steps": [{"filter": {"eq": ["customer_id", {"outer": "customer_id"}]}}]}, "as": "mine"}, "steps": [{"filter": {"gt": ["amount", 800]}}]}}}, {"select": ["customer_id"]}]}

-- a name that no plan can give is known outside
SELECT x."_n" + 1 AS more FROM (SELECT count(*) AS "_n" FROM orders) x
{"from": {"plan": {"from": "orders", "steps": [{"aggregate": {"measures": [{"as": "n", "expr": {"count": "*"}}]}}]}, "as": "x"}, "steps": [{"select": [{"as": "more", "expr": {"add": ["n", 1]}}]}]}

-- a recursion that counts its depth up to a bound
WITH RECURSIVE r AS (SELECT 1 AS n, 0 AS depth UNION ALL SELECT r.n * 2 AS n, r.depth + 1 AS depth FROM r WHERE r.depth < 3) SELECT n, depth FROM r WHERE n > 1
{"let": {"r": {"from": {"recurse": {"name": "r_steps", "seed": {"from": {"values": [[0]], "columns": [{"as": "zero", "type": "integer"}], "as": "one_row"}, "steps": [{"select": [{"as": "n", "expr": 1}]}]}, "step": {"from": {"let": "r_steps", "as": "r"}, "steps": [{"select": [{"as": "n", "expr": {"mul": ["n", 2]}}]}]}, "max_depth": 3, "all": true}}}}, "from": "r", "steps": [{"filter": {"gt": ["n", 1]}}]}

-- a query over groups reads their key
SELECT o.status FROM orders o GROUP BY o.status HAVING EXISTS (SELECT 1 FROM orders p WHERE p.status = o.status AND p.amount > 890)
{"from": {"table": "orders", "as": "o"}, "steps": [{"aggregate": {"by": ["status"]}}, {"filter": {"exists": {"from": {"table": "orders", "as": "p"}, "steps": [{"filter": {"and": [{"eq": ["status", {"outer": "status"}]}, {"gt": ["amount", 890]}]}}]}}}]}
