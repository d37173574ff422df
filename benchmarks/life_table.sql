-- Written by hand for the one question of tables.py: repeat detainers after a person's first, by state and rule in force.
WITH m AS (
    SELECT person_id, prepared, state, jurisdiction, prepared - lag(prepared) OVER w AS gap, row_number() OVER w AS nth
    FROM {detainers} WHERE request IN ('detainer', 'unknown') AND person_id IS NOT NULL
    WINDOW w AS (PARTITION BY person_id ORDER BY prepared, source_row)
), s AS (SELECT person_id, prepared, state, jurisdiction FROM m WHERE nth = 1 AND prepared <= DATE '{end}'),
h AS (
    SELECT person_id, prepared AS day, 0 AS rank FROM m WHERE gap > 30
    UNION ALL SELECT person_id, date, CASE kind WHEN 'removed' THEN 1 ELSE 2 END FROM {exits} WHERE kind IN ('removed', 'died')
), f AS (
    SELECT person_id, min((day - s.prepared) * 3 + rank) AS code FROM s JOIN h USING (person_id)
    WHERE day <= DATE '{end}' AND (day > s.prepared OR (day = s.prepared AND rank > 0)) GROUP BY person_id
), r AS (
    SELECT s.state, p.policy, coalesce(f.code // 3, DATE '{end}' - s.prepared) AS time, f.code % 3 AS kind
    FROM s LEFT JOIN f USING (person_id)
    LEFT JOIN '{spans}' AS p ON p.jurisdiction = s.jurisdiction AND s.prepared BETWEEN p.start AND p."end"
)
SELECT coalesce(state, 'unknown') AS state, coalesce(policy, 'unknown') AS policy, time,
    (sum(count(*)) OVER (PARTITION BY state, policy ORDER BY time DESC))::BIGINT AS at_risk,
    count(*) FILTER (kind IS NULL) AS censored, count(*) FILTER (kind = 2) AS died, count(*) FILTER (kind = 1) AS removed,
    count(*) FILTER (kind = 0) AS repeat_detainer
FROM r GROUP BY state, policy, time
