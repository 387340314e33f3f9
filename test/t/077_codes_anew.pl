# SPDX-License-Identifier: PostgreSQL
# Codes that VACUUM makes anew, while rows come and others search, and whatever ends it.
#
# The index is on an expression that waits for a lock at two rows, which VACUUM reads: at one before it writes
# anything, and at the other, which comes then, when it has written all but the metapage.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use LokiTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = loki_node('main', allows_streaming => 1);
$node->append_conf('postgresql.conf', "autovacuum = off\nwal_consistency_checking = 'generic'\nlokivector.pending_nodes = 1024");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION lokivector');
create_waits($node);
$node->safe_psql('postgres', q(
CREATE FUNCTION row_of(n int) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
	SELECT array_agg(CASE WHEN n % 3 = 0 THEN sin(d * 2.1) + 0.003 * x ELSE x END)::vector
	FROM (SELECT d, abs(hashint8extended(n, d) % 100000) / 50000.0 - 1 AS x FROM generate_series(1, 64) d) s
$$;
CREATE TABLE items (id int PRIMARY KEY, tenant int, v vector(64));
CREATE INDEX items_idx ON items USING hnsw (((CASE WHEN id = 1501 AND waits(id - 1500) OR id = 30000 AND waits(id - 29998) THEN NULL ELSE v END)::vector(64)) vector_l2_ops, tenant);
CREATE PROCEDURE add(first int, last int, every int) LANGUAGE sql AS $$
	INSERT INTO items SELECT n, n % 5, row_of(n) FROM generate_series(first, last) n WHERE n % 3 = every
$$;
CALL add(1, 2400, 1);
CALL add(1, 2400, 2);
CALL add(1, 2400, 0);
CREATE TABLE queries AS SELECT n, row_of(3 * n + 30000) AS q FROM generate_series(1, 30) n;
CREATE VIEW state AS SELECT centers > 0 AND crowded < 0.03 AS anew FROM lokivector_index_info('items_idx');
));

my $order = '(CASE WHEN id = 1501 AND waits(id - 1500) OR id = 30000 AND waits(id - 29998) THEN NULL ELSE v END)::vector(64) <-> ';

# Of the ten nearest rows of each query, and of each tenant's, so many are not found; and rows not found by themselves
sub missed
{
	my ($server) = @_;

	return $server->safe_psql('postgres', qq(SET enable_seqscan = off;
		SELECT (SELECT count(*) FROM queries, LATERAL (SELECT id, v <-> q AS d FROM (SELECT * FROM items OFFSET 0) s ORDER BY d LIMIT 10) e
			WHERE id NOT IN (SELECT id FROM items ORDER BY $order q LIMIT 10)) > 30,
			(SELECT count(*) FROM queries, generate_series(0, 4) t, LATERAL (SELECT id, v <-> q AS d FROM (SELECT * FROM items WHERE tenant = t OFFSET 0) s ORDER BY d LIMIT 3) e
			WHERE id NOT IN (SELECT id FROM items WHERE tenant = t ORDER BY $order q LIMIT 3)) > 45,
			(SELECT count(*) FROM items a WHERE id % 7 = 0 AND id <> (SELECT id FROM items b WHERE tenant >= 0 ORDER BY $order a.v LIMIT 1)) > 0));
}

sub is_anew
{
	my ($server, $is, $name) = @_;

	is($server->safe_psql('postgres', 'SELECT anew FROM state'), $is, "$name: codes");
	# with the table it would wait for the same lock as VACUUM
	is($server->safe_psql('postgres', sprintf(q(SELECT lokivector_check('items_idx', %s)), $name eq 'in the midst' ? 'false' : 'true')),
		'sound', "$name: check");
	return;
}

# A VACUUM that waits at the first row
sub begin_vacuum
{
	my ($table) = @_;
	my $holder = open_session($node);
	my $vacuum = open_session($node);

	ask($holder, 'SELECT pg_advisory_lock(1);');
	$vacuum->{in} .= "SET client_min_messages = debug1; SET deadlock_timeout = 1; VACUUM $table;\n\\echo over\n";
	$vacuum->{run}->pump_nb;
	waits_for(1);
	return ($holder, $vacuum);
}

sub waits_for
{
	my ($lock) = @_;

	$node->poll_query_until('postgres', qq(SELECT count(*) = 1 FROM pg_stat_activity a JOIN pg_locks USING (pid)
		WHERE query LIKE 'VACUUM%' AND wait_event = 'advisory' AND locktype = 'advisory' AND objid = $lock AND NOT granted))
	  or die "VACUUM does not wait for lock $lock";
	return;
}

# Let it go on to the second row, which comes now, with others
my $last = 2400;

sub write_all
{
	my ($holder) = @_;

	$node->safe_psql('postgres', sprintf('INSERT INTO items VALUES (30000, 0, row_of(30000)) ON CONFLICT DO NOTHING; CALL add(%d, %d, 0)',
		$last + 1, $last + 90));
	$last += 90;
	ask($holder, 'SELECT pg_advisory_lock(2); SELECT pg_advisory_unlock(1);');
	waits_for(2);
	# more, which it has not seen
	$node->safe_psql('postgres', sprintf('CALL add(%d, %d, 0); CALL add(%d, %d, 1)', $last + 1, $last + 60, $last + 1, $last + 60));
	$last += 60;
	return;
}

is_anew($node, 'f', 'before');

# Canceled
my ($holder, $vacuum) = begin_vacuum('items');
write_all($holder);
is_anew($node, 'f', 'in the midst');
$node->safe_psql('postgres', q(SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'VACUUM%'));
$vacuum->{run}->pump until $vacuum->{out} =~ /over/;
like($vacuum->{err}, qr/canceling statement/, 'VACUUM is canceled');
close_session($_) foreach ($holder, $vacuum);
$node->safe_psql('postgres', 'DELETE FROM items WHERE id = 30000');
is_anew($node, 'f', 'after a cancel');

# Rows that are deleted and come again meanwhile get nodes of their own, as the codes of those that had no row to be
# read are made up.  Inserts are kept out by turns for more rows than can be linked in half of deadlock_timeout.
$node->safe_psql('postgres', q(
	CREATE TABLE again (LIKE items);
	CREATE INDEX again_idx ON again USING hnsw (((CASE WHEN id = 1501 AND waits(id - 1500) OR id = 30000 AND waits(id - 29998) THEN NULL ELSE v END)::vector(64)) vector_l2_ops);
	INSERT INTO again SELECT * FROM items ORDER BY id % 3 = 0));
($holder, $vacuum) = begin_vacuum('again');
$node->safe_psql('postgres', q(DELETE FROM again WHERE id % 10 = 2));
# it prunes
$node->safe_psql('postgres', q(SELECT count(*) FROM again));
$node->safe_psql('postgres', q(INSERT INTO again SELECT n, 0, row_of(n) FROM generate_series(30000, 31300) n));
ask($holder, 'SELECT pg_advisory_lock(2); SELECT pg_advisory_unlock(1);');
waits_for(2);
$node->safe_psql('postgres', q(INSERT INTO again SELECT * FROM items WHERE id % 10 = 2; INSERT INTO again SELECT n, 0, row_of(n) FROM generate_series(31301, 32000) n));
close_session($holder);
$vacuum->{run}->pump until $vacuum->{out} =~ /over/;
unlike($vacuum->{err}, qr/ERROR|WARNING/, 'VACUUM comes to its end');
like($vacuum->{err}, qr/DEBUG: +(\d+) of (?!\1 )\d+ nodes that came/, 'inserts are kept out by turns');
close_session($vacuum);
is($node->safe_psql('postgres', q(SELECT centers > 0, lokivector_check('again_idx', true) FROM lokivector_index_info('again_idx'))), 't|sound',
	'rows that were deleted and came again');
is($node->safe_psql('postgres', q(UPDATE again SET tenant = 1; SELECT lokivector_check('again_idx', true))), 'sound', '... and were updated');

# A row joins a node in the instant before the node's hash is cleared, as its other row, which is dead, has another vector
# for VACUUM.  It gets its codes, and further rows join it.
my $joined_value = q((CASE WHEN id = 40000 AND (waits(id - 39997) OR setting(left('test.hides', id), true) = 'on') THEN NULL ELSE v END)::vector(64));
$node->safe_psql('postgres', qq(
	CREATE FUNCTION setting(text, boolean) RETURNS text LANGUAGE internal IMMUTABLE AS 'show_config_by_name_missing_ok';
	CREATE TABLE joined (LIKE items) WITH (fillfactor = 50);
	CREATE INDEX joined_idx ON joined USING hnsw (($joined_value) vector_l2_ops);
	INSERT INTO joined VALUES (40000, 0, row_of(40001));
	INSERT INTO joined SELECT * FROM items WHERE id <= 2400 ORDER BY id % 3 = 0;
	DELETE FROM joined WHERE id = 40000));
# VACUUM leaves the dead row, as the page is pinned
my $pins = open_session($node);
ask($pins, 'BEGIN; DECLARE c CURSOR FOR SELECT id FROM joined; FETCH 1 FROM c;');
$holder = open_session($node);
ask($holder, 'SELECT pg_advisory_lock(3);');
$vacuum = open_session($node);
$vacuum->{in} .= "SET test.hides = on; VACUUM joined;\n\\echo over\n";
$vacuum->{run}->pump_nb;
waits_for(3);
$node->safe_psql('postgres', 'INSERT INTO joined VALUES (40001, 0, row_of(40001))');
close_session($_) foreach ($holder, $pins);
$vacuum->{run}->pump until $vacuum->{out} =~ /over/;
close_session($vacuum);
is($node->safe_psql('postgres', qq(SET enable_seqscan = off; INSERT INTO joined VALUES (40002, 0, row_of(40001));
	SELECT centers > 0, nodes, rows, (SELECT id > 40000 FROM joined ORDER BY $joined_value <-> row_of(40001) LIMIT 1),
	lokivector_check('joined_idx', true) FROM lokivector_index_info('joined_idx'))), 't|2401|2403|t|sound', 'a row that joined a node while codes were made');

# Versions of rows that the index does not have, as they were HOT before it was made: codes are not made of them, neither
# anew nor first ones, whether somebody sees them or not
$node->safe_psql('postgres', q(
	CREATE TABLE versions (id int, v vector(64)) WITH (fillfactor = 40);
	INSERT INTO versions SELECT id + 20000, row_of(id + 100000) FROM items WHERE id % 3 <> 0 ORDER BY id LIMIT 300;
	CREATE TABLE few WITH (fillfactor = 40) AS TABLE versions;
	INSERT INTO versions SELECT id, v FROM items WHERE id % 3 <> 0;
	CREATE TABLE early WITH (fillfactor = 40) AS TABLE versions));
my $reader = open_session($node);
ask($reader, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM versions;');
foreach my $table ('versions', 'few', 'early')
{
	my $maker = open_session($node);

	# its transaction may be older than the versions
	ask($maker, 'BEGIN; SELECT pg_current_xact_id();') if $table eq 'early';
	$node->safe_psql('postgres', "UPDATE $table SET v = row_of(id) WHERE id > 20000");
	ask($maker, "CREATE INDEX ${table}_idx ON $table USING hnsw (v vector_l2_ops); COMMIT;");
	close_session($maker);
	$node->safe_psql('postgres', "INSERT INTO $table SELECT id, v FROM items WHERE id % 3 = 0; INSERT INTO $table SELECT n, row_of(n) FROM generate_series(50001, 50600) n WHERE n % 3 = 0");
	$node->safe_psql('postgres', "VACUUM $table");
	is($node->safe_psql('postgres', "SELECT centers > 0, lokivector_check('${table}_idx', true) FROM lokivector_index_info('${table}_idx')"),
		't|sound', "versions of rows: $table");
	is($node->safe_psql('postgres', qq(SET enable_seqscan = off;
		SELECT count(*) FROM $table a WHERE id > 20000 AND 0 <> (SELECT b.v <-> a.v FROM $table b ORDER BY b.v <-> a.v LIMIT 1))), '0', '... are found');
}

# Nor are such versions read that the index could not have, as its expression raises errors for them, or its predicate
# leaves them out: VACUUM and inserts would fail as long as somebody sees them
foreach my $of ([ 'casts', '' ], [ 'casts_part', ' WHERE id < 60000' ])
{
	my ($table, $where) = @$of;

	$node->safe_psql('postgres', qq(
		CREATE TABLE $table (id int, v vector) WITH (fillfactor = 10);
		INSERT INTO $table SELECT id + 60000, '[1,2,3]' FROM items WHERE id % 3 <> 0 ORDER BY id LIMIT 300;
		INSERT INTO $table SELECT id, v FROM items WHERE id % 3 <> 0 AND '$where' <> '';
		UPDATE $table SET id = id - 40000, v = row_of(id - 40000) WHERE id > 60000;
		CREATE INDEX ${table}_idx ON $table USING hnsw ((v::vector(64)) vector_l2_ops)$where;
		INSERT INTO $table SELECT id, v FROM items WHERE id % 3 <> 0 AND '$where' = ''));
	$node->safe_psql('postgres', "INSERT INTO $table SELECT id, v FROM items WHERE id % 3 = 0; INSERT INTO $table SELECT n, row_of(n) FROM generate_series(50001, 50600) n WHERE n % 3 = 0");
	my ($status, $out, $error) = $node->psql('postgres', "VACUUM $table");
	is($error, '', "versions of rows that no index has: $table");
	is($node->safe_psql('postgres', qq(SET enable_seqscan = off; SELECT centers > 0, lokivector_check('${table}_idx', true),
		(SELECT count(*) FROM $table a WHERE id BETWEEN 20000 AND 50000 AND 0 <> (SELECT b.v::vector(64) <-> a.v FROM $table b$where
		ORDER BY b.v::vector(64) <-> a.v LIMIT 1)) FROM lokivector_index_info('${table}_idx'))), 't|sound|0', '... and the others are found');
}
close_session($reader);

my $standby = loki_standby($node);

# Rows that are dead to everyone here when codes are made, but were not pruned, so that replay waits for nobody: a
# snapshot on the standby sees them.  VACUUM leaves those of a page that a cursor has pinned.
$node->safe_psql('postgres', q(
	CREATE TABLE seen (LIKE items) WITH (fillfactor = 50);
	CREATE INDEX seen_idx ON seen USING hnsw (v vector_l2_ops);
	INSERT INTO seen SELECT * FROM items WHERE id <= 2400 ORDER BY id % 3 = 0;
	CREATE TABLE seen_first (LIKE items) WITH (fillfactor = 50);
	CREATE INDEX ON seen_first USING hnsw (v vector_l2_ops);
	INSERT INTO seen_first SELECT * FROM items WHERE id <= 1000));
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
my $sees = open_session($standby);
$pins = open_session($node);
ask($sees, 'SET enable_seqscan = off; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM seen;');
$node->safe_psql('postgres', q(DELETE FROM seen WHERE ctid IN ('(0,2)', '(0,3)', '(0,4)'); DELETE FROM seen_first WHERE id % 10 = 2));
ask($pins, 'BEGIN; DECLARE c CURSOR FOR SELECT id FROM seen; FETCH 1 FROM c;');
$node->safe_psql('postgres', 'VACUUM seen; INSERT INTO seen_first SELECT * FROM items WHERE id BETWEEN 1001 AND 1100');
close_session($pins);
is($node->safe_psql('postgres', q(SELECT centers > 0 FROM lokivector_index_info('seen_idx'))), 't', 'codes are made while rows are dead');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
foreach ([ 'seen', '3|0', 'codes made anew' ], [ 'seen_first', '100|0', 'first codes' ])
{
	my ($table, $expected, $codes) = @$_;

	is(ask($sees, qq(SELECT count(*), count(*) FILTER (WHERE id IS DISTINCT FROM (SELECT id FROM $table b ORDER BY b.v <-> a.v LIMIT 1))
		FROM $table a WHERE CASE '$table' WHEN 'seen' THEN ctid IN ('(0,2)', '(0,3)', '(0,4)') ELSE id % 10 = 2 END;)),
		$expected, "a snapshot of a standby sees dead rows by $codes");
}
close_session($sees);

# Killed; nothing that was written is named after recovery
($holder, $vacuum) = begin_vacuum('items');
write_all($holder);
$node->stop('immediate');
$_->{run}->kill_kill foreach ($holder, $vacuum);
$node->start;
is_anew($node, 'f', 'after a crash');
$node->safe_psql('postgres', 'DELETE FROM items WHERE id = 30000');

# Made; cursors began before, here and on a standby, and go on to the end by the codes of before
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
my %cursors = (main => open_session($node), standby => open_session($standby));
my %before;
foreach my $name (sort keys %cursors)
{
	$before{$name} = ask($cursors{$name}, qq(SET enable_seqscan = off; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM items;
		DECLARE c CURSOR FOR SELECT id FROM items ORDER BY $order row_of(30003);
		DECLARE f CURSOR FOR SELECT id FROM items WHERE tenant = 2 ORDER BY $order row_of(30003); MOVE 20 FROM c; MOVE 5 FROM f;));
}
($holder, $vacuum) = begin_vacuum('items');
write_all($holder);
close_session($holder);
$vacuum->{run}->pump until $vacuum->{out} =~ /over/;
unlike($vacuum->{err}, qr/ERROR|WARNING/, 'VACUUM comes to its end');
close_session($vacuum);
is_anew($node, 't', 'after VACUUM');
is(missed($node), 'f|f|f', 'rows are found');
# nodes that the codes of before do not have, nor pages for them
$node->safe_psql('postgres', 'CALL add(40000, 49000, 1); CALL add(40000, 49000, 2); VACUUM items');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
foreach my $name (sort keys %cursors)
{
	my $rest = ask($cursors{$name}, 'FETCH ALL FROM c;');

	is(20 + scalar(split /\n/, $rest), $before{$name}, "a cursor of before has all rows: $name");
	$rest = ask($cursors{$name}, 'FETCH ALL FROM f; SELECT -1; SELECT id FROM items WHERE tenant = 2;');
	my ($by_index, $by_table) = split /\n?-1\n/, $rest;

	is(5 + scalar(split /\n/, $by_index), scalar(split /\n/, $by_table), "... and those of a tenant: $name");
	close_session($cursors{$name});
}
is_anew($_, 't', 'after more rows') foreach ($node, $standby);
is(missed($standby), 'f|f|f', 'rows are found on a standby');

# A transaction that has used the codes of before inserts by the new ones; so does a standby that takes over
$standby->promote;
$node->stop('immediate');
$node = $standby;
$node->safe_psql('postgres', sprintf('CALL add(%d, %d, 0); DELETE FROM items WHERE id %% 11 = 3; VACUUM items; CALL add(%d, %d, 2)',
	$last + 1, $last + 300, $last + 1, $last + 300));
is_anew($node, 't', 'after a promotion');
is(missed($node), 'f|f|f', 'rows are found after a promotion');
$node->stop;
done_testing();
