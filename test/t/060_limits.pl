# SPDX-License-Identifier: PostgreSQL
# What one role, one call or one transaction may take of what all share: the memory for sampled
# searches, that of measuring recall and of making codes anew, and that for what a session
# remembers of indexes.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main');
$node->append_conf('postgresql.conf', "shared_buffers = 16MB\nsynchronous_commit = off\nfsync = off\n");
$node->start;
$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE ROLE alice LOGIN;
	CREATE ROLE bob LOGIN;
	GRANT CREATE ON SCHEMA public TO alice, bob;
	CREATE FUNCTION searches(name, integer) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		r record;
		d integer := (SELECT atttypmod FROM pg_attribute WHERE attrelid = $1::text::regclass AND attname = 'v');
	BEGIN
		FOR i IN 1 .. $2 LOOP
			EXECUTE format('SELECT v FROM %I ORDER BY v <-> array_fill(%s::real, ARRAY[%s])::vector LIMIT 1', $1, i, d) INTO r;
		END LOOP;
	END $$;));

# What a role's statements return; in a list, with their errors and warnings
sub as
{
	my ($role, $sql) = @_;
	my (undef, $out, $err) =
	  $node->psql('postgres', "SET enable_seqscan = off; $sql", extra_params => [ '-U', $role ]);

	return wantarray ? ($out, $err) : $out;
}

# ----------------------------------------------------------------
# Sampled searches
# ----------------------------------------------------------------

# A table of so many dimensions with an index that samples each search
sub sampled_table
{
	my ($name, $dim) = @_;

	return "CREATE TABLE $name AS SELECT array_fill(1::real, ARRAY[$dim])::vector($dim) AS v;"
	  . "CREATE INDEX ${name}_idx ON $name USING hnsw (v vector_l2_ops) WITH (recall_sample_rate = 1);";
}

as('bob', sampled_table('bobs', 8) . 'GRANT SELECT ON bobs TO alice');
my (undef, $refused) = as('alice', "SELECT '[1]'::vector; SET lokivector.recall_sample_rate = 1");
like($refused, qr/permission denied to set parameter "lokivector.recall_sample_rate"/,
	'a role does not choose which searches are sampled');

as('bob', q(ALTER INDEX bobs_idx SET (recall_sample_rate = 0)));
as('alice', q(SET lokivector.recall_sample_rate = 1; SELECT searches('bobs', 20)));
is(as('bob', q(SELECT count(*) FROM lokivector_sampled_queries('bobs_idx'))), '0',
	'nor when the setting comes before the library');
$node->safe_psql('postgres', 'GRANT SET ON PARAMETER lokivector.recall_sample_rate TO alice');
as('alice', q(SET lokivector.recall_sample_rate = 1; SELECT searches('bobs', 20)));
is(as('bob', q(SELECT count(*) FROM lokivector_sampled_queries('bobs_idx'))), '20',
	'one that was granted it does');
$node->safe_psql('postgres', 'REVOKE SET ON PARAMETER lokivector.recall_sample_rate FROM alice');
$node->safe_psql('postgres', 'ALTER DATABASE postgres SET lokivector.recall_sample_rate = 1');
as('alice', q(SELECT searches('bobs', 5)));
is(as('bob', q(SELECT count(*) FROM lokivector_sampled_queries('bobs_idx'))), '25', 'a superuser sets it for a database');
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET lokivector.recall_sample_rate');

# Alice's queries fill the memory, of 64 kB each
as('alice', join('', map { sampled_table("full$_", 16000) } 1 .. 6));
as('alice', join('', map { "SELECT searches('full$_', 100);" } 1 .. 6));
my $full = as('alice', q(SELECT sum(waiting) FROM lokivector_stat_recall WHERE relname LIKE 'full%'));
cmp_ok($full, '>=', 480, 'one role fills the memory for samples');
cmp_ok($full, '<=', 524, 'and not more');
as('bob', q(ALTER INDEX bobs_idx SET (recall_sample_rate = 1); SELECT lokivector_measure_samples('bobs_idx'); SELECT searches('bobs', 5)));
is(as('bob', q(SELECT count(*) FROM lokivector_sampled_queries('bobs_idx'))), '5',
	'searches of an index that has samples are kept nevertheless');
as('bob', sampled_table('bobs2', 16000) . q(SELECT searches('bobs2', 50)));
is(as('bob', q(SELECT count(*) FROM lokivector_sampled_queries('bobs2_idx'))), '50',
	'and those of an index that has none');
is(as('bob', q(SELECT count(*) FROM lokivector_sampled_queries('bobs_idx'))), '5', 'which takes nothing of others that have little');
cmp_ok(as('alice', q(SELECT count(*) FROM lokivector_stat_recall WHERE relname LIKE 'full%' AND waiting >= 90)), '>=', 4,
	'but all of one that has most');
as('alice', sampled_table('last', 16000) . q(SELECT searches('last', 30)));
is(as('alice', q(SELECT count(*) FROM lokivector_sampled_queries('last_idx'))), '30',
	'another index of hers gets room, too');
is(as('bob', q(SELECT count(*) FROM lokivector_sampled_queries('bobs2_idx'))), '50', 'not that of one who has less');
is(as('alice', q(SELECT lokivector_measure_samples('last_idx'))), '30', 'and what waits is measured');

# ----------------------------------------------------------------
# Memory of one call
# ----------------------------------------------------------------

my $session = open_session($node);
my ($pid) = ask($session, 'SELECT pg_backend_pid();') =~ /(\d+)/;

# kB that the session takes more while a statement runs than before
sub grows_by
{
	my ($sql) = @_;
	my %memory;

	open my $reset, '>', "/proc/$pid/clear_refs" or return;
	print $reset 5;
	close $reset or return;
	my $before = (slurp_file("/proc/$pid/status") =~ /VmHWM:\s+(\d+)/)[0];
	ask($session, $sql);
	return (slurp_file("/proc/$pid/status") =~ /VmHWM:\s+(\d+)/)[0] - $before;
}

ask($session, q(SET maintenance_work_mem = '1MB'; SET work_mem = '64kB';
	CREATE FUNCTION item(n integer, d integer, o real DEFAULT 0) RETURNS vector LANGUAGE sql VOLATILE AS $$
		SELECT array_agg((o + random())::real)::vector FROM generate_series(1, d) WHERE n IS NOT NULL $$;
	CREATE TABLE wide AS SELECT item(i, 400)::vector(400) AS v FROM generate_series(1, 2500) i;
	SET maintenance_work_mem = '64MB';
	CREATE INDEX wide_idx ON wide USING hnsw (v vector_l2_ops) WITH (ef_construction = 32, m = 8, ef_search = 1);
	SET maintenance_work_mem = '1MB';
	SELECT lokivector_recall('wide_idx', 200, 1);));
my $measuring = grows_by(q(SELECT answered FROM lokivector_recall('wide_idx', 2500, 1);));

SKIP:
{
	skip 'the system does not tell the most memory of a process', 2 unless defined $measuring;
	cmp_ok($measuring, '<', 4000, 'recall of many queries is measured within maintenance_work_mem');

	ask($session, q(SET lokivector.pending_nodes = 1024;
		CREATE TABLE filled (v vector(2000));
		CREATE INDEX filled_idx ON filled USING hnsw (v vector_l2_ops) WITH (ef_construction = 8, m = 4);
		INSERT INTO filled SELECT item(i, 2000) FROM generate_series(1, 1023) i;
		SELECT * FROM filled ORDER BY v <-> (SELECT v FROM filled LIMIT 1) LIMIT 10;
		SET client_min_messages = debug1;));
	my $filling = grows_by(q(INSERT INTO filled SELECT item(1024, 2000);));
	is(ask($session, q(SELECT 'pending: ' || pending FROM lokivector_index_info('filled_idx');)) =~ /pending: (\d+)/ && $1,
		0, 'a row makes the codes of a pending index');
	# vectors would take 8 MB
	cmp_ok($filling, '<', 6000, 'in the memory of their codes and of the graph');
}
ask($session, 'RESET client_min_messages; RESET lokivector.pending_nodes;');

# An insert that makes codes, where temporary files are refused
for my $memory ('64MB', '1MB')
{
	ask($session, qq(DROP TABLE IF EXISTS filled; CREATE TABLE filled (v vector(2000));
		SET lokivector.pending_nodes = 1024;
		CREATE INDEX filled_idx ON filled USING hnsw (v vector_l2_ops) WITH (ef_construction = 8, m = 4);
		RESET lokivector.pending_nodes;
		INSERT INTO filled SELECT item(i, 2000) FROM generate_series(1, 1023) i;
		SET maintenance_work_mem = '$memory'; SET temp_file_limit = '64kB';));
	ask($session, q(INSERT INTO filled SELECT item(1024, 2000);));
	is(ask($session, q(SELECT 'pending: ' || pending FROM lokivector_index_info('filled_idx');)) =~ /pending: (\d+)/ && $1,
		0, "codes are made without temporary files, with maintenance_work_mem = $memory");
	is(ask($session, q(SELECT 'rows: ' || count(*) FROM filled;)) =~ /rows: (\d+)/ && $1, 1024, '... for a row that is inserted');
	is(ask($session, q(SELECT 'index: ' || lokivector_check('filled_idx');)) =~ /index: (\w+)/ && $1, 'sound', '... and the index is sound');
	ask($session, 'RESET temp_file_limit;');
}

# ----------------------------------------------------------------
# What a session remembers of indexes
# ----------------------------------------------------------------

sub remembered
{
	return (ask($session, q(SELECT 'known: ' || count(*) FROM pg_backend_memory_contexts WHERE name = 'hnsw index';)) =~
		  /known: (\d+)/)[0];
}

ask($session, q(CREATE TABLE held (v vector(100));
	CREATE INDEX held_idx ON held USING hnsw (v vector_l2_ops);
	BEGIN;));
my $known = remembered();
ask($session, q(DO $$ BEGIN FOR i IN 1 .. 30 LOOP TRUNCATE held; INSERT INTO held SELECT item(j, 100) FROM generate_series(1, 2) j; END LOOP; END $$;));
cmp_ok(remembered(), '<=', $known + 2, 'what is known of a file that was truncated is freed in the same transaction');
ask($session, q(DO $$ BEGIN FOR i IN 1 .. 30 LOOP
		BEGIN TRUNCATE held; INSERT INTO held SELECT item(i, 100); EXCEPTION WHEN division_by_zero THEN NULL; END;
	END LOOP; END $$;));
cmp_ok(remembered(), '<=', $known + 2, 'and of those that subtransactions replaced');
ask($session, q(DO $$ BEGIN FOR i IN 1 .. 30 LOOP
		BEGIN TRUNCATE held; INSERT INTO held SELECT item(i, 100); PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END;
	END LOOP; END $$;));
is(ask($session, q(SELECT 'rows: ' || count(*) FROM (SELECT FROM held ORDER BY v <-> item(1, 100)) s;)) =~ /rows: 1/, 1,
	'and the index is what it was before those that were rolled back');
cmp_ok(remembered(), '<=', $known + 2, 'of which nothing is left');
ask($session, q(DO $$ BEGIN FOR i IN 1 .. 70 LOOP
		CREATE TEMP TABLE dropped (v vector(100));
		CREATE INDEX ON dropped USING hnsw (v vector_l2_ops);
		INSERT INTO dropped SELECT item(i, 100);
		DROP TABLE dropped;
	END LOOP; END $$;));
ask($session, q(COMMIT; TRUNCATE held; SELECT FROM held ORDER BY v <-> item(1, 100) LIMIT 1;));
cmp_ok(remembered(), '<=', $known + 1, 'and if there are many, of indexes that were dropped, when a later transaction opens another');

# A scan that is open goes on beside all of that
ask($session, q(INSERT INTO held SELECT item(i, 100) FROM generate_series(1, 200) i;
	BEGIN; SET LOCAL enable_seqscan = off;
	DECLARE c CURSOR FOR SELECT 'row' FROM held ORDER BY v <-> (SELECT v FROM held LIMIT 1);
	FETCH 10 FROM c;
	DO $$ BEGIN FOR i IN 1 .. 10 LOOP
		CREATE TEMP TABLE dropped (v vector(100));
		CREATE INDEX ON dropped USING hnsw (v vector_l2_ops);
		INSERT INTO dropped SELECT item(i, 100);
		DROP TABLE dropped;
	END LOOP; END $$;));
is(scalar(() = ask($session, 'FETCH ALL FROM c;') =~ /row/g), 190, 'a scan that is open goes on');
ask($session, 'COMMIT;');
close_session($session);

$node->stop;
done_testing();
