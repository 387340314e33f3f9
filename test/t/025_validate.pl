# The validation of a move: a database is the same as itself, and every change
# is seen.

use strict;
use warnings;

use Cwd qw(abs_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $script = abs_path('../sql/takeover/lokivector_validate.sql');
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;

$node->safe_psql('postgres', q(
	CREATE SCHEMA "Ext";
	CREATE EXTENSION lokivector SCHEMA "Ext";
	SET search_path = public, "Ext";
	CREATE SCHEMA "A b";
	CREATE DOMAIN embedding AS vector(4);
	CREATE TABLE "A b"."T" (id int PRIMARY KEY, "V" vector(4), h halfvec(4), s sparsevec(4), b bit(16),
		u vector, w sparsevec, e embedding, many vector[], "T" text);
	INSERT INTO "A b"."T" SELECT i, CASE WHEN i % 50 > 0 THEN v END, v, v::sparsevec, binary_quantize(
			array_cat(array_cat(v::real[], v::real[]), array_cat(v::real[], v::real[]))::vector)::bit(16),
		CASE WHEN i % 2 = 0 THEN v ELSE subvector(v, 1, 2) END,
		CASE WHEN i % 3 = 0 THEN v::sparsevec ELSE '{1:1}/2' END, v, ARRAY[v, v], 'row ' || i
		FROM (SELECT i, ARRAY[sin(i), cos(i * 3), sin(i * 7), i % 5]::vector(4) AS v FROM generate_series(1, 500) i) AS t;
	INSERT INTO "A b"."T" (id, "V", b) VALUES (0, '[0,0,0,0]', repeat('0', 16)::bit(16));
	CREATE INDEX "V l2" ON "A b"."T" USING hnsw ("V" vector_l2_ops);
	CREATE INDEX v_cosine ON "A b"."T" USING hnsw ("V" vector_cosine_ops) WHERE id > 100;
	CREATE INDEX h_ip ON "A b"."T" USING hnsw (h halfvec_ip_ops);
	CREATE INDEX s_l1 ON "A b"."T" USING hnsw (s sparsevec_l1_ops);
	CREATE INDEX b_jaccard ON "A b"."T" USING hnsw (b bit_jaccard_ops);
	CREATE INDEX v_half ON "A b"."T" USING hnsw (("V"::halfvec(4)) halfvec_l2_ops);
	CREATE INDEX v_bits ON "A b"."T" USING hnsw ((binary_quantize("V")::bit(4)) bit_hamming_ops);
	CREATE INDEX u_ivfflat ON "A b"."T" USING ivfflat ((subvector(u, 1, 2)::vector(2)));
	CREATE INDEX e_l2 ON "A b"."T" USING hnsw ((e::vector(4)) vector_l2_ops);
	CREATE TABLE p (c int, v vector(2), d text, o text, s text, u text) PARTITION BY RANGE (c);
	CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
	CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (100) TO (300);
	INSERT INTO p (c, v) SELECT i, ARRAY[sin(i), cos(i)]::vector FROM generate_series(1, 250) i;
	CREATE INDEX p_v ON p USING hnsw (v vector_l2_ops);
	CREATE MATERIALIZED VIEW m AS SELECT c % 7 AS id, avg(v) AS mean FROM p GROUP BY 1;
	CREATE TABLE none (v vector(3));
	CREATE INDEX ON none USING hnsw (v vector_l2_ops);
	CREATE TABLE other (id int);));

# Exit status, output, and the lines of what differs
sub validate
{
	my ($database, @options) = @_;
	my ($stdout, $stderr);
	my $result = IPC::Run::run([ 'psql', '-XAt', '-d', $node->connstr($database),
			(map { ('-v', $_) } @options), '-f', $script ], '>', \$stdout, '2>', \$stderr);

	diag($stderr) if $stderr !~ /the database is not what it was|^$|use -v|nothing was/;
	return ($result ? 0 : $? >> 8, $stdout . $stderr,
		join("\n", grep { /DIFFERENT/ } split(/\n/, $stdout)));
}

my ($status, $output, $different) = validate('postgres');
is($status, 3, 'it asks for a phase');
like($output, qr/use -v phase=before/, '... in words');
($status, $output) = validate('postgres', 'phase=after');
like($output, qr/nothing was recorded before/, 'after, with nothing before');
($status, $output) = validate('postgres', 'phase=before', 'queries=10');
is($status, 0, 'before');
like($output, qr/^recorded 6 tables and 48 columns and indexes, 0 of them not measured/m, '... measures all');
($status, $output, $different) = validate('postgres', 'phase=after');
is($status, 0, 'after, with no change') or diag($output);
is($different, '', '... has no difference');
like($output, qr/^verdict: 119 checks, 0 differences$/m, '... and a verdict');
like($output, qr/^nearest rows\|"A b"."T"."V" <=>\|10 queries\|10 queries\|same$/m, 'a column and an operator');
like($output, qr/^recall of index\|public.p1_v_idx <->\| 1.0000\| 1.0000\|same$/m, 'an index');

# Elsewhere
$node->safe_psql('postgres', 'CREATE DATABASE restored');
my $dump = "${PostgreSQL::Test::Utils::tmp_check}/dump.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'a dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('restored') ],
	'... is restored');
($status, $output, $different) = validate('restored', 'phase=after');
is("$status$different", '0', '... and the same') or diag($output);

# Changes
my @changes = (
	[ 'a row that is missing', 'DELETE FROM p WHERE c = 7',
		qr/^contents\|public.p\|.*^rows\|public.p\|250\|249\|DIFFERENT$/ms, qr/\bT\b/ ],
	[ 'another vector', q(UPDATE "A b"."T" SET h = '[1,1,1,2]' WHERE id = 9),
		qr/^contents\|"A b"."T"\|.*^distances\|"A b"."T".h <->\|/ms, qr/^rows|public/m ],
	[ 'another text', q(UPDATE "A b"."T" SET "T" = 'other' WHERE id = 9),
		qr/^contents\|"A b"."T"\|[^\n]*$/m, qr/^(rows|distances|recall)/m ],
	[ 'an index that is missing', 'DROP INDEX "A b".v_half',
		qr/^distances\|"A b".v_half <->\|10 queries\|\|DIFFERENT\nrecall of index\|"A b".v_half <->\| 1.0000\|\|DIFFERENT$/, qr/contents/ ],
	[ 'an index that is invalid', q(UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"A b"."V l2"'::regclass),
		qr/^recall of index\|"A b"."V l2" <->\| 1.0000\|\|DIFFERENT$/m, qr/contents/ ],
	[ 'an index that finds less', q(ALTER DATABASE restored SET lokivector.complete = off;
			ALTER DATABASE restored SET hnsw.ef_search = 2),
		qr/^recall of index\|"A b".h_ip <#>\| 1.0000\| 0\.\d+\|DIFFERENT$/m, qr/contents|^distances/m ],
	[ 'a table that is missing', 'DROP TABLE none',
		qr/^rows\|public."none"\|0\|\|DIFFERENT$/m, qr/contents/ ]);
for my $change (@changes)
{
	my ($name, $sql, $seen, $unseen) = @$change;

	$node->safe_psql('postgres', 'DROP DATABASE restored');
	$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE postgres');
	$node->safe_psql('restored', 'SET search_path = public, "Ext"; ' . $sql);
	($status, $output, $different) = validate('restored', 'phase=after');
	is($status, 3, $name);
	like($different, $seen, '... is seen');
	unlike($different, $unseen, '... and nothing else') if $unseen;
}
($status, $output) = validate('postgres', 'phase=drop');
is( $status . $node->safe_psql('postgres', q(SELECT to_regnamespace('lokivector_validation'))),
	'0', 'taken away');

$node->stop;
done_testing();
