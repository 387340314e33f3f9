# SPDX-License-Identifier: PostgreSQL
# A tablespace that is full: vacuum comes to its end, nodes are reused, and
# whatever fails fails with an error that leaves a sound index.
#
# LOKIVECTOR_LONG=1: four times as many rounds.

use FindBin;
use lib $FindBin::RealBin;
use FullTablespace;
use LokiTest;

my $rounds = $ENV{LOKIVECTOR_LONG} ? 20 : $ENV{LOKIVECTOR_SHORT} ? 2 : 5;

plan skip_all => 'no tmpfs can be mounted, and there is no prlimit' if !can_be_full();
note('this user may not mount a tmpfs: files get a limit of their size instead') if !$tmpfs;

# small segments, as a limit is that of WAL files, too
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => ['--wal-segsize=1']);
$node->append_conf('postgresql.conf', q(
autovacuum = off
fsync = off
max_wal_size = 1GB
min_parallel_index_scan_size = 0
max_parallel_maintenance_workers = 2
));
$node->start;
create_items($node, 24);
my $insert = 'INSERT INTO items SELECT n, item(n), n % 900 FROM generate_series';
my $tablespace = create_tablespace($node);
$node->safe_psql('postgres', qq(
	DROP INDEX items_idx;
	$insert (1, 8000) n;
	CREATE INDEX items_idx ON items USING hnsw (v vector_l2_ops, c) $tablespace));

my $full_message = qr/No space left on device|File too large|wrote only/;

sub index_size
{
	return $node->safe_psql('postgres', q(SELECT pg_relation_size('items_idx')));
}

sub try_sql
{
	my ($sql) = @_;
	my ($stdout, $stderr) = ('', '');
	my $rc = $node->psql('postgres', $sql, stdout => \$stdout, stderr => \$stderr,
		on_error_die => 0, on_error_stop => 1);
	return ($rc, $stderr);
}

sub dead_nodes
{
	return $node->safe_psql('postgres', q(SELECT dead FROM lokivector_index_info('items_idx')));
}

# Nearest rows by index and by table
sub is_right
{
	my ($name) = @_;
	my $query = q(SELECT string_agg(id::text, ' ' ORDER BY id) FROM generate_series(1, 40) q, LATERAL
		(SELECT id FROM items WHERE c BETWEEN q * 20 AND q * 20 + 30 ORDER BY v <-> item(q * 7) LIMIT 3) r);
	my $by_index = $node->safe_psql('postgres', "SET enable_seqscan = off; SET enable_sort = off; SET hnsw.ef_search = 200; $query");
	is($by_index, $node->safe_psql('postgres', "SET enable_indexscan = off; $query"), $name);
	return;
}

# ----------------------------------------------------------------
# Vacuum, where lists and map would have to grow
# ----------------------------------------------------------------
$node->safe_psql('postgres', "$insert (8001, 9950) n; DELETE FROM items WHERE id % 3 = 0; CHECKPOINT");
leave_room($node, 'items_idx', 0);
my ($rc, $stderr) = try_sql('VACUUM (VERBOSE) items');
is($rc, 0, 'vacuum succeeds in a full tablespace');
like($stderr, qr/DETAIL:  Recall was measured again\. Up to \d{4,} nodes are not up to date in the sorted lists and the row map; there was no room for pages \d+ times\./,
	'and counts what it left');
cmp_ok($node->safe_psql('postgres', q(SELECT unlisted_nodes FROM lokivector_index_info('items_idx'))),
	'>', 1500, 'so does the index');
like($stderr, qr/WARNING:  could not extend index "items_idx".*$full_message/s, 'and says what it left');
is(dead_nodes(), '0', 'nodes are freed');
is_right('lists of before serve');
check_index($node, 'check after that vacuum');

($rc, $stderr) = try_sql("$insert (20001, 23200) n");
# lists that they make may find none
is($rc, 0, 'as many rows as were removed find room');
is_right('answers with reused nodes');
check_index($node, 'check with reused nodes');
($rc, $stderr) = try_sql("$insert (30001, 40000) n");
like($stderr, qr/could not extend file/, 'more rows do not');
check_index($node, 'check after rows that found no room');

$node->safe_psql('postgres', 'DELETE FROM items WHERE id % 5 = 0');
($rc, $stderr) = try_sql('VACUUM (PARALLEL 2) items');
is($rc, 0, 'so does vacuum by several processes');
check_index($node, 'check after vacuum by several processes');
leave_room($node, 'items_idx', undef);
($rc, $stderr) = try_sql('VACUUM items');
is("$rc$stderr", '0', 'the next vacuum does what was left');
is($node->safe_psql('postgres', q(SELECT unlisted_nodes FROM lokivector_index_info('items_idx'))),
	'0', 'and counts nothing');
is_right('answers by lists made anew');

# ----------------------------------------------------------------
# Any limit on the way: of a build, of inserts, of vacuum
# ----------------------------------------------------------------
$node->safe_psql('postgres', 'TRUNCATE items; REINDEX INDEX items_idx');
$node->safe_psql('postgres', "$insert (1, 7000) n; CREATE TABLE copy AS TABLE items");
my $full = index_size();
my @wrong;
srand(1);
# a limit of files' sizes is one of the table and of WAL as well
my $least = $tmpfs ? 0 : $node->safe_psql('postgres', q(SELECT greatest(pg_relation_size('copy'), 1048576))) + 65536;
my $before = $tmpfs ? 0 : $full;
cmp_ok($full, '>', $least + 131072, 'the index is larger');
for my $round (1 .. $rounds)
{
	# a build that has room for a part of the index, or of its temporary file
	leave_room($node, 'items_idx', $least + int(rand($full - $least)) - $before);
	my $settings = $round % 2 && $tmpfs ?
	  q(SET maintenance_work_mem = '1MB'; SET temp_tablespaces = small;) : '';
	(undef, $stderr) = try_sql("$settings CREATE INDEX copy_idx ON copy USING hnsw (v vector_l2_ops, c) $tablespace");
	push @wrong, "build: $stderr" if $stderr !~ $full_message;
	leave_room($node, 'items_idx', undef);
}
(undef, $stderr) = try_sql("CREATE INDEX copy_idx ON copy USING hnsw (v vector_l2_ops, c) $tablespace");
is($stderr . join('', @wrong), '', 'builds that have no room');

@wrong = ();
my $next = 50000;
for my $round (1 .. $rounds)
{
	# rows until there is no room, some of them equal, then vacuum, which has some again
	leave_room($node, 'items_idx', 8192 * int(rand(20)));
	for my $i (1 .. 30)
	{
		$next += 100;
		my $end = $next + 99;
		(undef, $stderr) = try_sql("$insert ($next, $end) n; INSERT INTO items SELECT 1000000 + id, v, c FROM items WHERE id BETWEEN $next AND $next + 9");
		last if $stderr =~ /could not extend/;
	}
	push @wrong, "insert: $stderr" if $stderr ne '' && $stderr !~ /could not extend file/;
	my (undef, $faults) = try_sql("SELECT lokivector_check('items_idx', true)");
	push @wrong, $faults if $faults ne '';
	$node->safe_psql('postgres', "DELETE FROM items WHERE id % 7 = $round % 7");
	leave_room($node, 'items_idx', 8192 * int(rand(8))) if $round % 2;
	($rc, $stderr) = try_sql('VACUUM items');
	push @wrong, "vacuum: $stderr" if $rc != 0;
	(undef, $faults) = try_sql("SELECT lokivector_check('items_idx', true)");
	push @wrong, $faults if $faults ne '';
	leave_room($node, 'items_idx', undef);
}
is(join('', @wrong), '', 'inserts and vacuums in a tablespace that is full again and again');
is_right('answers after all');
# ----------------------------------------------------------------
# Nodes that are used again, with elements for which there is no room
# ----------------------------------------------------------------
$node->safe_psql('postgres', qq(
	CREATE FUNCTION body_of(n int) RETURNS tsvector LANGUAGE sql IMMUTABLE AS \$\$
		SELECT array_to_tsvector(array_agg(DISTINCT 'w' || abs(hashint8extended(n, i) % 500)))
		FROM generate_series(1, 40 + n % 30) i
	\$\$;
	CREATE TABLE docs (id int, body tsvector);
	INSERT INTO docs SELECT n, body_of(n) FROM generate_series(1, 4000) n;
	CREATE INDEX docs_words ON docs USING hnsw (body bm25_ops) $tablespace;));

# Searches by words whose rows are others by the index than by the table, and what the check finds
sub words_wrong
{
	my $query = q(SELECT string_agg(d::text, ' ') FROM generate_series(1, 15) q, LATERAL
		(SELECT body <@@> bm25_weigh('docs_words', ('w' || q * 7 || '|w' || q * 31)::tsquery) AS d
		FROM docs ORDER BY 1 LIMIT 5) r);
	my $by_index = $node->safe_psql('postgres', "SET enable_seqscan = off; SET enable_sort = off; $query");
	my $by_table = $node->safe_psql('postgres', "SET enable_indexscan = off; $query");
	my (undef, $faults) = try_sql(q(SELECT lokivector_check('docs_words', true)));

	return ($by_index eq $by_table ? '' : "$by_index is not $by_table\n") . $faults;
}

@wrong = ();
my $amid = 0;
$next = 10000;
for my $round (1 .. $rounds)
{
	$node->safe_psql('postgres', "DELETE FROM docs WHERE id % 4 = $round % 4");
	$node->safe_psql('postgres', 'VACUUM docs; CHECKPOINT');
	leave_room($node, 'docs_words', 8192 * int(rand(12)));
	$stderr = '';
	for (my $i = 0; $i < 40 && $stderr eq ''; $i++, $next += 50)
	{
		(undef, $stderr) = try_sql("INSERT INTO docs SELECT n, body_of(n) FROM generate_series($next, $next + 49) n");
	}
	push @wrong, "insert: $stderr" if $stderr !~ /could not extend file/;
	$amid += $node->safe_psql('postgres', q(SELECT (free > 0)::int FROM lokivector_index_info('docs_words')));
	push @wrong, words_wrong();
	($rc, $stderr) = try_sql('VACUUM docs');
	push @wrong, "vacuum: $stderr" if $rc != 0;
	push @wrong, words_wrong();
	leave_room($node, 'docs_words', undef);
}
is(join('', @wrong), '', 'rows with words that take the nodes of others until there is no room');
cmp_ok($amid, '>', 0, 'there was none while there were nodes');

unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal|TRAP/, 'no process crashed');
$node->stop;

done_testing();
