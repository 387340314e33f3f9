# SPDX-License-Identifier: PostgreSQL
# Counts of indexes: no statement fails because there is no shared memory for them, and what
# is dropped leaves no counts behind.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

# Shared memory is in files, which can be counted, and moved out of reach
my $node = loki_node('main');
$node->append_conf('postgresql.conf', "dynamic_shared_memory_type = mmap\n");
$node->start;
create_items($node, 4);
my $directory = $node->data_dir . '/pg_dynshmem';
my $search = 'SET enable_seqscan = off; SELECT id FROM items ORDER BY v <-> item(5) LIMIT 1';

sub scans
{
	my ($database) = @_;

	return $node->safe_psql($database,
		q(SELECT scans FROM lokivector_stat_indexes WHERE indexrelname = 'items_idx'));
}

# The size of all shared memory
sub shared_bytes
{
	my $bytes = 0;

	$bytes += -s $_ for glob("$directory/*");
	return $bytes;
}

# No memory.  The index was made before this start of the server
$node->safe_psql('postgres', 'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(1, 20) n');
$node->restart;
my $session = open_session($node);
ask($session, 'SELECT 1;');
rename($directory, "$directory.away") or die "cannot rename $directory: $!";
ask($session, 'SET lokivector.recall_sample_rate = 1;');
is(ask($session, "$search;"), '5', 'a search without memory for its counts, or for its query');
is(ask($session, 'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(21, 30) n RETURNING id;'),
	join("\n", 21 .. 30), 'inserts');
ask($session, 'DELETE FROM items WHERE id > 25;');
ask($session, 'VACUUM items;');
is(ask($session, 'SELECT count(*) FROM items;'), '25', 'a vacuum');
rename("$directory.away", $directory) or die "cannot rename $directory: $!";
is(scans('postgres'), '0', 'nothing was counted');
ask($session, "$search;");
is(scans('postgres'), '1', 'counted as soon as there is memory');
is($node->safe_psql('postgres', 'SELECT k, recall FROM lokivector_sampled_recall()'), '1|',
	'and sampled');
close_session($session);

# Databases.  A copy of a database has the same numbers of indexes
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE postgres OID 123456');
$node->safe_psql('copied', $search) for 1 .. 3;
is(scans('copied'), '3', 'databases count apart');
$node->safe_psql('postgres', 'DROP DATABASE copied');
is(scans('postgres'), '1', 'of one that was dropped, nothing is seen elsewhere');
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE postgres OID 123456');
is(scans('copied'), '0', 'nor in one that has its number later');

# Many indexes, of which no more than a few exist, and nobody reads the counts
$node->safe_psql('postgres', q(
	CREATE TABLE empty (v vector(3));
	CREATE PROCEDURE make_and_drop(n integer) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. n LOOP
			CREATE INDEX empty_idx ON empty USING hnsw (v vector_l2_ops);
			DROP INDEX empty_idx;
			COMMIT;
		END LOOP;
	END $$;));
my $before = shared_bytes();
cmp_ok($before, '>', 0, 'shared memory is in files');
$node->safe_psql('postgres', 'CALL make_and_drop(8000)');
is(shared_bytes(), $before, 'counts of dropped indexes take no more memory');
is(scans('postgres'), '1', 'others are kept');

# What was sampled of them is forgotten as well: all of it would be more than may be kept
$node->safe_psql('postgres', q(
	CREATE TABLE sampled AS SELECT '[1,2,3]'::vector(3) AS v;
	CREATE PROCEDURE sample_and_drop(n integer) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. n LOOP
			CREATE INDEX sampled_idx ON sampled USING hnsw (v vector_l2_ops);
			PERFORM FROM sampled ORDER BY v <-> '[1,2,3]' LIMIT 1;
			ASSERT (SELECT waiting = 1 FROM lokivector_stat_recall WHERE relname = 'sampled')
				OR i % 100 <> 99;
			DROP INDEX sampled_idx;
			COMMIT;
		END LOOP;
	END $$;));
$node->safe_psql('postgres',
	'SET enable_seqscan = off; SET lokivector.recall_sample_rate = 1; CALL sample_and_drop(3000)');
is($node->safe_psql('postgres', 'SELECT k FROM lokivector_sampled_recall()'), '1',
	'of dropped indexes no sampled searches are kept');

# Queries take no more memory than they may
my $long = 'SET enable_seqscan = off; SET lokivector.recall_sample_rate = 1;'
	. 'SELECT count(id) FROM generate_series(1, 100) i, LATERAL (SELECT id FROM long%d'
	. " ORDER BY v <-> array_fill(i, '{16000}')::halfvec LIMIT 1) s";
for my $i (1 .. 12)
{
	$node->safe_psql('postgres',
		"CREATE TABLE long$i AS SELECT 1 AS id, array_fill(1, '{16000}')::halfvec(16000) AS v;"
			. "CREATE INDEX ON long$i USING hnsw (v halfvec_l2_ops)");
	$node->safe_psql('postgres', sprintf($long, $i));
}
like($node->safe_psql('postgres',
		q(SELECT sum(waiting) FROM lokivector_stat_recall WHERE relname LIKE 'long%')),
	qr/^(9\d\d|10[0-4]\d)$/, 'queries of up to 32 MB are kept');
is($node->safe_psql('postgres',
		q(SELECT waiting FROM lokivector_stat_recall WHERE relname = 'long12')),
	'100', 'those of an index that comes last are among them');
is($node->safe_psql('postgres',
		q(SELECT sum(lokivector_measure_samples(index)) >= 900 FROM lokivector_stat_recall WHERE relname LIKE 'long%')),
	't', 'and measured');
is($node->safe_psql('postgres', sprintf($long, 12) . ';'
			. q(SELECT waiting FROM lokivector_stat_recall WHERE relname = 'long12')),
	"100\n100", 'then there is room again');

$node->stop;
done_testing();
