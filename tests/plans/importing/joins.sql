-- an inner join by a condition
SELECT o.order_id, c.country FROM orders o JOIN customers c ON o.customer_id = c.customer_id
{"from": {"table": "orders", "as": "o"}, "steps": [{"join": {"to": {"table": "customers", "as": "c"}, "on": {"eq": ["o.customer_id", "c.customer_id"]}}}, {"select": ["o.order_id", "c.country"]}]}

-- a comma and equalities are a join
SELECT o.order_id, p.category FROM orders o, products p WHERE o.product_id = p.product_id AND p.price > 40
{"from": {"table": "orders", "as": "o"}, "steps": [{"join": {"to": {"table": "products", "as": "p"}, "on": {"eq": ["o.product_id", "p.product_id"]}}}, {"filter": {"gt": ["p.price", 40]}}, {"select": ["o.order_id", "p.category"]}]}

-- three sources and commas
SELECT count(*) AS n FROM orders o, products p, customers c WHERE o.product_id = p.product_id AND c.customer_id = o.customer_id AND c.country = 'DE'
{"from": {"table": "orders", "as": "o"}, "steps": [{"join": {"to": {"table": "products", "as": "p"}, "on": {"eq": ["o.product_id", "p.product_id"]}}}, {"join": {"to": {"table": "customers", "as": "c"}, "on": {"eq": ["c.customer_id", "o.customer_id"]}}}, {"filter": {"eq": ["c.country", {"lit": "DE"}]}}, {"aggregate": {"measures": [{"as": "n", "expr": {"count": "*"}}]}}]}

-- a comma without any equality is a cross join
SELECT p.product_id, c.customer_id FROM products p, customers c WHERE p.product_id < 3
{"from": {"table": "products", "as": "p"}, "steps": [{"join": {"to": {"table": "customers", "as": "c"}, "how": "cross"}}, {"filter": {"lt": ["p.product_id", 3]}}, {"select": ["p.product_id", "c.customer_id"]}]}

-- left, right and full joins
SELECT c.customer_id, t.ticket_id, o.order_id FROM customers c LEFT JOIN tickets t ON t.customer_id = c.customer_id AND t.priority = 'high' FULL JOIN (SELECT * FROM orders WHERE amount > 800) o ON o.customer_id = c.customer_id
{"from": {"table": "customers", "as": "c"}, "steps": [{"join": {"to": {"table": "tickets", "as": "t"}, "how": "left", "on": {"and": [{"eq": ["t.customer_id", "c.customer_id"]}, {"eq": ["t.priority", {"lit": "high"}]}]}}}, {"join": {"to": {"plan": {"from": "orders", "steps": [{"filter": {"gt": ["amount", 800]}}]}, "as": "o"}, "how": "full", "on": {"eq": ["o.customer_id", "c.customer_id"]}}}, {"select": ["c.customer_id", "t.ticket_id", "o.order_id"]}]}

-- a right join
SELECT c.name, t.ticket_id FROM (SELECT * FROM customers WHERE customer_id < 5) c RIGHT JOIN tickets t ON t.customer_id = c.customer_id
{"from": {"plan": {"from": "customers", "steps": [{"filter": {"lt": ["customer_id", 5]}}]}, "as": "c"}, "steps": [{"join": {"to": {"table": "tickets", "as": "t"}, "how": "right", "on": {"eq": ["t.customer_id", "c.customer_id"]}}}, {"select": ["c.name", "t.ticket_id"]}]}

-- using merges the key
SELECT customer_id, country, amount FROM orders JOIN customers USING (customer_id)
{"from": "orders", "steps": [{"join": {"to": "customers", "using": ["customer_id"]}}, {"select": ["orders.customer_id", "customers.country", "orders.amount"]}]}

-- a natural join takes the columns of both sides
SELECT order_id, category, price FROM orders NATURAL JOIN products
{"from": "orders", "steps": [{"join": {"to": "products", "using": ["product_id"]}}, {"select": ["orders.order_id", "products.category", "products.price"]}]}

-- semi and anti joins bring no columns
SELECT customer_id FROM customers SEMI JOIN orders USING (customer_id)
{"from": "customers", "steps": [{"join": {"to": "orders", "how": "semi", "using": ["customer_id"]}}, {"select": ["customer_id"]}]}

-- an anti join
SELECT c.customer_id FROM customers c ANTI JOIN tickets t ON t.customer_id = c.customer_id
{"from": {"table": "customers", "as": "c"}, "steps": [{"join": {"to": {"table": "tickets", "as": "t"}, "how": "anti", "on": {"eq": ["t.customer_id", "c.customer_id"]}}}, {"select": ["customer_id"]}]}

-- the nearest row before
SELECT o.order_id, r.ts, r.temperature FROM orders o ASOF JOIN readings r ON r.ts <= o.ordered_at
{"from": {"table": "orders", "as": "o"}, "steps": [{"join": {"to": {"table": "readings", "as": "r"}, "how": "asof", "on": {"lte": ["r.ts", "o.ordered_at"]}}}, {"select": ["o.order_id", "r.ts", "r.temperature"]}]}

-- joins in brackets keep their aliases
SELECT c.customer_id, o.order_id, p.category FROM customers c LEFT JOIN (orders o JOIN products p ON p.product_id = o.product_id) ON o.customer_id = c.customer_id AND p.category = 'a'
{"from": {"table": "customers", "as": "c"}, "steps": [{"join": {"to": {"joined": {"from": {"table": "orders", "as": "o"}, "steps": [{"join": {"to": {"table": "products", "as": "p"}, "on": {"eq": ["p.product_id", "o.product_id"]}}}]}}, "how": "left", "on": {"and": [{"eq": ["o.customer_id", "c.customer_id"]}, {"eq": ["p.category", {"lit": "a"}]}]}}}, {"select": ["c.customer_id", "o.order_id", "p.category"]}]}

-- a derived table that reads the row beside it is lateral
SELECT c.customer_id, x.most FROM customers c, LATERAL (SELECT max(amount) AS most FROM orders o WHERE o.customer_id = c.customer_id) x
{"from": {"table": "customers", "as": "c"}, "steps": [{"join": {"to": {"plan": {"from": {"table": "orders", "as": "o"}, "steps": [{"filter": {"eq": ["customer_id", {"outer": "customer_id"}]}}, {"aggregate": {"measures": [{"as": "most", "expr": {"max": "amount"}}]}}]}, "as": "x"}, "lateral": true, "how": "cross"}}, {"select": ["c.customer_id", "x.most"]}]}

-- it is lateral without the word, too
SELECT c.customer_id, x.most FROM customers c, (SELECT max(amount) AS most FROM orders o WHERE o.customer_id = c.customer_id) x
{"from": {"table": "customers", "as": "c"}, "steps": [{"join": {"to": {"plan": {"from": {"table": "orders", "as": "o"}, "steps": [{"filter": {"eq": ["customer_id", {"outer": "customer_id"}]}}, {"aggregate": {"measures": [{"as": "most", "expr": {"max": "amount"}}]}}]}, "as": "x"}, "lateral": true, "how": "cross"}}, {"select": ["c.customer_id", "x.most"]}]}

-- written rows
SELECT v.k, v.label, o.order_id FROM (VALUES (1, 'one'), (2, 'two')) AS v(k, label) JOIN orders o ON o.qty = v.k
{"from": {"values": [[1, "one"], [2, "two"]], "columns": [{"as": "k", "type": "integer"}, {"as": "label", "type": "varchar"}], "as": "v"}, "steps": [{"join": {"to": {"table": "orders", "as": "o"}, "on": {"eq": ["o.qty", "v.k"]}}}, {"select": ["v.k", "v.label", "o.order_id"]}]}

-- a spine of numbers
SELECT g.n, count(o.order_id) AS orders FROM range(1, 12) AS g(n) LEFT JOIN orders o ON o.qty = g.n GROUP BY g.n
{"from": {"range": {"from": 1, "to": 12}, "as": "g", "column": "n"}, "steps": [{"join": {"to": {"table": "orders", "as": "o"}, "how": "left", "on": {"eq": ["o.qty", "g.n"]}}}, {"aggregate": {"by": ["g.n"], "measures": [{"as": "orders", "expr": {"count": "o.order_id"}}]}}]}

-- a list becomes rows beside its own
SELECT c.customer_id, u.item FROM customers c CROSS JOIN UNNEST([c.name, c.country]) AS u(item)
{"from": {"table": "customers", "as": "c"}, "steps": [{"join": {"to": {"unnest": {"list": ["name", "country"]}, "as": "u", "column": "item"}, "how": "cross", "lateral": true}}, {"select": ["c.customer_id", "u.item"]}]}

-- a table under other names
SELECT p.id, p.kind FROM products AS p(id, kind)
{"from": {"plan": {"from": "products", "steps": [{"select": [{"as": "id", "expr": "product_id"}, {"as": "kind", "expr": "category"}, "price"]}]}, "as": "p"}, "steps": [{"select": ["id", "kind"]}]}

-- a self join
SELECT a.order_id, b.order_id AS next FROM orders a JOIN orders b ON b.customer_id = a.customer_id AND b.ordered_at > a.ordered_at
{"from": {"table": "orders", "as": "a"}, "steps": [{"join": {"to": {"table": "orders", "as": "b"}, "on": {"and": [{"eq": ["b.customer_id", "a.customer_id"]}, {"gt": ["b.ordered_at", "a.ordered_at"]}]}}}, {"select": ["a.order_id", {"as": "next", "expr": "b.order_id"}]}]}

-- a spine with its end
SELECT g.n, o.order_id FROM generate_series(1, 5) AS g(n) JOIN orders o ON o.qty = g.n
{"from": {"range": {"from": 1, "to": 6}, "as": "g", "column": "n"}, "steps": [{"join": {"to": {"table": "orders", "as": "o"}, "on": {"eq": ["o.qty", "g.n"]}}}, {"select": ["g.n", "o.order_id"]}]}
