# SPDX-License-Identifier: PostgreSQL
# Each alert of operations/alerts.yaml comes when its cause is made on a server, and rests
# before and after.  Prometheus asks exporters of a primary and its standby, with the rules as
# they are but for the time that they wait: alerts_test.yaml, for promtool, is about that.

use FullTablespace;
use IPC::Run;
use JSON::PP qw(decode_json);
use LokiTest qw(damaged_node loki_standby write_binary);
use lib 'operations';
use OperationsTest;

unpack_or_skip('prometheus-postgres-exporter', 'prometheus');

my $tmp = $PostgreSQL::Test::Utils::tmp_check;

# Small segments, as a limit of files' sizes is one of WAL files, too
my $node = damaged_node('main', allows_streaming => 1, extra => ['--wal-segsize=1']);
$node->append_conf('postgresql.conf', "shared_buffers = 8MB\n");
$node->start;
create_items($node, 12000);
create_exporter($node);
$node->safe_psql('postgres', q(
	CREATE FUNCTION takes_time(id integer) RETURNS boolean LANGUAGE plpgsql STABLE AS
		$$ BEGIN PERFORM pg_sleep(0.01); RETURN id % 20 = 0; END $$;
	CREATE TABLE notes AS SELECT id, v FROM items WHERE id <= 2000;
	CREATE INDEX notes_idx ON notes USING hnsw (v vector_l2_ops);
	ANALYZE notes;));
my $standby = loki_standby($node);

# What the exporter keeps for some minutes is read anew each time
my $queries = slurp_file("$top/operations/postgres_exporter.yaml");
$queries =~ s/^\s*cache_seconds:.*\n//mg or die 'nothing is kept';
append_to_file("$tmp/queries.yaml", $queries);
my $rules = slurp_file("$top/operations/alerts.yaml");
my @alerts = $rules =~ /alert: (\w+)/g;
is($rules =~ s/^(\s*for:).*$/$1 0s/mg, scalar(@alerts), 'each rule waits');
append_to_file("$tmp/alerts.yaml", $rules);

my ($exporter, $exporter_port) = start_exporter($node, "$tmp/queries.yaml");
my ($standby_exporter, $standby_port) = start_exporter($standby, "$tmp/queries.yaml");
my ($prometheus, $port) = start_prometheus("$tmp/alerts.yaml", '', $exporter_port, $standby_port);

# What Prometheus answers, if it does
sub asked
{
	my ($path) = @_;

	return decode_json(http_get($port, $path) || '{"data": {"result": [], "alerts": []}}')->{data};
}

# How many series Prometheus has of an expression
sub samples
{
	my ($expression) = @_;

	return scalar(@{ asked("/api/v1/query?query=$expression")->{result} });
}

# Alerts that are there now, by their names, what they are of, and what advice is about; but for
# those that depend on time.  Where exporters were not asked, nothing would be there.
# A standby whose replay is paused does not connect again to a primary that was restarted.
my %unseen = ('SearchesSlow items_idx' => 1, HotPartGrows => 1, StandbyCutOff => 1);

sub alerts
{
	my %there;

	return 'none can be known' if samples('pg_exporter_last_scrape_error==0') != 2;
	for my $alert (@{ asked('/api/v1/alerts')->{alerts} })
	{
		my $labels = $alert->{labels};
		my $name = $labels->{alertname} =~ s/^Lokivector//r;

		$name = join(' ', $name, $labels->{indexrelname} // $labels->{relname} // (), $labels->{about} // ());
		$there{$name} = 1 if $alert->{state} eq 'firing' && !$unseen{$name};
	}
	return join(', ', sort keys %there);
}

# Wait for exactly these alerts
my %come;

sub comes
{
	my ($cause, @names) = @_;
	my $wanted = join(', ', sort @names);
	my $there = '';

	$come{ 'Lokivector' . (split / /)[0] } = 1 for @names;
	eval { wait_for($wanted, sub { ($there = alerts()) eq $wanted }) };
	is($there, $wanted, $cause) or die 'the next alerts would not be told from these';
	return;
}

# So many searches for different vectors
sub searches
{
	my ($count, $table, $limit, %how) = @_;
	my $condition = $how{condition} // 'true';
	my $ways = $how{ways} // 'SET enable_seqscan = off; SET enable_sort = off';

	$node->safe_psql('postgres', qq(
		$ways;
		WITH q AS MATERIALIZED (SELECT item(i) AS q FROM generate_series(1, $count) i)
		SELECT count(*) FROM q, LATERAL (
			SELECT id FROM $table WHERE $condition ORDER BY v <-> q LIMIT $limit) s));
	return;
}

# At rest, with counts of each exporter at several times
searches(10, 'items', 10);
$node->wait_for_catchup($standby);
wait_for('samples', sub { samples('count_over_time(lokivector_index_state_nodes[5m])>3') == 4 });
comes('all rest');

# Replay stops; the alert comes when a minute has gone
$unseen{ReplayLag} = 1;
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$node->safe_psql('postgres', 'CREATE TABLE later ()');

# A filled tablespace: a build fails.  When the standby makes the tablespace, in the same place,
# the primary's is gone.
my $tablespace = create_tablespace($node);
$node->safe_psql('postgres', 'CHECKPOINT');
leave_room($node, 'items', 65536);
my ($result, $stdout, $stderr) = $node->psql('postgres',
	"CREATE INDEX CONCURRENTLY items_full ON items USING hnsw (v vector_cosine_ops) $tablespace");
like($stderr, qr/No space left on device|File too large|wrote only/, 'a build has no room');
leave_room($node, 'items', undef);
comes('a build failed', 'IndexInvalid items_full', 'Advice items_full valid');
$node->safe_psql('postgres', 'REINDEX INDEX CONCURRENTLY items_full');
comes('REINDEX with room');
$node->safe_psql('postgres', 'DROP INDEX items_full');

# A build that waits for a transaction
my ($old, $build) = start_stalled_build($node);
comes('a build waits', 'BuildStalled items', 'IndexInvalid items_stalled', 'Advice items_stalled valid');
$old->query_safe('COMMIT');
$old->quit;
is(finish_program($build), 0, 'the build ends');
$node->safe_psql('postgres', 'DROP INDEX items_stalled');
comes('the build has ended');
$node->safe_psql('postgres', 'DROP TABLESPACE small') if $tablespace;

# A table's lock, which REINDEX has
my $lock = $node->background_psql('postgres');
$lock->query_safe('BEGIN; REINDEX INDEX notes_idx;');
comes('an index is locked', 'StateUnknown notes_idx');
$lock->query_safe('ROLLBACK');
$lock->quit;
comes('the lock is gone');

# Searches that read the table
searches(200, 'items', 3, ways => 'SET enable_indexscan = off');
comes('searches read the table', 'IndexUnused items');
searches(300, 'items', 3);
comes('most searches use the index');

# Searches that take long, as their condition does
searches(4, 'notes', 3, condition => 'takes_time(id)');
comes('searches take long', 'SearchesSlow notes_idx');
searches(1000, 'notes', 3);
comes('searches are fast in the mean');

# Searches whose condition drops rows
searches(600, 'items', 20, condition => 'id % 70 = 0');
comes('searches widen', 'SearchesWidened items_idx', 'Advice items_idx filters');
searches(2000, 'items', 20);
comes('most searches do not');

# Dead rows, and a vacuum that does not come to its end
$node->safe_psql('postgres', 'DELETE FROM items WHERE id > 7000');
searches(12000, 'items', 10);    # scans note the dead rows that they come to
comes('rows die', 'DeadRows items_idx', 'Advice items_idx vacuum');
my $vacuum = IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'),
		'-c', 'SET vacuum_cost_delay = 15', '-c', 'SET vacuum_cost_limit = 1', '-c', 'VACUUM items' ],
	'>&', \my $output);
$node->poll_query_until('postgres', q(
	SELECT pg_cancel_backend(pid) FROM pg_stat_activity, lokivector_index_info('items_idx')
	WHERE query = 'VACUUM items' AND vacuum_unfinished)) or die 'no vacuum';
$vacuum->finish;
like($output, qr/canceling statement/, 'a vacuum is cancelled');
comes('a vacuum has not come to its end', 'VacuumUnfinished items_idx', 'DeadRows items_idx', 'Advice items_idx vacuum');
$node->safe_psql('postgres', 'VACUUM ANALYZE items');
comes('a vacuum that does');

# An index that is too large for shared_buffers
$node->safe_psql('postgres', q(
	CREATE TABLE large AS SELECT i AS id, item(i)::vector(16) AS v FROM generate_series(1, 60000) i;
	CREATE INDEX large_idx ON large USING hnsw (v vector_l2_ops);
	ANALYZE large));
comes('an index is large', 'HotPartLarge', 'Advice large_idx shared_buffers');
delete $unseen{HotPartGrows};
$node->safe_psql('postgres', 'INSERT INTO large SELECT i, item(i) FROM generate_series(60001, 61000) i');
comes('an index grows', 'HotPartLarge', 'HotPartGrows', 'Advice large_idx shared_buffers');
$unseen{HotPartGrows} = 1;
$node->safe_psql('postgres', 'DROP TABLE large');
comes('it is dropped');

# Damaged graphs: searches do not reach a region of one, which their mean hides, and half of
# the other.  Links between the nodes that are lost and those that are not are taken out.
my ($header, $special) = (24, 16);
my $block_size = $node->safe_psql('postgres', 'SHOW block_size');

sub cut_links
{
	my ($index, $is_lost) = @_;
	my $file = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('$index')");
	my %size = map { split /\|/ } split /\n/, $node->safe_psql('postgres', qq(
		SELECT slot_array, slot_bytes FROM lokivector_index_slot_arrays('$index')
		WHERE slot_array IN ('tid', 'link', 'upper')));
	my (%lost, $bytes);

	# Slots of a slot array, which pages name by its number: node or place, and offset
	my $each_slot = sub {
		my ($number, $size, $change) = @_;

		for (my $at = 0; $at < length($bytes); $at += $block_size)
		{
			my ($ordinal, undef, undef, $array) = unpack('VVvC', substr($bytes, $at + $block_size - $special, $special));
			my $used = (unpack('v', substr($bytes, $at + 12, 2)) - $header) / $size;
			my $first = $ordinal * int(($block_size - $header - $special) / $size);

			next if $at == 0 || $array != $number;
			$change->($first + $_, $at + $header + $_ * $size) for 0 .. $used - 1;
		}
	};

	$node->stop;
	$bytes = slurp_file($file);
	# searches begin at this node
	my $entry_node = unpack('V', substr($bytes, $header + 96, 4));
	$each_slot->(2, $size{tid}, sub {
		my ($number, $at) = @_;
		my ($high, $low, $place) = unpack('v3', substr($bytes, $at, 6));

		$lost{$number} =
		  $number != $entry_node && $is_lost->($number, '(' . ($high << 16 | $low) . ",$place)") ? 1 : 0;
	});
	$each_slot->(4, $size{link}, sub {
		my ($number, $at) = @_;
		my $count = ($size{link} - 4) / 4;
		my @links = grep { $_ && $lost{ $_ - 1 } == $lost{$number} } unpack("V$count", substr($bytes, $at + 4, 4 * $count));

		substr($bytes, $at + 4, 4 * $count) = pack("V$count", @links, (0) x ($count - @links));
	});
	$each_slot->(7, $size{upper}, sub {
		my (undef, $at) = @_;
		my ($number, undef, undef, $count) = unpack('VVCC', substr($bytes, $at, 10));
		my @links = map { [ unpack('VV', substr($bytes, $at + 12 + 8 * $_, 8)) ] } 0 .. $count - 1;

		@links = grep { $lost{ $_->[0] } == $lost{$number} } @links;
		substr($bytes, $at + 9, 1) = pack('C', scalar @links);
		substr($bytes, $at + 12, 8 * @links) = pack('V*', map { @$_ } @links);
	});
	write_binary($file, $bytes);
	$node->start;
	return;
}

my %region = map { $_ => 1 } split /\n/, $node->safe_psql('postgres',
	'SELECT ctid FROM items ORDER BY v <-> item(50) LIMIT 200');
cut_links('items_idx', sub { $region{ $_[1] } });
cut_links('notes_idx', sub { $_[0] % 2 });
$node->safe_psql('postgres', q(SELECT lokivector_calibrate('notes_idx')));
{
	local $ENV{PGOPTIONS} = '-c lokivector.recall_sample_rate=1';
	searches(100, 'items', 10);
}
comes('graphs are damaged, and samples not measured', 'SamplesWaiting items_idx', 'RecallLow notes_idx',
	'Advice notes_idx recall');
$node->safe_psql('postgres', q(SELECT lokivector_measure_samples('items_idx')));
is($node->safe_psql('postgres', 'SELECT measured, recall > 0.9, recall_p1 < 0.5 FROM lokivector_stat_recall'),
	'100|t|t', 'the mean hides a region that is lost');
comes('graphs are damaged', 'SampledRecallLow items_idx', 'Advice items_idx recall',
	'RecallLow notes_idx', 'Advice notes_idx recall');
$node->safe_psql('postgres', q(
	REINDEX INDEX items_idx;
	REINDEX INDEX notes_idx;
	SELECT lokivector_reset_counts('items_idx')));
comes('REINDEX');

# An index that cannot be read at all: its state is missing, and all else is there
my $damaged = $node->data_dir . '/' . $node->safe_psql('postgres', q(SELECT pg_relation_filepath('notes_idx')));
$node->stop;
my $bytes = slurp_file($damaged);
substr($bytes, 24, 4000) = "\xAA" x 4000;
write_binary($damaged, $bytes);
$node->start;
comes('an index cannot be read', 'StateUnknown notes_idx', 'Advice notes_idx error');
$node->safe_psql('postgres', 'REINDEX INDEX notes_idx');
comes('REINDEX of it');

# Replay has stood still for a minute
delete $unseen{ReplayLag};
comes('replay stands still', 'ReplayLag');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
comes('replay goes on');

# The standby no longer knows its primary
delete $unseen{StandbyCutOff};
$standby->safe_psql('postgres', q(ALTER SYSTEM SET primary_conninfo = ''));
$standby->reload;
comes('a standby is cut off', 'StandbyCutOff');
$standby->safe_psql('postgres', 'ALTER SYSTEM RESET primary_conninfo');
$standby->reload;
comes('it receives WAL again');

# The version of the extension is an older one
my $set_version = sub {
	$node->safe_psql('postgres', "UPDATE pg_extension SET extversion = '$_[0]' WHERE extname = 'lokivector'");
};
my $version = $node->safe_psql('postgres', q(SELECT extversion FROM pg_extension WHERE extname = 'lokivector'));
$set_version->('0.1.0');
comes('the extension was not updated', 'UpdateForgotten');
$set_version->($version);
comes('it is');

# An exporter is gone
stop_program($standby_exporter);
wait_for('the alert', sub {
	grep { $_->{labels}{alertname} eq 'LokivectorMetricsMissing' && $_->{state} eq 'firing'
		  && $_->{labels}{instance} =~ /:$standby_port$/ } @{ asked('/api/v1/alerts')->{alerts} } });
$come{LokivectorMetricsMissing} = 1;
pass('an exporter is gone');
is(join(' ', grep { !$come{$_} } @alerts), '', 'every alert has come');

stop_program($_) for $prometheus, $exporter;
$standby->stop;
$node->stop;
done_testing();
