# SPDX-License-Identifier: PostgreSQL
# What the tests of tables on several servers share: a plain table of the same rows, and
# random queries, which return its rows in its order.

package ShardTest;

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT = qw($columns create_plain error_of random_queries_agree);

our $columns = 'id integer NOT NULL, tenant integer NOT NULL, kind integer, v vector(8), note text';

# Table plain, and a small one to join with
sub create_plain
{
	my ($node, $rows) = @_;

	$node->safe_psql('postgres', "CREATE TABLE plain ($columns);
		INSERT INTO plain SELECT n, n % 7, n % 5,
			(SELECT array_agg(hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
			 FROM generate_series(1, 8) i), 'note ' || n % 3
		FROM generate_series(1, $rows) n;
		CREATE TABLE kinds AS SELECT n AS kind, 'kind ' || n AS name FROM generate_series(0, 3) n");
	return;
}

# A statement's error
sub error_of
{
	my ($node, $sql) = @_;
	my ($result, $stdout, $stderr) = $node->psql('postgres', $sql);

	return $stderr;
}

sub vector { return '[' . join(',', map { sprintf('%.3f', rand(2) - 1) } 1 .. 8) . ']'; }
sub one_of { return $_[ rand(@_) ]; }

# A random query, whose parameters are the vector, the tenant, LIMIT and OFFSET
sub random_query
{
	my ($way) = @_;
	my %taken = (tenant => int(rand(7)), limit => one_of(1, 5, 10, 40), offset => one_of(0, 0, 3, 20));
	my @values = ("'" . vector() . "'", @taken{qw(tenant limit offset)});
	my ($q, $tenant, $limit, $offset) = $way eq 'constants' ? @values : ('$1', '$2', '$3', '$4');
	my $filter = one_of('true', 'true', "tenant = $tenant", "kind = $tenant", "kind <> $tenant",
		"tenant IN (1, $tenant)", "kind = $tenant OR id < 100", 'id BETWEEN 500 AND 1500',
		"note = 'note 1'", "tenant = $tenant AND kind IN (2, 3)");
	my $distance = 'v ' . one_of('<->', '<->', '<->', '<=>', '<#>', '<+>') . " $q";
	my $search = "SELECT id, kind, $distance AS d FROM items WHERE $filter
		ORDER BY $distance LIMIT $limit OFFSET $offset";
	my $query = one_of("SELECT id, kind FROM ($search) n",
		"SELECT id, name FROM ($search) n JOIN kinds USING (kind) ORDER BY d");

	return { %taken, query => $query, values => join(', ', @values) };
}

# What statements print; a line of = follows each
sub printed
{
	my ($node, $table, @statements) = @_;
	my $output = $node->safe_psql('postgres', join("\n", map { "$_;\n\\echo =" } @statements)
		  =~ s/\bitems\b/$table/gr);

	return split(/^=\n?/m, "$output\n");
}

# 200 random queries of table items, with constants and prepared in several ways of
# plan_cache_mode.  The plan of each, executed, has to pass a test, if there is one.
sub random_queries_agree
{
	my ($node, $plan_is_good, @modes) = @_;

	for my $way ('constants', @modes)
	{
		my @queries = map { random_query($way) } 1 .. ($way eq 'constants' ? 100 : 100 / @modes);
		my @before = $way eq 'constants' ? () : ("SET plan_cache_mode = $way",
			map { "PREPARE p$_(vector, integer, bigint, bigint) AS $queries[$_]{query}" } 0 .. $#queries);
		my @statements = map { $way eq 'constants' ? $queries[$_]{query} : "EXECUTE p$_($queries[$_]{values})" }
		  0 .. $#queries;
		my ($found, $expected, $plans) = map { [ splice(@$_, @before) ] }
		  [ printed($node, 'items', @before, @statements) ],
		  [ printed($node, 'plain', @before, @statements) ],
		  [ $plan_is_good ? printed($node, 'items', @before,
				map { "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) $_" } @statements) : @before ];
		my @other = grep { $found->[$_] ne $expected->[$_] } 0 .. $#queries;
		my @bad = grep { $plan_is_good && !$plan_is_good->($queries[$_], $plans->[$_]) } 0 .. $#queries;

		is(scalar(@$found), @queries, "$way: all queries have answers");
		ok(!@other, "$way: rows and order are those of a plain table")
		  or diag("$statements[ $other[0] ]\n$found->[ $other[0] ]plain:\n$expected->[ $other[0] ]");
		next if !$plan_is_good;
		ok(!@bad, "$way: no more rows are sent than LIMIT and OFFSET take")
		  or diag("$statements[ $bad[0] ]\n$plans->[ $bad[0] ]");
	}
	return;
}

1;
