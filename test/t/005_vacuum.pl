# SPDX-License-Identifier: PostgreSQL
# Recall and size over cycles of deletes, inserts and vacuums.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main');
$node->start;
create_items($node, 16);

my $rows = 4000;
my $step = 1000;
$node->safe_psql('postgres',
	"INSERT INTO items SELECT n, item(n), 1 FROM generate_series(1, $rows) n");

sub size
{
	return $node->safe_psql('postgres', q(SELECT pg_relation_size('items_idx')));
}

cmp_ok(recall($node, 100, 40), '>=', 0.95, 'recall after inserts');
my $size = size();

# A quarter of the rows, the oldest, is replaced in each cycle
foreach my $cycle (1 .. 6)
{
	my $last = $cycle * $step;

	$node->safe_psql('postgres', "DELETE FROM items WHERE id <= $last");
	$node->safe_psql('postgres', 'VACUUM items');
	is(lost_rows($node, 400), 0, "cycle $cycle: rows found by their own vectors");
	$node->safe_psql('postgres', qq(
		INSERT INTO items SELECT n, item(n), 1
		FROM generate_series($rows + $last - $step + 1, $rows + $last) n));
	cmp_ok(recall($node, 100, 40), '>=', 0.95, "cycle $cycle: recall");
}
check_index($node, 'check after the cycles');
is(rows_by_index($node), "$rows $rows", 'all rows are returned once');
cmp_ok(size(), '<=', $size * 1.2, 'slots are used again');
is($node->safe_psql('postgres',
		q(SELECT vacuum_cycles || ' ' || dead FROM lokivector_index_info('items_idx'))),
	'6 0', 'every cycle ended with no dead node');

# Most rows at once
$node->safe_psql('postgres', 'DELETE FROM items WHERE id % 20 <> 0');
$node->safe_psql('postgres', 'VACUUM items');
check_index($node, 'check after most rows were deleted');
is(lost_rows($node, 400), 0, 'rows found after most were deleted');
cmp_ok(recall($node, 100, 40), '>=', 0.95, 'recall after most rows were deleted');

# All rows of whole clusters, so that what is near a node dies with it
$node->safe_psql('postgres', "INSERT INTO items SELECT n, item(n), 1
	FROM generate_series(20001, 24000) n");
$node->safe_psql('postgres', 'DELETE FROM items WHERE id % 23 IN (0, 3, 7, 8, 9, 11, 12, 15)');
$node->safe_psql('postgres', 'VACUUM items');
check_index($node, 'check after clusters were deleted');
is(lost_rows($node, 400), 0, 'rows found after clusters were deleted');

# Clusters that vanish and come back far from all that is left
$node->safe_psql('postgres', q(
	CREATE FUNCTION apart(n integer) RETURNS vector AS $$
		SELECT array_agg(5 * sin((n % 20) * 3 + i * 7) +
			hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
		FROM generate_series(1, 16) i
	$$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
	DELETE FROM items;));
$node->safe_psql('postgres', 'VACUUM items');
$node->safe_psql('postgres',
	'INSERT INTO items SELECT n, apart(n), 1 FROM generate_series(1, 2500) n');
foreach my $cycle (1 .. 3)
{
	my $first = 10000 * $cycle;

	$node->safe_psql('postgres', "DELETE FROM items WHERE id % 4 = $cycle");
	$node->safe_psql('postgres', 'VACUUM items');
	$node->safe_psql('postgres',
		"INSERT INTO items SELECT n, apart(n), 1 FROM generate_series($first, $first + 500) n");
	is(lost_rows($node, 64), 0, "rows of distant clusters found, cycle $cycle");
}
check_index($node, 'check after distant clusters came back');

# Everything
$node->safe_psql('postgres', 'DELETE FROM items');
$node->safe_psql('postgres', 'VACUUM items');
check_index($node, 'check of an emptied index');
is(rows_by_index($node), '0 0', 'an emptied index returns no row');
$node->safe_psql('postgres',
	"INSERT INTO items SELECT n, item(n), 1 FROM generate_series(1, $rows) n");
check_index($node, 'check after an emptied index was filled');
is(lost_rows($node, 400), 0, 'rows found in an index that had been emptied');
cmp_ok(size(), '<=', $size * 1.2, 'an emptied index does not grow');

# What VACUUM VERBOSE says of the nodes of an index
$node->safe_psql('postgres', q(
	CREATE TABLE said (id integer, v vector(3));
	INSERT INTO said SELECT i, ARRAY[i, i % 7, i % 11]::vector FROM generate_series(1, 1500) i;
	CREATE INDEX said_idx ON said USING hnsw (v vector_l2_ops);
	DELETE FROM said WHERE id % 10 = 0;));
my (undef, undef, $said) = $node->psql('postgres', 'VACUUM (VERBOSE) said');
like($said, qr/INFO:  index "said_idx": 150 nodes freed; of 1500 node IDs 150 are free for new nodes/,
	'VACUUM VERBOSE tells of freed nodes');
$node->safe_psql('postgres', 'INSERT INTO said SELECT id, ARRAY[id, 0.5, 0.5]::vector FROM said LIMIT 100');
(undef, undef, $said) = $node->psql('postgres', 'VACUUM (VERBOSE, INDEX_CLEANUP on) said');
like($said, qr/INFO:  index "said_idx": 0 nodes freed; of 1500 node IDs 50 are free for new nodes\n(?:INFO:  )?DETAIL:  Up to \d+ nodes are not up to date in the row map\./,
	'VACUUM VERBOSE tells of reused nodes');
$node->safe_psql('postgres', q(
	CREATE TABLE kinds (id integer, v vector(3), t tsvector);
	CREATE INDEX kinds_attribute ON kinds USING hnsw (v vector_l2_ops, id);
	CREATE INDEX kinds_compact ON kinds USING hnsw (v vector_l2_ops, id) WITH (profile = compact);
	CREATE INDEX kinds_words ON kinds USING hnsw (t bm25_ops);
	INSERT INTO kinds SELECT i, ARRAY[i, i % 7, i % 11]::vector, to_tsvector('simple', 'w' || i % 9) FROM generate_series(1, 1500) i;
	SET maintenance_work_mem = '1MB';
	VACUUM kinds;
	INSERT INTO kinds SELECT i, ARRAY[i + 0.5, i % 7, i % 11]::vector, to_tsvector('simple', 'w' || i % 9) FROM generate_series(1, 10) i;));
(undef, undef, $said) = $node->psql('postgres', 'VACUUM (VERBOSE, INDEX_CLEANUP on) kinds');
is_deeply({ $said =~ /index "kinds_(\w+)": .*\n(?:INFO:  )?DETAIL:  .*not up to date in the ([a-z ]+)/g },
	{ attribute => 'sorted lists and the row map', compact => 'sorted lists', words => 'posting lists' },
	'VACUUM VERBOSE names the lists that an index has');
$node->safe_psql('postgres', 'INSERT INTO said SELECT id, ARRAY[id, 0.25, 0.75]::vector FROM said');
(undef, undef, $said) = $node->psql('postgres', 'VACUUM (VERBOSE, INDEX_CLEANUP on) said');
like($said, qr/index "said_idx": .*\n(?:INFO:  )?DETAIL:  Recall was measured again\./,
	'VACUUM VERBOSE tells of a new calibration');

# A snapshot of more than five seconds is too old for what vacuum has changed since
if ($node->safe_psql('postgres', 'SHOW server_version_num') < 170000)
{
	$node->append_conf('postgresql.conf', 'old_snapshot_threshold = 0');
	$node->restart;
	$node->safe_psql('postgres', q(
		CREATE TABLE long (id int, v vector(600));
		CREATE INDEX long_idx ON long USING hnsw (v vector_l2_ops);
		INSERT INTO said SELECT id FROM said LIMIT 100;
		DELETE FROM said WHERE ctid IN (SELECT min(ctid) FROM said GROUP BY v IS NULL)));
	my %sessions = map { $_ => open_session($node) } "ORDER BY v <-> '[1,1,1]' LIMIT 1",
	  "WHERE v IS NULL ORDER BY v <-> '[1,1,1]'", 'ORDER BY v <-> NULL';
	my $writer = open_session($node);

	ask($_, 'SET enable_seqscan = off; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;')
	  foreach $writer, values %sessions;
	sleep(6);
	$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP on) said');
	foreach my $what (sort keys %sessions)
	{
		ask($sessions{$what}, "SELECT id FROM said $what;");
		like($sessions{$what}->{err}, qr/^ERROR:  snapshot too old$/m, "$what: a snapshot is too old");
		close_session($sessions{$what});
	}

	# but not to insert: neither to note where a vector lies out of line, nor to make codes and graph of the rows
	ask($writer, q(INSERT INTO long SELECT i, (SELECT array_agg(hashint8extended(i, j) / 1e18)
		FROM generate_series(1, 600) j) FROM generate_series(1, 1200) i; COMMIT;));
	is($writer->{err}, '', 'rows are inserted with an old snapshot');
	is($node->safe_psql('postgres', q(SELECT rows, pending FROM lokivector_index_info('long_idx'))), '1200|0',
		'which may be those that bring codes and a graph');
	close_session($writer);
}
$node->stop;
done_testing();
