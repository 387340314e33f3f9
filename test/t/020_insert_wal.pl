# SPDX-License-Identifier: PostgreSQL
# What an insert, an update and VACUUM write to WAL, beyond what the table and its key
# write: some hundred bytes a row, not pages.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main');

# No page images: they come after a checkpoint alone
$node->append_conf('postgresql.conf', q(
full_page_writes = off
checkpoint_timeout = 1h
max_wal_size = 4GB
));
$node->start;
create_items($node, 128);
$node->safe_psql('postgres', q(
	CREATE TABLE plain (LIKE items);
	ALTER TABLE plain ADD PRIMARY KEY (id);
	CREATE INDEX ON plain (c);
	CREATE INDEX ON items (c);
	CREATE TABLE source AS SELECT n AS id, item(n) AS v, n % 5 AS c FROM generate_series(1, 6000) n;
	INSERT INTO items SELECT * FROM source WHERE id <= 4000;
	INSERT INTO plain SELECT * FROM source WHERE id <= 4000;
	REINDEX INDEX items_idx;));

# Bytes that a statement writes
sub wal
{
	my ($sql) = @_;
	my $before = $node->lsn('insert');

	$node->safe_psql('postgres', $sql);
	return $node->safe_psql('postgres',
		"SELECT pg_current_wal_insert_lsn() - '$before'::pg_lsn");
}

# The same of a statement, a row, for what the index alone writes
sub index_wal
{
	my ($rows, $sql) = @_;
	my $bytes = wal(sprintf($sql, 'items')) - wal(sprintf($sql, 'plain'));

	return $bytes / $rows;
}

my $insert = index_wal(2000, 'INSERT INTO %s SELECT * FROM source WHERE id > 4000');
note("an insert: $insert bytes");
cmp_ok($insert, '<', 1500, 'an insert of 128 dimensions');

my $singly = index_wal(500,
	join(';', map { "INSERT INTO %1\$s SELECT id + 10000, v, c + 1 FROM source WHERE id = $_" } (1 .. 500)));
note("an insert that joins a node, or does not: $singly bytes");
cmp_ok($singly, '<', 1500, 'the same with other attributes, one at a time');

my $update = index_wal(4000, 'UPDATE %s SET id = -id WHERE id BETWEEN 1 AND 4000');
note("an update that leaves the indexed columns alone: $update bytes");
cmp_ok($update, '<', 200, 'an update of another column');

# Lists give links of dead nodes to others, and get no more; live ones keep their places
$node->safe_psql('postgres', 'VACUUM items; VACUUM plain; REINDEX INDEX items_idx;');
my ($deleted) = map { $node->safe_psql('postgres', "WITH gone AS (DELETE FROM $_ WHERE abs(id) % 100 = 7 RETURNING 1) SELECT count(*) FROM gone") }
  qw(plain items);
my $vacuum = index_wal($deleted, 'VACUUM %s');
note("VACUUM, a row of $deleted: $vacuum bytes");
cmp_ok($vacuum, '<', 500, 'VACUUM of one row in a hundred');

check_index($node, 'check');
$node->stop;
done_testing();
