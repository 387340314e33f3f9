# SPDX-License-Identifier: PostgreSQL
# An index that is created on an empty table becomes one like those that are
# built: codes are made anew for the mean of its nodes.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use IPC::Run qw(start finish);
use LokiTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $dim = 64;
my $node = loki_node('main', allows_streaming => 1);
$node->start;
$node->safe_psql('postgres', qq(
	CREATE EXTENSION lokivector;
	-- vectors around (far, far, ...), which depend on n alone
	CREATE FUNCTION item(n integer, far float8 DEFAULT 5) RETURNS vector AS \$\$
		SELECT array_agg(far + hashint8extended(n, i)::float8 / 9223372036854775807
			ORDER BY i)::vector
		FROM generate_series(1, $dim) i
	\$\$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
	CREATE TABLE items (id integer PRIMARY KEY, v vector($dim), c integer);
	CREATE INDEX items_idx ON items USING hnsw (v vector_l2_ops);));
my $standby = loki_standby($node);

sub epoch
{
	my ($server) = @_;

	return ($server // $node)->safe_psql('postgres',
		q(SELECT epoch FROM lokivector_index_info('items_idx')));
}

# The next to a row, by the index alone
sub found
{
	my ($server, $limit) = @_;

	return $server->safe_psql('postgres', qq(
		SET enable_seqscan = off;
		SET lokivector.complete = off;
		SET hnsw.ef_search = 100;
		SELECT count(*) FROM (SELECT id, v FROM items ORDER BY id LIMIT $limit) a, LATERAL (
			SELECT id FROM items ORDER BY v <-> a.v LIMIT 1) b
		WHERE a.id <> b.id));
}

sub recall_at
{
	my ($ef) = @_;

	return $node->safe_psql('postgres', qq(
		SET lokivector.complete = off;
		SET hnsw.ef_search = $ef;
		SELECT recall FROM lokivector_recall('items_idx', 300)));
}

# A cursor that was opened before, and goes on after codes were made anew
my $session = open_session($node);

$node->safe_psql('postgres', 'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(1, 31) n');
is(epoch(), '0', 'an index that began empty has no centroid');
ask($session, 'SET enable_seqscan = off;');
ask($session, 'BEGIN; DECLARE cur CURSOR FOR SELECT id FROM items ORDER BY v <-> item(1);');
my %ids = map { $_ => 1 } split(/\n/, ask($session, 'FETCH 5 FROM cur;'));
is(scalar(keys %ids), 5, 'a cursor is open');
ask($session, 'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(32, 40) n;');
$ids{$_}++ foreach split(/\n/, ask($session, 'FETCH ALL FROM cur;'));
is(ask($session, 'SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(1)) s;'), '40',
	'all rows are found in the transaction');
ask($session, 'COMMIT;');
is($session->{err}, '', 'no error of the session');
close_session($session);
is(join(' ', sort { $a <=> $b } keys %ids), join(' ', 1 .. 31),
	'a cursor returns all rows of before');
is(scalar(grep { $_ != 1 } values %ids), 0, 'and each once');
is(epoch(), '1', 'the first nodes choose it');
check_index($node, 'check after it was chosen');

$node->safe_psql('postgres', 'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(41, 3000) n');
is(epoch(), '1', 'it stays where the mean stays');
my $first = recall_at(40);
is(found($node, 1000), '0', 'rows are found by their own vectors');
check_index($node, 'check of an index made before its rows');
$node->safe_psql('postgres', 'REINDEX INDEX items_idx');
my $after = recall_at(40);
cmp_ok($first, '>=', $after - 0.03, "recall is that of a built index ($first, $after)");

# Rows of elsewhere
$node->safe_psql('postgres', 'TRUNCATE items');
$node->safe_psql('postgres', 'INSERT INTO items SELECT n, item(n, 1), 1 FROM generate_series(1, 900) n');
$node->safe_psql('postgres', 'INSERT INTO items SELECT n, item(n, -1), 1 FROM generate_series(901, 2100) n');
cmp_ok(epoch(), '>', 1, 'the mean moves with the rows');
is(found($node, 2100), '0', 'rows of both are found');
$node->safe_psql('postgres', 'DELETE FROM items WHERE id <= 900');
my $before = epoch();
$node->safe_psql('postgres', 'VACUUM items');
cmp_ok(epoch(), '>', $before, 'vacuum notices that it has moved');
is(found($node, 1200), '0', 'rows are found afterwards');
check_index($node, 'check after vacuum');

# Duplicates join nodes whose codes were made of codes
my $nodes = $node->safe_psql('postgres', q(SELECT live FROM lokivector_index_info('items_idx')));
$node->safe_psql('postgres', 'INSERT INTO items SELECT id + 5000, v, 1 FROM items');
is($node->safe_psql('postgres', q(SELECT live FROM lokivector_index_info('items_idx'))),
	$nodes, 'duplicates join nodes');
check_index($node, 'check with duplicates');

# A node that is reused says nothing of how many nodes there are
$node->safe_psql('postgres', qq(
	CREATE TABLE again (id integer, v vector($dim));
	CREATE INDEX again_idx ON again USING hnsw (v vector_l2_ops);
	INSERT INTO again SELECT n, item(n, 0) FROM generate_series(1, 300) n;
	INSERT INTO again SELECT n, item(n, 20) FROM generate_series(301, 400) n;
	DELETE FROM again WHERE id = 64;));
$node->safe_psql('postgres', 'VACUUM again');
$before = $node->safe_psql('postgres', q(SELECT epoch FROM lokivector_index_info('again_idx')));
$node->safe_psql('postgres', 'INSERT INTO again SELECT 401, item(401, 20)');
is($node->safe_psql('postgres', q(
		SELECT epoch, n FROM lokivector_index_info('again_idx'),
			(SELECT count(*) AS n FROM again) c)),
	"$before|400", 'an insert that uses the number of node 64 again does not look at all nodes');
$node->safe_psql('postgres', 'DROP TABLE again');

# Centroids of two epochs are kept: each of these takes a page
$node->safe_psql('postgres', q(
	CREATE TABLE long (id integer, v vector(2000));
	CREATE INDEX long_idx ON long USING hnsw (v vector_l2_ops);
	INSERT INTO long SELECT n, (SELECT array_agg(hashint8extended(n, i)::float8 / 9223372036854775807 +
			CASE WHEN n <= 32 THEN 0 WHEN n <= 64 THEN 2 WHEN n <= 128 THEN 5 ELSE 12 END)
		FROM generate_series(1, 2000) i)::vector FROM generate_series(1, 256) n;));
is($node->safe_psql('postgres', q(
		SELECT epoch, f.pages FROM lokivector_index_info('long_idx'), lokivector_index_slot_arrays('long_idx') f
		WHERE slot_array = 'centroid')), '4|2', 'the array of centroids does not grow with each of them');
is($node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SELECT count(*) FROM long a, LATERAL (SELECT id FROM long ORDER BY v <-> a.v LIMIT 1) b
		WHERE a.id <> b.id)), '0', 'rows are found after four epochs');
is($node->safe_psql('postgres', q(SELECT lokivector_check('long_idx', true))), 'sound', 'check after four epochs');
$node->safe_psql('postgres', 'DROP TABLE long');

# Where the vector is an expression, and where codes cannot be made anew
foreach my $options ('', 'WITH (profile = compact)', 'WITH (bits = 1, refine_bits = 0)')
{
	$node->safe_psql('postgres', qq(
		SET client_min_messages = error;
		DROP TABLE IF EXISTS other;
		CREATE TABLE other (id integer, a float4[]);
		CREATE INDEX other_idx ON other USING hnsw ((a::vector($dim)) vector_cosine_ops) $options;
		INSERT INTO other SELECT n, item(n)::float4[] FROM generate_series(1, 300) n;
		SELECT lokivector_check('other_idx', true);));
	is($node->safe_psql('postgres', qq(
		SET enable_seqscan = off;
		SELECT count(*) FROM (
			SELECT id FROM other ORDER BY a::vector($dim) <=> item(1)) s)),
		'300', "an expression $options");
}
is($node->safe_psql('postgres', q(SELECT epoch FROM lokivector_index_info('other_idx'))), '0',
	'codes of few bits stay');

# Several clients fill an empty index, others query it
$node->safe_psql('postgres', 'TRUNCATE items; CREATE SEQUENCE ids');
my $script = "$PostgreSQL::Test::Utils::tmp_check/fill.sql";
append_to_file($script, q(
INSERT INTO items SELECT n, item(n), 1 FROM (SELECT nextval('ids')::integer AS n) s;
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(7) LIMIT 20) s;
));
$node->command_ok([ 'pgbench', '--no-vacuum', '--client=6', '--transactions=100',
		"--file=$script", '--host=' . $node->host, '--port=' . $node->port, 'postgres' ],
	'clients fill an empty index');
is($node->safe_psql('postgres', 'SELECT count(*) FROM items'), '600', 'with all rows');
cmp_ok(epoch(), '>=', 1, 'which gets a centroid');
is(found($node, 600), '0', 'and finds them');
check_index($node, 'check of what clients filled');
$node->wait_for_catchup($standby);
is(epoch($standby), epoch(), 'a standby has the epoch');
is(found($standby, 600), '0', 'and finds the rows');
check_index($standby, 'check on the standby');

$node->safe_psql('postgres', q(
	CREATE TABLE around AS SELECT n AS id, item(n, CASE WHEN n <= 8000 THEN 4 ELSE -4 END) AS v
	FROM generate_series(1, 16000) n;
	CREATE TABLE asked WITH (parallel_workers = 6) AS SELECT * FROM around WHERE id > 15700;
	ANALYZE asked;));

# Make a table whose mean has moved, and begin to make its codes anew: the vacuum that does
# that is cancelled.
sub leave_half
{
	my ($table) = @_;

	$node->safe_psql('postgres', qq(
		CREATE TABLE $table (id integer, v vector(64));
		INSERT INTO $table SELECT id, v FROM around;
		CREATE INDEX ${table}_idx ON $table USING hnsw (v vector_l2_ops);
		ANALYZE $table;
		DELETE FROM $table WHERE id <= 8000;));
	my $vacuum = start([ 'psql', '-XqAt', '-h', $node->host, '-p', $node->port, 'postgres',
			'-c', "VACUUM $table" ], '>', \my $out, '2>', \my $err);
	$node->safe_psql('postgres', qq(
		DO \$\$ BEGIN
			WHILE (SELECT epoch FROM lokivector_index_info('${table}_idx')) = 0 LOOP
				PERFORM pg_sleep(0.0005);
			END LOOP;
			PERFORM pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'VACUUM $table';
		END \$\$));
	finish $vacuum;
	note($err =~ /canceling/ ? 'vacuum was cancelled' : 'vacuum was faster');
	return;
}

sub requantizations
{
	my ($table) = @_;

	return $node->safe_psql('postgres', qq(
		SELECT requantizations FROM lokivector_stat_indexes WHERE indexrelname = '${table}_idx'));
}

# Processes of one parallel query do not exclude each other by locks.  Each of them may finish
# what the vacuum began.
leave_half('half');
is($node->safe_psql('postgres', q(
		SET parallel_setup_cost = 0;
		SET parallel_tuple_cost = 0;
		SET min_parallel_table_scan_size = 0;
		SET max_parallel_workers_per_gather = 6;
		SELECT count(*) FROM asked s JOIN half h ON h.v <-> s.v < 0.001)), '300',
	'a parallel query finds its rows');
is(requantizations('half'), '1', 'codes were made anew once');

# No vacuum has made the nodes reachable for their new codes.  So the search is wide: what it does
# not find has a wrong code.
is($node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SET hnsw.ef_search = 1000;
		SELECT count(*) FROM asked s, LATERAL (SELECT id FROM half h ORDER BY h.v <-> s.v LIMIT 1) h
		WHERE s.id <> h.id)), '0', 'and rows are found by them');
is($node->safe_psql('postgres', q(SELECT lokivector_check('half_idx', true))), 'sound',
	'check of what they have finished');

# Nor is recall measured with codes of two epochs.
leave_half('halves');
$node->safe_psql('postgres', q(SELECT lokivector_calibrate('halves_idx')));
is(requantizations('halves'), '1', 'a calibration finishes them');

# Servers that crash at any time
my $lost = 0;
foreach my $attempt (1 .. 6)
{
	$node->safe_psql('postgres', qq(
		DROP TABLE IF EXISTS long;
		CREATE TABLE long (id integer, v vector(2000));
		CREATE INDEX long_idx ON long USING hnsw (v vector_l2_ops);
		INSERT INTO long SELECT n, (SELECT array_agg(3 + hashint8extended(n, i)::float8
			/ 9223372036854775807)::vector FROM generate_series(1, 2000) i)
		FROM generate_series(1, 31) n;));
	my $run = start([ 'psql', '-XqAt', '-h', $node->host, '-p', $node->port, 'postgres', '-c', q(
		INSERT INTO long SELECT 32, (SELECT array_agg(3 + i * 0.001)::vector
			FROM generate_series(1, 2000) i);) ], '>', \my $o, '2>', \my $e);
	select(undef, undef, undef, 0.004 * $attempt);
	$node->stop('immediate');
	finish $run;
	$node->start;
	$lost += $node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SELECT count(*) FILTER (WHERE distance > 0) FROM (SELECT v FROM long) a, LATERAL (
			SELECT v <-> a.v AS distance FROM long ORDER BY v <-> a.v LIMIT 1) b));
	$node->safe_psql('postgres', q(SELECT lokivector_check('long_idx', true)));
}
is($lost, '0', 'rows are found after crashes');

$standby->stop;
$node->stop;
done_testing();
