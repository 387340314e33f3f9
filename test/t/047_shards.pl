# SPDX-License-Identifier: PostgreSQL
# A table whose partitions are on other servers of postgres_fdw, and here: each query
# returns what it returns from a plain table, and each server is asked for the rows that
# LIMIT takes, and no more.
#
# 200 random queries; with LOKIVECTOR_LONG=1 5,000.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $cases = $ENV{LOKIVECTOR_LONG} ? 5000 : $ENV{LOKIVECTOR_SHORT} ? 25 : 200;
my $node = loki_node('main');

$node->start;
plan skip_all => 'postgres_fdw is not installed'
  if $node->safe_psql('postgres',
	"SELECT count(*) FROM pg_available_extensions WHERE name = 'postgres_fdw'") == 0;
srand(47);

# Three servers, which are databases of one.  Searches are wide enough to be exact.
my $columns = 'id integer, tenant integer, kind integer, v vector(8), note text';
my $columns_moved = 'note text, v vector(8), kind integer, id integer, tenant integer';
my %tables = (
	east => ['items_0'],
	west => ['items_1'],
	north => [ 'items_2_0', 'items_2_1', 'items_4' ]);
my $setup = 'CREATE EXTENSION lokivector; CREATE EXTENSION postgres_fdw;';

for my $server (sort keys %tables)
{
	$node->safe_psql('postgres', "CREATE DATABASE $server");
	$node->safe_psql($server, join(
			'', 'CREATE EXTENSION lokivector;',
			map("CREATE TABLE $_ ($columns);
				CREATE INDEX ON $_ USING hnsw (v vector_l2_ops, kind);",
				@{ $tables{$server} })));
	$setup .= sprintf(q(
		CREATE SERVER %s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '%s', port '%s',
			dbname '%s', extensions 'lokivector', async_capable 'true',
			options '-c hnsw.ef_search=1000');
		CREATE USER MAPPING FOR CURRENT_USER SERVER %1$s;),
		$server, $node->host, $node->port, $server);
}

# One of them once more, as a server without the extension in its options
$setup .= sprintf(q(
	CREATE SERVER south FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '%s', port '%s',
		dbname 'north');
	CREATE USER MAPPING FOR CURRENT_USER SERVER south;), $node->host, $node->port);

# A tenant is on one server; one server has two partitions of a tenant; in one partition
# columns have other numbers; two partitions are here, with an index and without
$node->safe_psql('postgres', "$setup
	CREATE TABLE items ($columns) PARTITION BY LIST (tenant);
	CREATE FOREIGN TABLE items_0 PARTITION OF items FOR VALUES IN (0) SERVER east;
	CREATE FOREIGN TABLE items_1 (gone integer, $columns_moved) SERVER west;
	ALTER FOREIGN TABLE items_1 DROP COLUMN gone;
	ALTER TABLE items ATTACH PARTITION items_1 FOR VALUES IN (1);
	CREATE TABLE items_2 PARTITION OF items FOR VALUES IN (2) PARTITION BY HASH (id);
	CREATE FOREIGN TABLE items_2_0 PARTITION OF items_2
		FOR VALUES WITH (MODULUS 2, REMAINDER 0) SERVER north;
	CREATE FOREIGN TABLE items_2_1 PARTITION OF items_2
		FOR VALUES WITH (MODULUS 2, REMAINDER 1) SERVER north;
	CREATE TABLE items_3 PARTITION OF items FOR VALUES IN (3);
	CREATE INDEX ON items_3 USING hnsw (v vector_l2_ops, kind);
	CREATE FOREIGN TABLE items_4 PARTITION OF items FOR VALUES IN (4) SERVER south;
	CREATE TABLE items_rest PARTITION OF items DEFAULT;

	CREATE TABLE plain ($columns);
	INSERT INTO plain SELECT n, n % 7, n % 5, CASE WHEN n % 50 <> 0 THEN
		(SELECT array_agg(hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
		 FROM generate_series(1, 8) i) END, 'note ' || n % 3
		FROM generate_series(1, 3000) n;
	INSERT INTO items SELECT * FROM plain;
	CREATE FUNCTION kept(n integer) RETURNS boolean LANGUAGE plpgsql AS
		'BEGIN RETURN n % 4 <> 0; END';");

is($node->safe_psql('postgres', 'SELECT count(*) FROM items'),
	3000, 'rows were inserted through the table');

sub vector { return '[' . join(',', map { sprintf('%.3f', rand(2) - 1) } 1 .. 8) . ']'; }
sub one_of { return $_[ rand(@_) ]; }

# The output of statements on a table, one statement a line
sub answers
{
	my ($table, $settings, @statements) = @_;
	my $sql = join("\n", $settings, map { "$_;\n\\echo --" } @statements);

	$sql =~ s/\bitems\b/$table/g;
	my ($result, $stdout, $stderr) = $node->psql('postgres', "$sql\nSELECT 'end'",
		on_error_stop => 0);

	is($stderr, '', "no error: $table");
	return split(/^--(?:\n|$)/m, $stdout);
}

# Rows that are as far, if they say how far, have no order.  LIMIT and OFFSET take any of
# the farthest, and of those without a distance.
sub without_ties
{
	my ($answer) = @_;
	my (@groups, $last);

	for my $row (split(/\n/, $answer))
	{
		my $distance = $row =~ /\|d=(.*)/ ? $1 : undef;

		push @groups, [] if !defined $distance || !defined $last || $distance ne $last;
		push @{ $groups[-1] }, $row;
		$last = $distance;
	}
	$groups[-1] = [ map { s/.*\|d=/d=/r } @{ $groups[-1] } ] if @groups;
	return join("\n", map { s/.*\|d=$/d=/r } map { sort @$_ } @groups);
}

# Statements return the same from the table of partitions as from the plain one
sub same_answers
{
	my ($name, $settings, @statements) = @_;
	my @shards = answers('items', $settings, @statements);
	my @plain = answers('plain', "SET enable_indexscan = off; $settings", @statements);
	my @other = grep { without_ties($shards[$_] // '') ne without_ties($plain[$_] // '') }
	  0 .. $#statements;

	is(scalar(@shards), @statements + 1, "$name: all have answers");
	ok(!@other, "$name: as from a plain table")
	  or diag("$statements[$_]\n$shards[$_]plain:\n$plain[$_]") for $other[0] // 0;
	return;
}

sub plan_of
{
	my ($sql, $options, $settings) = @_;

	return $node->safe_psql('postgres', ($settings // '') . "EXPLAIN (VERBOSE, COSTS OFF" .
		  ($options // '') . ") $sql");
}

# How often a plan has some text
sub occurrences
{
	my ($plan, $pattern) = @_;

	return scalar(() = $plan =~ /$pattern/g);
}

my $limited = qr/Remote SQL: .* ORDER BY .* LIMIT /;
my $q = '[1,0,0,0,0,0,0,0]';

# Plans
my $plan = plan_of("SELECT id FROM items ORDER BY v <-> '$q' LIMIT 5 OFFSET 2");
is(occurrences($plan, $limited), 4, 'each server is told the LIMIT') or diag($plan);
is(occurrences($plan, qr/LIMIT 7::bigint/), 4, '... which is LIMIT + OFFSET');
is(occurrences($plan, qr/Async Foreign Scan/), 4, '... at the same time');
is(occurrences($plan, qr/Index Scan using items_3_v_kind_idx/), 1, '... and an index is scanned here');

$plan = plan_of("SELECT id FROM items WHERE tenant = 1 AND kind = 3 ORDER BY v <-> '$q' LIMIT 5");
like($plan, qr/FROM public.items_1 WHERE .*kind = 3.* LIMIT 5::bigint/, 'a filter goes along');
is(occurrences($plan, qr/Scan on/), 1, "... and a tenant's server alone is asked");
unlike($plan, qr/Sort/, '... whose rows are in order');

my $prepare = "PREPARE near(vector, bigint, bigint, integer) AS SELECT id FROM items
	WHERE tenant = \$4 ORDER BY v <-> \$1 LIMIT \$2 OFFSET \$3; SET plan_cache_mode = ";
$plan = plan_of("EXECUTE near('$q', 5, 3, 1)", ', ANALYZE, TIMING OFF, SUMMARY OFF',
	"$prepare force_generic_plan;");
is(occurrences($plan, $limited), 1, 'a generic plan is pruned when it is executed') or diag($plan);
like($plan, qr/Subplans Removed: 6/, '... by its parameter');
like($plan, qr/Foreign Scan on public.items_1 .*rows=8(\.00)? /, '... and takes LIMIT + OFFSET');
$plan = plan_of("EXECUTE near('$q', 5, 3, 1)", '', "$prepare force_custom_plan;");
like($plan, qr/LIMIT 8::bigint/, 'a custom plan knows LIMIT + OFFSET');

$plan = plan_of("SELECT id FROM items ORDER BY v <-> '$q' LIMIT 5 OFFSET 2",
	', ANALYZE, TIMING OFF, SUMMARY OFF');
is(occurrences($plan, qr/Foreign Scan .*rows=7(\.00)? /), 4, 'no server sends more rows')
  or diag($plan);

# What remains as it was
for my $other (
	"SELECT id FROM items ORDER BY id LIMIT 5",
	"SELECT id FROM items ORDER BY v <-> '$q' FETCH FIRST 5 ROWS WITH TIES",
	"SELECT id FROM items ORDER BY v <-> '$q' LIMIT 5 FOR UPDATE",
	"SELECT id FROM items ORDER BY v <-> '$q' LIMIT (random() + 5)::integer",
	"SELECT id FROM items WHERE kept(id) ORDER BY v <-> '$q' LIMIT 5",
	"SELECT DISTINCT v <-> '$q' FROM items ORDER BY 1 LIMIT 5",
	"SELECT kind, rank() OVER (ORDER BY v <-> '$q') FROM items ORDER BY v <-> '$q' LIMIT 5",
	"SELECT id, generate_series(1, 2) FROM items ORDER BY v <-> '$q' LIMIT 5",
	"SELECT i.id FROM items i JOIN plain p USING (id) ORDER BY i.v <-> '$q' LIMIT 5")
{
	unlike(plan_of($other), qr/Remote SQL: .* LIMIT /, "no server is told: $other");
}

# Random queries: some say how far their rows are, others take few rows
sub random_query
{
	my ($q, $tenant, $limit) = @_;
	my $distance = 'v ' . one_of('<->', '<->', '<=>', '<#>', '<+>') . " $q";
	my $filter = one_of(
		'true', "kind = $tenant", "kind <> $tenant", "tenant = $tenant",
		"tenant IN (1, 2, $tenant)", 'id % 3 = 0', "note = 'note 1'", 'kept(id)', 'v IS NULL',
		"tenant = $tenant AND kind = 2", 'tenant = 2 AND id = 30', "kind = $tenant OR id < 100",
		"tenant = (SELECT $tenant)", "tenant = ANY (ARRAY[$tenant, 0])",
		'id IN (SELECT 7 * n FROM generate_series(1, 300) n)');
	my $order = one_of($distance, $distance, "1 - ($distance)", "2 * ($distance)");
	my $way = one_of('', '', 'NULLS FIRST', 'DESC NULLS LAST', 'DESC');
	my $further = one_of('', '', ', id', ', kind DESC, id');
	my $list = one_of('id', 'id, kind, note', 'id, random() < 2', "to_jsonb(items) ->> 'note'",
		"length(items::text), $distance", 'tableoid = 0');

	if (defined $limit || one_of(0, 1))
	{
		$list .= ", concat('d=', $order)";
	}
	else
	{
		$list = join(', ', map { "CASE WHEN v IS NOT NULL THEN $_ END" } split(/, /, $list));
		$limit //= one_of(1, 5, 10) . one_of('', ' OFFSET 2');
	}
	$limit //= one_of(1, 5, 10, 40, 1000, 5000) . one_of('', ' OFFSET 3', ' OFFSET 50');
	return "SELECT $list FROM items WHERE $filter ORDER BY $order $way$further LIMIT $limit";
}

same_answers('constants', '',
	map { random_query("'" . vector() . "'", int(rand(7))) } 1 .. $cases);

# Prepared statements: custom plans, and generic ones, whose parameters may be NULL
for my $mode ('force_custom_plan', 'force_generic_plan')
{
	my (@prepare, @execute);

	for my $n (1 .. $cases / 4)
	{
		push @prepare, "PREPARE p$n(vector, bigint, bigint, integer) AS " .
		  random_query('$1', one_of('$4', 3), '$2 OFFSET $3') . ';';
		push @execute, sprintf("EXECUTE p$n('%s', %s, %s, %d)", vector(),
			one_of(1, 7, 10, 'NULL', '9223372036854775807'), one_of(0, 4, 'NULL'), rand(7))
		  for 1 .. 2;
	}
	same_answers($mode, "SET plan_cache_mode = $mode;" . join("\n", @prepare), @execute);
}

# Within other queries
same_answers('subqueries', '',
	"SELECT p.id, n.id FROM (VALUES (1), (2), (3)) p (id), LATERAL
		(SELECT id FROM items WHERE tenant = p.id ORDER BY v <-> '$q' LIMIT p.id + 2) n ORDER BY 1, 2",
	"SELECT tenant, count(*) FROM (SELECT * FROM items ORDER BY v <-> '$q' LIMIT 30) n GROUP BY 1 ORDER BY 1",
	"SELECT id FROM items ORDER BY v <-> (SELECT v FROM plain WHERE id = 77) LIMIT 20",
	"SELECT id FROM items ORDER BY v <-> '$q' LIMIT (SELECT 20)",
	"(SELECT id FROM items ORDER BY v <-> '$q' LIMIT 3) UNION ALL
	 (SELECT id FROM items WHERE kind = 1 ORDER BY v <-> '$q' LIMIT 3) ORDER BY 1",
	"WITH n AS MATERIALIZED (SELECT id, v <-> '$q' AS d FROM items ORDER BY d LIMIT 20)
	 SELECT n.id FROM n JOIN plain USING (id) WHERE kind = 2 ORDER BY d",
	"BEGIN", "DECLARE c SCROLL CURSOR FOR SELECT id FROM items ORDER BY v <-> '$q' LIMIT 20",
	"FETCH 7 FROM c", "FETCH BACKWARD 3 FROM c", "SAVEPOINT s", "FETCH 2 FROM c",
	"ROLLBACK TO s", "FETCH ALL FROM c", "COMMIT");

# Counts that are errors
for my $count ('-1', '5 OFFSET -1')
{
	my $sql = "SELECT id FROM items ORDER BY v <-> '$q' LIMIT $count";
	my ($result, $stdout, $stderr) = $node->psql('postgres', $sql);

	like($stderr, qr/(LIMIT|OFFSET) must not be negative/, "LIMIT $count is an error");
}

# A plan follows what becomes of partitions
is( $node->safe_psql('postgres', qq(
	$prepare force_generic_plan;
	SET client_min_messages = error;
	CREATE TABLE few AS EXECUTE near('$q', 5, 0, 1);
	ALTER TABLE items DETACH PARTITION items_1;
	SELECT count(*) FROM (SELECT id FROM items WHERE tenant = 1 ORDER BY v <-> '$q' LIMIT 5) n;
	EXECUTE near('$q', 5, 0, 1);
	ALTER TABLE items ATTACH PARTITION items_1 FOR VALUES IN (1);
	CREATE TABLE again AS EXECUTE near('$q', 5, 0, 1);
	SELECT count(*) FROM few JOIN again USING (id);)),
	"0\n5", 'plans follow detached and attached partitions');

# Policies and privileges are those of the table
$node->safe_psql('postgres', qq(
	CREATE ROLE reader;
	ALTER TABLE items ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON items USING (tenant = current_setting('app.tenant', true)::integer);
	CREATE USER MAPPING FOR reader SERVER east OPTIONS (user '${\ $node->safe_psql('postgres', 'SELECT CURRENT_USER')}', password_required 'false');));
my ($result, $stdout, $stderr) =
  $node->psql('postgres', "SET ROLE reader; SELECT id FROM items ORDER BY v <-> '$q' LIMIT 3");
like($stderr, qr/permission denied for table items/, 'a reader needs the privilege');
$node->safe_psql('postgres', 'GRANT SELECT ON items TO reader');
is( $node->safe_psql('postgres', qq(
	SET ROLE reader;
	SET app.tenant = 0;
	SELECT count(*), count(*) FILTER (WHERE tenant = 0)
	FROM (SELECT tenant FROM items ORDER BY v <-> '$q' LIMIT 40) n)),
	'40|40', 'a policy holds, and a server is not asked that it excludes');
($result, $stdout, $stderr) = $node->psql('postgres',
	"SET ROLE reader; SET app.tenant = 1; SELECT id FROM items ORDER BY v <-> '$q' LIMIT 3");
like($stderr, qr/user mapping not found/, 'a reader needs a user mapping');

$node->safe_psql('postgres', "CREATE USER MAPPING FOR reader SERVER $_ OPTIONS (user '" .
	  $node->safe_psql('postgres', 'SELECT CURRENT_USER') . "', password_required 'false')")
  for 'west', 'north', 'south';
$node->safe_psql('postgres', q(
	ALTER POLICY own ON items USING (tenant = (SELECT current_setting('app.tenant', true)::integer))));
is( $node->safe_psql('postgres', qq(
	SET ROLE reader;
	SET app.tenant = 0;
	SELECT count(*), count(*) FILTER (WHERE tenant = 0)
	FROM (SELECT tenant FROM items ORDER BY v <-> '$q' LIMIT 40) n)),
	'40|40', '... and one with a subquery');
like($node->safe_psql('postgres', "SET ROLE reader; EXPLAIN (VERBOSE, COSTS OFF)
		SELECT id FROM items ORDER BY v <-> '$q' LIMIT 40"),
	qr/public\.items_0 WHERE \(\(tenant = \$1::integer\)\) ORDER BY .* LIMIT 40/, '... whose value is sent');

# What a search needs is looked for on each server
sub faults
{
	my ($table) = @_;

	return $node->safe_psql('postgres', "SELECT partition, fault
		FROM lokivector_check_shards('$table') WHERE fault IS NOT NULL");
}

my $not_sent = 'items_4|the option extensions of the server does not name lokivector';
my $not_indexed = 'items_rest|no index on v vector_l2_ops';
is($node->safe_psql('postgres', "SELECT partition, server, version = lokivector_version(), indexes
		FROM lokivector_check_shards('items')"),
	join("\n", 'items_0|east|t|v vector_l2_ops', 'items_1|west|t|v vector_l2_ops',
		'items_2_0|north|t|v vector_l2_ops', 'items_2_1|north|t|v vector_l2_ops',
		'items_3||t|v vector_l2_ops', 'items_4|south|t|v vector_l2_ops', 'items_rest||t|'),
	'all partitions are looked at');
is(faults('items'), "$not_sent\n$not_indexed", 'what a partition lacks is told');
is(faults('items_2'), '', 'partitions that have it all have no faults');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_class WHERE relname LIKE 'lokivector_shard%'"),
	0, 'nothing stays');
$node->safe_psql('north', q(
	DROP INDEX items_2_0_v_kind_idx;
	ALTER TABLE items_2_0 ALTER v TYPE vector;
	DROP INDEX items_2_1_v_kind_idx;
	CREATE INDEX ON items_2_1 USING hnsw (v vector_cosine_ops) WHERE v IS NOT NULL;
	CREATE INDEX ON items_2_1 USING hnsw (v vector_cosine_ops);));
is(faults('items_2'),
	"items_2_0|v vector in place of v vector(8); no index on v vector_cosine_ops",
	'other columns and other distances are told');
$node->safe_psql('north', q(
	DROP INDEX items_2_1_v_idx1;
	ALTER TABLE items_2_1 RENAME TO other));
is(faults('items_2'),
	"items_2_0|v vector in place of v vector(8); no index on v\nitems_2_1|no such table",
	'so are tables that lack, and indexes that all lack');
$node->safe_psql('north', 'CREATE SCHEMA other; ALTER EXTENSION lokivector SET SCHEMA other');
is(faults('items_4'),
	'items_4|no extension lokivector in schema public; the option extensions of the server does not name lokivector',
	'so is an extension in another schema');
$node->safe_psql('north', "UPDATE pg_extension SET extversion = '2.0' WHERE extname = 'lokivector';
	ALTER EXTENSION lokivector SET SCHEMA public");
like(faults('items_4'), qr/version 2.0, and [\d.]+ here; /, 'so is another version');

# The owner of a table needs no rights but those on the server
my $mapping = "OPTIONS (user '" . $node->safe_psql('postgres', 'SELECT CURRENT_USER') .
  "', password_required 'false')";
$node->safe_psql('postgres', qq(
	CREATE ROLE owner;
	GRANT CREATE ON SCHEMA public TO owner;
	GRANT USAGE ON FOREIGN SERVER east TO owner;
	CREATE USER MAPPING FOR owner SERVER east $mapping;
	SET ROLE owner;
	CREATE FOREIGN TABLE own (id integer, vector vector(8) OPTIONS (column_name 'v'))
		SERVER east OPTIONS (schema_name 'public', table_name 'items_0')));
is($node->safe_psql('postgres', "SET ROLE owner; SELECT * FROM lokivector_check_shards('own')") =~ s/\|[\d.]+\|/|/r,
	'own|east|vector vector_l2_ops|', 'an owner checks a single foreign table');
$node->safe_psql('postgres', q(
	SET ROLE owner;
	CREATE FUNCTION as_whom(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN
			IF current_user <> 'owner' THEN
				RAISE 'evaluated as %', current_user;
			END IF;
			RETURN $1;
		END $$;
	CREATE STATISTICS of_owner ON (id + as_whom(1)), vector FROM own;));
is(faults('own'), '', '... for others without their running his code');
like($node->safe_psql('postgres', "SET ROLE owner; SELECT fault FROM lokivector_check_shards('items_1')"),
	qr/^permission denied for foreign server west/, '... and is told where he may not');

# What counts of a domain is the type below it, here and there
$node->safe_psql('east', q(
	CREATE DOMAIN embedding AS vector(8);
	CREATE DOMAIN checked AS embedding CHECK (VALUE IS NOT NULL);
	CREATE DOMAIN longer AS vector(9);
	CREATE TABLE domains_0 (id integer, v checked, documents vector(8)[]);
	CREATE TABLE domains_1 (id integer, v longer, documents vector(8)[]);
	CREATE TABLE domains_2 (id integer, v vector(8), documents vector(9)[]);
	CREATE INDEX ON domains_0 USING hnsw (v vector_l2_ops);
	CREATE INDEX ON domains_0 USING hnsw (documents vector_maxsim_ops);));
$node->safe_psql('postgres', q(
	CREATE DOMAIN embedding AS vector(8);
	CREATE DOMAIN embeddings AS vector(8)[];
	CREATE TABLE domains (id integer, v embedding, documents embeddings) PARTITION BY LIST (id);
	CREATE FOREIGN TABLE domains_0 PARTITION OF domains FOR VALUES IN (0) SERVER east;
	CREATE FOREIGN TABLE domains_1 PARTITION OF domains FOR VALUES IN (1) SERVER east;
	CREATE FOREIGN TABLE domains_2 PARTITION OF domains FOR VALUES IN (2) SERVER east;
	CREATE FOREIGN TABLE of_domain (id integer, v vector(8))
		SERVER east OPTIONS (table_name 'domains_0');));
my $no_index = 'no index on documents vector_maxsim_ops, v vector_l2_ops';
is(faults('domains'), join("\n",
		"domains_1|documents _vector(8), v vector(9) in place of documents _vector(8), v vector(8); $no_index",
		"domains_2|documents _vector(9), v vector(8) in place of documents _vector(8), v vector(8); $no_index"),
	'columns of domains are compared by the types below them');
is(faults('of_domain'), '', '... also those of domains on the server alone');
$node->safe_psql('postgres', 'ALTER TABLE items ADD COLUMN author text');
like(faults('items'), qr/^items_0\|no column author$/m,
	'... and any other column that is missing');
$node->safe_psql('postgres', 'ALTER TABLE items DROP COLUMN author');

# Where a LIMIT cannot be sent, nodes above rely on the order of the rows and on all of them.
# Narrow searches for noise, in place of exact scans, would miss some and return others late.
$node->safe_psql('postgres', q(
	ALTER SERVER east OPTIONS (SET options '-c hnsw.ef_search=10');
	ALTER SERVER west OPTIONS (SET options '-c hnsw.ef_search=10');
	CREATE TABLE plain_noise (id integer, v vector(32));
	INSERT INTO plain_noise SELECT n, (SELECT array_agg(hashint8extended(n, i)::float8 / 9223372036854775807
			ORDER BY i)::vector FROM generate_series(1, 32) i) FROM generate_series(1, 6000) n;
	CREATE TABLE noise (id integer, v vector(32)) PARTITION BY HASH (id);));
for my $n (0, 1)
{
	my $server = ('east', 'west')[$n];

	$node->safe_psql($server, "CREATE TABLE noise_$n (id integer, v vector(32))");
	$node->safe_psql('postgres', "CREATE FOREIGN TABLE noise_$n PARTITION OF noise
		FOR VALUES WITH (MODULUS 2, REMAINDER $n) SERVER $server");
}
$node->safe_psql('postgres', 'INSERT INTO noise SELECT * FROM plain_noise; ANALYZE noise; ANALYZE plain_noise');
$node->safe_psql($_->[0], "CREATE INDEX ON $_->[1] USING hnsw (v vector_l2_ops) WITH (m = 4); ANALYZE")
  for [ 'east', 'noise_0' ], [ 'west', 'noise_1' ];

my $far = '[' . join(',', map { $_ / 64 } 1 .. 32) . ']';
my $distance = "v <-> '$far'";
my %all_rows = (
	'no LIMIT' => "SELECT array_agg(d) FROM (SELECT $distance AS d FROM noise ORDER BY d) n",
	'a filter that is not sent' =>
	  "SELECT array_agg(d) FROM (SELECT $distance AS d FROM noise WHERE kept(id) ORDER BY d LIMIT 100) n",
	'a join' => "SELECT array_agg(d) FROM (SELECT n.$distance AS d FROM noise n JOIN plain p USING (id)
		WHERE p.kind = 1 ORDER BY d LIMIT 100) n",
	'DISTINCT' => "SELECT count(*) FROM (SELECT DISTINCT $distance FROM noise) n",
	'WITH TIES' => "SELECT array_agg(d) FROM (SELECT $distance AS d FROM noise ORDER BY d
		FETCH FIRST 100 ROWS WITH TIES) n",
	'a window' => "SELECT md5(string_agg(id || ' ' || s, ',' ORDER BY id)) FROM
		(SELECT id, sum(id) OVER (ORDER BY $distance) AS s FROM noise) n");
for my $name (sort keys %all_rows)
{
	my $there = $node->safe_psql('postgres', "SET enable_hashagg = off; $all_rows{$name}");

	$all_rows{$name} =~ s/\bnoise\b/plain_noise/;
	is($there, $node->safe_psql('postgres', $all_rows{$name}), "the order is that of all rows: $name");
}

# A server that does not answer
$node->safe_psql('postgres', "ALTER SERVER west OPTIONS (SET dbname 'nowhere')");
($result, $stdout, $stderr) =
  $node->psql('postgres', "SELECT id FROM items ORDER BY v <-> '$q' LIMIT 3");
like($stderr, qr/could not connect to server "west"/, 'a lost server is an error that names it');
like(faults('items'), qr/^items_1\|could not connect to server "west": .*"nowhere" does not exist/m,
	'... and a fault of its partition');
is($node->safe_psql('postgres',
	"SELECT count(*) FROM (SELECT id FROM items WHERE tenant = 0 ORDER BY v <-> '$q' LIMIT 3) n"),
	3, '... of queries that need it');

done_testing();
