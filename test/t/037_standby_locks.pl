# SPDX-License-Identifier: PostgreSQL
# Replay and the scans of a standby lock pages in the same order: neither waits
# for ever for the other.  Replay locks the pages of a record in the order in which
# they were registered, and keeps them all until the record is applied.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $primary = loki_node('primary', allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE TABLE d (id bigserial PRIMARY KEY, v vector(3), n integer DEFAULT 0);
	CREATE INDEX d_idx ON d USING hnsw (v vector_l2_ops);
	CREATE INDEX ON d (n);));
my $standby = loki_standby($primary, "max_standby_streaming_delay = -1\n");

my @clients;

# Rows join nodes: as new ones, and as versions that are not heap-only
push @clients, start_transactions($primary, 'insert', 2, 1500, q(
	INSERT INTO d (v) VALUES ('[1,2,3]');));
push @clients, start_transactions($primary, 'update', 1, 1000, q(
	UPDATE d SET n = n + 1 WHERE id = 1 + random() * 20;));
push @clients, start_transactions($primary, 'many', 1, 250, q(
	INSERT INTO d (v) SELECT ARRAY[i % 7, 1, 2] FROM generate_series(1, 20) i;));

# The TID lists are read meanwhile
push @clients, start_transactions($standby, 'read', 4, 250, q(
	SET enable_seqscan = off;
	SELECT count(*) FROM (SELECT id FROM d ORDER BY v <-> '[1,2,3]' LIMIT 500) s;));

my $hung = 0;
foreach my $client (@clients)
{
	$hung = 1 unless ended($client);
}

# All of the standby's processes that wait for the lock of a page
note('waiting: ' . $standby->safe_psql('postgres', q(
	SELECT string_agg(backend_type, ', ') FROM pg_stat_activity WHERE wait_event = 'BufferContent')))
  if $hung;
if ($hung)
{
	$standby->stop('immediate');
}
else
{
	$primary->wait_for_catchup($standby);
	my $sql = q(
		SET enable_seqscan = off;
		SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM d ORDER BY v <-> '[1,2,3]') s);
	is($standby->safe_psql('postgres', $sql), $primary->safe_psql('postgres', $sql),
		'all rows on the standby');
	$standby->stop;
}
$primary->stop;
done_testing();
