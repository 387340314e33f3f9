# SPDX-License-Identifier: PostgreSQL
# Builds by several processes, past maintenance_work_mem, and cut off: the index
# is that of a build by one process, and nothing is left behind.

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run qw(start finish);
use LokiTest;

my $node = loki_node('main');
$node->append_conf(
	'postgresql.conf', q(
lokivector.build_seed = -1
max_worker_processes = 8
max_parallel_maintenance_workers = 3
max_parallel_workers = 8
maintenance_work_mem = 256MB
));
$node->start;
create_items($node, 32);
my $rows = 20000;
$node->safe_psql(
	'postgres', qq(
	DROP INDEX items_idx;
	INSERT INTO items SELECT i, item(i), i % 10 FROM generate_series(1, $rows) i;
	-- 1,000 rows that are equal in all that is indexed, 500 in the vector alone
	INSERT INTO items SELECT 100000 + i, item(i % 10), 3 FROM generate_series(1, 1000) i;
	INSERT INTO items SELECT 200000 + i, item(1), i FROM generate_series(1, 500) i;
	INSERT INTO items SELECT 300000 + i, NULL, i FROM generate_series(1, 300) i;
	ANALYZE items));
my $all = $rows + 1000 + 500 + 300;

# CREATE INDEX under some settings; returns what it said
sub build
{
	my ($settings, $statement) = @_;
	my ($result, $stdout, $stderr);

	$node->safe_psql('postgres', 'DROP INDEX IF EXISTS items_idx');
	$statement //= 'CREATE INDEX items_idx ON items USING hnsw (v vector_l2_ops, c)';
	($result, $stdout, $stderr) = $node->psql('postgres', qq(
		SET client_min_messages = debug1;
		$settings
		$statement));
	return $stderr;
}

# What an index must be, however it was built
sub index_is_right
{
	my ($name) = @_;

	check_index($node, "$name: check");
	is(rows_by_index($node), "$all $all", "$name: all rows");
	rows_are_found($node, 400, "$name: rows are found by their own vectors");
	cmp_ok(recall($node, 100, 40), '>=', 0.95, "$name: recall");
	is($node->safe_psql('postgres',
		"SELECT nodes, rows, null_rows FROM lokivector_index_info('items_idx')"),
		$node->safe_psql('postgres',
		"SELECT count(DISTINCT (v::text, c)) FILTER (WHERE v IS NOT NULL), count(v),
			count(*) - count(v) FROM items"),
		"$name: rows that are equal share a node");
	return;
}

sub temporary_files
{
	return $node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()');
}

# One process and several
unlike(build('SET max_parallel_maintenance_workers = 0;'), qr/parallel workers/,
	'one process');
index_is_right('one process');
like(build(''), qr/using 3 parallel workers/, 'four processes');
index_is_right('four processes');
unlike(build('SET lokivector.build_seed = 1;'), qr/parallel workers/,
	'a seed keeps a build to one process');

# Past maintenance_work_mem
for my $workers (0, 3)
{
	my $said = build("SET maintenance_work_mem = '2MB';
		SET max_parallel_maintenance_workers = $workers;");

	like($said, qr/NOTICE:  hnsw graph no longer fits into maintenance_work_mem after \d+ tuples/,
		"memory is short, $workers workers");
	index_is_right("memory is short, $workers workers");
}
is(temporary_files(), '0', 'no temporary files are left');
like(build("SET maintenance_work_mem = '2MB'; SET temp_file_limit = '1MB';"),
	qr/ERROR:  temporary file size exceeds temp_file_limit/, 'temp_file_limit');
is(temporary_files(), '0', 'no temporary files are left after an error');

# Fewer workers than were asked for
$node->append_conf('postgresql.conf', "max_parallel_workers = 1\n");
$node->reload;
like(build(''), qr/using 1 parallel workers/, 'one worker is to be had');
index_is_right('one worker is to be had');
$node->append_conf('postgresql.conf', "max_parallel_workers = 0\n");
$node->reload;
like(build(''), qr/using 0 parallel workers/, 'no worker is to be had');
index_is_right('no worker is to be had');
$node->append_conf('postgresql.conf', "max_parallel_workers = 8\n");
$node->reload;

# Other ways to build an index
like(build('', 'CREATE INDEX CONCURRENTLY items_idx ON items USING hnsw (v vector_l2_ops, c)'),
	qr/using 3 parallel workers/, 'concurrently');
index_is_right('concurrently');
$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY items_idx');
index_is_right('rebuilt concurrently');
$node->safe_psql('postgres', 'VACUUM FULL items');
index_is_right('rebuilt with the table');
unlike(build('', 'CREATE TEMP TABLE other AS SELECT * FROM items;
	CREATE INDEX ON other USING hnsw (v vector_l2_ops)'),
	qr/parallel workers/, 'a temporary table');

# Rows that the index does not see, and values that are computed
$node->safe_psql('postgres', q(
	CREATE INDEX some_idx ON items USING hnsw (((v * v)::vector(32)) vector_l2_ops) WHERE c < 5;
	DELETE FROM items WHERE id % 7 = 0;));
$node->safe_psql('postgres', q(
	DROP INDEX some_idx;
	CREATE INDEX some_idx ON items USING hnsw (((v * v)::vector(32)) vector_l2_ops) WHERE c < 5));
is($node->safe_psql('postgres', q(
	SELECT rows + null_rows = (SELECT count(*) FROM items WHERE c < 5)
	FROM lokivector_index_info('some_idx'))), 't', 'a partial index on an expression');

# A session that looks at an index while it is written remembers nothing of that afterwards.
$node->safe_psql('postgres', q(
	CREATE TABLE apart (id integer, v vector(64));
	INSERT INTO apart SELECT i, (SELECT array_agg(5 + hashint8extended(i, j)::float8
		/ 9223372036854775807)::vector FROM generate_series(1, 64) j)
	FROM generate_series(1, 20000) i;));
my $build = start([ 'psql', '-XqAt', '-h', $node->host, '-p', $node->port, 'postgres', '-c',
		'CREATE INDEX CONCURRENTLY apart_idx ON apart USING hnsw (v vector_l2_ops)' ],
	'>', \my $out, '2>', \my $err);
is($node->safe_psql('postgres', q(
	DO $$ DECLARE
		found bigint := 0;
	BEGIN
		WHILE found = 0 LOOP
			COMMIT;				-- so that a new index is noticed
			BEGIN
				SELECT nodes INTO found FROM lokivector_index_info('apart_idx');
			EXCEPTION WHEN undefined_table OR index_corrupted OR object_not_in_prerequisite_state THEN
				found := 0;		-- it is not there, or has no pages
			END;
		END LOOP;
	END $$;
	DO $$ BEGIN
		WHILE NOT (SELECT indisvalid FROM pg_index WHERE indexrelid = 'apart_idx'::regclass) LOOP
			COMMIT;
			PERFORM pg_sleep(0.01);
		END LOOP;
	END $$;
	SET enable_seqscan = off;
	SET lokivector.complete = off;
	SET hnsw.ef_search = 400;
	SELECT count(*) FROM (SELECT id, v FROM apart ORDER BY id LIMIT 500) a, LATERAL (
		SELECT id FROM apart ORDER BY v <-> a.v LIMIT 1) b
	WHERE a.id <> b.id)), '0', 'a session that looked at an index while it was written');
finish $build;
is($err, '', 'which is built');

# Cut off at different times
my $cut_off = 0;
for my $timeout (5, 20, 50, 100, 200, 400, 800, 1600)
{
	$cut_off++ if build("SET statement_timeout = $timeout;") =~ /canceling statement/;
}
cmp_ok($cut_off, '>=', 3, 'builds were cut off');
is(temporary_files(), '0', 'no temporary files are left by builds that were cut off');
is($node->safe_psql('postgres',
	q(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker')),
	'0', 'no worker is left');
unlike(build(''), qr/ERROR/, 'a build after those that were cut off');
check_index($node, 'a build after those that were cut off: check');

$node->stop;
done_testing();
