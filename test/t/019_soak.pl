# SPDX-License-Identifier: PostgreSQL
# Everything at once for a while: 8 inserters, 4 updaters, 4 readers, a client
# that deletes and one that vacuums, from an empty index on.
# LOKIVECTOR_SOAK_SECONDS says for how long (make soak: half an hour).

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $seconds = $ENV{LOKIVECTOR_SOAK_SECONDS} || ($ENV{LOKIVECTOR_SHORT} ? 6 : 20);

my $node = loki_node('main');
$node->append_conf('postgresql.conf', q(
lokivector.build_seed = -1
max_connections = 40
deadlock_timeout = 1s
log_lock_waits = on
max_wal_size = 2GB
));
$node->start;
create_items($node, 48);
# Rows that last: what is inserted beyond so many is deleted again
my $most = 20000;
$node->safe_psql('postgres', q(
	CREATE SEQUENCE ids;
	ALTER TABLE items ADD n integer NOT NULL DEFAULT 0;
	CREATE INDEX items_n ON items (n);
	CREATE TABLE oddities (what text);));

my @clients;

sub client
{
	my ($name, $count, $sql) = @_;

	push @clients, start_client($node, $name, $count, $seconds, $sql);
	return;
}

# A row of the last so many, by its number
my $some = q(
SELECT last_value AS last FROM ids \gset
\set n :last - random(0, least(:last, 15000) - 1)
);

client('insert', 5, q(
INSERT INTO items SELECT n, item(n), 1
FROM (SELECT nextval('ids')::integer AS n FROM generate_series(1, 3)) s;
));
client('insert-equal', 2, q(
\set n random(1, 50)
INSERT INTO items SELECT nextval('ids'), item(:n), 1;
));
client('insert-abort', 1, q(
BEGIN;
INSERT INTO items SELECT n, CASE WHEN n % 5 > 0 THEN item(n) END, 1
FROM (SELECT nextval('ids')::integer AS n FROM generate_series(1, 3)) s;
ROLLBACK;
));
client('update-other', 2, "$some
UPDATE items SET n = n + 1 WHERE id = :n;
");
client('update-attribute', 1, "$some
UPDATE items SET c = c % 3 + 1 WHERE id = :n;
");
client('update-vector', 1, "$some
UPDATE items SET v = item(id + (:n + id) % 7) WHERE id = :n;
");
# Of the nearest rows none may come twice, and of distances none be less than
# the one before
client('read', 4, "$some
SET enable_seqscan = off;
INSERT INTO oddities SELECT 'rows ' || count(*) || ' ' || count(DISTINCT id) FROM (
	SELECT id FROM items ORDER BY v <-> item(:n) LIMIT 20) s
HAVING count(*) <> count(DISTINCT id);
INSERT INTO oddities SELECT 'order' FROM (
	SELECT v <-> item(:n) AS d, lag(v <-> item(:n)) OVER () AS before FROM (
		SELECT v FROM items WHERE c = 2 ORDER BY v <-> item(:n) LIMIT 20) s) s
WHERE d < before;
");
client('delete', 1, qq(
SELECT last_value AS last FROM ids \\gset
\\set n random(1, :last)
DELETE FROM items WHERE id BETWEEN :n AND :n + 20 OR id < :last - $most;
\\sleep 50 ms
));
client('vacuum', 1, q(
VACUUM items;
));

foreach my $client (@clients)
{
	finish_client($client);
	note("$client->{name}: $1 transactions")
	  if $client->{out} =~ /transactions actually processed: (\d+)/;
}

my $log = slurp_file($node->logfile);
unlike($log, qr/PANIC|TRAP|runtime error|server process .* was terminated/,
	'no server process died');
unlike($log, qr/deadlock/, 'no deadlock');
unlike($log, qr/ERROR/, 'no error in the log');
is($node->safe_psql('postgres', 'SELECT count(*) FROM oddities'), '0',
	'no row twice, and all in order');

my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM items WHERE v IS NOT NULL');
cmp_ok($rows, '>', 500, "rows were inserted");
check_index($node, 'check');
is(rows_by_index($node), "$rows $rows", 'every row is indexed once');
# Dead rows are left on pages that are pinned, for which freezing waits; where they
# are on less than a fiftieth of the pages, unless the index is to be cleaned; and
# where a session that is ending might see them
$node->poll_query_until('postgres',
	q(SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'client backend'))
  or die 'sessions do not end';
$node->safe_psql('postgres', 'VACUUM (FREEZE, INDEX_CLEANUP ON) items');
check_index($node, 'check after a last vacuum');
is(rows_by_index($node), "$rows $rows", 'every row is indexed once after it');
is($node->safe_psql('postgres',
		q(SELECT dead || ' ' || reserved || ' ' || killed FROM lokivector_index_info('items_idx'))),
	'0 0 0', 'nothing is left of dead rows');
rows_are_found($node, 400, 'rows found by their own vectors');
cmp_ok(recall($node, 100, 100), '>=', 0.9, 'recall');

$node->stop;
done_testing();
