# SPDX-License-Identifier: PostgreSQL
# Who must be trusted for what: each line of the table in doc/security.md, of which the tests
# below have the first column as their names.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = loki_node('main');
$node->start;
$node->safe_psql('postgres', q(
	CREATE ROLE maker; CREATE ROLE base; CREATE ROLE shop; CREATE ROLE alice; CREATE ROLE bob;
	CREATE ROLE monitor IN ROLE pg_monitor;
	CREATE DATABASE db OWNER base;));
$node->safe_psql('db', 'GRANT CREATE ON SCHEMA public TO maker, shop');

# What psql prints as a role, of an error its message alone
sub as
{
	my ($role, $sql) = @_;
	my ($result, $stdout, $stderr) = $node->psql('db', "SET SESSION AUTHORIZATION $role; $sql");

	return $stderr =~ /ERROR:  (.*)/ ? "ERROR: $1" : $stdout;
}

# The lines of the table are tested, all of them, in this order
my ($table) = slurp_file('../doc/security.md') =~ /^\| who \| .*\n\|---.*\n((?:\|.*\n)+)/m;
my @lines = map { (split(/ *\| */))[1] } split(/\n/, $table);
sub of_table
{
	my ($who, $code) = @_;

	is(shift(@lines), $who, "a line of the table: $who");
	subtest($who, $code);
	return;
}

of_table('a role that may create objects in the extension\'s schema', sub {
	# a name that is taken
	as('maker', q(CREATE FUNCTION lokivector_version() RETURNS text LANGUAGE sql AS $$SELECT 'mine'$$));
	is(as('postgres', 'CREATE EXTENSION lokivector'),
		'ERROR: function "lokivector_version" already exists with same argument types',
		'a name that is taken ends CREATE EXTENSION');
	is(as('postgres', q(SELECT count(*) FROM pg_type WHERE typname = 'vector')), '0', '... which leaves nothing');
	as('maker', 'DROP FUNCTION lokivector_version()');

	# what the extension is made of
	as('maker', q(
		CREATE FUNCTION nearer(regclass, oid) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE 'as %', current_user; END$$;
		CREATE OPERATOR = (LEFTARG = regclass, RIGHTARG = oid, FUNCTION = nearer);));
	is(as('postgres', 'CREATE EXTENSION lokivector'), '', 'the extension is made beside a nearer operator');
	is(as('postgres', 'SELECT count(*) FROM lokivector_stat_indexes'), '0', '... which its views do not use');
	is(as('maker', q(CREATE OR REPLACE FUNCTION lokivector_version() RETURNS text LANGUAGE sql AS $$SELECT 'mine'$$)),
		'ERROR: must be owner of function lokivector_version', 'its functions are not replaced');

	# what others type
	as('maker', q(CREATE FUNCTION lokivector_check(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE 'as %', current_user; END$$));
	is(as('postgres', q(SELECT lokivector_check('items_idx'))), 'ERROR: as postgres',
		'but a call that is typed without types takes the nearer function');
	as('maker', 'DROP FUNCTION lokivector_check(text)');
});

# Rows of two tenants, in an index without the tenant and in one with it
$node->safe_psql('db', q(
	CREATE FUNCTION as_whom(vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS $$
	BEGIN
		IF current_user <> 'shop' THEN
			RAISE 'evaluated as %', current_user;
		END IF;
		RETURN $1;
	END$$;
	SET SESSION AUTHORIZATION shop;
	CREATE TABLE notes (id int, tenant text, v vector(2), w vector(2));
	INSERT INTO notes SELECT i, CASE WHEN i % 2 = 0 THEN 'alice' ELSE 'bob' END, ARRAY[i % 50, i], ARRAY[i, i % 70]
		FROM generate_series(1, 500) i;
	CREATE INDEX notes_v ON notes USING hnsw (v vector_l2_ops);
	CREATE INDEX notes_id ON notes (id);
	CREATE INDEX notes_w ON notes USING hnsw (w vector_l2_ops, tenant);
	ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON notes USING (tenant = current_user);
	GRANT SELECT, INSERT ON notes TO alice, bob;
	CREATE TABLE made (id int, v vector(2));
	INSERT INTO made SELECT i, ARRAY[i % 50, i] FROM generate_series(1, 500) i;
	CREATE TABLE plain (id int, v vector(2));
	INSERT INTO plain SELECT i, ARRAY[i % 50, i] FROM generate_series(1, 500) i;
	CREATE INDEX plain_v ON plain USING hnsw (v vector_l2_ops);
	CREATE TABLE counted (id int, v vector(2));
	INSERT INTO counted SELECT i, ARRAY[i % 50, i] FROM generate_series(1, 500) i;
	CREATE STATISTICS of_shop ON id, (v <-> as_whom('[1,2]')) FROM counted;
	CREATE INDEX made_v ON made USING hnsw ((as_whom(v)::vector(2)) vector_l2_ops);));

# Functions that look into an index, or read what it was asked
my %looks = (
	lokivector_index_info => q(SELECT count(*) FROM lokivector_index_info('notes_v')),
	lokivector_check => q(SELECT lokivector_check('notes_v')),
	lokivector_calibration => q(SELECT count(*) >= 0 FROM lokivector_calibration('notes_v')));
my %reads = (
	lokivector_recall => q(SELECT answered FROM lokivector_recall('notes_v', 5, 2)),
	lokivector_sampled_queries => q(SELECT count(*) FROM lokivector_sampled_queries('notes_v')),
	lokivector_measure_samples => q(SELECT lokivector_measure_samples('notes_v')));
my $refused = qr/^ERROR: (must be (owner|member)|permission denied|query would be affected)/;
my $counts = q(SELECT walks, nodes_scored, rows_dropped, duplicates_joined, neighbors_compared, neighbors_agreed, nodes_freed FROM lokivector_stat_indexes WHERE indexrelname = 'notes_v');

of_table('the owner of the database', sub {
	like(as('base', $looks{$_}), $refused, $_) for sort keys %looks;
	like(as('base', $reads{$_}), $refused, $_) for sort keys %reads;
	like(as('base', 'SELECT count(*) FROM notes'), $refused, 'rows');
	like(as('base', 'DROP EXTENSION lokivector'), qr/must be owner of extension/, 'DROP EXTENSION');
	like(as('base', 'ALTER EXTENSION lokivector UPDATE'), qr/must be owner of extension/, 'ALTER EXTENSION');
	like(as('base', 'DROP FUNCTION lokivector_version()'), qr/because extension lokivector requires it/,
		'what the extension has');
	is(as('base', 'BEGIN; DROP SCHEMA public CASCADE; ROLLBACK'), '', 'but all goes with its schema');
});

of_table('the owner of a table', sub {
	for my $call (q(lokivector_check('made_v', true)), q(lokivector_recall('made_v', 5, 2)), q(lokivector_calibrate('made_v')),
		q(lokivector_measure_samples('made_v')), q(lokivector_check_all(NULL::name, true, NULL, NULL)))
	{
		like(as('postgres', "SELECT count(*) >= 0 FROM $call"), qr/^t$/, "$call by a superuser runs an index's functions as the table's owner");
	}
	is(as('postgres', q(SELECT count(answered), count(error) FROM lokivector_recall_all(5, 2))), '4|0', '... and lokivector_recall_all');
	is(as('postgres', q(SELECT count(*) FROM lokivector_advice_all() WHERE about IN ('error', 'rights'))), '0', '... and lokivector_advice_all');
	is(as('postgres', 'REINDEX INDEX made_v'), '', '... and so does REINDEX');
	is(as('postgres', q(SELECT lokivector_build_memory('counted', 'v') > 0)), 't', '... and lokivector_build_memory');
	is(as('monitor', q(SELECT verdict FROM lokivector_why('plain_v', '[1,1]', '(0,1)', 1))), 'ERROR: permission denied for table plain',
		'... and lokivector_why');
	as('shop', q(CREATE FUNCTION of_shop(vector) RETURNS vector LANGUAGE sql IMMUTABLE AS 'SELECT public.as_whom($1)';
		CREATE INDEX made_of_shop ON made USING hnsw ((of_shop(v)::vector(2)) vector_l2_ops)));
	is(as('postgres', q(SELECT verdict FROM lokivector_why('made_of_shop', '[1,1]', '(0,1)', 1))),
		'ERROR: index public.made_of_shop calls functions of another role', '... which does not run them');
	as('shop', 'DROP INDEX made_of_shop');
	is(as('monitor', q(SELECT lokivector_build_memory('counted', 'v') > 0)), 'ERROR: permission denied for table counted',
		'... which needs the right to read the column');
	unlike(as('shop', $looks{$_}), qr/ERROR/, "his own: $_") for sort keys %looks;
	unlike(as('shop', $reads{$_}), qr/ERROR/, "his own: $_") for sort keys %reads;
});

of_table('whoever may read or write a table with an index on an expression', sub {
	my $path = 'SET search_path = alices, public;';

	as('shop', q(
		CREATE FUNCTION cleaned(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(t)';
		CREATE FUNCTION words_of(t text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN to_tsvector('simple', cleaned(t)); END$$;
		CREATE TABLE texts (id int, body text);
		CREATE INDEX texts_idx ON texts USING hnsw (words_of(body) bm25_ops);
		GRANT SELECT, INSERT ON texts TO alice;));
	$node->safe_psql('db', 'CREATE SCHEMA alices AUTHORIZATION alice');
	as('alice', q(CREATE FUNCTION alices.cleaned(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN
		IF current_user <> 'alice' THEN RAISE 'as %', current_user; END IF; RETURN t; END$$));
	is(as('alice', "$path INSERT INTO texts SELECT i, 'a' FROM generate_series(1, 1100) i"), '', 'his functions are called as himself for his own rows');
	is(as('alice', "$path SELECT words_of(body) <\@> 'a' FROM texts LIMIT 1"), 'ERROR: function cleaned(text) does not exist',
		'... and not for all rows as the owner');
	as('shop', 'DROP TABLE texts; DROP FUNCTION words_of, cleaned');
	$node->safe_psql('db', 'DROP SCHEMA alices CASCADE');
});

of_table('a tenant under row security', sub {
	is(as('alice', 'SELECT count(*) FROM notes'), '250', 'rows');
	like(as('alice', $looks{$_}), $refused, $_) for sort keys %looks;
	like(as('alice', $reads{$_}), $refused, $_) for sort keys %reads;
	is(as('alice', 'SELECT count(*) FROM lokivector_recall_all(5, 2)'), '0', 'lokivector_recall_all leaves out what he may not read');
	is(as('alice', 'SELECT DISTINCT about FROM lokivector_advice_all()'), 'rights', 'lokivector_advice_all says of each that he may not look');

	is(as('alice', q(SELECT string_agg(concat(verdict, rank), ' ' ORDER BY tid) FROM unnest('{"(0,1)","(0,2)","(9,9)"}'::tid[]) tid,
			lokivector_why('notes_v', '[2,2]', tid, 1))),
		'not visible found1 not visible', 'lokivector_why says the same of a hidden row and of none');
	# a vector of bob's, and one of nobody
	my $joined = q(SELECT indexrelname, duplicates_joined FROM lokivector_stat_indexes WHERE indexrelname LIKE 'notes%' ORDER BY 1);
	as('alice', q(INSERT INTO notes SELECT 0, 'alice', '[1,101]', '[1,1]'));
	like(as('alice', $counts), qr/^\|{6}$/, 'counts that depend on rows');
	is(as('alice', $joined), "notes_v|\nnotes_w|", '... of all indexes');
	is(as('alice', q(SELECT inserts, duplicates_joined FROM lokivector_index_counts() WHERE index::oid = 'notes_v'::regclass::oid)),
		'1|', '... by the function');
	is(as('postgres', $joined), "notes_v|1\nnotes_w|0", 'a row joins that of another tenant, unless the tenant is in the index');
	my $search = q(SET enable_seqscan = off; SELECT count(*) FROM (SELECT id FROM notes ORDER BY v <-> '[1,101]' LIMIT 5) s;);
	my $work = 'SELECT count(strategy), count(nodes_matched), count(nodes_scored), count(heap_fetches) FROM lokivector_scan_stats()';
	is(as('alice', "$search $work"), "5\n0|0|0|0", 'the work of a search');
	is(as('shop', "$search $work"), "5\n1|1|1|1", '... is for who sees all rows');
	my $hybrid = q(SET enable_seqscan = off; SET enable_sort = off; EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
		SELECT id FROM notes WHERE id < 200 AND tenant = 'alice' ORDER BY v <-> '[1,101]' LIMIT 3);
	my $shown = qr/Strategy: |Nodes Scored: |Bitmap Rows: /;
	like(as('shop', $hybrid), qr/Custom Scan \(LokivectorHybridScan.*Strategy: /s, 'EXPLAIN ANALYZE of a hybrid scan has its work');
	like(as('alice', $hybrid), qr/Custom Scan \(LokivectorHybridScan/, '... of which a tenant');
	unlike(as('alice', $hybrid), $shown, '... sees nothing');
	as('shop', 'CREATE VIEW part AS SELECT id, v FROM plain WHERE id < 100; GRANT SELECT ON part TO alice');
	is(as('alice', "SET enable_seqscan = off; SELECT count(*) FROM (SELECT id FROM part ORDER BY v <-> '[1,1]' LIMIT 5) s; $work") =~ s/.*\n//r,
		'0|0|0|0', '... not through a view');
});

of_table('a member of `pg_monitor`', sub {
	unlike(as('monitor', $looks{$_}), qr/ERROR/, $_) for sort keys %looks;
	like(as('monitor', $counts), qr/^\d+(\|\d+){6}$/, 'all counts');
	like(as('monitor', $reads{$_}), $refused, $_) for sort keys %reads;
	like(as('monitor', 'SELECT count(*) FROM notes'), $refused, 'rows');
	is(as('monitor', 'SELECT count(*) FROM lokivector_recall_all(5, 2)'), '0', '... by lokivector_recall_all');
	is(as('monitor', q(SELECT count(*) FROM lokivector_advice_all() WHERE about IN ('error', 'rights'))), '0', 'advice on all indexes');
	like(as('monitor', q(SELECT lokivector_reset_counts('notes_v'))), $refused, 'changes');
	like(as('monitor', q(SELECT lokivector_calibrate('notes_v'))), $refused, '... of what searches go by');
});

of_table('a superuser who does what the documents say', sub {
	# 056_names runs the scripts over decoys; here the ways to keep others from laying them
	as('postgres', 'REVOKE CREATE ON SCHEMA public FROM maker, shop');
	like(as('maker', q(CREATE FUNCTION lokivector_check(text) RETURNS text LANGUAGE sql AS $$SELECT 'mine'$$)),
		qr/permission denied for schema public/, 'nobody creates what a typed call takes');
	is(as('postgres', 'CREATE SCHEMA vectors; ALTER EXTENSION lokivector SET SCHEMA vectors'), '', 'a schema for the extension alone');
	is(as('postgres', 'SET search_path = vectors, pg_temp; SELECT count(*) FROM lokivector_check_all()'), '4',
		'... and a search_path of it');
	is(as('alice', "SET search_path = public, vectors; SELECT count(*) FROM notes"), '251', '... which everyone may use')
	  if as('postgres', 'GRANT USAGE ON SCHEMA vectors TO PUBLIC') eq '';
});

is("@lines", '', 'all lines are tested');
done_testing();
