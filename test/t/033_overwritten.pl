# SPDX-License-Identifier: PostgreSQL
# 16 overwritten bytes, at random places of every block of indexes of every kind:
# lokivector_check, comparing the index with its table, finds each, but for those at
# places that src/hnsw/check/README lists, which mean nothing.  It does so
# on the processor that has made the index and on another.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

# Indexes alike of a kind, which are damaged at once; places tried in each block
my $copies = 8;
my $places = $ENV{LOKIVECTOR_LONG} ? 20 : 2;
my $seed = $ENV{LOKIVECTOR_SEED} // 1;
my $bytes_overwritten = 16;

my $node = damaged_node('main');
$node->append_conf('postgresql.conf', q(
shared_buffers = 64MB
));

start_as($node, 'best');
srand($seed);
diag("seed $seed");

# Kinds of indexes: what is indexed and how
my %kinds = (
	plain => 'v vector_l2_ops',
	products => 'v vector_ip_ops',
	cosine => 'v vector_cosine_ops',
	taxicab => 'v vector_l1_ops',
	exact => 'w vector_l2_ops',
	halfvec => '(v::halfvec(40)) halfvec_cosine_ops',
	bit => 'b bit_hamming_ops',
	sparsevec => 's sparsevec_l2_ops',
	attributes => 'v vector_l2_ops, a, t, e, f',
	compact => 'v vector_l2_ops) WITH (profile = compact',
	coarse => 'v vector_l2_ops, t) WITH (bits = 1, refine_bits = 0',
	toast => 'x vector_l2_ops',
);

$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE TABLE items (id integer, v vector(40), w vector(3), b bit(64), s sparsevec(5000),
		a integer, t text, e integer[], f boolean, x vector(300));
	ALTER TABLE items ALTER x SET STORAGE EXTERNAL;
	SELECT setseed(0.5);
	INSERT INTO items SELECT i, v, ARRAY[random(), random(), random()]::vector,
		(random() * 1e9)::bigint::bit(64), format('{%s:1,%s:%s}/5000', i, i + 2000, i)::sparsevec,
		(random() * 400)::int, 'tenant ' || i % 300, ARRAY[i % 50, i % 77, i % 90], i % 3 = 0,
		(SELECT array_agg(random()) FROM generate_series(1, 300) WHERE i > 0)::vector
		FROM (SELECT i, (SELECT array_agg(random()) FROM generate_series(1, 40) WHERE i > 0)::vector AS v
			FROM generate_series(1, 1500) i) r;
	-- rows that share a node, and rows without one
	INSERT INTO items SELECT i.* FROM items i, generate_series(1, 3) WHERE id <= 40;
	INSERT INTO items (id, a, t) SELECT i, i, 'none' FROM generate_series(1, 30) i;
	UPDATE items SET v = array_fill(0, ARRAY[40])::vector WHERE id % 500 = 499;
	VACUUM items;
	CREATE FUNCTION problem(index regclass) RETURNS text AS $$
	BEGIN
		PERFORM lokivector_check(index, true);
		RETURN NULL;
	EXCEPTION WHEN OTHERS THEN
		RETURN sqlerrm;
	END $$ LANGUAGE plpgsql;
));
for my $kind (sort keys %kinds)
{
	$node->safe_psql('postgres', join ';', map
		{ "CREATE INDEX ${kind}_$_ ON items USING hnsw ($kinds{$kind})" } 1 .. $copies);
}
# nodes that were reused, and rows that joined
$node->safe_psql('postgres', join ';',
	'CREATE TABLE grown (v vector(40), a integer)',
	(map { (
			"CREATE INDEX grown_$_ ON grown USING hnsw (v vector_l2_ops, a)",
			"CREATE INDEX coarsely_grown_$_ ON grown USING hnsw (v vector_l2_ops) WITH (bits = 4, refine_bits = 0)"
		) } 1 .. $copies),
	'INSERT INTO grown SELECT v, a FROM items',
	'DELETE FROM grown WHERE a % 7 = 0',
	'VACUUM grown',
	'INSERT INTO grown SELECT v, a FROM items WHERE id % 9 = 5');
$kinds{grown} = $kinds{coarsely_grown} = 1;
my $block_size = $node->safe_psql('postgres', 'SHOW block_size');
my ($header, $special, $tid, $centroid, $sketch) = (24, 16, 2, 10, 144);
# Slot arrays that go by node, as in hnsw/definition/layout.h, and the bytes of their slots
my %number = (tid => $tid, code => 3, link => 4, refine => 5, hash => 6);
my %slot_bytes;
for my $kind (keys %kinds)
{
	my %bytes = map { split /\|/ } split /\n/, $node->safe_psql('postgres',
		"SELECT slot_array, slot_bytes FROM lokivector_index_slot_arrays('${kind}_1')
		 WHERE slot_array IN ('tid', 'code', 'link', 'refine', 'hash')");
	$slot_bytes{$kind}{ $number{$_} } = $bytes{$_} for keys %bytes;
}
my @names = map { my $kind = $_; map { "${kind}_$_" } 1 .. $copies } sort keys %kinds;
my $list = join ',', map { "'$_'" } @names;
is($node->safe_psql('postgres',
		"SELECT i, problem(i::regclass) FROM unnest(ARRAY[$list]) i WHERE problem(i::regclass) IS NOT NULL"),
	'', 'indexes are sound at first');
my %path = map { split /\|/ } split /\n/, $node->safe_psql('postgres',
	"SELECT i, pg_relation_filepath(i::regclass) FROM unnest(ARRAY[$list]) i");

$node->stop;
my %original = map { $_ => slurp_file($node->data_dir . "/$path{$_}") } @names;

# The slot array of a block, from its special space
sub slot_array
{
	my ($bytes, $block) = @_;
	return unpack('C', substr($bytes, ($block + 1) * $block_size - 6, 1));
}

# Which page of its slot array a block is
sub ordinal
{
	my ($bytes, $block) = @_;
	return unpack('V', substr($bytes, ($block + 1) * $block_size - $special, 4));
}

# The TID state of a node; 0 is free
sub tid_state
{
	my ($bytes, $node, $size) = @_;
	my $per_page = int(($block_size - $header - $special) / $size);
	for my $block (0 .. length($bytes) / $block_size - 1)
	{
		next unless slot_array($bytes, $block) == $tid &&
		  ordinal($bytes, $block) == int($node / $per_page);
		my $slot = $block * $block_size + $header + $size * ($node % $per_page);
		return unpack('v', substr($bytes, $slot + 6, 2)) & 7;
	}
	die "no node $node";
}

# Whether the bytes overwritten are those of nodes that are free, or of GAINED and
# REUSED, where a bit too many costs a look at a node, or may be 1-bit sketches of nodes
# that were reused
sub means_nothing
{
	my ($bytes, $kind, $block, $offset) = @_;
	return 1 if slot_array($bytes, $block) == 11 || slot_array($bytes, $block) == 14;
	return 1 if $kind eq 'grown' && slot_array($bytes, $block) >= $sketch;
	my $size = $slot_bytes{$kind}{ slot_array($bytes, $block) } or return 0;
	my $per_page = int(($block_size - $header - $special) / $size);
	my $first = int(($offset - $header) / $size);
	my $last = int(($offset + $bytes_overwritten - 1 - $header) / $size);
	return 0 if $offset < $header || $last >= $per_page;
	return !grep { tid_state($bytes, ordinal($bytes, $block) * $per_page + $_,
			$slot_bytes{$kind}{$tid}) != 0 } $first .. $last;
}

# All places, each of a copy of its kind
my %todo;
for my $kind (sort keys %kinds)
{
	my $blocks = length($original{"${kind}_1"}) / $block_size;
	my @places = map { my $block = $_; map { $block } 1 .. $places } 0 .. $blocks - 1;
	# In a short run each eighth of them, from another first one for each kind
	my $first = length($kind) % 8;
	@places = @places[ grep { $_ % 8 == $first } 0 .. $#places ] if $ENV{LOKIVECTOR_SHORT};
	$todo{$kind} = \@places;
}
my (%missed, %tried);
my $rounds = 0;
while (grep { @$_ } values %todo)
{
	my %damage;
	for my $kind (sort keys %kinds)
	{
		for my $copy (1 .. $copies)
		{
			my $name = "${kind}_$copy";
			my $bytes = $original{$name};
			my $block = shift @{ $todo{$kind} };
			if (defined $block && ($block + 1) * $block_size <= length $bytes)
			{
				my $offset = int(rand($block_size - $bytes_overwritten + 1));
				substr($bytes, $block * $block_size + $offset, $bytes_overwritten) =
				  join '', map { chr(int(rand(256))) } 1 .. $bytes_overwritten;
				$damage{$name} = [ $kind, $block, $offset ];
			}
			write_binary($node->data_dir . "/$path{$name}", $bytes);
		}
	}
	start_as($node, $rounds++ % 2 == 0 ? 'best' : 'scalar');
	my $damaged = join ',', map { "'$_'" } sort keys %damage;
	my @sound = split /\n/, $node->safe_psql('postgres',
		"SELECT i FROM unnest(ARRAY[$damaged]) i WHERE problem(i::regclass) IS NULL");
	$node->stop;
	$tried{ $_->[0] }++ for values %damage;
	for my $name (@sound)
	{
		my ($kind, $block, $offset) = @{ $damage{$name} };
		push @{ $missed{$kind} }, sprintf('block %d, offset %d, slot_array %d', $block, $offset,
			slot_array($original{$name}, $block))
		  unless means_nothing($original{$name}, $kind, $block, $offset);
	}
}
for my $kind (sort keys %kinds)
{
	is(join("\n", @{ $missed{$kind} // [] }), '', "$kind: each of $tried{$kind} places is found");
}

# Where a slot is in the file of an index
sub slot_place
{
	my ($bytes, $array, $size, $number) = @_;
	my $per_page = int(($block_size - $header - $special) / $size);
	my ($block) = grep {
		slot_array($bytes, $_) == $array && ordinal($bytes, $_) == int($number / $per_page)
	} 0 .. length($bytes) / $block_size - 1;

	return $block * $block_size + $header + $size * ($number % $per_page);
}

# Four floats of the centroid
for my $kind ('grown', 'coarsely_grown')
{
	for my $copy (1 .. $copies)
	{
		my $bytes = $original{"${kind}_$copy"};
		my $first = int(rand(37));

		substr($bytes, slot_place($bytes, $centroid, 4, $first + $_), 4) =
		  $copy % 2 == 0 ? pack('f', 2 + rand) : join '', map { chr(int(rand(256))) } 1 .. 4
		  for 0 .. 3;
		write_binary($node->data_dir . '/' . $path{"${kind}_$copy"}, $bytes);
	}
	for my $processor ('best', 'scalar')
	{
		start_as($node, $processor);
		is($node->safe_psql('postgres',
				"SELECT i FROM generate_series(1, $copies) i WHERE problem(('${kind}_' || i)::regclass) IS NULL"),
			'', "$kind: a centroid is found, $processor kernels");
		$node->stop;
	}
}

# What rounding may change, changed by more: the last bits of two levels, and both factors
$node->start;
$node->safe_psql('postgres', q(
	CREATE TABLE fine (v vector(64));
	INSERT INTO fine SELECT (SELECT array_agg(random()) FROM generate_series(1, 64) WHERE i > 0)::vector
		FROM generate_series(1, 1500) i;
	CREATE INDEX fine_idx ON fine USING hnsw (v vector_l2_ops) WITH (bits = 8, refine_bits = 0)));
my $path = $node->safe_psql('postgres', q(SELECT pg_relation_filepath('fine_idx')));
my $size = $node->safe_psql('postgres',
	q(SELECT slot_bytes FROM lokivector_index_slot_arrays('fine_idx') WHERE slot_array = 'code'));
$node->stop;
my $fine = slurp_file($node->data_dir . "/$path");
my ($block) = grep { slot_array($fine, $_) == $number{code} && ordinal($fine, $_) == 0 }
  0 .. length($fine) / $block_size - 1;
my $slot = $block * $block_size + $header + 7 * $size;

for my $factors ([ 1.12, 0.89 ], [ 1.12, 1 ], [ 1, 0.98 ])
{
	my $bytes = $fine;
	my ($add, $mul) = unpack('ff', substr($bytes, $slot, 8));

	substr($bytes, $slot, 8) = pack('ff', $add * $factors->[0], $mul * $factors->[1]);
	substr($bytes, $slot + 8 + $_, 1) ^= "\x01" for 0, 7;
	write_binary($node->data_dir . "/$path", $bytes);
	$node->start;
	like($node->safe_psql('postgres', q(SELECT problem('fine_idx'))), qr/has other values than its entry/,
		"two levels and factors times @$factors");
	$node->stop;
}
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal|TRAP/, 'no process crashed');

done_testing();
