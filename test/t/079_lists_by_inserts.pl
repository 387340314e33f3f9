# SPDX-License-Identifier: PostgreSQL
# Lists that inserts make, of an index that was there before its rows and that no VACUUM comes to: searches find what
# the table has and read few rows, whatever became of the insert that makes them, on a standby and after its promotion.
#
# The index is on an expression that waits for a lock at one row, which is read to make posting lists.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = damaged_node('main', allows_streaming => 1);
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION IF NOT EXISTS lokivector');
create_waits($node);
$node->safe_psql('postgres', q(
CREATE TABLE docs (id int PRIMARY KEY, tenant int, body tsvector);
CREATE INDEX docs_words ON docs USING hnsw ((CASE WHEN id = 500 AND waits(id - 499) THEN NULL ELSE body END) bm25_ops, tenant);
CREATE PROCEDURE add(first int, last int) LANGUAGE sql AS $$
	INSERT INTO docs SELECT n, n % 100, body_of(n) FROM generate_series(first, last) n
$$;
-- whether a search has the rows of the table, and how many it has read
CREATE FUNCTION searched(OUT wrong text, OUT fetched bigint) LANGUAGE plpgsql SET lock_timeout = '30s' SET enable_seqscan = off AS $$
DECLARE
	search weighed_tsquery;
	found float8[];
	exact float8[];
BEGIN
	fetched := 0;
	FOR n IN 1..20 LOOP
		search := bm25_weigh('docs_words', array_to_string(tsvector_to_array(body_of(-n)), '|')::tsquery);
		SELECT array_agg(d) INTO found FROM (SELECT (CASE WHEN id = 500 AND waits(id - 499) THEN NULL ELSE body END) <@@> search AS d
			FROM docs ORDER BY 1 LIMIT 15) s;
		fetched := greatest(fetched, (SELECT heap_fetches FROM lokivector_scan_stats()));
		SELECT array_agg(d) INTO exact FROM (SELECT body <@@> search AS d FROM docs ORDER BY (body <@@> search)::text::float8 LIMIT 15) s;
		IF found IS DISTINCT FROM exact THEN
			wrong := concat_ws(', ', wrong, n);
		END IF;
	END LOOP;
END $$;));

sub searched
{
	my ($name) = @_;
	my ($wrong, $fetched) = split /\|/, $node->safe_psql('postgres', 'SELECT * FROM searched()'), -1;

	is($wrong, '', "$name: rows are those of the table");
	cmp_ok($fetched, '<', 200, "$name: few rows were read");
	return;
}

sub sound
{
	my ($name) = @_;

	is($node->safe_psql('postgres', q(SELECT lokivector_check('docs_words', true))), 'sound', "$name: check");
	return;
}

sub unlisted
{
	return $node->safe_psql('postgres', q(SELECT unlisted_nodes FROM lokivector_index_info('docs_words')));
}

my $last = 0;

sub add
{
	my ($n) = @_;

	$node->safe_psql('postgres', sprintf('CALL add(%d, %d)', $last + 1, $last + $n));
	$last += $n;
	return;
}

# Lists of an expression are made when rows have doubled: add rows until ten are left to that
sub add_until_due
{
	my $nodes = $node->safe_psql('postgres', q(SELECT nodes FROM lokivector_index_info('docs_words')));
	my $due = 1000;

	$due *= 2 while $due - 10 < $nodes;
	add($due - 10 - $nodes);
	return;
}

# An insert that is in the midst of lists, and the session whose lock it waits for
sub insert_waits
{
	my $holder = open_session($node);
	my $insert = open_session($node);

	add_until_due();
	ask($holder, 'SELECT pg_advisory_lock(1);');
	$insert->{in} .= sprintf("CALL add(%d, %d);\n\\echo over\n", $last + 1, $last + 100);
	$last += 100;
	$insert->{run}->pump_nb;
	$node->poll_query_until('postgres', q(SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'CALL%' AND wait_event = 'advisory'))
	  or die 'the insert makes no lists';
	return ($holder, $insert);
}

add(990);
is(unlisted(), '0', 'an index of few rows needs no lists');
add(1000);
is(unlisted(), '990', 'the insert of row 1,000 has made lists');
searched('lists of an insert');
sound('lists of an insert');

# Others insert, search and update meanwhile; VACUUM waits
my $standby = loki_standby($node);
my ($holder, $insert) = insert_waits();
add(300);
$node->safe_psql('postgres', 'UPDATE docs SET body = body_of(id + 7) WHERE id BETWEEN 100 AND 150; DELETE FROM docs WHERE id BETWEEN 200 AND 220');
searched('while an insert makes lists');
is($node->safe_psql('postgres', 'VACUUM (SKIP_LOCKED) docs; SELECT pg_stat_get_vacuum_count(\'docs\'::regclass)'), '0', 'VACUUM waits for it');
close_session($holder);
$insert->{run}->pump until $insert->{out} =~ /over/;
is($insert->{err}, '', 'the insert comes to its end');
close_session($insert);
cmp_ok(unlisted(), '<', 600, 'its lists are in use');
searched('after an insert has made lists');
sound('after an insert has made lists');

# The insert that makes lists is canceled: its rows are gone, and the index is as it was
($holder, $insert) = insert_waits();
add(20);
$node->safe_psql('postgres', q(SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL%' AND wait_event = 'advisory'));
$insert->{run}->pump until $insert->{out} =~ /over/;
close_session($_) foreach ($holder, $insert);
searched('after a cancel');
sound('after a cancel');
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_locks WHERE mode = 'ShareUpdateExclusiveLock')), '0', 'no lock is left');

# The server is killed while lists are made, and a later insert makes them
($holder, $insert) = insert_waits();
$node->stop('immediate');
$_->{run}->kill_kill foreach ($holder, $insert);
$node->start;
searched('after a crash');
sound('after a crash');
add_until_due();
add(30);
cmp_ok(unlisted(), '<', 1000, 'a later insert makes lists');
searched('after lists of a later insert');

# A standby takes over in the midst of that
($holder, $insert) = insert_waits();
add(50);
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$standby->promote;
$node->stop('immediate');
$_->{run}->kill_kill foreach ($holder, $insert);
$node = $standby;
searched('after a promotion');
sound('after a promotion');
$node->safe_psql('postgres', 'VACUUM docs');
cmp_ok(unlisted(), '<', 1000, 'few rows are in no list after VACUUM');
searched('after VACUUM');
sound('after VACUUM');

# Nodes that are used again are no new ones, and their rows are in no list either.  Of a column lists are made more often.
$node->safe_psql('postgres', q(
CREATE TABLE plain AS SELECT n AS id, body_of(n) AS body FROM generate_series(1, 6000) n;
CREATE INDEX plain_words ON plain USING hnsw (body bm25_ops);
DELETE FROM plain WHERE id > 500;
VACUUM plain;
INSERT INTO plain SELECT n, body_of(n) FROM generate_series(10000, 15499) n;));
my ($nodes, $unlisted) = split /\|/, $node->safe_psql('postgres', q(SELECT nodes, unlisted_nodes FROM lokivector_index_info('plain_words')));
is($nodes, '6000', 'nodes are used again');
cmp_ok($unlisted, '<', 1500, 'their inserts have made lists');

# An insert does not fail by a timeout because it makes lists: it makes none
$node->safe_psql('postgres', q(
CREATE FUNCTION setting(text) RETURNS text LANGUAGE internal IMMUTABLE AS 'show_config_by_name';
CREATE FUNCTION naps(float8) RETURNS boolean LANGUAGE internal IMMUTABLE AS 'pg_sleep';
CREATE TABLE slow (id int, body tsvector);
CREATE INDEX slow_words ON slow USING hnsw ((CASE WHEN naps(setting('test.nap' || repeat('x', id - id))::float8) THEN NULL ELSE body END) bm25_ops);
SET test.nap = 0;
INSERT INTO slow SELECT n, body_of(n) FROM generate_series(1, 999) n;
SET test.nap = .01;
SET statement_timeout = '8s';
INSERT INTO slow VALUES (1000, body_of(1000));));
is($node->safe_psql('postgres', q(SELECT nodes, unlisted_nodes FROM lokivector_index_info('slow_words'))), '1000|1000', 'an insert that has no time makes no lists');
$node->stop;
done_testing();
