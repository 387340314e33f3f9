# SPDX-License-Identifier: PostgreSQL
# The application of examples/starter: the commands of its README, searches beside the same SQL,
# two tenants, keys, limits, a database that goes away and comes back, its page in a browser, and
# its end.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use HTTP::Tiny;
use IPC::Run;
use JSON::PP qw(decode_json encode_json);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib 'operations';
use Documents;
use OperationsTest;

my ($node, $demo) = start_demo('starter');
# Apart from those of the other examples, which may be tested at the same time
symlink("$root/starter", "$demo/examples");
my $run = "$top/examples/run.sh";

# What a command of examples/run.sh starter prints; undef if it fails, and its last words in $complaint
my $complaint;

sub starter
{
	my @arguments = @_;
	my ($output, $messages);

	IPC::Run::run([ $run, 'starter', @arguments ], '<', '/dev/null', '>', \$output, '2>', \$messages);
	$complaint = (split(/\n/, $messages))[-1];
	if ($? >> 8 == 3)
	{
	  SKIP: { skip($complaint, 1); }
		done_testing();
		exit;
	}
	chomp $output;
	note("starter @arguments: $messages") if $?;
	return $? ? undef : $output;
}

# The line of README.md that makes the database and gives the application its password, on a
# server that has neither.  Without a terminal psql reads the password from its input.
my ($setup) = slurp_file("$top/examples/starter/README.md") =~ /^(psql .*setup\.sql.*)$/m;
{
	local %ENV = (%ENV, PGHOST => "$demo/socket", PGPORT => 5432, PGUSER => 'postgres', PGDATABASE => 'postgres');
	my ($output, $messages);

	IPC::Run::run([ 'setsid', '--wait', 'bash', '-c', "cd '$top' && $setup" ], '<', \"secret\nsecret\n", '>', \$output, '2>', \$messages);
	is($?, 0, 'README: the database on a server of your own') or diag($messages);
	is($node->safe_psql('postgres', "SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = 'starter_app'"), 't',
		'... and the password of the application');
}

my $web = starter('key', 'new', 'acme', 'web', 'writer') // die $complaint;
my $reader = starter('key', 'new', 'acme', 'reports', 'reader');
my $other = starter('key', 'new', 'other', 'web', 'writer');

# A busy machine may be slow to connect, and to send as many requests as a minute may have
@ENV{qw(STARTER_WAIT STARTER_RATE)} = (10, '120/hour');
my $log = "$PostgreSQL::Test::Utils::tmp_check/starter.log";
my ($application, $address);

sub start_application
{
	my @command = @_ ? @_ : ($run, 'starter', 'serve', 0);

	unlink($log);
	$application = start_program($log, @command);
	wait_for('the application', sub { -e $log && (($address) = slurp_file($log) =~ m{^(http://127\.0\.0\.1:\d+)$}m) });
	return;
}

$node->safe_psql('starter', 'ALTER TABLE starter.passages ALTER COLUMN embedding TYPE vector(300)');
is(starter('serve', 0), undef, 'a model of other dimensions than the column ends it');
is($complaint, 'the column has 300 dimensions, and vectors of the model have 256', '... and it says so');
$node->safe_psql('starter', 'ALTER TABLE starter.passages ALTER COLUMN embedding TYPE vector(256)');
start_application();

# Status, decoded body and headers of a request
sub request
{
	my ($method, $key, $path, $content) = @_;
	my $response = HTTP::Tiny->new(timeout => $PostgreSQL::Test::Utils::timeout_default)->request($method, "$address$path", {
			headers => { 'Content-Type' => 'application/json', $key ? (Authorization => "Bearer $key") : () },
			defined $content ? (content => ref $content eq 'HASH' ? encode_json($content) : $content) : () });

	diag($response->{content}) if $response->{status} == 599;
	return ($response->{status}, eval { decode_json($response->{content}) } // $response->{content}, $response->{headers});
}

sub status_of
{
	return (request(@_))[0];
}

# The status of a problem, and what it says
sub problem
{
	my ($status, $body, $headers) = request(@_);

	return "$status $body" if $headers->{'content-type'} ne 'application/problem+json';
	die "status $body->{status} in an answer with $status" if $body->{status} != $status;
	return "$status $body->{detail}";
}

sub is_ready
{
	return status_of('GET', '', '/ready') == 200;
}

wait_for('the database', \&is_ready);

# README
my ($commands, $text) = map { join("\n", @{ $_->{lines} }) }
  grep { $_->{language} eq 'text' && !$_->{rest} || "@{ $_->{lines} }" =~ /post \/help/ } blocks("$top/examples/starter/README.md");
$commands =~ s/^KEY=.*/KEY='$web'/m;
$commands =~ s{http://127\.0\.0\.1:\d+}{$address};
my $shown = join('.*', map { quotemeta } split(/\.\.\./, $text));
like(run_program('bash', '-c', $commands), qr/^$shown$/, 'the commands of README print what it shows');
is_deeply((request('GET', $reader, '/v1/collections'))[1], [ { name => 'help', documents => 1 } ], 'the collection is there');

# Documents in one request, all or none
request('POST', $web, '/v1/collections', { name => 'many' });
my @many = map { { title => "Page $_", text => "One $_.\n\nTwo $_." } } 1 .. 3;
is(join(' ', map { $_->{passages} } @{ (request('POST', $web, '/v1/collections/many/documents/batch', { documents => \@many }))[1] }),
	'2 2 2', 'several documents in a request');
is($node->safe_psql('starter', q(SELECT string_agg(title || ': ' || body, ', ' ORDER BY p.id)
	FROM starter.passages p JOIN starter.documents d ON d.id = document_id WHERE title LIKE 'Page%')),
	'Page 1: One 1., Page 1: Two 1., Page 2: One 2., Page 2: Two 2., Page 3: One 3., Page 3: Two 3.', '... each with its passages');
is(status_of('POST', $web, '/v1/collections/many/documents/batch', { documents => [ $many[0], { title => 'x', text => "x\0" } ] }), 400,
	'... or none');
is(status_of('DELETE', $web, '/v1/collections/many'), 204, '... and away again');

# Documents of two tenants, the same words in both
my %texts = (
	acme => [ [ 'Delivery', 'faq', '2026-01-01', 'Orders over 50 euros ship free of charge.' ],
		[ 'Payment', 'page', '2026-02-01', "You can send goods back within 30 days for a full refund.\n\nWe accept cards, bank transfer and gift vouchers." ],
		[ 'Account', 'page', '2026-03-01', "Reset your password from the sign-in page.\n\nTwo-step sign-in protects your account with a code by SMS." ],
		[ 'Contact', 'faq', undef, "The help line is open from nine to five.\n\nGift cards and bank transfer need an account.\n\nParcels can be sent back free of charge." ] ],
	other => [ [ 'Secret', 'faq', '2026-01-01', "Call the help line of the other tenant.\n\nParcels of the other tenant are sent back free of charge." ] ]);
is(status_of('POST', $other, '/v1/collections', { name => 'help' }), 201, 'another tenant may use the same name');
for my $tenant (sort keys %texts)
{
	for my $document (@{ $texts{$tenant} })
	{
		my %document;

		@document{qw(title kind published text)} = @$document;
		is(status_of('POST', $tenant eq 'acme' ? $web : $other, '/v1/collections/help/documents', \%document), 201,
			"a document of $tenant: $document->[0]");
	}
}

# Searches, beside the same SQL: the question is a passage, so its vector is there
my $question = 'Parcels can be sent back free of charge.';
my $vector = "(SELECT embedding FROM passages WHERE body = '$question')";
my $words = "(SELECT replace(plainto_tsquery('english', '$question')::text, '&', '|')::tsquery)";
my %score = (
	dense => "1 - (embedding <=> $vector)",
	words => "CASE WHEN words @@ $words THEN ts_rank_cd(words, $words, 1) END");

# The exact answer: title, passage and score, as the owner sees all tenants and has to name one.
# A score of ranks is added up by hand.
sub by_sql
{
	my ($mode, $condition, $by_document) = @_;
	my $score = $score{$mode} // '1.0 / (60 + dense) + coalesce(1.0 / (60 + CASE WHEN words IS NOT NULL THEN words_rank END), 0)';
	my $ranked = "SELECT *, rank() OVER (ORDER BY 1 - dense_score) AS dense, rank() OVER (ORDER BY words NULLS LAST) AS words_rank
		FROM (SELECT p.id, document_id, title, body, $score{dense} AS dense_score, -$score{words} AS words
			  FROM passages p JOIN documents d ON d.id = document_id
			  WHERE p.tenant_id = (SELECT id FROM tenants WHERE name = 'acme') AND $condition) AS scored";
	my $column = $mode eq 'dense' ? 'dense_score' : $mode eq 'words' ? '-words' : $score;

	return $node->safe_psql('starter', "SET search_path = starter, public; SET enable_indexscan = off;
		SELECT title || ': ' || body || chr(9) || score
		FROM (SELECT *, row_number() OVER (PARTITION BY document_id ORDER BY score DESC) AS n
			  FROM (SELECT id, document_id, title, body, $column AS score FROM ($ranked) AS ranked) AS hits WHERE score IS NOT NULL) AS best
		WHERE " . ($by_document ? 'n = 1' : 'true') . ' ORDER BY score DESC, id');
}

for my $mode (qw(dense words fused))
{
	for my $by_document (0, 1)
	{
		for my $filter ([ 'true', {} ], [ "p.kind = ANY ('{faq,none}')", { kinds => [ 'faq', 'none' ] } ],
			[ "p.published >= '2026-02-01'", { published_from => '2026-02-01' } ],
			[ "p.published BETWEEN '2026-01-01' AND '2026-02-01' AND p.kind = 'faq'",
				{ kinds => ['faq'], published_from => '2026-01-01', published_to => '2026-02-01' } ])
		{
			my ($status, $hits) = request('POST', $reader, '/v1/collections/help/search',
				{ question => $question, mode => $mode, limit => 100, by_document => $by_document ? \1 : \0, %{ $filter->[1] } });
			my @expected = map { [ split(/\t/) ] } split(/\n/, by_sql($mode, $filter->[0], $by_document));

			is("$status\n" . join("\n", map { "$_->{title}: $_->{body}" } @$hits), "200\n" . join("\n", map { $_->[0] } @expected),
				$mode . ($by_document ? ', by document' : '') . ", where $filter->[0]");
			is(join(' ', grep { abs($hits->[$_]{score} - $expected[$_][1]) > 1e-5 } 0 .. $#expected), '', '... and scores');
		}
	}
}
is((request('POST', $web, '/v1/collections/help/search', { question => 'of the', mode => 'words' }))[0], 200, 'a question of stop words');

# Row security: the application's role without any WHERE
sub as_application
{
	my ($key, $id, $statement, $role) = @_;
	my (undef, $own_id, $secret) = split(/_/, $key, 3);
	my ($result, $stdout, $stderr) = $node->psql('starter', "BEGIN;
		SET LOCAL starter.key = '" . ($id // $own_id) . "';
		SET LOCAL starter.proof = '" . sha256_hex($secret) . "';
		" . ($role ? "SET LOCAL ROLE $role;" : '') . "
		$statement; COMMIT;", extra_params => [ '-U', 'starter_app' ]);

	return $stdout . ($stderr =~ /ERROR: +(.*)/ ? $1 : '');
}

my ($web_id, $reader_id, $other_id) = map { (split(/_/))[1] } $web, $reader, $other;
my $count = 'SELECT count(*) FROM passages';
my $all = $node->safe_psql('starter', 'SELECT count(*) FROM starter.passages');
is(as_application($other, undef, $count, 'starter_reader'), 2, 'a query without WHERE sees the rows of the tenant');
is(as_application($web, undef, $count, 'starter_writer'), $all - 2, '... of each tenant');
is(as_application($web, undef, "SELECT title FROM documents WHERE title = 'Secret'", 'starter_reader'), '', '... and none of another');
is(as_application($web, $other_id, $count, 'starter_reader'), 0, 'nothing with the id of a key and the secret of another');
is(as_application($web, 'none', $count, 'starter_reader'), 0, '... or of no key');
is($node->safe_psql('starter', "SET ROLE starter_reader; SELECT count(*) FROM starter.passages"), 0, 'nothing without a key');
like(as_application($web, undef, $count), qr/permission denied for table passages/, 'nothing without the role of a key');
like(as_application($web, undef, "SELECT * FROM $_", 'starter_writer'), qr/permission denied for table $_/, "... and no role reads $_") for qw(keys tenants);
my $insert = "INSERT INTO collections (tenant_id, name) SELECT id, 'intruder' FROM generate_series(1, 2) id";
like(as_application($web, undef, $insert, 'starter_writer'), qr/violates row-level security/, 'no row is written for another tenant');
like(as_application($reader, undef, "INSERT INTO collections (tenant_id, name) VALUES (1, 'x')", 'starter_writer'), qr/violates row-level security/,
	'the key of a reader does not write as a writer');
is(as_application($other, undef, 'WITH gone AS (DELETE FROM documents RETURNING 1) SELECT count(*) FROM gone; ROLLBACK; BEGIN', 'starter_writer'), 1,
	'a DELETE without WHERE deletes rows of the tenant alone');

# Tenants over HTTP
my ($secret) = @{ (request('GET', $other, '/v1/collections/help/documents'))[1] };
is($secret->{title}, 'Secret', 'documents of the other tenant');
is(problem('DELETE', $web, "/v1/collections/help/documents/$secret->{id}"), "404 there is no document $secret->{id} in help",
	'... cannot be deleted with the key of this one');
is_deeply([ map { $_->{title} } @{ (request('POST', $other, '/v1/collections/help/search', { question => $question, by_document => \1 }))[1] } ],
	['Secret'], '... and are all that it finds');

# What is refused
is(problem('GET', '', '/v1/collections'), '401 the key is missing, not known, expired or revoked', 'no key');
is(status_of('GET', "lk_${web_id}_wrong", '/v1/collections'), 401, 'a wrong secret');
is(status_of('GET', 'lk_none_wrong', '/v1/collections'), 401, 'an unknown key');
is(problem('POST', $reader, '/v1/collections', { name => 'mine' }), '403 the role of this key may not do that', 'a reader that writes');
is(status_of('DELETE', $reader, '/v1/collections/help'), 403, '... or deletes');
is(problem('POST', $web, '/v1/collections', { name => 'help' }), '409 there is already a collection help', 'a name that is taken');
is(problem('POST', $web, '/v1/collections/none/search', { question => 'x' }), '404 there is no collection none', 'a collection that is not there');
my ($status, $body) = request('POST', $web, '/v1/collections/help/search', { question => 'x', limit => 101, more => 1 });
is("$status $body->{detail} " . join(' ', map { $_->{field} } @{ $body->{errors} }), '422 the request is not valid body.limit body.more',
	'values that are not allowed, each named');
is(status_of('POST', $web, '/v1/collections/help/search', '{"question": '), 422, 'no JSON');
is(status_of('POST', $web, '/v1/collections/help/search', { question => "x\0" }), 400, 'what the database does not take');
is(problem('POST', $web, '/v1/collections/help/search', { question => 'x' x 1_000_000 }), '413 a request may have 1000000 bytes', 'a long body');
my $pieces = 20;
is(status_of('POST', $web, '/v1/collections/help/search', sub { $pieces-- ? 'x' x 100_000 : undef }), 413, '... without its length');
is(status_of('GET', '', '/nowhere'), 404, 'no such page');

# Keys: rotation, revocation, expiry
my $next = starter('key', 'rotate', $web_id);
is(status_of('GET', $_, '/v1/collections'), 200, 'both keys hold after a rotation') for $web, $next;
is(starter('key', 'new', 'acme', 'web', 'writer'), undef, 'there is no third one');
is($complaint, 'acme has 2 valid keys named web; revoke one of them first', '... and why');
is(starter('key', 'revoke', $web_id), '', 'the old one is revoked');
is(status_of('GET', $web, '/v1/collections'), 401, '... and no longer holds');
is(status_of('GET', $next, '/v1/collections'), 200, '... the new one does');
is(status_of('GET', starter('key', 'new', 'acme', 'brief', 'reader', '--days', '0'), '/v1/collections'), 401, 'a key that has expired');
like(starter('key', 'list'), qr/^$web_id  acme  web  writer  revoked\n.*  acme  web  writer  until /m, 'the list of keys');
is($node->safe_psql('starter', "SELECT count(*) FROM starter.keys WHERE keys::text LIKE '%" . (split(/_/, $next, 3))[2] . "%'
	OR digest = sha256('" . (split(/_/, $next, 3))[2] . "')"), 0, 'neither a secret nor its hash is stored');

# The page and the OpenAPI page
my $reason = unpack_packages('chromium-driver');

# What the page shows
sub page
{
	return run_program('/usr/bin/python3', "$top/test/examples/starter_page.py", $address, @_);
}

my $openapi = (request('GET', '', '/openapi.json'))[1];
is(join(' ', map { s{^/v1/collections}{}r } sort keys %{ $openapi->{paths} }),
	'/health /ready  /{collection} /{collection}/documents /{collection}/documents/batch /{collection}/documents/{document} /{collection}/search',
	'paths of the interface');
is(join(' ', sort keys %{ $openapi->{components}{securitySchemes} }), 'HTTPBearer', '... which name the key');
SKIP:
{
	skip($reason, 1) if $reason;
	like(page($reader, 'my package never came'), qr/\Aready
help \(5\): \d found
Delivery \(faq, 0\.\d+\)
(?:.*\n)*the key is missing, not known, expired or revoked
10 operations
\z/, 'the page and the OpenAPI page in a browser');
}

# Rates: of the keys of one name, and of wrong keys from one address
my $hasty = starter('key', 'new', 'acme', 'hasty', 'reader');
my @status;
push @status, status_of('GET', $hasty, '/v1/collections') while @status < 500 && ($status[-1] // 0) != 429;
is(pop @status, 429, 'too many requests');
is(join(' ', grep { $_ != 200 } @status), '', '... and no other status');
cmp_ok(scalar(@status), '>=', 120, '... before the rate');
cmp_ok((request('GET', $hasty, '/v1/collections'))[2]{'retry-after'}, '>', 0, '... with the time to wait');
is(problem('GET', $hasty, '/v1/collections'), '429 more requests than 120 per 1 hour', '... and the rate');
is(status_of('GET', $reader, '/v1/collections'), 200, 'others go on');
for (1 .. 100)
{
	last if ($status = status_of('GET', 'lk_none_wrong', '/v1/collections')) == 429;
}
is($status, 429, 'guesses of keys are too many as well');
is(status_of('GET', $reader, '/v1/collections'), 200, '... which hinder no good key');

# A statement that takes too long
my $lock = $node->background_psql('starter');
$lock->query_safe('BEGIN; LOCK TABLE starter.collections');
is(problem('GET', $reader, '/v1/collections'), '503 the request took too long', 'a statement has its time');
$lock->query_safe('COMMIT');

# The database goes away, and comes back
$node->stop('immediate');
wait_for('readiness to end', sub { !is_ready() });
is(problem('GET', '', '/ready'), '503 the database is not available', 'not ready without the database');
is(status_of('GET', '', '/health'), 200, '... but alive');
is(problem('GET', $reader, '/v1/collections'), '503 the database is not available', '... and requests say why');
SKIP:
{
	skip($reason, 1) if $reason;
	is(page(), "the database is not available\n", '... and so does the page');
}
$node->start;
wait_for('readiness to come back', \&is_ready);
is(status_of('GET', $reader, '/v1/collections'), 200, 'requests are answered when the database is back');

# Metrics
my $metrics = (request('GET', '', '/metrics'))[1];
like($metrics, qr/^starter_requests_total\{\Q$_\E\} \d/m, "metrics: $_")
  for 'method="POST",route="/v1/collections/{collection}/search",status="200"', 'method="GET",route="/v1/collections",status="429"',
  'method="GET",route="/ready",status="503"', 'method="GET",route="none",status="404"';
like($metrics, qr/^starter_request_seconds_count\{route="\/v1\/collections"\} [1-9]/m, 'metrics: times');
like($metrics, qr/^starter_pool_connections\{state="open"\} [1-9]/m, 'metrics: connections');

# Methods that a client makes up do not make them longer.  Numbers may get more digits.
sub metrics_length
{
	return length((request('GET', '', '/metrics'))[1] =~ s/ [\d.e+-]+$//gmr);
}

status_of('WHATEVER', '', '/health');
my $length = metrics_length();
status_of("METHOD$_", '', '/health') for 1 .. 1000;
is(metrics_length(), $length, 'metrics: as long after 1,000 unknown methods');
like((request('GET', '', '/metrics'))[1], qr/^starter_requests_total\{method="other",.* 1001\.0$/m, '... which count as others');
$application->signal('TERM');
finish_program($application);

# With a hole, through which a tenant executes SQL; one session serves all
my ($python) = glob("$root/starter/python-*/bin/python");
my @hole = ($python, '-B', "$top/test/examples/starter_hole.py");

sub hole
{
	my ($key, @statements) = @_;

	return request('POST', $key, '/hole', encode_json(\@statements));
}

{
	local %ENV = (%ENV, PGHOST => "$demo/socket", STARTER_POOL => 1);
	start_application(@hole);
}
status_of('GET', $other, '/v1/collections') for 1 .. 10;
is((hole($next, "SELECT set_config('left.behind', 'something', false)"))[0], 200, 'a hole');
is((hole($next, q(DO $$
	DECLARE
		prepared text;
	BEGIN
		SELECT name INTO prepared FROM pg_prepared_statements WHERE statement LIKE '%starter.proof%';
		IF prepared IS NULL THEN
			prepared := '_pg3_0';
		ELSE
			EXECUTE format('DEALLOCATE %I', prepared);
		END IF;
		EXECUTE format('PREPARE %I (text, text, text) AS SELECT set_config(''starter.key'', $1, true),
			set_config(''starter.proof'', $2, true), set_config(''role'', ''starter_'' || $3, true),
			set_config(''left.key'', $1 || '' '' || $2, false)', prepared);
	END $$)))[0], 200, '... through which a statement is put in the place of what the application has prepared');
is(status_of('GET', $other, '/v1/collections'), 200, '... while another tenant uses the session');
my $left = (hole($next, "SELECT coalesce(nullif(current_setting('left.behind', true), ''), 'nothing') AS setting,
	coalesce(nullif(current_setting('left.key', true), ''), 'nothing') AS key, count(*) AS prepared,
	pg_backend_pid() AS session FROM pg_prepared_statements"))[1][0];
is("$left->{setting} $left->{key} $left->{prepared}", 'nothing nothing 0', 'no setting stays, no key of the other tenant, no prepared statement');
is((hole($next, 'SELECT pg_backend_pid() AS session'))[1][0]{session}, $left->{session}, '... in the same session');
is(join(' ', hole($next, ('SELECT pg_sleep(2)') x 3)) =~ s/ .*//r, 503, 'a request has its time for all of its statements');
is(status_of('GET', $other, '/v1/collections'), 200, '... and then others are served');
$application->signal('TERM');
finish_program($application);

# A tenant does not have all connections, nor as many passages as it likes
{
	local %ENV = (%ENV, PGHOST => "$demo/socket", STARTER_SECONDS => 600);
	start_application(@hole);
}
$lock = $node->background_psql('starter');
$lock->query_safe('SELECT pg_advisory_lock(63)');
my @waiting = map { start_program("$PostgreSQL::Test::Utils::tmp_check/waiting_$_", $^X, '-MHTTP::Tiny', '-e', '
	my $response = HTTP::Tiny->new(timeout => 600)->post($ARGV[0], { content => $ARGV[2], headers => {
		"Content-Type" => "application/json", Authorization => "Bearer $ARGV[1]" } }); print $response->{status}',
	"$address/hole", $next, encode_json(['SELECT pg_advisory_xact_lock(63)'])) } 1 .. 4;
$node->poll_query_until('starter', "SELECT count(*) = 4 FROM pg_stat_activity WHERE application_name = 'starter' AND wait_event = 'advisory'")
  or die 'the requests do not wait';
is(problem('GET', $next, '/v1/collections'), '429 more than 4 requests of a tenant at once', 'a tenant has 4 requests at once');
is(status_of('GET', $other, '/v1/collections'), 200, '... and others are served');
$lock->query_safe('SELECT pg_advisory_unlock(63)');
finish_program($_) for @waiting;
is(join(' ', map { slurp_file("$PostgreSQL::Test::Utils::tmp_check/waiting_$_") } 1 .. 4), '200 200 200 200', '... those 4 too');
is(status_of('GET', $next, '/v1/collections'), 200, '... and then that tenant again');
$lock->quit;
status_of('POST', $next, '/v1/collections', { name => 'long' });
is(problem('POST', $next, '/v1/collections/long/documents', { title => 'x', text => "b\n\n" x 2001 }),
	'413 a request may have 2000 passages, and this one has 2001', 'a document of too many passages');
is(problem('POST', $next, '/v1/collections/long/documents/batch', { documents => [ map { { title => "x", text => "b\n\n" x 1001 } } 1, 2 ] }),
	'413 a request may have 2000 passages, and this one has 2002', '... and several of them');
is_deeply((request('GET', $next, '/v1/collections/long/documents'))[1], [], '... are not stored');
is(status_of('POST', $next, '/v1/collections/long/documents', { title => 'x', text => "b\n\n" x 2000 }), 201, 'one of as many as it may have is');
$application->signal('TERM');
finish_program($application);

# Its end: a request that waits for a lock is answered
{
	local $ENV{STARTER_SECONDS} = 600;
	start_application();
}
$lock = $node->background_psql('starter');
$lock->query_safe('BEGIN; LOCK TABLE starter.collections');
my $answer = "$PostgreSQL::Test::Utils::tmp_check/answer";
my $waiting = start_program($answer, $^X, '-MHTTP::Tiny', '-e',
	'my $response = HTTP::Tiny->new->get($ARGV[0], { headers => { Authorization => "Bearer $ARGV[1]" } }); print "status $response->{status}\n"',
	"$address/v1/collections", $reader);
$node->poll_query_until('starter', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'starter' AND wait_event_type = 'Lock'")
  or die 'the request does not wait';
$application->signal('TERM');
wait_for('the application to take no more requests', sub { !HTTP::Tiny->new->get("$address/health")->{success} });
$lock->query_safe('COMMIT');
finish_program($waiting);
is(slurp_file($answer), "status 200\n", 'a request that runs when the application is to end is answered');
is(finish_program($application), 0, '... and then it ends well');

start_application();
$application->signal('INT');
is(finish_program($application), 0, 'Ctrl-C ends it');
is(slurp_file($log), "$address\n", '... without complaint');

$lock->quit;
$node->stop;
done_testing();
