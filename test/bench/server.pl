# SPDX-License-Identifier: PostgreSQL
# Benchmarks that measure on a server that is there, with sets of a few hundred or thousand
# rows: each ends well and prints as many lines of figures as it measures.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib 'bench';
use BenchTest;

skip_all_without_numpy();

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => ['--encoding=UTF8']);
$node->append_conf('postgresql.conf', "shared_buffers = 256MB\nfsync = off\njit = off\nmax_connections = 50\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE bench');
$node->safe_psql('bench', 'CREATE EXTENSION lokivector');
local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGUSER => $node->safe_psql('postgres', 'SELECT current_user'));
delete $ENV{PGDATABASE};

my @psql = ('--psql', 'psql -d bench');
my $set = 'synthetic:2000:16';
my $share = qr/[01]\.\d+/;

check_program('hard', [ @psql, qw(--rows 1000 --dims 16 --queries 20 --ef 40,.9 --own 50 --check --nodes
			--sets lengths,hubs,duplicates) ],
	lines_of(3, qr/\| \w+ \| \d+ x 16 \| [\d.]+ \| $share /));
check_program('hard', [ @psql, '--sets', $set, qw(--rows 500 --queries 20 --ef 40) ],
	lines_of(1, qr/\| $set \| 500 x 16 \|/));
check_program('hard', [ @psql, qw(--rows 300 --dims 8 --queries 10 --ef 40 --inserted --sets clusters) ],
	lines_of(1, qr/\| clusters \| 300 x 8 \|.*\| \d+ of 300 \|/));
check_program('lost', [ @psql, qw(--rows 600 --clients 1,2 --ef 40 --delete 30 --ids) ],
	lines_of(10, qr/\| interpolated \| \d+ x \d+ \| [12] \| [\w %]+ \| \d+ \| \d+ \|/));
check_program('lost', [ @psql, '--sets', $set, qw(--rows 600 --clients 1 --ef 40 --order --empty) ],
	lines_of(3, qr/\| $set \| \d+ x 16 \| 1 /));
check_program('churn', [ @psql, qw(--rows 500 --rounds 2 --every 1 --queries 20) ],
	lines_of(4, qr/\| (?:built|rebuilt|\d rounds) \| $share \| $share \|/));
check_program('grown', [ @psql, qw(--rows 900 --dims 16 --queries 20 --ef 10,.9 --builds 2 --own 50 --check) ],
	qr/^\| \w+ \| grown \| $share .*\n\| \w+ \| rebuilt \|/m, qr/^\| \w+ \| difference \| [+-]/m);

check_program('bytes', [ '--set', $set, qw(--queries 20 --exact 5 --ef 40) ],
	lines_of(4, qr/\| synthetic-2000x16, cosine \| \w+ \| \w+ \| [\d,]+ \| $share \| $share /));
check_program('bytes', [ '--set', $set, qw(--metric l2 --queries 20 --exact 5 --limit 500 --ef), '' ],
	lines_of(4, qr/\| synthetic-2000x16, l2 /));
check_program('calibrate', [qw(--documents 1100 --topics 50 --questions 25)],
	qr/^1,100 documents; build: /m, qr/^\| documents \| \d+ \| \d+ \| $share \|/m, qr/^\| 25 questions \| \d+ \| \d+ \| $share \|/m);
check_program('ranking', [qw(--rows 2000 --dims 16 --documents 50 --rounds 1)],
	qr/^\| [\d,]+ \| .*\| [\d.]+ \| [\d.]+ \| [\d.]+ \|/m, lines_of(3, qr/\| (?:1|8|32) \| [\d.]+ \| [\d,]+ \| \d+ /));
check_program('memory_bound', [ '--set', $set, qw(--limit 10,20 --seconds 1) ],
	lines_of(2, qr/\| \d+ \| $share \| \*\*taken\*\*/), qr/GB\/s in order/);
check_program('lists', [ '--set', $set, qw(--queries 10 --rounds 0) ],
	lines_of(12, qr/\| synthetic-2000x16 \| [^|]+ \| [\d,]+ \| $share \| \d+, \d+ \|/));
check_program('limits', [ '2000x16', '500x16plain' ],
	lines_of(20, qr/\| \w+ \| [\d.]+ % \| \d+ \|/), qr/^\d+ of 20 cases within/m);
check_program('limits', [qw(--keep --plans 2000x16)], lines_of(10, qr/\| 2000x16 \| [\d.]+ % \|/));

# The times of so few rows say nothing about plans
my $shapes = check_program('shapes', [qw(--rows 1200 --runs 1 --any)], qr/^\d+ of 40 within/m);
check_program('shapes', [qw(--rows 1200 --runs 1 --any --keep --only join --plans)], qr/^\d+ of \d+ within/m)
  if $shapes;

# Documents of many vectors, as tokens.py leaves them
system($python, '-B', '-c', <<'E_PYTHON', "$top/bench") == 0 or die 'no documents';
import os, sys
sys.path.insert(0, sys.argv[1])
import numpy as np, datasets, tokens
rng = np.random.default_rng(1)
texts = datasets.Texts(rng, 10)
sets = [texts.document(i % 10, 20) for i in range(200)]
for name, some in (("base", sets), ("query", [texts.query(s, 8) for s in sets[:5]])):
    some = tokens.Sets.of([s.astype(np.float16) for s in some])
    np.save(tokens.path(name + ".npy"), some.vectors)
    np.save(tokens.path(name + "-starts.npy"), some.starts)
open(tokens.path("complete"), "w").close()
E_PYTHON
check_program('documents', [ @psql, qw(--documents 150 --queries 4) ],
	lines_of(12, qr/\| (?:scan of all|a node for each \w+) \| \d+ \| [\d.]+ MB \| [\d.]+ s \| $share \|/));
check_program('tokens', [], qr/\A\z/);

# Without a server
check_program('rounding', [ '--set', $set, qw(--bits 4 --metric l2,cosine --queries 10) ],
	lines_of(10, qr/\| synthetic-2000x16, (?:l2|cosine) \| 2,000 x 16 \| 4 \| [\w ]+ \| $share /));
my $picture = "$PostgreSQL::Test::Utils::tmp_check/recall.svg";
check_program('picture', [$picture]);
ok(slurp_file($picture) =~ /<svg.*pgvector halfvec/s, 'picture draws curves') if -e $picture;

$node->stop;
done_testing();
