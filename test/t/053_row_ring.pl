# SPDX-License-Identifier: PostgreSQL
# Where an index needs most of the shared buffers, searches leave it there: the rows that
# they read, in the table or out of line, take the places of rows that were read before.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $dim = 520;
my $node = loki_node('node');
$node->append_conf('postgresql.conf', "shared_buffers = 4MB\nmax_connections = 10\n");
$node->start;
create_items($node, $dim);

# The index, the rows without their vectors, the index of the TOAST table and the ring of an
# eighth of the buffers fit into these together, with some room for catalogs.
$node->safe_psql('postgres', q(
	DROP INDEX items_idx;
	ALTER TABLE items ALTER v SET STORAGE EXTERNAL;
	INSERT INTO items SELECT n, item(n), n % 10 FROM generate_series(1, 7000) n ORDER BY hashint4(n);
	CREATE TABLE items_inline (LIKE items INCLUDING ALL);
	ALTER TABLE items_inline ALTER v SET STORAGE PLAIN;
	INSERT INTO items_inline SELECT * FROM items;
	CREATE TABLE queries AS SELECT n, item(10000 + n) AS v FROM generate_series(1, 300) n));

for my $table ('items', 'items_inline')
{
	# Without codes to refine by, all that a search reads of the index is what it comes back to
	$node->safe_psql('postgres', qq(
		CREATE INDEX ${table}_v ON $table USING hnsw (v vector_l2_ops) WITH (bits = 2, refine_bits = 0);
		VACUUM ANALYZE $table));
	my $pages = $node->safe_psql('postgres', qq(
		SELECT (sum(bytes) / 8192)::integer FROM lokivector_index_slot_arrays('${table}_v')
		WHERE slot_array IN ('code', 'link', 'upper', 'tid')));
	cmp_ok($pages, '>', 256, "$table: the index needs more than half of 512 buffers");
	cmp_ok($pages, '<', 320, "$table: and leaves room for the rest");

	# Blocks that 300 searches read from outside of shared buffers, of the index and of rows
	my $read = sub {
		my ($session, $filter) = @_;
		my $counted = qq(
			SELECT pg_stat_force_next_flush();
			SELECT idx_blks_read, heap_blks_read + toast_blks_read FROM pg_statio_user_tables
			WHERE relname = '$table';);
		my @before = ask($session, $counted) =~ /(\d+)\|(\d+)\z/;

		is(ask($session, qq(SELECT count(*) FROM queries q,
			LATERAL (SELECT id FROM $table WHERE $filter ORDER BY v <-> q.v LIMIT 10) a;)), 3000,
			"$table: searches, $filter");
		my @after = ask($session, $counted) =~ /(\d+)\|(\d+)\z/;
		return map { $after[$_] - $before[$_] } 0, 1;
	};

	# With a condition on a column that the index lacks, rows are read before their vectors
	my $session = open_session($node);
	ask($session, 'SET enable_seqscan = off; SET hnsw.ef_search = 20;');
	$read->($session, 'true');
	for my $filter ('true', 'c >= 0')
	{
		my ($index, $rows) = $read->($session, $filter);

		note("$table, $filter: $pages pages of the index, $index blocks of it read, $rows of rows");
		cmp_ok($rows, '>', 3000, "$table, $filter: rows come from outside of shared buffers");
		cmp_ok($index * 10, '<', $rows, "$table, $filter: the index stays there");
	}
	close_session($session);
}

$node->stop;

done_testing();
