# SPDX-License-Identifier: PostgreSQL
# Indexes that a processor of one kind has made, on one of another, as on a
# standby or after a move: sums are rounded differently, and yet every row is
# found, and the check compares every row with its entry and finds no fault.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main');
$node->append_conf('postgresql.conf', "maintenance_work_mem = 256MB\n");

start_as($node, 'best');
$node->safe_psql(
	'postgres', q(
	CREATE EXTENSION lokivector;
	SELECT setseed(0.5);
	CREATE TABLE directions AS SELECT d, array_agg(random() - 0.5)::vector AS v
		FROM generate_series(1, 24) d, generate_series(1, 832) GROUP BY d;
	CREATE FUNCTION new_row() RETURNS vector LANGUAGE sql VOLATILE AS
		'SELECT sum(v * array_fill(((random() + random() - 1) / sqrt(d))::real, ARRAY[832])::vector) FROM directions';
	CREATE TABLE items (id int PRIMARY KEY, v vector(832), part vector(24));
	CREATE FUNCTION add_rows(first int, last int) RETURNS void LANGUAGE sql AS
		'INSERT INTO items SELECT i, v, subvector(v, 1, 24) FROM (
			SELECT i, new_row() AS v FROM generate_series(first, last) i OFFSET 0) n';
	SELECT add_rows(1, 1400);
	ANALYZE items));

# name => column, operator class, operator, options
my %indexes = (
	l2 => [ 'v', 'vector_l2_ops', '<->', '' ],
	ip => [ 'v', 'vector_ip_ops', '<#>', '' ],
	cosine => [ 'v', 'vector_cosine_ops', '<=>', '' ],
	l1 => [ 'v', 'vector_l1_ops', '<+>', '' ],
	compact_l2 => [ 'v', 'vector_l2_ops', '<->', 'WITH (profile = compact)' ],
	compact_ip => [ 'v', 'vector_ip_ops', '<#>', 'WITH (profile = compact)' ],
	compact_cosine => [ 'v', 'vector_cosine_ops', '<=>', 'WITH (profile = compact)' ],
	exact_cosine => [ 'part', 'vector_cosine_ops', '<=>', '' ],
	halfvec => [ '(v::halfvec(832))', 'halfvec_cosine_ops', '<=>', '' ],
	bytevec => [ '(v::bytevec(832))', 'bytevec_l2_ops', '<->', '' ],
	sparse => [ '(part::sparsevec(24))', 'sparsevec_l2_ops', '<->', '' ]);

# Rows of some that a search for their own vector does not find first
sub not_found
{
	my ($name) = @_;
	my ($column, undef, $operator) = @{ $indexes{$name} };

	# the longest row is nearest to many under inner product
	return 0 if $operator eq '<#>';
	return $node->safe_psql(
		'postgres', qq(
		SET enable_seqscan = off;
		SET hnsw.ef_search = 100;
		SELECT count(*) FROM items q WHERE id % 40 = 0 AND id <>
			(SELECT id FROM items ORDER BY $column $operator (SELECT $column FROM items i WHERE i.id = q.id) LIMIT 1)));
}

# Of the kinds a short run tries three, and below an eighth of the rows
for my $name ($ENV{LOKIVECTOR_SHORT} ? ('compact_cosine', 'l2', 'sparse') : sort keys %indexes)
{
	my ($column, $class, undef, $options) = @{ $indexes{$name} };
	my $rows = 1400;

	$node->safe_psql('postgres',
		"CREATE INDEX idx ON items USING hnsw ($column $class) $options");
	is( $node->safe_psql('postgres',
			"SELECT coalesce(code_dimensions < dimensions, false) FROM lokivector_index_info('idx')"),
		$name =~ /compact/ ? 't' : 'f',
		"$name: the code has a basis, or has none");
	for my $kind ('scalar', 'best')
	{
		start_as($node, $kind);
		my $simd = $node->safe_psql('postgres', 'SELECT lokivector_simd()');
		my ($result, undef, $stderr) =
		  $node->psql('postgres', "SELECT lokivector_check('idx', true)");

		is($stderr, '', "$name on $simd: the check finds no fault");
		is(not_found($name), 0, "$name on $simd: rows are found");
		$node->safe_psql('postgres', 'SELECT add_rows(' . ($rows + 1) . ', ' . ($rows + 100) . ')');
		$rows += 100;
	}
	my ($result, undef, $stderr) =
	  $node->psql('postgres', "SELECT lokivector_check('idx', true)");
	is($stderr, '', "$name on both: rows of both");
	$node->safe_psql('postgres', 'DROP INDEX idx; DELETE FROM items WHERE id > 1400');
}

# Of many rows some have an element so near to the boundary of two levels that rounding decides
# which one it gets.  The fewer dimensions there are, the more that changes the factors of the row.
start_as($node, 'best');
my $many = $ENV{LOKIVECTOR_SHORT} ? 2500 : 20000;
$node->safe_psql('postgres', qq(
	CREATE TABLE many AS SELECT n AS id, v, subvector(v, 1, 64) AS part
	FROM (SELECT n, (SELECT array_agg(hashint8extended(n * 1000::bigint + i, 0) / 9.3e18 ORDER BY i)
		FROM generate_series(1, 200) i)::vector AS v FROM generate_series(1, $many) n) r;
	ALTER TABLE many ALTER v TYPE vector(200), ALTER part TYPE vector(64)));

# Rows that share a direction: the less else there is in them, the more of their residuals is rounding
my %share = (half => 0.5, fifth => 0.2, hundredth => 0.01, little => 1e-4, least => 1e-6, nothing => 0);
for my $name (keys %share)
{
	my $rows = $share{$name} > 0.1 ? $many * 3 / 4 : 1200;

	$node->safe_psql('postgres', qq(
		CREATE TABLE shared_$name AS SELECT n AS id, v, subvector(v, 1, 64) AS part
		FROM (SELECT n, (SELECT array_agg(sin(i * 1.7) + 1.5 +
				$share{$name} * hashint8extended(n * 1000::bigint + i, 0) / 1.86e19 ORDER BY i)
			FROM generate_series(1, 200) i)::vector * array_fill(1 + n % 7, ARRAY[200])::vector AS v
			FROM generate_series(1, $rows) n) r;
		ALTER TABLE shared_$name ALTER v TYPE vector(200), ALTER part TYPE vector(64)));
}
my %many = (
	many_default => 'v vector_cosine_ops',
	many_halfvec => '(part::halfvec(64)) halfvec_cosine_ops',
	many_compact => 'v vector_l2_ops) WITH (profile = compact',
	many_bytevec => '(v::bytevec(200)) bytevec_cosine_ops) WITH (profile = compact');
$node->safe_psql('postgres', "CREATE INDEX $_ ON many USING hnsw ($many{$_})") for sort keys %many;
for my $name (sort keys %share)
{
	my %classes = ('' => 'part vector_cosine_ops', _l2 => 'part vector_l2_ops', _ip => 'part vector_ip_ops',
		_compact => 'v vector_cosine_ops) WITH (profile = compact');

	for my $class (sort keys %classes)
	{
		$many{"shared_${name}_idx$class"} = $classes{$class};
		$node->safe_psql('postgres',
			"CREATE INDEX shared_${name}_idx$class ON shared_$name USING hnsw ($classes{$class})");
	}
}
# Indexes that began empty: codes were made anew, of rows, or of other codes where an expression
# made the vector.  The vectors of a third of the rows are short, so that all but `add` of their new
# code is that of the vector.
my %grown = (
	grown_rows => 'v vector_cosine_ops',
	grown_coarse => 'v vector_ip_ops) WITH (bits = 4, refine_bits = 0',
	grown_codes => '(subvector(v, 1, 200)::vector(200)) vector_l2_ops',
	grown_codes_coarse => '(subvector(v, 1, 200)::vector(200)) vector_l2_ops) WITH (bits = 4, refine_bits = 0',
	grown_codes_fine => '(v::halfvec(200)) halfvec_cosine_ops) WITH (bits = 2, refine_bits = 8',
	grown_codes_ip => '(v::halfvec(200)) halfvec_ip_ops');
$node->safe_psql('postgres', join ';', 'CREATE TABLE grown (id int, v vector(200))',
	(map { ("CREATE INDEX $_ ON grown USING hnsw ($grown{$_})") } sort keys %grown),
	'INSERT INTO grown SELECT n, v * array_fill(CASE WHEN n % 3 = 0 THEN 1e-5 ELSE 1 END, ARRAY[200])::vector
		FROM (SELECT id AS n, v + array_fill(0.5, ARRAY[200])::vector AS v FROM many WHERE id <= 2000) r');
$many{$_} = $grown{$_} for keys %grown;
my @kinds = ('best', 'scalar');
push @kinds, 'avx2' if $node->safe_psql('postgres', 'SELECT lokivector_simd()') =~ /avx512/;
for my $kind (@kinds)
{
	start_as($node, $kind);
	for my $name (sort keys %many)
	{
		my (undef, undef, $stderr) = $node->psql('postgres', "SELECT lokivector_check('$name', true)");

		is($stderr, '', "$name on $kind kernels: the check finds no fault");
	}
}

$node->stop;
done_testing();
