# SPDX-License-Identifier: PostgreSQL
# Index files that the library cannot read are listed, whatever is wrong with
# them, and rebuilt by the commands of the list or by the procedure.

use lib 't';
use LokiTest;

my $node = PostgreSQL::Test::Cluster->new('main');

# the pages' contents are to be changed, not their checksums
my $version = (`pg_config --version` =~ /(\d+)/)[0];
$node->init($version >= 18 ? (extra => ['--no-data-checksums']) : ());
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;

# Offsets in the metapage, behind the page header
my ($magic, $format) = (24, 28);

my %faults = (
	'public.hnsw_of_pgvector' => sub { change($_[0], $magic, pack('V', 0xA953A953)) },
	'public.ivfflat_of_pgvector' => sub { change($_[0], $magic, pack('V', 0x14FF1A7)) },
	'public.other_format' => sub { change($_[0], $format, pack('V', 99)) },
	'public.zeroed' => sub { change($_[0], 0, "\0" x 8192) },
	'public.header' => sub { change($_[0], 0, "\xFF" x 24) },
	'public.emptied' => sub { truncate($_[0], 0) or die $! },
	'public.gone' => sub { unlink($_[0]) or die $! },
	'public.unlogged' => sub { change($_[0], $magic, pack('V', 0xA953A953)) },
	'public.of_view' => sub { change($_[0], $magic, pack('V', 0xA953A953)) },
	'public.leaf' => sub { change($_[0], $magic, pack('V', 0xA953A953)) },
	'"A b"."x""y"' => sub { change($_[0], $magic, pack('V', 0xA953A953)) });

sub change
{
	my ($file, $at, $bytes) = @_;

	open(my $fh, '+<:raw', $file) or die "$file: $!";
	seek($fh, $at, 0);
	print $fh $bytes;
	close($fh) or die $!;
	return;
}

$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE TABLE t (id int PRIMARY KEY, v vector(3), b bit(8));
	INSERT INTO t SELECT i, ARRAY[i, i % 7, 1], i::bit(8) FROM generate_series(1, 200) i;
	CREATE INDEX hnsw_of_pgvector ON t USING hnsw (v vector_l2_ops);
	CREATE INDEX ivfflat_of_pgvector ON t USING ivfflat (v vector_ip_ops) WITH (lists = 3);
	CREATE INDEX other_format ON t USING hnsw ((v::halfvec(3)) halfvec_l2_ops) WHERE id > 100;
	CREATE INDEX zeroed ON t USING hnsw (v vector_l1_ops);
	CREATE INDEX header ON t USING hnsw (v vector_cosine_ops);
	CREATE INDEX emptied ON t USING hnsw (b bit_hamming_ops);
	CREATE INDEX gone ON t USING hnsw (b bit_jaccard_ops);
	CREATE INDEX sound ON t USING hnsw (v vector_l2_ops, id);
	CREATE UNLOGGED TABLE u AS SELECT * FROM t;
	CREATE INDEX unlogged ON u USING hnsw (v vector_l2_ops);
	CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
	CREATE INDEX of_view ON m USING hnsw (v vector_l2_ops);
	CREATE TABLE p (id int, v vector(3)) PARTITION BY RANGE (id);
	CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100);
	CREATE INDEX parent ON p USING hnsw (v vector_l2_ops);
	ALTER INDEX p1_v_idx RENAME TO leaf;
	CREATE SCHEMA "A b";
	CREATE TABLE "A b".t AS SELECT * FROM t;
	CREATE INDEX "x""y" ON "A b".t USING hnsw (v vector_l2_ops);
	CREATE ROLE other;
	GRANT CREATE ON SCHEMA public TO other;
	ALTER TABLE u OWNER TO other;));

my $list = 'SELECT index, reason FROM lokivector_incompatible_indexes() ORDER BY index::text';

# Damage all that are named
sub damage
{
	my (@names) = @_;
	my %path = map { $_ => $node->data_dir . '/' .
		  $node->safe_psql('postgres', "SELECT pg_relation_filepath('$_')") } @names;

	$node->stop;
	$faults{$_}->($path{$_}) for @names;
	$node->start;
	return;
}

is($node->safe_psql('postgres', $list), '', 'a list of nothing');
damage(keys %faults);
my $found = $node->safe_psql('postgres', $list);
$found =~ s{base/\d+/\d+}{FILE}g;
$found =~ s{relation "FILE"}{relation FILE};	# as quoted since PostgreSQL 18
$found =~ s{blocks 0\.\.0}{block 0};
is($found, join("\n",
		'"A b"."x""y"|index "x"y" was built by pgvector',
		'emptied|could not read block 0 in file "FILE": read only 0 of 8192 bytes',
		'gone|could not open file "FILE": No such file or directory',
		'header|invalid page in block 0 of relation FILE',
		'hnsw_of_pgvector|index "hnsw_of_pgvector" was built by pgvector',
		'ivfflat_of_pgvector|index "ivfflat_of_pgvector" was built by pgvector',
		'leaf|index "leaf" was built by pgvector',
		'of_view|index "of_view" was built by pgvector',
		'other_format|index "other_format" has format version 99, which this version of lokivector does not read',
		'unlogged|index "unlogged" was built by pgvector',
		'zeroed|index "zeroed" contains unexpected zero page at block 0'),
	'indexes that cannot be read');
is( $node->safe_psql('postgres', q(
		SELECT tab, valid, bytes > 8192, command FROM lokivector_incompatible_indexes() WHERE index = '"A b"."x""y"'::regclass)),
	'"A b".t|t|t|REINDEX INDEX CONCURRENTLY "A b"."x""y"', '... with what there is to know');

is( $node->safe_psql('postgres', q(
		SELECT count(*) FROM "A b".t WHERE v <-> '[5,5,1]' < 3;
		SELECT count(*) FROM "A b".t WHERE v <-> '[5,5,1]' < 3 AND id < 5;
		SET enable_indexscan = off;
		SELECT id FROM "A b".t ORDER BY v <-> '[5,5,1]' LIMIT 1)),
	"4\n2\n5", 'they keep nobody from other plans');

# Locked by another session, and a temporary one of another session
my $session = open_session($node);
ask($session, q(
	BEGIN;
	LOCK TABLE u;
	REINDEX INDEX unlogged;
	CREATE TEMP TABLE mine (v vector(1));
	CREATE INDEX ON mine USING hnsw (v vector_l2_ops);));
is( $node->safe_psql('postgres', q(
		SELECT reason, tab, command FROM lokivector_incompatible_indexes()
		WHERE index = 'unlogged'::regclass OR index::text LIKE '%mine%')),
	'locked by another session, look again||', 'what another session has locked');
ask($session, 'ROLLBACK;');
close_session($session);

# Commands of the list
my ($result, $stdout, $stderr) = $node->psql('postgres',
	'SELECT command FROM lokivector_incompatible_indexes() \gexec', on_error_stop => 0);
is($node->safe_psql('postgres', $list), '', 'the commands rebuild all') or diag($stderr);
is( $node->safe_psql('postgres', q(
		SELECT lokivector_check(indexrelid, true) FROM pg_index JOIN pg_class c ON c.oid = indexrelid
			JOIN pg_am a ON a.oid = relam WHERE amname IN ('hnsw', 'ivfflat') AND c.relkind = 'i')),
	"sound\n" x 11 . 'sound', '... soundly');
is( $node->safe_psql('postgres', 'SELECT count(*) FROM pg_index WHERE NOT indisvalid'),
	'0', '... and leave nothing behind');

# The procedure, as the owner of some
damage('public.hnsw_of_pgvector', 'public.other_format', 'public.unlogged', '"A b"."x""y"');
($result, $stdout, $stderr) = $node->psql('postgres', q(
	SET ROLE other;
	CALL lokivector_rebuild_incompatible_indexes()));
is($result, 0, 'the procedure rebuilds');
is(() = $stderr =~ /INFO:  REINDEX INDEX public.unlogged/g, 1, '... what is the caller\'s');
is(() = $stderr =~ /WARNING:  skipping index/g, 3, '... and nothing else');
($result, $stdout, $stderr) = $node->psql('postgres', q(
	CREATE FUNCTION fails(v vector) RETURNS vector AS 'SELECT v' LANGUAGE sql IMMUTABLE;
	CREATE TABLE w AS SELECT * FROM t;
	INSERT INTO w SELECT g.id, t.v, t.b FROM t, generate_series(201, 400) AS g (id) WHERE t.id = 7;
	CREATE INDEX late ON w USING hnsw ((fails(v)::vector(3)) vector_l2_ops);));
$faults{'public.late'} = $faults{'public.hnsw_of_pgvector'};
damage('public.late');
($result, $stdout, $stderr) = $node->psql('postgres', q(
	CREATE OR REPLACE FUNCTION fails(v vector) RETURNS vector AS 'SELECT v OPERATOR(public.||) v' LANGUAGE sql IMMUTABLE;
	CALL lokivector_rebuild_incompatible_indexes()));
like($stderr, qr/expected 3 dimensions, not 6/, 'one that cannot be rebuilt');
is($node->safe_psql('postgres', 'SELECT index FROM lokivector_incompatible_indexes()'),
	'late', '... comes after others, which stay rebuilt');
is( $node->safe_psql('postgres', q(
		CREATE OR REPLACE FUNCTION fails(v vector) RETURNS vector AS 'SELECT v' LANGUAGE sql IMMUTABLE;
		BEGIN;
		CALL lokivector_rebuild_incompatible_indexes();
		SELECT count(*) FROM lokivector_incompatible_indexes();
		ROLLBACK;
		SELECT count(*) FROM lokivector_incompatible_indexes();)),
	"0\n1", 'in a transaction block that is taken back');

# A standby lists, unless it cannot read at all
$node->append_conf('postgresql.conf', "wal_level = replica\nmax_wal_senders = 2\n");
$node->restart;
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', 'SELECT index FROM lokivector_incompatible_indexes()'),
	'late', 'on a standby');
$standby->stop;
$node->stop;

done_testing();
