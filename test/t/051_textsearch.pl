# SPDX-License-Identifier: PostgreSQL
# BM25 as a leg of a fusion, where pg_textsearch is installed: the legs are scans of its index
# and of hnsw's, and scores are those of the same written by hand.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('textsearch');
$node->start;
plan skip_all => 'pg_textsearch is not installed'
  unless $node->safe_psql('postgres',
	q(SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_textsearch'));
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_textsearch'\n");
$node->restart;
$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE EXTENSION pg_textsearch;
	CREATE TABLE items AS
		SELECT i AS id, i % 10 AS tenant, ARRAY[sin(i), cos(i), sin(i * 7.0)]::vector(3) AS v,
			concat_ws(' ', 'a' || i % 3, 'b' || i % 50, 'c' || i % 777, repeat('d ', i % 11)) AS body
		FROM generate_series(1, 5000) i;
	CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops, tenant);
	CREATE INDEX items_body ON items USING bm25 (body) WITH (text_config = 'simple');
	ANALYZE items;
	CREATE FUNCTION words(n int) RETURNS text LANGUAGE sql IMMUTABLE
		RETURN format('b%s c%s%s', n * 7 % 50, n * 31 % 777, CASE WHEN n % 3 = 0 THEN ' d' ELSE '' END);
	CREATE FUNCTION place(n int) RETURNS text LANGUAGE sql IMMUTABLE
		RETURN format('[%s,%s,%s]', round(sin(n)::numeric, 3), round(cos(n * 3)::numeric, 3), n % 2)));

my $explained = $node->safe_psql('postgres', q(
	EXPLAIN (COSTS OFF) SELECT id FROM items
	ORDER BY rrf(v <-> '[0,1,0]', body <@> to_bm25query('b7 c31', 'items_body')) DESC LIMIT 10));
like($explained, qr/Index Scan using items_v on/, 'a leg by the index of vectors');
like($explained, qr/Index Scan using items_body on/, 'a leg by the index of words');

# Rows of equal rank may come in any order, so the scores are compared.
sub fused
{
	my ($where) = @_;

	return qq(SELECT rrf(v <-> '[VECTOR]', body <@> to_bm25query('WORDS', 'items_body')) AS score
		FROM items WHERE $where ORDER BY score DESC LIMIT 10);
}

sub by_hand
{
	my ($where) = @_;

	return qq(WITH meaning AS (
			SELECT id, rank() OVER (ORDER BY value) FROM (SELECT id, v <-> '[VECTOR]' AS value
				FROM items WHERE $where ORDER BY value LIMIT 100) s
		), text AS (
			SELECT id, rank() OVER (ORDER BY value) FROM (
				SELECT id, body <@> to_bm25query('WORDS', 'items_body') AS value
				FROM items WHERE $where ORDER BY value LIMIT 100) s
		)
		SELECT coalesce(1::float8 / (60 + meaning.rank), 0) + coalesce(1::float8 / (60 + text.rank), 0) AS score
		FROM meaning FULL JOIN text USING (id) ORDER BY score DESC LIMIT 10);
}

for my $where ('true', 'tenant = 3', 'id < 2500')
{
	my $different = 0;
	my $rows = 0;

	for my $n (1 .. 30)
	{
		my ($words, $vector) = split /\|/,
		  $node->safe_psql('postgres', "SELECT words($n), btrim(place($n), '[]')");
		my @scores = map {
			my $query = $_;
			$query =~ s/WORDS/$words/g;
			$query =~ s/VECTOR/$vector/g;
			$node->safe_psql('postgres',
				"SELECT string_agg(round(score::numeric, 9)::text, ' ' ORDER BY score DESC) FROM ($query) s")
		} fused($where), by_hand($where);

		$different += $scores[0] ne $scores[1];
		$rows += split / /, $scores[0];
	}
	is("$rows rows, $different different", '300 rows, 0 different',
		"fusions equal those by hand where $where");
}

done_testing();
