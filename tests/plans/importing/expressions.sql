-- arithmetic and its order
SELECT order_id + 2 * qty - 1 AS a, (order_id + 2) * (qty - 1) AS b, -qty AS c, qty / 3 AS d, qty // 3 AS e, qty % 3 AS f FROM orders
{"from": "orders", "steps": [{"select": [{"as": "a", "expr": {"sub": [{"add": ["order_id", {"mul": [2, "qty"]}]}, 1]}}, {"as": "b", "expr": {"mul": [{"add": ["order_id", 2]}, {"sub": ["qty", 1]}]}}, {"as": "c", "expr": {"neg": "qty"}}, {"as": "d", "expr": {"div": ["qty", 3]}}, {"as": "e", "expr": {"idiv": ["qty", 3]}}, {"as": "f", "expr": {"mod": ["qty", 3]}}]}]}

-- digits are kept
SELECT 0.06 AS tenth, 1.50 AS money, 6e-2 AS wide, 9007199254740993 AS big, -7 AS less, 100000000000000000000 AS huge FROM products
{"from": "products", "steps": [{"select": [{"as": "tenth", "expr": 0.06}, {"as": "money", "expr": {"lit": "1.50", "as": "decimal(3,2)"}}, {"as": "wide", "expr": {"lit": "6e-2", "as": "double"}}, {"as": "big", "expr": {"lit": "9007199254740993", "as": "bigint"}}, {"as": "less", "expr": -7}, {"as": "huge", "expr": {"lit": "100000000000000000000", "as": "hugeint"}}]}]}

-- comparisons
SELECT order_id FROM orders WHERE qty = 1 OR qty <> 2 AND amount <= 500 OR NOT (amount >= 100)
{"from": "orders", "steps": [{"filter": {"or": [{"eq": ["qty", 1]}, {"and": [{"ne": ["qty", 2]}, {"lte": ["amount", 500]}]}, {"not": {"gte": ["amount", 100]}}]}}, {"select": ["order_id"]}]}

-- null-safe comparisons
SELECT ticket_id FROM tickets WHERE csat IS DISTINCT FROM 5 AND csat IS NOT DISTINCT FROM csat AND csat IS NOT NULL OR csat IS NULL
{"from": "tickets", "steps": [{"filter": {"or": [{"and": [{"differs": ["csat", 5]}, {"same": ["csat", "csat"]}, {"not_null": "csat"}]}, {"is_null": "csat"}]}}, {"select": ["ticket_id"]}]}

-- is true
SELECT count(*) AS n FROM tickets WHERE (csat > 3) IS TRUE OR (csat > 3) IS NOT FALSE
{"from": "tickets", "steps": [{"filter": {"or": [{"same": [{"gt": ["csat", 3]}, true]}, {"not": {"same": [{"gt": ["csat", 3]}, false]}}]}}, {"aggregate": {"measures": [{"as": "n", "expr": {"count": "*"}}]}}]}

-- among values, and not
SELECT order_id FROM orders WHERE status IN ('paid', 'open') AND qty NOT IN (1, 2) AND amount IN (qty, 100 + qty, amount)
{"from": "orders", "steps": [{"filter": {"and": [{"in": ["status", {"lit": ["paid", "open"]}]}, {"not": {"in": ["qty", {"lit": [1, 2]}]}}, {"in": ["amount", ["qty", {"add": [100, "qty"]}, "amount"]]}]}}, {"select": ["order_id"]}]}

-- patterns
SELECT name FROM customers WHERE name LIKE 'C1%' AND name NOT LIKE '%9' AND name ILIKE 'c%' OR name LIKE 'C!%' ESCAPE '!'
{"from": "customers", "steps": [{"filter": {"or": [{"and": [{"like": ["name", {"lit": "C1%"}]}, {"not": {"like": ["name", {"lit": "%9"}]}}, {"ilike": ["name", {"lit": "c%"}]}]}, {"like": ["name", {"lit": "C!%"}], "escape": "!"}]}}, {"select": ["name"]}]}

-- tests of texts
SELECT name FROM customers WHERE contains(name, '1') AND starts_with(name, 'C') AND NOT ends_with(name, '0') OR regexp_matches(name, '^C[45]')
{"from": "customers", "steps": [{"filter": {"or": [{"and": [{"contains": ["name", {"lit": "1"}]}, {"starts_with": ["name", {"lit": "C"}]}, {"not": {"ends_with": ["name", {"lit": "0"}]}}]}, {"matches": ["name", {"lit": "^C[45]"}]}]}}, {"select": ["name"]}]}

-- choices
SELECT CASE WHEN qty > 5 THEN 'many' WHEN qty > 2 THEN 'some' ELSE 'few' END AS size, CASE status WHEN 'paid' THEN 1 WHEN 'open' THEN 0 END AS done, if(qty = 1, 'one', 'more') AS alone FROM orders
{"from": "orders", "steps": [{"select": [{"as": "size", "expr": {"case": [[{"gt": ["qty", 5]}, {"lit": "many"}], [{"gt": ["qty", 2]}, {"lit": "some"}]], "else": {"lit": "few"}}}, {"as": "done", "expr": {"case": [[{"lit": "paid"}, 1], [{"lit": "open"}, 0]], "of": "status"}}, {"as": "alone", "expr": {"case": [[{"eq": ["qty", 1]}, {"lit": "one"}]], "else": {"lit": "more"}}}]}]}

-- what stands for null
SELECT coalesce(csat, 0) AS rated, nullif(csat, 5) AS other, ifnull(csat, 1) AS also FROM tickets
{"from": "tickets", "steps": [{"select": [{"as": "rated", "expr": {"coalesce": ["csat", 0]}}, {"as": "other", "expr": {"nullif": ["csat", 5]}}, {"as": "also", "expr": {"coalesce": ["csat", 1]}}]}]}

-- texts joined and cut
SELECT name || '-' || country AS label, concat(name, country) AS plain, substring(name, 2, 3) AS part, substring(name FROM 2) AS rest, trim(both 'C' from name) AS bare, upper(left(country, 1)) AS letter FROM customers
{"from": "customers", "steps": [{"select": [{"as": "label", "expr": {"concat": ["name", {"lit": "-"}, "country"]}}, {"as": "plain", "expr": {"call": "concat", "args": ["name", "country"]}}, {"as": "part", "expr": {"call": "substring", "args": ["name", 2, 3]}}, {"as": "rest", "expr": {"call": "substring", "args": ["name", 2]}}, {"as": "bare", "expr": {"call": "trim", "args": ["name", {"lit": "C"}]}}, {"as": "letter", "expr": {"call": "upper", "args": [{"call": "left", "args": ["country", 1]}]}}]}]}

-- a number is joined to a text
SELECT 'no. ' || order_id AS label FROM orders
{"from": "orders", "steps": [{"select": [{"as": "label", "expr": {"concat": [{"lit": "no. "}, {"cast": "order_id", "to": "varchar"}]}}]}]}

-- casts
SELECT CAST(qty AS VARCHAR) AS a, qty::DOUBLE AS b, TRY_CAST(status AS INTEGER) AS c, CAST(amount AS DECIMAL(12, 1)) AS d FROM orders
{"from": "orders", "steps": [{"select": [{"as": "a", "expr": {"cast": "qty", "to": "varchar"}}, {"as": "b", "expr": {"cast": "qty", "to": "double"}}, {"as": "c", "expr": {"try_cast": "status", "to": "integer"}}, {"as": "d", "expr": {"cast": "amount", "to": "decimal(12, 1)"}}]}]}

-- texts that are compared with another type
SELECT order_id FROM orders WHERE ordered_at >= '2024-06-01' AND qty > '3' AND amount < '500.5'
{"from": "orders", "steps": [{"filter": {"and": [{"gte": ["ordered_at", {"lit": "2024-06-01", "as": "timestamp"}]}, {"gt": ["qty", 3]}, {"lt": ["amount", {"lit": "500.5", "as": "decimal(10,2)"}]}]}}, {"select": ["order_id"]}]}

-- functions of the catalogue, under the engine's other names
SELECT abs(qty - 4) AS a, round(amount, 1) AS b, floor(amount) AS c, ceiling(amount) AS d, pow(qty, 2) AS e, length(status) AS f, greatest(qty, 3) AS g, substr(status, 1, 2) AS h FROM orders
{"from": "orders", "steps": [{"select": [{"as": "a", "expr": {"call": "abs", "args": [{"sub": ["qty", 4]}]}}, {"as": "b", "expr": {"call": "round", "args": ["amount", 1]}}, {"as": "c", "expr": {"call": "floor", "args": ["amount"]}}, {"as": "d", "expr": {"call": "ceil", "args": ["amount"]}}, {"as": "e", "expr": {"call": "power", "args": ["qty", 2]}}, {"as": "f", "expr": {"call": "length", "args": ["status"]}}, {"as": "g", "expr": {"call": "greatest", "args": ["qty", 3]}}, {"as": "h", "expr": {"call": "substring", "args": ["status", 1, 2]}}]}]}

-- times
SELECT date_trunc('month', ordered_at) AS month, extract(year FROM ordered_at) AS year, date_part('dow', ordered_at) AS day, date_diff('day', TIMESTAMP '2024-01-01', ordered_at) AS since, ordered_at + INTERVAL 3 DAY AS later, ordered_at - INTERVAL '2 hours' AS sooner FROM orders
{"from": "orders", "steps": [{"select": [{"as": "month", "expr": {"bucket": ["ordered_at", "month"]}}, {"as": "year", "expr": {"part": ["ordered_at", "year"]}}, {"as": "day", "expr": {"part": ["ordered_at", "dow"]}}, {"as": "since", "expr": {"diff": ["day", {"lit": "2024-01-01", "as": "timestamp"}, "ordered_at"]}}, {"as": "later", "expr": {"shift": ["ordered_at", 3, "day"]}}, {"as": "sooner", "expr": {"sub": ["ordered_at", {"interval": [2, "hour"]}]}}]}]}

-- dates
SELECT DATE '2024-02-29' AS leap, CAST(ordered_at AS DATE) AS day, CAST(ordered_at AS DATE) + 1 AS next, CAST('2024-03-01' AS DATE) - CAST(ordered_at AS DATE) AS left_over, year(ordered_at) AS year, strftime(ordered_at, '%Y-%m') AS written FROM orders
{"from": "orders", "steps": [{"select": [{"as": "leap", "expr": {"lit": "2024-02-29", "as": "date"}}, {"as": "day", "expr": {"cast": "ordered_at", "to": "date"}}, {"as": "next", "expr": {"add": [{"cast": "ordered_at", "to": "date"}, 1]}}, {"as": "left_over", "expr": {"sub": [{"lit": "2024-03-01", "as": "date"}, {"cast": "ordered_at", "to": "date"}]}}, {"as": "year", "expr": {"call": "year", "args": ["ordered_at"]}}, {"as": "written", "expr": {"call": "strftime", "args": ["ordered_at", {"lit": "%Y-%m"}]}}]}]}

-- buckets of an interval
SELECT time_bucket(INTERVAL 15 MINUTE, ts, TIMESTAMP '2000-01-03') AS quarter, count(*) AS n FROM readings GROUP BY 1
{"from": "readings", "steps": [{"aggregate": {"by": [{"as": "quarter", "expr": {"bucket": ["ts", {"interval": [15, "minute"]}]}}], "measures": [{"as": "n", "expr": {"count": "*"}}]}}]}

-- lists and structs
SELECT [qty, 1, 2] AS listed, [qty, 1][1] AS first, {'a': qty, 'b': status} AS pair, {'a': qty}.a AS inner_a FROM orders
{"from": "orders", "steps": [{"select": [{"as": "listed", "expr": {"list": ["qty", 1, 2]}}, {"as": "first", "expr": {"get": [{"list": ["qty", 1]}, 1]}}, {"as": "pair", "expr": {"struct": [["a", "qty"], ["b", "status"]]}}, {"as": "inner_a", "expr": {"get": [{"struct": [["a", "qty"]]}, {"lit": "a"}]}}]}]}

-- a spine of days of several units
SELECT INTERVAL '1 day 12 hours' AS span, count(*) AS n FROM orders GROUP BY span
{"from": "orders", "steps": [{"aggregate": {"by": [{"as": "span", "expr": {"add": [{"interval": [1, "day"]}, {"interval": [12, "hour"]}]}}], "measures": [{"as": "n", "expr": {"count": "*"}}]}}]}

-- a parameter under a cast
SELECT order_id FROM orders WHERE amount > CAST($least AS DECIMAL(10, 2)) LIMIT CAST($most AS BIGINT)
{"params": {"least": {"type": "decimal(10, 2)"}, "most": {"type": "bigint"}}, "from": "orders", "steps": [{"filter": {"gt": ["amount", {"param": "least"}]}}, {"select": ["order_id"]}, {"limit": {"param": "most"}}]}

-- functions that are written as something else
SELECT qty ** 2 AS square, position('C' IN status) AS at, strftime('%Y', ordered_at) AS year FROM orders
{"from": "orders", "steps": [{"select": [{"as": "square", "expr": {"call": "power", "args": ["qty", 2]}}, {"as": "at", "expr": {"call": "strpos", "args": ["status", {"lit": "C"}]}}, {"as": "year", "expr": {"call": "strftime", "args": ["ordered_at", {"lit": "%Y"}]}}]}]}
