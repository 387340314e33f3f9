# SPDX-License-Identifier: PostgreSQL
# Recall on text: the paragraphs of the PostgreSQL manual and the embeddings
# that the demo makes of them, asked for by headings of the manual.
#
# Needs python3 with numpy, and the manual as HTML (Debian: python3-numpy,
# postgresql-doc).

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run qw(run);
use LokiTest;

# A short run has a quarter of the rows, and an eighth of the queries
my ($rows, $step) = $ENV{LOKIVECTOR_SHORT} ? (5000, 8) : (20000, 1);
my $corpus = "$FindBin::RealBin/../../demo/corpus.py";
my $files = PostgreSQL::Test::Utils::tempdir();
my ($out, $err);

sub skip_all
{
	my ($reason) = @_;

	SKIP: { skip $reason, 1 }
	done_testing();
	exit 0;
}

skip_all('python3 with numpy is not installed')
  if !eval { run([ 'python3', '-c', 'import numpy' ], '>', \$out, '2>', \$err) };
skip_all('the manual is not installed (postgresql-doc)')
  if !glob('/usr/share/doc/postgresql-doc-*/html/index.html');

my $node = loki_node('main');
$node->append_conf('postgresql.conf', "maintenance_work_mem = 256MB\n");
$node->start;

{
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port,
		PGDATABASE => 'postgres');

	ok(run([ 'python3', $corpus, '--out', $files ], '>', \$out, '2>', \$err),
		'embeddings are made')
	  or BAIL_OUT($err);
}

# v has unit length, w has not; queries are sums of the vectors of their words
$node->safe_psql('postgres', qq(
	CREATE EXTENSION lokivector;
	CREATE TABLE lexemes (lexeme text PRIMARY KEY, embedding vector(256));
	CREATE TABLE questions (id integer, question text);
	CREATE TABLE paragraphs (id integer, page text, part_id integer, chapter_id integer,
		title text, section text, is_code boolean, chars integer, released date, body text,
		v vector(256));
	COPY lexemes FROM '$files/lexemes.copy';
	COPY questions FROM '$files/questions.copy';
	COPY paragraphs FROM '$files/paragraphs.copy';
	CREATE TABLE t (id integer, v vector(256), w vector(256), h halfvec(256), b bit(256));
	INSERT INTO t SELECT id, v, w, w, binary_quantize(v) FROM (SELECT id, v,
			v * array_fill(0.5 + abs(hashint4(id)) / 2147483648.0, '{256}')::vector AS w
		FROM paragraphs ORDER BY id LIMIT $rows) s;
	CREATE TABLE q AS SELECT id, (
		SELECT l2_normalize(sum(embedding)) FROM lexemes
		WHERE lexeme = ANY (tsvector_to_array(to_tsvector('english', question)))) AS q
	FROM questions;
	DELETE FROM q WHERE q IS NULL OR id % $step <> 0;
	ANALYZE;));
note($node->safe_psql('postgres', q(
	SELECT count(*) || ' rows, ' || (SELECT count(*) FROM q) || ' queries' FROM t)));

# The ten nearest rows of each query, by an index or by the table alone
sub nearest_of
{
	my ($column, $operator) = @_;
	my $q = $column eq 'b' ? 'binary_quantize(q)' : $column eq 'h' ? 'q::halfvec' : 'q';

	return "SELECT id, d FROM q, LATERAL (SELECT $column $operator $q AS d FROM t
		ORDER BY $column $operator $q LIMIT 10) s";
}

# Share of them that an index finds, by distance
sub recall_of
{
	my ($column, $operator, $ef_search) = @_;
	my $nearest = nearest_of($column, $operator);

	return $node->safe_psql('postgres', qq(
		SET enable_seqscan = off;
		SET enable_sort = off;
		SET lokivector.complete = off;
		SET hnsw.ef_search = $ef_search;
		CREATE TEMP TABLE found AS $nearest;
		SELECT round(count(*) FILTER (WHERE f.d <= t.d + 1e-6) / (10.0 * (SELECT count(*) FROM q)), 3)
		FROM found f JOIN truth t USING (id);
		DROP TABLE found));
}

sub recall_is_good
{
	my ($name, $column, $operator) = @_;
	my $nearest = nearest_of($column, $operator);

	$node->safe_psql('postgres', qq(
		DROP TABLE IF EXISTS truth;
		SET enable_indexscan = off;
		CREATE TABLE truth AS SELECT id, max(d) AS d FROM ($nearest) s GROUP BY id));
	foreach my $limit ([ 40, 0.9 ], [ 200, 0.97 ])
	{
		my ($ef_search, $wanted) = @$limit;
		my $recall = recall_of($column, $operator, $ef_search);

		cmp_ok($recall, '>=', $wanted, "$name: recall at ef_search $ef_search");
		note("$name: recall $recall at ef_search $ef_search");
	}
	return;
}

# How many rows are not found by their own vectors
sub lost
{
	my ($column, $operator) = @_;

	return $node->safe_psql('postgres', qq(
		SET enable_seqscan = off;
		SET enable_sort = off;
		SET lokivector.complete = off;
		SET hnsw.ef_search = 400;
		SELECT count(*) FROM t a, LATERAL (
			SELECT $column FROM t ORDER BY $column $operator a.$column LIMIT 1) b
		WHERE a.id % $step = 0 AND a.$column $operator b.$column > 1e-6));
}

# Recall of a sample of the searches is that of all of them, within .02
sub sample_is_like_all
{
	my ($ef_search) = @_;

	$node->safe_psql('postgres', qq(
		SELECT lokivector_reset_counts('t_idx');
		CREATE TEMP TABLE numbered AS SELECT row_number() OVER () AS n, q FROM q;
		SET enable_seqscan = off;
		SET enable_sort = off;
		SET hnsw.ef_search = $ef_search;
		DO \$\$ BEGIN FOR i IN 0 .. 4 * (SELECT count(*) / 50 FROM q) LOOP
			PERFORM set_config('lokivector.recall_sample_rate', '0.5', false);
			PERFORM id FROM (SELECT q FROM numbered WHERE n % 2 = i % 2) a,
				LATERAL (SELECT id FROM t ORDER BY v <-> q LIMIT 10) b;
			PERFORM set_config('lokivector.recall_sample_rate', '0', false);
			PERFORM lokivector_measure_samples('t_idx');
		END LOOP; END \$\$;));
	my ($measured, $recall, $all) = split /\|/, $node->safe_psql('postgres', qq(
		SET hnsw.ef_search = $ef_search;
		SELECT measured, s.recall, r.recall FROM lokivector_stat_recall s,
			lokivector_recall('t_idx', (SELECT array_agg(q) FROM q)) r;));

	cmp_ok($measured, '>', 300, "enough searches were sampled at ef_search $ef_search");
	cmp_ok(abs($recall - $all), '<', 0.02, "the recall of a sample at ef_search $ef_search");
	note("$measured sampled searches: recall $recall, of all $all");
	return;
}

foreach my $metric (
	[ 'L2 distance', 'v', '<->', 'vector_l2_ops' ],
	[ 'cosine distance', 'w', '<=>', 'vector_cosine_ops' ],
	[ 'inner product', 'w', '<#>', 'vector_ip_ops' ],
	[ 'L1 distance', 'v', '<+>', 'vector_l1_ops' ],
	[ 'L2 distance of halfvecs', 'h', '<->', 'halfvec_l2_ops' ],
	[ 'cosine distance of halfvecs', 'h', '<=>', 'halfvec_cosine_ops' ],
	[ 'Hamming distance', 'b', '<~>', 'bit_hamming_ops' ],
	[ 'Jaccard distance', 'b', '<%>', 'bit_jaccard_ops' ])
{
	my ($name, $column, $operator, $class) = @$metric;

	$node->safe_psql('postgres', "CREATE INDEX t_idx ON t USING hnsw ($column $class)");
	recall_is_good($name, $column, $operator);
	is(lost($column, $operator), 0, "$name: rows are found by their own vectors")
	  if $class =~ /l2_ops|bit/;
	# which takes hundreds of queries
	sample_is_like_all(10) if $name eq 'L2 distance' && !$ENV{LOKIVECTOR_SHORT};
	$node->safe_psql('postgres', 'DROP INDEX t_idx');
}

# A compact index finds nearly as much
$node->safe_psql('postgres',
	'CREATE INDEX t_idx ON t USING hnsw (w vector_cosine_ops) WITH (profile = compact)');
recall_is_good('compact', 'w', '<=>');
is($node->safe_psql('postgres', q(
	SELECT sum(slots * slot_bytes) <= 200 * max(slots) FILTER (WHERE slot_array = 'code')
	FROM lokivector_index_slot_arrays('t_idx') WHERE slot_array NOT IN ('duplicate', 'centroid'))),
	't', 'compact: at most 200 bytes a node');
$node->safe_psql('postgres', 'DROP INDEX t_idx');

# Half of the rows come after the index
$node->safe_psql('postgres', q(
	CREATE TABLE later AS SELECT * FROM t WHERE id % 2 = 0;
	DELETE FROM t WHERE id % 2 = 0;
	VACUUM t;
	CREATE INDEX t_idx ON t USING hnsw (v vector_l2_ops);
	INSERT INTO t SELECT * FROM later;
	ANALYZE t;));
recall_is_good('after inserts', 'v', '<->');
is(lost('v', '<->'), 0, 'after inserts: rows are found by their own vectors');
$node->safe_psql('postgres', q(
	DROP INDEX t_idx;
	DELETE FROM t WHERE id % 2 = 0;
	VACUUM t;
	CREATE INDEX t_idx ON t USING hnsw (w vector_cosine_ops) WITH (profile = compact);
	INSERT INTO t SELECT * FROM later;));
recall_is_good('compact, after inserts', 'w', '<=>');

$node->stop;
done_testing();
