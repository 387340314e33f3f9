# SPDX-License-Identifier: PostgreSQL
# Decoys: operators, functions, types and relations in the schema public, made by the role
# mallory, who may create there.  Each has a name that the server's catalog has too, and raises
# an error when it is used.

package DecoyTest;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;

our @EXPORT = qw(make_decoys sql_files names_of_functions bound_to_decoys);

my @types = (qw(oid regclass regtype regoperator name text "char" int2 int4 int8 bool float4
	  float8 numeric timestamptz interval text[] name[] oid[] jsonb anyelement));

# Operators by what they return; L stands for the type of the left side
my %operators = (
	bool => [qw(= <> < <= > >= ~ !~ ~~ @> &&)],
	text => [qw(|| ->>)],
	L => [qw(+ - * / %)]);

# The files of SQL that an administrator runs, or that the extension is made of
sub sql_files
{
	my ($top) = @_;

	return grep { !/lokivector_validate/ } glob("$top/sql/*/*.sql $top/operations/*.sql $top/operations/psqlrc
		$top/operations/*/*.sql $top/operations/*_exporter.yaml");
}

# The names that are called there
sub names_of_functions
{
	my %names;

	for my $file (@_)
	{
		$names{$_} = 1 for slurp_file($file) =~ /(?<![\w"])([a-z_][a-z0-9_]*)\(/g;
	}
	return sort keys %names;
}

# Lists of types, one of each of some sets
sub lists
{
	my ($first, @rest) = @_;

	return ('') unless $first;
	return map { my $type = $_; map { $_ eq '' ? $type : "$type, $_" } lists(@rest) } @$first;
}

# Argument lists that are nearer to a call than those of the catalog
sub argument_lists
{
	my ($ours) = @_;
	my @few = $ours ? qw(regclass oid name text int4 bool text[])
	  : qw(oid regclass name text "char" int4 int8 float8 numeric regtype);

	return ('', lists([ $ours ? @few : @types ]), lists(\@few, \@few),
		map { ("text, $_, $_", "regclass, $_, $_") } @few);
}

# Make them in a database.  Functions whose names and arguments are in %$taken are left out:
# with those the extension could not be created.
sub make_decoys
{
	my ($node, $database, $functions, $taken) = @_;
	my $body = q(LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE 'a decoy was called'; END$$);
	my @sql = ('SET log_statement = none', 'SET SESSION AUTHORIZATION mallory', 'SET search_path = pg_catalog');

	for my $returns (sort keys %operators)
	{
		for my $left (@types)
		{
			for my $right (@types)
			{
				my $type = $returns eq 'L' ? $left : $returns;

				push @sql, "CREATE FUNCTION public.decoy_$returns($left, $right) RETURNS $type $body";
				push @sql, map {
					"CREATE OPERATOR public.$_ (LEFTARG = $left, RIGHTARG = $right, FUNCTION = public.decoy_$returns)"
				} @{ $operators{$returns} };
			}
		}
	}
	for my $name (@$functions)
	{
		for my $arguments (argument_lists($name =~ /^lokivector_/))
		{
			push @sql, qq(CREATE FUNCTION public."$name"($arguments) RETURNS text $body)
			  unless $taken->{"$name($arguments)"};
		}
	}
	push @sql, "CREATE FUNCTION public.decoy() RETURNS bool $body";
	push @sql, map { "CREATE VIEW public.$_ AS SELECT *, public.decoy() FROM pg_catalog.$_" }
	  qw(pg_class pg_index pg_am pg_namespace pg_extension pg_type pg_locks pg_roles);
	push @sql, map { "CREATE DOMAIN public.$_ AS pg_catalog.$_ CHECK (public.decoy())" }
	  qw(oid regclass name text float8 int8 jsonb timestamptz);
	# many statements a message
	$node->safe_psql($database, join("\\;\n", @sql) . ';');
	return;
}

# What is bound to an object of mallory, and is not his own
sub bound_to_decoys
{
	my ($node, $database) = @_;

	return $node->safe_psql($database, q(
		SET search_path = pg_catalog;
		SET enable_nestloop = off;
		WITH decoy AS (
			SELECT classid, objid FROM pg_shdepend
			WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND deptype = 'o' AND
				refclassid = 'pg_authid'::regclass AND refobjid = 'mallory'::regrole)
		SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) || ' uses ' ||
			pg_describe_object(d.refclassid, d.refobjid, 0)
		FROM pg_depend d JOIN decoy ON d.refclassid = decoy.classid AND d.refobjid = decoy.objid
		WHERE d.deptype IN ('n', 'a') AND NOT EXISTS (SELECT FROM decoy o WHERE o.classid = d.classid AND o.objid = d.objid) AND
			NOT EXISTS (SELECT FROM pg_rewrite r JOIN decoy o ON o.classid = 'pg_class'::regclass AND o.objid = r.ev_class
				WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid) AND
			NOT EXISTS (SELECT FROM pg_constraint c JOIN decoy o ON o.classid = 'pg_type'::regclass AND o.objid = c.contypid
				WHERE d.classid = 'pg_constraint'::regclass AND d.objid = c.oid)
		ORDER BY 1));
}

1;
