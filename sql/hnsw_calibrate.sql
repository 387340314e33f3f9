-- lokivector.target_recall and the calibrations that it goes by
SET enable_seqscan = off;

CREATE FUNCTION item(n integer) RETURNS vector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN random_vector(n, 40, 23, height => 1.5);
CREATE TABLE t (id integer PRIMARY KEY, v vector(40));
INSERT INTO t SELECT i, item(i) FROM generate_series(1, 2000) i;

-- A run of every day tries fewer indexes
-- Nodes that a search scores
CREATE FUNCTION scored(target float8, k integer) RETURNS bigint AS $$
BEGIN
	PERFORM set_config('lokivector.target_recall', target::text, true);
	PERFORM id FROM t ORDER BY v <-> item(-7) LIMIT k;
	RETURN nodes_scored FROM lokivector_scan_stats();
END $$ LANGUAGE plpgsql;

-- test: the setting
SHOW lokivector.target_recall;
SET lokivector.target_recall = 1.5;
SET lokivector.target_recall = -0.1;
SET lokivector.target_recall = 0.95;
SHOW lokivector.target_recall;
RESET lokivector.target_recall;

-- test: a build calibrates
CREATE INDEX t_idx ON t USING hnsw (v vector_l2_ops);
SELECT calibrated_nodes FROM lokivector_index_info('t_idx');
SELECT count(*) > 5 AS widths, min(width) AS narrowest, max(recall_10) > 0.99 AS good,
	min(recall_10) < 0.95 AS bad, max(recall_100) > 0.99 AS good_100
FROM lokivector_calibration('t_idx');
SELECT count(*) AS not_ascending FROM (
	SELECT width <= lag(width) OVER w OR nodes_scored < lag(nodes_scored) OVER w
		OR recall_10 < lag(recall_10) OVER w - 0.02 AS wrong
	FROM lokivector_calibration('t_idx') WINDOW w AS (ORDER BY width)) s
WHERE wrong;
SELECT lokivector_check('t_idx', true);

-- test: widths among which there is none that keeps the promise of a wider one
SELECT array_agg(width ORDER BY width) FROM lokivector_calibration('t_idx') WHERE width BETWEEN 200 AND 600;

-- test: hubs, which searches from a width of 256 on find, and which are the nearest 100 rows, but not the nearest 500
CREATE TABLE hubs (id integer PRIMARY KEY, v vector(64));
INSERT INTO hubs SELECT i, random_vector(i, 64, spread => CASE WHEN i % 60 = 0 THEN 0.2 ELSE 1 END) FROM generate_series(1, 6000) i;
SET lokivector.build_seed = 1;
CREATE INDEX hubs_idx ON hubs USING hnsw (v vector_l2_ops);
RESET lokivector.build_seed;
SET lokivector.target_recall = 0.99;
SELECT recall > 0.987 AS kept FROM lokivector_recall('hubs_idx', (SELECT array_agg(random_vector(-i, 64)) FROM generate_series(1, 100) i));
SET lokivector.target_recall = 0.95;
SELECT many.width > 6 * hundred.width AS measured FROM lokivector_search_width('hubs_idx', 500) many, lokivector_search_width('hubs_idx', 100) hundred;
RESET lokivector.target_recall;
SELECT lokivector_check('hubs_idx', true);
DROP TABLE hubs;

-- test: rows show how wide a search has to be beyond the default, and a larger LIMIT takes a wider one
SELECT scored(0.5, 10) = scored(0, 10) AS as_without, scored(0.9, 1) < scored(0.9, 10) AS by_limit,
	scored(0.9, 10) < scored(0.9, 100) AS by_larger_limit, scored(0.9, 100) < scored(0.9, 500) AS beyond;
SET lokivector.target_recall = 0.9;
SELECT answered, recall > 0.85 AS enough, width < 100 AS narrow FROM lokivector_recall('t_idx', 500);
SET lokivector.target_recall = 0.999;
SELECT answered, recall > 0.99 AS enough, width < 400 AS narrow FROM lokivector_recall('t_idx', 500);
SET lokivector.target_recall = 1;
SELECT answered, recall > 0.995 AS enough FROM lokivector_recall('t_idx', 500);

-- test: the target wins over hnsw.ef_search, and a scan stays complete
SET hnsw.ef_search = 1000;
SET lokivector.target_recall = 0.9;
SELECT width < 100 AS narrow FROM lokivector_recall('t_idx', 10);
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM t ORDER BY v <-> item(-1)) s;
SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> item(-1) LIMIT 700) s;
RESET lokivector.target_recall;
SELECT width > 1000 AS wide FROM lokivector_recall('t_idx', 10);
RESET hnsw.ef_search;

-- test: for queries of the caller
SELECT split_part(lokivector_calibrate('t_idx', (SELECT array_agg(item(-i)) FROM generate_series(1, 100) i)), ':', 1);
SELECT calibrated_nodes, max(recall_10) > 0.99 AS good
FROM lokivector_index_info('t_idx'), lokivector_calibration('t_idx') GROUP BY 1;
SELECT scored(0.5, 10) < scored(0.99, 10) AS by_target;
SELECT split_part(lokivector_calibrate('t_idx', ARRAY[item(-1)]), ':', 1);
SELECT split_part(lokivector_calibrate('t_idx', ARRAY[]::vector[]), ':', 1);
SELECT split_part(lokivector_calibrate('t_idx', (SELECT array_agg(v) FROM t WHERE false)), ':', 1);
SELECT split_part(lokivector_calibrate('t_idx', array_fill('[1,2]'::vector, '{30}')), ':', 1);
SELECT split_part(lokivector_calibrate('t_idx', array_fill(NULL::vector, '{30}')), ':', 1);

-- test: a query counts as often as it is given
SELECT split_part(lokivector_calibrate('t_idx', array_fill(item(-1), '{19}')), ':', 1);
SELECT split_part(lokivector_calibrate('t_idx', array_fill(item(-1), '{30}')), ':', 1);
SELECT split_part(lokivector_calibrate('t_idx', (SELECT array_agg(item(-1 - i % 20)) FROM generate_series(0, 99) i)), ':', 1);

-- test: more queries than fit into memory
SET maintenance_work_mem = '3MB';
SELECT split_part(lokivector_calibrate('t_idx', (SELECT array_agg(item(-i)) FROM generate_series(1, 600) i)), ':', 1);
RESET maintenance_work_mem;

-- test: queries that are rows of the table
SELECT split_part(lokivector_calibrate('t_idx', (SELECT array_agg(v) FROM t WHERE id <= 300)), ':', 1);
SELECT answered, recall FROM lokivector_recall('t_idx', ARRAY(SELECT v FROM t WHERE id <= 20), 1);
SELECT answered, recall FROM lokivector_recall('t_idx', ARRAY(SELECT v FROM t WHERE id <= 19), 1);
SELECT answered, recall > 0.9 AS good FROM lokivector_recall('t_idx',
	ARRAY(SELECT item(i) FROM generate_series(-49, 51) i WHERE i <> 0));
SELECT answered, recall > 0.9 AS good FROM lokivector_recall('t_idx',
	ARRAY(SELECT item(i) FROM generate_series(-50, 50) i WHERE i <> 0));
SELECT split_part(lokivector_calibrate('t_idx', (SELECT array_agg(v::text) FROM t WHERE id % 100 = 7)), ':', 1);
SELECT array_agg(v) AS queries FROM t WHERE id <= 300 \gset
CREATE ROLE regress_hidden;
ALTER TABLE t OWNER TO regress_hidden;
ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SET ROLE regress_hidden;
SELECT split_part(lokivector_calibrate('t_idx', :'queries'::vector[]), ':', 1);
RESET ROLE;
ALTER TABLE t DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
ALTER TABLE t OWNER TO CURRENT_USER;
DROP ROLE regress_hidden;

-- test: every metric and code
CREATE INDEX t_ip ON t USING hnsw (v vector_ip_ops);
CREATE INDEX t_cosine ON t USING hnsw (v vector_cosine_ops);
CREATE INDEX t_l1 ON t USING hnsw (v vector_l1_ops);
CREATE INDEX t_8 ON t USING hnsw (v vector_l2_ops) WITH (bits = 8);
CREATE INDEX t_1 ON t USING hnsw (v vector_l2_ops) WITH (bits = 1);
CREATE INDEX t_exact ON t USING hnsw ((subvector(v, 1, 8)::vector(8)) vector_l2_ops);
SELECT i, calibrated_nodes, max(recall_1) > 0.99 AS good_1, max(recall_10) > 0.99 AS good_10
FROM unnest(ARRAY['t_ip', 't_cosine', 't_l1', 't_8', 't_1', 't_exact']::regclass[]) i,
	lokivector_index_info(i), lokivector_calibration(i) GROUP BY 1, 2 ORDER BY 1;
SELECT i, answered FROM unnest(ARRAY['t_cosine', 't_l1', 't_1']::regclass[]) i,
	lokivector_recall(i, ARRAY(SELECT v FROM t WHERE id <= 50));
SELECT split_part(lokivector_calibrate('t_exact', (SELECT array_agg(subvector(v, 1, 8)) FROM t WHERE id <= 50)), ':', 1);
DROP INDEX t_ip, t_cosine, t_l1, t_8, t_1, t_exact;

-- test: codes that do not tell what is nearest: builds and the function read the table
CREATE FUNCTION coarse_item(n integer) RETURNS vector AS $$
	SELECT array_agg(sin((n % 23) * 3 + i * 7) + hashint8extended(n, i % 70)::float8 / 9223372036854775807 ORDER BY i)::vector
	FROM generate_series(1, 210) i
$$ LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE;
CREATE TABLE coarse (id integer PRIMARY KEY, v vector(210));
INSERT INTO coarse SELECT i, coarse_item(i) FROM generate_series(1, 1900) i;
INSERT INTO coarse SELECT id + 2000, v FROM coarse WHERE id <= 900;
CREATE INDEX coarse_few ON coarse USING hnsw (v vector_l2_ops) WITH (bits = 1, refine_bits = 2);
CREATE INDEX coarse_compact ON coarse USING hnsw (v vector_cosine_ops) WITH (profile = compact);
CREATE INDEX coarse_half ON coarse USING hnsw ((v::halfvec(210)) halfvec_ip_ops) WITH (bits = 1, refine_bits = 0);
CREATE INDEX coarse_part ON coarse USING hnsw (v vector_l1_ops) WITH (bits = 2, refine_bits = 0) WHERE id <= 1500;
ANALYZE coarse;
SELECT i AS index, calibrated_nodes, code_dimensions < dimensions AS projected, c.widths, c.rising
FROM unnest(ARRAY['coarse_few', 'coarse_compact', 'coarse_half', 'coarse_part']::regclass[]) i,
	lokivector_index_info(i), LATERAL (SELECT count(*) > 5 AS widths, max(recall_10) - min(recall_10) > 0.2 AS rising
		FROM lokivector_calibration(i)) c ORDER BY 1;
CREATE TABLE coarse_asked AS SELECT coarse_item(n) AS v FROM generate_series(3001, 3300) n;
CREATE FUNCTION coarse_recall(index regclass, target float8) RETURNS float8 AS $$
BEGIN
	PERFORM set_config('lokivector.target_recall', target::text, true);
	RETURN recall FROM lokivector_recall(index, (SELECT array_agg(v) FROM coarse_asked));
END $$ LANGUAGE plpgsql;
SELECT i AS index, target, coarse_recall(i, target) >= target - 0.01 AS kept
FROM unnest(ARRAY['coarse_few', 'coarse_compact']::regclass[]) i, unnest(ARRAY[0.8, 0.9, 0.95]) target ORDER BY 1, 2;
SELECT split_part(lokivector_calibrate('coarse_compact'), ':', 1);
SELECT split_part(lokivector_calibrate('coarse_few', (SELECT array_agg(v) FROM coarse_asked)), ':', 1);
SET maintenance_work_mem = '1MB';
SELECT split_part(lokivector_calibrate('coarse_few', (SELECT array_agg(coarse_item(n)) FROM generate_series(4001, 4600) n)), ':', 1);
RESET maintenance_work_mem;
SELECT split_part(lokivector_calibrate('coarse_half'), ':', 1);
SELECT split_part(lokivector_calibrate('coarse_part'), ':', 1);
-- vacuum does as well, but for functions that are not written in C, and the advice says
CREATE FUNCTION coarse_same(v vector) RETURNS vector(210) LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN v; END';
CREATE INDEX coarse_called ON coarse USING hnsw ((coarse_same(v)::vector(210)) vector_l2_ops);
SELECT a.* FROM lokivector_advice('coarse_compact') a;
DELETE FROM coarse WHERE id BETWEEN 901 AND 1500;
VACUUM coarse;
SELECT i AS index, calibrated_nodes, changed_nodes
FROM unnest(ARRAY['coarse_few', 'coarse_compact', 'coarse_half', 'coarse_part', 'coarse_called']::regclass[]) i,
	lokivector_index_info(i) ORDER BY 1;
SELECT a.* FROM lokivector_advice('coarse_compact') a;
SELECT a.* FROM lokivector_advice('coarse_called') a;
SELECT split_part(lokivector_calibrate('coarse_called'), ':', 1);
SELECT a.* FROM lokivector_advice('coarse_called') a;
DROP INDEX coarse_called;
-- all nodes have several rows
INSERT INTO coarse SELECT id + 10000, v FROM coarse;
SELECT split_part(lokivector_calibrate('coarse_compact'), ':', 1);
DROP TABLE coarse, coarse_asked;
DROP FUNCTION coarse_item, coarse_recall, coarse_same;

-- test: an index that was created empty
CREATE TABLE later (id integer PRIMARY KEY, v vector(40));
CREATE INDEX later_idx ON later USING hnsw (v vector_l2_ops);
SELECT calibrated_nodes FROM lokivector_index_info('later_idx');
SELECT * FROM lokivector_calibration('later_idx');
INSERT INTO later SELECT * FROM t WHERE id <= 900;
VACUUM later;
SELECT split_part(lokivector_calibrate('later_idx'), ':', 1);
SET lokivector.target_recall = 0.9;
SELECT width >= 40 AS by_ef_search FROM lokivector_recall('later_idx', 10);
INSERT INTO later SELECT * FROM t WHERE id > 900 AND id <= 1200;
SELECT calibrated_nodes FROM lokivector_index_info('later_idx');
VACUUM later;
SELECT calibrated_nodes FROM lokivector_index_info('later_idx');
SELECT answered, recall > 0.85 AS enough, width < 100 AS narrow FROM lokivector_recall('later_idx', 500);
RESET lokivector.target_recall;

-- test: vacuum calibrates again when a fifth of the nodes has come or gone
INSERT INTO later SELECT * FROM t WHERE id > 1200 AND id <= 1400;
VACUUM later;
SELECT calibrated_nodes FROM lokivector_index_info('later_idx');
INSERT INTO later SELECT * FROM t WHERE id > 1400 AND id <= 2000;
VACUUM later;
SELECT calibrated_nodes FROM lokivector_index_info('later_idx');
DELETE FROM later WHERE id % 3 = 0;
VACUUM later;
SELECT calibrated_nodes FROM lokivector_index_info('later_idx');
DELETE FROM later WHERE id % 2 = 0;
VACUUM later;
SELECT calibrated_nodes FROM lokivector_index_info('later_idx');
SELECT lokivector_check('later_idx', true);

-- test: nodes that came before a calibration do not count as changed since
CREATE TABLE since AS SELECT * FROM t WHERE id <= 1200;
CREATE INDEX since_idx ON since USING hnsw (v vector_l2_ops);
INSERT INTO since SELECT i, item(i) FROM generate_series(7001, 7200) i;
SELECT split_part(lokivector_calibrate('since_idx', (SELECT array_agg(item(-i)) FROM generate_series(1, 30) i)), ':', 1);
INSERT INTO since SELECT i, item(i) FROM generate_series(8001, 8200) i;
VACUUM since;
SELECT calibrated_nodes FROM lokivector_index_info('since_idx');
DELETE FROM since WHERE id <= 100;
VACUUM since;
SELECT calibrated_nodes FROM lokivector_index_info('since_idx');
SELECT lokivector_check('since_idx', true);
DROP TABLE since;

-- test: duplicates
INSERT INTO later SELECT 10000 + i, item(5) FROM generate_series(1, 3000) i;
VACUUM later;
SELECT calibrated_nodes FROM lokivector_index_info('later_idx');
INSERT INTO later SELECT 20000 + i, item(i) FROM generate_series(1, 1200) i;
VACUUM later;
SELECT calibrated_nodes > 1200 AS again FROM lokivector_index_info('later_idx');

-- test: unlogged and temporary tables
CREATE UNLOGGED TABLE u AS SELECT * FROM t;
CREATE INDEX u_idx ON u USING hnsw (v vector_l2_ops);
SELECT split_part(lokivector_calibrate('u_idx'), ':', 1);
SELECT calibrated_nodes FROM lokivector_index_info('u_idx');
CREATE TEMPORARY TABLE temp_t AS SELECT * FROM t;
CREATE INDEX temp_idx ON temp_t USING hnsw (v vector_l2_ops);
SELECT split_part(lokivector_calibrate('temp_idx'), ':', 1);
SELECT calibrated_nodes FROM lokivector_index_info('temp_idx');

-- test: distances that tie count alike, whichever of the nodes at one distance a walk finds
CREATE FUNCTION tie(n integer, OUT b bit(32), OUT s halfvec(40), OUT v vector(64), OUT c vector(16)) AS $$
	SELECT hashint4(n)::bit(32),
		(SELECT array_agg((hashint4extended(n, -j) & 1)::real ORDER BY j) FROM generate_series(1, 40) j)::halfvec(40),
		(SELECT array_agg((hashint4extended(n, j) & 1)::real ORDER BY j) FROM generate_series(1, 64) j)::vector(64),
		(SELECT array_agg((hashint4extended(n, j) & 3)::real ORDER BY j) FROM generate_series(1, 16) j)::vector(16)
$$ LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE;
CREATE TABLE ties (id integer, b bit(32), s halfvec(40), v vector(64), c vector(16));
CREATE INDEX ties_late ON ties USING hnsw (s halfvec_cosine_ops);
INSERT INTO ties SELECT i, (tie(i)).* FROM generate_series(1, 4000) i;
VACUUM ties;
CREATE INDEX ties_b ON ties USING hnsw (b bit_hamming_ops);
CREATE INDEX ties_jaccard ON ties USING hnsw (b bit_jaccard_ops);
CREATE INDEX ties_s ON ties USING hnsw (s halfvec_l2_ops);
CREATE INDEX ties_l1 ON ties USING hnsw (s halfvec_l1_ops);
CREATE INDEX ties_v ON ties USING hnsw (v vector_l2_ops);
CREATE INDEX ties_c ON ties USING hnsw (c vector_cosine_ops);
CREATE FUNCTION tied(index regclass, k integer, OUT near text, OUT narrow text, OUT kept text) AS $$
DECLARE
	w record;
	r record;
BEGIN
	-- without the target, so that both are those of hnsw.ef_search
	PERFORM set_config('hnsw.ef_search', k::text, true);
	SELECT * INTO w FROM lokivector_search_width(index, k);
	SELECT * INTO r FROM lokivector_recall(index, 400, k);
	-- a walk that ends by its cutoff may find more than one that ends by its width
	near := CASE WHEN r.recall - w.recall BETWEEN -0.03 AND 0.06 THEN 'yes' ELSE format('%s, not %s', w.recall, r.recall) END;
	PERFORM set_config('lokivector.target_recall', '0.9', true);
	SELECT * INTO w FROM lokivector_search_width(index, k);
	SELECT * INTO r FROM lokivector_recall(index, 400, k);
	-- a target is no narrower than the default, which is 60 by L1
	narrow := CASE WHEN w.width <= greatest(2 * k + 10, 60) THEN 'yes' ELSE 'width ' || w.width END;
	-- the calibration and the queries here are samples, both
	kept := CASE WHEN r.recall > 0.87 THEN 'yes' ELSE 'recall ' || r.recall END;
	PERFORM set_config('lokivector.target_recall', '0', true);
END $$ LANGUAGE plpgsql;
SELECT i, k, t.* FROM unnest(CASE WHEN test_short() THEN '{ties_b,ties_v}'
		ELSE '{ties_late,ties_b,ties_jaccard,ties_s,ties_l1,ties_v,ties_c}' END::regclass[]) i,
	unnest('{10,100}'::integer[]) k, tied(i, k) t
WHERE (near, narrow, kept) <> ('yes', 'yes', 'yes') ORDER BY i::text, k;
-- vectors of the caller foretell what others find, of which none is a row; those of rows, each left out
-- of its own answer, find less
CREATE FUNCTION foretold(index regclass, asked text[], others text[]) RETURNS text AS $$
DECLARE
	w record;
	r record;
BEGIN
	PERFORM set_config('hnsw.ef_search', '10', true);
	PERFORM lokivector_calibrate(index, asked);
	SELECT * INTO w FROM lokivector_search_width(index, 10);
	SELECT * INTO r FROM lokivector_recall(index, others, 10);
	RETURN CASE WHEN r.recall - w.recall BETWEEN -0.03 AND 0.06 THEN 'yes' ELSE format('%s, not %s', w.recall, r.recall) END;
END $$ LANGUAGE plpgsql;
SELECT foretold('ties_b', array_agg(b::text) FILTER (WHERE i <= 400), array_agg(b::text) FILTER (WHERE i > 400)) AS b,
	foretold('ties_s', array_agg(s::text) FILTER (WHERE i <= 400), array_agg(s::text) FILTER (WHERE i > 400)) AS s,
	foretold('ties_v', array_agg(v::text) FILTER (WHERE i <= 400), array_agg(v::text) FILTER (WHERE i > 400)) AS v
FROM generate_series(1, 800) i, tie(-i);
DROP TABLE ties;
DROP FUNCTION foretold, tied, tie;

-- test: vacuum reads values that are out of line, and evaluates expressions of functions written in C
CREATE TABLE outside (id integer, v vector(600));
ALTER TABLE outside ALTER v SET STORAGE EXTERNAL;
CREATE INDEX outside_idx ON outside USING hnsw (v vector_l2_ops);
CREATE INDEX outside_part ON outside USING hnsw ((subvector(v, 1, 40)::vector(40)) vector_l2_ops);
INSERT INTO outside SELECT i, array_cat(item(i)::real[], array_fill(i % 7, '{560}')::real[])::vector(600)
FROM generate_series(1, 1100) i;
VACUUM outside;
SELECT i, calibrated_nodes, max(recall_10) > 0.98 AS good
FROM unnest('{outside_idx,outside_part}'::regclass[]) i, lokivector_index_info(i), lokivector_calibration(i)
GROUP BY 1, 2 ORDER BY 1;
DROP TABLE outside;

-- test: rows that a build of the same command wrote, which its snapshot does not see
CREATE TABLE rewritten AS SELECT * FROM t WHERE id <= 1200;
CREATE INDEX rewritten_idx ON rewritten USING hnsw (v vector_l2_ops);
ALTER TABLE rewritten ALTER id TYPE bigint;
SELECT calibrated_nodes, max(recall_10) > 0.98 AS good
FROM lokivector_index_info('rewritten_idx'), lokivector_calibration('rewritten_idx') GROUP BY 1;
DROP TABLE rewritten;

-- test: the width of a search, and its recall as it was measured
SELECT split_part(lokivector_calibrate('t_idx'), ':', 1);
SELECT ef_search, target_recall, width, recall > 0.95 AS good FROM lokivector_search_width('t_idx');
SELECT w.width = round(r.width) AS same, abs(w.recall - r.recall) < 0.02 AS near
FROM lokivector_search_width('t_idx') w, lokivector_recall('t_idx', 500) r;
SELECT a.recall < b.recall AS by_k FROM lokivector_search_width('t_idx', 100) a, lokivector_search_width('t_idx', 10) b;
SET hnsw.ef_search = 5;
SELECT ef_search, width FROM lokivector_search_width('t_idx', 1);
SELECT w.width <= r.width AS wide, abs(w.recall - r.recall) < 0.05 AS near
FROM lokivector_search_width('t_idx', 5) w, lokivector_recall('t_idx', 500, 5) r;
SET lokivector.complete = off;
SELECT ef_search, width FROM lokivector_search_width('t_idx', 100);
RESET lokivector.complete;
ALTER INDEX t_idx SET (ef_search = 80, target_recall = 0.5);
SELECT ef_search, target_recall FROM lokivector_search_width('t_idx');
RESET hnsw.ef_search;
SELECT ef_search, target_recall FROM lokivector_search_width('t_idx');
SELECT width >= 1000 AS for_its_rows FROM lokivector_search_width('t_idx', 1000);
ALTER INDEX t_idx RESET (ef_search, target_recall);
SELECT target, width < 100 AS narrow, recall >= target AS kept
FROM unnest('{0.5,0.9,0.95}'::float8[]) target,
	LATERAL (SELECT set_config('lokivector.target_recall', target::text, false)) s(done),
	LATERAL lokivector_search_width('t_idx', CASE WHEN done <> '' THEN 10 END) w;
RESET lokivector.target_recall;
SELECT count(*) > 0 AS measured, bool_and(abs(w.recall - c.recall_10) < 1e-9) AS same
FROM generate_series(10, 200) ef,
	LATERAL (SELECT set_config('hnsw.ef_search', ef::text, false)) s(done),
	LATERAL lokivector_search_width('t_idx', CASE WHEN done <> '' THEN 10 END) w
	JOIN lokivector_calibration('t_idx') c ON c.width = w.width;
RESET hnsw.ef_search;
SELECT * FROM lokivector_search_width('t_idx', 0);
CREATE INDEX t_lists ON t USING ivfflat (v vector_l2_ops) WITH (lists = 5);
SELECT ef_search, recall < 1 AS some FROM lokivector_search_width('t_lists');
SET ivfflat.probes = 5;
SELECT ef_search, recall FROM lokivector_search_width('t_lists');
RESET ivfflat.probes;
DROP INDEX t_lists;
CREATE TABLE uncalibrated (v vector(3));
CREATE INDEX uncalibrated_idx ON uncalibrated USING hnsw (v vector_l2_ops);
SELECT * FROM lokivector_search_width('uncalibrated_idx', 50);
DROP TABLE uncalibrated;

-- test: an index whose build failed, before it had pages and after
CREATE TABLE failed (v vector);
INSERT INTO failed VALUES ('[1,2,3]'), ('[1,2]');
CREATE INDEX CONCURRENTLY failed_idx ON failed USING hnsw ((v::vector(3)) vector_l2_ops);
SELECT split_part(lokivector_calibrate('failed_idx'), ':', 1);
SELECT lokivector_calibration('failed_idx');
SELECT lokivector_recall('failed_idx');
DROP TABLE failed;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_idx'::regclass;
SELECT split_part(lokivector_calibrate('t_idx'), ':', 1);
UPDATE pg_index SET indisvalid = true WHERE indexrelid = 't_idx'::regclass;

-- test: not what can be calibrated
SELECT split_part(lokivector_calibrate('t_pkey'), ':', 1);
SELECT split_part(lokivector_calibrate('t'), ':', 1);
SELECT * FROM lokivector_calibration('t_pkey');

-- test: transactions: a read-only one may calibrate, as it may REINDEX; ROLLBACK takes nothing back
CREATE TABLE calibrated (v vector(3));
INSERT INTO calibrated SELECT ARRAY[sin(i), cos(i), sin(2 * i)] FROM generate_series(1, 1100) i;
CREATE INDEX calibrated_idx ON calibrated USING hnsw (v vector_l2_ops);
SELECT md5(string_agg(c::text, ' ')) AS before FROM lokivector_calibration('calibrated_idx') c \gset
BEGIN READ ONLY;
SELECT split_part(lokivector_calibrate('calibrated_idx', (SELECT array_agg(ARRAY[sin(i + 0.5), 0, 9]::vector) FROM generate_series(1, 40) i)), ':', 1);
SELECT md5(string_agg(c::text, ' ')) AS inside FROM lokivector_calibration('calibrated_idx') c \gset
ROLLBACK;
SELECT :'before' <> :'inside' AS measured, md5(string_agg(c::text, ' ')) = :'inside' AS stays FROM lokivector_calibration('calibrated_idx') c;
DROP TABLE calibrated;
-- test: a commit that empties a table builds its index anew, without a snapshot
CREATE TEMP TABLE emptied (v vector(3)) ON COMMIT DELETE ROWS;
CREATE INDEX emptied_idx ON emptied USING hnsw (v vector_l2_ops);
INSERT INTO emptied VALUES ('[1,2,3]');
SELECT count(*) FROM lokivector_calibration('emptied_idx');
DROP TABLE emptied;
-- test: who may
CREATE ROLE regress_calibrate;
SET ROLE regress_calibrate;
SELECT split_part(lokivector_calibrate('t_idx'), ':', 1);
SELECT * FROM lokivector_calibration('t_idx');
SELECT * FROM lokivector_search_width('t_idx');
SELECT lokivector_build_memory('t_idx');
RESET ROLE;
GRANT EXECUTE ON FUNCTION lokivector_calibrate(regclass) TO regress_calibrate;
SET ROLE regress_calibrate;
SELECT split_part(lokivector_calibrate('t_idx'), ':', 1);
RESET ROLE;
ALTER TABLE t OWNER TO regress_calibrate;
SET ROLE regress_calibrate;
SELECT split_part(lokivector_calibrate('t_idx'), ':', 1);
RESET ROLE;
REVOKE ALL ON FUNCTION lokivector_calibrate(regclass) FROM regress_calibrate;
ALTER TABLE t OWNER TO CURRENT_USER;
DROP ROLE regress_calibrate;

DROP TABLE t, later, u, temp_t;
DROP FUNCTION scored, item;

-- test: walks end by distance in a calibrated index
-- Half of the rows are in clusters of 20, the others lie between these.  Queries of the caller
-- change widths for a target, and not where walks end.
CREATE FUNCTION place(i integer) RETURNS vector(8) AS $$
	SELECT array_agg((CASE WHEN i % 2 = 0 THEN hashint4extended(i / 40, j) % 1000 + hashint4extended(i, j) % 10 / 10.0
		ELSE hashint4extended(i, j) % 1000 END)::real ORDER BY j)::vector(8) FROM generate_series(1, 8) j
$$ LANGUAGE sql IMMUTABLE;
CREATE TABLE ends (id integer, v vector(8));
CREATE TABLE ends_few (LIKE ends);
INSERT INTO ends SELECT i, place(i) FROM generate_series(1, 4000) i;
INSERT INTO ends_few SELECT * FROM ends WHERE id <= 900;
CREATE INDEX ends_idx ON ends USING hnsw (v vector_l2_ops);
CREATE INDEX ends_few_idx ON ends_few USING hnsw (v vector_l2_ops);
CREATE FUNCTION expanded(rows regclass, odd integer, complete text) RETURNS numeric AS $$
DECLARE
	total numeric := 0;
BEGIN
	PERFORM set_config('lokivector.complete', complete, true), set_config('hnsw.ef_search', '80', true);
	FOR q IN 0 .. 49 LOOP
		EXECUTE format('SELECT count(*) FROM (SELECT 1 FROM %s ORDER BY v <-> %L LIMIT 10) x', rows, place(2 * q * 7 + odd));
		total := total + (SELECT nodes_expanded FROM lokivector_scan_stats());
	END LOOP;
	RETURN total;
END $$ LANGUAGE plpgsql;
SELECT split_part(lokivector_calibrate('ends_idx', (SELECT array_agg(place(i) * '[99,99,99,99,99,99,99,99]') FROM generate_series(1, 79, 2) i)), ':', 1);
SELECT expanded('ends', 0, 'on') < 0.7 * expanded('ends', 0, 'off') AS easy_ends_early,
	expanded('ends', 1, 'on') > 1.1 * expanded('ends', 1, 'off') AS hard_goes_on,
	expanded('ends_few', 0, 'on') = expanded('ends_few', 0, 'off') AS same_without_calibration;
DROP TABLE ends, ends_few;
DROP FUNCTION expanded, place;

-- test: searches for more rows find as large a share of theirs
SET lokivector.build_seed = 1;
CREATE TABLE calibrate_many (id integer, v vector(48));
INSERT INTO calibrate_many SELECT i, random_vector(i, 48) FROM generate_series(1, 6000) i;
CREATE INDEX calibrate_many_v ON calibrate_many USING hnsw (v vector_l2_ops);
WITH found AS (SELECT k, recall FROM (VALUES (10), (50), (100)) s(k),
	lokivector_recall('calibrate_many_v', (SELECT array_agg(random_vector(-i, 48)) FROM generate_series(1, 100) i), k))
SELECT k, recall >= (SELECT recall - .01 FROM found WHERE k = 10) AS as_few FROM found ORDER BY k;
DROP TABLE calibrate_many;
