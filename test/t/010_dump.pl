# Tables with vectors go through pg_dump and COPY and come back the same.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

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
	CREATE TABLE t (id int PRIMARY KEY, v vector(3), w vector);
	INSERT INTO t
	SELECT i, ARRAY[i / 7.0, -i, power(2, i % 250 - 125)]::float4[]::vector,
		CASE WHEN i % 10 > 0
			THEN array_fill((1.1 * i)::float4, ARRAY[i])::vector END
	FROM generate_series(1, 500) AS i));
my $before = contents('postgres', 't');

my $dump = "${PostgreSQL::Test::Utils::tmp_check}/dump.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ],
	'pg_dump of a table with vectors');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok(
	[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('restored') ],
	'restoring the dump');
is(contents('restored', 't'), $before, 'values after a restore');

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
