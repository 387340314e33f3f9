# SPDX-License-Identifier: PostgreSQL
# Random filters together with nearest-neighbor order, while rows change: each
# query is put twice in one transaction, as the planner likes and by reading the
# table.  Both must return as many rows; those of the index satisfy the filter,
# and are as near as the others with a recall of 0.95.
#
# 200 cases; with LOKIVECTOR_LONG=1 2,000.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $cases = $ENV{LOKIVECTOR_LONG} ? 2000 : $ENV{LOKIVECTOR_SHORT} ? 50 : 200;
my $node = loki_node('main');

$node->start;
$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE FUNCTION item(n integer) RETURNS vector AS $$
		SELECT array_agg(1.5 * sin((n % 23) * 3 + i * 7) +
			hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
		FROM generate_series(1, 24) i
	$$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
	CREATE FUNCTION attribute(n integer, seed integer, count integer) RETURNS integer AS $$
		SELECT nullif(abs(hashint8extended(n, seed) % (count + 1)), count)::integer
	$$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
	CREATE TABLE items (
		id integer PRIMARY KEY, v vector(24), attr integer, a integer, b integer,
		h integer, plain integer, j jsonb, r int4range, at integer);
	INSERT INTO items
		SELECT n, CASE WHEN n % 97 <> 0 THEN item(n) END, attribute(n, 1, 50),
			attribute(n, 2, 10), attribute(n, 3, 200), attribute(n, 4, 30), attribute(n, 5, 5),
			jsonb_build_object('k', attribute(n, 6, 40), 'region', n % 23),
			int4range(n % 700, n % 700 + n % 13), n
		FROM generate_series(1, 5000) n;
	CREATE INDEX ON items USING hnsw (v vector_l2_ops, attr);
	CREATE INDEX ON items (a);
	CREATE INDEX ON items (b);
	CREATE INDEX ON items USING hash (h);
	CREATE INDEX ON items USING gin (j);
	CREATE INDEX ON items USING gist (r);
	CREATE INDEX ON items USING brin (at) WITH (pages_per_range = 4);
	VACUUM ANALYZE items;

	-- What they are joined with: by key; and with NULL, and values several times
	CREATE TABLE labels (label integer PRIMARY KEY, region integer);
	INSERT INTO labels SELECT n, n % 9 FROM generate_series(0, 250) n;
	CREATE TABLE groups (label bigint, region integer);
	INSERT INTO groups SELECT nullif(n * 7 % 60, 7), n % 15 FROM generate_series(1, 150) n;
	ANALYZE labels, groups;

	-- A query's ids, and the distance of its farthest row
	CREATE FUNCTION answer(query text, OUT ids integer[], OUT distances float8[]) AS $$
	BEGIN
		EXECUTE 'SELECT coalesce(array_agg(id), ''{}''), coalesce(array_agg(distance), ''{}'') FROM (' ||
			query || ') s' INTO ids, distances;
	END $$ LANGUAGE plpgsql;

	-- Whether the plan has such a node of ours
	CREATE FUNCTION has_node(query text, node text) RETURNS boolean AS $$
	DECLARE
		line text;
	BEGIN
		FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
			IF line LIKE '%(' || node || ')%' THEN
				RETURN true;
			END IF;
		END LOOP;
		RETURN false;
	END $$ LANGUAGE plpgsql;

	-- Puts a query both ways: hybrid, by values of a join, rows, rows by the
	-- index, those that do not satisfy the filter, those as near as the others
	CREATE FUNCTION compare(source text, filter text, tail text, q integer) RETURNS text AS $$
	DECLARE
		query text := format('SELECT id, v <-> item(%s) AS distance FROM %s WHERE %s %s',
			q, source, filter, tail);
		truth record;
		found record;
		hybrid boolean;
		by_values boolean;
		farthest float8;
		wrong integer[];
		near integer;
	BEGIN
		hybrid := has_node(query, 'LokivectorHybridScan');
		by_values := has_node(query, 'LokivectorJoinKeys');
		found := answer(query);
		SET LOCAL lokivector.enable_hybrid_scan = off;
		SET LOCAL lokivector.enable_join_keys = off;
		SET LOCAL enable_indexscan = off;
		SET LOCAL enable_bitmapscan = off;
		SET LOCAL enable_seqscan = on;
		SET LOCAL enable_sort = on;
		truth := answer(query);
		EXECUTE format('SELECT array_agg(id) FROM unnest($1) id
			WHERE id NOT IN (SELECT id FROM %s WHERE %s)', source, filter)
			INTO wrong USING found.ids;
		SELECT max(d) INTO farthest FROM unnest(truth.distances) d;
		SELECT count(*) INTO near FROM unnest(found.distances) d
			WHERE d IS NULL OR d <= farthest * 1.000001;
		RETURN concat_ws('|', hybrid::integer, by_values::integer, cardinality(truth.ids), cardinality(found.ids),
			cardinality(found.ids) - (SELECT count(DISTINCT id) FROM unnest(found.ids) id),
			coalesce(cardinality(wrong), 0), near);
	END $$ LANGUAGE plpgsql;));

# A random condition, of few rows or of many
sub condition
{
	my @kinds = (
		sub { "attr = " . int(rand(50)) },
		sub { "attr IS NULL" },
		sub { "attr BETWEEN " . int(rand(30)) . " AND " . (30 + int(rand(20))) },
		sub { "a = " . int(rand(10)) },
		sub { "a IN (" . join(', ', map { int(rand(10)) } 1 .. 3) . ")" },
		sub { "a IS NOT NULL" },
		sub { "b = " . int(rand(200)) },
		sub { "b < " . int(rand(200)) },
		sub { "b IS NULL" },
		sub { "h = " . int(rand(30)) },
		sub { "plain = " . int(rand(5)) },
		sub { "plain IS NULL" },
		sub { "j \@> '{\"k\": " . int(rand(40)) . "}'" },
		sub { "j \@> '{\"region\": " . int(rand(23)) . "}'" },
		sub { "r && int4range(" . int(rand(700)) . ", " . (700 + int(rand(20))) . ")" },
		sub { "r \@> " . int(rand(700)) },
		sub { "at BETWEEN " . int(rand(2500)) . " AND " . (2500 + int(rand(2500))) },
		sub { "v <-> item(" . int(rand(5000)) . ") < " . (1 + rand(6)) },
		sub { (1 + rand(6)) . " >= item(" . int(rand(5000)) . ") <-> v" },
		sub { "attr IN (SELECT label FROM groups WHERE region = " . int(rand(16)) . ")" },
		sub { "attr IN (SELECT label FROM labels WHERE region < " . int(rand(4)) . ")" },
		sub { "b IN (SELECT label FROM groups WHERE region = " . int(rand(16)) . ")" },
		sub { "EXISTS (SELECT FROM labels l WHERE l.label = b AND l.region = " . int(rand(9)) . ")" },
		sub { "EXISTS (SELECT FROM groups g WHERE g.label = attr AND g.region <> plain)" },
		sub { "attr NOT IN (SELECT label FROM labels WHERE region = " . int(rand(9)) . ")" },
		sub { "false" });

	return $kinds[ int(rand(@kinds)) ]->();
}

# The table, or a join of it, and what is true of that besides
sub source
{
	my $way = rand();
	my $region = int(rand(10));

	return ('items', '') if $way < 0.7;
	return ('items JOIN labels ON label = attr', " AND region = $region") if $way < 0.8;
	return ('items JOIN labels ON label = b', " AND region = $region") if $way < 0.9;
	return ('items JOIN labels ON label = attr AND region <> plain', " AND region < $region")
	  if $way < 0.95;
	return ('items LEFT JOIN labels ON label = attr', " AND (region = $region OR region IS NULL)");
}

# A random tree of them
sub filter
{
	my ($depth) = @_;
	my $way = $depth > 0 ? rand() : 1;

	return '(' . filter($depth - 1) . ' AND ' . filter($depth - 1) . ')' if $way < 0.35;
	return '(' . filter($depth - 1) . ' OR ' . filter($depth - 1) . ')' if $way < 0.6;
	return 'NOT ' . filter($depth - 1) if $way < 0.65;
	return condition();
}

# What follows the filter: order and limit, or order alone, or neither
sub tail
{
	my ($q) = @_;
	my $way = rand();

	return '' if $way < 0.1;
	return "ORDER BY v <-> item($q)" if $way < 0.2;
	return "ORDER BY v <-> item($q) LIMIT " . (1 + int(rand(100))) .
	  ($way < 0.35 ? ' OFFSET ' . int(rand(50)) : '');
}

my @settings = (
	'', "SET LOCAL enable_seqscan = off;", "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off;",
	"SET LOCAL enable_indexscan = off; SET LOCAL enable_seqscan = off;",
	"SET LOCAL work_mem = '64kB';");

my $changes = start_client($node, 'changes', 1, $ENV{LOKIVECTOR_LONG} ? 120 : $ENV{LOKIVECTOR_SHORT} ? 3 : 10, q(
	\set id random(1, 5000)
	\set new random(5001, 1000000)
	UPDATE items SET b = (b + 1) % 200 WHERE id = :id;
	UPDATE items SET plain = plain + 1 WHERE id = :id + 1;
	DELETE FROM items WHERE id = :id + 2;
	INSERT INTO items SELECT :new, item(:new), 1, 2, 3, 4, 0, '{"k": 5}', int4range(1, 300), :new
		ON CONFLICT DO NOTHING;
	\sleep 5 ms));

srand(20);
my ($hybrid, $by_values, $faults, $near, $rows) = (0, 0, 0, 0, 0);
my $session = open_session($node);

for my $case (1 .. $cases)
{
	my $q = int(rand(5000)) - 2500;
	my ($source, $joined) = source();
	my $filter = filter(int(rand(4))) . $joined;
	my $tail = tail($q);
	my $settings = $settings[ int(rand(@settings)) ];
	(my $quoted = $filter) =~ s/'/''/g;
	my $answer = ask($session, "BEGIN ISOLATION LEVEL REPEATABLE READ; $settings
		SELECT compare('$source', '$quoted', '$tail', $q); COMMIT;");
	my ($is_hybrid, $is_by_values, $true, $found, $double, $wrong, $as_near) = split(/\|/, $answer);

	if (!defined $as_near || $true != $found || $double || $wrong)
	{
		$faults++;
		diag("$settings FROM $source WHERE $filter $tail: $answer $session->{err}");
		last unless defined $as_near;
	}
	diag("$settings FROM $source WHERE $filter $tail: recall $as_near of $true")
	  if $as_near < 0.9 * $true && $ENV{LOKIVECTOR_LONG};
	$hybrid += $is_hybrid;
	$by_values += $is_by_values;
	$near += $as_near;
	$rows += $true;
}
close_session($session);
finish_client($changes);

is($faults, 0, 'each query returns as many rows as there are, all of which match');
cmp_ok($near, '>=', 0.95 * $rows, 'they are the nearest');
cmp_ok($hybrid, '>=', $cases / 10, 'many of them by a hybrid scan');
cmp_ok($by_values, '>=', $cases / 20, 'some by the values of a join');
note("$hybrid of $cases hybrid, $by_values by values, recall " . ($rows ? $near / $rows : 1));
$node->safe_psql('postgres', q(SELECT lokivector_check(indexrelid, true) FROM pg_index
	WHERE indrelid = 'items'::regclass AND indexrelid::regclass::text LIKE '%v_attr%'));
done_testing();
