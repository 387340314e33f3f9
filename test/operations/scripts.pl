# SPDX-License-Identifier: PostgreSQL
# The scripts of operations/ for psql, by make and by \i: what they print of sound indexes and of a
# damaged one, a rebuild, and what the calculator of sizes says beside an index that was built.

use Cwd;
use LokiTest qw(damaged_node write_binary);
use lib 'operations';
use OperationsTest;

my $node = damaged_node('main');
$node->start;
create_items($node, 20000);
$node->safe_psql('postgres', q(
	CREATE INDEX "other Index" ON items USING hnsw (v vector_l1_ops);
	SET enable_seqscan = off;
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(5) LIMIT 5) s;));
my $temporary = $node->background_psql('postgres');
$temporary->query_safe(q(
	CREATE TEMPORARY TABLE own AS SELECT * FROM items LIMIT 100;
	CREATE INDEX own_idx ON own USING hnsw (v vector_l2_ops);));

# Where make is called, and what it prints; its exit status is last
my $tmp = $PostgreSQL::Test::Utils::tmp_check;
@ENV{qw(PGHOST PGPORT PGDATABASE)} = ($node->host, $node->port, 'postgres');

sub make
{
	my @arguments = @_;
	my $directory = getcwd();
	my $output;

	chdir($tmp);
	IPC::Run::run([ 'make', '-s', '-f', "$top/operations/Makefile", @arguments ], '<', '/dev/null', '>&', \$output);
	my $status = $? >> 8;
	chdir($directory);
	return "$output$status";
}

sub filenode
{
	my ($index) = @_;

	return $node->safe_psql('postgres', "SELECT pg_relation_filenode('\"$index\"')");
}

like(make('status'), qr/items_idx +\| +[1-9].*\n0$/s, 'make status');
like(make('advice'), qr/\(\d+ rows?\)\n\n0$/, 'make advice');
like(make('builds'), qr/phase.*\(0 rows\)\n\n0$/s, 'make builds');
like(make('check'), qr/^"other Index": sound\nitems_idx: sound\n.*0$/s, 'make check');
like(make('recall'), qr/items_idx +\|.*\n0$/s, 'make recall');
like(make('report'), qr/^0$/, 'make report');
like(slurp_file("$tmp/report.html"), qr{<h1>Indexes of postgres</h1>(?!.*recall_min)}s, '... writes the page');
like(make('report', 'RECALL=1'), qr/^0$/, 'make report, with recall');
like(slurp_file("$tmp/report.html"), qr/recall_min/, '... writes it too');
like(make('help'), qr/^rebuild\b/m, 'make help');
like(make($_, 'PGDATABASE=template1'), qr/This database has no extension lokivector.*does not exist.*[1-9]$/s,
	"make $_ where the extension is missing says so") for qw(status check report size);

my %before = map { $_ => filenode($_) } 'items_idx', 'other Index';
like(make('rebuild', 'INDEX="other Index"'), qr/^.*INFO: +index "public\.other Index" was reindexed.*0$/s,
	'make rebuild of one index');
isnt(filenode('other Index'), $before{'other Index'}, '... builds it anew');
is(filenode('items_idx'), $before{items_idx}, '... and no other');
like(make('rebuild', 'INDEX=nothing'), qr/relation "nothing" does not exist.*[1-9]$/s, 'make rebuild of no index fails');
like(make('rebuild', 'INDEX=items'), qr/"items" is not an index.*[1-9]$/s, 'make rebuild of a table fails');
$node->safe_psql('postgres', q(
	CREATE INDEX items_idx_ccnew ON items USING hnsw (v vector_l2_ops);
	UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'items_idx_ccnew'::regclass;));
like(make('rebuild', 'INDEX=items_idx_ccnew'), qr/left the index public\.items_idx_ccnew.*Drop it.*[1-9]$/s,
	'make rebuild of an index that a cancelled rebuild left fails');
my $rebuilt = make('rebuild');
like($rebuilt, qr/index "public\.items_idx" was reindexed.*0$/s, 'make rebuild');
unlike($rebuilt, qr/items_idx_ccnew/, '... leaves out what a cancelled rebuild left');
$node->safe_psql('postgres', 'DROP INDEX items_idx_ccnew');
isnt(filenode('items_idx'), $before{items_idx}, '... builds all anew');
items_are_sound($node, '... which are sound');
$temporary->quit;

# By \i, from any directory
my ($result, $stdout, $stderr) = $node->psql('postgres',
	join("\n", map { "\\i $top/operations/$_.sql" } qw(status advice builds check recall)));
is($stderr, '', 'the scripts by \i');

# By an owner, beside whom others have indexes
$node->safe_psql('postgres', q(
	CREATE ROLE owner LOGIN;
	CREATE TABLE owned AS SELECT * FROM items LIMIT 100;
	CREATE INDEX owned_idx ON owned USING hnsw (v vector_l2_ops);
	ALTER TABLE owned OWNER TO owner;));
($result, $stdout, $stderr) = $node->psql('postgres',
	join("\n", map { "\\i $top/operations/$_.sql" } qw(advice builds recall rebuild)),
	extra_params => [ '-U', 'owner' ]);
like($stderr, qr/^(?!.*(?:ERROR|items_idx)).*index "public\.owned_idx" was reindexed/s,
	'an owner rebuilds his indexes by the scripts');
like($stdout, qr/^items_idx\|rights\|.*must be owner of index items_idx/m, '... and reads why others give no advice');
like($stdout, qr/^owned_idx\|\d+\|[\d.]+\|/m, '... and measures his own');
unlike($stdout, qr/^items_idx\|\d+\|[\d.]+\|[\d.]+\|[\d.]+\|/m, '... alone');
($result, $stdout, $stderr) = $node->psql('postgres', "\\i $top/operations/check.sql", extra_params => [ '-U', 'owner' ]);
like($stdout, qr/^items_idx: .*owner.*^owned_idx: sound$|^owned_idx: sound$.*^items_idx: .*owner/ms,
	'a check by an owner checks his own');
like($stderr, qr/or was not checked.*HINT:.*Not checked: run this as the owner or a member of pg_monitor\.$/ms,
	'... and fails, and says who may check the others');
# ... which may be none
$node->safe_psql('postgres', 'DROP TABLE owned');
($result, $stdout, $stderr) = $node->psql('postgres', "\\i $top/operations/rebuild.sql", extra_params => [ '-U', 'owner' ]);
like($stderr, qr/^[^\n]*INFO:  there is no hnsw index that this role may rebuild$/, 'a role without indexes is told that it has none');
$node->safe_psql('postgres', 'DROP ROLE owner');

# Sizes, from a sample of a quarter of the rows
sub size_of
{
	my ($text, $what) = @_;

	$text =~ /^ *\Q$what\E +\| (\d+) (\w+)$/m or return;
	return $node->safe_psql('postgres', "SELECT pg_size_bytes('$1 $2')");
}

for my $type ('vector', 'halfvec')
{
	my $sizes = run_program('psql', '-X', '-q', '-v', 'rows=20000', '-v', 'dimensions=16', '-v', 'sample=5000',
		'-v', "type=$type", '-v', 'options=bits = 2, m = 12', '-f', "$top/operations/size.sql");
	my ($table, $index, $hot, $memory) = split(/\|/, $node->safe_psql('postgres', qq(
		SET maintenance_work_mem = '1GB';
		-- CREATE TABLE AS may extend it by pages that stay empty
		CREATE TABLE ${type}_items (id bigint, v $type(16));
		INSERT INTO ${type}_items SELECT id, v FROM items;
		CREATE INDEX ${type}_idx ON ${type}_items USING hnsw (v ${type}_l2_ops) WITH (bits = 2, m = 12);
		SELECT pg_table_size('${type}_items'), pg_relation_size('${type}_idx'),
			(SELECT sum(bytes) FROM lokivector_index_slot_arrays('${type}_idx')
				WHERE slot_array IN ('code', 'link', 'upper', 'tid')),
			lokivector_build_memory('${type}_items', 'v', options => '{bits=2,m=12}');)));

	for ([ 'rows on disk', $table ], [ 'index on disk', $index ], [ 'of the index in shared_buffers', $hot ],
		[ 'maintenance_work_mem', $memory ])
	{
		my ($what, $is) = @$_;
		my $said = size_of($sizes, $what) // 0;

		ok(abs($said - $is) < 0.1 * $is, "$type, $what: as computed, to a tenth") or diag("$said, not $is\n$sizes");
	}
	like($sizes, qr/^ *build by \d+ processes +\| \d\d:\d\d:\d\d$/m, "$type: time of a build");
}

# Attributes of all kinds, with sorted lists and 1-bit sketches; few values, which have neither
for my $values (500, 6)
{
	my $sizes = run_program('psql', '-X', '-q', '-v', 'rows=20000', '-v', 'dimensions=48', '-v', 'sample=5000', '-v', "values=$values",
		'-v', 'attributes=integer, text, uuid, timestamptz, boolean, text[]', '-f', "$top/operations/size.sql");
	my $is = $node->safe_psql('postgres', qq(
		DROP TABLE IF EXISTS many;
		CREATE TABLE many AS SELECT (SELECT array_agg(sin(i * j)) FROM generate_series(1, 48) j)::vector(48) AS v, n AS a,
			'value ' || n AS b, md5(n::text)::uuid AS c, timestamptz '2000-01-01' + n * interval '1 day' AS d, n % 2 = 0 AS e,
			ARRAY['value ' || n, 'value ' || n * 7 % $values, 'value ' || n * 11 % $values] AS f
		FROM generate_series(1, 20000) i, LATERAL (SELECT i * 7919 % $values AS n) s;
		CREATE INDEX many_idx ON many USING hnsw (v vector_l2_ops, a, b, c, d, e, f);
		SELECT pg_relation_size('many_idx');));
	my $said = size_of($sizes, 'index on disk') // 0;

	ok(abs($said - $is) < 0.1 * $is, "attributes of $values values: as computed, to a tenth") or diag("$said, not $is\n$sizes");
}

# A compact index has a basis, which does not grow with the rows
{
	my $sizes = run_program('psql', '-X', '-q', '-v', 'rows=8000', '-v', 'dimensions=400', '-v', 'sample=2500',
		'-v', 'options=profile = compact', '-f', "$top/operations/size.sql");
	my $is = $node->safe_psql('postgres', q(
		CREATE TABLE compact AS SELECT (SELECT array_agg(sin(i * j)) FROM generate_series(1, 400) j)::vector(400) AS v
		FROM generate_series(1, 8000) i;
		CREATE INDEX compact_idx ON compact USING hnsw (v vector_l2_ops) WITH (profile = compact);
		SELECT pg_relation_size('compact_idx');));
	my $said = size_of($sizes, 'index on disk') // 0;

	ok(abs($said - $is) < 0.1 * $is, 'profile = compact: as computed, to a tenth') or diag("$said, not $is\n$sizes");
}
$node->safe_psql('postgres', 'DROP TABLE many, compact');
is($node->safe_psql('postgres', q(SELECT count(*) FROM pg_class WHERE relname LIKE 'lokivector_sample%')), '0',
	'the sample goes away');
{
	# Another run at work, whose sample is there
	local $ENV{PGOPTIONS} = '-c lock_timeout=180s';
	my $at_work = $node->background_psql('postgres');
	my ($until) = slurp_file("$top/operations/size.sql") =~ /^(.*?)-- Parts that/s;
	$until =~ s/^\\ir /\\i $top\/operations\//mg;

	$at_work->query_safe("\\set rows 1000\n\\set dimensions 8\n\\set sample 2500\n$until");
	like(run_program('psql', '-X', '-q', '-v', 'rows=1000', '-v', 'dimensions=8', '-v', 'sample=2500',
			'-f', "$top/operations/size.sql"), qr/^ *index on disk/m, 'a run waits for no other');
	$at_work->quit;
}
like(make('size', 'ROWS=100000', 'DIMENSIONS=8', 'OPTIONS=bits = 4'), qr/index on disk +\| \d+ [kM]B\n.*0$/s, 'make size');
my %bytes_of;
for my $type ('vector', 'halfvec')
{
	my $sizes = make('size', 'ROWS=1e5', 'DIMENSIONS=64', "TYPE=$type", 'SAMPLE=2500');

	like($sizes, qr/^$type, 1e5 rows of 64 dimensions\n.*0$/s, "... names the type $type, rows and dimensions first");
	$bytes_of{$type} = size_of($sizes, 'rows on disk');
}
{
	local $ENV{PGOPTIONS} = '-c max_parallel_maintenance_workers=0';
	like(make('size', 'ROWS=1e5', 'DIMENSIONS=1e1', 'SAMPLE=2500'), qr/ of 10 dimensions\n.*build by 1 process  .*0$/s,
		'... by one process, of dimensions that have an exponent');
}
cmp_ok($bytes_of{halfvec}, '<', 0.7 * $bytes_of{vector}, '... and computes for that type');
like(make('size', 'SAMPLE=2499'), qr/ERROR:  sample must be from 2500 to 1000000, not 2499\n.*[1-9]$/s,
	'... from too small a sample fails');
like(make('size', 'ATTRIBUTES=date, int[]', 'VALUES=50', 'ROWS=100000', 'DIMENSIONS=8'), qr/index on disk +\| \d+ [kM]B\n.*0$/s,
	'... with attributes');
like(make('size', 'ATTRIBUTES=integer,box'), qr/ERROR:  no values can be made of the attribute type "box"\n.*[1-9]$/s,
	'... with an attribute of another type fails');
like(make('size', 'TYPE=box'), qr/ERROR:  type is vector, .*, not "box"\n.*[1-9]$/s, '... of another type fails');
for my $type ('bit', 'bytevec', 'sparsevec', 'tsvector')
{
	like(run_program('psql', '-X', '-q', '-v', 'rows=20000', '-v', 'dimensions=64', '-v', 'sample=2500', '-v', "type=$type",
			'-f', "$top/operations/size.sql"), qr/^ *index on disk +\| \d+ kB$/m, "a size for type $type");
}
like(make('size', 'ROWS=20000', 'DIMENSIONS=30522', 'SAMPLE=2500', 'TYPE=sparsevec', 'ELEMENTS=20'),
	qr/in shared_buffers +\| \d\d+ kB\n.*0$/s, '... for sparse vectors of many dimensions, with posting lists');
like(make('size', 'TYPE=sparsevec', 'ELEMENTS=16001'), qr/ERROR:  elements must be from 1 to 16000, not 16001\n.*[1-9]$/s,
	'... of too many elements fails');
my $rows = 'rows must be from 1 to 2000000000';
my $sample = 'sample must be from 2500 to 1000000';
for ([ $rows, 'rows', '0', '-1', '0.5', '2000000001', '9' x 23, '9' x 40, '3e9', 'NaN', 'infinity', 'many', '' ],
	[ 'dimensions must be from 1 to 2000000000', 'dimensions', '0', '1,024', '2000000001', 'many' ],
	[ $sample, 'sample', '0', '2499', '1000001', '9' x 23, 'NaN', 'infinity', 'many' ])
{
	my ($message, $variable, @values) = @$_;

	for my $value (@values)
	{
		like((run_command([ 'psql', '-X', '-q', '-v', "$variable=$value", '-f', "$top/operations/size.sql" ]))[1],
			qr/ERROR:  $message, not \Q$value\E\n/, "a message for $variable=$value");
	}
}

# An index that is not valid
$node->safe_psql('postgres', q(UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'items_idx'::regclass));
like(make('check'), qr/items_idx: cannot check.*an index is damaged, or was not checked.*HINT:.*_ccnew.*[1-9]$/s,
	'make check of an index that is not valid fails, and says what to drop');
$node->safe_psql('postgres', q(UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'items_idx'::regclass));

# An index that is locked
{
	my $holder = $node->background_psql('postgres');

	$holder->query_safe('BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE');
	like(make('check'), qr/items_idx: locked by another session.*HINT:.* Locked: run this again when.*[1-9]$/s,
		'make check of a locked index fails, and says that it is locked');
	$holder->quit;
}

# A damaged index
my $path = $node->data_dir . '/' . $node->safe_psql('postgres', q(SELECT pg_relation_filepath('items_idx')));
$node->stop;
my $bytes = slurp_file($path);
substr($bytes, 5 * 8192 + 100, 4000) = "\xAA" x 4000;
write_binary($path, $bytes);
$node->start;
like(make('check'), qr/items_idx: (?!sound)\S.*an index is damaged.*HINT:.*[1-9]$/s, 'make check of a damaged index fails');
like(make('rebuild', 'INDEX=items_idx'), qr/0$/, 'make rebuild');
like(make('check'), qr/items_idx: sound\n.*0$/s, '... repairs it');

# An index of which nothing can be read, beside one that has an advice
$node->safe_psql('postgres', 'ALTER INDEX "other Index" SET (m = 20)');
$path = $node->data_dir . '/' . $node->safe_psql('postgres', q(SELECT pg_relation_filepath('items_idx')));
$node->stop;
$bytes = slurp_file($path);
substr($bytes, 24, 4000) = "\xAA" x 4000;
write_binary($path, $bytes);
$node->start;
my $advice = make('advice');
like($advice, qr/^ items_idx +\| error +\| \S.* REINDEX INDEX CONCURRENTLY public\.items_idx rebuilds.*\n0$/ms,
	'make advice has the error of an index that cannot be read');
like($advice, qr/^ "other Index" +\| parameters +\|/m, '... and the advice on the other');
my $unread = qr/^ items_idx +(?:\| +){6}\| \S/m;
my $recalls = make('recall');
like($recalls, $unread, 'make recall has that error, too');
like($recalls, qr/^ "other Index" +\| +100 \|.*\n0$/ms, '... and the recall of the other');
($result, $stdout, $stderr) = $node->psql('postgres',
	join("\n", "\\i $top/operations/psqlrc", ':lvadvice', ':lvrecall'));
is($stderr, '', 'the shortcuts go on');
like($stdout, qr/^items_idx\|error\|\S.*^items_idx\|{7}\S/ms, "... and have it");
like(make('report'), qr/^0$/, 'make report goes on');
my $report = slurp_file("$tmp/report.html");
my @pictures = $report =~ m{<figcaption>(.*?)</figcaption>}g;
like($report, qr{>items_idx</td>\s*<td[^>]*>error</td>}, '... and has the error');
is("@pictures", '"other Index" vector_idx halfvec_idx', '... and pictures of the others');
like($report, qr{</html>$}, '... to the end');
like(make('report', 'RECALL=1'), qr/^0$/, '... with recall');
like(slurp_file("$tmp/report.html"), qr{>recall_min<.*>&quot;other Index&quot;</td>.*<h2>Parts}s, '... of the others');

$node->stop;
done_testing();
