# SPDX-License-Identifier: PostgreSQL
# An index that is created on an empty table: its rows are pending until there are
# enough of them for codes and a graph, which an insert makes.

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run qw(start finish);
use LokiTest;

my $dim = 64;
my $node = loki_node('main', allows_streaming => 1);
$node->append_conf('postgresql.conf', "lokivector.pending_nodes = 0\n");
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

sub pending
{
	my ($server) = @_;

	return ($server // $node)->safe_psql('postgres',
		q(SELECT pending FROM lokivector_index_info('items_idx')));
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

# A cursor that was opened before, and goes on after codes were made
my $session = open_session($node);

$node->safe_psql('postgres', 'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(1, 1000) n');
is(pending(), '1024', 'rows are pending');
is(recall_at(10), '1', 'and a search finds the nearest of them');
ask($session, 'SET enable_seqscan = off;');
ask($session, 'BEGIN; DECLARE cur CURSOR FOR SELECT id FROM items ORDER BY v <-> item(1);');
my %ids = map { $_ => 1 } split(/\n/, ask($session, 'FETCH 5 FROM cur;'));
is(scalar(keys %ids), 5, 'a cursor is open');
ask($session, 'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(1001, 1100) n;');
$ids{$_}++ foreach split(/\n/, ask($session, 'FETCH ALL FROM cur;'));
is(ask($session, 'SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(1)) s;'), '1100',
	'all rows are found in the transaction');
ask($session, 'COMMIT;');
is($session->{err}, '', 'no error of the session');
close_session($session);
is(join(' ', sort { $a <=> $b } keys %ids), join(' ', 1 .. 1000),
	'a cursor returns all rows of before');
is(scalar(grep { $_ != 1 } values %ids), 0, 'and each once');
is(pending(), '0', 'there are codes');
check_index($node, 'check after they were made');

$node->safe_psql('postgres', 'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(1101, 3000) n');
my $first = recall_at(40);
is(found($node, 1000), '0', 'rows are found by their own vectors');
check_index($node, 'check of an index made before its rows');
$node->safe_psql('postgres', 'REINDEX INDEX items_idx');
my $after = recall_at(40);
cmp_ok($first, '>=', $after - 0.03, "recall is that of a built index ($first, $after)");

# Rows that nobody sees are of no use, and may be many
$node->safe_psql('postgres', q(TRUNCATE items; INSERT INTO items VALUES (0, item(0), 1);));
my $script = "$PostgreSQL::Test::Utils::tmp_check/queue.sql";
append_to_file($script, q(UPDATE items SET v = item(-c), c = c + 1 WHERE id = 0;));
$node->command_ok([ 'pgbench', '--no-vacuum', '--transactions=1200', "--file=$script",
		'--host=' . $node->host, '--port=' . $node->port, 'postgres' ], 'a row is updated often');
is(pending(), '2048', 'codes wait for more rows');
is(found($node, 1), '0', 'the row is found');
check_index($node, 'check with many dead rows');
$node->safe_psql('postgres', 'VACUUM items');
$node->safe_psql('postgres', 'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(1, 2100) n');
is(pending(), '0', 'they come with them');
is(found($node, 2101), '0', 'rows are found');
check_index($node, 'check after that');

# Several clients fill an empty index, others query it
$node->safe_psql('postgres', q(TRUNCATE items; CREATE SEQUENCE ids;
	SET lokivector.pending_nodes = 150; REINDEX INDEX items_idx;));
$script = "$PostgreSQL::Test::Utils::tmp_check/fill.sql";
append_to_file($script, q(
INSERT INTO items SELECT n, item(n), 1 FROM (SELECT nextval('ids')::integer AS n) s;
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(7) LIMIT 20) s;
));
$node->command_ok([ 'pgbench', '--no-vacuum', '--client=6', '--transactions=100',
		"--file=$script", '--host=' . $node->host, '--port=' . $node->port, 'postgres' ],
	'clients fill an empty index');
is($node->safe_psql('postgres', 'SELECT count(*) FROM items'), '600', 'with all rows');
is(pending(), '0', 'which gets codes');
is($node->safe_psql('postgres', q(SELECT builds FROM lokivector_stat_indexes WHERE indexrelname = 'items_idx')) >= 1, 1,
	'and that is counted');
is(found($node, 600), '0', 'and finds them');
check_index($node, 'check of what clients filled');
$node->wait_for_catchup($standby);
is(pending($standby), '0', 'a standby has the codes');
is(found($standby, 600), '0', 'and finds the rows');
check_index($standby, 'check on the standby');

# Inserts, and vacuums that have marked nodes when codes are made
$node->safe_psql('postgres', q(
	SET lokivector.pending_nodes = 400;
	CREATE TABLE busy (id serial, v vector(64), a integer);
	CREATE INDEX busy_idx ON busy USING hnsw (v vector_l2_ops, a);));
my $inserts = "$PostgreSQL::Test::Utils::tmp_check/busy.sql";
append_to_file($inserts, q(
\set n random(1, 1000000)
INSERT INTO busy (v, a) SELECT item(:n + i), i FROM generate_series(1, 5) i;
DELETE FROM busy WHERE id % 5 = 0 AND id < currval('busy_id_seq') - 5;
));
my $vacuums = "$PostgreSQL::Test::Utils::tmp_check/vacuum.sql";
append_to_file($vacuums, "VACUUM busy;\n");
foreach my $round (1 .. 3)
{
	my $vacuum = start([ 'pgbench', '--no-vacuum', '--time=4', "--file=$vacuums", '--host=' . $node->host,
			'--port=' . $node->port, 'postgres' ], '>', \my $o, '2>', \my $e);
	$node->command_ok([ 'pgbench', '--no-vacuum', '--client=3', '--transactions=60', "--file=$inserts",
			'--host=' . $node->host, '--port=' . $node->port, 'postgres' ], "inserts beside vacuums, round $round");
	finish $vacuum;
	is($node->safe_psql('postgres', q(SELECT lokivector_check('busy_idx', true))), 'sound', '... leave a sound index');
	is($node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SELECT count(*) FROM busy a, LATERAL (SELECT v <-> a.v AS d FROM busy ORDER BY v <-> a.v LIMIT 1) b WHERE d > 0)),
		'0', '... which finds each row');
	$node->safe_psql('postgres', q(TRUNCATE busy; SET lokivector.pending_nodes = 400; REINDEX INDEX busy_idx;));
}

# An insert that is cancelled in the midst of it, and one after it
$node->safe_psql('postgres', q(
	CREATE FUNCTION slow(v vector) RETURNS vector(64) AS $$
	BEGIN
		IF current_setting('test.slow', true) = 'yes' THEN
			PERFORM pg_sleep(0.002);
		END IF;
		RETURN v;
	END $$ LANGUAGE plpgsql IMMUTABLE;
	SET lokivector.pending_nodes = 300;
	CREATE TABLE cancelled (id integer, v vector(64));
	CREATE INDEX cancelled_idx ON cancelled USING hnsw ((slow(v)::vector(64)) vector_l2_ops);
	INSERT INTO cancelled SELECT n, item(n) FROM generate_series(1, 299) n;));
my ($result, $out, $err) = $node->psql('postgres', q(
	SET test.slow = 'yes';
	SET statement_timeout = '300ms';
	INSERT INTO cancelled VALUES (300, item(300));));
like($err, qr/canceling statement due to statement timeout/, 'an insert is cancelled while it makes codes');
is($node->safe_psql('postgres', q(SELECT pending, lokivector_check('cancelled_idx', true)
		FROM lokivector_index_info('cancelled_idx'))), '300|sound', '... and rows are still pending');
is($node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		INSERT INTO cancelled VALUES (301, item(301));
		SELECT pending FROM lokivector_index_info('cancelled_idx'))), '0', 'the next insert makes them');
is($node->safe_psql('postgres', q(SELECT lokivector_check('cancelled_idx', true))), 'sound', 'check of these');

# Servers that crash at any time
my $lost = 0;
foreach my $attempt (1 .. 6)
{
	$node->safe_psql('postgres', qq(
		SET lokivector.pending_nodes = 200;
		DROP TABLE IF EXISTS long;
		CREATE TABLE long (id integer, v vector(2000));
		CREATE INDEX long_idx ON long USING hnsw (v vector_l2_ops);
		INSERT INTO long SELECT n, (SELECT array_agg(3 + hashint8extended(n, i)::float8
			/ 9223372036854775807)::vector FROM generate_series(1, 2000) i)
		FROM generate_series(1, 199) n;));
	my $run = start([ 'psql', '-XqAt', '-h', $node->host, '-p', $node->port, 'postgres', '-c', q(
		INSERT INTO long SELECT 200, (SELECT array_agg(3 + i * 0.001)::vector
			FROM generate_series(1, 2000) i);) ], '>', \my $o, '2>', \my $e);
	select(undef, undef, undef, 0.02 * $attempt);
	$node->stop('immediate');
	finish $run;
	$node->start;
	my $count = q(
		SET enable_seqscan = off;
		SELECT count(*) FILTER (WHERE distance > 0) FROM (SELECT v FROM long) a, LATERAL (
			SELECT v <-> a.v AS distance FROM long ORDER BY v <-> a.v LIMIT 1) b);
	$lost += $node->safe_psql('postgres', $count);
	$node->safe_psql('postgres', q(SELECT lokivector_check('long_idx', true)));
	$node->safe_psql('postgres', q(INSERT INTO long SELECT 201, (SELECT array_agg(3 - i * 0.001)::vector
			FROM generate_series(1, 2000) i)));
	$lost += $node->safe_psql('postgres', $count);
	$lost += $node->safe_psql('postgres', q(SELECT pending FROM lokivector_index_info('long_idx')));
	$node->safe_psql('postgres', q(SELECT lokivector_check('long_idx', true)));
}
is($lost, '0', 'rows are found after crashes, and the next insert makes codes');

$standby->stop;
$node->stop;
done_testing();
