# SPDX-License-Identifier: PostgreSQL
# A table that Citus distributes over two workers: 200 random queries return the rows of a
# plain table in their order; LIMIT, parameters and filters reach an index scan of each
# shard; a tenant's query goes to its node alone; a shard moves while rows are written; a
# node that has stopped is an error.
#
# Run by test/run.sh citus on a server whose installation has Citus.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../t";

use LokiTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use ShardTest;
use Test::More;

my $extensions = `pg_config --sharedir` =~ s/\n//r . '/extension';
if (!-e "$extensions/citus.control")
{
  SKIP: { skip("$extensions has no citus.control: Citus is not installed", 1); }
	done_testing();
	exit;
}
srand(49);

# Searches are wide enough to be exact
sub citus_node
{
	my ($name) = @_;
	my $node = loki_node($name);

	$node->append_conf('postgresql.conf', q(
		shared_preload_libraries = 'citus'
		citus.node_conninfo = 'sslmode=prefer'
		hnsw.ef_search = 1000
		wal_level = logical
		max_wal_senders = 20
		max_replication_slots = 20
		max_logical_replication_workers = 8
		max_worker_processes = 30
		max_connections = 100
		max_prepared_transactions = 100));
	$node->append_conf('postgresql.conf', "citus.local_hostname = '" . $node->host . "'\n");
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION citus');
	return $node;
}

my $node = citus_node('coordinator');
my @workers = map { citus_node("worker_$_") } 1 .. 2;
my $q = '[1,0,0,0,0,0,0,0]';

sub address
{
	my ($of) = @_;

	return "'" . $of->host . "', " . $of->port;
}

sub plan_of
{
	my ($sql) = @_;

	return $node->safe_psql('postgres', "SET citus.explain_all_tasks = on;
		SET citus.propagate_set_commands = 'local'; BEGIN; SET LOCAL enable_seqscan = off;
		EXPLAIN (VERBOSE, COSTS OFF) $sql; COMMIT");
}

sub occurrences
{
	my ($text, $pattern) = @_;

	return scalar(() = $text =~ /$pattern/g);
}

# What is made on the coordinator goes to the workers
$node->safe_psql('postgres', 'SELECT citus_set_coordinator_host(' . address($node) . ')');
$node->safe_psql('postgres', 'SELECT citus_add_node(' . address($_) . ')') for @workers;
$node->safe_psql('postgres', 'CREATE EXTENSION lokivector');
is($node->safe_psql('postgres', 'SELECT DISTINCT result FROM run_command_on_workers($$
		SELECT count(*) FROM pg_extension WHERE extname = \'lokivector\'$$)'),
	1, 'CREATE EXTENSION goes to the workers');
create_plain($node, 3000);
$node->safe_psql('postgres', "SET citus.shard_count = 4;
	CREATE TABLE items ($columns);
	SELECT create_distributed_table('items', 'tenant');
	INSERT INTO items SELECT * FROM plain;
	CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops, kind) WITH (m = 12);
	CREATE TABLE spread ($columns, PRIMARY KEY (id));
	SELECT create_distributed_table('spread', 'id');
	INSERT INTO spread SELECT * FROM plain;
	CREATE INDEX spread_v ON spread USING hnsw (v vector_l2_ops, tenant);
	SELECT create_reference_table('kinds')");
is($node->safe_psql('postgres', q(SELECT count(*) FROM run_command_on_shards('items',
		$$SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = '%s'::regclass$$)
		WHERE result LIKE '%USING hnsw (v vector_l2_ops, kind) WITH (m=''12'')')),
	4, 'CREATE INDEX with its options goes to all shards');

# Plans
my $plan = plan_of("SELECT id FROM spread ORDER BY v <-> '$q' LIMIT 5 OFFSET 2");
is(occurrences($plan, qr/Index Scan using spread_v_\d+/), 4, 'each shard is scanned by its index')
  or diag($plan);
is(occurrences($plan, qr/LIMIT '?7'?(::bigint)?\b/), 4, '... for LIMIT + OFFSET') or diag($plan);
$plan = plan_of("SELECT id FROM items WHERE tenant = 3 ORDER BY v <-> '$q' LIMIT 5");
is(occurrences($plan, qr/Index Scan using items_v_\d+/), 1, "a tenant's query goes to its shard alone");
like($plan, qr/Task Count: 1/, '... as one task');
# Citus does not show plans of prepared statements that have parameters of our types, and has
# no generic plans for several shards; the query that it sends has LIMIT
like($node->safe_psql('postgres', "PREPARE near(vector, bigint) AS
		SELECT id FROM spread ORDER BY v <-> \$1 LIMIT \$2;
		EXPLAIN (VERBOSE, COSTS OFF) EXECUTE near('$q', 5)"),
	qr/Query: SELECT .* ORDER BY \(v OPERATOR\(public.<->\) .* LIMIT '5'::bigint/, 'LIMIT is sent of a parameter');

# Answers
random_queries_agree($node, undef, 'auto', 'force_custom_plan');
is($node->safe_psql('postgres', "PREPARE near(vector, integer) AS SELECT id FROM items
		WHERE tenant = \$2 ORDER BY v <-> \$1 LIMIT 2;" . "EXECUTE near('$q', 3);" x 8),
	join("\n", ($node->safe_psql('postgres', "SELECT id FROM plain WHERE tenant = 3
		ORDER BY v <-> '$q' LIMIT 2")) x 8), "a tenant's prepared query, whose plan becomes generic");
$node->safe_psql('postgres', 'ALTER TABLE items RENAME TO by_tenant; ALTER TABLE spread RENAME TO items');
random_queries_agree($node, undef, 'auto', 'force_custom_plan');
$node->safe_psql('postgres', 'ALTER TABLE items RENAME TO spread; ALTER TABLE by_tenant RENAME TO items');

# Forms that our planner hooks take part in, there and here
for my $query (
	"SELECT id FROM items WHERE tenant = 2 ORDER BY 1 - (v <-> '$q') DESC LIMIT 7",
	"SELECT id FROM items WHERE tenant = 2 ORDER BY v <-> '$q', id LIMIT 7",
	"SELECT id FROM items WHERE tenant = 2 AND v <-> '$q' < 1.5 ORDER BY v <-> '$q' LIMIT 7",
	"SELECT id FROM items WHERE v <-> '$q' < 1.2 ORDER BY id",
	"SELECT id FROM items WHERE tenant = 2 AND kind IN (1, 3) ORDER BY v <-> '$q' LIMIT 7",
	"SELECT id, rank() OVER (ORDER BY v <-> '$q') FROM items WHERE tenant = 2 ORDER BY v <-> '$q' LIMIT 7",
	"SELECT id FROM items WHERE tenant = 2 ORDER BY v <-> '$q' FETCH FIRST 7 ROWS WITH TIES",
	"SELECT id FROM items WHERE tenant = 2
		ORDER BY rrf(v <-> '$q', v <=> '[0,1,0,0,0,0,0,0]') DESC, id LIMIT 7",
	"SELECT i.id, name FROM items i JOIN kinds USING (kind) WHERE tenant = 2 ORDER BY v <-> '$q' LIMIT 7",
	"SELECT id FROM items WHERE tenant = 2 AND kind IN (SELECT kind FROM kinds WHERE name <> 'kind 1')
		ORDER BY v <-> '$q' LIMIT 7",
	"SELECT tenant, count(*) FROM (SELECT tenant FROM items ORDER BY v <-> '$q' LIMIT 30) n GROUP BY 1 ORDER BY 1",
	"WITH n AS MATERIALIZED (SELECT id, v <-> '$q' AS d FROM items ORDER BY d LIMIT 20)
		SELECT n.id FROM n ORDER BY d",
	"SELECT id FROM items WHERE tenant = 2 ORDER BY v <-> (SELECT v FROM items WHERE tenant = 2 AND id = 16) LIMIT 7",
	"SELECT id FROM items WHERE id % 7 = 0 ORDER BY v <-> '$q' LIMIT 5",
	"SELECT min(v <-> '$q')::real, max(v <-> '$q')::real FROM items")
{
	my ($result, $found, $stderr) = $node->psql('postgres', $query);

	is($stderr, '', "no error: $query");
	is($found, $node->safe_psql('postgres', $query =~ s/\bitems\b/plain/gr), '... and the rows of a plain table');
}

# A shard moves while rows are written, and takes its index along
my ($shard, $from) = split(/\|/, $node->safe_psql('postgres', "SELECT shardid, nodeport FROM citus_shards
	WHERE table_name = 'spread'::regclass ORDER BY shardid LIMIT 1"));
my ($source, $target) = $from == $workers[0]->port ? @workers : reverse @workers;
my $writers = start_client($node, 'writers', 2, 600, q(
	\set n random(10000, 100000000)
	INSERT INTO spread SELECT :n, :n % 7, :n % 5, ARRAY(SELECT sin(:n * i) FROM generate_series(1, 8) i)::vector(8), 'new'
	ON CONFLICT DO NOTHING;
	UPDATE spread SET note = 'changed' WHERE id = :n;));
$node->poll_query_until('postgres', "SELECT count(*) > 50 FROM spread WHERE note = 'changed'")
  or die 'nothing is written';
$node->safe_psql('postgres', "SELECT citus_move_shard_placement($shard, " . address($source) . ', ' .
	  address($target) . ", 'force_logical')");
my $written = $node->safe_psql('postgres', 'SELECT count(*) FROM spread');
$node->poll_query_until('postgres', "SELECT count(*) > $written + 50 FROM spread")
  or die 'nothing is written any more';
$writers->{run}->kill_kill;
ok($writers->{err} !~ /ERROR|aborted/, 'rows are written while a shard moves') or diag($writers->{err});
is($node->safe_psql('postgres', "SELECT nodeport FROM citus_shards WHERE shardid = $shard"),
	$target->port, '... which is on the other node then');
is($target->safe_psql('postgres', "SET citus.override_table_visibility = off;
		SELECT count(*) FROM pg_class WHERE relname = 'spread_v_$shard'"),
	1, '... with its index');
for my $worker (@workers)
{
	my ($result, $stdout, $stderr) = $worker->psql('postgres', "SET citus.override_table_visibility = off;
		SELECT lokivector_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = relam
		WHERE amname = 'hnsw' AND relkind = 'i'");

	is($stderr, '', 'indexes of a worker are sound: ' . $worker->name);
}
$node->safe_psql('postgres', "DROP TABLE plain; CREATE TABLE plain AS TABLE spread");
for my $query ("SELECT id FROM spread ORDER BY v <-> '$q' LIMIT 50",
	"SELECT id FROM spread WHERE tenant = 4 ORDER BY v <-> '$q' LIMIT 50")
{
	is($node->safe_psql('postgres', $query), $node->safe_psql('postgres', $query =~ s/spread/plain/r),
		"after the move: $query");
}

# The statements of doc/scaling.md, in a database of their own
$_->safe_psql('postgres', 'CREATE DATABASE scaling') for $node, @workers;
$_->safe_psql('scaling', 'CREATE EXTENSION citus') for @workers;
my $page = slurp_file("$FindBin::RealBin/../../doc/scaling.md");
my $statements = join("\n", $page =~ /^```sql citus\n(.*?)^```/msg);
for ([ coordinator => $node ], [ worker1 => $workers[0] ], [ worker2 => $workers[1] ])
{
	my ($name, $of) = @$_;

	ok($statements =~ s/'$name\.example\.com', 5432/address($of)/e, "doc/scaling.md has its $name");
}
my ($failed, $printed, $errors) = $node->psql('scaling', $statements);
is($failed, 0, '... and its statements run') or diag($errors);
like($printed, qr/^\d+\|t\|\d+$/m, '... and shards are checked');
unlike($printed, qr/\|f\|/, '... without an error');

# A node that has stopped
my %port = split(/[|\n]/, $node->safe_psql('postgres', 'SELECT shardid, nodeport FROM citus_shards'));
my ($here) = grep { $port{ $node->safe_psql('postgres',
			"SELECT get_shard_id_for_distribution_column('items', $_)") } == $workers[0]->port } 0 .. 6;
$workers[1]->stop('immediate');
like(error_of($node, "SELECT id FROM spread ORDER BY v <-> '$q' LIMIT 3"),
	qr/connection to the remote node .*:${\ $workers[1]->port} failed/, 'a stopped node is an error that names it');
is($node->safe_psql('postgres', "SELECT count(*) FROM (SELECT id FROM items WHERE tenant = $here
	ORDER BY v <-> '$q' LIMIT 3) n"), 3, 'tenants of other nodes are served');
$workers[1]->start;
is($node->safe_psql('postgres', 'SELECT count(*) FROM spread'),
	$node->safe_psql('postgres', 'SELECT count(*) FROM plain'), 'all are, when it is back');

done_testing();
