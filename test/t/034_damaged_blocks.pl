# SPDX-License-Identifier: PostgreSQL
# Every block of an index in turn is zeroed, overwritten by noise, or by another
# page of the index: each query raises an error, or gives the right answer.
#
# Noise and other pages go to one block of each array, and with LOKIVECTOR_LONG=1 to
# every block; in a short run zeroes as well.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $dim = 24;
my $rows = 1100;

my $node = damaged_node('main');
$node->append_conf('postgresql.conf', q(
fsync = off
lokivector.build_seed = 1
max_locks_per_transaction = 500
));
$node->start;
$node->safe_psql('postgres', qq(
	CREATE EXTENSION lokivector;
	CREATE FUNCTION item(n integer) RETURNS vector AS \$\$
		SELECT array_agg(hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
		FROM generate_series(1, $dim) i
	\$\$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
	CREATE TABLE t (id integer, v vector($dim), a integer, tags integer[], c integer);
	INSERT INTO t SELECT n, item(n), n % 97, ARRAY[n % 50, n % 41 + 50], n FROM generate_series(1, $rows) n;
	-- rows without a vector, and nodes of several rows
	INSERT INTO t SELECT $rows + n, NULL, n, ARRAY[n], $rows + n FROM generate_series(1, 20) n;
	INSERT INTO t SELECT $rows + 20 + n, item(n % 4 + 1), n % 4 + 1, ARRAY[n % 4 + 1, n % 4 + 51], $rows + 20 + n
		FROM generate_series(1, 40) n;
	CREATE INDEX t_c ON t (c);
	CREATE INDEX sound ON t USING hnsw (v vector_l2_ops, a, tags) WITH (m = 6);
	VACUUM ANALYZE t));

# ----------------------------------------------------------------
# Indexes to be damaged: one for each block and kind of damage
# ----------------------------------------------------------------
my $block_size = $node->safe_psql('postgres', 'SHOW block_size');
my $blocks = $node->safe_psql('postgres', q(SELECT pg_relation_size('sound'))) / $block_size;
my %names = map { (split /\|/)[ 0, 1 ] } split /\n/, $node->safe_psql('postgres', q(
	SELECT n, slot_array FROM unnest(ARRAY['meta', 'directory', 'tid', 'code', 'link', 'refine', 'hash',
		'upper', 'duplicate', 'nulltid', 'centroid', 'reused', 'row', 'block', 'gained'])
		WITH ORDINALITY AS u(slot_array, n)));
my @kinds = ('zeroes', 'noise', 'another page');

# Of each array the first block gets noise, the last another page
$node->safe_psql('postgres', 'CHECKPOINT');
my $undamaged = slurp_file($node->data_dir . '/' . $node->safe_psql('postgres', q(SELECT pg_relation_filepath('sound'))));
my @slot_array = map { slot_array_of(\$undamaged, $_) } 0 .. $blocks - 1;
my %last_block = map { $slot_array[$_] => $_ } 0 .. $blocks - 1;
my %first_block = map { $slot_array[$_] => $_ } reverse 0 .. $blocks - 1;
my %chosen = (noise => \%first_block, 'another page' => \%last_block);
$chosen{zeroes} = \%first_block if $ENV{LOKIVECTOR_SHORT};
my @cases;
foreach my $kind (@kinds)
{
	push @cases, map { [ $_, $kind ] } grep {
		$ENV{LOKIVECTOR_LONG} || !$chosen{$kind} || $chosen{$kind}{ $slot_array[$_] } == $_ } 0 .. $blocks - 1;
}
note(scalar(@cases) . " cases of $blocks blocks");

$node->safe_psql('postgres', join ";\n", map {
	"CREATE INDEX i$_ ON t USING hnsw (v vector_l2_ops, a, tags) WITH (m = 6)" } 0 .. $#cases);
# nodes that are reused, and rows that join nodes, since lists and map were made
$node->safe_psql('postgres', qq(
	DELETE FROM t WHERE id BETWEEN 500 AND 510));
$node->safe_psql('postgres', 'VACUUM t');
$node->safe_psql('postgres', qq(
	INSERT INTO t SELECT 2000 + n, item(2000 + n), n, ARRAY[n], 2000 + n FROM generate_series(1, 11) n;
	INSERT INTO t SELECT 2100 + n, item(300), 300 % 97, ARRAY[300 % 50, 300 % 41 + 50], 2100 + n
		FROM generate_series(1, 3) n;
	ANALYZE t;
	CHECKPOINT));

# What is asked, of one index at a time: rows in any order
my @queries = (
	(map { "SELECT id FROM t ORDER BY v <-> item($_) LIMIT 20" } 3, 77, 300, 2005),
	'SELECT id FROM t ORDER BY v <-> item(5)',
	'SELECT id FROM t WHERE a BETWEEN 3 AND 5 ORDER BY v <-> item(80) LIMIT 20',
	'SELECT id FROM t WHERE a IS NULL OR a > 90 ORDER BY v <-> item(81) LIMIT 20',
	'SELECT id FROM t WHERE tags && ARRAY[7, 60] ORDER BY v <-> item(82) LIMIT 20',
	'SELECT id FROM t WHERE a = 9 ORDER BY v <-> item(83)',
	'SELECT id FROM t WHERE c BETWEEN 290 AND 330 ORDER BY v <-> item(84) LIMIT 20',
	'SELECT id FROM t WHERE c BETWEEN 2000 AND 2110 ORDER BY v <-> item(300) LIMIT 20');

sub use_index
{
	my ($index) = @_;
	$node->safe_psql('postgres', qq(
		UPDATE pg_index SET indisvalid = indexrelid IN ('$index'::regclass, 't_c'::regclass)
		WHERE indrelid = 't'::regclass));
	return;
}

# Answers of all queries, each a list of ids or an error
sub answers
{
	my ($settings) = @_;
	my $sql = "SET hnsw.ef_search = 300; $settings;\n" .
	  join "\n", map { "\\echo ===\nSELECT string_agg(id::text, ' ' ORDER BY id) FROM ($_) s;" } @queries;
	my ($stdout, $stderr) = ('', '');
	my $rc = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql", stdout => \$stdout, stderr => \$stderr,
		on_error_stop => 0, on_error_die => 0);
	my @answers = split /^===\n?/m, $stdout;
	shift @answers;
	return ($rc, $stderr, @answers);
}

my (undef, undef, @right) = answers('SET enable_indexscan = off');
chomp @right;
my $by_index = 'SET enable_seqscan = off; SET enable_sort = off';
use_index('sound');
my ($rc, $stderr, @sound) = answers($by_index);
chomp @sound;
is($stderr, '', 'no error of a sound index');
is_deeply(\@sound, \@right, 'a sound index gives the right answers');

# ----------------------------------------------------------------
# The damage
# ----------------------------------------------------------------
my @files = split /\n/, $node->safe_psql('postgres', join ' UNION ALL ',
	map { "SELECT pg_relation_filepath('i$_')" } 0 .. $#cases);

sub page_of
{
	my ($bytes, $block) = @_;
	return substr($$bytes, $block * $block_size, $block_size);
}

sub slot_array_of
{
	my ($bytes, $block) = @_;
	return unpack('C', substr($$bytes, ($block + 1) * $block_size - 6, 1));
}

sub slot_array_name
{
	my ($number) = @_;
	return $names{ $number + 1 } // ($number < 48 ? 'attribute' : $number < 80 ? 'nullattribute' :
		  $number < 112 ? 'sorted' : 'separator');
}

# Another block, of the same slot array or not; undef if there is none
sub other_block
{
	my ($bytes, $block, $same) = @_;
	for my $step (1 .. $blocks - 1)
	{
		my $other = ($block + $step) % $blocks;
		return $other if $same == (slot_array_of($bytes, $other) == slot_array_of($bytes, $block));
	}
	return;
}

# Damage a block of a file; the name of its slot array
sub damage
{
	my ($file, $block, $kind) = @_;
	my $path = $node->data_dir . "/$file";
	my $bytes = slurp_file($path);
	my $slot_array = slot_array_of(\$bytes, $block);
	my $page;

	if ($kind eq 'zeroes')
	{
		$page = "\0" x $block_size;
	}
	elsif ($kind eq 'noise')
	{
		srand($block);
		$page = join '', map { pack('V', int(rand(2**32))) } 1 .. $block_size / 4;
	}
	else
	{
		# of the same array, if it has another
		my $other = other_block(\$bytes, $block, 1) // other_block(\$bytes, $block, 0);
		$page = page_of(\$bytes, $other);
	}
	# what every server checks when it reads a page is the server's to report
	substr($page, 12, 8) = substr($bytes, $block * $block_size + 12, 8) if $kind eq 'noise';
	open my $fh, '+<:raw', $path or die "$path: $!";
	seek $fh, $block * $block_size, 0;
	print $fh $page;
	close $fh;
	return slot_array_name($slot_array);
}

$node->stop;
my @slot_arrays = map { scalar damage($files[$_], @{ $cases[$_] }) } 0 .. $#cases;
$node->start;

my %noticed;
my %wrong;
for my $i (0 .. $#cases)
{
	my ($block, $kind) = @{ $cases[$i] };
	use_index("i$i");
	my ($status, $errors, @got) = answers($by_index);

	push @{ $wrong{$kind} }, "block $block ($slot_arrays[$i]): server gone: $errors" if $status == 2;
	for my $q (0 .. $#queries)
	{
		my $answer = $got[$q] // '';
		# an error leaves nothing of an answer
		chomp $answer;
		next if $answer eq '' || $answer eq $right[$q];
		push @{ $wrong{$kind} }, "block $block ($slot_arrays[$i]): $queries[$q]: $answer";
	}
	$noticed{ $slot_arrays[$i] }++ if $errors =~ /ERROR/;
	push @{ $wrong{$kind} }, "block $block ($slot_arrays[$i]): $1"
	  if $errors =~ /(ERROR:  (?!XX002|XX001|55000).*)/;
}
for my $kind (@kinds)
{
	is(join("\n", @{ $wrong{$kind} // [] }), '', "an error or the right answer: $kind");
}
my %silent = map { $_ => 1 } grep { !$noticed{$_} } @slot_arrays;
is(join(' ', sort keys %silent), 'hash',
	'damage to every array is noticed, but to that which no query reads');

# ----------------------------------------------------------------
# Pages that are damaged while a session remembers where they were
# ----------------------------------------------------------------
$node->append_conf('postgresql.conf', "shared_buffers = 1MB\n");
$node->restart;
use_index('sound');
$node->safe_psql('postgres', join ";\n",
	map { "CREATE TABLE pad$_ AS SELECT generate_series(1, 5000) AS x" } 1 .. 16);
my $session = open_session($node);
ask($session, $by_index . ';');
my $query = "SELECT string_agg(id::text, ' ' ORDER BY id) FROM (SELECT id FROM t ORDER BY v <-> item(3) LIMIT 20) s;";
my $answer = ask($session, $query);
is($answer, $right[0], 'a session asks') for 1 .. 3;
$node->safe_psql('postgres', 'CHECKPOINT');

my $sound = $node->data_dir . '/' . $node->safe_psql('postgres', q(SELECT pg_relation_filepath('sound')));
my $bytes = slurp_file($sound);
open my $fh, '+<:raw', $sound or die "$sound: $!";
seek $fh, 2 * $block_size, 0;
print $fh "\0" x (length($bytes) - 2 * $block_size);
close $fh;
# other pages come to the buffers, each of which has been used five times at most
for (1 .. 8)
{
	$node->safe_psql('postgres', "SELECT count(*) FROM pad$_") for 1 .. 16;
}
$answer = ask($session, $query);
is($answer, '', 'the session gets no answer from zeroed pages');
like($session->{err}, qr/unexpected zero page/, 'but an error');
close_session($session);
$node->stop;

done_testing();
