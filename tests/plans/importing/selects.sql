-- columns, and a name for one of them
SELECT order_id, amount AS price FROM orders
{"from": "orders", "steps": [{"select": ["order_id", {"as": "price", "expr": "amount"}]}]}

-- a star is written out
SELECT * FROM products
{"from": "products"}

-- a star without a column, and with another in its place
SELECT * EXCLUDE (signup_at) REPLACE (upper(country) AS country) FROM customers
{"from": "customers", "steps": [{"select": ["customer_id", "name", {"as": "country", "expr": {"call": "upper", "args": ["country"]}}]}]}

-- the star of one source
SELECT c.*, o.order_id FROM customers c JOIN orders o ON o.customer_id = c.customer_id
{"from": {"table": "customers", "as": "c"}, "steps": [{"join": {"to": {"table": "orders", "as": "o"}, "on": {"eq": ["o.customer_id", "c.customer_id"]}}}, {"select": ["c.customer_id", "c.name", "c.country", "c.signup_at", "o.order_id"]}]}

-- conditions that are joined by AND
SELECT order_id FROM orders WHERE status = 'paid' AND amount > 500 AND qty BETWEEN 2 AND 6
{"from": "orders", "steps": [{"filter": {"and": [{"eq": ["status", {"lit": "paid"}]}, {"gt": ["amount", 500]}, {"between": ["qty", 2, 6]}]}}, {"select": ["order_id"]}]}

-- an alias may be used beside and behind where it is given
SELECT qty * 2 AS twice, twice + 1 AS more FROM orders WHERE twice > 10
{"from": "orders", "steps": [{"filter": {"gt": [{"mul": ["qty", 2]}, 10]}}, {"select": [{"as": "twice", "expr": {"mul": ["qty", 2]}}, {"as": "more", "expr": {"add": [{"mul": ["qty", 2]}, 1]}}]}]}

-- names that no plan can give are told apart
SELECT amount AS "Total €", qty AS "_qty", "Total €" + 1 AS "2nd" FROM orders
{"from": "orders", "steps": [{"select": [{"as": "Total", "expr": "amount"}, "qty", {"as": "c_2nd", "expr": {"add": ["amount", 1]}}]}]}

-- two columns of one name
SELECT amount, qty AS amount FROM orders
{"from": "orders", "steps": [{"select": ["amount", {"as": "amount_2", "expr": "qty"}]}]}

-- rows without a source
SELECT 1 AS one, 'x' AS letter
{"from": {"values": [[0]], "columns": [{"as": "zero", "type": "integer"}], "as": "one_row"}, "steps": [{"select": [{"as": "one", "expr": 1}, {"as": "letter", "expr": {"lit": "x"}}]}]}

-- distinct rows
SELECT DISTINCT status, qty FROM orders ORDER BY qty DESC, status
{"from": "orders", "steps": [{"select": ["status", "qty"]}, {"distinct": true}, {"sort": [{"desc": "qty"}, "status"]}]}

-- the first of each by an order
SELECT DISTINCT ON (customer_id) customer_id, amount FROM orders ORDER BY customer_id, amount DESC, order_id
{"from": "orders", "steps": [{"distinct": {"on": ["customer_id"], "order": ["customer_id", {"desc": "amount"}, "order_id"]}}, {"select": ["customer_id", "amount", {"as": "order_1", "expr": "order_id"}]}, {"sort": ["customer_id", {"desc": "amount"}, "order_1"]}, {"select": ["customer_id", "amount"]}]}

-- order by position, alias and expression
SELECT order_id, amount AS price FROM orders ORDER BY 2 DESC, qty % 3, order_id LIMIT 7
{"from": "orders", "steps": [{"select": ["order_id", {"as": "price", "expr": "amount"}, {"as": "order_1", "expr": {"mod": ["qty", 3]}}]}, {"sort": [{"desc": "price"}, "order_1", "order_id"]}, {"limit": 7}, {"select": ["order_id", "price"]}]}

-- order by every column
SELECT DISTINCT status, qty FROM orders ORDER BY ALL DESC
{"from": "orders", "steps": [{"select": ["status", "qty"]}, {"distinct": true}, {"sort": [{"desc": "status"}, {"desc": "qty"}]}]}

-- nulls first, and an offset
SELECT ticket_id, csat FROM tickets ORDER BY csat NULLS FIRST, ticket_id LIMIT 30 OFFSET 10
{"from": "tickets", "steps": [{"select": ["ticket_id", "csat"]}, {"sort": [{"asc": "csat", "nulls": "first"}, "ticket_id"]}, {"limit": {"rows": 30, "offset": 10}}]}

-- the order needs a column that is not put out
SELECT order_id FROM orders ORDER BY amount DESC, order_id LIMIT 5
{"from": "orders", "steps": [{"select": ["order_id", {"as": "order_1", "expr": "amount"}]}, {"sort": [{"desc": "order_1"}, "order_id"]}, {"limit": 5}, {"select": ["order_id"]}]}

-- FROM by itself
FROM products
{"from": "products"}

-- comments and odd spaces say nothing
select /* all */ order_id -- the key
from	orders;
{"from": "orders", "steps": [{"select": ["order_id"]}]}

-- the standard's way to limit
SELECT order_id FROM orders ORDER BY order_id FETCH FIRST 3 ROWS ONLY
{"from": "orders", "steps": [{"select": ["order_id"]}, {"sort": ["order_id"]}, {"limit": 3}]}

-- tables and columns of the schema main
SELECT main.orders.order_id FROM main.orders
{"from": "orders", "steps": [{"select": ["order_id"]}]}
