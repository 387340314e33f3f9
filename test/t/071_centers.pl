# SPDX-License-Identifier: PostgreSQL
# Local centers through WAL: an index of a crowd that is built, one that grows, and a standby
# that reads both, before and after a crash and a promotion.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $primary = loki_node('primary', allows_streaming => 1);
$primary->append_conf('postgresql.conf', "autovacuum = off\nwal_consistency_checking = 'generic'\nlokivector.pending_nodes = 1024");
$primary->start;
$primary->safe_psql('postgres', q(
CREATE EXTENSION lokivector;
SET lokivector.build_seed = 1;
SELECT setseed(0.5);
CREATE FUNCTION crowd_row(n int) RETURNS real[] LANGUAGE sql VOLATILE AS $$
	SELECT array_agg(CASE WHEN n % 3 = 0 THEN sin(d * 2.1) + 0.003 * (random() + random() - 1) ELSE 2 * random() - 1 END)
	FROM generate_series(1, 64) d
$$;
CREATE TABLE built (id int, tenant int, v vector(64));
INSERT INTO built SELECT i, i % 5, crowd_row(i) FROM generate_series(1, 3000) i;
CREATE TABLE grown (LIKE built);
CREATE TABLE queries AS SELECT i AS id, crowd_row(3 * i)::vector AS q FROM generate_series(1, 40) i;
));
my $standby = loki_standby($primary);

# Of the ten rows that are the nearest of each query how many are found, by both indexes
my $found = q(SET enable_seqscan = off; SELECT string_agg((hits > 360)::text, ' ') FROM (
	SELECT t, sum((SELECT count(*) FROM unnest(CASE t WHEN 'built' THEN b ELSE g END) a WHERE a = ANY (e))) AS hits FROM (
		SELECT t, ARRAY(SELECT id FROM built ORDER BY v <-> q LIMIT 10) AS b, ARRAY(SELECT id FROM grown ORDER BY v <=> q LIMIT 10) AS g,
			CASE t WHEN 'built' THEN ARRAY(SELECT id FROM (SELECT id, v <-> q AS d FROM built OFFSET 0) s ORDER BY d LIMIT 10)
			ELSE ARRAY(SELECT id FROM (SELECT id, v <=> q AS d FROM grown OFFSET 0) s ORDER BY d LIMIT 10) END AS e
		FROM queries, unnest('{built,grown}'::text[]) t) s
	GROUP BY t) s);
my $sound = q(SELECT lokivector_check('built_v', true) || ' ' || lokivector_check('grown_v', true));
my $centers = q(SELECT (SELECT centers FROM lokivector_index_info('built_v')) || ' ' ||
	(SELECT centers FROM lokivector_index_info('grown_v')));

$primary->safe_psql('postgres', q(
CREATE INDEX built_v ON built USING hnsw (v vector_l2_ops, tenant);
CREATE INDEX grown_v ON grown USING hnsw (v vector_cosine_ops, tenant);
INSERT INTO grown SELECT * FROM built;
DELETE FROM grown WHERE id % 7 = 1;
VACUUM grown;
INSERT INTO grown SELECT * FROM built WHERE id % 7 = 1;
));
is($primary->safe_psql('postgres', $centers), '46 16', 'both indexes have centers');
is($primary->safe_psql('postgres', $found), 'true true', 'rows of the crowd are found');
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $found), 'true true', 'on a standby, too');
is($standby->safe_psql('postgres', $centers), '46 16', 'by the same centers');

# the insert that makes codes and centers of a pending index is lost with the server, and comes once more
$primary->safe_psql('postgres', q(
CREATE TABLE late (LIKE built);
CREATE INDEX late_v ON late USING hnsw (v vector_l2_ops);
INSERT INTO late SELECT * FROM built WHERE id <= 1000;
CHECKPOINT;
));
$primary->safe_psql('postgres', q(INSERT INTO late SELECT * FROM built WHERE id > 1000));
$primary->stop('immediate');
$primary->start;
is($primary->safe_psql('postgres', "$sound; SELECT lokivector_check('late_v', true), (SELECT centers > 0 FROM lokivector_index_info('late_v'))"),
	"sound sound\nsound|t", 'after a crash all are sound');
is($primary->safe_psql('postgres', $found), 'true true', 'and find as much');

$primary->wait_for_catchup($standby);
$primary->stop;
$standby->promote;
$standby->safe_psql('postgres', q(INSERT INTO grown SELECT id + 10000, tenant, crowd_row(id) FROM built WHERE id % 10 = 0; VACUUM grown;));
is($standby->safe_psql('postgres', $sound), 'sound sound', 'a standby goes on by them after its promotion');
is($standby->safe_psql('postgres', $found), 'true true', 'and finds as much');

done_testing();
