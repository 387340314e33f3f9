# SPDX-License-Identifier: PostgreSQL
# What EXPLAIN (ANALYZE) and auto_explain show of searches, in each format.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main');
$node->start;
$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE TABLE items AS SELECT i AS id, i % 20 AS c, i % 3 AS d,
			ARRAY[sin(i), cos(i * 3), sin(i * 7), i % 11]::vector(4) AS v
		FROM generate_series(1, 4000) i;
	CREATE INDEX items_idx ON items USING hnsw (v vector_l2_ops);
	CREATE INDEX items_c ON items (c);
	VACUUM ANALYZE items;));
my $hooked = $node->safe_psql('postgres', 'SHOW server_version_num') >= 180000;
my $settings = 'SET enable_seqscan = off; SET enable_sort = off; SET jit = off;';
my %queries = (
	plain => q(SELECT id FROM items ORDER BY v <-> '[1,2,3,4]' LIMIT 5),
	hybrid => q(SELECT id FROM items WHERE c = 7 AND d > 0 ORDER BY v <-> '[1,2,3,4]' LIMIT 5));

# The plan of a query in a format, with what its nodes did
sub plan_of
{
	my ($query, $format, $more) = @_;

	return $node->safe_psql('postgres', $settings . ($more // '')
			. "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF, FORMAT $format) $query");
}

foreach my $format (qw(TEXT JSON YAML))
{
	my $work = qr/Strategy"?: "?(walk|flat|rows).*Nodes Scored"?: \d+.*Heap Fetches"?: \d+/s;
	my $plan = plan_of($queries{hybrid}, $format);

	like($plan, qr/LokivectorHybridScan/, "$format: a search within the rows of another index");
	like($plan, $work, "$format: how it found its rows, and its work");
	$plan = plan_of($queries{plain}, $format);
	like($plan, qr/Index Scan.*items_idx/s, "$format: a plain search");
	if ($hooked)
	{
		like($plan, $work, "$format: how that found its rows, and its work");
	}
	else
	{
		unlike($plan, qr/Nodes Scored/, "$format: this server asks for no more of it");
	}
	is($node->safe_psql('postgres', "$settings $queries{plain}; SELECT strategy, nodes_scored > 5, heap_fetches >= 5, late_rows FROM lokivector_scan_stats()")
			=~ s/.*\n//sr, 'walk|t|t|0', "$format: lokivector_scan_stats has it of the last query");
}

# Who may not see all rows does not see the work either
$node->safe_psql('postgres', q(
	CREATE ROLE tenant;
	CREATE TABLE owned AS SELECT * FROM items;
	CREATE INDEX owned_idx ON owned USING hnsw (v vector_l2_ops);
	CREATE INDEX owned_c ON owned (c);
	VACUUM ANALYZE owned;
	CREATE POLICY own ON owned TO tenant USING (d > 0);
	ALTER TABLE owned ENABLE ROW LEVEL SECURITY;
	GRANT SELECT ON owned TO tenant;));
foreach my $name (qw(plain hybrid))
{
	my $tenants = plan_of($queries{$name} =~ s/items/owned/r, 'TEXT', 'SET ROLE tenant;');

	like($tenants, qr/owned_idx/, "$name: a search under row security");
	unlike($tenants, qr/Nodes Scored/, '... whose work is not shown');
}

# A worker's is not shown
my $parallel = $node->safe_psql('postgres',
	q(SELECT name FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode') ORDER BY 1 LIMIT 1));
my $plan = plan_of($queries{hybrid}, 'TEXT', "SET $parallel = on;");
like($plan, qr/Gather.*Workers Launched: 1.*LokivectorHybridScan/s, 'a search in a worker');
unlike($plan, qr/Strategy/, '... whose work is not shown');

# auto_explain
SKIP:
{
	skip 'auto_explain is not installed', 4
	  unless $node->safe_psql('postgres', q(SELECT count(*) FROM pg_ls_dir(
			(SELECT setting FROM pg_config WHERE name = 'PKGLIBDIR')) f WHERE f ~ '^auto_explain\.')) > 0;
	foreach my $format (qw(text json yaml))
	{
		my ($result, $stdout, $stderr) = $node->psql('postgres', qq(
			LOAD 'auto_explain';
			SET auto_explain.log_min_duration = 0;
			SET auto_explain.log_analyze = on;
			SET auto_explain.log_format = $format;
			$settings
			SET client_min_messages = log;
			$queries{hybrid}));

		like($stderr, qr/LokivectorHybridScan.*Strategy"?: "?\w+.*Nodes Refined/s,
			"auto_explain logs it as $format");
	}
	my ($result, $stdout, $stderr) = $node->psql('postgres', qq(
		LOAD 'auto_explain';
		SET auto_explain.log_min_duration = 0;
		SET auto_explain.log_analyze = on;
		$settings
		SET client_min_messages = log;
		$queries{plain}));
	like($stderr, $hooked ? qr/Index Scan using items_idx.*Strategy: walk/s : qr/Index Scan using items_idx/,
		'auto_explain logs a plain search');
}

$node->stop;
done_testing();
