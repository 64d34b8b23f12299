-- filters are joined by and
SELECT "orders"."order_id", "orders"."amount" FROM "orders" WHERE "orders"."amount" > 500 AND "orders"."status" = 'paid'
-- a filter after an aggregate is a having
WITH "s1" AS (SELECT "orders"."status", COUNT(*) AS "n" FROM "orders" GROUP BY 1) SELECT "s1"."status", "s1"."n" FROM "s1" WHERE "s1"."n" > 130
-- a join after a filter opens a block
WITH "s1" AS (SELECT "orders"."order_id", "orders"."customer_id", "orders"."product_id", "orders"."qty", "orders"."amount", "orders"."status", "orders"."ordered_at" FROM "orders" WHERE "orders"."order_id" < 50) SELECT "s1"."order_id", "c"."country" FROM "s1" JOIN "customers" AS "c" ON "s1"."customer_id" = "c"."customer_id"
-- a left join keeps rows that meet nothing
SELECT "c"."name", "o"."amount" FROM "customers" AS "c" LEFT JOIN (SELECT "orders"."order_id", "orders"."customer_id", "orders"."product_id", "orders"."qty", "orders"."amount", "orders"."status", "orders"."ordered_at" FROM "orders" WHERE "orders"."amount" > 700) AS "o" ON "c"."customer_id" = "o"."customer_id"
-- a full join over using merges the key
SELECT COALESCE("a"."k", "b"."k") AS "k", "a"."k" AS "left_k", "b"."k" AS "right_k" FROM (VALUES (CAST(1 AS BIGINT)), (CAST(2 AS BIGINT))) AS "a"("k") FULL JOIN (VALUES (CAST(2 AS BIGINT)), (CAST(3 AS BIGINT))) AS "b"("k") ON "a"."k" = "b"."k"
-- semi and anti joins bring no columns
SELECT "c"."customer_id" FROM "customers" AS "c" WHERE EXISTS(SELECT 1 FROM "orders" AS "o" WHERE "c"."customer_id" = "o"."customer_id") AND NOT EXISTS(SELECT 1 FROM "tickets" AS "t" WHERE "c"."customer_id" = "t"."customer_id")
-- derived columns do not see each other
WITH "s1" AS (SELECT "orders"."order_id", "orders"."customer_id", "orders"."product_id", "orders"."qty", "orders"."amount", "orders"."status", "orders"."ordered_at", "orders"."amount" * "orders"."qty" AS "net" FROM "orders"), "s2" AS (SELECT "s1"."order_id", "s1"."customer_id", "s1"."product_id", "s1"."net" + 1 AS "qty", "s1"."amount", "s1"."status", "s1"."ordered_at", "s1"."net" FROM "s1") SELECT "s2"."order_id", "s2"."qty" FROM "s2"
-- a window shares its over
WITH "s1" AS (SELECT "orders"."order_id", "orders"."customer_id", "orders"."product_id", "orders"."qty", "orders"."amount", "orders"."status", "orders"."ordered_at", SUM("orders"."amount") OVER (PARTITION BY "orders"."customer_id" ORDER BY "orders"."ordered_at" ASC, "orders"."order_id" ASC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS "two", ROW_NUMBER() OVER (PARTITION BY "orders"."customer_id" ORDER BY "orders"."ordered_at" ASC, "orders"."order_id" ASC ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS "n" FROM "orders") SELECT "s1"."order_id", "s1"."two", "s1"."n" FROM "s1"
-- distinct on keeps the first by order
WITH "s1" AS (SELECT "orders"."order_id", "orders"."customer_id", "orders"."product_id", "orders"."qty", "orders"."amount", "orders"."status", "orders"."ordered_at", ROW_NUMBER() OVER (PARTITION BY "orders"."customer_id" ORDER BY "orders"."amount" DESC NULLS LAST, "orders"."order_id" ASC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS "_row" FROM "orders"), "s2" AS (SELECT "s1"."order_id", "s1"."customer_id", "s1"."product_id", "s1"."qty", "s1"."amount", "s1"."status", "s1"."ordered_at" FROM "s1" WHERE "s1"."_row" <= 1) SELECT "s2"."customer_id", "s2"."order_id" FROM "s2"
-- distinct drops rows that are equal
SELECT DISTINCT "orders"."status" FROM "orders"
-- sets go by position or by name
WITH "s1" AS (SELECT "tickets"."priority" AS "status", "tickets"."customer_id" FROM "tickets") SELECT "orders"."customer_id", "orders"."status" FROM "orders" UNION ALL SELECT "s1"."customer_id", "s1"."status" FROM "s1"
-- except takes rows away
SELECT "customers"."customer_id" FROM "customers" EXCEPT SELECT "tickets"."customer_id" FROM "tickets"
-- pivot spreads values
SELECT "orders"."customer_id", SUM("orders"."amount") FILTER(WHERE "orders"."status" = 'paid') AS "paid", SUM("orders"."amount") FILTER(WHERE "orders"."status" = 'open') AS "open" FROM "orders" GROUP BY 1
-- unpivot multiplies rows
WITH "s2" AS (SELECT "readings"."sensor_id", "readings"."ts", "s1"."metric", CASE "s1"."metric" WHEN 'temperature' THEN "readings"."temperature" WHEN 'humidity' THEN "readings"."humidity" END AS "v" FROM "readings" CROSS JOIN (VALUES (CAST('temperature' AS TEXT)), (CAST('humidity' AS TEXT))) AS "s1"("metric")) SELECT "s2"."sensor_id", "s2"."ts", "s2"."metric", "s2"."v" FROM "s2" WHERE NOT "s2"."v" IS NULL
-- a spine is half open
SELECT "g"."n" FROM GENERATE_SERIES(0, 3 - 1, 1) AS "g"("n")
-- lists can be joined as rows
SELECT "c"."customer_id", "u"."item" FROM "customers" AS "c" CROSS JOIN UNNEST(ARRAY["c"."name", "c"."country"]) AS "u"("item")
-- a lateral plan reads the rows beside it
SELECT "c"."customer_id", "best"."amount" FROM "customers" AS "c" LEFT JOIN LATERAL (SELECT "orders"."amount" FROM "orders" WHERE "orders"."customer_id" = "c"."customer_id" ORDER BY "orders"."amount" DESC NULLS LAST, "orders"."order_id" ASC LIMIT 1) AS "best" ON TRUE
-- joins in parentheses keep their aliases
SELECT "c"."customer_id", "o"."order_id", "p"."category" FROM "customers" AS "c" LEFT JOIN ("orders" AS "o" JOIN "products" AS "p" ON "o"."product_id" = "p"."product_id") ON "o"."customer_id" = "c"."customer_id" AND "p"."category" = 'a'
-- rollup is written out as sets
SELECT "orders"."status", "orders"."qty", COUNT(*) AS "n" FROM "orders" GROUP BY GROUPING SETS (("orders"."status", "orders"."qty"), ("orders"."status"), ())
-- any and all compare with a plan
SELECT "orders"."order_id" FROM "orders" WHERE "orders"."amount" >= ALL (SELECT "orders"."amount" FROM "orders")
-- an empty list holds nothing
SELECT "orders"."order_id" FROM "orders" WHERE FALSE
-- a recursion is bounded by its depth
WITH RECURSIVE "r" AS (SELECT "v"."n", 0 AS "depth" FROM (VALUES (CAST(1 AS BIGINT))) AS "v"("n") UNION ALL SELECT "r"."n" * 2 AS "n", "r"."depth" + 1 AS "depth" FROM "r" WHERE "r"."depth" < 3) SELECT "t"."n", "t"."depth" FROM "r" AS "t" WHERE "t"."n" > 1
-- intersect keeps what both have
SELECT "customers"."customer_id" FROM "customers" INTERSECT SELECT "tickets"."customer_id" FROM "tickets"
-- asof takes the last before
none: postgres cannot say an ASOF join
