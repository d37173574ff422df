SET preserve_insertion_order = false;
COPY (
    SELECT 'stratum ' || lpad((hash(i * 4) % 20)::VARCHAR, 2, '0') AS stratum, (1 + hash(i * 4 + 1) % 1000)::BIGINT AS days,
        CASE WHEN hash(i * 4 + 2) % 10 < 3 THEN 'rearrest' WHEN hash(i * 4 + 2) % 10 < 4 THEN 'removed' END AS event
    FROM range({rows}) AS t(i)
) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
