# SPDX-License-Identifier: PostgreSQL
# The steps of doc/migrating-from-pgvector.md, as the page has them, in databases, schemas and
# tables whose owners have chosen names that end a line, a quotation or a pattern, or are commands
# of psql or of the shell: nothing of a name is run, and all indexes are what they were.

use IPC::Run;
use JSON::PP;
use lib 't';
use LokiTest;
use TakeoverTest;

my $tmp = $PostgreSQL::Test::Utils::tmp_check;
my ($pg_config, $prefix) = private_server('hostile');
install_as_vector($pg_config);
my $node = PostgreSQL::Test::Cluster->new('main', install_path => $prefix);
$node->init(extra => [ '--encoding', 'UTF8', '--locale', 'C' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;

my @names = ("x\ny", "; \\! touch PWNED #", "x\n\\! touch PWNED\n", "a\n\\gexec\n", "\\o |touch PWNED", q(q"uo'te""), 'back\\slash\\\\',
	":'DBNAME' :\"x\" :x", '%s %1$I %', "\xC3\xA9" x 31 . 'a', ' ON ONLY x', '$(touch PWNED)', '`touch PWNED`', '{}; touch PWNED',
	'host=/nowhere user=x', '-c \\! touch PWNED', ' create | \\! touch PWNED', 'x,y|z', '1; 2 3 EXTENSION - lokivector ');

sub ident { return '"' . $_[0] =~ s/"/""/gr . '"'; }
sub literal { return "E'" . $_[0] =~ s/(['\\])/\\$1/gr . "'"; }

# psql without a shell, and its output as it is
sub ask_psql
{
	my ($database, $sql, @options) = @_;
	my ($stdout, $stderr);

	local %ENV = (%ENV, $node->_get_env(PGDATABASE => $database));
	IPC::Run::run([ "$prefix/bin/psql", '-XqAt', '-v', 'ON_ERROR_STOP=1', @options ], '<', \$sql, '>', \$stdout, '2>', \$stderr);
	$stderr =~ s/^(psql:\S+ )?NOTICE: .*\n//mg;
	die $stderr if $stderr ne '';
	return $stdout =~ s/\n\z//r;
}

ask_psql('postgres', join('', map { 'CREATE ROLE ' . ident($_) . " LOGIN;\n" } @names));
my $objects = join('', map {
	# an index and a table of one name cannot be in one schema
	my ($name, $table, $other, $text) = (ident($_), ident(s/.\z/T/sr), ident(s/.\z//sr), literal($_)); qq(
	CREATE SCHEMA $name AUTHORIZATION $name;
	SET ROLE $name;
	CREATE TABLE $name.$table ($name vector(3), tags text[], id serial);
	INSERT INTO $name.$table SELECT ARRAY[i, 1, 2], ARRAY[$text, ' ON ONLY '] FROM generate_series(1, 20) i;
	CREATE INDEX $name ON $name.$table USING hnsw ($name vector_l2_ops) WITH (m = 8)
		WHERE tags <> ARRAY[$text, ' ON ONLY x'];
	CREATE INDEX ON $name.$table USING hnsw ((l2_normalize($name)::vector(3)) vector_cosine_ops, id)
		WHERE tags @> ARRAY[$text];
	CREATE TABLE $name.parts ($name vector(3), id int) PARTITION BY RANGE (id);
	CREATE TABLE $name.part PARTITION OF $name.parts FOR VALUES FROM (0) TO (100);
	CREATE INDEX $other ON $name.parts USING hnsw ($name vector_cosine_ops);
	RESET ROLE;
) } @names);
ask_psql('postgres', "CREATE DATABASE moved; CREATE DATABASE shop;");
ask_psql('moved', "CREATE EXTENSION vector; $objects");
ask_psql('shop', "CREATE EXTENSION lokivector; $objects");
my @databases = grep { !/\n\\gexec/ } @names;
ask_psql('postgres', join('', map { 'CREATE DATABASE ' . ident($_) . " TEMPLATE moved;\n" } @databases));

my $definitions = q(SELECT pg_get_indexdef(c.oid) AS definition, relowner::regrole FROM pg_class c
	JOIN pg_am a ON a.oid = relam WHERE amname IN ('hnsw', 'ivfflat') AND NOT relispartition ORDER BY 1);
my $before = ask_psql('moved', $definitions);
is(ask_psql('moved', "SELECT count(*) FROM ($definitions) i"), 3 * @names, 'indexes of hostile names');
my $none = q(SELECT count(*) FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = relam
	WHERE amname IN ('hnsw', 'ivfflat'));
my $valid = "$none AND indisvalid AND NOT relispartition";

my ($result, $stdout, $stderr) = follow_shell($node, $prefix, step_of_page('xargs -0'));
is($stderr, '', 'databases are listed');
is_deeply([ sort map { JSON::PP->new->utf8(0)->allow_nonref->decode(s/\|\d[\d.]+$//r) } split(/\n/, $stdout) ],
	[ sort @databases, 'moved' ], '... all of them');
ok(!-e "$tmp/PWNED", '... and no name is run');

sub step
{
	my ($database, $text, @options) = @_;

	return follow_page($node, $prefix, $database, step_of_page($text), @options);
}

my $turn = 0;
for my $database (@databases)
{
	my $name = $database =~ s/[^ -~]/?/gr;
	my $said = step($database, 'CREATE TABLE lokivector_move') . step($database, 'SELECT drop FROM');

	is($said, '', "steps 2 and 3 in the database $name");
	is(ask_psql($database, $none), '0', '... drop all indexes');
	# by each owner, and the superuser, in turn
	$said = join('', map { step($database, '"create" FROM', @$_) } $turn++ % 4 == 1 ? (map { [ '-U', $_ ] } @names) : []);
	is($said, '', '... step 6 runs');
	is(ask_psql($database, $definitions), $before, '... and all are what they were');
}
ok(!-e "$tmp/PWNED", 'no name is run');

my $database = $names[2];
is(step($database, 'SELECT rebuild FROM'), '', 'indexes are rebuilt');
is(ask_psql($database, $valid), 3 * @names, '... and are all valid');
is(step($database, 'DROP SCHEMA lokivector_move'), '', 'the last step');
is(follow_page($node, $prefix, $database, step_of_page('SELECT command FROM lokivector_plain_indexes()')), '',
	'indexes that pgvector does not take are replaced');
is(ask_psql($database, 'SELECT count(*) FROM lokivector_plain_indexes()'), '0', '... all of them');
like(ask_psql($names[0], '', '-v', 'replace=1', '-f', "$top/sql/takeover/lokivector_plain_indexes.sql"),
	qr/^SET search_path.*\nDROP INDEX.*\nCREATE INDEX/m, '... by the script as well');
is(ask_psql($names[0], 'SELECT count(*) FROM lokivector_plain_indexes()'), '0', '... all of them');
is(step($database, 'REPLICA IDENTITY FULL'), '', 'replica identities');
is(ask_psql($database, q(SELECT count(*) FROM pg_class WHERE relreplident = 'f' AND relkind = 'r')), 2 * @names, '... of all tables');

($result, $stdout, $stderr) = follow_shell($node, $prefix, step_of_page('pg_restore'));
is($stderr, '', 'the dump is restored');
is(ask_psql('new_shop', $definitions), $before, '... with all indexes');
is(step('shop', 'FROM pg_sequences', '-At', '-o', 'sequences.sql'), '', 'sequences are listed');
my $values = 'SELECT count(*), min(last_value), max(last_value) FROM pg_sequences';
ask_psql('new_shop', q(
	SELECT format('SELECT setval(%L, 1)', format('%I.%I', schemaname, sequencename)) FROM pg_sequences \gexec));
is(follow_page($node, $prefix, 'new_shop', '', '-f', "$tmp/sequences.sql"), '', '... and set');
is(ask_psql('new_shop', $values), ask_psql('shop', $values), '... to what they were');
ok(!-e "$tmp/PWNED", 'no name is run');

$node->stop;
done_testing();
