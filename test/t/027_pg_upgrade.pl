# SPDX-License-Identifier: PostgreSQL
# pg_upgrade: indexes go from one version of PostgreSQL to the next as they are,
# under both names of the extension; those of pgvector ask to be rebuilt.  The
# old version is the newest of those installed with development files that are
# older than what is tested, or else the same.

use lib 't';
use LokiTest;
use TakeoverTest;

my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my $major = (`pg_config --version` =~ /(\d+)/)[0];

# The pg_config of an older version, and which that is
sub older_server
{
	for my $older (reverse 15 .. $major - 1)
	{
		my $dir = "/usr/lib/postgresql/$older";

		return ("$dir/bin/pg_config", $older)
		  if -x "$dir/bin/postgres" && -e "/usr/include/postgresql/$older/server/postgres.h";
	}
	return;
}

sub start_server
{
	my ($name, $prefix, @options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, install_path => $prefix);

	$node->init(extra => \@options);
	$node->append_conf('postgresql.conf', "autovacuum = off\n");
	$node->start;
	return $node;
}

# Upgrade a cluster into a new one; both are stopped before, the new one runs after
sub upgrade
{
	my ($old, $old_prefix, $new, $new_prefix) = @_;
	my $sockets = PostgreSQL::Test::Utils::tempdir_short();

	$old->stop;
	$new->stop;
	my $output;
	my $result = IPC::Run::run([ 'sh', '-c', 'cd "$1" && shift && exec "$@"', 'sh', $tmp,
			"$new_prefix/bin/pg_upgrade", '--no-sync', '-b', "$old_prefix/bin", '-B', "$new_prefix/bin",
			'-d', $old->data_dir, '-D', $new->data_dir, '-s', $sockets,
			'-p', $old->port, '-P', $new->port ], '>&', \$output);
	ok($result, $old->name . ': pg_upgrade') or diag($output);
	$new->start;
	return;
}

my $objects = q(
	CREATE TABLE t (id int PRIMARY KEY, v vector(24), h halfvec(24), s sparsevec(24), b bit(24), c int, w text);
	INSERT INTO t SELECT i, x, x, x::sparsevec, binary_quantize(x)::bit(24), i % 10, 'word ' || i % 7
	FROM (SELECT i, (SELECT array_agg(sin(i * j) + (i % 5)) FROM generate_series(1, 24) j)::vector(24) AS x
		FROM generate_series(1, 2000) i) AS y;
	INSERT INTO t (id) VALUES (0);
	CREATE INDEX t_v ON t USING hnsw (v vector_l2_ops);
	CREATE INDEX t_h ON t USING hnsw (h halfvec_cosine_ops);
	CREATE INDEX t_s ON t USING hnsw (s sparsevec_ip_ops);
	CREATE INDEX t_b ON t USING hnsw (b bit_hamming_ops);
	CREATE INDEX t_ivfflat ON t USING ivfflat (v vector_cosine_ops) WITH (lists = 10);
	CREATE UNLOGGED TABLE u AS SELECT id, v FROM t;
	CREATE INDEX u_v ON u USING hnsw (v vector_l2_ops);
	CREATE VIEW n AS SELECT id,
		round((v <-> '[1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]')::numeric, 3) AS d FROM t;
	ALTER DATABASE postgres SET hnsw.ef_search = 50;);

# What lokivector alone has
my $more = q(
	CREATE INDEX t_attributes ON t USING hnsw (v vector_l2_ops, c, w);
	CREATE INDEX t_compact ON t USING hnsw (v vector_ip_ops) WITH (profile = compact);
	DELETE FROM t WHERE id % 20 = 7;
	VACUUM t;
	UPDATE t SET c = c + 1 WHERE id % 20 = 8;);

# Answers of each index, in order
my $answers = join(';', 'SET enable_seqscan = off', 'SET enable_sort = off',
	map { "SELECT array_agg(id) FROM (SELECT id FROM t WHERE $_->[2] ORDER BY $_->[0] $_->[1] (SELECT $_->[0] FROM t WHERE id = 77) LIMIT 20) s" }
	[ 'v', '<->', 'true' ], [ 'h', '<=>', 'true' ], [ 's', '<#>', 'true' ], [ 'b', '<~>', 'true' ],
	[ 'v', '<=>', 'true' ]);
my $filtered = "$answers; SELECT array_agg(id) FROM (SELECT id FROM t WHERE c = 3 AND w = 'word 2'
	ORDER BY v <-> (SELECT v FROM t WHERE id = 77) LIMIT 10) s";
my $check_all = q(SELECT string_agg(c.oid::regclass || coalesce(nullif(' ' || lokivector_check(c.oid, true), ' sound'), ''), ' ' ORDER BY relname)
	FROM pg_class c JOIN pg_am m ON m.oid = relam WHERE amname IN ('hnsw', 'ivfflat'));

my ($new_config, $new_prefix) = private_server('new');
my $pgvector = has_pgvector($new_config);
install_as_vector($new_config);
my ($result, $output) = make($new_config, 'install');
BAIL_OUT($output) unless $result;

my ($old_config, $old_prefix) = ($new_config, $new_prefix);
my ($original, $old_major) = older_server();
if ($original)
{
	note("from version $old_major to $major");
	($old_config, $old_prefix) = private_server('old', $original);
	mkdir "$tmp/tree" or die $!;
	system_or_bail('sh', '-c', "cd '$top' && tar -cf - --exclude='*.o' --exclude='*.bc' --exclude='*.so' . | tar -C '$tmp/tree' -xf -");
	for my $target ('install', 'install-as-vector')
	{
		local %ENV = %ENV;
		delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
		system_or_bail('make', '-s', '-j2', '-C', "$tmp/tree", "PG_CONFIG=$old_config", 'with_llvm=no', $target, 'FORCE=1');
	}
}
else
{
	note("version $major alone is here");
	$old_major = $major;
}

# checksums are the default from 18 on
my @checksums = $major >= 18 && $old_major < 18 ? ('--no-data-checksums') : ();
my $old = start_server('both_names', $old_prefix);
$old->safe_psql('postgres', 'CREATE DATABASE named');
my %extension = (postgres => 'vector', named => 'lokivector');
my (%before, %versions);
for my $database (sort keys %extension)
{
	$old->safe_psql($database, "CREATE EXTENSION $extension{$database}; $objects");
	$old->safe_psql($database, $_) for grep { /\S/ } split(/;/, $more);
	like(validate($old, $old_prefix, $database, 'before'), qr/ 0 of them not measured$/m, "$database: recorded");
	$before{$database} = $old->safe_psql($database, $filtered);
}
my $new = start_server('new', $new_prefix, @checksums);
upgrade($old, $old_prefix, $new, $new_prefix);
for my $database (sort keys %extension)
{
	is($new->safe_psql($database, 'SELECT index, reason FROM lokivector_incompatible_indexes()'), '', "$database: no index is old");
	is($new->safe_psql($database, $filtered), $before{$database}, '... all give the same answers');
	like(validate($new, $new_prefix, $database, 'after'), qr/^verdict: \d+ checks, 0 differences$/, '... and are valid');
	is($new->safe_psql($database, $check_all),
		't_attributes t_b t_compact t_h t_ivfflat t_s t_v u_v', '... and sound');
	$new->safe_psql($database, q(
		INSERT INTO t SELECT id + 10000, v, h, s, b, c, w FROM t WHERE id BETWEEN 1 AND 200;
		DELETE FROM t WHERE id % 3 = 0;));
	$new->safe_psql($database, 'VACUUM t');
	is($new->safe_psql($database, $check_all),
		't_attributes t_b t_compact t_h t_ivfflat t_s t_v u_v', '... after changes as well');
	is($new->safe_psql($database, "DROP EXTENSION $extension{$database} CASCADE; SELECT count(*) FROM pg_proc WHERE probin LIKE '%vector%'"),
		'0', '... and the extension can be dropped');
}
$new->stop;

# A cluster of pgvector
SKIP:
{
	skip 'this server has no pgvector', 1 unless $pgvector;

	my (undef, $pgvector_prefix) = private_server('pgvector');
	$old = start_server('pgvector', $pgvector_prefix);
	$old->safe_psql('postgres', "CREATE EXTENSION vector; $objects");
	like(validate($old, $pgvector_prefix, 'postgres', 'before'), qr/ 0 of them not measured$/m, 'pgvector: recorded');
	$before{pgvector} = $old->safe_psql('postgres', 'SELECT * FROM n ORDER BY id');
	$new = start_server('from_pgvector', $new_prefix);
	upgrade($old, $pgvector_prefix, $new, $new_prefix);
	is($new->safe_psql('postgres', 'SELECT * FROM n ORDER BY id'), $before{pgvector}, '... what needs no index');
	$new->safe_psql('postgres', 'ALTER EXTENSION vector UPDATE');
	is($new->safe_psql('postgres', q(SELECT string_agg(index::text, ' ' ORDER BY index::text) FROM lokivector_incompatible_indexes())),
		't_b t_h t_ivfflat t_s t_v u_v', '... indexes of pgvector');
	$new->safe_psql('postgres', 'CALL lokivector_rebuild_incompatible_indexes()');
	like(validate($new, $new_prefix, 'postgres', 'after'), qr/^verdict: \d+ checks, 0 differences$/, '... rebuilt, are valid');
	is($new->safe_psql('postgres', $check_all), 't_b t_h t_ivfflat t_s t_v u_v', '... and sound');
	is($new->safe_psql('postgres', 'SHOW hnsw.ef_search'), '50', '... and settings stay');
	$new->stop;
}

done_testing();
