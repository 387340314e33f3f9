# SPDX-License-Identifier: PostgreSQL
# A crash after each WAL record that touches an index: the server recovers, the
# index is sound, every row is found by its own vector, and inserts and vacuum work.
#
# A copy of the server is taken before a workload that writes every kind of record
# of an index.  For each point the copy is given the workload's WAL up to there, as
# a crash at this moment would have left it.
#
# LOKIVECTOR_JOBS are tried at the same time (2).
# LOKIVECTOR_CRASH_POINTS=N tries N points that are spread over all, "all" each
# (make crash-points).  A short run tries one behind each kind of record, which are
# told apart by the arrays that their pages belong to and by whether the index has posting
# lists, and those around the first row of an index and around each change of an entry point;
# with LOKIVECTOR_SHORT a quarter of these.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;
use POSIX ();

my $wanted = $ENV{LOKIVECTOR_CRASH_POINTS};
my $jobs = $ENV{LOKIVECTOR_JOBS} || 2;
my $segment_size = 1024 * 1024;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => ['--wal-segsize=1'], allows_streaming => 1);
$node->append_conf('postgresql.conf', q(
autovacuum = off
shared_buffers = 16MB
wal_keep_size = 1GB
wal_recycle = off
max_wal_senders = 2
));
$node->start;

# Tables:	grown	1,100 rows inserted, which have neither lists nor map yet
#			tiny	few rows in, from nothing on
#			first_N	two sessions insert the first rows at once
#			built	no index yet
#			wide	long TID slots
#			listed	posting lists of sparse vectors and of words, which VACUUM makes
#			lists	no index yet, for a build of posting lists
#			later	a crowd that came after the codes, which VACUUM makes anew
$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE FUNCTION item(n integer, dim integer DEFAULT 8) RETURNS vector AS $$
		SELECT array_agg(1.5 * sin((n % 23) * 3 + i * 7) +
			hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
		FROM generate_series(1, dim) i
	$$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
	CREATE TABLE grown (id integer PRIMARY KEY, v vector(8), c integer, n integer DEFAULT 0);
	CREATE INDEX ON grown (n);
	CREATE INDEX grown_idx ON grown USING hnsw (v vector_l2_ops, c int4_ops) WITH (m = 4);
	INSERT INTO grown SELECT n, item(n), n % 100 FROM generate_series(1, 1100) n;
	CREATE TABLE tiny (LIKE grown INCLUDING ALL);
	CREATE TABLE built (id integer PRIMARY KEY, v vector(8), c integer, n integer DEFAULT 0);
	INSERT INTO built SELECT n, item(n % 1500), n % 50 FROM generate_series(1, 1600) n;
	CREATE TABLE wide (id integer PRIMARY KEY, v vector(300), c integer, n integer DEFAULT 0);
	CREATE INDEX ON wide USING hnsw (v vector_l2_ops);
	CREATE FUNCTION crowded(n integer, dim integer) RETURNS vector AS $$
		SELECT array_agg(CASE WHEN n % 3 = 0 THEN sin(d * 2.1) + 0.003 * x ELSE x END)::vector
		FROM (SELECT d, abs(hashint8extended(n, d) % 100000) / 50000.0 - 1 AS x FROM generate_series(1, dim) d) s
	$$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
	CREATE TABLE later (id integer PRIMARY KEY, v vector(64), c integer, n integer DEFAULT 0);
	CREATE INDEX ON later USING hnsw (v vector_l2_ops);
	INSERT INTO later SELECT n, crowded(n, 64), 1 FROM generate_series(1, 2400) n WHERE n % 3 > 0;
	INSERT INTO later SELECT n, crowded(n, 64), 1 FROM generate_series(1, 600) n WHERE n % 3 = 0;
	CREATE FUNCTION document(n integer) RETURNS sparsevec AS $$
		SELECT ('{' || string_agg(w || ':' || x, ',' ORDER BY w) || '}/300')::sparsevec
		FROM (SELECT 1 + abs(hashint8extended(n, i) % 290) AS w, 1 + max(i) AS x FROM generate_series(1, 3 + n % 5) i GROUP BY 1) s
	$$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
	CREATE TABLE lists (id integer PRIMARY KEY, s sparsevec(300), c integer, words tsvector
		GENERATED ALWAYS AS (to_tsvector('simple', translate(s::text, '{}:,', '    '))) STORED);
	INSERT INTO lists SELECT n, document(n), n % 5 FROM generate_series(1, 1200) n;
	CREATE TABLE listed (LIKE lists INCLUDING ALL);
	CREATE INDEX ON listed USING hnsw (s sparsevec_l2_ops, c);
	CREATE INDEX ON listed USING hnsw (words bm25_ops);
	INSERT INTO listed (id, s, c) SELECT id, s, c FROM lists;
	SELECT format('CREATE TABLE first_%s (LIKE tiny INCLUDING ALL)', i) FROM generate_series(1, 6) i \gexec
	CREATE SEQUENCE ids START 100000;
	CREATE TABLE made (index text PRIMARY KEY);));

# Faults of all tables, as one line each
$node->safe_psql('postgres', q(
	CREATE FUNCTION lost(name regclass, most integer) RETURNS text AS $$
	DECLARE
		rows bigint;
		indexed bigint;
		lost bigint;
	BEGIN
		SET LOCAL lokivector.complete = on;
		SET LOCAL enable_indexscan = off;
		EXECUTE format('SELECT count(*) FROM %s', name) INTO rows;
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_seqscan = off;
		SET LOCAL enable_sort = off;
		EXECUTE format('SELECT count(DISTINCT id) FROM
			(SELECT id FROM %s t ORDER BY v <-> (SELECT v FROM %1$s WHERE v IS NOT NULL LIMIT 1)) s', name)
			INTO indexed;
		SET LOCAL hnsw.ef_search = 400;
		SET LOCAL lokivector.complete = off;
		EXECUTE format('SELECT count(*) FROM (SELECT v FROM %1$s WHERE v IS NOT NULL
				ORDER BY hashint4extended(id, %2$s) LIMIT %3$s) a
			WHERE (SELECT b.v <-> a.v FROM %1$s b ORDER BY b.v <-> a.v LIMIT 1) IS DISTINCT FROM 0',
			name, (random() * 1000000)::integer, most) INTO lost;
		RETURN CASE WHEN rows <> indexed OR lost > 0
			THEN format('%s: %s of %s rows, %s lost', name, indexed, rows, lost) END;
	END $$ LANGUAGE plpgsql;
	-- distances by an index, and by a sort
	CREATE FUNCTION differs(name regclass) RETURNS text AS $$
	DECLARE
		search weighed_tsquery;
		found float8[];
		exact float8[];
		wrong text;
	BEGIN
		FOR n IN 1..6 LOOP
			search := bm25_weigh((SELECT index FROM indexes WHERE "table" = name AND is_words),
				array_to_string(tsvector_to_array(to_tsvector('simple', translate(document(n * 90)::text, '{}:,', '    '))), '|')::tsquery);
			FOR i IN 0..1 LOOP
				PERFORM set_config('enable_indexscan', (i > 0)::text, true), set_config('enable_seqscan', (i = 0)::text, true);
				exact := found;
				EXECUTE format('SELECT array_agg(d) FROM (SELECT %1$s AS d FROM %2$s %3$s ORDER BY %1$s LIMIT 20) s',
					CASE n % 2 WHEN 0 THEN 's <-> $1' ELSE 'words <@@> $2' END, name, CASE WHEN n % 3 = 0 THEN 'WHERE c = 1' END)
					INTO found USING document(n * 90), search;
			END LOOP;
			IF found IS DISTINCT FROM exact THEN
				wrong := concat_ws(', ', wrong, format('%s %s', name, n));
			END IF;
		END LOOP;
		RETURN wrong;
	END $$ LANGUAGE plpgsql;
	CREATE VIEW indexes AS SELECT indexrelid::regclass AS index, indrelid::regclass AS "table",
			EXISTS (SELECT FROM pg_attribute WHERE attrelid = indrelid AND attname = 's') AS listed,
			pg_get_indexdef(indexrelid, 1, false) = 'words' AS is_words
		FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam
		WHERE amname = 'hnsw' AND indisvalid;
	-- indexes whose lists were made before, and are gone
	CREATE VIEW without_lists AS SELECT indexes.index || ' has no lists' FROM made
		JOIN indexes ON indexes.index::text = made.index, lokivector_index_info(indexes.index) i
		WHERE unlisted_nodes >= nodes AND nodes >= 1000;));

# Indexes against their tables, and so many rows of each looked for
sub check
{
	my ($most) = @_;

	return "SELECT * FROM without_lists; SELECT nullif(lokivector_check(index, true), 'sound') FROM indexes; SELECT lost(\"table\", $most) FROM indexes WHERE NOT listed;
		SELECT differs(\"table\") FROM indexes WHERE is_words;\n";
}

my $insert = q(
	INSERT INTO %s (id, v, c) SELECT nextval('ids'), v, 1 FROM (
		(SELECT v FROM %1$s ORDER BY id LIMIT 2) UNION ALL VALUES (NULL),
		(array_fill(random(), ARRAY[CASE '%1$s' WHEN 'wide' THEN 300 WHEN 'later' THEN 64 ELSE 8 END])::vector)) s(v));
my @tables = ('grown', 'tiny', 'wide', 'later', map { "first_$_" } (1 .. 6));
my $writes = join(";\n", map({ sprintf($insert, $_) } @tables),
	"INSERT INTO listed (id, s, c) SELECT nextval('ids'), document(nextval('ids')::integer), 1 FROM generate_series(1, 3)");

# The copy: files as a shutdown leaves them, but the control file of a server that runs
my $copy = PostgreSQL::Test::Utils::tempdir;
$node->stop;
system_or_bail('cp', '-a', $node->data_dir, "$copy/data");
$node->start;
system_or_bail('cp', $node->data_dir . '/global/pg_control', "$copy/data/global/pg_control");

my $start = $node->lsn('insert');

# Slot arrays of the blocks of each index file, by the file's number, as they are on disk
my %slot_arrays;
sub note_slot_arrays
{
	$node->safe_psql('postgres', 'CHECKPOINT');
	foreach my $path (split /\n/, $node->safe_psql('postgres', 'SELECT pg_relation_filepath(index) FROM indexes'))
	{
		my $bytes = slurp_file($node->data_dir . "/$path");
		my ($file) = $path =~ /(\d+)$/;

		$slot_arrays{$file} = [ map { unpack('C', substr($bytes, ($_ + 1) * 8192 - 6, 1)) } 0 .. length($bytes) / 8192 - 1 ];
	}
	return;
}

# Note which indexes have lists: they have them for good
my $note_made = q(INSERT INTO made SELECT indexes.index FROM indexes, lokivector_index_info(indexes.index)
	WHERE nodes >= 1000 AND unlisted_nodes < nodes ON CONFLICT DO NOTHING);

# The workload
$node->safe_psql('postgres', q(
	SET synchronous_commit = off;
	INSERT INTO tiny VALUES (1, item(1), 1);
	INSERT INTO tiny VALUES (2, item(1), 1);
	INSERT INTO tiny VALUES (3, item(1), 1), (4, NULL, 1);
	INSERT INTO tiny SELECT n, item(n % 30), 1 FROM generate_series(5, 40) n;
	INSERT INTO tiny SELECT n, '[9,9,9,9,9,9,9,9]'::vector + item(n), 2 FROM generate_series(41, 75) n;
	UPDATE tiny SET n = 1 WHERE id < 8;
	DELETE FROM tiny WHERE id % 3 = 0;
	INSERT INTO wide SELECT n, item(n / 2, 300), 1 FROM generate_series(1, 12) n;
	UPDATE wide SET v = item(id, 300) WHERE id IN (3, 4);));
my $first = start_transactions($node, 'first', 3, 3, join('', map { "
	INSERT INTO first_$_ SELECT n, item(n), 1 FROM (SELECT nextval('ids')::integer AS n) s;
" } (1 .. 6)));
ended($first);
$node->safe_psql('postgres', q(VACUUM tiny));
$node->safe_psql('postgres', q(VACUUM grown));
$node->safe_psql('postgres', $note_made);
$node->safe_psql('postgres', q(
	SET synchronous_commit = off;
	UPDATE grown SET v = item(id + 5000) WHERE id BETWEEN 1 AND 8;
	UPDATE grown SET n = 1 WHERE id BETWEEN 11 AND 16;
	INSERT INTO grown SELECT n, item(7), 3 FROM generate_series(2001, 2010) n;
	BEGIN;
	INSERT INTO grown SELECT n, item(n), 3 FROM generate_series(2011, 2013) n;
	ROLLBACK;
	DELETE FROM grown WHERE id % 40 = 0 OR id > 2005;));
$node->safe_psql('postgres', q(VACUUM grown));
$node->safe_psql('postgres', q(
	INSERT INTO grown SELECT n, item(n), 3 FROM generate_series(3001, 3012) n;
	INSERT INTO tiny SELECT n, item(n), 3 FROM generate_series(3001, 3006) n;
	INSERT INTO tiny SELECT n, item(1), 1 FROM generate_series(3011, 3016) n;));
# codes made anew, while rows come
my $come = start_transactions($node, 'later', 2, 20, q(
	INSERT INTO later SELECT n, crowded(n, 64), 1 FROM (SELECT nextval('ids')::integer AS n) s;
));
$node->safe_psql('postgres', q(VACUUM later));
ended($come);
is($node->safe_psql('postgres', q(SELECT centers > 0 FROM lokivector_index_info('later_v_idx'))), 't', 'codes are made anew');
# lists that are made; nodes that these do not know, some of them used again; lists that are made again
$node->safe_psql('postgres', q(VACUUM listed));
$node->safe_psql('postgres', $note_made);
$node->safe_psql('postgres', q(
	SET synchronous_commit = off;
	INSERT INTO listed (id, s, c) SELECT n, document(n), 3 FROM generate_series(2001, 2004) n;
	UPDATE listed SET s = document(id + 5000) WHERE id BETWEEN 1 AND 3;
	UPDATE listed SET c = 1 WHERE id BETWEEN 11 AND 13;
	DELETE FROM listed WHERE id % 40 = 0 OR id = 2003;));
$node->safe_psql('postgres', q(VACUUM listed));
$node->safe_psql('postgres', q(
	INSERT INTO listed (id, s, c) SELECT n, document(n), 3 FROM generate_series(3001, 4100) n;));
$node->safe_psql('postgres', q(VACUUM listed));
$node->safe_psql('postgres', q(CREATE INDEX ON built USING hnsw (v vector_l2_ops, c int4_ops)));
$node->safe_psql('postgres', q(CREATE INDEX ON lists USING hnsw (s sparsevec_l2_ops)));
$node->safe_psql('postgres', q(CREATE INDEX ON lists USING hnsw (words bm25_ops, c)));
$node->safe_psql('postgres', $note_made);
note_slot_arrays();
my %listed = map { (split m{/})[-1] => 1 } split /\n/,
  $node->safe_psql('postgres', 'SELECT pg_relation_filepath(index) FROM indexes WHERE listed');
my ($tiny) = $node->safe_psql('postgres', q(SELECT pg_relation_filepath(index) FROM indexes WHERE "table" = 'tiny'::regclass)) =~ /(\d+)$/;
$node->safe_psql('postgres', q(REINDEX INDEX CONCURRENTLY grown_idx));
$node->safe_psql('postgres', q(
	INSERT INTO grown SELECT n, item(n), 3 FROM generate_series(4001, 4004) n;
	SELECT lokivector_calibrate('grown_idx');));

is($node->safe_psql('postgres', 'SELECT count(*) FROM made'), '7', 'indexes that have lists');
my $end = $node->lsn('insert');
$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
my $faults = $node->safe_psql('postgres', check(2000));
$faults =~ s/\n//g;
is($faults, '', 'the workload itself');

note_slot_arrays();

# What a record changes: the slot arrays of its pages, in one file at most; '' if it does
# not touch an index
sub kind_of
{
	my ($rmgr, $desc, $blocks) = @_;
	my @pages;

	return 'commit' if $rmgr eq 'Transaction' && $desc eq 'COMMIT';
	return '' if $rmgr ne 'Generic' && !($rmgr eq 'XLOG' && $desc =~ /^FPI/);
	while ($blocks =~ m{rel \d+/\d+/(\d+) (?:fork \w+ )?blk (\d+)}g)
	{
		push @pages, defined $slot_arrays{$1} ? $slot_arrays{$1}[$2] // 'new' : 'other';
	}
	# images are of new pages, in records of their own or of a range
	return $rmgr eq 'XLOG' ? 'images of ' . (@pages > 1 ? 'pages' : 'a page') : "$rmgr " . join(' ', @pages);
}

# Where the records after those of indexes begin
my ($dump) = run_command([ 'pg_waldump', '-p', $node->data_dir . '/pg_wal', '-s', $start, '-e', $end ]);
my @points;
my @chosen;
my %seen;
my $kind = '';
my $file = '';
my $rows_of_tiny = 0;
foreach my $line (split /\n/, $dump)
{
	next unless $line =~ m{rmgr: (\S+).* lsn: ([0-9A-F]+/[0-9A-F]+), .*desc: (\S+)(.*)};
	my ($rmgr, $lsn, $desc, $rest) = ($1, $2, $3, $4);
	if ($kind ne '')
	{
		push @points, $lsn;
		push @chosen, $#points if !$seen{$kind}++;
		if ($file eq $tiny && $kind =~ /^Generic/)
		{
			# of the first row, what is not an extent; later, changes of the metapage
			my $directory = $kind =~ / 1$/;

			push @chosen, $#points if $rows_of_tiny == 0 && !$directory;
			push @chosen, $#points - 1, $#points if $kind eq 'Generic 0' && $rows_of_tiny > 0;
		}
		$rows_of_tiny++ if $kind eq 'commit';
	}
	$kind = kind_of($rmgr, $desc, $rest);
	($file) = $rest =~ m{rel \d+/\d+/(\d+)};
	$file //= '';
	# those of posting lists are kinds of their own
	$kind = "listed $kind" if $kind ne '' && $listed{$file};
}
my $all = @points;
note("$all points, " . keys(%seen) . ' kinds: ' . join(', ', sort keys %seen));
cmp_ok($all, '>=', 500, 'points');
if (!$wanted)
{
	my %once = map { $_ => 1 } @chosen;

	@points = @points[ sort { $a <=> $b } keys %once ];
	@points = @points[ grep { $_ % 4 == 0 } 0 .. $#points ] if $ENV{LOKIVECTOR_SHORT};
	note(@points . ' of them chosen');
}
elsif ($wanted ne 'all' && $wanted < $all)
{
	# not the same in each run
	my $offset = rand();
	@points = map { $points[int(($_ + $offset) * $all / $wanted)] } (0 .. $wanted - 1);
}
$node->stop;

# WAL up to a point: the files before, and zeroes behind it
sub copy_wal
{
	my ($lsn, $to) = @_;
	my ($high, $low) = map { hex } split /\//, $lsn;
	my $last = sprintf('%08X%08X%08X', 1, $high, int($low / $segment_size));

	foreach my $file (glob($node->data_dir . '/pg_wal/0000*'))
	{
		(my $name = $file) =~ s{.*/}{};
		next if length($name) != 24 || $name gt $last;
		system_or_bail('cp', $file, "$to/$name");
	}
	truncate("$to/$last", $low % $segment_size) or die "truncate: $!";
	truncate("$to/$last", $segment_size) or die "truncate: $!";
	return;
}

# What is done there.  A crash leaves an entry point that is not the highest node, or none, of
# which lokivector_check warns until vacuum has put it right.  It does not warn of nodes of
# aborted rows, to which few links may lead, nor of those to which only dead nodes are linked.
my $script = "\\echo recovered\n" . check(2000) .
  "$writes;\n\\echo inserts\n" . check(100) .
  join('', map { "VACUUM $_;\n" } @tables, 'listed') .
  "\\echo vacuum\n\\warn vacuum\n" . check(100);
my $entry_warning = qr/^psql:\S+: WARNING:  index "\w+" has nodes(?: above its|, but no) entry point\n(?:DETAIL:.*\n)?/m;
my $patience = $PostgreSQL::Test::Utils::timeout_default;

# What is wrong after a crash at a point, '' if nothing is
sub try_point
{
	my ($lsn) = @_;
	my $point = PostgreSQL::Test::Cluster->new("point_$lsn" =~ s{/}{_}r);
	my $faults = '';

	system_or_bail('cp', '-a', "$copy/data", $point->data_dir);
	unlink glob($point->data_dir . '/pg_wal/0000*');
	copy_wal($lsn, $point->data_dir . '/pg_wal');
	$point->append_conf('postgresql.conf', 'port = ' . $point->port . "\nfsync = off\nmax_wal_size = 1GB\n");
	return "does not start\n" if !$point->start(fail_ok => 1);
	my ($result, $out, $err) = $point->psql('postgres', $script, timeout => $patience);
	$out =~ s/\n+/\n/g;
	my ($before, $after) = split /^vacuum\n/m, "$err\n";
	$before =~ s/$entry_warning//g;
	$err = $before . ($after // '');
	$faults = "$out$err\n" if $result != 0 || $err =~ /\S/ || $out ne "recovered\ninserts\nvacuum\n";
	$point->stop('immediate');
	$faults .= 'the log: ' . join("\n", grep { /PANIC|TRAP|terminated by/ } split /\n/, slurp_file($point->logfile))
	  if slurp_file($point->logfile) =~ /PANIC|TRAP|terminated by signal/;
	if ($faults eq '')
	{
		$point->clean_node;
	}
	return $faults;
}

# Try one of so many points, in a process of its own; faults go to a file
sub try_share
{
	my ($job, $to) = @_;

	open my $out, '>', $to or die "$to: $!";
	$out->autoflush;
	foreach my $i (grep { $_ % $jobs == $job } (0 .. $#points))
	{
		my $faults = try_point($points[$i]);

		print $out "$points[$i]: $faults\n" if $faults ne '';
		print $out "tried\n";
	}
	close $out;
	return;
}

my @files = map { "$copy/faults_$_" } (0 .. $jobs - 1);
my @pids;
foreach my $job (0 .. $jobs - 1)
{
	my $pid = fork;

	die "fork: $!" if !defined $pid;
	if ($pid == 0)
	{
		my $done = eval { try_share($job, $files[$job]); 1 };

		append_to_file($files[$job], $@) if !$done;
		# nothing of the parent's is cleaned up here
		POSIX::_exit(0);
	}
	push @pids, $pid;
}
waitpid($_, 0) foreach @pids;

my $tried = 0;
my $faults_found = '';
foreach my $line (map { split /^/, slurp_file($_) } @files)
{
	if ($line eq "tried\n")
	{
		$tried++;
	}
	else
	{
		$faults_found .= $line;
	}
}
is($tried, scalar(@points), 'points tried');
is(substr($faults_found, 0, 10000), '', 'faults');
done_testing();
