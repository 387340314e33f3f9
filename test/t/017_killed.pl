# SPDX-License-Identifier: PostgreSQL
# Rows that a scan saw dead to all are remembered in the index, and only those.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main', allows_streaming => 1);
$node->append_conf('postgresql.conf', "wal_log_hints = on\n");
$node->start;
create_items($node, 16);
# Pages that are not full are not pruned, for which a standby's snapshots would
# have to be cancelled
$node->safe_psql('postgres', 'ALTER TABLE items SET (fillfactor = 50)');
$node->safe_psql('postgres',
	'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(1, 2000) n');
my $standby = loki_standby($node, "hot_standby_feedback = off\n");
$node->wait_for_catchup($standby);

sub killed
{
	return $node->safe_psql('postgres', q(
		SELECT killed FROM lokivector_index_info('items_idx')));
}

# Heap rows that a query for the nearest ten reads
sub fetches
{
	my ($server, $n) = @_;

	return $server->safe_psql('postgres', qq(
		SET enable_seqscan = off;
		SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item($n) LIMIT 10) s \\gset
		SELECT heap_fetches FROM lokivector_scan_stats()));
}

my $session;

# The rows around the first, of which all but each tenth go
my $near = 'SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(1) LIMIT 200) s;';
my $delete = 'DELETE FROM items WHERE id % 10 <> 0';

# A snapshot to which they live
$session = open_session($node);
ask($session, "SET enable_seqscan = off;\nBEGIN ISOLATION LEVEL REPEATABLE READ;");
is(ask($session, $near), '200', 'a session sees rows');
$node->safe_psql('postgres', $delete);
fetches($node, 1);
is(killed(), '0', 'rows that someone sees are not marked');
is(ask($session, $near), '200', 'they are still seen');
ask($session, 'COMMIT;');
close_session($session);

my $before = fetches($node, 1);
cmp_ok(killed(), '>', 0, 'rows dead to all are marked');
cmp_ok(fetches($node, 1), '<', $before, 'and not looked at again');
$node->safe_psql('postgres', "SET enable_seqscan = off; $near");
is($node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SELECT count(*), bool_and(id % 10 = 0) FROM (
			SELECT id FROM items ORDER BY v <-> item(1) LIMIT 200) s)),
	'200|t', 'queries return live rows');
check_index($node, 'check with marked rows');

# Of all, found by a scan of everything
is(rows_by_index($node), '200 200', 'all rows are returned once');
is(killed(), '1800', 'a scan of all marks all');
my $none = $node->safe_psql('postgres', q(
	SET enable_seqscan = off;
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(1)) s \gset
	SELECT heap_fetches FROM lokivector_scan_stats()));
is($none, '200', 'after that a scan of all reads the live rows alone');
check_index($node, 'check with all dead rows marked');

# Vacuum and new rows in their places, which no mark may hide
$node->safe_psql('postgres', 'VACUUM items');
is(killed(), '0', 'vacuum removes what is marked');
$node->safe_psql('postgres',
	'INSERT INTO items SELECT n, item(n), 2 FROM generate_series(3001, 4800) n');
is(rows_by_index($node), '2000 2000', 'rows in their places are found');
is(killed(), '0', 'and not marked');
check_index($node, 'check after slots were reused');
is(lost_rows($node, 400), 0, 'rows found by their own vectors');

# Two rows by whose values a score cannot be bounded: an attribute of one, and the end of a btree of the other
$node->safe_psql('postgres', q(
	CREATE TABLE ranked (id integer PRIMARY KEY, v vector(16), c integer NOT NULL, d integer NOT NULL) WITH (fillfactor = 50);
	INSERT INTO ranked SELECT n, item(n), n % 7, n % 5 FROM generate_series(1, 8000) n;
	INSERT INTO ranked VALUES (8001, item(1), 1000000000, 0), (8002, item(2), 0, 1000000000);
	CREATE INDEX ranked_idx ON ranked USING hnsw (v vector_l2_ops, c);
	CREATE INDEX ranked_d ON ranked (d);
	ANALYZE ranked));
my $ranked = "SELECT string_agg(id::text, ' ') FROM (SELECT id FROM ranked ORDER BY (v <-> item(1)) - c - d, id LIMIT 2) s";

# The best rows by a score, and whether it was bounded
sub best
{
	my ($server) = @_;

	return $server->safe_psql('postgres', qq(
		SET enable_seqscan = off;
		SET enable_sort = off;
		$ranked \\gset
		SELECT :'string_agg' || ' ' || (rows < 1000) FROM lokivector_scan_stats()));
}
is(best($node), '8001 8002 false', 'nothing bounds the score');

# Marks come to the standby with page images; a snapshot there may see the rows
$node->wait_for_catchup($standby);
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = -1\n");
$standby->reload;
$session = open_session($standby);
ask($session, "SET enable_seqscan = off;\nBEGIN ISOLATION LEVEL REPEATABLE READ;");
my $all = 'SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(1)) s';
is(ask($session, "$all;"), '2000', 'a standby sees rows');
is(ask($session, "SET enable_sort = off; $ranked;"), '8001 8002', 'and the best by the score');
$node->safe_psql('postgres', 'ALTER TABLE items SET (fillfactor = 100)');
$node->safe_psql('postgres', 'DELETE FROM items WHERE c = 2');
$node->safe_psql('postgres', 'DELETE FROM ranked WHERE id > 8000');
$node->safe_psql('postgres', 'CHECKPOINT');
is(rows_by_index($node), '200 200', 'rows were deleted');
is(killed(), '1800', 'and marked');
my $bounded = best($node);
like($bounded, qr/^\d+ \d+ true$/, 'rows that were deleted bound no score');
is(best($node), $bounded, 'and once more');
is($node->safe_psql('postgres', q(SELECT killed > 0 FROM lokivector_index_info('ranked_idx'))), 't',
	'and are marked');
$node->safe_psql('postgres', 'INSERT INTO items VALUES (5000, item(5000), 3)');
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', q(SELECT killed > 0 FROM lokivector_index_info('items_idx'))),
	't', 'marks are on the standby');
is(ask($session, "$all;"), '2000', 'which does not trust them');
is(ask($session, "$ranked;"), '8001 8002', 'nor for the bounds of a score');
is(best($standby), $bounded, 'which a new snapshot there has');
is(ask($session, q(SELECT lokivector_check('items_idx', true);)), 'sound', 'check on the standby');
is($session->{err}, '', 'no error there');
is(rows_by_index($standby), '201 201', 'a new snapshot sees what is left');
ask($session, 'COMMIT;');
close_session($session);

# A server that was promoted does
$standby->promote;
is(rows_by_index($standby), '201 201', 'a promoted server returns the live rows');
is($standby->safe_psql('postgres', q(SELECT lokivector_check('items_idx', true))), 'sound',
	'check of a promoted server');

# Versions of a row that share a node
$node->safe_psql('postgres', q(
	CREATE TABLE versions (id integer PRIMARY KEY, v vector(16), n integer);
	CREATE INDEX versions_n ON versions (n);
	INSERT INTO versions SELECT n, item(n), 0 FROM generate_series(1, 200) n;
	CREATE INDEX versions_idx ON versions USING hnsw (v vector_l2_ops);));
$node->safe_psql('postgres', 'UPDATE versions SET n = n + 1') foreach (1 .. 5);

# Rows that a scan of all returns
sub versions
{
	return $node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SELECT count(*) || ' ' || count(DISTINCT id) FROM (
			SELECT id FROM versions ORDER BY v <-> item(1)) s));
}

sub marked
{
	return $node->safe_psql('postgres', q(
		SELECT nodes - free || ' ' || killed FROM lokivector_index_info('versions_idx')));
}

is(versions(), '200 200', 'versions of rows are read');
is(marked(), '200 1000', 'they share nodes, and the old ones are marked');
is(versions(), '200 200', 'marked ones are passed over');
$node->safe_psql('postgres', 'UPDATE versions SET n = n + 1');
is(versions(), '200 200', 'a further version');
is(marked(), '200 1200', 'one more is marked');
$node->safe_psql('postgres', q(SELECT lokivector_check('versions_idx', true)));
$node->safe_psql('postgres', 'DELETE FROM versions WHERE id > 100');
is(versions(), '100 100', 'nodes whose versions are all dead');
is(marked(), '200 1300', 'all of these are marked');
$node->safe_psql('postgres',
	'INSERT INTO versions SELECT n, item(n), 0 FROM generate_series(101, 200) n');
is(versions(), '200 200', 'new rows join nodes of marked ones');
$node->safe_psql('postgres', 'VACUUM versions');
is(versions(), '200 200', 'after vacuum');
is(marked(), '200 0', 'which takes the marked ones away');
$node->safe_psql('postgres', q(SELECT lokivector_check('versions_idx', true)));

# A hot row has a node for each version, as the application writes an attribute at each read.  Those that a snapshot
# does not see lead on but take no place, marked or not: a search looks at few nodes more, and finds the same rows.
$node->safe_psql('postgres', q(
	CREATE TABLE hot (id integer PRIMARY KEY, v vector(16), seen integer);
	INSERT INTO hot SELECT n, item(n), 0 FROM generate_series(1, 4000) n;
	CREATE INDEX hot_idx ON hot USING hnsw (v vector_l2_ops, seen);
	CREATE PROCEDURE read(times integer) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. times LOOP
			UPDATE hot SET seen = seen + 1
				WHERE id IN (SELECT id FROM hot ORDER BY v <-> item(77) LIMIT 5);
			COMMIT;
		END LOOP;
	END $$;));

# The rows of a search of `$where`, and the nodes that it looks at
sub search
{
	my ($of, $where) = @_;
	my $answer = ask($of, qq(
		SELECT id FROM hot WHERE $where ORDER BY v <-> item(77) LIMIT 5;
		SELECT nodes_scored FROM lokivector_scan_stats();));

	$answer =~ s/\s+/ /g;
	return $answer =~ /^(.*) (\d+)$/;
}

my @wheres = ('true', 'seen >= 0');
$session = open_session($node);
ask($session, 'SET enable_seqscan = off; SET enable_sort = off;');
my %fresh = map { $_ => [ search($session, $_) ] } @wheres;
$node->safe_psql('postgres', 'CALL read(60)');
foreach my $when ('for the first time', 'again', 'by an old snapshot')
{
	if ($when eq 'by an old snapshot')
	{
		ask($session, 'BEGIN ISOLATION LEVEL REPEATABLE READ;');
		search($session, 'true');
		$node->safe_psql('postgres', 'CALL read(60)');
	}
	foreach my $where (@wheres)
	{
		my ($rows, $scored) = search($session, $where);

		is($rows, $fresh{$where}[0], "$when, $where: the rows of before");
		cmp_ok($scored, '<', $fresh{$where}[1] + 1500, "$when, $where: few nodes more");
		note("$when, $where: $fresh{$where}[1] nodes before, $scored now");
		next if $when ne 'again';
		ask($session, "SELECT id FROM hot WHERE $where ORDER BY v <-> item(77) LIMIT 5;");
		cmp_ok(ask($session, 'SELECT heap_fetches FROM lokivector_scan_stats();'), '<', 20,
			"$when, $where: marks tell which have none, without a read of the table");
	}
}
ask($session, 'COMMIT;');

# Searches choose what is read and updated, at ten places, first without an old snapshot and then under one: none of
# the rows around them is hidden by versions of the others
$node->safe_psql('postgres', q(
	CREATE TABLE places AS SELECT unnest('{77,500,911,1300,1717,2100,2555,2999,3333,3801}'::int[]) AS q;
	CREATE TABLE nearest AS SELECT q, id FROM places,
		LATERAL (SELECT id FROM hot ORDER BY (v <-> item(q))::text::float8 LIMIT 5) s;
	CREATE PROCEDURE read_all(times integer) LANGUAGE plpgsql AS $$
	DECLARE
		n integer;
	BEGIN
		FOR n IN SELECT q FROM places LOOP
			FOR i IN 1 .. times LOOP
				EXECUTE format('UPDATE hot SET seen = seen + 1
					WHERE id IN (SELECT id FROM hot ORDER BY v <-> item(%s) LIMIT 5)', n);
				COMMIT;
			END LOOP;
		END LOOP;
	END $$));
$node->safe_psql('postgres', 'CALL read_all(50)');
ask($session, "BEGIN ISOLATION LEVEL REPEATABLE READ;\nSELECT 1;");
$node->safe_psql('postgres', 'CALL read_all(30)');
my $found = q(SET enable_seqscan = off; SET enable_sort = off;
	SELECT count(*) FROM nearest n WHERE id IN (SELECT id FROM hot ORDER BY v <-> item(n.q) LIMIT 5));
cmp_ok($node->safe_psql('postgres', $found), '>=', 47, 'rows are found among versions that a snapshot holds');
ask($session, 'COMMIT;');
close_session($session);
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) hot');
cmp_ok($node->safe_psql('postgres', $found), '>=', 49, 'and after vacuum');

# Versions that share a node, in which none is left that a snapshot sees: such nodes take no place either.  Sixty
# clusters of 120 are read once and deleted.
$node->safe_psql('postgres', q(
	CREATE FUNCTION far(n integer) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
		SELECT array_agg((hashint8extended(n % 120, i) + .7 * hashint8extended(n, i + 1000))::float8 /
			9223372036854775807 ORDER BY i)::vector FROM generate_series(1, 128) i $$;
	CREATE TABLE lists (id integer PRIMARY KEY, v vector(128), n integer);
	INSERT INTO lists SELECT n, far(n), 0 FROM generate_series(1, 12000) n;
	CREATE INDEX lists_n ON lists (n);
	CREATE INDEX lists_idx ON lists USING hnsw (v vector_l2_ops);));

# Rows that searches for one and for ten find of the nearest, of 60 queries each
sub found
{
	my $exact = 'SET LOCAL enable_indexscan = off; SET LOCAL lokivector.enable_hybrid_scan = off;';
	my $answer = $node->safe_psql('postgres', join('', map {
		my $query = $_;
		map { qq(BEGIN; SELECT array_agg(id) AS ids FROM
			(SELECT id FROM lists ORDER BY v <-> far($query) LIMIT $_) s \\gset
			$exact SELECT count(*) FROM (SELECT id FROM lists ORDER BY v <-> far($query) LIMIT $_) s
			WHERE id = ANY (:'ids'); COMMIT;\n) } (1, 10) } 120 .. 179));
	my ($found, $i) = ([0, 0], 0);

	$found->[$i++ % 2] += $_ foreach (split /\n/, $answer);
	return @$found;
}

$node->safe_psql('postgres', 'UPDATE lists SET n = 1 WHERE id % 120 < 60');
$node->safe_psql('postgres', 'DELETE FROM lists WHERE n = 1');
my @lists = found();
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP ON) lists');
my @vacuumed = found();
note("lists: found @lists of 60 and 600, after vacuum @vacuumed");
cmp_ok($lists[0], '>=', $vacuumed[0] - 1, 'dead lists: the nearest is found as after vacuum');
cmp_ok($lists[1], '>=', $vacuumed[1] - 6, 'dead lists: the nearest ten are, too');

$standby->stop;
$node->stop;
done_testing();
