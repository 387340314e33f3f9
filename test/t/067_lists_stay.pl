# SPDX-License-Identifier: PostgreSQL
# Lists stay in use while VACUUM makes others, whatever ends it.
#
# The index is on an expression that waits for a lock at one row, which VACUUM reads to make posting
# lists.  Searches that go by lists do not read the row: without lists they would wait, too, and fail.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main', allows_streaming => 1);
# no checkpoint comes while WAL is measured
$node->append_conf('postgresql.conf', "autovacuum = off\ncheckpoint_timeout = 1h\nmax_wal_size = 1GB");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION lokivector');
create_waits($node);
$node->safe_psql('postgres', q(
CREATE TABLE docs (id int PRIMARY KEY, tenant int, note int DEFAULT 0, body tsvector) WITH (fillfactor = 100);
CREATE PROCEDURE add(first int, last int) LANGUAGE sql AS $$
	INSERT INTO docs SELECT n, n % 11, 0, CASE WHEN n = 1500 THEN 'none' ELSE body_of(n) END FROM generate_series(first, last) n
$$;
CALL add(1, 3000);
CREATE INDEX docs_idx ON docs USING hnsw ((CASE WHEN id = 1500 AND waits(id - 1499) THEN NULL ELSE body END) bm25_ops, tenant);
-- updates of it are not HOT, so their rows join a node
CREATE INDEX docs_note ON docs (note);
-- queries whose rows are others by the index than by the table
CREATE FUNCTION differs() RETURNS text LANGUAGE plpgsql SET lock_timeout = '30s' SET enable_seqscan = off AS $$
DECLARE
	search weighed_tsquery;
	found float8[];
	exact float8[];
	wrong text;
BEGIN
	FOR n IN 1..12 LOOP
		search := bm25_weigh('docs_idx', array_to_string(tsvector_to_array(body_of(-n)), '|')::tsquery);
		FOR i IN 0..1 LOOP
			exact := found;
			EXECUTE format('SELECT array_agg(d) FROM (SELECT %1$s <@@> $1 AS d FROM docs %2$s ORDER BY %1$s <@@> $1 LIMIT 15) s',
				CASE i WHEN 0 THEN 'body' ELSE '(CASE WHEN id = 1500 AND waits(id - 1499) THEN NULL ELSE body END)' END,
				CASE WHEN n % 3 = 0 THEN 'WHERE tenant = ' || n % 11 END) INTO found USING search;
		END LOOP;
		IF found IS DISTINCT FROM exact THEN
			wrong := concat_ws(', ', wrong, n);
		END IF;
	END LOOP;
	RETURN wrong;
END $$;
CREATE VIEW state AS SELECT unlisted_nodes AS unlisted FROM lokivector_index_info('docs_idx');
VACUUM docs;
DELETE FROM docs WHERE id % 100 = 7;
VACUUM docs;));

sub unlisted
{
	my ($server) = @_;

	return $server->safe_psql('postgres', 'SELECT unlisted FROM state');
}

sub sound
{
	my ($server, $name) = @_;

	is($server->safe_psql('postgres', 'SELECT differs()'), '', "$name: rows are those of the table");
	is($server->safe_psql('postgres', q(SELECT lokivector_check('docs_idx', true))), 'sound', "$name: check");
	return;
}

my $last = 3000;
my $step = 0;

# Enough rows for VACUUM to make lists; then some that come meanwhile, in nodes used again and in new ones,
# and updates whose rows join nodes
sub write_rows
{
	my ($n) = @_;

	$node->safe_psql('postgres', sprintf('CALL add(%d, %d); UPDATE docs SET note = note + 1 WHERE id %% 37 = %d; DELETE FROM docs WHERE id %% 50 = %d',
		$last + 1, $last + $n, ++$step, $step));
	$last += $n;
	return;
}

my $standby = loki_standby($node);
write_rows(1200);
my $before = unlisted($node);
cmp_ok($before, '<', 1400, 'there are lists, which do not have all');

# Canceled
my ($holder, $vacuum) = vacuum_waits($node);
is($node->safe_psql('postgres', 'SELECT differs()'), '', 'searches go by the old lists meanwhile');
write_rows(60);
is($node->safe_psql('postgres', 'SELECT differs()'), '', 'also after inserts');
cmp_ok(unlisted($node), '<', $before + 200, 'of which few are not in them');
$node->safe_psql('postgres', q(SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'VACUUM%'));
$vacuum->{run}->pump until $vacuum->{out} =~ /over/;
like($vacuum->{err}, qr/canceling statement/, 'VACUUM is canceled');
is($node->safe_psql('postgres', 'SELECT differs()'), '', 'searches go by the old lists after a cancel');
cmp_ok(unlisted($node), '<', $before + 200, '... which are there');
close_session($_) foreach ($holder, $vacuum);
sound($node, 'after a cancel');

# Killed
($holder, $vacuum) = vacuum_waits($node);
write_rows(60);
$node->stop('immediate');
$_->{run}->kill_kill foreach ($holder, $vacuum);
$node->start;
cmp_ok(unlisted($node), '<', $before + 400, 'lists are there after a crash');
sound($node, 'after a crash');

# Made
($holder, $vacuum) = vacuum_waits($node);
write_rows(60);
is($node->safe_psql('postgres', 'SELECT differs()'), '', 'searches go by the old lists once more');
close_session($holder);
$vacuum->{run}->pump until $vacuum->{out} =~ /over/;
is($vacuum->{err}, '', 'VACUUM comes to its end');
close_session($vacuum);
cmp_ok(unlisted($node), '<', 250, 'lists have all but what came meanwhile');
cmp_ok(unlisted($node), '>', 0, '... of which notes were taken');
sound($node, 'after VACUUM');

# A standby takes over
write_rows(1200);
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$before = unlisted($standby);
($holder, $vacuum) = vacuum_waits($node);
write_rows(60);
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', 'SELECT differs()'), '', 'searches of a standby go by the old lists');
$standby->promote;
$node->stop('immediate');
$_->{run}->kill_kill foreach ($holder, $vacuum);
cmp_ok(unlisted($standby), '<', $before + 200, 'lists are there after a promotion');
sound($standby, 'after a promotion');
$node = $standby;
$node->safe_psql('postgres', 'VACUUM docs');
cmp_ok(unlisted($node), '<', 100, 'VACUUM makes lists there');
sound($node, 'after its VACUUM');

# Windows of which nothing has changed stay as they are: little memory makes several
$node->safe_psql('postgres', q(
CREATE FUNCTION many_of(n int) RETURNS sparsevec LANGUAGE sql IMMUTABLE AS $$
	SELECT ('{' || string_agg(w || ':' || x, ',' ORDER BY w) || '}/3000')::sparsevec
	FROM (SELECT 1 + abs(hashint8extended(n, i) % 3000) AS w, max(1 + i % 9) AS x FROM generate_series(1, 90) i GROUP BY 1) s
$$;
SET maintenance_work_mem = '2MB';
CREATE TABLE many (id int PRIMARY KEY, s sparsevec(3000));
INSERT INTO many SELECT n, many_of(n) FROM generate_series(1, 6000) n;
CREATE INDEX many_idx ON many USING hnsw (s sparsevec_ip_ops);
DELETE FROM many WHERE id % 3 = 0 AND id < 900;
VACUUM many;
CREATE FUNCTION many_differ() RETURNS text LANGUAGE plpgsql SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
	found float8[];
	exact float8[];
	wrong text;
BEGIN
	FOR n IN 1..10 LOOP
		SELECT array_agg(d) INTO found FROM (SELECT s <#> many_of(-n) AS d FROM many ORDER BY s <#> many_of(-n) LIMIT 15) a;
		SELECT array_agg(d) INTO exact FROM (SELECT s <#> many_of(-n) AS d FROM many ORDER BY (s <#> many_of(-n))::text::float8 LIMIT 15) a;
		IF found IS DISTINCT FROM exact THEN
			wrong := concat_ws(', ', wrong, n);
		END IF;
	END LOOP;
	RETURN wrong;
END $$;));
# 300 of the rows are in nodes of the first window, which were used once already.  Inserts make no lists beside VACUUM.
$holder = open_session($node);
ask($holder, 'BEGIN; LOCK TABLE many IN SHARE UPDATE EXCLUSIVE MODE;');
$node->safe_psql('postgres', 'INSERT INTO many SELECT n, many_of(n) FROM generate_series(6001, 7500) n');
close_session($holder);
is($node->safe_psql('postgres', q(SELECT unlisted_nodes FROM lokivector_index_info('many_idx'))), '1500', 'rows have come');
is($node->safe_psql('postgres', q(SELECT many_differ())), '', 'rows are those of the table');
my $written = $node->safe_psql('postgres', q(
	SET maintenance_work_mem = '2MB';
	SELECT pg_current_wal_insert_lsn() AS before \gset
	VACUUM many;
	SELECT (pg_current_wal_insert_lsn() - :'before') / sum(bytes) FROM lokivector_index_slot_arrays('many_idx')
	WHERE slot_array IN ('posting', 'term')));
# windows whose nodes were used again, the last one and new ones: a third; all would be .8 of what there is
cmp_ok($written, '<', 0.6, 'VACUUM writes what has changed');
is($node->safe_psql('postgres', q(SELECT unlisted_nodes FROM lokivector_index_info('many_idx'))), '0', 'lists have all rows');
is($node->safe_psql('postgres', q(SELECT many_differ())), '', 'rows are those of the table after VACUUM');
is($node->safe_psql('postgres', q(SELECT lokivector_check('many_idx', true))), 'sound', 'the index is sound');
$node->stop;
done_testing();
