# SPDX-License-Identifier: PostgreSQL
# Databases with everything that pg_dump can meet go from pgvector to lokivector
# and back: dumps restore without an error, and dump to equal text.  Needs
# pgvector on the server that is tested with (make test-takeover).

use lib 't';
use LokiTest;
use TakeoverTest;

my ($new_config, $new_prefix) = private_server('new');
plan skip_all => 'this server has no pgvector' unless has_pgvector($new_config);
my (undef, $old_prefix) = private_server('old');
install_as_vector($new_config);

my %node;
for my $name ('pgvector', 'lokivector')
{
	$node{$name} = PostgreSQL::Test::Cluster->new($name,
		install_path => $name eq 'pgvector' ? $old_prefix : $new_prefix);
	$node{$name}->init;
	$node{$name}->append_conf('postgresql.conf', "autovacuum = off\nwal_level = logical\n");
	$node{$name}->start;
}
my %prefix = (pgvector => $old_prefix, lokivector => $new_prefix);

# The version that a migration script names
my $named = $node{pgvector}->safe_psql('postgres', q(
	CREATE DATABASE named;
	SELECT default_version FROM pg_available_extensions WHERE name = 'vector'));
$node{lokivector}->safe_psql('postgres', 'CREATE DATABASE named');
$_->safe_psql('named', "CREATE EXTENSION vector VERSION '$named'") for (values %node);
is(catalog_of($node{lokivector}, 'named', 'vector'), catalog_of($node{pgvector}, 'named', 'vector'),
	"CREATE EXTENSION VERSION '$named' makes what it makes in pgvector");
$_->safe_psql('postgres', 'DROP DATABASE named') for (values %node);

# All ways in which vectors and their operators get into a dump
my $constructs = q(
	CREATE SCHEMA own;
	CREATE DOMAIN embedding AS vector(3) CHECK (vector_norm(VALUE) < 1e6);
	CREATE DOMAIN halves AS halfvec;
	CREATE TYPE pair AS (v vector(2), s sparsevec);
	CREATE TABLE t (id int PRIMARY KEY, e vector(3) DEFAULT '[1,2,3]', h halfvec(3), s sparsevec(9), b bit(8),
		u vector, d embedding, hs halves[], many vector(3)[], p pair,
		g vector(3) GENERATED ALWAYS AS (l2_normalize(e)) STORED,
		n float8 GENERATED ALWAYS AS (e <-> '[0,0,0]') STORED, CHECK (vector_dims(e) = 3));
	INSERT INTO t (id, e, h, s, b, u, d, hs, many, p)
	SELECT i, x, x, ARRAY[i % 3, 0, 0, i, 0, 0, 0, 0, i / 7.0]::vector::sparsevec, (i % 256)::bit(8),
		CASE WHEN i % 3 = 0 THEN x || '[1]' WHEN i % 3 = 1 THEN subvector(x, 1, 2) END, x,
		ARRAY[x::halfvec, '[1]'], ARRAY[x, x], ROW(subvector(x, 1, 2), '{3:1e-20}/1000000000')::pair
	FROM (SELECT i, ARRAY[sin(i), cos(i * 3), i % 7]::vector(3) AS x FROM generate_series(1, 500) i) AS y;
	INSERT INTO t (id, e, many) VALUES (0, NULL, NULL), (-1, '[0,0,0]', '{}'),
		(-2, '[1e-38,6e4,-1.1754944e-38]', ARRAY['[1e-38,3.4028235e38,-1e-45]'::vector]);
	ALTER TABLE t ALTER COLUMN e SET STORAGE PLAIN, ALTER COLUMN h SET STORAGE EXTENDED;
	ALTER TABLE t ALTER COLUMN e SET STATISTICS 0;
	CREATE INDEX i1 ON t USING hnsw (e vector_l2_ops) WITH (m = 16, ef_construction = 64);
	CREATE INDEX i1_ip ON t USING hnsw (e vector_ip_ops);
	CREATE INDEX i1_cosine ON t USING hnsw (e vector_cosine_ops) WITH (m = 4, ef_construction = 8);
	CREATE INDEX i1_l1 ON t USING hnsw (e vector_l1_ops);
	CREATE INDEX i2 ON t USING ivfflat (e) WITH (lists = 5);
	CREATE INDEX i2_cosine ON t USING ivfflat (e vector_cosine_ops);
	CREATE INDEX i2_bit ON t USING ivfflat (b bit_hamming_ops) WITH (lists = 1);
	CREATE INDEX i2_half ON t USING ivfflat (h halfvec_ip_ops) WITH (lists = 2);
	CREATE INDEX i3 ON t USING hnsw ((e::halfvec(3)) halfvec_l2_ops);
	CREATE INDEX i4 ON t USING hnsw ((binary_quantize(e)::bit(3)) bit_hamming_ops);
	CREATE INDEX i4_jaccard ON t USING hnsw (b bit_jaccard_ops);
	CREATE INDEX i5 ON t USING hnsw ((subvector(u, 1, 2)::vector(2)) vector_l2_ops);
	CREATE INDEX i6 ON t USING hnsw ((u::vector(2)) vector_l2_ops) WHERE vector_dims(u) = 2;
	CREATE INDEX i7 ON t USING hnsw (s sparsevec_l2_ops);
	CREATE INDEX ON t (e);
	CREATE INDEX ON t (h DESC);
	CREATE INDEX ON t (s);
	CREATE UNIQUE INDEX i9 ON t (e, id);
	CREATE STATISTICS st ON id, (e <-> '[1,1,1]') FROM t;
	CREATE TABLE parted (id int, v vector(2), b bit(3)) PARTITION BY LIST (id);
	CREATE TABLE part1 PARTITION OF parted FOR VALUES IN (1);
	CREATE TABLE part2 PARTITION OF parted FOR VALUES IN (2);
	CREATE INDEX parted_v ON parted USING hnsw (v vector_l2_ops);
	CREATE INDEX parted_b ON parted USING ivfflat (b bit_hamming_ops) WITH (lists = 1);
	INSERT INTO parted SELECT 1 + i % 2, ARRAY[i, 1], (i % 8)::bit(3) FROM generate_series(1, 40) i;
	CREATE UNLOGGED TABLE own.scratch (v vector(2), own_id int);
	CREATE INDEX ON own.scratch USING hnsw (v vector_l2_ops);
	CREATE TABLE own.child (extra text) INHERITS (own.scratch);
	CREATE VIEW near AS SELECT id, e <-> '[1,2,3]' AS l2, e <#> '[1,2,3]' AS ip, e <=> '[1,2,3]' AS cosine,
		e <+> '[1,2,3]' AS l1, b <~> B'10101010' AS hamming, b <%> B'10101010' AS jaccard,
		e + '[1,1,1]' AS plus, e - '[1,1,1]' AS minus, e * e AS times, u || '[1]' AS longer, e::real[] AS a,
		ARRAY[id, 1, 2]::vector AS made, e < '[1,1,1]' AS lt, h = '[1,2,3]' AS eq, s::vector AS dense, e::halfvec(3) AS half,
		e::sparsevec AS sparse FROM t ORDER BY e <-> '[1,2,3]', id;
	CREATE MATERIALIZED VIEW means AS SELECT id % 5 AS part, avg(e) AS mean, sum(e) AS total, avg(h) AS half
		FROM t WHERE id > 0 GROUP BY 1;
	CREATE INDEX means_i ON means USING hnsw ((mean::vector(3)) vector_l2_ops);
	CREATE FUNCTION nearest(q vector, wanted int DEFAULT 5, VARIADIC others vector[] DEFAULT '{}') RETURNS SETOF t
		LANGUAGE sql STABLE AS 'SELECT * FROM t ORDER BY e OPERATOR(public.<->) q LIMIT wanted';
	CREATE FUNCTION atomic(q vector) RETURNS SETOF int LANGUAGE sql STABLE
		BEGIN ATOMIC SELECT id FROM t ORDER BY e <-> q LIMIT 3; END;
	CREATE AGGREGATE my_sum(vector) (sfunc = vector_add, stype = vector, combinefunc = vector_add, parallel = safe);
	CREATE OPERATOR <<->> (leftarg = vector, rightarg = vector, function = l2_distance, commutator = <<->>);
	CREATE CAST (vector AS text) WITH INOUT;
	CREATE RULE r AS ON INSERT TO parted WHERE new.v = '[0,0]' DO INSTEAD NOTHING;
	CREATE FUNCTION check_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
	CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW WHEN (vector_dims(new.e) = 3) EXECUTE FUNCTION check_row();
	ALTER TABLE t ENABLE ROW LEVEL SECURITY;
	CREATE POLICY pol ON t USING (e <-> '[0,0,0]' < 1e9);
	CREATE PUBLICATION pub FOR TABLE parted;
	COMMENT ON INDEX i1 IS 'an index';);

my $settings = q(
	ALTER DATABASE made SET hnsw.ef_search = 100;
	ALTER DATABASE made SET hnsw.iterative_scan = 'strict_order';
	ALTER DATABASE made SET hnsw.max_scan_tuples = 1000;
	ALTER DATABASE made SET ivfflat.probes = 7;
	ALTER DATABASE made SET ivfflat.iterative_scan = 'relaxed_order';);

sub run_ok
{
	my ($name, @command) = @_;
	my ($stdout, $stderr);
	my $result = IPC::Run::run(\@command, '>', \$stdout, '2>', \$stderr);

	$stderr =~ s/^(psql:\S+ |pg_restore: )?(NOTICE|DETAIL|HINT): .*\n//mg;
	ok($result && $stderr eq '', $name) or diag($stderr);
	return;
}

for my $from ('pgvector', 'lokivector')
{
	my $to = $from eq 'pgvector' ? 'lokivector' : 'pgvector';
	my ($source, $target) = @node{ $from, $to };
	my $way = "$from to $to";
	my $folder = "${PostgreSQL::Test::Utils::tmp_check}/$from";

	$source->safe_psql('postgres', 'CREATE DATABASE made');
	$source->safe_psql('made', 'CREATE EXTENSION vector;' . $constructs . $settings);
	like(validate($source, $prefix{$from}, 'made', 'before'),
		qr/^recorded 7 tables and \d+ columns and indexes, 0 of them not measured$/m, "$way: recorded");

	# As text, with the database's settings, into a server whose sessions have no
	# library loaded
	my $dump = dump_of($source, $prefix{$from}, 'made', '--create');
	is(restore($target, $prefix{$to}, 'postgres', $dump), '', "$way: pg_dump --create | psql");
	ok(dump_of($target, $prefix{$to}, 'made', '--create') eq $dump, '... dumps to equal text');
	is(validate($target, $prefix{$to}, 'made', 'after') =~ s/\d+ checks/all/r, 'verdict: all, 0 differences',
		'... and is valid');
	is($target->safe_psql('made', 'SELECT count(*) FROM near'), '503', '... and its views answer');

	# As a folder, by several processes
	run_ok("$way: pg_dump -Fd -j2", "$prefix{$from}/bin/pg_dump", '-Fd', '-j2', '-f', $folder,
		'-d', $source->connstr('made'));
	$target->safe_psql('postgres', 'CREATE DATABASE folder');
	run_ok("$way: pg_restore -j2", "$prefix{$to}/bin/pg_restore", '-j2', '--exit-on-error',
		'-d', $target->connstr('folder'), $folder);
	ok( dump_of($target, $prefix{$to}, 'folder') eq dump_of($source, $prefix{$from}, 'made'),
		'... dumps to equal text');
	run_ok("$way: pg_dump --column-inserts", 'sh', '-c',
		"'$prefix{$from}/bin/pg_dump' --data-only --column-inserts -t t -d '" . $source->connstr('made')
		  . "' | sed 's/public.t /public.copied /' >'$folder.sql'");
	$target->safe_psql('folder', 'CREATE TABLE copied (LIKE t INCLUDING GENERATED INCLUDING DEFAULTS)');
	is(restore($target, $prefix{$to}, 'folder', slurp_file("$folder.sql")), '', '... restores');
	is( $target->safe_psql('folder', 'SELECT count(*) FROM copied JOIN t USING (id) WHERE copied::text = t::text'),
		'503', '... the same values');

	# All databases, roles and settings
	$target->safe_psql('postgres', 'DROP DATABASE made; DROP DATABASE folder');
	my ($all, $stderr);
	IPC::Run::run([ "$prefix{$from}/bin/pg_dumpall", '--no-role-passwords', '-d', $source->connstr('postgres') ],
		'>', \$all, '2>', \$stderr);
	$all =~ s/^(CREATE|ALTER) ROLE .*\n//mg;
	is(restore($target, $prefix{$to}, 'postgres', $all), '', "$way: pg_dumpall | psql");
	ok(dump_of($target, $prefix{$to}, 'made', '--create') eq $dump, '... dumps to equal text');
	is( $target->safe_psql('made', q(SHOW hnsw.ef_search; SELECT '[1]'::vector; SHOW hnsw.max_scan_tuples; SHOW ivfflat.probes)),
		"100\n[1]\n1000\n7", '... with settings, before and after the library is loaded');
	$_->safe_psql('postgres', 'DROP DATABASE made') for ($source, $target);
}

# What pgvector does not take is exchanged for what it does
my ($ours, $theirs) = @node{qw(lokivector pgvector)};
$ours->safe_psql('postgres', 'CREATE DATABASE made');
$ours->safe_psql('made', q(
	CREATE EXTENSION vector;
	CREATE TABLE t (id int, v vector(3), long vector(2001));
	INSERT INTO t SELECT i, ARRAY[i, 1, 2], NULL FROM generate_series(1, 100) i;
	CREATE INDEX two ON t USING hnsw (v vector_l2_ops, id) WITH (m = 8, bits = 4) WHERE id > 5;
	CREATE INDEX other ON t USING hnsw ((v::halfvec(3)) halfvec_cosine_ops) WITH (profile = balanced);
	CREATE INDEX long ON t USING hnsw (long vector_l2_ops);));
isnt(restore($theirs, $prefix{pgvector}, 'postgres', dump_of($ours, $prefix{lokivector}, 'made', '--create')),
	'', 'indexes that pgvector does not take');
$theirs->safe_psql('postgres', 'DROP DATABASE made');
$ours->safe_psql('made', q(SELECT command FROM lokivector_plain_indexes() \gexec));
my $plain = dump_of($ours, $prefix{lokivector}, 'made', '--create');
is(() = $plain =~ /^CREATE INDEX /mg, 2, '... are exchanged where they can be');
is(restore($theirs, $prefix{pgvector}, 'postgres', $plain), '', '... for those that it takes');
ok(dump_of($theirs, $prefix{pgvector}, 'made', '--create') eq $plain, '... which dump to equal text');

$_->stop for values %node;
done_testing();
