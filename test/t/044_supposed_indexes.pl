# SPDX-License-Identifier: PostgreSQL
# Planning with indexes that another extension only supposes: no relation has their
# number, so that whoever opens them fails.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $module = "$PostgreSQL::Test::Utils::tmp_check/supposed_indexes.so";
chomp(my $include = `pg_config --includedir-server`);
system(qw(cc -shared -fPIC), "-I$include", "$FindBin::RealBin/supposed_indexes.c", '-o', $module) == 0
  or plan skip_all => 'no compiler for the module of this test';

my $node = loki_node('main');
$node->start;
$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE TABLE t (id int PRIMARY KEY, a int, b text, v vector(8), tags int[]);
	INSERT INTO t SELECT i, i % 50, 'x' || i % 7,
		(SELECT array_agg(sin(i * j)) FROM generate_series(1, 8) j)::vector, ARRAY[i % 3, i % 100]
	FROM generate_series(1, 3000) i;
	CREATE TABLE k AS SELECT i AS id, i % 3 AS region FROM generate_series(0, 49) i;
	CREATE TABLE p (LIKE t) PARTITION BY HASH (id);
	CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
	INSERT INTO p SELECT * FROM t;
	CREATE INDEX t_v ON t USING hnsw (v vector_l2_ops, a);
	CREATE INDEX t_a ON t (a);
	CREATE INDEX t_b ON t (b);
	CREATE INDEX t_tags ON t USING gin (tags);
	CREATE INDEX p_v ON p USING hnsw (v vector_l2_ops);
	CREATE INDEX p_a ON p (a);
	VACUUM ANALYZE t, k, p;));

my $d = "v <-> '[1,2,3,4,5,6,7,8]'";
my @statements = (
	"SELECT id FROM t ORDER BY $d LIMIT 5",
	"SELECT id FROM t WHERE a = 3 ORDER BY $d LIMIT 5",
	"SELECT id FROM t WHERE b = 'x3' AND tags @> '{5}' ORDER BY $d LIMIT 5",
	"SELECT id FROM t WHERE a IN (1, 2) OR b = 'x1' ORDER BY $d LIMIT 5",
	"SELECT id FROM t WHERE a = ANY (ARRAY[1, 2]) AND b = current_user ORDER BY $d",
	"SELECT count(*) FROM t WHERE $d < 2 AND b = 'x2'",
	"SELECT id FROM t WHERE a IN (SELECT id FROM k WHERE region = 1) ORDER BY $d LIMIT 5",
	"SELECT t.id FROM t, (SELECT v FROM t WHERE id = 7) q ORDER BY t.v <-> q.v LIMIT 5",
	"SELECT id, rank() OVER (ORDER BY $d) FROM t LIMIT 5",
	"SELECT id FROM t ORDER BY 1 - ($d) DESC LIMIT 5",
	"SELECT id FROM t ORDER BY $d, id LIMIT 5",
	"SELECT id FROM t ORDER BY $d LIMIT 5 FOR UPDATE",
	"SELECT id FROM p WHERE a = 3 ORDER BY $d LIMIT 5",
	"DELETE FROM t WHERE $d < 1");
my @settings = ('', map { "SET enable_$_ = off;" } 'seqscan', 'sort', 'bitmapscan', 'indexscan');

# Plans of all statements with more and more settings; what is no plan is an error
sub plans
{
	my ($supposed) = @_;
	my $script = "LOAD '$module'; SET supposed.indexes = $supposed;\n";
	my ($stdout, $stderr);

	foreach my $setting (@settings)
	{
		$script .= "$setting\n";
		$script .= "EXPLAIN (COSTS OFF) $_;\n" foreach @statements;
	}
	$node->psql('postgres', $script, stdout => \$stdout, stderr => \$stderr);
	is($stderr, '', "plans with supposed indexes, $supposed");
	return $stdout;
}

like(plans(0), qr/using t_v/, 'indexes that are there are used');
unlike(plans(1), qr/supposed|Hybrid/, 'indexes of ours that are not there are in no plan');
like(plans(2), qr/using t_v/, 'an index of ours is used beside others that are not there');
unlike(plans(3), qr/Order By|Hybrid/, 'indexes of ours are in no plan where none is there');

$node->stop;
done_testing();
