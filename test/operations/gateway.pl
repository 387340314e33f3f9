# SPDX-License-Identifier: PostgreSQL
# The gateway of operations/gateway over the tables of the demo, with a small manual: right
# rows, row security by key, and the status of what is refused.

use strict;
use warnings;

use HTTP::Tiny;
use JSON::PP qw(decode_json encode_json);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib 'operations';
use OperationsTest;

my ($node, $demo) = start_demo('gateway');

# Paragraphs of four words in turn, in three parts; the word's axis is nearest to them
my @words = qw(sort lock backup index);

sub vector
{
	my ($axis, $other) = @_;
	my @elements = (0) x 256;

	$elements[$axis] = 1;
	$elements[$other] += 0.3 if defined $other;
	return '[' . join(',', @elements) . ']';
}

sub write_copy
{
	my ($table, @rows) = @_;

	append_to_file("$demo/corpus/$table.copy", join('', map { join("\t", @$_) . "\n" } @rows));
	return;
}

write_copy('parts', map { [ $_, "Part $_" ] } 1 .. 3);
write_copy('chapters', map { [ $_, $_, "Chapter $_" ] } 1 .. 3);
write_copy('lexemes', map { [ $words[$_], vector($_) ] } 0 .. 3);
write_copy('questions', [ 1, 'how to sort' ]);
write_copy('paragraphs', map {
	[ $_, 'page.html', 1 + $_ % 3, 1 + $_ % 3, "Title $_", '', 'f', 20, '\N',
		"about $words[$_ % 4]", vector($_ % 4, 4 + $_ % 250) ]
} 1 .. 2400);
load_demo($node, $demo);

# Keys, which need the packages
my $run = "$top/operations/gateway/run.sh";

sub key
{
	my @arguments = @_;

	my ($key, $messages);

	# npm may have something to say
	IPC::Run::run([ $run, 'key', @arguments ], '<', '/dev/null', '>', \$key, '2>', \$messages) or die $messages;
	chomp $key;
	return $key;
}

my $all = eval { key('all', 'api_reader', '1,2,3') };
if (!defined $all && $@ =~ /(node 18 or later.*|npm could not install.*)/)
{
  SKIP: { skip($1, 1); }
	done_testing();
	exit;
}
die $@ unless defined $all;
my $second = key('second', 'api_reader', '2');

my $port = free_port();
$ENV{GATEWAY_PORT} = $port;
@ENV{qw(GATEWAY_RATE GATEWAY_BYTES)} = (20, 15000);
my $log = "$PostgreSQL::Test::Utils::tmp_check/gateway.log";
my $gateway = start_program($log, $run);
wait_for('the gateway', sub { -e $log && slurp_file($log) =~ /^listening/m });

# Status and decoded body of a request
sub request
{
	my ($key, $content) = @_;
	my $response = HTTP::Tiny->new(timeout => $PostgreSQL::Test::Utils::timeout_default)->request('POST', "http://127.0.0.1:$port/graphql", {
			headers => { 'Content-Type' => 'application/json',
				$key ? (Authorization => "Bearer $key") : () },
			content => ref $content ? encode_json($content) : $content });

	diag($response->{content}) if $response->{status} == 599;
	return ($response->{status}, eval { decode_json($response->{content}) }, $response->{headers});
}

my $query = 'query ($question: Question!, $k: NumberOfRows, $part: Int) '
  . '{ matchItemsList(question: $question, k: $k, part: $part) { id partId body distance } }';

sub search
{
	my ($key, %variables) = @_;

	return request($key, { query => $query, variables => \%variables });
}

# Right rows
my ($status, $body) = search($all, question => 'How do I sort?', k => 6);
is($status, 200, 'a search') or diag(slurp_file($log));
my @found = @{ $body->{data}{matchItemsList} };
is(join(' ', map { $_->{body} } @found), join(' ', ('about sort') x 6), 'the nearest paragraphs');
is_deeply([ map { $_->{distance} } @found ], [ sort { $a <=> $b } map { $_->{distance} } @found ], 'in order');
(undef, $body) = search($all, question => 'lock', k => 5, part => 3);
is(join(' ', map { "$_->{partId} $_->{body}" } @{ $body->{data}{matchItemsList} }),
	join(' ', ('3 about lock') x 5), 'of a part');
(undef, $body) = search($all, question => 'zebra');
is_deeply($body, { data => { matchItemsList => [] } }, 'a question of unknown words');

# The key says which parts there are
(undef, $body) = search($second, question => 'lock', k => 100);
is(join(' ', map { $_->{partId} } @{ $body->{data}{matchItemsList} }), join(' ', (2) x 100),
	'a key of one part sees this part');
(undef, $body) = search($second, question => 'lock', k => 5, part => 3);
is_deeply($body, { data => { matchItemsList => [] } }, '... and no other, by its number neither');
(undef, $body) = search(key('empty', 'api_reader', ''), question => 'lock');
is_deeply($body, { data => { matchItemsList => [] } }, 'a key of no part sees none');
cmp_ok($node->safe_psql('manual', 'SELECT scans FROM lokivector_stat_indexes'), '>=', 4,
	'the index answers');

# Schema
($status, $body) = request($all, { query => '{ __schema { queryType { fields { name args { name } } } } }' });
my ($field) = grep { $_->{name} eq 'matchItemsList' } @{ $body->{data}{__schema}{queryType}{fields} };
is(join(' ', map { $_->{name} } @{ $field->{args} }), 'question k part first offset',
	'the schema has the function');

# What is refused
my %sort = (question => 'sort');
is((search('', %sort))[0], 401, 'no key');
is((search('x' . $all, %sort))[0], 401, 'a key that is no key');
my ($head, $claims, $signature) = split(/\./, $all);
my $forged = join('.', $head, (split(/\./, $second))[1], $signature);
is((search($forged, %sort))[0], 401, 'claims of another key');
is((search(key('guest', 'api_guest', '1'), %sort))[0], 403, 'a role that may not search');
is((search(key('intruder', 'postgres', '1'), %sort))[0], 403, 'a role that the gateway may not become');
($status, $body) = search($all, %sort, k => 101);
is($status, 400, 'too many rows');
like($body->{errors}[0]{message}, qr/number_of_rows/, '... and why');
is((search($all, question => ''))[0], 400, 'an empty question');
is((search($all, %sort, k => 'many'))[0], 400, 'a number that is none');
is((request($all, '{"query": '))[0], 400, 'no JSON');
is((request($all, { query => '{ paragraphs { id } }' }))[0], 400, 'a table is not there');
is((request($all, { query => '{ a: matchItemsList(question: "sort") { id } b: matchItemsList(question: "lock") { id } }' }))[0],
	400, 'two searches in a request');
is((request($all, { query => $query, variables => { question => 'x' x 20000 } }))[0], 413, 'a long body');

# What an answer can grow to
sub error_of
{
	my ($key, $fields, $more) = @_;
	my ($code, $answer) = request($key, { query => "{ matchItemsList(question: \"sort\", k: 100) { $fields } }" . ($more // '') });

	return "$code " . ($answer->{errors}[0]{message} // '');
}

my $large = key('large', 'api_reader', '1,2,3');
is(error_of($large, join(' ', map { "a$_: body" } 1 .. 5)), '200 ', 'a few aliases');
is(error_of($large, join(' ', map { "a$_: body" } 0 .. 149)), '400 a request may have 5 aliases', 'many aliases');
is(error_of($large, '...F', ' fragment F on MatchItemsRecord { ' . join(' ', map { "a$_: body" } 1 .. 6) . ' }'),
	'400 a request may have 5 aliases', '... in a fragment');
is(error_of($large, 'id ' x 50), '400 a request may have 50 fields', 'many fields');
is(error_of($large, '...F0', join('', map { " fragment F$_ on MatchItemsRecord { " . "...F@{[$_ + 1]} " x 9 . '}' } 0 .. 19)
		. ' fragment F20 on MatchItemsRecord { id }'),
	'400 a request may have 50 fields', 'fragments of fragments');
is((request($large, { query => '{ __schema { types { fields { type { fields { name } } } } } }' }))[0], 400, 'many levels');
is(error_of($large, 'id partId title section body distance ' . join(' ', map { "a$_: body" } 1 .. 5)),
	'400 the answer has more than 15000 bytes; ask for fewer rows or fields',
	'a large answer');

# A rate of each name
my $patient = key('patient', 'api_reader', '1');
my $hasty = key('hasty', 'api_reader', '1');
my @status;
while (@status < 200 && ($status[-1] // 0) != 429)
{
	push @status, (search($hasty, %sort, k => 1))[0];
}
is(pop @status, 429, 'too many requests');
is(join(' ', grep { $_ != 200 } @status), '', '... and no other status');
cmp_ok(scalar(@status), '>=', 20, '... before the rate');
my $headers = (search($hasty, %sort))[2];
cmp_ok($headers->{'retry-after'}, '>', 0, '... with the time to wait');
is((search($patient, %sort))[0], 200, 'others go on');
for (1 .. 60)
{
	($status) = search('', %sort);
	last if $status == 429;
}
is($status, 429, 'guesses of keys are too many as well');

# Nothing of a fault of ours is told
$node->safe_psql('manual', 'ALTER TABLE lexemes RENAME TO words');
($status, $body) = search($patient, %sort);
is("$status $body->{errors}[0]{message}", '500 the request could not be answered', 'a fault of the server');

stop_program($gateway);
$node->stop;
done_testing();
