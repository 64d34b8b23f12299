-- best_customers
SELECT * FROM (SELECT date_trunc('month', order_date) AS month, customer_id, sum(total) AS spent FROM orders
WHERE status = 'completed' GROUP BY 1, 2) QUALIFY rank() OVER (PARTITION BY month ORDER BY spent DESC) <= 3
-- busy_agents
WITH m AS (SELECT agent_id, date_trunc('month', created_at) AS month, count(*) AS taken FROM tickets GROUP BY 1, 2),
s AS (SELECT a.agent_id, a.month, a.taken, (SELECT sum(b.taken) FROM m AS b WHERE b.agent_id = a.agent_id
AND b.month <= a.month) AS so_far FROM m AS a)
SELECT *, 1 + (SELECT count(*) FROM s AS o WHERE o.month = s.month AND o.so_far > s.so_far) FROM s
-- climate_by_hour
SELECT hour(timestamp), 'temperature', avg(temperature_c) FROM readings WHERE location LIKE 'Outdoor%' GROUP BY 1
UNION ALL
SELECT hour(timestamp), 'humidity', avg(humidity_pct) FROM readings WHERE location LIKE 'Outdoor%' GROUP BY 1
-- large_orders
SELECT order_id, customer_id, total FROM orders JOIN (SELECT customer_id, avg(total) AS mean FROM orders GROUP BY 1)
USING (customer_id) WHERE total > 2000 OR total > 5 * mean ORDER BY total DESC, order_id LIMIT 20
-- longest_silence
WITH numbered AS (SELECT *, row_number() OVER (PARTITION BY sensor_id ORDER BY timestamp) AS n FROM readings),
gaps AS (SELECT *, n - row_number() OVER (PARTITION BY sensor_id ORDER BY timestamp) AS run FROM numbered
WHERE status <> 'online'),
runs AS (SELECT location, sensor_id, min(timestamp) AS since, count(*) AS readings FROM gaps GROUP BY 1, 2, run)
SELECT * FROM runs QUALIFY row_number() OVER (PARTITION BY location ORDER BY readings DESC, since, sensor_id) = 1
-- low_batteries
SELECT r.sensor_id, r.location, r.battery_pct FROM readings AS r
WHERE r.timestamp = (SELECT max(timestamp) FROM readings AS x WHERE x.sensor_id = r.sensor_id) AND r.battery_pct < 20
-- month_against_month
SELECT month, revenue, lag(revenue) OVER w, revenue - lag(revenue) OVER w, revenue / lag(revenue) OVER w - 1
FROM (SELECT date_trunc('month', order_date) AS month, sum(total) AS revenue FROM orders GROUP BY 1)
WINDOW w AS (ORDER BY month)
-- order_sizes
SELECT CAST(floor(total / 250) AS BIGINT) AS bin, 250 * bin, 250 * (bin + 1), count(*) FROM orders GROUP BY 1
-- out_of_stock
SELECT product_id, name, category FROM inventory WHERE stock = 0 AND product_id IN (SELECT product_id
FROM order_items JOIN orders USING (order_id) WHERE order_date >= TIMESTAMP '2026-02-01' - INTERVAL 30 DAY)
-- resolution_time
SELECT category, median(resolution_time_hours), quantile_cont(resolution_time_hours, 0.95) FROM tickets
WHERE resolution_time_hours IS NOT NULL GROUP BY 1
-- retention
WITH f AS (SELECT customer_id, min(date_trunc('month', order_date)) AS cohort FROM orders GROUP BY 1),
a AS (SELECT DISTINCT cohort, customer_id, date_diff('month', cohort, order_date) AS age FROM orders JOIN f USING (customer_id))
SELECT cohort, age, size, count(*), count(*) / size FROM a JOIN (SELECT cohort, count(*) AS size FROM f GROUP BY 1)
USING (cohort) WHERE age BETWEEN 1 AND 3 GROUP BY 1, 2, 3
-- revenue_by_category
SELECT category, sum(price * quantity * (1 - discount / 100)) AS revenue, revenue / sum(revenue) OVER ()
FROM order_items JOIN orders USING (order_id) WHERE status = 'completed' GROUP BY 1
-- second_and_third_order
WITH d AS (SELECT DISTINCT customer_id, order_date FROM orders),
n AS (SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY order_date) AS place,
min(order_date) OVER (PARTITION BY customer_id) AS start FROM d),
c AS (SELECT place, count(*) AS n FROM n WHERE place <= 3 AND order_date <= start + INTERVAL 60 DAY GROUP BY 1)
SELECT ['first_order', 'second_order', 'third_order'][place], n, place, n / first(n) OVER (ORDER BY place),
n / lag(n) OVER (ORDER BY place) FROM c
-- sla_by_priority
SELECT priority, count(*), count_if(sla_met), count_if(sla_met) / count(*) FROM tickets WHERE status <> 'Open' GROUP BY 1
UNION ALL
SELECT NULL, count(*), count_if(sla_met), count_if(sla_met) / count(*) FROM tickets WHERE status <> 'Open'
-- status_by_month
SELECT date_trunc('month', order_date), count_if(status = 'completed'), count_if(status = 'returned'),
count_if(status = 'cancelled') FROM orders GROUP BY 1
-- urgent_tickets
SELECT day, opened, avg(opened) OVER (ORDER BY day ROWS 6 PRECEDING) FROM (SELECT d AS day, count(ticket_id) AS opened
FROM range(TIMESTAMP '2025-10-25', TIMESTAMP '2026-02-01', INTERVAL 1 DAY) AS g(d)
LEFT JOIN tickets ON date_trunc('day', created_at) = d AND priority IN ('High', 'Critical') GROUP BY 1)
WHERE day <= (SELECT max(created_at) FROM tickets WHERE priority IN ('High', 'Critical'))
-- vibration_outliers
SELECT location, count(*), count_if(anomaly_flag) FROM readings JOIN (SELECT location, median(vibration_mm_s) AS m,
mad(vibration_mm_s) AS s FROM readings GROUP BY 1) USING (location) WHERE abs(vibration_mm_s - m) > 6 * 1.4826 * s GROUP BY 1
