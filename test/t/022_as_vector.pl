# SPDX-License-Identifier: PostgreSQL
# The extension under pgvector's name: installing it beside lokivector and over
# pgvector's files, dumps, the way from old versions, and parallel builds.

use Cwd qw(abs_path);
use lib 't';
use LokiTest;
use TakeoverTest qw(step_of_page follow_shell);

my $top = abs_path('..');
my $tmp = $PostgreSQL::Test::Utils::tmp_check;

# A copy of the server, into which this test installs
chomp(my $pg_config = `$top/test/prefix.sh $tmp/pg "\$(pg_config --bindir)/pg_config"`);
chomp(my $prefix = `dirname "\$($pg_config --bindir)"`);
chomp(my $scripts = `$pg_config --sharedir`);
$scripts .= '/extension';
chomp(my $libraries = `$pg_config --pkglibdir`);
chomp(my $headers = `$pg_config --includedir-server`);
$headers .= '/extension';
unlink glob("$libraries/*vector.so"), glob("$scripts/*vector*");

sub make
{
	my (@arguments) = @_;
	my ($stdout, $stderr);
	local %ENV = %ENV;

	delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
	my $result = IPC::Run::run([ 'make', '-s', '-C', $top, "PG_CONFIG=$pg_config",
			$ENV{LOKIVECTOR_SHORT} ? 'with_llvm=no' : (), @arguments ],
		'>', \$stdout, '2>', \$stderr);
	return ($result, $stdout . $stderr);
}

# A copy of this copy has what was installed since it was made
system_or_bail("$top/test/prefix.sh", "$tmp/copy", $pg_config);
append_to_file("$scripts/later.control", '');
system_or_bail("$top/test/prefix.sh", "$tmp/copy", $pg_config);
ok(-e "$tmp/copy$scripts/later.control", 'a copy of a server is renewed when something is installed into that server');
unlink "$scripts/later.control";

# Whose files they are
append_to_file("$scripts/vector.control", "default_version = '0.8.0'\n");
my ($done, $output) = make('install-as-vector');
ok(!$done, 'files of pgvector are not replaced');
like($output, qr{vector\.control is not lokivector's; FORCE=1}, '... and the message says how to');
is(slurp_file("$scripts/vector.control"), "default_version = '0.8.0'\n", '... and they are left alone');
($done, $output) = make('install-as-vector', 'FORCE=1');
ok($done, 'unless that is asked for') or diag($output);
($done, $output) = make('install-as-vector');
ok($done, 'installing again') or diag($output);
($done, $output) = make('install');
ok($done, 'lokivector beside it') or diag($output);

# Headers
append_to_file("$tmp/layout.c", q(
#include "postgres.h"
#include "fmgr.h"
#include "extension/vector/vector.h"
#include "extension/vector/halfvec.h"
#include "extension/vector/sparsevec.h"
StaticAssertDecl(offsetof(Vector, dim) == 4 && offsetof(Vector, x) == 8 &&
	VECTOR_SIZE(3) == 20, "vector");
StaticAssertDecl(offsetof(HalfVector, dim) == 4 && offsetof(HalfVector, x) == 8 &&
	sizeof(half) == 2 && HALFVEC_SIZE(3) == 14, "halfvec");
StaticAssertDecl(offsetof(SparseVector, dim) == 4 && offsetof(SparseVector, nnz) == 8 &&
	offsetof(SparseVector, indices) == 16 && SPARSEVEC_SIZE(2) == 32, "sparsevec");
float first(FunctionCallInfo fcinfo);
float first(FunctionCallInfo fcinfo)
{
	return PG_GETARG_VECTOR_P(0)->x[0] + *SPARSEVEC_VALUES(PG_GETARG_SPARSEVEC_P(1)) +
		PG_GETARG_HALFVEC_P(2)->dim;
}
));
command_ok([ 'cc', '-fsyntax-only', '-I', "$headers/..", "$tmp/layout.c" ],
	'headers for other extensions');
ok(-e "$headers/lokivector/vector.h", '... under both names');

my $node = PostgreSQL::Test::Cluster->new('main', install_path => $prefix);
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;

# Under the name vector
$node->safe_psql('postgres', q(
	CREATE EXTENSION IF NOT EXISTS vector;
	CREATE EXTENSION IF NOT EXISTS vector;));
is( $node->safe_psql('postgres', q(
		SELECT DISTINCT probin FROM pg_proc WHERE probin LIKE '%vector%')),
	'$libdir/vector', 'functions are those of the library vector');
my $version = $node->safe_psql('postgres',
	q(SELECT extversion FROM pg_extension WHERE extname = 'vector'));
like($version, qr/^0\.8\.\d+$/, 'the version is one that clients of pgvector accept');
is( $node->safe_psql('postgres', q(
		SELECT obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'vector')),
	'vector data type and ivfflat and hnsw access methods', '... and so is the comment');

$node->safe_psql('postgres', q(
	CREATE TABLE items (id int PRIMARY KEY, e vector(3), h halfvec(3), s sparsevec(3), b bit(8), u vector)
		WITH (parallel_workers = 2);
	INSERT INTO items SELECT i, ARRAY[i % 100, i % 7, i % 3], ARRAY[i % 100, i % 7, i % 3],
		ARRAY[i % 100, 0, i % 3], (i % 256)::bit(8), ARRAY[i] FROM generate_series(1, 20000) AS i;
	CREATE VIEW differences AS SELECT id, e - '[1,1,1]' AS d, avg(e) OVER () AS a FROM items;));
my ($result, $stdout, $stderr) = $node->psql('postgres', q(
	SET lokivector.build_seed = -1;
	SET max_parallel_maintenance_workers = 2;
	SET min_parallel_table_scan_size = 0;
	SET client_min_messages = debug1;
	CREATE INDEX items_e ON items USING hnsw (e vector_l2_ops) WITH (m = 8);));
like($stderr, qr/using 2 parallel workers/, 'a parallel build');
$node->safe_psql('postgres', q(
	CREATE INDEX items_ivfflat ON items USING ivfflat (e) WITH (lists = 10);
	CREATE INDEX items_u ON items USING hnsw (((u::vector(1))) vector_cosine_ops) WHERE id < 1000;));
is( $node->safe_psql('postgres', q(
		SELECT lokivector_check('items_e', true), lokivector_check('items_ivfflat', true);
		SET enable_seqscan = off;
		SELECT e FROM items ORDER BY e <-> '[5,5,2]' LIMIT 1)),
	"sound|sound\n[5,5,2]", '... whose index is sound');

# Dump and restore
sub dump_of
{
	my ($database) = @_;
	my ($stdout, $stderr);

	IPC::Run::run([ "$prefix/bin/pg_dump", '-d', $node->connstr($database) ],
		'>', \$stdout, '2>', \$stderr)
	  or die $stderr;
	# a random word in new versions
	$stdout =~ s/^\\(un)?restrict .*\n//mg;
	return $stdout;
}

my $dump = dump_of('postgres');
like($dump, qr/^CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;$/m, 'a dump creates vector');
like($dump, qr/USING ivfflat \(e\) WITH \(lists='10'\);$/m, '... and its indexes as pgvector does');
append_to_file("$tmp/dump.sql", $dump);
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok(
	[ "$prefix/bin/psql", '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$tmp/dump.sql",
		'-d', $node->connstr('restored') ],
	'restoring it');
ok(dump_of('restored') eq $dump, '... gives the same dump');

# Both names in one server, each in a database of its own
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', q(
	CREATE EXTENSION lokivector;
	CREATE TABLE t (v vector(2));
	INSERT INTO t SELECT ARRAY[i, i] FROM generate_series(1, 100) AS i;
	CREATE INDEX ON t USING hnsw (v vector_l2_ops);));
is( $node->safe_psql('other', q(
		SET enable_seqscan = off;
		SELECT v FROM t ORDER BY v <-> '[7,8]' LIMIT 1)),
	'[7,7]', 'lokivector in another database');

# Its dump goes into a database with vector by the command of doc/migrating-from-pgvector.md, which
# leaves out the extension, and nothing that has a name or lines like it
$node->safe_psql('other', q(
	COMMENT ON EXTENSION lokivector IS 'vectors';
	CREATE TABLE "1; 2 3 EXTENSION - lokivector " ();
	COMMENT ON TABLE "1; 2 3 EXTENSION - lokivector " IS 'EXTENSION lokivector ';
	CREATE TABLE lines (line text);
	INSERT INTO lines VALUES ('CREATE EXTENSION lokivector '), (E'x\nCOMMENT ON EXTENSION lokivector IS');));
my $restore = step_of_page('pg_restore') =~ s/\bnew_shop\b/renamed/gr =~ s/shop$/other/mr =~ s/ shop &&/ other &&/r;
($result, $stdout, $stderr) = follow_shell($node, $prefix, $restore);
ok($result && $stderr eq '', 'its dump is restored under the name vector') or diag($stderr);
my $of_lines = q(SELECT (SELECT string_agg(line, '; ' ORDER BY line) FROM lines),
	obj_description('"1; 2 3 EXTENSION - lokivector "'::regclass));
is($node->safe_psql('renamed', $of_lines), $node->safe_psql('other', $of_lines), '... and no data are changed');
is( $node->safe_psql('renamed', q(
		SET enable_seqscan = off;
		SELECT extname, (SELECT v FROM t ORDER BY v <-> '[7,8]' LIMIT 1)
		FROM pg_extension WHERE extname <> 'plpgsql')),
	'vector|[7,7]', '... and has its rows and index');
($result, $stdout, $stderr) = $node->psql('other', 'CREATE EXTENSION vector');
like($stderr, qr/ERROR:  extensions "lokivector" and "vector" cannot be in one database/,
	'both in one database are refused');
($result, $stdout, $stderr) = $node->psql('other', q(CREATE EXTENSION vector VERSION '0.8.0'));
like($stderr, qr/ERROR:  extensions "lokivector" and "vector" cannot be in one database/,
	'... with a version of pgvector, too');
($result, $stdout, $stderr) = $node->psql('other', q(
	SET hnsw.ef_search = 50;
	SELECT '[1]'::vector;
	SHOW hnsw.ef_search;
	LOAD 'vector';));
is($stdout, "[1]\n50", 'settings before the library is loaded');
like($stderr, qr/another library with the settings of pgvector is loaded/, '... and both in one session');
$node->safe_psql('postgres', 'CREATE DATABASE switched');
($result, $stdout, $stderr) = $node->psql('switched', q(
	CREATE EXTENSION vector;
	SELECT '[1]'::vector;
	DROP EXTENSION vector;
	CREATE EXTENSION lokivector;));
like($stderr, qr/another library .*HINT:  Connect again/s, '... also one after the other');
is($node->safe_psql('switched', q(CREATE EXTENSION lokivector; SELECT '[1]'::vector)), '[1]', '... which a new session takes');

# From the oldest version on
$node->safe_psql('postgres', 'CREATE DATABASE old');
$node->safe_psql('old', q(
	CREATE SCHEMA elsewhere;
	CREATE EXTENSION vector VERSION '0.1.0' SCHEMA elsewhere;
	SET search_path = public, elsewhere;
	CREATE TABLE t (id int, v vector(3));
	INSERT INTO t SELECT i, ARRAY[i, i % 10, i % 3]::real[] FROM generate_series(1, 1000) AS i;
	CREATE INDEX ON t USING ivfflat (v);
	CREATE INDEX ON t (v);
	CREATE VIEW w AS SELECT v - '[1,1,1]'::vector AS d, v <= '[7,0,0]' AS le, ARRAY[id, 1, 1]::vector AS a FROM t;));
my $before = $node->safe_psql('old', 'SELECT md5(string_agg(w::text, $$$$ ORDER BY w::text)) FROM w');
my @versions = grep { !/^#/ } split(/\n/, slurp_file("$top/sql/vector/versions"));
is(scalar(@versions), 43, 'versions of pgvector, and one');
for my $to (@versions[ 1 .. $#versions ])
{
	($result, $stdout, $stderr) = $node->psql('old', "ALTER EXTENSION vector UPDATE TO '$to'");
	last if $result != 0;
}
is($stderr, '', 'every step from 0.1.0 on');
is( $node->safe_psql('old', q(SELECT extversion FROM pg_extension WHERE extname = 'vector')),
	$version, '... to the version of today');
is($node->safe_psql('old', 'SELECT md5(string_agg(w::text, $$$$ ORDER BY w::text)) FROM w'),
	$before, 'views of old are as they were');
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE SCHEMA elsewhere; CREATE EXTENSION vector SCHEMA elsewhere');
is(catalog_of($node, 'old', 'vector'), catalog_of($node, 'fresh', 'vector'),
	'catalogs are those of a new database');
$node->safe_psql('postgres', 'CREATE DATABASE jump');
$node->safe_psql('jump', q(
	CREATE EXTENSION vector VERSION '0.1.0';
	ALTER EXTENSION vector UPDATE;));
is( $node->safe_psql('jump', q(SELECT extversion FROM pg_extension WHERE extname = 'vector')),
	$version, 'all steps at once');

# A version that a migration script names
$node->safe_psql('postgres', 'CREATE DATABASE pinned');
is( $node->safe_psql('pinned', join("\n", map { "CREATE EXTENSION vector VERSION '$_'; DROP EXTENSION vector;" }
		@versions)), '', 'CREATE EXTENSION with each version');
is( $node->safe_psql('pinned', q(
		CREATE SCHEMA elsewhere;
		CREATE EXTENSION vector VERSION '0.8.0' SCHEMA elsewhere;
		SET search_path = public, elsewhere;
		CREATE TABLE t (id int, v vector(3));
		INSERT INTO t SELECT i, ARRAY[i, i % 10, i % 3] FROM generate_series(1, 1000) AS i;
		CREATE INDEX ON t USING hnsw (v vector_l2_ops);
		SET enable_seqscan = off;
		SELECT id FROM t ORDER BY v <-> '[20,1,2]' LIMIT 1;
		ALTER EXTENSION vector UPDATE TO '0.8.1';
		SELECT extversion, to_regproc('elsewhere.lokivector_version') FROM pg_extension WHERE extname = 'vector';
		ALTER EXTENSION vector UPDATE;
		SELECT id FROM t ORDER BY v <-> '[20,1,2]' LIMIT 1;)),
	"20\n0.8.1|\n20", '... which has what it had in pgvector, until an update');
is(catalog_of($node, 'pinned', 'vector'), catalog_of($node, 'fresh', 'vector'),
	'... that leads to the catalogs of a new database');
($result, $stdout, $stderr) = $node->psql('pinned', q(ALTER EXTENSION vector UPDATE TO '0.8.1'));
like($stderr, qr/has no update path from version "\Q$version\E" to version "0\.8\.1"/,
	'... and there is no way back');

# From what the first version of our own had
system_or_bail("gzip -dc $top/test/formats/0.1.0/install.sql.gz >$scripts/vector--0.8.100.sql");
$node->safe_psql('postgres', 'CREATE DATABASE first');
$node->safe_psql('first', q(
	CREATE SCHEMA elsewhere;
	CREATE EXTENSION vector VERSION '0.8.100' SCHEMA elsewhere;
	ALTER EXTENSION vector UPDATE;));
is(catalog_of($node, 'first', 'vector'), catalog_of($node, 'fresh', 'vector'),
	'catalogs of our own earlier version, too');

is( $node->safe_psql('old', q(
		SET enable_seqscan = off;
		SET search_path = elsewhere, public;
		SELECT id FROM t ORDER BY v <-> '[20,1,2]' LIMIT 1)),
	'20', 'an index of old');
$node->safe_psql('old', 'ALTER EXTENSION vector SET SCHEMA public');

$node->safe_psql('old', 'DROP EXTENSION vector CASCADE');
is($node->safe_psql('old', q(SELECT count(*) FROM pg_proc WHERE probin LIKE '%vector%')),
	'0', 'DROP EXTENSION leaves nothing behind');
$node->stop;

# Each is uninstalled without what both have
my @takeover = glob("$scripts/lokivector_*.sql");
cmp_ok(scalar(@takeover), '>', 1, 'scripts that both have');
($done, $output) = make('uninstall');
ok($done && !-e "$scripts/lokivector.control" && !-e "$libraries/lokivector.so", 'uninstalling lokivector') or diag($output);
is_deeply([ glob("$scripts/lokivector*") ], \@takeover, '... leaves what vector has as well');
($done, $output) = make('uninstall-as-vector');
ok($done && !glob("$scripts/*vector*") && !-e "$libraries/vector.so", 'uninstalling vector') or diag($output);
append_to_file("$scripts/vector.control", "default_version = '0.8.0'\n");
append_to_file("$scripts/lokivector_validate.sql", '');
($done, $output) = make('uninstall');
ok($done && !glob("$scripts/lokivector*"), 'beside pgvector it leaves none') or diag($output);

done_testing();
