# SPDX-License-Identifier: PostgreSQL
# What doc/security.md says of deleting for good: after VACUUM FULL and ANALYZE no file of the
# database has the bytes of a deleted row, neither of its text, nor of its vector, nor of a value in
# the index.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main');
$node->start;
create_items($node, 64);
$node->safe_psql('postgres', q(
	ALTER TABLE items ADD COLUMN body text, ADD COLUMN number bigint;
	INSERT INTO items SELECT i, item(i), i % 5, 'text ' || i, i FROM generate_series(1, 3000) i;
	INSERT INTO items SELECT -i, item(-1), 1, 'a secret that is in no other row', 1234567890123456789 FROM generate_series(1, 3) i;
	CREATE STATISTICS items_both (mcv) ON number, body FROM items;
	-- few enough that the list is not compressed
	ALTER STATISTICS items_both SET STATISTICS 5;
	CREATE INDEX erased ON items USING hnsw (v vector_l2_ops, number, body);
	ANALYZE items;));

# In little-endian order, as this machine has it; a part of the vector suffices
my %bytes = (
	text => 'a secret that is in no other row',
	number => pack('q', 1234567890123456789),
	vector => pack('f*', (split(/,/, $node->safe_psql('postgres', 'SELECT item(-1)') =~ tr/[]//dr))[ 20 .. 27 ]));

# Whose files of the database have them
sub having
{
	my ($what) = @_;
	my $oid = $node->safe_psql('postgres', "SELECT oid FROM pg_database WHERE datname = 'postgres'");
	my @found;

	$node->safe_psql('postgres', 'CHECKPOINT');
	for my $file (glob($node->data_dir . "/base/$oid/*"))
	{
		my ($filenode) = $file =~ /(\d+)[^\/]*$/ or next;

		next if index(slurp_file($file), $bytes{$what}) < 0;
		push @found, $node->safe_psql('postgres', "SELECT coalesce(pg_filenode_relation(0, $filenode)::text, '$filenode')");
	}
	return join(' ', @found);
}

like(having($_), qr/\bitems\b/, "$_: is there before") for sort keys %bytes;
$node->safe_psql('postgres', 'DELETE FROM items WHERE id < 0');
$node->safe_psql('postgres', 'VACUUM items');
note("$_: after VACUUM in " . having($_)) for sort keys %bytes;
$node->safe_psql('postgres', 'VACUUM (FULL, ANALYZE) items');
$node->safe_psql('postgres', 'VACUUM FULL pg_statistic, pg_statistic_ext_data');
is(having($_), '', "$_: is gone after VACUUM FULL") for sort keys %bytes;

$node->stop;
done_testing();
