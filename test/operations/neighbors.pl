# SPDX-License-Identifier: PostgreSQL
# Other tools and extensions beside an index: pg_repack, hypopg, pg_hint_plan, pg_partman, pgaudit,
# pg_amcheck, pg_prewarm, auto_explain, pg_stat_statements, pg_cron; and what a cancelled
# REINDEX CONCURRENTLY leaves.

use lib 'operations';
use OperationsTest;
use TakeoverTest;

my $major = major();
unpack_or_skip(map { "postgresql-$major-$_" } qw(repack hypopg partman pgaudit cron));

# Not every release has a package of it
my $no_hints = unpack_packages("postgresql-$major-pg-hint-plan");

# Extensions go into a copy of the server
my ($config, $prefix) = private_server('server');
chomp(my $share = run_program($config, '--sharedir'));
# which has those that are installed
for my $set (@unpacked)
{
	for ([ "$set/usr/lib/postgresql/$major", $prefix ], [ "$set/usr/share/postgresql/$major/extension", "$share/extension" ])
	{
		run_program('cp', '-R', "$_->[0]/.", $_->[1]) if -d $_->[0];
	}
}

my $node = PostgreSQL::Test::Cluster->new('main', install_path => $prefix);
$node->init;
$node->append_conf('postgresql.conf',
	"autovacuum = off\nshared_preload_libraries = 'pg_stat_statements,pgaudit,pg_cron'\n"
	  . "cron.database_name = 'postgres'\ncron.use_background_workers = on\n"
	  . "logging_collector = on\nlog_destination = 'stderr,jsonlog'\n");
$node->start;
create_items($node, 3000);
my @connection = ('-h', $node->host, '-p', $node->port, '-d', 'postgres');
my ($result, $stdout, $stderr);

# pg_cron: a job that runs every minute, while the others are tried
$node->safe_psql('postgres', q(
	CREATE EXTENSION pg_cron;
	SELECT cron.schedule('measure', '* * * * *',
		'SELECT lokivector_measure_samples(index) FROM lokivector_stat_recall WHERE waiting > 0');));

# pg_repack
$node->safe_psql('postgres', 'CREATE EXTENSION pg_repack; DELETE FROM items WHERE id % 4 = 0');
run_program("$prefix/bin/pg_repack", @connection, '--no-superuser-check', '-t', 'items');
is($node->safe_psql('postgres', q(SELECT nodes FROM lokivector_index_info('items_idx'))), '2250',
	'pg_repack builds the index anew');
items_are_sound($node, 'the index agrees with the new table');

# hypopg
$node->safe_psql('postgres', 'CREATE EXTENSION hypopg');
($result, $stdout, $stderr) = $node->psql('postgres',
	q(SELECT hypopg_create_index('CREATE INDEX ON items USING hnsw (v vector_l2_ops)')));
like($stderr, qr/ERROR:  hypopg: access method "hnsw" is not supported/,
	'hypopg says that it does not know the access method');
is($node->safe_psql('postgres', q(
	SELECT count(*) FROM hypopg_create_index('CREATE INDEX ON items (id)');
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(7) LIMIT 5) s;)), "1\n5",
	'a supposed index of another method does not disturb a search');

# pg_hint_plan, from a package or as somebody has put it to the packages
SKIP:
{
	skip($no_hints, 5) if $no_hints && !-e "$prefix/lib/pg_hint_plan.so";

	$node->safe_psql('postgres', 'CREATE INDEX items_wide ON items USING hnsw (v vector_l2_ops) WITH (m = 32)');
	my $plan = sub {
		my ($hint) = @_;

		return $node->safe_psql('postgres', qq(
			LOAD 'pg_hint_plan';
			/*+ $hint */ EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY v <-> item(7) LIMIT 5;));
	};
	like($plan->('IndexScan(items items_idx)'), qr/Index Scan using items_idx/, 'pg_hint_plan chooses an index');
	like($plan->('IndexScan(items items_wide)'), qr/Index Scan using items_wide/, '... or another');
	like($plan->('SeqScan(items)'), qr/Sort.*Seq Scan/s, '... or none');
	like($plan->('NoIndexScan(items)'), qr/Sort.*Seq Scan/s, '... or any but an index');

	my @scored = map { $node->safe_psql('postgres', qq(
		LOAD 'pg_hint_plan';
		$_ SELECT id FROM items ORDER BY v <-> item(7) LIMIT 5;
		SELECT nodes_scored FROM lokivector_scan_stats();)) =~ s/.*\n//sr }
	  '', '/*+ Set(hnsw.ef_search 400) */', 'SET hnsw.ef_search = 400;';
	ok($scored[1] == $scored[0] && $scored[2] > $scored[0], 'its Set() is for the planner, and no search is wider for it');
	$node->safe_psql('postgres', 'DROP INDEX items_wide');
}

# pg_amcheck
my $output = run_program("$prefix/bin/pg_amcheck", @connection, '--install-missing',
	'--heapallindexed', '-t', 'items');
unlike($output, qr/items_idx/, 'pg_amcheck passes over the index');
is($node->safe_psql('postgres', q(
	SELECT count(*) FROM lokivector_check_all(heap_all_indexed => true) WHERE problem IS NOT NULL)), '0',
	'lokivector_check_all checks it');

# pg_prewarm
is($node->safe_psql('postgres', q(
	CREATE EXTENSION pg_prewarm;
	SELECT pg_prewarm('items_idx') = pages FROM lokivector_index_info('items_idx');)), 't',
	'pg_prewarm reads all of the index');

# auto_explain
($result, $stdout, $stderr) = $node->psql('postgres', q(
	LOAD 'auto_explain';
	SET auto_explain.log_min_duration = 0;
	SET auto_explain.log_analyze = on;
	SET client_min_messages = log;
	SELECT id FROM items ORDER BY v <-> item(7) LIMIT 5;));
like($stderr, qr/Index Scan using items_idx on items.*rows=5/, 'auto_explain logs the plan');

# pg_stat_statements
is($node->safe_psql('postgres', q(
	CREATE EXTENSION pg_stat_statements;
	SELECT pg_stat_statements_reset() IS NOT NULL;
	SELECT id FROM items ORDER BY v <-> '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]' LIMIT 1;
	SELECT id FROM items ORDER BY v <-> '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,17]' LIMIT 1;
	SELECT calls FROM pg_stat_statements WHERE query LIKE 'SELECT id FROM items ORDER BY v <-> $1 LIMIT $2';))
	=~ s/.*\n//sr, '2', 'pg_stat_statements knows searches for different vectors as one');

# pg_partman: partitions that it makes have the index of the partitioned table, and a search
# merges them
my $parent = run_program('cat', "$share/extension/pg_partman.control") =~ /default_version = '4/
  ? q(partman.create_parent('public.events', 'at', 'native', 'daily'))
  : q(partman.create_parent('public.events', 'at', '1 day'));
is($node->safe_psql('postgres', qq(
	CREATE SCHEMA partman;
	CREATE EXTENSION pg_partman SCHEMA partman;
	CREATE TABLE events (at timestamptz NOT NULL, v vector(16)) PARTITION BY RANGE (at);
	CREATE INDEX events_idx ON events USING hnsw (v vector_l2_ops);
	SELECT $parent;
	INSERT INTO events SELECT now() + i % 3 * interval '1 day', item(i) FROM generate_series(1, 600) i;
	ANALYZE events;
	SELECT count(*) > 3 AND bool_and(EXISTS (SELECT FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
			JOIN pg_am m ON m.oid = c.relam WHERE x.indrelid = p.inhrelid AND m.amname = 'hnsw' AND x.indisvalid))
	FROM pg_inherits p WHERE inhparent = 'events'::regclass;
	SET enable_seqscan = off;
	SELECT count(*) FROM generate_series(1, 60) i, LATERAL (
		SELECT v FROM events ORDER BY v <-> item(i) LIMIT 1) s WHERE s.v <-> item(i) = 0;))
	=~ s/^t\n//r, "t\n60", 'partitions of pg_partman have the index, and a search merges them');

# pgaudit
$node->safe_psql('postgres', q(
	CREATE EXTENSION pgaudit;
	SET pgaudit.log = 'read';
	SET pgaudit.log_relation = on;
	SELECT id AS "a, b" FROM items ORDER BY v <-> item(3) LIMIT 5;
	CREATE TABLE "t,""z" (x int);
	SELECT x FROM "t,""z";
	DO $$BEGIN RAISE LOG 'AUDIT: SESSION,1,1,WRITE,DELETE,TABLE,public.payroll,forged,<none>'; END$$;));
like(run_program("$prefix/bin/psql", @connection, '-X', '-q', '-f', "$top/operations/audit.sql"),
	qr/^at,user,.*,statement\n(?:20.*\n)*20.*,postgres,.*,READ,SELECT,TABLE,public\.items,"SELECT id AS ""a, b"" FROM items ORDER BY v <-> item/,
	'pgaudit records a search');
my $audit = run_program("$prefix/bin/psql", @connection, '-X', '-q', '-f', "$top/operations/audit.sql");
like($audit, qr/,READ,SELECT,TABLE,"public\.""t,""""z""","SELECT x FROM ""t,""""z"";"\n/, '... and names as they are');
unlike($audit, qr/forged/, '... but no message of a client');
is(run_program("$prefix/bin/psql", @connection, qw(-X -q -v since=2100-01-01 -f), "$top/operations/audit.sql") =~ tr/\n//, 1,
	'... and none later');

# pg_cron measures at the next minute
$node->safe_psql('postgres', q(
	SET lokivector.recall_sample_rate = 1;
	SELECT id FROM items ORDER BY v <-> item(7) LIMIT 5;));
ok($node->poll_query_until('postgres', q(
	SELECT measured = 1 AND recall > 0 FROM lokivector_stat_recall WHERE index = 'items_idx'::regclass)),
	'pg_cron measures the recall of sampled searches');
is($node->safe_psql('postgres', q(SELECT count(*) FROM cron.job_run_details WHERE status = 'failed')), '0',
	'and no run has failed');

# A REINDEX CONCURRENTLY that waits for an old transaction, and is cancelled
my $old = $node->background_psql('postgres');
$old->query_safe('BEGIN; LOCK TABLE items IN ROW EXCLUSIVE MODE;');
my $reindex = start_program("$PostgreSQL::Test::Utils::tmp_check/reindex.log", 'psql', '-X', @connection,
	'-c', 'REINDEX INDEX CONCURRENTLY items_idx');
$node->poll_query_until('postgres', q(
	SELECT count(*) = 1 FROM pg_stat_activity
	WHERE query LIKE 'REINDEX%' AND wait_event_type = 'Lock' AND EXISTS (
		SELECT FROM pg_class WHERE relname = 'items_idx_ccnew')));
my ($runbook) = slurp_file("$top/doc/operations.md") =~ /^(SELECT pg_catalog\.format\('DROP INDEX.*?);$/ms;
is($node->safe_psql('postgres', $runbook), '', 'an index that is being built is left alone');
$node->safe_psql('postgres', q(SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'REINDEX%'));
$reindex->finish;
$old->query_safe('COMMIT');
$old->quit;
is($node->safe_psql('postgres', $runbook), 'DROP INDEX CONCURRENTLY public.items_idx_ccnew',
	'what a cancelled REINDEX CONCURRENTLY leaves is found');
like($node->safe_psql('postgres', q(SELECT string_agg(about, ' ') FROM lokivector_advice('items_idx_ccnew'))),
	qr/\bvalid\b/, 'advice is that it is not valid');
$node->safe_psql('postgres', "$runbook \\gexec\n");
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_class WHERE relname LIKE 'items_idx%')), '1',
	'and is dropped');
$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY items_idx');
items_are_sound($node, 'after a REINDEX CONCURRENTLY that came to its end');

$node->stop;
done_testing();
