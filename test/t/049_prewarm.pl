# SPDX-License-Identifier: PostgreSQL
# lokivector_prewarm() after a start, called by a user who may read the table: what it
# brings in is what searches read, on a primary and on a standby; where memory is short,
# it leaves a part of shared buffers to others.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $primary = loki_node('primary', allows_streaming => 1);
$primary->append_conf('postgresql.conf', "shared_buffers = 16MB\n");
$primary->start;
create_items($primary, 32);
# Without codes to refine by, a search reads what is hot alone
$primary->safe_psql('postgres', q(
	DROP INDEX items_idx;
	INSERT INTO items SELECT n, item(n), n % 10 FROM generate_series(1, 6000) n;
	CREATE INDEX items_idx ON items USING hnsw (v vector_l2_ops, c) WITH (bits = 4, refine_bits = 0);
	VACUUM ANALYZE items;
	CREATE ROLE reader;
	CREATE TABLE queries AS SELECT item(10000 + n) AS v FROM generate_series(1, 20) n;
	GRANT SELECT ON items, queries TO reader));
my $hot = $primary->safe_psql('postgres', q(
	SELECT sum(bytes) + 2 * 8192 FROM lokivector_index_slot_arrays('items_idx')
	WHERE slot_array IN ('centroid', 'code', 'link', 'upper', 'tid', 'attribute')));
my $standby = loki_standby($primary);
$primary->wait_for_catchup($standby);

# Starts a server anew, reads the index into memory if told to, and searches with and
# without a filter: the bytes read before, and the blocks of the index that searches read
# from outside of shared buffers
sub cold
{
	my ($server, $prewarm) = @_;
	my $blocks = q(
		SELECT pg_stat_force_next_flush();
		SELECT idx_blks_read FROM pg_statio_user_indexes WHERE indexrelname = 'items_idx';);

	$server->restart;
	my $session = open_session($server);
	ask($session, 'SET enable_seqscan = off; SET ROLE reader;');
	my $bytes = $prewarm ? ask($session, "$prewarm;") : undef;
	my ($before) = ask($session, $blocks) =~ /(\d+)\z/;
	is(ask($session, q(
		SELECT count(*) FROM queries q,
			LATERAL (SELECT id FROM items ORDER BY v <-> q.v LIMIT 10) a,
			LATERAL (SELECT id FROM items WHERE c < 5 ORDER BY v <-> q.v LIMIT 10) b;)),
		2000, $server->name . ': searches');
	my ($after) = ask($session, $blocks) =~ /(\d+)\z/;
	close_session($session);
	return ($bytes, $after - $before);
}

for my $server ($primary, $standby)
{
	my $name = $server->name;
	my (undef, $unread) = cold($server);
	cmp_ok($unread, '>', 20, "$name: after a start searches read the index from disk");

	my ($bytes, $read) = cold($server, q(SELECT lokivector_prewarm('items_idx')));
	is($bytes, $hot, "$name: bytes of what is hot");
	is($read, 0, "$name: afterwards searches read nothing of it from disk");

	($bytes, $read) = cold($server, q(SELECT lokivector_prewarm('items_idx', 10 * 8192)));
	is($bytes, 10 * 8192, "$name: a bound");
	cmp_ok($read, '<', $unread, "$name: searches read less than without");
	cmp_ok($read, '>', 0, "$name: and what the bound left out");
}

# Where not even what is hot fits
$primary->append_conf('postgresql.conf', "shared_buffers = 1MB\nmax_connections = 10\n");
cmp_ok($hot, '>', 1 << 20, 'what is hot is larger than shared buffers');
my ($bytes) = cold($primary, q(SELECT lokivector_prewarm('items_idx')));
is($bytes, (1 << 20) * 3 / 4, 'three quarters of shared buffers');
($bytes) = cold($primary, q(SELECT lokivector_prewarm('items_idx', 1 << 30)));
is($bytes, 1 << 20, 'all of shared buffers, for who asks for more');

$primary->stop;
$standby->stop;

done_testing();
