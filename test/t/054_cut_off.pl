# SPDX-License-Identifier: PostgreSQL
# What a standby answers while replay stands in the midst of a change that takes many records,
# as it does when the primary was killed there: codes and a graph that are being made of pending
# rows, a vacuum that has marked dead nodes and not yet repaired the graph, and an insert.
#
# The standby is made from a backup of before, and is told where to stop.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $primary = loki_node('primary', allows_streaming => 1);
$primary->append_conf('postgresql.conf', "wal_keep_size = 1GB\n");
$primary->start;

# Arrays of an index, by their numbers in a page's special space
my ($meta, $tid, $code, $link, $upper) = (0, 2, 3, 4, 7);

# The slot array of each block of an index, as they are on disk
sub arrays_of
{
	my ($index) = @_;

	$primary->safe_psql('postgres', 'CHECKPOINT');
	my $bytes = slurp_file($primary->data_dir . '/' .
		$primary->safe_psql('postgres', "SELECT pg_relation_filepath('$index')"));

	return map { unpack('C', substr($bytes, ($_ + 1) * 8192 - 6, 1)) } 0 .. length($bytes) / 8192 - 1;
}

# The records of an index that a command has written: where each begins, and its arrays
sub records_of
{
	my ($index, $sql) = @_;
	my $begin = $primary->lsn('insert');

	$primary->safe_psql('postgres', $sql);
	my $end = $primary->lsn('insert');
	my ($file) = $primary->safe_psql('postgres', "SELECT pg_relation_filepath('$index')") =~ /(\d+)$/;
	my @arrays = arrays_of($index);
	my ($dump) = run_command([ 'pg_waldump', '-p', $primary->data_dir . '/pg_wal', '-s', $begin, '-e', $end ]);
	my @records;

	foreach my $line (split /\n/, $dump)
	{
		next unless $line =~ m{rmgr: Generic .* lsn: ([0-9A-F]+/[0-9A-F]+), (.*)};
		my ($lsn, $rest) = ($1, $2);
		my %touched;

		while ($rest =~ m{rel \d+/\d+/$file (?:fork \w+ )?blk (\d+)}g)
		{
			$touched{ $arrays[$1] } = 1;
		}
		push @records, { lsn => $lsn, touched => \%touched } if %touched;
	}
	return @records;
}

# A standby from the backup that will stop after a record, and has yet to begin to replay
sub standby_up_to
{
	my ($name, $record) = @_;
	my $standby = PostgreSQL::Test::Cluster->new($name);

	$standby->init_from_backup($primary, $name);
	$standby->set_standby_mode;
	$standby->append_conf('postgresql.conf', qq(
recovery_target_lsn = '$record->{lsn}'
recovery_target_action = pause
max_standby_streaming_delay = -1
wal_retrieve_retry_interval = 100ms
));
	$standby->start;
	return $standby;
}

# Have it replay up to there
sub replay
{
	my ($standby) = @_;

	$standby->append_conf('postgresql.conf', "primary_conninfo = '" . $primary->connstr . "'\n");
	$standby->reload;
	$standby->poll_query_until('postgres', 'SELECT pg_is_wal_replay_paused()')
	  or die 'replay does not stop';
	return;
}

# ----------------------------------------------------------------
# A pending index that is being given codes and a graph
# ----------------------------------------------------------------

my $rows = 2999;

$primary->safe_psql('postgres', qq(
	CREATE EXTENSION lokivector;
	-- vectors around (far, far, ...), which depend on n alone
	CREATE FUNCTION item(n integer, far float8) RETURNS vector AS \$\$
		SELECT array_agg(far + hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
		FROM generate_series(1, 64) i
	\$\$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
	CREATE TABLE items (id integer PRIMARY KEY, v vector(64), c integer);
	SET lokivector.pending_nodes = @{[ $rows + 1 ]};
	CREATE INDEX items_idx ON items USING hnsw (v vector_l2_ops, c int4_ops);
	RESET lokivector.pending_nodes;
	INSERT INTO items SELECT n, item(n, n % 2 * 9), n % 5
		FROM generate_series(1, $rows) n;
	-- what the index finds, and what there is
	CREATE FUNCTION faults(named text, condition text, taken text) RETURNS SETOF text AS \$\$
	DECLARE
		query text := format('SELECT string_agg(d::text, '' '' ORDER BY d) FROM (
			SELECT v <-> q AS d FROM items, item(%%s, %%s) q WHERE %s ORDER BY v <-> q LIMIT %s) s',
			condition, taken);
		found text;
		expected text;
	BEGIN
		FOR n IN 1 .. 4 LOOP
			SET LOCAL enable_seqscan = on;
			SET LOCAL enable_indexscan = off;
			SET LOCAL lokivector.enable_hybrid_scan = off;
			EXECUTE format(query, 90000 + n, n % 2 * 9) INTO expected;
			SET LOCAL enable_seqscan = off;
			SET LOCAL enable_indexscan = on;
			SET LOCAL lokivector.enable_hybrid_scan = on;
			EXECUTE format(query, 90000 + n, n % 2 * 9) INTO found;
			IF found IS DISTINCT FROM expected THEN
				RETURN NEXT format('%s: %s of %s rows', named,
					array_length(string_to_array(found, ' '), 1),
					array_length(string_to_array(expected, ' '), 1));
			END IF;
		END LOOP;
	END \$\$ LANGUAGE plpgsql;));
$primary->backup('pending');
my @records = records_of('items_idx', "INSERT INTO items SELECT $rows + 1, item($rows + 1, 9), 0");
my @written = grep { $_->{touched}{$code} || $_->{touched}{$link} } @records;
cmp_ok(scalar(@written), '>', 8, 'an insert makes codes and links, by many records');
my ($last) = grep { my $r = $_; grep { $_ != $meta } keys %{ $records[$r]{touched} } } reverse 0 .. $#records;
cmp_ok($last, '<', $#records, 'and then names them in the metapage');

# All is written but that record, and nothing of it may be read
my $standby = standby_up_to('pending', $records[$last]);
my $session = open_session($standby);
my %ids;

# A cursor over more rows than its LIMIT is known to take, and one over all rows
ask($session, q(SET enable_seqscan = off; SET lokivector.enable_hybrid_scan = off; BEGIN;));
ask($session, q(DECLARE late CURSOR FOR
	SELECT id FROM items WHERE random() < 2 AND id % 2 = 0 ORDER BY v <-> item(90001, 0) LIMIT 1000;));
ask($session, q(DECLARE every CURSOR FOR SELECT id FROM items ORDER BY v <-> item(90001, 0);));
foreach my $cursor ('late', 'every')
{
	$ids{$cursor}{$_}++ foreach split /\n/, ask($session, "FETCH 5 FROM $cursor;");
}
is(join(' ', map { scalar keys %{ $ids{$_} } } 'late', 'every'), '5 5', 'cursors are open');
replay($standby);
is($standby->safe_psql('postgres', q(SELECT pending, live, entry_node IS NULL FROM lokivector_index_info('items_idx'))),
	join('|', $rows + 1, $rows + 1, 't'), 'a standby has come into the midst of it');
is($standby->safe_psql('postgres', q(SELECT slots FROM lokivector_index_slot_arrays('items_idx') WHERE slot_array = 'link')),
	$rows + 1, '... where links are written');

foreach my $cursor ('late', 'every')
{
	my $expected = $cursor eq 'late' ? 1000 : $rows;

	$ids{$cursor}{$_}++ foreach split /\n/, ask($session, "FETCH ALL FROM $cursor;");
	is(scalar(keys %{ $ids{$cursor} }), $expected, "cursor $cursor has its rows");
	is(scalar(grep { $_ != 1 } values %{ $ids{$cursor} }), 0, '... and each once');
}
ask($session, 'COMMIT;');
is($session->{err}, '', 'no error of the session');
close_session($session);

sub faults
{
	my ($server, @queries) = @_;
	my $faults = '';

	foreach my $query (@queries)
	{
		my ($name, $condition, $limit, $set) = @$query;

		$faults .= $server->safe_psql('postgres',
			($set // '') . "SELECT * FROM faults('$name', \$\$$condition\$\$, '$limit')") . "\n";
	}
	$faults =~ s/^\n//mg;
	return $faults;
}

my @bounded = (
	[ 'within a bound', 'v <-> q < 6', 4000 ],
	[ 'the nearest within a bound', 'v <-> q < 6.2', 20 ],
	[ 'a filter and a bound', 'c = 1 AND v <-> q < 6.3', 4000 ],
	[ 'all within a bound', 'v <-> q < 6', 'ALL' ]);

is(faults($standby, @bounded,
		[ 'the nearest', 'true', 10 ],
		[ 'the nearest with a filter', 'c IN (2, 3)', 10 ],
		[ 'a filter that is no column', 'mod(id, 7) = 3', 30 ],
		[ 'nearly all rows', 'true', $rows - 10 ],
		[ 'more rows than there are', 'true', $rows + 10 ],
		[ 'without completeness', 'true', 10, 'SET lokivector.complete = off;' ],
		[ 'under limits of pgvector', 'c < 4', 10, 'SET hnsw.iterative_scan = strict_order; SET lokivector.complete = off;' ]),
	'', 'the standby finds the nearest rows, and as many as there are');
check_index($standby, 'check of it');

# It takes over: the next insert does all of it again
$standby->promote;
$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
is(faults($standby, @bounded), '', 'rows within a bound after promotion');
check_index($standby, 'check after promotion');
is($standby->safe_psql('postgres', "
		INSERT INTO items SELECT $rows + 1, item($rows + 1, 9), 0;
		SET enable_seqscan = off;
		SELECT id FROM items ORDER BY v <-> item($rows + 1, 9) LIMIT 1"), $rows + 1, 'inserts go on');
is($standby->safe_psql('postgres', q(SELECT pending, live, entry_node IS NULL FROM lokivector_index_info('items_idx'))),
	join('|', 0, $rows + 1, 'f'), '... and the first of them makes codes and graph');
is(faults($standby, grep { $_->[2] ne '20' } @bounded), '', 'rows within a bound by the codes');
check_index($standby, 'check of the codes');
$standby->stop;

# ----------------------------------------------------------------
# Dead nodes in the graph
# ----------------------------------------------------------------

$primary->safe_psql('postgres', q(
	CREATE TABLE sparse (id integer PRIMARY KEY, v vector(64));
	CREATE INDEX sparse_idx ON sparse USING hnsw (v vector_l2_ops) WITH (m = 4);
	INSERT INTO sparse SELECT n, item(n, 0) FROM generate_series(1, 1000) n;
	DELETE FROM sparse WHERE id % 8 > 0;));
$primary->backup('vacuum');
@records = records_of('sparse_idx', 'VACUUM sparse');
my ($repair) = grep { $records[$_]{touched}{$link} || $records[$_]{touched}{$upper} } 0 .. $#records;
my ($marked) = grep { $records[$_]{touched}{$tid} } reverse 0 .. ($repair // 0) - 1;
ok(defined $marked, 'vacuum marks nodes, and then repairs the graph');

$standby = standby_up_to('vacuum', $records[$marked]);
replay($standby);
is($standby->safe_psql('postgres', q(SELECT live, dead, vacuum_unfinished FROM lokivector_index_info('sparse_idx'))),
	'125|875|t', 'a standby has come to where nodes are dead');
my ($result, $stdout, $stderr) = $standby->psql('postgres', q(SELECT lokivector_check('sparse_idx', true)));
is("$result $stderr", '0 ', 'the check takes links of dead nodes for links');
is($standby->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SET lokivector.complete = off;
		SET hnsw.ef_search = 400;
		SELECT count(*) FROM sparse a, LATERAL (SELECT id FROM sparse ORDER BY v <-> a.v LIMIT 1) b
		WHERE a.id = b.id)), '125', 'each row is found by its own vector');
$standby->stop('immediate');

# ----------------------------------------------------------------
# A node that is live with the record that claims it
# ----------------------------------------------------------------

$primary->safe_psql('postgres', q(
	CREATE TABLE single (id integer PRIMARY KEY, v vector(64));
	CREATE INDEX single_idx ON single USING hnsw (v vector_l2_ops);
	INSERT INTO single SELECT n, item(n, 0) FROM generate_series(1, 1000) n;));
$primary->backup('insert');
@records = records_of('single_idx', 'INSERT INTO single VALUES (1001, item(1001, 0))');
cmp_ok(scalar(@records), '>', 1, 'an insert is several records');

$standby = standby_up_to('insert', $records[0]);
replay($standby);
is($standby->safe_psql('postgres', q(SELECT live FROM lokivector_index_info('single_idx'))), '1001',
	'a standby has come to where a node is live that nothing leads to');
($result, $stdout, $stderr) = $standby->psql('postgres', q(SELECT lokivector_check('single_idx', true)));
is("$result $stderr", '0 ', 'the check bears that REFINE is to come');
$standby->promote;
$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
$standby->safe_psql('postgres', q(
	INSERT INTO single SELECT n, item(n, 0) FROM generate_series(1001, 1010) n;
	VACUUM single;));
($result, $stdout, $stderr) = $standby->psql('postgres', q(SELECT lokivector_check('single_idx', true)));
is("$result $stderr", '0 ', '... and what comes after it');
is($standby->safe_psql('postgres', q(SELECT live, free FROM lokivector_index_info('single_idx'))), '1010|1',
	'VACUUM frees it');
$standby->stop;
$primary->stop;
done_testing();
