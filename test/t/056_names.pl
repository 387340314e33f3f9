# SPDX-License-Identifier: PostgreSQL
# Names: what an administrator runs means the server's functions, operators and types, and the
# extension's own, whatever a role that may create objects in the extension's schema has put
# there.  It makes decoys for the names that are used (DecoyTest.pm), for all pairs of types.
# Then the extension is created and updated under both of its names, and the scripts and
# queries of operations/ run, with a search_path that the owner of the database has chosen.

use File::Basename;
use FindBin;
use lib $FindBin::RealBin;
use LokiTest;
use DecoyTest;
use Documents;
use TakeoverTest;

my ($pg_config, $prefix) = private_server('names');
install_as_vector($pg_config);
chomp(my $extensions = `$pg_config --sharedir`);
$extensions .= '/extension';
system_or_bail("gzip -dc $top/test/formats/0.1.0/install.sql.gz >$extensions/lokivector--0.1.0.sql");

my $node = loki_node('main', install_path => $prefix);
$node->start;

# The names that are called, and the functions that are the extension's own
$node->safe_psql('postgres', 'CREATE EXTENSION lokivector; CREATE ROLE mallory; CREATE ROLE watcher LOGIN IN ROLE pg_monitor;');
my %taken = map { $_ => 1 } split(/\n/, $node->safe_psql('postgres', q(
	SELECT format('%s(%s)', proname, (SELECT string_agg(CASE type WHEN '"char"'::regtype THEN '"char"' ELSE
			coalesce(nullif(format('%s%s', e.typname, CASE WHEN e.oid IS NOT NULL THEN '[]' END), ''), t.typname) END, ', ' ORDER BY place)
		FROM unnest(proargtypes) WITH ORDINALITY a (type, place) JOIN pg_type t ON t.oid = type
		LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A' AND t.typlen < 0 AND t.typname LIKE '\_%'))
	FROM pg_proc JOIN pg_depend ON objid = pg_proc.oid AND classid = 'pg_proc'::regclass AND deptype = 'e')));
my %known = map { $_ => 1 } split(/\n/, $node->safe_psql('postgres',
	q(SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace OR proname LIKE 'lokivector%')));
my @names = grep { $known{$_} } names_of_functions(sql_files($top));
cmp_ok(scalar(@names), '>', 50, 'names of functions that are called');

$node->safe_psql('postgres', 'CREATE DATABASE decoys');
$node->safe_psql('decoys', 'GRANT CREATE ON SCHEMA public TO mallory');
make_decoys($node, 'decoys', \@names, \%taken);
is(bound_to_decoys($node, 'decoys'), '', 'nothing uses the decoys yet');

# The extension, under both names, new and by the longest way
for my $case ([ 'new', 'CREATE EXTENSION lokivector' ],
	[ 'updated', q(CREATE EXTENSION lokivector VERSION '0.1.0'; ALTER EXTENSION lokivector UPDATE) ],
	[ 'new_vector', 'CREATE EXTENSION vector' ],
	[ 'updated_vector', q(CREATE EXTENSION vector VERSION '0.1.0'; ALTER EXTENSION vector UPDATE) ])
{
	my ($database, $sql) = @$case;

	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE decoys");
	my ($result, $stdout, $stderr) = $node->psql($database, $sql);
	is($stderr, '', "over decoys: $sql");
	is(bound_to_decoys($node, $database), '', '... and it uses none of them');
	is($node->safe_psql($database, q(
			SET search_path = pg_catalog;
			SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = prolang
			JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
			WHERE lanname NOT IN ('c', 'internal') AND p.prosqlbody IS NULL AND
				(proconfig @> '{"search_path=pg_catalog, pg_temp"}') IS NOT TRUE)),
		'', '... and its functions are bound to what they call, or look only into pg_catalog');
}

# The scripts of operations/, as the superuser, where the owner of the database has put the
# schema before pg_catalog: a decoy that is as near as what the catalog has would be taken
$node->safe_psql('new', q(
	SET search_path = pg_catalog, public;
	CREATE TABLE public.items (id int PRIMARY KEY, v public.vector(3));
	INSERT INTO public.items SELECT i, ARRAY[i % 100, i % 7, i % 3]::real[]::public.vector FROM generate_series(1, 2000) i;
	CREATE INDEX items_idx ON public.items USING hnsw (v public.vector_l2_ops) WITH (ef_search = 40);
	ALTER DATABASE new SET search_path = public, pg_catalog;
	ALTER ROLE watcher SET search_path = public, pg_temp;
	GRANT SELECT ON public.items TO watcher;));
$node->safe_psql('postgres', 'CREATE DATABASE shard');
$node->safe_psql('shard', 'CREATE EXTENSION lokivector');

# What psql says of a script, and of errors
sub script
{
	my ($file, @variables) = @_;
	my ($stdout, $stderr);

	IPC::Run::run([ "$prefix/bin/psql", '-XqAt', (map { ('-v', $_) } 'ON_ERROR_STOP=1', @variables),
			'-f', $file, '-d', $node->connstr('new') ], '>', \$stdout, '2>', \$stderr);
	return $stdout . ($? || $stderr =~ /ERROR/ ? "failed: $stderr" : '');
}

sub runs
{
	my ($said, $name, $wanted) = @_;

	# scripts go past an index of which an error is known, and print the error
	unlike($said, qr/failed|a decoy was called/, $name);
	like($said, $wanted, "... and says what it is to") if $wanted;
	return;
}

unlike(($node->psql('new', 'SELECT 1::oid = 1::oid'))[2], qr/^$/, 'there a decoy is taken without care');
my $operations = "$top/operations";
runs(script("$operations/status.sql"), 'status.sql', qr/^items_idx\|/m);
runs(script("$operations/advice.sql"), 'advice.sql');
mkdir($node->data_dir . '/log');
runs(script("$operations/audit.sql"), 'audit.sql');
runs(script("$operations/builds.sql"), 'builds.sql');
runs(script("$operations/recall.sql"), 'recall.sql', qr/^items_idx\|100\|/m);
runs(script("$operations/check.sql"), 'check.sql', qr/^items_idx: sound$/m);
runs(script("$operations/rebuild.sql"), 'rebuild.sql');
runs(script("$operations/rebuild.sql", 'index=public.items_idx'), 'rebuild.sql of an index');
runs(script("$operations/report.sql", 'recall=1'), 'report.sql', qr/<h2>Parts/);
runs(script("$operations/size.sql", 'rows=10000', 'sample=2500', 'dimensions=4',
		'attributes=integer, text[], date, time, inet, uuid, boolean'), 'size.sql', qr/^index on disk\|/m);
runs(script("$operations/size.sql", 'rows=10000', 'sample=2500', 'dimensions=64', 'type=bit'), 'size.sql of bits');
runs(script("$operations/size.sql", 'rows=10000', 'sample=2500', 'dimensions=64', 'type=sparsevec'), 'size.sql of sparse vectors');
runs(script("$operations/size.sql", 'rows=10000', 'sample=2500', 'dimensions=30522', 'type=sparsevec'), '... of many dimensions');
runs(script("$operations/shards.sql", 'user=postgres', 'dbname=shard', 'shards=' . $node->host . ':' . $node->port,
		'table=notes', 'key=id', 'columns=id bigint NOT NULL, v vector(3)', 'primary_key=id',
		'index=hnsw (v vector_l2_ops)'), 'shards.sql', qr/^notes_1\|/m);
append_to_file("$PostgreSQL::Test::Utils::tmp_check/macros.sql",
	"\\i $operations/psqlrc\n\\i $operations/search_path.sql\n:lvcheck\n:lvrebuild\n");
runs(script("$PostgreSQL::Test::Utils::tmp_check/macros.sql"), 'shortcuts of psqlrc',
	qr/^items_idx\|\nREINDEX INDEX CONCURRENTLY public\.items_idx$/m);

# The queries of exporters, as a member of pg_monitor that has the search_path of
# doc/operations.md
for my $file ("$operations/postgres_exporter.yaml", "$operations/sql_exporter.yaml")
{
	my ($name, $number, $yaml) = ($file =~ s/.*\///r, 0, slurp_file($file));
	my $printed = '';

	while ($yaml =~ /^( *)query: \|\n((?:\1 .*\n)+)/mg)
	{
		my ($result, $stdout, $stderr) = $node->psql('new', $2, extra_params => [ '-U', 'watcher' ]);
		$number++;
		$printed .= "$stdout\n";
		is($stderr, '', "query $number of $name");
	}
	cmp_ok($number, '>=', 5, "queries of $name");
	# an error on one index would not end the query
	like($printed, qr/^new\|public\|items\|items_idx\|1\|2000\|/m, '... have the state of an index');
	unlike($printed, qr/\|items_idx\|error\|/, '... and its advice');
}

# The queries of the documents on catalogs and statistics, which a superuser may paste, where
# others may create objects in a schema of search_path
$node->safe_psql('new', q(
	SET search_path = pg_catalog, public;
	CREATE TABLE public.recall_history (at timestamptz, index text, recall float8, recall_p1 float8, recall_min float8);
	CREATE TABLE public.items_embedding ();
	CREATE TABLE public.items_deployed ();
	CREATE TABLE public.events_embedding ();));
my ($number, $probes) = (0, "SET search_path = public;\n");
for my $page (glob("$top/doc/*.md"))
{
	for my $block (grep { $_->{language} eq 'sql' && $_->{rest} eq '' } blocks($page))
	{
		for my $statement (split(/;\s*(?:--.*)?\n|\\gexec.*\n/, join("\n", @{ $block->{lines} }, '')))
		{
			next unless $statement =~ /\b(FROM|JOIN)\s+(pg_|lokivector_(stat|progress|incompat))/;
			next unless $statement =~ s/^(?:INSERT INTO .*\n(?:\t.*\n)*)?(?=SELECT|WITH)//;
			$number++;
			$probes .= "CREATE VIEW probe_$number AS -- " . basename($page) . ", line $block->{first}\n$statement;\n";
		}
	}
}
my ($result, $stdout, $stderr) = $node->psql('new', $probes, on_error_stop => 0);
# pg_buffercache may not be there
$stderr =~ s/.*ERROR: .*relation "pg_buffercache" does not exist\n.*\n.*\n?//g;
is($stderr, '', 'queries of the documents on catalogs');
cmp_ok($number, '>', 10, '... which are many');
is(bound_to_decoys($node, 'new'), '', '... use no decoy');

done_testing();
