# SPDX-License-Identifier: PostgreSQL
# Pages that replay makes are those of the primary, byte by byte.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $primary = loki_node('primary', allows_streaming => 1);
$primary->append_conf('postgresql.conf', "wal_consistency_checking = 'generic'\n");
$primary->start;
my $standby = loki_standby($primary);

# A step fails if the standby stopped replaying, which it does at the first
# page that differs.
sub step
{
	my ($name, $sql) = @_;

	$primary->safe_psql('postgres', $sql) if $sql;
	my $target = $primary->lsn('insert');
	my $reached = 0;
	foreach my $attempt (1 .. 1800)
	{
		my ($result, $lag) = $standby->psql('postgres',
			"SELECT pg_last_wal_replay_lsn() >= '$target'");

		last if $result != 0;
		$reached = $lag eq 't';
		last if $reached;
		select(undef, undef, undef, 0.1);
	}
	ok($reached, $name) or diag(slurp_file($standby->logfile));
	return;
}

create_items($primary, 16);
step('inserts', 'INSERT INTO items SELECT n, item(n), n % 5 FROM generate_series(1, 600) n');
step('duplicates, NULLs and updates', q(
	INSERT INTO items SELECT n, item(n % 50), 1 FROM generate_series(601, 800) n;
	INSERT INTO items SELECT n, NULL, n % 3 FROM generate_series(801, 820) n;
	UPDATE items SET c = c + 1 WHERE id % 7 = 0;));
step('deletes and vacuum', q(DELETE FROM items WHERE id % 3 = 0));
step('vacuum', 'VACUUM items');
step('inserts into free slots',
	'INSERT INTO items SELECT n, item(n), n % 5 FROM generate_series(1001, 1300) n');
step('a vacuum of everything', 'DELETE FROM items');
step('vacuum of an index without rows', 'VACUUM items');
step('inserts into an emptied index',
	'INSERT INTO items SELECT n, item(n), n % 5 FROM generate_series(1, 300) n');
step('a build', 'REINDEX INDEX items_idx');
step('a compact index', q(
	INSERT INTO items SELECT n, item(n), n % 5 FROM generate_series(301, 1200) n;
	ALTER TABLE items ALTER v TYPE vector(224) USING vector_to_float4(v, 0, false) || array_fill(0.1, '{208}')::real[];
	DROP INDEX items_idx;
	CREATE INDEX items_idx ON items USING hnsw (v vector_l2_ops, c int4_ops) WITH (profile = compact);
	INSERT INTO items SELECT id + 2000, v, c + id % 2 FROM items WHERE id <= 300;
	DELETE FROM items WHERE id % 3 = 0;));
step('vacuum of a compact index', 'VACUUM items');

unlike(slurp_file($standby->logfile), qr/inconsistent page found/,
	'no inconsistent page');
check_index($standby, 'check on the standby');

$standby->stop;
$primary->stop;
done_testing();
