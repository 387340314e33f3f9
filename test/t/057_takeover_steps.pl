# SPDX-License-Identifier: PostgreSQL
# The steps of doc/migrating-from-pgvector.md on a running server, and back, with writers and
# searches that go on: which statements fail, and from when to when.

use strict;
use warnings;

use IPC::Run;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use lib 't';
use LokiTest;
use TakeoverTest;

my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my ($pg_config, $prefix) = private_server('pg');
chomp(my $libraries = `$pg_config --pkglibdir`);
chomp(my $scripts = `$pg_config --sharedir`);
$scripts .= '/extension';
unlink glob("$scripts/lokivector*");

# Where there is no pgvector, our own library takes its part, with pgvector's number in the
# metapages: each refuses the indexes of the other, as the two do.
my $old = "$tmp/pgvector";
my $pgvector = has_pgvector($pg_config);
if (!$pgvector)
{
	install_as_vector($pg_config);
	my $library = slurp_file("$libraries/vector.so");
	my $count = ($library =~ s/LOKI(?![A-Z_])/\x53\xA9\x53\xA9/g);
	plan skip_all => 'no pgvector, and nothing to take its part' unless $count;
	unlink "$libraries/vector.so";
	write_binary("$libraries/vector.so", $library);
	system_or_bail('sed', '-i', 's/^# lokivector.*/# pgvector/', "$scripts/vector.control");
}
system_or_bail('mkdir', '-p', "$old/lib", "$old/scripts");
system_or_bail('sh', '-c', "cp $libraries/vector.so $old/lib && cp $scripts/vector* $old/scripts");

# Step 4 of the page, both ways; back as with apt
sub to_lokivector
{
	install_as_vector($pg_config);
	return;
}

sub to_pgvector
{
	my ($result, $output) = make($pg_config, 'uninstall-as-vector');

	BAIL_OUT($output) unless $result;
	# whole at once, as dpkg does
	system_or_bail('sh', '-c', "cp $old/scripts/* $scripts && cp $old/lib/vector.so $libraries/vector.so.new &&
		mv $libraries/vector.so.new $libraries/vector.so");
	return;
}

my $node = loki_node('main', install_path => $prefix);
$node->start;
$node->safe_psql('postgres', q(
	CREATE EXTENSION vector VERSION '0.8.0';
	CREATE TABLE items (id bigserial PRIMARY KEY, v vector(3));
	INSERT INTO items (v) SELECT ARRAY[sin(i), cos(i), i % 7] FROM generate_series(1, 300) i;
	CREATE INDEX items_v ON items USING hnsw (v vector_l2_ops) WITH (m = 8);
	CREATE SCHEMA "A b";
	CREATE TABLE "A b".parts (id int, v vector(3)) PARTITION BY RANGE (id);
	CREATE TABLE "A b".part PARTITION OF "A b".parts FOR VALUES FROM (0) TO (100);
	INSERT INTO "A b".parts SELECT i, ARRAY[sin(i), cos(i), i] FROM generate_series(1, 50) i;
	CREATE INDEX "V ON ONLY x" ON "A b".parts USING hnsw (v vector_cosine_ops);));

# The page's list, before anything is installed
my ($list) = slurp_file("$top/doc/migrating-from-pgvector.md") =~ /^```sql\n(SET search_path[^`]*definition[^`]*)^```/m;
my @listed = map { [ split(/\|/, $_) ] } split(/\n/, $node->safe_psql('postgres', $list));
my %statements;
for my $i (0 .. 2)
{
	$statements{ (qw(rebuild drop create))[$i] } = join("\n", map { $_->[$i] } @listed);
}
is(scalar(@listed), 2, 'the list has an index of a table and one of partitions');

sub run_listed
{
	my ($which) = @_;

	is(restore($node, $prefix, 'postgres', $statements{$which}), '', "the statements of $which run");
	return;
}

# A client that begins a session for each statement, and writes down how each ended
my $log = "$tmp/statements";
my $parent = $$;
my $client = fork() // die $!;
if (!$client)
{
	for (my $i = 0; !-e "$tmp/stop" && getppid() == $parent; $i++)
	{
		my $sql = $i % 2 ? q(SET enable_seqscan = off; SELECT id FROM items ORDER BY v <-> '[1,0,1]' LIMIT 3) :
		  'INSERT INTO items (v) VALUES (ARRAY[random(), 1, 2])';
		my ($out, $err);

		IPC::Run::run([ "$prefix/bin/psql", '-XqAt', '-d', $node->connstr('postgres'), '-c', $sql ],
			'>', \$out, '2>', \$err);
		append_to_file($log, ($i % 2 ? 'search ' : 'insert ') . ($err =~ /^(.*)/)[0] . "\n");
	}
	POSIX::_exit(0);
}

sub statements
{
	return split(/\n/, -e $log ? slurp_file($log) : '');
}

# What of statements that begin from now on fails, among some of each kind
sub failures
{
	my $from = () = statements();

	usleep(20_000) while statements() < $from + 7;
	my @new = statements();
	return grep { / ./ } @new[ $from + 1 .. $#new ];
}

sub all_work
{
	my ($when) = @_;

	is(join("\n", failures()), '', "no statement fails $when");
	return;
}

# All of them fail, and for one reason
sub all_fail
{
	my ($when, $reason) = @_;
	my @failures = failures();

	is(scalar(grep { !/$reason/ } @failures), 0, "statements fail for one reason $when")
	  or diag(join("\n", @failures));
	is(scalar(grep { /^$_/ } @failures) > 1, 1, "... $_") for qw(insert search);
	return;
}

# A session from before, as a pooler keeps them
my $insert = 'INSERT INTO items (v) VALUES (ARRAY[3, 1, 2]) RETURNING 1;';
my $session;

sub new_session
{
	close_session($session) if $session;
	$session = open_session($node);
	is(ask($session, $insert), '1', 'a session begins');
	return;
}

my $of_pgvector = qr/index "items_v" was built by pgvector/;
my $not_of_pgvector = $pgvector ? qr/hnsw index is not valid/ : qr/index "items_v" is not/;
all_work('before');
new_session();

# By rebuild: a trial, and back
for my $way ([ 'lokivector', \&to_lokivector, $of_pgvector, $not_of_pgvector ],
	[ 'pgvector', \&to_pgvector, $not_of_pgvector, $of_pgvector ])
{
	my ($to, $install, $refused, $refused_by_old) = @$way;

	$install->();
	all_fail("after $to is installed", $refused);
	is(ask($session, $insert), '1', '... but not in sessions from before');
	run_listed('rebuild');
	all_work('after the indexes are rebuilt');
	is(ask($session, $insert), '', '... but for sessions from before');
	like($session->{err}, $refused_by_old, '... which refuse the index');
	new_session();
	all_work('in new ones');
}

# By drop and create: nothing fails
my $failed = grep { / ./ } statements();
run_listed('drop');
all_work('without indexes');
to_lokivector();
all_work('when lokivector is installed');
is(ask($session, $insert), '1', '... in sessions from before neither');
new_session();
run_listed('create');
all_work('when indexes are created');
is(ask($session, $insert), '1', '... in sessions that began since the installation neither');

append_to_file("$tmp/stop", '');
waitpid($client, 0);
my @all = statements();
is(scalar(grep { / ./ } @all), $failed, 'from the list to the end');
note(scalar(@all) . " statements, $failed of them failed");
$node->safe_psql('postgres', 'ALTER EXTENSION vector UPDATE');
is( $node->safe_psql('postgres', q(
		SELECT count(*) FROM lokivector_incompatible_indexes();
		SELECT lokivector_check(c.oid, true) FROM pg_class c JOIN pg_am a ON a.oid = c.relam
			WHERE amname = 'hnsw' AND relkind = 'i';
		SELECT count(*) FROM pg_index WHERE NOT indisvalid)),
	"0\nsound\nsound\n0", 'all indexes are there, and sound');
my $rows = grep { /^insert $/ } @all;
is($node->safe_psql('postgres', q(SELECT count(*) FROM items WHERE id > 300 AND v <> '[3,1,2]')), $rows,
	'each row is there whose statement did not fail');
close_session($session);

# The script that compares before and after comes along
ok(-e "$scripts/lokivector_validate.sql", 'the validation is installed');
$node->stop;
my ($result, $output) = make($pg_config, 'uninstall-as-vector');
ok($result && !-e "$scripts/lokivector_validate.sql", '... and uninstalled') or diag($output);

done_testing();
