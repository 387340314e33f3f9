# Counts of indexes: no statement fails because there is no shared memory for them, and what
# is dropped leaves no counts behind.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use LokiTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Shared memory is in files, which can be counted, and moved out of reach
my $node = loki_node('main');
$node->append_conf('postgresql.conf', "dynamic_shared_memory_type = mmap\n");
$node->start;
create_items($node, 4);
my $directory = $node->data_dir . '/pg_dynshmem';
my $search = 'SET enable_seqscan = off; SELECT id FROM items ORDER BY v <-> item(5) LIMIT 1';

sub scans
{
	my ($database) = @_;

	return $node->safe_psql($database,
		q(SELECT scans FROM lokivector_stat_indexes WHERE indexrelname = 'items_idx'));
}

# The size of all shared memory
sub shared_bytes
{
	my $bytes = 0;

	$bytes += -s $_ for glob("$directory/*");
	return $bytes;
}

# No memory.  The index was made before this start of the server
$node->safe_psql('postgres', 'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(1, 20) n');
$node->restart;
my $session = open_session($node);
ask($session, 'SELECT 1;');
rename($directory, "$directory.away") or die "cannot rename $directory: $!";
is(ask($session, "$search;"), '5', 'a search without memory for its counts');
is(ask($session, 'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(21, 30) n RETURNING id;'),
	join("\n", 21 .. 30), 'inserts');
ask($session, 'DELETE FROM items WHERE id > 25;');
ask($session, 'VACUUM items;');
is(ask($session, 'SELECT count(*) FROM items;'), '25', 'a vacuum');
rename("$directory.away", $directory) or die "cannot rename $directory: $!";
is(scans('postgres'), '0', 'nothing was counted');
ask($session, "$search;");
is(scans('postgres'), '1', 'counted as soon as there is memory');
close_session($session);

# Databases.  A copy of a database has the same numbers of indexes
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE postgres OID 123456');
$node->safe_psql('copied', $search) for 1 .. 3;
is(scans('copied'), '3', 'databases count apart');
$node->safe_psql('postgres', 'DROP DATABASE copied');
is(scans('postgres'), '1', 'of one that was dropped, nothing is seen elsewhere');
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE postgres OID 123456');
is(scans('copied'), '0', 'nor in one that has its number later');

# Many indexes, of which no more than a few exist, and nobody reads the counts
$node->safe_psql('postgres', q(
	CREATE TABLE empty (v vector(3));
	CREATE PROCEDURE make_and_drop(n integer) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. n LOOP
			CREATE INDEX empty_idx ON empty USING hnsw (v vector_l2_ops);
			DROP INDEX empty_idx;
			COMMIT;
		END LOOP;
	END $$;));
my $before = shared_bytes();
cmp_ok($before, '>', 0, 'shared memory is in files');
$node->safe_psql('postgres', 'CALL make_and_drop(8000)');
is(shared_bytes(), $before, 'counts of dropped indexes take no more memory');
is(scans('postgres'), '1', 'others are kept');

$node->stop;
done_testing();
