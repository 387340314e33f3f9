-- SPDX-License-Identifier: PostgreSQL
-- A report on the hnsw and ivfflat indexes of a database, as one HTML page that needs no
-- network: on all of them for a superuser or a member of pg_monitor, on their own for others.
--
--	psql -X -q -o report.html -f operations/report.sql DATABASE
--
-- With -v recall=1 it also measures recall by exact searches, of tables that the role may read.
\set ON_ERROR_STOP 1
\ir search_path.sql
\ir extension.sql
-- the advice on each index
SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('index', index::oid, 'about', about, 'advice', advice)), '[]') AS advice
FROM lokivector_advice_all() \gset
\pset footer off
\pset null ''
\pset border 0
\pset format unaligned
\pset tuples_only on
\qecho '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>lokivector</title><style>'
\qecho ':root { color-scheme: light dark; } body { font: 13px/1.4 sans-serif; max-width: 90em; margin: 2em auto; padding: 0 1em; }'
\qecho 'table { border-collapse: collapse; margin: 1em 0; } th, td { padding: .2em .6em; border-bottom: 1px solid #8885; text-align: left; vertical-align: top; } td[align=right], td:first-child { white-space: nowrap; }'
\qecho 'td[align=right] { text-align: right; font-variant-numeric: tabular-nums; } figure { display: inline-block; margin: 1em; }'
\qecho 'svg { stroke: currentColor; fill: none; } svg text { stroke: none; fill: currentColor; font-size: 10px; } @page { size: A4 landscape; margin: 1cm; } @media print { body { margin: 0; font-size: 11px; } th, td { padding: .1em .4em; } figure, tr { break-inside: avoid; } }'
\qecho '</style></head><body>'
SELECT pg_catalog.format('<h1>Indexes of %s</h1><p>%s. PostgreSQL %s, lokivector %s, shared_buffers %s.</p>',
	pg_catalog.replace(pg_catalog.replace(pg_catalog.current_database(), '&', '&amp;'), '<', '&lt;'), pg_catalog.to_char(pg_catalog.now(), 'YYYY-MM-DD HH24:MI TZ'),
	pg_catalog.current_setting('server_version'), lokivector_version(), pg_catalog.current_setting('shared_buffers'));

-- Indexes whose files can be read: those that a build has begun, that the role may look into, that
-- nobody has locked, and that raise no error.
-- OFFSET keeps the planner from reading others before it leaves them out.
\set readable '(pg_catalog.pg_has_role(c.relowner, ''USAGE'') OR pg_catalog.pg_has_role(''pg_monitor'', ''USAGE''))'
\set indexes '(SELECT s.*, x.indisvalid FROM lokivector_stat_indexes s JOIN pg_index x ON x.indexrelid = s.index::oid AND x.indisready JOIN pg_class c ON c.oid = s.index::oid AND c.relpersistence <> ''t'' AND ' :readable ' WHERE NOT EXISTS (SELECT FROM pg_catalog.jsonb_to_recordset(' :'advice' '::jsonb) AS r(index oid, about text) WHERE r.index = s.index::oid AND r.about = ANY (''{error,locked}''::text[])) OFFSET 0) i'
SELECT pg_catalog.format('<p>%s of other owners are left out: only these and members of pg_monitor may look into them.</p>', pg_catalog.count(*))
FROM lokivector_stat_indexes s JOIN pg_class c ON c.oid = s.index::oid WHERE NOT :readable HAVING pg_catalog.count(*) > 0;

\pset format html
\pset tuples_only off
\qecho '<h2>What to change</h2>'
SELECT r.index::regclass AS index, r.about, r.advice
FROM pg_catalog.jsonb_to_recordset(:'advice'::jsonb) AS r(index oid, about text, advice text)
WHERE r.about <> 'rights'::text ORDER BY r.index, r.about;
\qecho '<h2>Indexes</h2>'
SELECT i.index, i.relname AS "table", i.indisvalid AS valid, f.metric, f.dimensions, f.bits, f.refine_bits,
	f.profile, f.m, f.rows, f.killed + f.dead AS dead, f.free, pg_catalog.pg_size_pretty(f.bytes) AS size,
	(SELECT pg_catalog.pg_size_pretty(pg_catalog.sum(bytes)) FROM lokivector_index_slot_arrays(i.index)
		WHERE slot_array IN ('code', 'link', 'upper', 'tid')) AS "touched by searches",
	pg_catalog.array_to_string(c.reloptions, ', ') AS options
FROM :indexes JOIN pg_class c ON c.oid = i.index::oid, lokivector_index_info(i.index) f ORDER BY f.bytes DESC;
\qecho '<h2>What was done with them</h2>'
SELECT index, scans, walks, hops, flat_scans AS flat, list_scans AS lists, map_scans AS maps, exact_scans AS exact,
	widened_scans AS widened, pg_catalog.round((search_time / nullif(scans, 0)::float8)::numeric, 2) AS "ms a scan",
	nodes_scored / nullif(scans, 0) AS "nodes a scan",
	pg_catalog.round(heap_fetches::numeric / nullif(rows_returned, 0)::numeric, 1) AS "rows read for one",
	rows_dropped AS dropped, late_rows AS late
FROM :indexes ORDER BY search_time DESC;
SELECT index, inserts, builds, vacuums, nodes_freed AS "nodes freed", calibrations,
	pg_catalog.date_trunc('second', last_build) AS "last build", pg_catalog.date_trunc('second', last_vacuum) AS "last vacuum",
	pg_catalog.date_trunc('second', last_calibration) AS "last calibration", pg_catalog.date_trunc('second', counted_since) AS "counted since"
FROM :indexes ORDER BY inserts DESC, index;
\qecho '<h2>Recall</h2><p>Of the nearest ten, by the width of a search, as it was last measured, for queries that are like the rows.</p>'
\pset format unaligned
\pset tuples_only on
SELECT pg_catalog.format('<figure><svg width="320" height="200" viewBox="0 0 320 200"><path d="M40 10V170H310" stroke-opacity=".4"/>'
	'<text x="36" y="14" text-anchor="end">1</text><text x="36" y="92" text-anchor="end">0.5</text>'
	'<text x="36" y="172" text-anchor="end">0</text>%s<polyline points="%s" stroke-width="2"/></svg><figcaption>%s</figcaption></figure>',
	pg_catalog.string_agg(pg_catalog.format('<text x="%s" y="185" text-anchor="middle">%s</text>', x, width), ''),
	pg_catalog.string_agg(pg_catalog.format('%s,%s', x, pg_catalog.round((170::float8 - 160::float8 * recall_10)::numeric, 1)), ' ' ORDER BY width),
	pg_catalog.replace(pg_catalog.replace(index::text, '&', '&amp;'), '<', '&lt;'))
FROM (SELECT i.index, c.width, c.recall_10,
		50::float8 + pg_catalog.round(250 * (pg_catalog.row_number() OVER w - 1) / greatest(pg_catalog.count(*) OVER (PARTITION BY i.index) - 1, 1)) AS x
	FROM :indexes, lokivector_calibration(i.index) c
	WINDOW w AS (PARTITION BY i.index ORDER BY c.width)) points
GROUP BY index ORDER BY index;
\pset format html
\pset tuples_only off
\qecho '<p>Of the searches of users that were sampled, with the standard error and the recall of the worst hundredth.</p>'
SELECT index, measured, pg_catalog.round(recall::numeric, 4) AS recall, pg_catalog.round(recall_error::numeric, 4) AS error,
	pg_catalog.round(recall_p1::numeric, 4) AS "worst hundredth", pg_catalog.round(trend::numeric, 4) AS trend,
	pg_catalog.round(trend_error::numeric, 4) AS "error of the trend", waiting
FROM lokivector_stat_recall ORDER BY index;
\if :{?recall}
\qecho '<p>Measured now, with rows of the table as queries.</p>'
SELECT * FROM lokivector_recall_all(100, 10) ORDER BY index;
\endif
\qecho '<h2>Parts</h2>'
SELECT i.index, p.slot_array AS part, p.attribute, p.slots, pg_catalog.pg_size_pretty(p.bytes) AS size
FROM :indexes, lokivector_index_slot_arrays(i.index) p
WHERE p.slots > 0 ORDER BY i.index, p.bytes DESC;
\qecho '</body></html>'
SELECT pg_catalog.set_config('search_path', :'own_path', false) AS own_path \gset
