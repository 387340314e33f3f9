# SPDX-License-Identifier: PostgreSQL
# pgvector's library is replaced under its databases, where the server that is
# tested with has pgvector.

use Cwd qw(abs_path);
use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $top = abs_path('..');
my $tmp = $PostgreSQL::Test::Utils::tmp_check;

chomp(my $pg_config = `$top/test/prefix.sh $tmp/pg "\$(pg_config --bindir)/pg_config"`);
chomp(my $prefix = `dirname "\$($pg_config --bindir)"`);
chomp(my $control = `$pg_config --sharedir`);
$control .= '/extension/vector.control';
plan skip_all => 'this server has no pgvector'
  unless -e $control && slurp_file($control) !~ /lokivector/;

my $node = loki_node('main', install_path => $prefix);
$node->start;

$node->safe_psql('postgres', q(
	CREATE EXTENSION vector;
	CREATE TABLE items (id int PRIMARY KEY, v vector(3), h halfvec(3), s sparsevec(3), b bit(8));
	INSERT INTO items SELECT i, ARRAY[i % 100, i % 7, i % 3], ARRAY[i % 100, i % 7, i % 3],
		ARRAY[i % 100, 0, i % 3], (i % 256)::bit(8) FROM generate_series(1, 1000) AS i;
	CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops);
	CREATE INDEX items_ivfflat ON items USING ivfflat (v vector_cosine_ops) WITH (lists = 10);
	CREATE INDEX items_btree ON items (v);
	CREATE VIEW w AS SELECT id, v <-> '[1,2,3]' AS vl2, v <=> '[1,2,3]' AS vcos, h <#> '[1,2,3]' AS hip,
		s <+> '{1:1}/3' AS sl1, b <~> B'11110000' AS ham, v + v AS double, v::real[] AS a, s::vector AS d
		FROM items;));
my $all = 'SELECT * FROM w ORDER BY id';
my $before = $node->safe_psql('postgres', $all);
my $distances = q(
	SELECT count(*) FROM items WHERE v <-> '[1,1,1]' < 5;
	SELECT count(*) FROM items WHERE v <-> '[1,1,1]' < 5 AND id < 500;
	ANALYZE items;
	SET enable_indexscan = off;
	SELECT v FROM items ORDER BY v <-> '[50,1,2]' LIMIT 1);
my $within = $node->safe_psql('postgres', $distances);

# A short run has no bitcode
my @variables = $ENV{LOKIVECTOR_SHORT} ? ('with_llvm=no') : ();

sub install_ours
{
	return system_or_bail('make', '-s', '-C', $top, "PG_CONFIG=$pg_config", @variables, 'install-as-vector', 'FORCE=1');
}

# The files of the server that was copied, in place of ours
sub put_pgvector_back
{
	system_or_bail('make', '-s', '-C', $top, "PG_CONFIG=$pg_config", @variables, 'uninstall-as-vector');
	for my $place ([ '--sharedir', '/extension/vector*' ], [ '--pkglibdir', '/vector.so' ])
	{
		my ($option, $files) = @$place;

		chomp(my $from = `pg_config $option`);
		chomp(my $to = `$pg_config $option`);
		$files =~ m{^(.*/)};
		system_or_bail('sh', '-c', "cp $from$files $to$1");
	}
	return;
}

# What the validation of a move says
sub validate
{
	my ($phase) = @_;
	my ($stdout, $stderr);

	IPC::Run::run([ "$prefix/bin/psql", '-XAt', '-v', "phase=$phase", '-v', 'queries=10',
			'-f', "$top/sql/takeover/lokivector_validate.sql", '-d', $node->connstr('postgres') ],
		'>', \$stdout, '2>', \$stderr);
	diag($stderr) unless $stderr =~ /^$|the database is not what it was/;
	return $stdout;
}

like(validate('before'), qr/^recorded 1 tables and 14 columns and indexes, 0 of them not measured$/m,
	'validation under pgvector');
$node->stop;

install_ours();
$node->start;

is($node->safe_psql('postgres', $all), $before, 'rows and distances without an index');
is( $node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SELECT count(*) FROM items WHERE v = '[50,1,2]')),
	'1', 'an index of btree');

is($node->safe_psql('postgres', $distances), $within,
	'distances in WHERE, and in ORDER BY where index scans are off');

for my $query (
	q(SET enable_seqscan = off; SELECT id FROM items ORDER BY v <-> '[1,2,3]' LIMIT 1),
	q(SET enable_seqscan = off; SELECT id FROM items ORDER BY v <=> '[1,2,3]' LIMIT 1),
	q(INSERT INTO items VALUES (0, '[1,2,3]')))
{
	my ($result, $stdout, $stderr) = $node->psql('postgres', $query);

	ok($result != 0, "an index of pgvector is refused: $query");
	like($stderr, qr/HINT: .*REINDEX/, '... and is to be rebuilt');
}

like(validate('after'), qr/^verdict: 30 checks, 4 differences$/m,
	'validation sees the indexes that cannot be read, and nothing else');

# The way back, until the extension is updated
my $own = q(
	SET enable_seqscan = off;
	SELECT v <-> '[1,1,1]' < 0.001 FROM items ORDER BY v <-> '[1,1,1]' LIMIT 1;
	SELECT v <=> '[1,1,1]' < 0.001 FROM items ORDER BY v <=> '[1,1,1]' LIMIT 1);
$node->safe_psql('postgres', 'REINDEX TABLE items');
is($node->safe_psql('postgres', $own), "t\nt", 'indexes work before ALTER EXTENSION UPDATE');
$node->stop;
put_pgvector_back();
$node->start;
for my $query (
	q(SET enable_seqscan = off; SELECT id FROM items ORDER BY v <-> '[1,2,3]' LIMIT 1),
	q(SET enable_seqscan = off; SELECT id FROM items ORDER BY v <=> '[1,2,3]' LIMIT 1),
	q(INSERT INTO items VALUES (0, '[1,2,3]')))
{
	my ($result, $stdout, $stderr) = $node->psql('postgres', $query);

	like($stderr, qr/ERROR:  (hnsw|ivfflat) index is not valid/, "pgvector refuses our index: $query");
}
$node->safe_psql('postgres', 'REINDEX TABLE items');
is($node->safe_psql('postgres', $own), "t\nt", '... and goes on after a REINDEX');
is($node->safe_psql('postgres', $all), $before, '... with the same rows and distances');
$node->stop;
install_ours();
$node->start;
$node->safe_psql('postgres', 'ALTER EXTENSION vector UPDATE');
my $list = 'SELECT index, reason FROM lokivector_incompatible_indexes() ORDER BY index::text';
is($node->safe_psql('postgres', $list), join("\n",
		'items_ivfflat|index "items_ivfflat" was built by pgvector',
		'items_v|index "items_v" was built by pgvector'),
	'after ALTER EXTENSION UPDATE, a list of these indexes');
$node->safe_psql('postgres',
	q(SELECT command FROM lokivector_incompatible_indexes() WHERE index = 'items_v'::regclass \gexec));
is($node->safe_psql('postgres', $list), 'items_ivfflat|index "items_ivfflat" was built by pgvector',
	'REINDEX CONCURRENTLY of one');
$node->safe_psql('postgres', 'CALL lokivector_rebuild_incompatible_indexes()');
is($node->safe_psql('postgres', $list), '', '... and of the rest by the procedure');
my $verdict = validate('after');
like($verdict, qr/^verdict: 32 checks, 0 differences$/m, 'validation') or diag($verdict);
is( $node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		INSERT INTO items VALUES (0, '[1,2,3]');
		SELECT id FROM items ORDER BY v <-> '[1,2,3]' LIMIT 1;
		SELECT id FROM items ORDER BY v <=> '[1,2,3]' LIMIT 1;
		SELECT lokivector_check('items_v', true), lokivector_check('items_ivfflat', true))),
	"0\n0\nsound|sound", 'both are in use and sound');
$node->stop;

done_testing();
