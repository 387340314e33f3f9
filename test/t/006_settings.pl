# SPDX-License-Identifier: PostgreSQL
# Settings hold from the first query of a session on, whoever made them, and the
# extension works in any schema.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main');
$node->start;
$node->safe_psql('postgres', q(
	CREATE SCHEMA ext;
	CREATE EXTENSION lokivector SCHEMA ext;
	SET search_path = public, ext;
	CREATE TABLE t (id int PRIMARY KEY, v vector(2));
	INSERT INTO t SELECT i, CASE WHEN i <= 1000 THEN ARRAY[i, -i]::real[]::vector END FROM generate_series(1, 1010) i;
	CREATE INDEX t_v ON t USING hnsw (v vector_l2_ops);
	ANALYZE t;
	CREATE ROLE someone LOGIN;
	GRANT ALL ON TABLE t TO someone;
	GRANT USAGE ON SCHEMA ext TO someone;));

# Rows that a scan of the index returns: all, or as many as settings say
my $count = q(SET search_path = ''; SET enable_seqscan = off;
	SELECT count(*) FROM (SELECT id FROM public.t ORDER BY v OPERATOR(ext.<->) '[1,1]' OFFSET 0) s;);

sub rows_of
{
	my ($before, %options) = @_;
	my ($stdout, $stderr);
	local $ENV{PGOPTIONS} = $options{pgoptions} if $options{pgoptions};

	my $result = $node->psql('postgres', "$before; $count", stdout => \$stdout, stderr => \$stderr,
		extra_params => $options{user} ? [ '-U', $options{user} ] : []);
	$stdout =~ s/^.*\n//s;
	return $result == 0 ? $stdout : $stderr;
}

is(rows_of(''), '1010', 'scans are complete');
is(rows_of('SET lokivector.complete = off'), '40', 'SET before the library is loaded');
is(rows_of('SET lokivector.complete = off; SET hnsw.ef_search = 100'), '100', '... of two settings');
is(rows_of('SET hnsw.iterative_scan = off'), '40', 'a limit of pgvector, at its default');
is(rows_of('SET hnsw.iterative_scan = off; SET lokivector.complete = on'), '1010', 'lokivector.complete wins');
is(rows_of('SET hnsw.iterative_scan = off; RESET hnsw.iterative_scan'), '1010', 'RESET');
is(rows_of('BEGIN; SET LOCAL lokivector.complete = off; COMMIT'), '1010', 'SET LOCAL ends');
is(rows_of('', pgoptions => '-c lokivector.complete=off -c hnsw.ef_search=60'), '60', 'PGOPTIONS');
$node->safe_psql('postgres', 'ALTER DATABASE postgres SET hnsw.ef_search = 70; ALTER DATABASE postgres SET lokivector.complete = off');
is(rows_of(''), '70', 'ALTER DATABASE');
$node->safe_psql('postgres', 'ALTER ROLE someone SET hnsw.ef_search = 80');
is(rows_of('', user => 'someone'), '80', 'ALTER ROLE, by who is no superuser');
$node->safe_psql('postgres', 'ALTER DATABASE postgres RESET ALL');
is(rows_of('', user => 'someone'), '1010', '... of the width alone leaves scans complete');
$node->safe_psql('postgres', q(
	CREATE FUNCTION rows_with_setting() RETURNS bigint LANGUAGE sql SET lokivector.complete = off SET enable_seqscan = off
	AS $$ SELECT count(*) FROM (SELECT id FROM public.t ORDER BY v OPERATOR(ext.<->) '[1,1]' OFFSET 0) s $$));
is($node->safe_psql('postgres', 'SELECT rows_with_setting()'), '40', 'a setting of a function');
$node->safe_psql('postgres', "SELECT '[1]'::ext.vector; ALTER SYSTEM SET lokivector.complete = off");
$node->safe_psql('postgres', "SELECT '[1]'::ext.vector; ALTER SYSTEM SET hnsw.ef_search = 90");
$node->reload;
is(rows_of(''), '90', 'ALTER SYSTEM, and a reload');
$node->restart;
is(rows_of(''), '90', '... and after a restart');
is(rows_of(q(SELECT '[1]'::ext.vector; DISCARD ALL)), '90', 'DISCARD ALL goes back to that');
$node->safe_psql('postgres', "SELECT '[1]'::ext.vector; ALTER SYSTEM RESET ALL");
$node->restart;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'lokivector'\nhnsw.ef_search = 50\nhnsw.max_scan_tuples = 20000\n");
$node->restart;
like(rows_of(''), qr/^\d+$/, 'postgresql.conf, with the library preloaded');
is($node->safe_psql('postgres', 'SHOW hnsw.ef_search'), '50', '... shows the setting at once');
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$node->adjust_conf('postgresql.conf', 'hnsw.ef_search', undef);
$node->adjust_conf('postgresql.conf', 'hnsw.max_scan_tuples', undef);
$node->restart;

# Names that there are not
my ($result, $stdout, $stderr) = $node->psql('postgres', q(
	SET hnsw.foo = 1;
	SET ivfflat.foo = 1;
	SET lokivector.foo = 1;
	SELECT '[1]'::ext.vector;
	SET hnsw.foo = 1;
	SET ivfflat.foo = 1;
	SET lokivector.foo = 1;), on_error_stop => 0);
for my $name ('hnsw', 'ivfflat', 'lokivector')
{
	like($stderr, qr/WARNING:  invalid configuration parameter name "$name.foo", removing it/,
		"$name.foo is removed when the library is loaded");
	like($stderr, qr/ERROR:  invalid configuration parameter name "$name.foo"\n.*DETAIL:  "$name" is a reserved prefix/,
		'... and then is an error');
}
($result, $stdout, $stderr) = $node->psql('postgres', q(
	SET hnsw.ef_search = 0;
	SET ivfflat.probes = many;
	SELECT '[1]'::ext.vector;
	SHOW hnsw.ef_search;
	SHOW ivfflat.probes;), on_error_stop => 0);
is($stdout, "[1]\n40\n1", 'values out of range from before');
like($stderr, qr/WARNING: .*0 is outside the valid range for parameter "hnsw.ef_search" \(1 .. 1000\)/, '... are warned of');

# Schemas
sub plan_of
{
	my ($schema) = @_;

	return $node->safe_psql('postgres', qq(
		SET search_path = '';
		SET enable_seqscan = off;
		EXPLAIN (COSTS off) SELECT id FROM public.t ORDER BY v OPERATOR($schema.<->) '[3,4]'::$schema.vector LIMIT 2));
}

$node->safe_psql('postgres', q(
	SET search_path = '';
	CREATE INDEX t_h ON public.t USING hnsw ((v::ext.halfvec(2)) ext.halfvec_cosine_ops);
	CREATE INDEX t_q ON public.t USING hnsw ((ext.binary_quantize(v)::bit(2)) ext.bit_hamming_ops);
	CREATE INDEX t_i ON public.t USING ivfflat (v) WITH (lists = 4);
	INSERT INTO public.t VALUES (2000, '[5,5]');
	SELECT ext.lokivector_check('public.t_h', true), ext.lokivector_check('public.t_q', true), ext.lokivector_check('public.t_i', true);));
like(plan_of('ext'), qr/Index Scan using t_[vi] on t\n/, 'an operator of a schema that is not searched');
$node->safe_psql('postgres', 'ALTER EXTENSION lokivector SET SCHEMA public');
like(plan_of('public'), qr/Index Scan using t_[vi] on t\n/, 'ALTER EXTENSION SET SCHEMA');
is( $node->safe_psql('postgres', q(
		SET search_path = '';
		SET enable_seqscan = off;
		INSERT INTO public.t VALUES (2001, '[6,6]');
		SELECT count(*) FROM (SELECT id FROM public.t
			ORDER BY (v::public.halfvec(2)) OPERATOR(public.<=>) '[1,1]' LIMIT 2000) s;
		SELECT count(*) FROM public.lokivector_incompatible_indexes();)),
	"1012\n0", '... expressions of indexes follow');
$node->safe_psql('postgres', 'DROP FUNCTION rows_with_setting');
my $dump = "${PostgreSQL::Test::Utils::tmp_check}/dump.sql";
$node->safe_psql('postgres', 'ALTER EXTENSION lokivector SET SCHEMA ext; CREATE DATABASE restored');
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'a dump');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('restored') ],
	'... is restored into the same schema');
is($node->safe_psql('restored', q(SELECT count(*) FROM t WHERE v OPERATOR(ext.<->) '[0,0]' < 10)), '9', '... and answers');

$node->stop;
done_testing();
