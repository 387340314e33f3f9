# SPDX-License-Identifier: PostgreSQL
# What a tenant sees of scores is the same bit by bit whatever others write, also after crashes in the midst of that, of
# VACUUM and of REINDEX, and on a standby.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;

use LokiTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = loki_node('main', allows_streaming => 1);
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_connections = 20");
$node->start;
$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE FUNCTION document(i bigint, salt int) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
		SELECT string_agg('w' || abs(hashint8extended(i * 31 + salt, j) % 97) % (1 + abs(hashint8extended(i + salt, -j) % 97)), ' ')::tsvector
		FROM generate_series(1, 1 + abs(hashint8extended(i, salt) % 30)::int) j $$;
	CREATE TABLE notes (id bigint PRIMARY KEY, tenant int, words tsvector);
	INSERT INTO notes SELECT i, 1 + i % 2, document(i, 0) FROM generate_series(1, 2000) i;
	CREATE INDEX notes_words ON notes USING hnsw (words bm25_ops, tenant);
	CREATE ROLE reader;
	GRANT SELECT ON notes TO reader;
	ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
	CREATE POLICY one ON notes USING (tenant = 1);
	-- of which a half is rolled back, and the other one by a crash
	CREATE FUNCTION step(n int) RETURNS void LANGUAGE sql AS $$
		INSERT INTO notes SELECT n * 1000000 + i, 2 + i % 2, document(i, n % 3) FROM generate_series(1, 300) i;
		UPDATE notes SET words = document(id, n) WHERE tenant > 1 AND id % 17 = n % 17;
		UPDATE notes SET tenant = 5 - tenant WHERE tenant > 1 AND id % 23 = n % 23;
		DELETE FROM notes WHERE tenant > 1 AND id % 7 = n % 7 $$;
	VACUUM notes));

sub answers
{
	my ($of) = @_;

	return join("\n", map { my $index = $_; map { $of->safe_psql('postgres', qq(
		SET ROLE reader;
		SET enable_seqscan = $index;
		SELECT id, encode(float8send(words <@> '$_'), 'hex') FROM notes ORDER BY words <@> '$_', id LIMIT 30;
		SELECT count(*) FROM notes WHERE words <@> '$_' < -1)) } 'w1', 'w3 | w96 | w7', 'w0 & w2 & w90' } 'on', 'off');
}

my $truth = answers($node);
my $standby = loki_standby($node);
my @within = ('SELECT 1', 'VACUUM notes', 'REINDEX INDEX notes_words', 'VACUUM FULL notes');

for my $n (1 .. ($ENV{LOKIVECTOR_SHORT} ? 4 : 12))
{
	$node->safe_psql('postgres', "SELECT step($n)");
	$node->safe_psql('postgres', 'VACUUM notes') if $n % 3 == 0;
	$node->safe_psql('postgres', 'CHECKPOINT') if $n % 2 == 0;
	$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
	is(answers($standby), $truth, "history $n: on the standby");
	# what is open goes with the crash, and so may what has not ended
	my $open = open_session($node);
	ask($open, 'BEGIN; SELECT step(' . ($n + 100) . '); INSERT INTO notes SELECT -i, 1, document(i, 5) FROM generate_series(1, 50) i');
	my $other = open_session($node);
	$other->{in} .= "$within[$n % 4];\n" if $n % 4 < 2;
	$other->{in} .= "SELECT step(" . ($n + 200) . ");\n";
	$other->{run}->pump_nb;
	select(undef, undef, undef, .02 * $n);
	is(answers($node), $truth, "history $n: while others write");
	$node->stop('immediate');
	eval { $_->{run}->finish } for $open, $other;
	$node->start;
	is(answers($node), $truth, "history $n: after the crash");
	$node->safe_psql('postgres', $within[$n % 4]) if $n % 4 > 1;
	is(answers($node), $truth, "history $n: after $within[$n % 4]");
}
is($node->safe_psql('postgres', q(SELECT lokivector_check('notes_words', true))), 'sound', 'the index is sound');
$standby->stop;
$node->stop;
done_testing();
