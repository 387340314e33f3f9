# SPDX-License-Identifier: PostgreSQL
# operations/audit.sql, over a log in which clients have written what they can: names of failed
# logins in any bytes, statements with commas, quotes and newlines in names, and messages that
# look like records of pgaudit.  Its records are taken from a file, so that no package is needed;
# test/operations/neighbors.pl has it itself.

use IPC::Run;
use lib 't';
use LokiTest;
use TakeoverTest;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "logging_collector = on\nlog_destination = 'stderr,jsonlog'\nlog_directory = 'log'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN');
$node->safe_psql('postgres', q(CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0));

sub audit
{
	my ($database) = @_;
	my ($stdout, $stderr);

	local %ENV = (%ENV, $node->_get_env(PGDATABASE => $database, PGCLIENTENCODING => 'UTF8'));
	my $result = IPC::Run::run([ 'psql', '-X', '-q', '-v', 'since=2026-01-01', '-f', "$top/operations/audit.sql" ],
		'>', \$stdout, '2>', \$stderr);
	is($stderr, '', "the report runs in the database $database");
	return $stdout;
}

# A record as pgaudit has it in the JSON format: a field of CSV is quoted where it has to be
sub record
{
	my ($second, $more, @fields) = @_;
	my $message = 'AUDIT: ' . join(',', map { /[",\n\r]/ ? '"' . s/"/""/gr . '"' : $_ } @fields);

	$message =~ s/(["\\])/\\$1/g;
	$message =~ s/\n/\\n/g;
	return qq({"timestamp":"2026-11-01 10:00:0$second.000 UTC","user":"ann","dbname":"shop","pid":77,)
	  . qq("remote_host":"[local]","session_id":"6a7b.4d","line_num":$second,"error_severity":"LOG",)
	  . qq("message":"$message"$more,"application_name":"a \\"b\\" \\\\","backend_type":"client backend","query_id":-12});
}

my @select = ('SESSION', 1, 1, 'READ', 'SELECT', 'TABLE', 'public."t,""z"', qq(SELECT 1,\n"x" FROM "t,\\z"), '<none>');
my $cut = record(9, '', @select);
write_binary($node->data_dir . '/log/earlier.json', join("\n",
	record(1, '', @select),
	record(2, '', 'OBJECT', 2, 1, 'WRITE', 'DELETE', '', '', "DELETE '\xC3\xA9\xF0\x9F\x98\x80'", '<none>'),
	record(3, '', 'SESSION', 3, 1, 'WRITE', 'UPDATE', '', '', "UPDATE '\xE9\\303\xED\xA0\x80'", '<none>'),
	record(4, ',"func_name":"log_audit_event","file_name":"pgaudit.c","file_line_num":9', 'SESSION', 4, 1, 'MISC', 'SET', '', '',
		'<not logged>', '<not logged>'),
	# what clients write, with less in the line than there is where nothing is set to hide it
	record(5, ',"context":"PL/pgSQL function f() line 1 at RAISE"', @select),
	record(6, ',"statement":"SELECT f()"', @select),
	record(7, ',"func_name":"exec_stmt_raise","file_name":"pl_exec.c","file_line_num":9', @select),
	record(8, ',"state_code":"38000"', @select),
	'no object "message":"AUDIT: ', substr($cut, 0, length($cut) - 9) . '}', substr($cut, 0, index($cut, ',\"public'))));

my $head = "at,user,database,host,session,class,command,kind,object,statement\n";
my $begin = sub { "2026-11-01 10:00:0$_[0].000 UTC,ann,shop,[local],6a7b.4d" };
my $expected = $head . $begin->(1) . qq(,READ,SELECT,TABLE,"public.""t,""""z""","SELECT 1,\n""x"" FROM ""t,\\z"""\n)
  . $begin->(2) . ",WRITE,DELETE,,,DELETE '\xC3\xA9\xF0\x9F\x98\x80'\n"
  . $begin->(3) . qq(,WRITE,UPDATE,,,UPDATE '\\351\\303\\355\\240\\200'\n) . $begin->(4) . ",MISC,SET,,,<not logged>\n";

is(audit('postgres'), $expected, 'records of pgaudit, and no others');
is(audit('latin'), $expected =~ s/\xC3\xA9\xF0\x9F\x98\x80/\\303\\251\\360\\237\\230\\200/r, '... where the encoding is another');

# A client does all that it can
for my $user ("bad\xff", "AUDIT: SESSION,1,1,READ,SELECT,,,x,<none>\xc3", qq(","message":"AUDIT: SESSION))
{
	my ($stdout, $stderr);

	IPC::Run::run([ 'psql', '-X', '-h', $node->host, '-p', $node->port, '-U', $user, '-d', 'postgres', '-c', '' ],
		'>', \$stdout, '2>', \$stderr);
	like($stderr, qr/does not exist/, 'a login fails');
}
my $forged = q('AUDIT: SESSION,1,1,WRITE,DELETE,TABLE,public.payroll,"delete from payroll",<none>');
for my $verbosity (qw(default terse verbose))
{
	$node->safe_psql('postgres', "ALTER ROLE mallory SET log_error_verbosity = $verbosity");
	$node->safe_psql('postgres', qq(DO \$\$BEGIN RAISE LOG USING MESSAGE = $forged, ERRCODE = '00000'; END\$\$), extra_params => [ '-U', 'mallory' ]);
	$node->psql('postgres', qq(DO \$\$BEGIN RAISE EXCEPTION USING MESSAGE = $forged, ERRCODE = '00001'; END\$\$), extra_params => [ '-U', 'mallory' ]);
}
$node->psql('postgres', qq(SELECT '\n{"message":$forged}\n' FROM "\n"), extra_params => [ '-U', 'mallory' ]);
# the collector writes what it was sent before
$node->safe_psql('postgres', q(DO $$BEGIN RAISE LOG 'this is the last'; END$$));
$node->poll_query_until('postgres', q(
	SELECT bool_or(encode(pg_read_binary_file('log/' || name), 'escape') LIKE '%"this is the last"%') FROM pg_ls_logdir()))
  or die 'no log';
my $log = join('', map { slurp_file($_) } grep { !/earlier/ } glob($node->data_dir . '/log/*.json'));
is(() = $log =~ /"message":"AUDIT: SESSION/g, 6, 'a client has logged messages that look like records');
is(audit('postgres'), $expected, '... which the report leaves out, and goes past failed logins');

$node->stop;
done_testing();
