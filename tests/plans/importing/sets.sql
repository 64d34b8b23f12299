-- a union of rows
SELECT customer_id FROM orders UNION SELECT customer_id FROM tickets
{"from": "orders", "steps": [{"select": ["customer_id"]}, {"union": {"with": [{"from": "tickets", "steps": [{"select": ["customer_id"]}]}]}}]}

-- three bodies that keep their repeats
SELECT order_id AS id, 'order' AS kind FROM orders UNION ALL SELECT ticket_id, 'ticket' FROM tickets UNION ALL SELECT product_id, 'product' FROM products
{"from": "orders", "steps": [{"select": [{"as": "id", "expr": "order_id"}, {"as": "kind", "expr": {"lit": "order"}}]}, {"union": {"with": [{"from": "tickets", "steps": [{"select": ["ticket_id", {"as": "value", "expr": {"lit": "ticket"}}]}]}, {"from": "products", "steps": [{"select": ["product_id", {"as": "value", "expr": {"lit": "product"}}]}]}], "all": true}}]}

-- by name
SELECT customer_id, amount FROM orders UNION ALL BY NAME SELECT 0 AS amount, customer_id FROM tickets
{"from": "orders", "steps": [{"select": ["customer_id", "amount"]}, {"union": {"with": [{"from": "tickets", "steps": [{"select": [{"as": "amount", "expr": 0}, "customer_id"]}]}], "all": true, "by": "name"}}]}

-- what is in both, and what is in one
SELECT customer_id FROM orders INTERSECT SELECT customer_id FROM tickets
{"from": "orders", "steps": [{"select": ["customer_id"]}, {"intersect": {"with": [{"from": "tickets", "steps": [{"select": ["customer_id"]}]}]}}]}

-- except, in brackets and with an order
(SELECT customer_id FROM customers EXCEPT SELECT customer_id FROM tickets) ORDER BY customer_id DESC LIMIT 5
{"from": "customers", "steps": [{"select": ["customer_id"]}, {"except": {"with": [{"from": "tickets", "steps": [{"select": ["customer_id"]}]}]}}, {"sort": [{"desc": "customer_id"}]}, {"limit": 5}]}

-- an order over a union, by an expression
SELECT customer_id FROM orders UNION SELECT customer_id FROM tickets ORDER BY customer_id % 7, customer_id LIMIT 9
{"from": "orders", "steps": [{"select": ["customer_id"]}, {"union": {"with": [{"from": "tickets", "steps": [{"select": ["customer_id"]}]}]}}, {"derive": [{"as": "order_1", "expr": {"mod": ["customer_id", 7]}}]}, {"sort": ["order_1", "customer_id"]}, {"limit": 9}, {"select": ["customer_id"]}]}

-- brackets keep an order and a limit inside
(SELECT order_id FROM orders ORDER BY amount DESC, order_id LIMIT 3) UNION ALL (SELECT order_id FROM orders ORDER BY amount, order_id LIMIT 3)
{"from": "orders", "steps": [{"select": ["order_id", {"as": "order_1", "expr": "amount"}]}, {"sort": [{"desc": "order_1"}, "order_id"]}, {"limit": 3}, {"select": ["order_id"]}, {"union": {"with": [{"from": "orders", "steps": [{"select": ["order_id", {"as": "order_1", "expr": "amount"}]}, {"sort": ["order_1", "order_id"]}, {"limit": 3}, {"select": ["order_id"]}]}], "all": true}}]}

-- columns of two types become text, as the engine has it
SELECT order_id AS what FROM orders UNION ALL SELECT status FROM orders
{"from": "orders", "steps": [{"select": [{"as": "what", "expr": "order_id"}]}, {"select": [{"as": "what", "expr": {"cast": "what", "to": "varchar"}}]}, {"union": {"with": [{"from": "orders", "steps": [{"select": ["status"]}]}], "all": true}}]}

-- a set inside of a query
SELECT kind, count(*) AS n FROM (SELECT customer_id, 'order' AS kind FROM orders UNION ALL SELECT customer_id, 'ticket' FROM tickets) x GROUP BY kind
{"from": {"plan": {"from": "orders", "steps": [{"select": ["customer_id", {"as": "kind", "expr": {"lit": "order"}}]}, {"union": {"with": [{"from": "tickets", "steps": [{"select": ["customer_id", {"as": "value", "expr": {"lit": "ticket"}}]}]}], "all": true}}]}, "as": "x"}, "steps": [{"aggregate": {"by": ["kind"], "measures": [{"as": "n", "expr": {"count": "*"}}]}}]}
