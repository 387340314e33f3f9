# SPDX-License-Identifier: PostgreSQL
# What the TAP tests of the hnsw access method share: a table of vectors that
# is made from numbers alone, and the checks of its index.

package LokiTest;

use strict;
use warnings;

use parent 'Exporter';
use IPC::Run qw(start finish pump timeout);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(loki_node damaged_node write_binary loki_standby create_items catalog_of check_index rows_by_index lost_rows
  rows_are_found recall nearest
  start_client start_transactions finish_client ended open_session ask close_session create_waits vacuum_waits start_as);

# Who names nothing is a test, and has strict, warnings and the server's modules for tests by this one.
sub import
{
	my ($class, @names) = @_;
	my $caller = caller;

	$class->export_to_level(1, $class, @names);
	return if @names;
	strict->import;
	warnings->import;
	eval "package $caller; use PostgreSQL::Test::Cluster; use PostgreSQL::Test::Utils; use Test::More; 1" or die $@;
	return;
}

# A server with the extension's settings that all tests want
sub loki_node
{
	my ($name, %options) = @_;
	my $path = delete $options{install_path};
	my $node = PostgreSQL::Test::Cluster->new($name, $path ? (install_path => $path) : ());

	$node->init(%options);
	$node->append_conf('postgresql.conf', "autovacuum = off\n");
	return $node;
}

# The same without checksums, for tests that damage what pages contain
sub damaged_node
{
	my ($name, %options) = @_;
	my $version = (`pg_config --version` =~ /(\d+)/)[0];

	return loki_node($name, %options, $version >= 18 ? (extra => ['--no-data-checksums']) : ());
}

sub write_binary
{
	my ($file, $bytes) = @_;

	open my $fh, '>:raw', $file or die "$file: $!";
	print $fh $bytes;
	close $fh;
	return;
}

# Start a server, or start it again, with the kernels of a kind
sub start_as
{
	my ($node, $kind) = @_;

	local %ENV = %ENV;
	delete $ENV{LOKIVECTOR_SIMD};
	$ENV{LOKIVECTOR_SIMD} = $kind if $kind ne 'best';
	$node->stop if defined $node->{_pid};
	$node->start;
	return;
}

# A streaming standby, started.  Its slot keeps what it has yet to read: servers
# of tests hold so little WAL that a few seconds of delay would lose it.
sub loki_standby
{
	my ($primary, $settings, $name) = @_;
	my $standby = PostgreSQL::Test::Cluster->new($name // 'standby');

	$primary->safe_psql('postgres',
		"SELECT pg_create_physical_replication_slot('standby', true)");
	$primary->backup('backup');
	$standby->init_from_backup($primary, 'backup', has_streaming => 1);
	$standby->append_conf('postgresql.conf', "primary_slot_name = 'standby'\n");
	$standby->append_conf('postgresql.conf', $settings) if $settings;
	$standby->start;
	return $standby;
}

# Table items(id, v vector(DIM), c) with an index on v and c, and the function
# item(n), a vector in one of 23 overlapping clusters that depends on n alone.
sub create_items
{
	my ($node, $dim, $profile) = @_;

	$profile //= 'balanced';

	$node->safe_psql('postgres', qq(
		CREATE EXTENSION lokivector;
		CREATE FUNCTION item(n integer) RETURNS vector AS \$\$
			SELECT array_agg(1.5 * sin((n % 23) * 3 + i * 7) +
				hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
			FROM generate_series(1, $dim) i
		\$\$ LANGUAGE sql IMMUTABLE PARALLEL SAFE;
		CREATE TABLE items (id integer PRIMARY KEY, v vector($dim), c integer);
		CREATE INDEX items_idx ON items USING hnsw (v vector_l2_ops, c int4_ops)
			WITH (profile = $profile);));
	return;
}

# All that an extension has in the catalog of a database, line by line
sub catalog_of
{
	my ($node, $database, $extension) = @_;

	return $node->safe_psql($database, qq(
		WITH member AS (
			SELECT classid, objid FROM pg_depend
			WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND
				refobjid = (SELECT oid FROM pg_extension WHERE extname = '$extension'))
		SELECT line FROM (
			SELECT pg_describe_object(classid, objid, 0) || ': ' ||
				coalesce(obj_description(objid, classid::regclass::name), '') AS line FROM member
			UNION ALL
			SELECT concat_ws(' ', p.oid::regprocedure, prorettype::regtype, prosrc, probin,
				provolatile, proparallel, proisstrict, procost, prorows, proretset, proargnames, proacl)
				FROM member JOIN pg_proc AS p ON classid = 'pg_proc'::regclass AND objid = p.oid
			UNION ALL
			SELECT concat_ws(' ', o.oid::regoperator, oprcode::regprocedure, oprcom::regoperator,
				oprnegate::regoperator, oprrest, oprjoin, oprcanmerge, oprcanhash)
				FROM member JOIN pg_operator AS o ON classid = 'pg_operator'::regclass AND objid = o.oid
			UNION ALL
			SELECT concat_ws(' ', castsource::regtype, casttarget::regtype, castfunc::regprocedure,
				castcontext, castmethod)
				FROM member JOIN pg_cast AS c ON classid = 'pg_cast'::regclass AND objid = c.oid
			UNION ALL
			SELECT concat_ws(' ', typname, typstorage, typalign, typinput, typoutput, typreceive, typsend,
				typmodin, typmodout, typanalyze, typarray::regtype)
				FROM member JOIN pg_type AS t ON classid = 'pg_type'::regclass AND objid = t.oid
			UNION ALL
			SELECT concat_ws(' ', amname, opcname, opcdefault, opcintype::regtype)
				FROM member JOIN pg_opclass AS c ON classid = 'pg_opclass'::regclass AND objid = c.oid
				JOIN pg_am AS a ON a.oid = opcmethod
			UNION ALL
			SELECT concat_ws(' ', amname, opfname, amopstrategy, amopopr::regoperator, amoppurpose)
				FROM member JOIN pg_opfamily AS f ON classid = 'pg_opfamily'::regclass AND objid = f.oid
				JOIN pg_am AS a ON a.oid = opfmethod JOIN pg_amop ON amopfamily = f.oid
			UNION ALL
			SELECT concat_ws(' ', amname, opfname, amprocnum, amproc::regprocedure)
				FROM member JOIN pg_opfamily AS f ON classid = 'pg_opfamily'::regclass AND objid = f.oid
				JOIN pg_am AS a ON a.oid = opfmethod JOIN pg_amproc ON amprocfamily = f.oid) AS lines
		ORDER BY line COLLATE "C"));
}

# Every fault that lokivector_check knows is an error
sub check_index
{
	my ($node, $name) = @_;
	my ($result, $stdout, $stderr) = $node->psql('postgres',
		"SELECT lokivector_check('items_idx', true)");

	ok($result == 0, $name) or diag($stderr);
	return;
}

# Ids of all rows as the index returns them
sub rows_by_index
{
	my ($node) = @_;

	return $node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SELECT count(*) || ' ' || count(DISTINCT id) FROM (
			SELECT id FROM items ORDER BY v <-> item(1)) s));
}

# How many rows are not found by their own vectors; of many rows, 2,000 are
# looked for, 250 in a short run, and 5,000 with LOKIVECTOR_LONG=1
sub lost_rows
{
	my ($node, $ef_search) = @_;
	my $limit = $ENV{LOKIVECTOR_LONG} ? 5000 : $ENV{LOKIVECTOR_SHORT} ? 250 : 2000;

	return $node->safe_psql('postgres', qq(
		SET enable_seqscan = off;
		SET lokivector.complete = off;
		SET hnsw.ef_search = $ef_search;
		SELECT count(*) FROM (SELECT v FROM items ORDER BY hashint4(id) LIMIT $limit) a, LATERAL (
			SELECT v <-> a.v AS distance FROM items ORDER BY v <-> a.v LIMIT 1) b
		WHERE distance > 0));
}

# That all rows are found so, in a graph that is another one in each run
sub rows_are_found
{
	my ($node, $ef_search, $name) = @_;

	is(lost_rows($node, $ef_search), '0', $name);
	return;
}

# Ids of the ten nearest rows to item(n), by the index alone
sub nearest
{
	my ($node, $n, $ef_search) = @_;

	return $node->safe_psql('postgres', qq(
		SET enable_seqscan = off;
		SET lokivector.complete = off;
		SET hnsw.ef_search = $ef_search;
		SELECT array_agg(id) FROM (
			SELECT id FROM items ORDER BY v <-> item($n) LIMIT 10) s));
}

# Share of the ten nearest rows that the index finds, by distance, over
# queries between the rows
sub recall
{
	my ($node, $queries, $ef_search) = @_;

	return $node->safe_psql('postgres', qq(
		SET enable_seqscan = off;
		SET lokivector.complete = off;
		SET hnsw.ef_search = $ef_search;
		CREATE TEMP TABLE queries AS
			SELECT n, item(-n) AS q FROM generate_series(1, $queries) n;
		CREATE TEMP TABLE found AS SELECT n, distance FROM queries, LATERAL (
			SELECT v <-> q AS distance FROM items ORDER BY v <-> q LIMIT 10) s;
		SET enable_seqscan = on;
		SET enable_indexscan = off;
		CREATE TEMP TABLE truth AS SELECT n, max(distance) AS distance FROM queries, LATERAL (
			SELECT v <-> q AS distance FROM items ORDER BY v <-> q LIMIT 10) s GROUP BY n;
		SELECT round(count(*) / (10.0 * $queries), 3) FROM found JOIN truth USING (n)
		WHERE found.distance <= truth.distance * 1.000001;
		-- or the end of the session would, beside the vacuum that comes next
		DROP TABLE queries, found, truth));
}

# pgbench in the background: so many clients repeat a script for some seconds
sub start_client
{
	my ($node, $name, $count, $seconds, $sql, @options) = @_;

	return start_pgbench($node, $name, $count, ["--time=$seconds", @options], $sql);
}

sub start_pgbench
{
	my ($node, $name, $count, $options, $sql, @limit) = @_;
	my $script = "$PostgreSQL::Test::Utils::tmp_check/$name.sql";
	my %client = (name => $name, out => '', err => '');

	append_to_file($script, $sql);
	$client{run} = start([
		'pgbench', '--no-vacuum', "--client=$count", @$options,
		"--file=$script", '--host=' . $node->host, '--port=' . $node->port,
		'postgres' ], '>', \$client{out}, '2>', \$client{err},
		@limit);
	return \%client;
}

# The same, but each client repeats the script so many times
sub start_transactions
{
	my ($node, $name, $count, $times, $sql) = @_;

	return start_pgbench($node, $name, $count, ["--transactions=$times"], $sql,
		timeout($PostgreSQL::Test::Utils::timeout_default));
}

# Wait for the end of a client, but not for ever; false if it was to be killed
sub ended
{
	my ($client) = @_;
	my $ended = eval { finish($client->{run}); 1 };

	if (!$ended)
	{
		$client->{run}->kill_kill;
		fail("$client->{name}: comes to its end");
		return 0;
	}
	ok($client->{err} !~ /ERROR|aborted/, "$client->{name}: comes to its end")
	  or diag($client->{err});
	return 1;
}

# Wait for its end, which is to be without an error
sub finish_client
{
	my ($client) = @_;
	my $result = finish($client->{run});

	ok($result && $client->{err} !~ /ERROR|aborted/, "$client->{name}: no error")
	  or diag($client->{err});
	return;
}

# A session that stays
sub open_session
{
	my ($node) = @_;
	my %session = (in => '', out => '', err => '');

	$session{run} = start(
		[ 'psql', '-XqAt', '-h', $node->host, '-p', $node->port, 'postgres' ],
		'<', \$session{in}, '>', \$session{out}, '2>', \$session{err},
		$session{timer} = timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%session;
}

# Its answer to what is sent
sub ask
{
	my ($session, $sql) = @_;

	$session->{out} = '';
	$session->{timer}->start($PostgreSQL::Test::Utils::timeout_default);
	$session->{in} .= "$sql\n\\echo done\n";
	pump($session->{run}) until $session->{out} =~ /^done$/m;
	(my $answer = $session->{out}) =~ s/\n*done\n//;
	return $answer;
}

# waits(n), by which an expression of an index waits for an advisory lock, and body_of(n), documents of some words
sub create_waits
{
	my ($node) = @_;

	$node->safe_psql('postgres', q(
CREATE FUNCTION waits(bigint) RETURNS boolean LANGUAGE internal IMMUTABLE AS 'pg_advisory_xact_lock_shared_int8';
CREATE FUNCTION body_of(n int) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg('w' || (power(abs(hashint8extended(n, i) % 1000) / 1000.0, 2) * 400)::int || ':' || i, ' ')::tsvector
	FROM generate_series(1, 4 + abs(n) % 9) i
$$;));
	return;
}

# A VACUUM of docs that is in the midst of posting lists, and the session whose lock it waits for
sub vacuum_waits
{
	my ($node) = @_;
	my $holder = open_session($node);
	my $vacuum = open_session($node);

	ask($holder, 'SELECT pg_advisory_lock(1);');
	$vacuum->{in} .= "VACUUM docs;\n\\echo over\n";
	$vacuum->{run}->pump_nb;
	$node->poll_query_until('postgres',
		q(SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'VACUUM%' AND wait_event = 'advisory'))
	  or die 'VACUUM does not make lists';
	return ($holder, $vacuum);
}

sub close_session
{
	my ($session) = @_;

	$session->{timer}->start($PostgreSQL::Test::Utils::timeout_default);
	$session->{in} .= "\\q\n";
	finish($session->{run});
	return;
}

1;
