# SPDX-License-Identifier: PostgreSQL
# Plans that rely on constraints, kept, and executed by an imported snapshot that is older than the constraint: with and
# without a transaction that keeps TransactionXmin as it was.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION lokivector');

my $low = q{SELECT id FROM memories ORDER BY (v <-> '[0,0]') + low LIMIT 2};
my $nulls = q{SELECT id FROM memories ORDER BY (v <-> '[0,0]') - maybe DESC LIMIT 2};

foreach my $writer (0, 1)
{
	$node->safe_psql('postgres', q{
		DROP TABLE IF EXISTS memories;
		CREATE TABLE memories (id int PRIMARY KEY, v vector(2), low int NOT NULL DEFAULT 0, maybe int);
		INSERT INTO memories SELECT i, ARRAY[i, i % 3]::vector, CASE WHEN i = 400 THEN -1000 ELSE i % 7 END, nullif(i, 399)
			FROM generate_series(1, 3000) i;
		CREATE INDEX ON memories USING hnsw (v vector_l2_ops);
		CREATE INDEX ON memories (maybe);
		ANALYZE memories;});
	my $old = open_session($node);
	my $other = open_session($node);
	my $reader = open_session($node);
	ask($other, 'BEGIN; SELECT pg_current_xact_id();') if $writer;
	my $snapshot = ask($old, 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot();');
	$node->safe_psql('postgres', q{
		UPDATE memories SET low = 0, maybe = 0 WHERE id IN (399, 400);
		ALTER TABLE memories ADD CHECK (low >= -5), ALTER maybe SET NOT NULL;});
	my $name = $writer ? 'beside an older writer' : 'alone';
	ask($reader, "SET enable_seqscan = off; SET enable_sort = off; SET plan_cache_mode = force_generic_plan;
		PREPARE low AS $low; PREPARE nulls AS $nulls;");
	is(ask($reader, 'EXECUTE low;'), "1\n2", "bounds, $name");
	ask($reader, 'EXECUTE nulls;');
	ask($reader, "BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '$snapshot';");
	is(ask($reader, 'EXECUTE low;'), "400\n1", "bounds by an older snapshot, $name");
	like(ask($reader, 'EXECUTE nulls;'), qr/^399\n/, "NULL by an older snapshot, $name");
	ask($reader, 'COMMIT;');
	ask($_, 'COMMIT;') foreach $old, $other;

	# when all see the constraint, plans are kept that rely on it
	is(ask($reader, 'EXECUTE low;'), "1\n2", "bounds afterwards, $name");
	like(ask($reader, 'EXPLAIN EXECUTE nulls;'), qr/LokivectorScoreSearch|Index Scan/, "a search afterwards, $name");
	close_session($_) foreach $old, $other, $reader;
}

$node->stop;
done_testing();
