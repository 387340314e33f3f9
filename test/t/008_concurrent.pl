# SPDX-License-Identifier: PostgreSQL
# Inserts, updates, deletes, scans and vacuums at the same time.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $seconds = $ENV{LOKIVECTOR_LONG} ? 120 : $ENV{LOKIVECTOR_SHORT} ? 4 : 10;

my $node = loki_node('main');
$node->start;
create_items($node, 16);
$node->safe_psql('postgres', q(
	CREATE SEQUENCE ids;
	INSERT INTO items SELECT n, item(n), 1
	FROM (SELECT nextval('ids')::integer AS n FROM generate_series(1, 1000)) s;));

my @clients;

sub client
{
	my ($name, $count, $sql) = @_;

	push @clients, start_client($node, $name, $count, $seconds, $sql);
	return;
}

client('insert', 2, q(
INSERT INTO items SELECT n, item(n), 1
FROM (SELECT nextval('ids')::integer AS n FROM generate_series(1, 3)) s;
));
client('insert-equal', 2, q(
\set n random(1, 20)
INSERT INTO items SELECT nextval('ids'), item(:n), 1;
));
client('update', 2, q(
\set n random(1, 3000)
UPDATE items SET c = c + 1 WHERE id = :n;
));
client('rollback', 1, q(
BEGIN;
INSERT INTO items SELECT n, item(n), 1
FROM (SELECT nextval('ids')::integer AS n FROM generate_series(1, 3)) s;
ROLLBACK;
));
client('delete', 1, q(
\set n random(1, 3000)
DELETE FROM items WHERE id = :n;
\sleep 20 ms
));
client('scan', 2, q(
\set n random(1, 3000)
SET enable_seqscan = off;
SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(:n) LIMIT 20) s;
SELECT count(*) FROM (SELECT id FROM items WHERE c = 2 ORDER BY v <-> item(:n) LIMIT 20) s;
));
client('vacuum', 1, q(
VACUUM items;
));

foreach my $client (@clients)
{
	finish_client($client);
}

my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM items');
cmp_ok($rows, '>', 1000, 'rows were inserted');
check_index($node, 'check');
is(rows_by_index($node), "$rows $rows", 'every row is indexed once');
rows_are_found($node, 400, 'rows found by their own vectors');
$node->safe_psql('postgres', 'VACUUM items');
check_index($node, 'check after a last vacuum');
is(rows_by_index($node), "$rows $rows", 'every row is indexed once after it');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|server process .* was terminated/,
	'no server process died');

$node->stop;
done_testing();
