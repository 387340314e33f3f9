# SPDX-License-Identifier: PostgreSQL
# Scans under random conditions, each of whose answers is that of its snapshot,
# while rows are inserted, deleted, updated in what the index has and in what it
# has not, rolled back, and vacuumed.
#
# LOKIVECTOR_LONG=1 takes two minutes in place of some seconds.

use FindBin;
use lib $FindBin::RealBin;
use LokiFilter;
use LokiTest;

my $seconds = $ENV{LOKIVECTOR_LONG} ? 120 : $ENV{LOKIVECTOR_SHORT} ? 3 : 8;

my $node = loki_node('main');
$node->start;
create_filtered($node, 3000);
answers_by_list($node, 'before');

my @clients;

sub client
{
	my ($name, $count, $sql) = @_;

	push @clients, start_client($node, $name, $count, $seconds, $sql);
	return;
}

client('attributes', 2, q(
\set n random(1, 3000)
\set k random(1, 500)
UPDATE items SET part = :k, c = :k % 200 WHERE id = :n;
UPDATE items SET name = 'name of ' || :k % 200, tags = ARRAY[:k % 90, :k % 7] WHERE id = :n + 1;
));
client('others', 1, q(
\set n random(1, 3000)
UPDATE items SET other = other + 1 WHERE id = :n;
));
client('insert', 1, "SELECT add_rows(3);\n");
client('rollback', 1, q(
BEGIN;
SELECT add_rows(5);
SAVEPOINT s;
SELECT add_rows(5);
ROLLBACK TO s;
ROLLBACK;
));
client('delete', 1, q(
\set n random(1, 4000)
DELETE FROM items WHERE id BETWEEN :n AND :n + 5;
\sleep 20 ms
));
client('vacuum', 1, q(
VACUUM items;
\sleep 300 ms
));
client('check', 1, q(
SELECT lokivector_check('items_idx');
\sleep 50 ms
));
client('scan', 2, q(
\set n random(1, 1000000)
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT check_conditions(:n, 2);
\sleep 10 ms
SELECT check_conditions(:n, 2);
COMMIT;
));
client('serializable', 1, q(
\set n random(1, 1000000)
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT check_conditions(:n, 2);
COMMIT;
));
finish_client($_) foreach @clients;

check_index($node, 'check');
check_filters($node, 'afterwards', 1, 100);
$node->safe_psql('postgres', 'VACUUM items');
check_index($node, 'check after vacuum');
check_filters($node, 'after vacuum', 101, 100);
$node->stop;
done_testing();
