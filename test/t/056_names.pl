# Names: what an administrator runs means the server's functions, operators and types, and the
# extension's own, whatever a role that may create objects in the extension's schema has put
# there.  It makes decoys for the names that are used (DecoyTest.pm), for all pairs of types.
# Then the extension is created and updated under both of its names, and the scripts and
# queries of operations/ run, with a search_path that the owner of the database has chosen.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use DecoyTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use TakeoverTest;
use Test::More;

my ($pg_config, $prefix) = private_server('names');
install_as_vector($pg_config);
chomp(my $extensions = `$pg_config --sharedir`);
$extensions .= '/extension';
system_or_bail("gzip -dc $top/test/formats/0.1.0/install.sql.gz >$extensions/lokivector--0.1.0.sql");

my $node = PostgreSQL::Test::Cluster->new('main', install_path => $prefix);
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
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
				proconfig IS DISTINCT FROM '{"search_path=pg_catalog, pg_temp"}')),
		'', '... and its functions are bound to what they call, or look only into pg_catalog');
}

done_testing();
