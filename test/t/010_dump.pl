# SPDX-License-Identifier: PostgreSQL
# Tables with vectors go through pg_dump and COPY and come back the same.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

sub contents
{
	my ($database, $table) = @_;
	return $node->safe_psql($database, "SELECT * FROM $table ORDER BY id");
}

$node->safe_psql('postgres', 'CREATE EXTENSION lokivector');
is( $node->safe_psql('postgres', 'SELECT lokivector_version()'),
	$node->safe_psql('postgres',
		q(SELECT extversion FROM pg_extension WHERE extname = 'lokivector')),
	'the library has the version of the extension');

# All exponents, both signs, and the shortest digits that tell floats apart
$node->safe_psql(
	'postgres', q(
	CREATE TABLE t (id int PRIMARY KEY, v vector(3), w vector, h halfvec(3), g halfvec[], b bit(9), y bytevec(3), z bytevec[]);
	INSERT INTO t
	SELECT i, ARRAY[i / 7.0, -i, power(2, i % 250 - 125)]::float4[]::vector,
		CASE WHEN i % 10 > 0
			THEN array_fill((1.1 * i)::float4, ARRAY[i])::vector END,
		ARRAY[i / 7.0, -i, power(2, i % 40 - 25)]::halfvec,
		ARRAY[array_fill(1.1 * i, ARRAY[i])::halfvec, '[0]'],
		binary_quantize(array_fill(i % 3 - 1, ARRAY[9])::halfvec),
		ARRAY[i / 7.0, -i, power(2, i % 250 - 125)]::float4[]::bytevec,
		ARRAY[array_fill(1.1 * i, ARRAY[i])::bytevec, '[0]', '[0,7,255]*0.001-3']
	FROM generate_series(1, 500) AS i;
	CREATE INDEX t_v ON t USING hnsw (v vector_l2_ops)
		WITH (ef_search = 70, target_recall = 0.9, recall_sample_rate = 0.01);
	CREATE INDEX t_h ON t USING hnsw (h halfvec_cosine_ops) WITH (m = 8);
	CREATE INDEX t_b ON t USING hnsw (b bit_jaccard_ops);
	CREATE INDEX t_x ON t USING hnsw ((v::halfvec(3)) halfvec_l2_ops) WHERE id < 100;
	CREATE INDEX t_y ON t USING hnsw (y bytevec_l2_ops);
	CREATE INDEX t_q ON t USING hnsw ((binary_quantize(v)::bit(3)) bit_hamming_ops);
	CREATE INDEX t_i ON t USING ivfflat (h halfvec_l2_ops) WITH (lists = 1);
	CREATE INDEX t_o ON t (h);
	CREATE TABLE notes AS SELECT i % 3 AS tenant, ('a' || i % 5)::tsvector AS words FROM generate_series(1, 100) AS i;
	CREATE INDEX notes_words ON notes USING hnsw (words bm25_ops, tenant) WITH (statistics_by = tenant);
	CREATE VIEW means AS SELECT avg(h), sum(h) FROM t WHERE id < 100));
my $before = contents('postgres', 't');

my $dump = "${PostgreSQL::Test::Utils::tmp_check}/dump.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ],
	'pg_dump of a table with vectors');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('restored') ],
	'restoring the dump');
is(contents('restored', 't'), $before, 'values after a restore');
is($node->safe_psql('restored', q(SELECT reloptions FROM pg_class WHERE relname = 't_v')),
	'{ef_search=70,target_recall=0.9,recall_sample_rate=0.01}',
	'what searches of an index go by is dumped');
$node->command_like([ 'psql', '-X', '-d', $node->connstr('restored'), '-c', '\d+ t_v' ],
	qr/Options: ef_search=70, target_recall=0\.9, recall_sample_rate=0\.01/, 'psql shows it');
foreach my $query (
	q(SELECT indexdef FROM pg_indexes WHERE tablename = 't' ORDER BY indexname),
	'SELECT * FROM means',
	q(SELECT words, words <@> 'a1', count(*) FROM notes WHERE tenant = 1 GROUP BY 1, 2 ORDER BY 2, 1),
	q(SELECT id FROM t ORDER BY b <%> B'111000000', id LIMIT 20),
	q(SET enable_seqscan = off; SET enable_sort = off; SELECT id FROM t ORDER BY h <=> '[1,2,3]' LIMIT 20),
	q(SELECT id, y <-> '[1,2,3]'::vector FROM t ORDER BY 2, 1 LIMIT 20))
{
	is($node->safe_psql('restored', $query), $node->safe_psql('postgres', $query),
		"the same answer: $query");
}

for my $format (qw(text csv binary))
{
	my $file = "${PostgreSQL::Test::Utils::tmp_check}/copy.$format";
	$node->safe_psql('postgres', "COPY t TO '$file' (FORMAT $format)");
	$node->safe_psql('postgres', 'DROP TABLE IF EXISTS u; CREATE TABLE u (LIKE t)');
	$node->safe_psql('postgres', "COPY u FROM '$file' (FORMAT $format)");
	is(contents('postgres', 'u'), $before, "values after COPY in $format format");
}

$node->safe_psql('postgres', 'DROP EXTENSION lokivector CASCADE');
is( $node->safe_psql('postgres',
		q(SELECT count(*) FROM pg_proc WHERE probin LIKE '%lokivector%')),
	'0', 'DROP EXTENSION leaves nothing behind');

$node->stop;
done_testing();
