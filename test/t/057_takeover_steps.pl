# SPDX-License-Identifier: PostgreSQL
# The steps of doc/migrating-from-pgvector.md on a running server and its standby, and back, with
# writers and searches that go on: which statements fail, and from when to when.

use IPC::Run;
use POSIX ();
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
	my $count = ($library =~ s/LOKI(?!VECTOR_)/\x53\xA9\x53\xA9/g);
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

my $node = loki_node('main', install_path => $prefix, allows_streaming => 'logical');
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

# A standby, with the files of its primary: new sessions of both have them at once
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby', install_path => $prefix);
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
my $search = q(SET enable_seqscan = off; SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> '[1,0,1]' LIMIT 3) s;);

sub search_of_standby
{
	my ($out, $err);

	$node->wait_for_catchup($standby);
	IPC::Run::run([ "$prefix/bin/psql", '-XqAt', '-d', $standby->connstr('postgres'), '-c', $search ],
		'>', \$out, '2>', \$err);
	return $out . $err;
}

# What a script of sql/takeover prints
sub takeover_script
{
	my ($name, @options) = @_;
	my ($out, $err);

	IPC::Run::run([ "$prefix/bin/psql", '-XAt', @options, '-f', "$top/sql/takeover/$name", '-d', $node->connstr('postgres') ],
		'>', \$out, '2>', \$err);
	is($err, '', "$name @options");
	return $out;
}

# The page's command that lists databases, before anything is installed
is((follow_shell($node, $prefix, step_of_page('xargs -0')))[1], qq("postgres"|0.8.0\n),
	'databases that have the extension');

# The page's table of statements
is(follow_page($node, $prefix, 'postgres', step_of_page('CREATE TABLE lokivector_move')), '', 'the statements are kept');
is($node->safe_psql('postgres', 'SELECT count(*) FROM lokivector_move.statements'), '2',
	'... of an index of a table and one of partitions');
my $of_indexes = q(SELECT string_agg(pg_get_indexdef(c.oid), E'\n' ORDER BY c.oid::regclass::text) FROM pg_class c
	JOIN pg_am a ON a.oid = relam WHERE amname = 'hnsw' AND NOT relispartition);
my $definitions = $node->safe_psql('postgres', $of_indexes);

sub run_listed
{
	my ($which) = @_;

	is(follow_page($node, $prefix, 'postgres', step_of_page("$which FROM lokivector_move")), '', "the statements of $which run");
	return;
}

# The page's statement that ends sessions, with the time of an installation
sub end_sessions
{
	my ($time) = @_;
	my ($end) = slurp_file("$top/doc/migrating-from-pgvector.md") =~
	  /^```text example\n(SELECT pid[^`]*pg_terminate_backend[^`]*)^```/m;

	$end =~ s/backend_start < '[^']*'/backend_start < '$time'/ or die $end;
	return $node->safe_psql('postgres', $end);
}

# Rows come by a subscription as well, whose worker is a session that no client has
$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', q(
	CREATE TABLE arrived (v text);
	CREATE PUBLICATION arriving FOR TABLE arrived;
	SELECT pg_create_logical_replication_slot('arriving', 'pgoutput');));
(my $source = $node->connstr('source')) =~ s/'/''/g;
$node->safe_psql('postgres', qq(
	CREATE TABLE arrived (v vector(3));
	CREATE SUBSCRIPTION arriving CONNECTION '$source' PUBLICATION arriving WITH (create_slot = false);));

sub arrives
{
	my ($v, $when) = @_;

	$node->safe_psql('source', "INSERT INTO arrived VALUES ('$v')");
	ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM arrived WHERE v = '$v'"), "a row arrives $when");
	return;
}
arrives('[1,1,1]', 'before');

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

my $not_plain = q(
	DROP TABLE IF EXISTS not_plain;
	DROP DOMAIN IF EXISTS embedding;
	CREATE DOMAIN embedding AS vector(3);
	CREATE TABLE not_plain (long vector(2500), d embedding, v vector(3));
	INSERT INTO not_plain SELECT array_fill(i, ARRAY[2500]), ARRAY[i, 1, 2], ARRAY[i, 1, 2] FROM generate_series(1, 10) i;
	CREATE INDEX not_plain_long ON not_plain USING hnsw (long vector_l2_ops);
	CREATE INDEX not_plain_d ON not_plain USING hnsw (d vector_l2_ops);
	CREATE INDEX not_plain_bits ON not_plain USING hnsw (v vector_l2_ops) WITH (brief_codes = off, bits = 4) WHERE v IS NOT NULL;);
my $of_pgvector = qr/index "items_v" was built by pgvector/;
my $not_of_pgvector = $pgvector ? qr/hnsw index is not valid/ : qr/index "items_v" is not/;
all_work('before');
new_session();

# By rebuild: a trial, and back
for my $way ([ 'lokivector', \&to_lokivector, $of_pgvector, $not_of_pgvector ],
	[ 'pgvector', \&to_pgvector, $not_of_pgvector, $of_pgvector ])
{
	my ($to, $install, $refused, $refused_by_old) = @$way;

	my $of_standby = open_session($standby);
	is(ask($of_standby, $search), '3', 'a session of the standby begins');
	$install->();
	all_fail("after $to is installed", $refused);
	like(search_of_standby(), $refused, '... and searches of the standby');
	is(ask($of_standby, $search), '3', '... but not in sessions from before');
	is(ask($session, $insert), '1', '... but not in sessions from before');
	run_listed('rebuild');
	all_work('after the indexes are rebuilt');
	is(ask($session, $insert), '', '... but for sessions from before');
	like($session->{err}, $refused_by_old, '... which refuse the index');
	new_session();
	all_work('in new ones');
	is(search_of_standby(), "3\n", 'the standby has the index that was rebuilt');
	is(ask($of_standby, $search), '', '... but for sessions from before');
	close_session($of_standby);

	# Indexes that are made in the trial, and that pgvector does not take
	if ($to eq 'lokivector')
	{
		$node->safe_psql('postgres', $not_plain);
		like(takeover_script('lokivector_plain_indexes.sql'),
			qr/^public\.not_plain_bits\|brief_codes=off, bits=4\|SET .*\nDROP .*\nCREATE INDEX .*\npublic\.not_plain_d\|domain .*\|SET .*\nDROP .*\npublic\.not_plain_long\|more than 2000 dimensions\|SET .*\nDROP .*\n$/,
			'indexes that pgvector does not take');
		takeover_script('lokivector_plain_indexes.sql', '-v', 'replace=1');
		is(takeover_script('lokivector_plain_indexes.sql'), '', '... are dropped or exchanged');
	}
	else
	{
		$node->safe_psql('postgres', 'REINDEX TABLE not_plain');
		is($node->safe_psql('postgres', q(
			INSERT INTO not_plain SELECT long, d, v FROM not_plain LIMIT 1;
			SELECT count(*), (SELECT count(*) FROM pg_index WHERE indrelid = 'not_plain'::regclass) FROM not_plain;)),
			'11|1', '... so that rows can be written under pgvector');
		$node->safe_psql('postgres', 'DROP TABLE not_plain');
	}
}

# By drop and create: nothing fails
my $failed = grep { / ./ } statements();
run_listed('drop');
all_work('without indexes');
to_lokivector();
my $installed = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
all_work('when lokivector is installed');
is(ask($session, $insert), '1', '... in sessions from before neither');
close_session($session);
undef $session;
my $of_worker = "SELECT pid FROM pg_stat_subscription WHERE subname = 'arriving' AND pid IS NOT NULL";
my $worker = $node->safe_psql('postgres', $of_worker);
# or finds that it is ending, if that of its walsender came first
like(end_sessions($installed), qr/^$worker\|/m, 'the statement of step 5 ends the worker of a subscription');
ok($node->poll_query_until('postgres', "SELECT EXISTS ($of_worker AND pid <> $worker)"), '... which begins anew');
ok($node->poll_query_until('postgres', "SELECT NOT EXISTS (
		SELECT FROM pg_stat_activity WHERE datid IS NOT NULL AND backend_start < '$installed')"),
	'... and no session from before is left');
arrives('[2,2,2]', 'then');
new_session();
run_listed('"create"');
is($node->safe_psql('postgres', $of_indexes), $definitions, '... and the indexes are what they were');
all_work('when indexes are created');
is(ask($session, $insert), '1', '... in sessions that began since the installation neither');

append_to_file("$tmp/stop", '');
waitpid($client, 0);
my @all = statements();
is(scalar(grep { / ./ } @all), $failed, 'from the list to the end');
note(scalar(@all) . " statements, $failed of them failed");

# The exporters ask for an update of what is ours, and not for one that ends a trial
my ($outdated) = slurp_file("$top/operations/postgres_exporter.yaml") =~ /^lokivector_extension:\n.*?query: \|\n(.*?)^  metrics/ms;
is($node->safe_psql('postgres', $outdated), '', 'in a trial no update was forgotten');
$node->safe_psql('postgres', 'ALTER EXTENSION vector UPDATE');
is($node->safe_psql('postgres', $outdated), 'postgres|vector|0', '... after it the extension is up to date');
is($node->safe_psql('postgres', "BEGIN; UPDATE pg_extension SET extversion = '0.8.100' WHERE extname = 'vector'; $outdated"),
	'postgres|vector|1', '... or has an older version of ours');
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
$node->safe_psql('postgres', 'DROP SUBSCRIPTION arriving');
$standby->stop;

# With the extension's own version there is a function that says the same
$node->safe_psql('postgres', $not_plain);
is( takeover_script('lokivector_plain_indexes.sql') =~ s/\n$//r,
	$node->safe_psql('postgres', 'SET search_path = pg_catalog, pg_temp; SELECT * FROM public.lokivector_plain_indexes()'),
	'the function lists the indexes that the script lists');

# The scripts of a move come along
ok(-e "$scripts/$_.sql", "$_ is installed") for qw(lokivector_validate lokivector_plain_indexes);
$node->stop;
my ($result, $output) = make($pg_config, 'uninstall-as-vector');
ok($result && !glob("$scripts/lokivector_*.sql"), '... and uninstalled') or diag($output);

done_testing();
