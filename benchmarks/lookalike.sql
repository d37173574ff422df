-- The rows of lookalike.py. 25 detainers are of 20 people: 16 have one, 3 have two and 1 has three. Every value is a hash
-- of the row's or the person's number and the seed, so that any number of rows is written in bounded memory, and the same
-- number and seed are always the same file.
CREATE MACRO u(key, salt) AS (hash(key, salt, {seed}) >> 11)::DOUBLE / 9007199254740992;  -- from 0 to under 1
CREATE TABLE county AS
SELECT row_number() OVER (ORDER BY md5(c.fips)) AS rank, c.fips, upper(c.name) AS county, split_part(c.towns, ';', 1) AS city,
    upper(s.name) AS state
FROM read_csv('{places}/places/counties.csv', all_varchar = true) AS c
JOIN read_csv('{places}/states.csv', all_varchar = true) AS s ON s.fips = c.fips[1:2]
WHERE c.name LIKE '% County' AND c.towns <> '';
CREATE TABLE lodged AS
WITH numbered AS (
    SELECT i AS j, i % 25 AS slot, 20 * (i // 25) + CASE WHEN slot < 16 THEN slot WHEN slot < 22 THEN 16 + (slot - 16) // 2
        ELSE 19 END AS person, CASE WHEN slot < 16 THEN 0 WHEN slot < 22 THEN slot % 2 ELSE slot - 22 END AS nth
    FROM range({rows}) AS t(i)
), started AS (  -- over half of all detainers are lodged after the surge
    SELECT *, CASE WHEN u(person, 1) < 0.55 THEN DATE '2025-01-20' + (u(person, 2) * 414)::INTEGER
        ELSE DATE '2022-10-01' + (u(person, 2) * 840)::INTEGER END AS first,
        CASE WHEN nth = 0 THEN 0 WHEN u(j, 3) < 0.15 THEN (u(j, 4) < 0.5)::INTEGER  -- entered twice
            ELSE nth * (-250 * ln(1 - u(j, 4)))::INTEGER END AS later,
        least(floor(exp(u(person, 5) * ln(counties + 1))), counties)::BIGINT AS rank  -- a few counties lodge most
    FROM numbered, (SELECT count(*) AS counties FROM county)
)
SELECT *, coalesce(day - lag(day) OVER (PARTITION BY person ORDER BY day, j) <= 1, false) AS near
FROM (
    SELECT j, person, first + (later % (DATE '2026-03-10' - first + 1))::INTEGER AS day, nth > 0 AND later < 2 AS again, fips, county,
        city, state
    FROM started JOIN county USING (rank)
)
ORDER BY day, j;
COPY (
    WITH chances AS (SELECT *, rowid + 8 AS row, {chances} FROM lodged), known AS (
        SELECT *, u(j, 6) < 0.02 AS nowhere, u(j, 7) AS jail, day + (1 - 70 * ln(1 - u(j, 9)))::INTEGER AS left_on,
            u(j, 8) < 0.35 AND left_on <= DATE '2026-03-10' AS gone, {drawn}
        FROM chances
    ), told AS (
        SELECT * REPLACE (CASE WHEN again THEN {again} ELSE detainer_lift_reason END AS detainer_lift_reason),
            day AS detainer_prepare_date, row::DOUBLE AS row_original, (1950 + floor(57 * u(person, 10)))::DOUBLE AS birth_year,
            CASE WHEN u(person, 11) >= 0.13 THEN left(sha256(person || ' of {seed}'), 40) END AS unique_identifier,
            CASE WHEN nowhere THEN NULL WHEN jail < 0.82 THEN county || ' JAIL' WHEN jail < 0.92 THEN state || ' STATE PRISON'
                ELSE 'US MARSHALS, ' || city END AS detention_facility,
            'S' || fips || CASE WHEN jail < 0.82 THEN 'J' WHEN jail < 0.92 THEN 'P' ELSE 'F' END AS detention_facility_code,
            CASE WHEN NOT nowhere THEN city END AS facility_city, CASE WHEN NOT nowhere THEN state END AS facility_state,
            CASE WHEN gone THEN left_on::DATE END AS departed_date, CASE WHEN gone THEN {departed} ELSE {here} END AS case_status,
            CASE WHEN gone THEN citizenship_country END AS departure_country, CASE WHEN gone THEN 'SYNTHETIC PORT' END AS port_of_departure,
            citizenship_country AS birth_country, detainer_prepared_criminality LIKE '1%' AS convicted,
            CASE WHEN convicted THEN {convicted} ELSE {other} END AS detainer_prep_threat_level,
            CASE WHEN convicted THEN {charges} END AS most_serious_conviction_charge,
            CASE WHEN convicted THEN (day - (10 + 4000 * u(j, 12))::INTEGER)::DATE END AS msc_conviction_date,
            msc_conviction_date AS msc_charge_date,
            CASE WHEN convicted AND u(j, 13) < 0.3 THEN floor(365 * u(j, 14)) END AS msc_sentence_days,
            CASE WHEN convicted AND u(j, 15) < 0.3 THEN floor(60 * u(j, 16)) END AS msc_sentence_months,
            CASE WHEN convicted AND u(j, 17) < 0.3 THEN floor(20 * u(j, 18)) END AS msc_sentence_years,
            CASE WHEN u(j, 19) < 0.4 THEN (day - (3000 * u(j, 20))::INTEGER)::DATE END AS final_order_date,
            CASE WHEN u(j, 21) < 0.4 THEN (day - (3000 * u(j, 22))::INTEGER)::DATE END AS apprehension_date,
            CASE WHEN u(j, 23) < 0.4 THEN (day - (3000 * u(j, 24))::INTEGER)::DATE END AS entry_date
        FROM known
    )
    SELECT {columns} FROM (
        SELECT *, CASE most_serious_conviction_charge {charge_codes} END AS msc_charge_code,
            CASE detainer_lift_reason {lift_codes} END AS detainer_lift_reason_code,
            unique_identifier IS NOT NULL AND near AS duplicate_likely
        FROM told
    )
) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
