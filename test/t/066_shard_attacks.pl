# SPDX-License-Identifier: PostgreSQL
# lokivector_check_shards() against whoever owns a table on a shard: to plan a query of it would
# run his code, with the rights of the user mapping's role.  And what catalogs tell of these
# rights is what the shard's own functions tell.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main');

$node->start;
plan skip_all => 'postgres_fdw is not installed'
  if $node->safe_psql('postgres',
	"SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'") == 0;
my $superuser = $node->safe_psql('postgres', 'SELECT CURRENT_USER');

# Bob has tables here and there, and a server to which superusers connect as one.  What runs
# there as somebody else counts; sequences keep what is rolled back.
$node->safe_psql('postgres', 'CREATE ROLE bob LOGIN; CREATE ROLE app LOGIN; CREATE DATABASE shard');
$node->safe_psql($_, 'CREATE EXTENSION lokivector; CREATE EXTENSION postgres_fdw;
	GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO bob; GRANT CREATE ON SCHEMA public TO bob')
  for 'postgres', 'shard';
my $servers = join('', map { sprintf(q(
	CREATE SERVER as_%s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '%s', port '%s', dbname 'shard',
		extensions 'lokivector', use_remote_estimate 'true', options '-c lock_timeout=2s');
	CREATE USER MAPPING FOR PUBLIC SERVER as_%1$s OPTIONS (user '%s');),
		$_->[0], $node->host, $node->port, $_->[1]) } [ superuser => $superuser ], [ app => 'app' ]);
$node->safe_psql('postgres', "SET ROLE bob; $servers");
$node->safe_psql('shard', qq(
	SET ROLE bob; $servers
	CREATE SEQUENCE ran_as_others;
	GRANT ALL ON SEQUENCE ran_as_others TO PUBLIC;
	CREATE FUNCTION one() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS \$\$
		BEGIN
			IF current_user <> 'bob' THEN
				PERFORM nextval('public.ran_as_others');
			END IF;
			RETURN 1;
		END \$\$;
	CREATE TABLE plain (id integer, v vector(3));
	CREATE INDEX ON plain USING hnsw (v vector_l2_ops);
	GRANT SELECT ON plain TO app;));

sub ran_as_others
{
	return $node->safe_psql('shard', 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ran_as_others');
}

# What a superuser finds of bob's table, which is on a server of bob's
sub fault_of
{
	my ($table, $server) = @_;

	$node->safe_psql('postgres', "SET ROLE bob; CREATE FOREIGN TABLE IF NOT EXISTS here_$table (id integer, v vector(3))
		SERVER as_$server OPTIONS (schema_name 'public', table_name '$table')");
	return $node->safe_psql('postgres', "SELECT fault FROM lokivector_check_shards('here_$table')");
}

is(fault_of('plain', $_), '', "a table that bob has left alone, as $_") for 'superuser', 'app';

# What runs when the server plans a query
my $no_index = 'no index on v';
my $row = "SELECT 1 AS id, '[1,2,3]'::vector(3) AS v";
my %attacks = (
	view => [ "CREATE VIEW a_view AS $row WHERE one() = 1", $no_index ],
	rule => [ qq(CREATE VIEW a_rule AS $row;
		CREATE OR REPLACE RULE "_RETURN" AS ON SELECT TO a_rule DO INSTEAD $row WHERE one() = 1), $no_index ],
	policy => [ 'CREATE TABLE a_policy (LIKE plain INCLUDING ALL);
		ALTER TABLE a_policy ENABLE ROW LEVEL SECURITY;
		CREATE POLICY one ON a_policy USING (one() = 1)', '' ],
	predicate => [ 'CREATE TABLE a_predicate (LIKE plain INCLUDING ALL);
		CREATE INDEX ON a_predicate (id) WHERE one() = 1', '' ],
	expression => [ 'CREATE TABLE an_expression (LIKE plain INCLUDING ALL);
		CREATE INDEX ON an_expression ((id + one()))', '' ],
	partition => [ qq(CREATE VIEW behind AS $row WHERE one() = 1;
		CREATE TABLE a_partition (LIKE plain) PARTITION BY LIST (id);
		CREATE FOREIGN TABLE its_partition PARTITION OF a_partition FOR VALUES IN (1)
			SERVER as_superuser OPTIONS (table_name 'behind')), $no_index ]);
for my $attack (sort keys %attacks)
{
	my ($sql, $fault) = @{ $attacks{$attack} };
	my ($table) = $sql =~ /\b(an?_\w+)/;

	$node->safe_psql('shard', "SET ROLE bob; $sql; GRANT SELECT ON $table TO app");
	is(fault_of($table, $attack eq 'policy' ? 'app' : 'superuser'), $fault, "$attack: is looked at");
	is(ran_as_others(), 0, '... and nothing of it runs');
	# What the attack is worth
	$node->safe_psql('shard', 'SET ROLE ' . ($attack eq 'policy' ? 'app' : $superuser) .
		"; EXPLAIN SELECT * FROM public.$table");
	isnt(ran_as_others(), 0, '... as it would if a query were planned');
	$node->safe_psql('shard', 'ALTER SEQUENCE ran_as_others RESTART');
}

# A table that becomes a view when it has been looked at: bob's lock holds whoever reads it until then
my $swap = $node->background_psql('shard');
$swap->query_safe('SET ROLE bob; CREATE TABLE swapped (LIKE plain INCLUDING ALL)');
$swap->query_safe("BEGIN; ALTER TABLE swapped RENAME TO gone; CREATE VIEW swapped AS $row WHERE one() = 1");
is(fault_of('swapped', 'superuser'), '', 'a table that is about to become a view is not waited for');
$swap->query_safe('COMMIT');
$swap->quit;
is(fault_of('swapped', 'superuser'), $no_index, '... and once it is one, it is looked at');
is(ran_as_others(), 0, '... and nothing of it runs');

# Rights are those that the shard's own functions tell, whoever has them and whatever his name is
my $quoted = '"a""=r/b, {c}"';
$node->safe_psql('shard', qq(
	CREATE ROLE $quoted;
	CREATE ROLE group_of; CREATE ROLE above IN ROLE group_of;
	CREATE TABLE rights (id integer, v vector(3)); CREATE INDEX ON rights USING hnsw (v vector_l2_ops);
	CREATE FUNCTION whether_app() RETURNS text LANGUAGE sql SECURITY DEFINER BEGIN ATOMIC
		SELECT coalesce('no right to read ' || string_agg(attname, ', '), '') FROM pg_attribute
		WHERE attrelid = 'rights'::regclass AND attnum > 0 AND NOT (has_schema_privilege('app', 'public', 'USAGE') AND
			has_column_privilege('app', attrelid, attnum, 'SELECT'));
	END;));
for my $right ('', 'GRANT SELECT (id) ON rights TO app', 'GRANT SELECT (v) ON rights TO app', 'GRANT SELECT ON rights TO app',
	'REVOKE ALL ON rights FROM app; GRANT INSERT, UPDATE ON rights TO app WITH GRANT OPTION', 'GRANT SELECT ON rights TO PUBLIC',
	'REVOKE USAGE ON SCHEMA public FROM PUBLIC', 'GRANT CREATE ON SCHEMA public TO app', 'GRANT USAGE ON SCHEMA public TO app',
	'REVOKE ALL ON rights FROM PUBLIC, app', "GRANT SELECT ON rights TO $quoted", "GRANT $quoted TO app",
	"ALTER ROLE app RENAME TO other; ALTER ROLE $quoted RENAME TO app; ALTER ROLE app LOGIN",
	"ALTER ROLE app RENAME TO $quoted; ALTER ROLE other RENAME TO app", "REVOKE $quoted FROM app",
	'GRANT SELECT ON rights TO group_of', 'GRANT above TO app', 'ALTER ROLE above NOINHERIT; REVOKE above FROM app; GRANT above TO app',
	'REVOKE above FROM app; GRANT pg_read_all_data TO app', 'REVOKE pg_read_all_data FROM app; ALTER TABLE rights OWNER TO app',
	'REVOKE SELECT ON rights FROM app', "ALTER TABLE rights OWNER TO $quoted", "GRANT $quoted TO app",
	'REVOKE USAGE ON SCHEMA public FROM app', 'ALTER ROLE app SUPERUSER')
{
	$node->safe_psql('shard', $right);
	is(fault_of('rights', 'app'), $node->safe_psql('shard', 'SELECT whether_app()'), 'rights: ' . ($right || 'none'));
}

done_testing();
