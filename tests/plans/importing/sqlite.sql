-- whole numbers are divided to whole ones, and by zero to null
SELECT id, age / 2 AS half, age % 4 AS rest, age / (age - age) AS none, height / 2 AS mean FROM people
{"from": "people", "steps": [{"select": ["id", {"as": "half", "expr": {"idiv": ["age", 2]}}, {"as": "rest", "expr": {"mod": ["age", 4]}}, {"as": "none", "expr": {"idiv": ["age", {"nullif": [{"sub": ["age", "age"]}, 0]}]}}, {"as": "mean", "expr": {"ratio": ["height", 2]}}]}]}

-- texts are compared with numbers by the affinity of the column
SELECT name FROM people WHERE code = 12 OR age = '33' OR height > '1.7'
{"from": "people", "steps": [{"filter": {"or": [{"eq": ["code", {"lit": "12"}]}, {"eq": ["age", 33]}, {"gt": ["height", {"lit": "1.7", "as": "double"}]}]}}, {"select": ["name"]}]}

-- a column of texts is compared with one of numbers
SELECT p.name, q.kind FROM people p JOIN pets q ON q.owner = p.id
{"from": {"table": "people", "as": "p"}, "steps": [{"join": {"to": {"table": "pets", "as": "q"}, "on": {"eq": [{"case": [[{"matches": ["q.owner", {"lit": "^[ \\t\\n\\v\\f\\r]*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?[ \\t\\n\\v\\f\\r]*$"}]}, {"cast": "q.owner", "to": "double"}], [{"not_null": "q.owner"}, {"lit": "nan", "as": "double"}]]}, "p.id"]}}}, {"select": ["p.name", "q.kind"]}]}

-- it is not among the numbers of a query
SELECT name FROM people WHERE id NOT IN (SELECT owner FROM pets WHERE owner IS NOT NULL)
{"from": "people", "steps": [{"filter": {"not": {"in": ["id", {"plan": {"from": "pets", "steps": [{"filter": {"not_null": "owner"}}, {"select": ["owner"]}, {"select": [{"as": "value", "expr": {"case": [[{"matches": ["owner", {"lit": "^[ \\t\\n\\v\\f\\r]*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?[ \\t\\n\\v\\f\\r]*$"}]}, {"cast": "owner", "to": "double"}], [{"not_null": "owner"}, {"lit": "nan", "as": "double"}]]}}]}]}}]}}}, {"select": ["name"]}]}

-- a text that is no number is more than every number
SELECT kind, owner FROM pets WHERE owner > (SELECT id FROM pets ORDER BY id DESC LIMIT 1) OR NOT owner = keeper
{"from": "pets", "steps": [{"filter": {"or": [{"gt": [{"case": [[{"matches": ["owner", {"lit": "^[ \\t\\n\\v\\f\\r]*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?[ \\t\\n\\v\\f\\r]*$"}]}, {"cast": "owner", "to": "double"}], [{"not_null": "owner"}, {"lit": "nan", "as": "double"}]]}, {"scalar": {"from": "pets", "steps": [{"select": ["id"]}, {"sort": [{"desc": "id"}]}, {"limit": 1}]}}]}, {"not": {"eq": [{"case": [[{"matches": ["owner", {"lit": "^[ \\t\\n\\v\\f\\r]*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?[ \\t\\n\\v\\f\\r]*$"}]}, {"cast": "owner", "to": "double"}], [{"not_null": "owner"}, {"lit": "nan", "as": "double"}]]}, "keeper"]}}]}}, {"select": ["kind", "owner"]}]}

-- a number that is reckoned is compared with a column of texts as a text
SELECT kind, owner FROM pets WHERE owner > (SELECT max(id) FROM pets) OR owner = keeper - 2
{"from": "pets", "steps": [{"filter": {"or": [{"gt": ["owner", {"cast": {"scalar": {"from": "pets", "steps": [{"aggregate": {"measures": [{"as": "max_id", "expr": {"max": "id"}}]}}]}}, "to": "varchar"}]}, {"eq": ["owner", {"cast": {"sub": ["keeper", 2]}, "to": "varchar"}]}]}}, {"select": ["kind", "owner"]}]}

-- LIKE takes no notice of case
SELECT name FROM people WHERE name LIKE 'a%' OR name LIKE '%L' ESCAPE '!'
{"from": "people", "steps": [{"filter": {"or": [{"ilike": ["name", {"lit": "a%"}]}, {"ilike": ["name", {"lit": "%L"}], "escape": "!"}]}}, {"select": ["name"]}]}

-- a bare column is of the row of the one maximum
SELECT kind, name, max(weight) AS most FROM pets GROUP BY kind
{"from": "pets", "steps": [{"aggregate": {"by": ["kind"], "measures": [{"as": "name", "expr": {"case": [[{"is_null": {"max": "weight"}}, {"agg": "first", "args": ["name"]}]], "else": {"agg": "arg_max_null", "args": ["name", "weight"]}}}, {"as": "most", "expr": {"max": "weight"}}]}}]}

-- a bare column that the key determines is a key, too
SELECT p.name, count(*) AS n FROM people p JOIN pets q ON q.keeper = p.id GROUP BY q.keeper ORDER BY n DESC, p.name
{"from": {"table": "people", "as": "p"}, "steps": [{"join": {"to": {"table": "pets", "as": "q"}, "on": {"eq": ["q.keeper", "p.id"]}}}, {"aggregate": {"by": ["q.keeper", "p.name"], "measures": [{"as": "n", "expr": {"count": "*"}}]}}, {"select": ["name", "n"]}, {"sort": [{"desc": "n"}, {"asc": "name", "nulls": "first"}]}]}

-- a text in double quotes that is no column
SELECT name FROM people WHERE name = "Anna"
{"from": "people", "steps": [{"filter": {"eq": ["name", {"lit": "Anna"}]}}, {"select": ["name"]}]}

-- nulls come first
SELECT name, age FROM people ORDER BY age, name LIMIT 3
{"from": "people", "steps": [{"select": ["name", "age"]}, {"sort": [{"asc": "age", "nulls": "first"}, {"asc": "name", "nulls": "first"}]}, {"limit": 3}]}

-- a sum of texts
SELECT sum(code) AS total, avg(code) AS mean FROM people
{"from": "people", "steps": [{"aggregate": {"measures": [{"as": "total", "expr": {"sum": {"case": [[{"not_null": "code"}, {"coalesce": [{"try_cast": {"call": "regexp_extract", "args": ["code", {"lit": "^\\s*[+-]?(\\d+\\.?\\d*([eE][+-]?\\d+)?|\\.\\d+([eE][+-]?\\d+)?)"}]}, "to": "double"}, 0]}]]}}}, {"as": "mean", "expr": {"avg": {"case": [[{"not_null": "code"}, {"coalesce": [{"try_cast": {"call": "regexp_extract", "args": ["code", {"lit": "^\\s*[+-]?(\\d+\\.?\\d*([eE][+-]?\\d+)?|\\.\\d+([eE][+-]?\\d+)?)"}]}, "to": "double"}, 0]}]]}}}]}}]}

-- the first row of a query stands for its value
SELECT name FROM people WHERE age = (SELECT age FROM people WHERE age IS NOT NULL ORDER BY age DESC, id)
{"from": "people", "steps": [{"filter": {"eq": ["age", {"scalar": {"from": "people", "steps": [{"filter": {"not_null": "age"}}, {"select": ["age", {"as": "order_1", "expr": "id"}]}, {"sort": [{"desc": "age"}, "order_1"]}, {"select": ["age"]}, {"limit": 1}]}}]}}, {"select": ["name"]}]}

-- a column of a derived table has its affinity, too
SELECT x.o, p.name FROM (SELECT owner AS o FROM pets) x JOIN people p ON p.id = x.o
{"from": {"plan": {"from": "pets", "steps": [{"select": [{"as": "o", "expr": "owner"}]}]}, "as": "x"}, "steps": [{"join": {"to": {"table": "people", "as": "p"}, "on": {"eq": ["p.id", {"case": [[{"matches": ["x.o", {"lit": "^[ \\t\\n\\v\\f\\r]*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?[ \\t\\n\\v\\f\\r]*$"}]}, {"cast": "x.o", "to": "double"}], [{"not_null": "x.o"}, {"lit": "nan", "as": "double"}]]}]}}}, {"select": ["x.o", "p.name"]}]}

-- functions of both
SELECT upper(name) AS big, length(name) AS n, substr(name, 2) AS rest, trim(name) AS bare, abs(age - 40) AS off, ifnull(age, 0) AS known, round(height) AS near FROM people
{"from": "people", "steps": [{"select": [{"as": "big", "expr": {"call": "upper", "args": ["name"]}}, {"as": "n", "expr": {"call": "length", "args": ["name"]}}, {"as": "rest", "expr": {"call": "substring", "args": ["name", 2]}}, {"as": "bare", "expr": {"call": "trim", "args": ["name", {"lit": " "}]}}, {"as": "off", "expr": {"call": "abs", "args": [{"sub": ["age", 40]}]}}, {"as": "known", "expr": {"coalesce": ["age", 0]}}, {"as": "near", "expr": {"call": "round", "args": ["height"]}}]}]}
