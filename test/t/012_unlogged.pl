# SPDX-License-Identifier: PostgreSQL
# Indexes of unlogged tables are empty after a crash, and usable; after a clean
# shutdown they keep their rows.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main', allows_streaming => 1);
$node->start;
my $standby = loki_standby($node);

create_items($node, 24);
$node->safe_psql('postgres', q(
	ALTER TABLE items RENAME TO logged;
	CREATE UNLOGGED TABLE items (LIKE logged);
	DROP TABLE logged;
	CREATE INDEX items_idx ON items USING hnsw (v vector_l2_ops, c int4_ops);
	CREATE INDEX items_cosine ON items USING hnsw (v vector_cosine_ops) WITH (m = 4);
	INSERT INTO items SELECT n, item(n), n % 7 FROM generate_series(1, 500) n;
	INSERT INTO items VALUES (501, NULL, 1);));

my $indexes = q(SELECT relname, relfilenode FROM pg_class
	WHERE relname IN ('items_idx', 'items_cosine') ORDER BY 1);
my $files = $node->safe_psql('postgres', $indexes);
my $path = $node->data_dir . '/'
  . $node->safe_psql('postgres', q(SELECT pg_relation_filepath('items_idx')));

# Answers of the index and of the table
sub answers
{
	my ($name, $rows) = @_;

	check_index($node, "$name: check");
	is(rows_by_index($node), "$rows $rows", "$name: all rows");
	is($node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SELECT count(*) FROM (SELECT id FROM items WHERE c = 3 ORDER BY v <-> item(1)) s)),
		$node->safe_psql('postgres', 'SELECT count(*) FROM items WHERE c + 0 = 3'),
		"$name: rows that match");
	return;
}

ok(-s $path . '_init', 'there is an init fork');
is(-s $path . '_init', 2 * 8192, 'the init fork has two pages');
answers('before', 501);

$node->restart;
answers('after a clean shutdown', 501);

$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', 'SELECT count(*) FROM items'), '0',
	'after a crash: the table is empty');
answers('after a crash', 0);
is(-s $path, 2 * 8192, 'after a crash: the index has two pages');
is($node->safe_psql('postgres', $indexes), $files, 'after a crash: the files have their names');

$node->safe_psql('postgres', q(
	INSERT INTO items SELECT n, item(n), n % 7 FROM generate_series(1, 300) n));
answers('rows after a crash', 300);
is(lost_rows($node, 100), 0, 'rows after a crash: found by their own vectors');

# What a checkpoint wrote to disk is gone too
$node->safe_psql('postgres', 'CHECKPOINT');
$node->stop('immediate');
$node->start;
answers('after a crash behind a checkpoint', 0);

# Changes between logged and unlogged
$node->safe_psql('postgres', q(
	INSERT INTO items SELECT n, item(n), n % 7 FROM generate_series(1, 200) n;
	ALTER TABLE items SET LOGGED;));
$node->stop('immediate');
$node->start;
answers('logged, after a crash', 200);
$node->safe_psql('postgres', 'ALTER TABLE items SET UNLOGGED');
ok(-s $node->data_dir . '/' . $node->safe_psql('postgres',
	q(SELECT pg_relation_filepath('items_idx'))) . '_init', 'unlogged again: there is an init fork');
answers('unlogged again', 200);

# A standby has init forks alone, and makes empty indexes of them
$node->wait_for_catchup($standby);
my ($result, $stdout, $stderr) = $standby->psql('postgres', 'SELECT count(*) FROM items');
like($stderr, qr/cannot access temporary or unlogged relations during recovery/,
	'standby: the table cannot be read');
($result, $stdout, $stderr) = $standby->psql('postgres', q(SELECT lokivector_search_width('items_idx')));
like($stderr, qr/cannot access temporary or unlogged relations during recovery/,
	'standby: nor can the index by a function');
is($standby->safe_psql('postgres', q(
	SELECT s.index, count(a) FROM lokivector_stat_indexes s
	CROSS JOIN LATERAL lokivector_index_info(s.index) i
	CROSS JOIN LATERAL lokivector_search_width(s.index) w
	LEFT JOIN LATERAL lokivector_advice(s.index) a ON true GROUP BY 1)), '',
	'standby: what looks at all indexes leaves it out');
$standby->promote;
my $primary = $node;
$node = $standby;
answers('promoted standby', 0);
$node->safe_psql('postgres', q(
	INSERT INTO items SELECT n, item(n), n % 7 FROM generate_series(1, 100) n));
answers('promoted standby, with rows', 100);

$standby->stop;
$primary->stop;
done_testing();
