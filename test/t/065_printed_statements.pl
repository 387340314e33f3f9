# SPDX-License-Identifier: PostgreSQL
# Statements that are printed for others to run mean, in whatever session they are run, what they
# meant where they were written.  All that print some do so here, and what they printed runs in a
# new session of another role, over decoys of a third one: operators and functions with the types
# of their operands, and a schema at the head of the path with relations and types of the same
# names.

use IPC::Run;
use lib 't';
use DecoyTest;
use LokiTest;
use TakeoverTest;

# Files that put statements together.  Those of the first list are tried below; one that prints
# statements belongs there.  Those of the second run them at once, in the session that wrote them.
my %printing = map { $_ => 1 } qw(doc/migrating-from-pgvector.md doc/operations.md operations/psqlrc
  operations/rebuild.sql sql/install/advice.sql sql/install/plain_indexes.sql
  sql/takeover/lokivector_plain_indexes.sql src/hnsw/check/indexes.c);
my %running = map { $_ => 1 } qw(doc/installing.md doc/recall.md doc/security.md examples/agent_memory/setup.sql
  examples/starter/setup.sql operations/shards.sql sql/install/shards.sql
  sql/takeover/lokivector_validate.sql sql/vector/0.1.0--0.1.1.sql);
my $statement = qr/(?:CREATE|ALTER|DROP|REINDEX|VACUUM|ANALYZE|CLUSTER|REFRESH|GRANT|REVOKE|DO|CALL|UPDATE|DELETE|INSERT|TRUNCATE)\b/;
my %found;

for my $file (grep { m{^(?:sql/\w+|operations|doc|demo|examples|packaging|debian|src)/} && !m{^doc/(?:contributors|design|site)/} && -T "$top/$_" }
	split(/\n/, `$top/test/files.sh`))
{
	$found{$file} = 1 if slurp_file("$top/$file") =~
	  /(?:\b(?:format|concat|psprintf|appendStringInfo\w*)\(|\bSELECT |\bTHEN |\|\| )(?:&\w+, )?E?(['"]{1,2})(?:(?!\1).){0,200}?(?:(?<![\w-])|\\n)$statement [^.,;)']{2}/s;
}
is(join(' ', grep { !$printing{$_} && !$running{$_} } sort keys %found), '', 'files that put statements together are known');
is(join(' ', grep { !$found{$_} } sort keys %printing, keys %running), '', '... and there are no others');

my $node = damaged_node('main');
$node->start;
$node->safe_psql('postgres', q(
	CREATE ROLE bob LOGIN;
	CREATE ROLE mallory;
	CREATE DATABASE printed;));
$node->safe_psql('printed', q(
	CREATE EXTENSION lokivector;
	GRANT CREATE ON SCHEMA public TO bob, mallory;
	CREATE SCHEMA shadow AUTHORIZATION mallory;
	GRANT USAGE ON SCHEMA shadow TO PUBLIC;

	SET SESSION AUTHORIZATION bob;
	CREATE TABLE docs (id serial, tags text[], v vector(3));
	INSERT INTO docs (tags, v) SELECT '{x}', ARRAY[sin(i), cos(i), i % 7] FROM generate_series(1, 1500) i;
	CREATE INDEX docs_v ON docs USING hnsw (v vector_l2_ops, id) WHERE tags @> ARRAY['x'] AND array_length(tags, 1) > 0;
	CREATE INDEX docs_n ON docs USING hnsw ((l2_normalize(v)::vector(3)) vector_cosine_ops) WITH (bits = 4)
		WHERE tags @> ARRAY['x'] AND id + 1 > 0;
	CREATE TABLE sizes (id int, v vector, w vector);
	INSERT INTO sizes SELECT i, CASE WHEN i % 2 = 0 THEN '[1,2]' ELSE '[1,2,3]' END::vector, '[1]' FROM generate_series(1, 100) i;
	CREATE INDEX sizes_v ON sizes USING hnsw ((v::vector(2)) vector_l2_ops, id) WITH (ef_search = 50) WHERE vector_dims(v) = 2;
	CREATE INDEX sizes_w ON sizes USING hnsw ((w::vector(1)) vector_l2_ops) WHERE vector_dims(w) = 1;
	CREATE STATISTICS sizes_v ON (vector_dims(v)) FROM sizes;
	ANALYZE sizes;
	CREATE TABLE parts (id int, tags text[], v vector(3)) PARTITION BY RANGE (id);
	CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (100);
	CREATE INDEX parts_v ON parts USING hnsw (v vector_l2_ops) WHERE tags @> ARRAY['x'];
	CREATE TABLE relaxed (id int, v vector(3));
	INSERT INTO relaxed SELECT i, ARRAY[sin(i), cos(i), i % 7] FROM generate_series(1, 1500) i;
	CREATE INDEX relaxed_v ON relaxed USING hnsw (v vector_l2_ops) WITH (target_recall = 0.9);
	ALTER TABLE relaxed ALTER v TYPE vector;
	CREATE TABLE late (v vector(3));
	CREATE INDEX late_v ON late USING hnsw (v vector_l2_ops);
	CREATE INDEX late_v_ccnew ON late USING hnsw (v vector_l2_ops);
	CREATE TABLE called (v vector(3));
	CREATE FUNCTION halve(vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN $1; END$$;
	INSERT INTO called SELECT ARRAY[sin(i), cos(i), i % 7] FROM generate_series(1, 1500) i;
	CREATE INDEX called_v ON called USING hnsw ((halve(v)::vector(3)) vector_l2_ops) WITH (target_recall = 0.9);
	INSERT INTO called SELECT ARRAY[sin(i), cos(i), i % 11 + 8] FROM generate_series(1, 1500) i;
	RESET SESSION AUTHORIZATION;
	UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('late_v'::regclass, 'late_v_ccnew'::regclass);

	SET SESSION AUTHORIZATION mallory;
	CREATE FUNCTION public.decoy() RETURNS bool LANGUAGE plpgsql AS $$
		BEGIN RAISE WARNING 'a decoy was called by %', current_user; RETURN true; END $$;
	CREATE FUNCTION public.contains(text[], text[]) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN public.decoy(); END$$;
	CREATE OPERATOR public.@> (LEFTARG = text[], RIGHTARG = text[], FUNCTION = public.contains);
	CREATE FUNCTION public.array_length(text[], int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN public.decoy()::int; END$$;
	CREATE FUNCTION public.lokivector_calibrate(text) RETURNS bool LANGUAGE sql RETURN public.decoy();
	CREATE FUNCTION shadow.lokivector_calibrate(regclass) RETURNS bool LANGUAGE sql RETURN public.decoy();
	CREATE FUNCTION shadow.l2_normalize(public.vector) RETURNS public.vector LANGUAGE plpgsql IMMUTABLE AS $$BEGIN PERFORM public.decoy(); RETURN $1; END$$;
	CREATE FUNCTION shadow.setval(regclass, bigint) RETURNS bool LANGUAGE sql RETURN public.decoy();
	CREATE DOMAIN shadow.vector AS public.vector CHECK (public.decoy());
	CREATE TABLE shadow.docs (id serial, tags text[], v public.vector(3));
	CREATE TABLE shadow.parts (LIKE shadow.docs);
	CREATE TABLE shadow.part (LIKE shadow.docs);
	CREATE TABLE shadow.relaxed (LIKE shadow.docs);
	CREATE TABLE shadow.late (LIKE shadow.docs);
	CREATE TABLE shadow.called (LIKE shadow.docs);
	CREATE INDEX docs_v ON shadow.docs (id);
	CREATE INDEX docs_n ON shadow.docs (id);
	CREATE INDEX parts_v ON shadow.parts (id);
	CREATE INDEX part_v_idx ON shadow.part (id);
	CREATE INDEX relaxed_v ON shadow.relaxed (id);
	CREATE INDEX late_v ON shadow.late (id);
	CREATE INDEX late_v_ccnew ON shadow.late (id);
	CREATE INDEX called_v ON shadow.called (id);
	RESET SESSION AUTHORIZATION;
	ALTER DATABASE printed SET search_path = shadow, public;));

# psql as a role, with what its path is then or another; its output, and what it complains of
sub run_psql
{
	my ($role, $path, $sql, @options) = @_;
	my ($stdout, $stderr);

	local %ENV = (%ENV, $node->_get_env(PGDATABASE => 'printed', PGOPTIONS => $path ? "-c search_path=$path" : ''));
	IPC::Run::run([ 'psql', '-XqAt', $role ? ('-U', $role) : (), @options ], '<', \$sql, '>', \$stdout, '2>', \$stderr);
	$stderr =~ s/^(psql:\S+ )?(NOTICE|INFO|DETAIL): .*\n//mg;
	return ($stdout, $stderr);
}

my $shadowed = q(SELECT string_agg(relname || ' ' || relfilenode || ' ' || relpages, E'\n' ORDER BY relname)
	FROM pg_class WHERE relnamespace = 'shadow'::regnamespace);
my $before = $node->safe_psql('printed', $shadowed);
my $bound = bound_to_decoys($node, 'printed');

# What was printed runs as written, line by line, as bob
sub runs_as_bob
{
	my ($name, $printed) = @_;
	my ($stdout, $stderr) = run_psql('bob', '', $printed);

	is($stderr, '', "$name: what is printed runs, and calls no decoy") or diag($printed);
	is($node->safe_psql('printed', $shadowed), $before, '... and means the relations that it is about');
	is(bound_to_decoys($node, 'printed'), $bound, '... and nothing is bound to a decoy');
	return;
}

# What an administrator's session prints, with the path of the extension
sub printed
{
	my ($sql, @options) = @_;
	my ($stdout, $stderr) = run_psql('', 'public', $sql, @options);

	is($stderr, '', 'it is printed');
	return $stdout;
}

unlike((run_psql('bob', '', q(SELECT count(*) FROM public.docs WHERE tags @> ARRAY['x'])))[1], qr/^$/, 'without care a decoy is called');

my $indexes = q(SELECT string_agg(pg_get_indexdef(c.oid), E'\n' ORDER BY relname) FROM pg_class c JOIN pg_am a ON a.oid = relam
	WHERE amname = 'hnsw' AND relname NOT LIKE 'relaxed%');
my $definitions = $node->safe_psql('printed', $indexes);

# lokivector_advice, of what stands in its sentences
my $advice = printed("SELECT advice FROM lokivector_advice_all() WHERE about <> 'parameters';\n");
my @statements = $advice =~ /(?:\bRun|\brun|or|come,) ((?:VACUUM|ANALYZE|REINDEX INDEX|DROP INDEX|CREATE INDEX|CREATE STATISTICS|ALTER TABLE|SELECT) .*?)(?:\.$|, (?:or|then|and|in|with) |; | makes)/mg;
my %kinds = map { /^(\w+)/ => 1 } @statements;
is(join(' ', sort keys %kinds), 'ALTER ANALYZE CREATE DROP REINDEX SELECT', 'advice of each kind') or diag($advice);
runs_as_bob('lokivector_advice', join('', map { "$_;\n" } grep { !/^DROP/ } @statements));
is(printed("SELECT about FROM lokivector_advice_all() WHERE about IN ('statistics', 'dimensions');\n"), '', '... which was followed');

# The runbook's query, the shortcut of psqlrc, and what a check says
my ($runbook) = slurp_file("$top/doc/operations.md") =~ /^(SELECT pg_catalog\.format\('DROP INDEX.*?;)$/ms;
runs_as_bob('operations.md', printed("$runbook\n") =~ s/$/;/r);
runs_as_bob('psqlrc', printed("\\i $top/operations/psqlrc\n:lvrebuild\n") =~ s/$/;/mgr);
my ($stdout, $stderr) = run_psql('bob', '', '', '-f', "$top/operations/rebuild.sql");
is($stderr, '', 'rebuild.sql runs');
is($node->safe_psql('printed', $shadowed), $before, '... and rebuilds the indexes that it is about');

# The page of a move
is(follow_page($node, $node->config_data('--bindir') =~ s/\/bin$//r, 'printed', step_of_page('CREATE TABLE lokivector_move')), '',
	'statements are kept');
$definitions = $node->safe_psql('printed', $indexes);
for my $columns ('rebuild', 'drop', 'path, "create"')
{
	runs_as_bob("the page's $columns", printed("SELECT $columns FROM lokivector_move.statements;\n", '-F', "\n"));
}
is($node->safe_psql('printed', $indexes), $definitions, 'the indexes are what they were');
runs_as_bob('sequences', printed(step_of_page('FROM pg_sequences')) =~ s/.*shadow.*\n//mgr);
runs_as_bob('replica identities', printed(step_of_page('REPLICA IDENTITY FULL') =~ s/ \\gexec\n/;\n/r) =~ s/.*(?:shadow|lokivector_move).*\n//mgr =~ s/$/;/mgr);

# The way back
my $two = 'DROP INDEX public.docs_v; CREATE INDEX docs_v ON public.docs USING hnsw (v public.vector_l2_ops, id)
	WHERE tags OPERATOR(pg_catalog.@>) ARRAY[\'x\'] AND pg_catalog.array_length(tags, 1) > 0;';
is((run_psql('bob', '', $two))[1], '', 'an index that pgvector does not take');
runs_as_bob('lokivector_plain_indexes', printed("SELECT command FROM lokivector_plain_indexes();\n"));
is(printed("SELECT * FROM lokivector_plain_indexes();\n"), '', '... which has replaced all');
is((run_psql('bob', '', $two))[1], '', 'another one');
runs_as_bob('lokivector_plain_indexes.sql', printed('', '-t', '-f', "$top/sql/takeover/lokivector_plain_indexes.sql", '-F', "\n") =~ s/^public.*\n.*\n(?=SET)//mr);
is(printed("SELECT * FROM lokivector_plain_indexes();\n"), '', '... as well');
is((run_psql('bob', '', $two))[1], '', 'and another one');
($stdout, $stderr) = run_psql('bob', '', '', '-v', 'replace=1', '-f', "$top/sql/takeover/lokivector_plain_indexes.sql");
is($stderr, '', '... which the script replaces itself');
is(bound_to_decoys($node, 'printed'), $bound, '... bound to no decoy');

# Indexes of another format: their magic number, at the head of the metapage, is pgvector's
my $file = $node->data_dir . '/' . $node->safe_psql('printed', "CHECKPOINT; SELECT pg_relation_filepath('public.late_v')");
$node->stop;
my $pages = slurp_file($file);
substr($pages, 24, 4) = pack('V', 0xA953A953);
write_binary($file, $pages);
$node->start;
my $commands = printed(join('', map { "SELECT command FROM lokivector_incompatible_indexes($_);\n" } qw(true false)));
is($commands, "REINDEX INDEX CONCURRENTLY public.late_v\nREINDEX INDEX public.late_v\n", 'an index of another format');
runs_as_bob('lokivector_incompatible_indexes', $commands =~ s/$/;/mgr);

$node->stop;
done_testing();
