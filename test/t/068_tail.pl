# SPDX-License-Identifier: PostgreSQL
# The tail of posting lists: rows that came since these were made are found without being read, and as they
# are, whatever became of inserts and of VACUUM, on a standby and after its promotion.
#
# One index is on an expression that waits for a lock at one row, which VACUUM reads to make posting lists.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = damaged_node('main', allows_streaming => 1);
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION IF NOT EXISTS lokivector');
create_waits($node);
$node->safe_psql('postgres', q(
CREATE FUNCTION vector_of(n int) RETURNS sparsevec LANGUAGE sql IMMUTABLE AS $$
	SELECT ('{' || string_agg(w || ':' || x, ',' ORDER BY w) || '}/3000')::sparsevec
	FROM (SELECT 1 + (power(abs(hashint8extended(n, i) % 10000) / 10000.0, 2) * 2999)::int AS w,
			max(.1 + abs(hashint8extended(n, -i) % 50) / 10.0)::real AS x
		FROM generate_series(1, 5 + abs(n) % 20) i GROUP BY 1) s
$$;
CREATE TABLE docs (id int PRIMARY KEY, note int DEFAULT 0, body tsvector, s sparsevec(3000));
CREATE PROCEDURE add(first int, last int) LANGUAGE sql AS $$
	INSERT INTO docs SELECT n, 0, CASE WHEN n = 1500 THEN 'none' ELSE body_of(n) END, vector_of(n) FROM generate_series(first, last) n
$$;
CALL add(1, 3000);
CREATE INDEX docs_words ON docs USING hnsw ((CASE WHEN id = 1500 AND waits(id - 1499) THEN NULL ELSE body END) bm25_ops);
CREATE INDEX docs_ip ON docs USING hnsw (s sparsevec_ip_ops);
CREATE INDEX docs_l2 ON docs USING hnsw (s sparsevec_l2_ops);
CREATE INDEX docs_cosine ON docs USING hnsw (s sparsevec_cosine_ops);
CREATE INDEX docs_l1 ON docs USING hnsw (s sparsevec_l1_ops);
-- queries whose rows are others by the index than by the table, and the most rows that one of them has read
CREATE FUNCTION searched(OUT wrong text, OUT fetched bigint) LANGUAGE plpgsql
SET lock_timeout = '30s' SET enable_seqscan = off AS $$
DECLARE
	search weighed_tsquery;
	found float8[];
	exact float8[];
	expression text;
BEGIN
	fetched := 0;
	FOR n IN 1..25 LOOP
		search := bm25_weigh('docs_words', array_to_string(tsvector_to_array(body_of(-n)), '|')::tsquery);
		expression := (ARRAY['s <#> $2', 's <-> $2', 's <=> $2', 's <+> $2', '(CASE WHEN id = 1500 AND waits(id - 1499) THEN NULL ELSE body END) <@@> $1'])[1 + n % 5];
		EXECUTE format('SELECT array_agg(d) FROM (SELECT %1$s AS d FROM docs ORDER BY %1$s LIMIT 15) s', expression)
		INTO found USING search, vector_of(-n);
		fetched := greatest(fetched, (SELECT heap_fetches FROM lokivector_scan_stats()));
		expression := replace(expression, '(CASE WHEN id = 1500 AND waits(id - 1499) THEN NULL ELSE body END)', 'body');
		EXECUTE format('SELECT array_agg(d) FROM (SELECT %1$s AS d FROM docs ORDER BY (%1$s)::text::float8 LIMIT 15) s', expression)
		INTO exact USING search, vector_of(-n);
		IF found IS DISTINCT FROM exact THEN
			wrong := concat_ws(', ', wrong, n);
		END IF;
	END LOOP;
END $$;));

my @indexes = map { "docs_$_" } qw(words ip l2 cosine l1);

# Searches give what the table has, and have read few rows, though hundreds are new
sub searched
{
	my ($server, $name) = @_;
	my ($wrong, $fetched) = split /\|/, $server->safe_psql('postgres', 'SELECT * FROM searched()'), -1;

	is($wrong, '', "$name: rows are those of the table");
	cmp_ok($fetched, '<', 150, "$name: few rows were read");
	return;
}

sub sound
{
	my ($server, $name) = @_;

	is($server->safe_psql('postgres', "SELECT lokivector_check('$_', true)"), 'sound', "$name: check of $_") foreach @indexes;
	return;
}

my $last = 3000;

sub add
{
	my ($n) = @_;

	$node->safe_psql('postgres', sprintf('CALL add(%d, %d)', $last + 1, $last + $n));
	$last += $n;
	return;
}

searched($node, 'before');
add(300);
searched($node, 'new rows');
$node->safe_psql('postgres', 'DELETE FROM docs WHERE id % 8 = 3; VACUUM docs');
searched($node, 'after VACUUM');
my $before = $node->safe_psql('postgres', q(SELECT slots FROM lokivector_index_slot_arrays('docs_ip') WHERE slot_array = 'tid'));
add(300);
is($node->safe_psql('postgres', q(SELECT slots FROM lokivector_index_slot_arrays('docs_ip') WHERE slot_array = 'tid')),
	$before, 'nodes are used again');
searched($node, 'nodes that are used again');
$node->safe_psql('postgres', 'UPDATE docs SET s = vector_of(id + 1), body = body_of(id + 1) WHERE id % 20 = 5');
$node->safe_psql('postgres', 'BEGIN; CALL add(100001, 100200); ROLLBACK; DELETE FROM docs WHERE id % 9 = 2');
searched($node, 'updates, and rows of no transaction');
sound($node, 'tail');

# Texts whose words take several pages of the tail; and one of more than it takes of a row
$node->safe_psql('postgres', q(
INSERT INTO docs SELECT 200000 + n, 0, (SELECT array_to_tsvector(array_agg('x' || i)) FROM generate_series(n, n + n * 1000) i), NULL
	FROM unnest('{2,7,17}'::int[]) n));
is( $node->safe_psql('postgres', q(SET enable_seqscan = off;
	SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM docs
		ORDER BY (CASE WHEN id = 1500 AND waits(id - 1499) THEN NULL ELSE body END) <@@> bm25_weigh('docs_words', 'x2000') LIMIT 3) s)),
	'{200002,200007,200017}', 'long texts are found');
searched($node, 'long texts');

# VACUUM is canceled, killed, and comes to its end; rows come meanwhile
my $standby = loki_standby($node);
my ($holder, $vacuum) = vacuum_waits($node);
add(200);
searched($node, 'while lists are made');
$node->safe_psql('postgres', q(SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'VACUUM%'));
$vacuum->{run}->pump until $vacuum->{out} =~ /over/;
close_session($_) foreach ($holder, $vacuum);
add(100);
searched($node, 'after a cancel');
sound($node, 'after a cancel');
($holder, $vacuum) = vacuum_waits($node);
add(100);
$node->stop('immediate');
$_->{run}->kill_kill foreach ($holder, $vacuum);
$node->start;
add(100);
searched($node, 'after a crash');
sound($node, 'after a crash');

# A cursor that began before other lists came into use, and the pages of its tail were used again
my $reader = open_session($node);
my $query = q(SELECT s <#> vector_of(-3) AS d FROM docs WHERE s IS NOT NULL ORDER BY s <#> vector_of(-3) LIMIT 2000);
my $exact = $node->safe_psql('postgres', "SELECT md5(array_agg(d)::text) FROM (SELECT d FROM ($query) s ORDER BY d) a");
ask($reader, 'SET enable_seqscan = off; BEGIN ISOLATION LEVEL REPEATABLE READ;');
ask($reader, "DECLARE c CURSOR FOR $query;");
my $rows = ask($reader, 'FETCH 5 FROM c;');
($holder, $vacuum) = vacuum_waits($node);
add(200);
searched($node, 'while lists are made again');
close_session($holder);
$vacuum->{run}->pump until $vacuum->{out} =~ /over/;
is($vacuum->{err}, '', 'VACUUM comes to its end');
close_session($vacuum);
cmp_ok($node->safe_psql('postgres', q(SELECT unlisted_nodes FROM lokivector_index_info('docs_words'))),
	'>', 150, 'rows that came meanwhile are in the tail alone');
searched($node, 'after other lists came into use');
add(300);
$node->safe_psql('postgres', 'VACUUM docs');
add(300);
searched($node, 'after a second VACUUM');
sound($node, 'after a second VACUUM');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$rows .= "\n" . ask($reader, 'FETCH ALL FROM c;');
my @rows = grep { /^-?[\d.e-]+$/ } split /\n/, $rows;
is(scalar @rows, 2000, 'the cursor has all rows');
is_deeply(\@rows, [ sort { $a <=> $b } @rows ], '... in order');
is($node->safe_psql('postgres', "SELECT md5('{" . join(',', @rows) . "}')"), $exact, '... those of its snapshot');
close_session($reader);
searched($standby, 'on a standby');

# A standby takes over in the midst of that
($holder, $vacuum) = vacuum_waits($node);
add(200);
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$standby->promote;
$node->stop('immediate');
$_->{run}->kill_kill foreach ($holder, $vacuum);
$node = $standby;
add(100);
searched($node, 'after a promotion');
sound($node, 'after a promotion');

# Of windows that stay, few rows are not listed: these go on in the tail
$node->safe_psql('postgres', q(
SET maintenance_work_mem = '6MB';
CREATE TABLE many (id int PRIMARY KEY, s sparsevec(3000));
INSERT INTO many SELECT n, (SELECT ('{' || string_agg(w || ':' || 1 + w % 5, ',' ORDER BY w) || '}/3000')::sparsevec
	FROM (SELECT DISTINCT 1 + abs(hashint8extended(n, i) % 3000) AS w FROM generate_series(1, 90) i) x) FROM generate_series(1, 6000) n;
CREATE INDEX many_idx ON many USING hnsw (s sparsevec_ip_ops);
DELETE FROM many WHERE id = 1;
VACUUM (INDEX_CLEANUP on) many;
INSERT INTO many VALUES (1, '{7:12345}/3000');
INSERT INTO many SELECT 10000 + id, s FROM many WHERE id BETWEEN 100 AND 500;
VACUUM many));
is($node->safe_psql('postgres', q(SELECT unlisted_nodes FROM lokivector_index_info('many_idx'))), '1', 'a window stays');
is( $node->safe_psql('postgres', q(SET enable_seqscan = off; 
	SELECT id FROM many ORDER BY s <#> '{7:1}/3000' LIMIT 1; SELECT heap_fetches < 20 FROM lokivector_scan_stats())),
	"1\nt", 'its row is found by the tail');

# Another value of that element: only the table knows
my $file = $node->data_dir . '/' . $node->safe_psql('postgres', q(SELECT pg_relation_filepath('many_idx')));
$node->stop;
my $bytes = slurp_file($file);
my $run = quotemeta(pack('VvvVVvvv', 0, 1, 4, 0xFFFFFFFF, 0, 6, 0, unpack('V', pack('f<', 12345)) >> 16) . "\0\0");
like($bytes, qr/$run/, 'the element was found');
write_binary($file, $bytes =~ s/$run/pack('VvvVVvvv', 0, 1, 4, 0xFFFFFFFF, 0, 6, 0, 0x3F80) . "\0\0"/egr);
$node->start;
is($node->safe_psql('postgres', q(SELECT lokivector_check('many_idx'))), 'sound', 'it is sound by itself');
my (undef, undef, $fault) = $node->psql('postgres', q(SELECT lokivector_check('many_idx', true)));
like($fault, qr/slot 0 of the tid array .* is of a node whose vector is not in the tail/, 'check finds it by the table');

# As builds before 1.0.0 appended it: the row is read
$node->stop;
write_binary($file, $bytes =~ s/$run/pack('VvvVVVf<', 0, 1, 0, 0xFFFFFFFF, 0, 6, 12345)/egr);
$node->start;
is( $node->safe_psql('postgres', q(SET enable_seqscan = off;
	SELECT id FROM many ORDER BY s <#> '{7:1}/3000' LIMIT 1; SELECT lokivector_check('many_idx', true))),
	"1\nsound", 'a run of an earlier build');
$node->stop;
done_testing();
