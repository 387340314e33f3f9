# SPDX-License-Identifier: PostgreSQL
# The examples: each command of an example's README prints what the README shows.
#
# usage: readme.pl NAME...
#
# A block of text after a command is all that the command prints; a line "..." stands for
# any lines, and a block "text example" is not compared.  What is found depends on the
# manual, so texts are compared where the manual is that of examples/README.md; with
# another, and for what is not compared, the command has to end well and print something.

use strict;
use warnings;

use Digest::SHA qw(sha1_hex);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib 'operations';
use Documents;
use OperationsTest;

sub skip_rest
{
	my ($reason) = @_;

  SKIP: { skip($reason, 1); }
	done_testing();
	exit;
}

my ($manual) = sort { ($b =~ /doc-(\d+)/)[0] <=> ($a =~ /doc-(\d+)/)[0] }
  glob('/usr/share/doc/postgresql-doc-*/html');
skip_rest('the manual is not installed (postgresql-doc)') if !$manual;
skip_rest('/usr/bin/python3 with numpy is not installed')
  if !-x '/usr/bin/python3' || system('/usr/bin/python3', '-c', 'import numpy') != 0;
my ($version) = slurp_file("$manual/index.html") =~ /PostgreSQL (\d+[\d.]*\w*) Documentation/;
my ($shown) = slurp_file("$top/examples/README.md") =~ /manual of PostgreSQL (\d[\d.]*\d)/;

my ($node, $demo) =
  start_demo('examples', "shared_buffers = 128MB\nmaintenance_work_mem = 256MB\njit = off\nfsync = off\n");

# Embeddings stay for the next run with the same programs, manual and server
my $key = sha1_hex($version, major(), map { slurp_file($_) } sort glob("$top/demo/*.py"));
my $corpus = "$root/examples/corpus-$key";
if (!-e $corpus)
{
	local %ENV = (%ENV, PGHOST => "$demo/socket", PGUSER => 'postgres', PGDATABASE => 'manual');
	run_program('rm', '-rf', glob("$root/examples/corpus-*"));
	run_program('/usr/bin/python3', "$top/demo/corpus.py", '--html', $manual, '--out', "$corpus.new");
	rename("$corpus.new", $corpus) or die "$corpus: $!";
}
rmdir("$demo/corpus");
symlink($corpus, "$demo/corpus");
load_demo($node, $demo);

sub check_command
{
	my ($name, $command, $text) = @_;
	my ($stdout, $stderr);

	IPC::Run::run([ 'bash', '-c', "cd '$top' && $command" ], '<', '/dev/null', '>', \$stdout, '2>', \$stderr);
	my $status = $? >> 8;

  SKIP:
	{
		# Status 3 says that packages cannot be had
		skip("$name: " . ((split(/\n/, $stderr))[-1] // 'no packages'), 1) if $status == 3;
		if ($status != 0 || $stdout eq '')
		{
			fail("$name: $command") or diag("status $status\n$stdout$stderr");
			return;
		}
		pass("$name: $command");
		return if !$text;
		skip("$name: README shows the manual of PostgreSQL $shown, here is that of $version", 1)
		  if $version ne $shown;
		my @printed = split(/\n/, $stdout);
		if (grep { $_ eq '...' } @$text)
		{
			is(missing($text, \@printed), undef, "$name: prints what README shows") or diag($stdout);
		}
		else
		{
			is(join("\n", map { plain($_) } @printed), join("\n", map { plain($_) } @$text),
				"$name: prints what README shows");
		}
	}
	return;
}

# Run a check beside an endpoint with OpenAI's interface
sub with_endpoint
{
	my ($check) = @_;
	my $log = "$PostgreSQL::Test::Utils::tmp_check/endpoint.log";
	my $endpoint = start_program($log, '/usr/bin/python3', "$top/test/examples/endpoint.py");
	my $port;

	wait_for('the endpoint', sub { -e $log && (($port) = slurp_file($log) =~ /^port (\d+)\n/m) });
	local %ENV = (%ENV, LOKIVECTOR_MODEL_URL => "http://127.0.0.1:$port/v1/",
		LOKIVECTOR_MODEL => 'a-model', LOKIVECTOR_MODEL_KEY => 'a-key');
	$check->("http://127.0.0.1:$port/v1");
	stop_program($endpoint);
	return;
}

# A model is asked with the prompt, and only passages that were given are cited
sub check_answer
{
	my $command = 'examples/run.sh rag "How does TRUNCATE differ from DELETE?"';
	my $output = `cd '$top' && $command`;
  SKIP:
	{
		skip('rag: no packages', 1) if $? >> 8 == 3;
		like($output, qr{\A/v1/chat/completions, Bearer a-key, a-model: \d+ marks \[2\] and \[99\]\n\n\[2\] .*\n\z},
			'rag: asks the model of LOKIVECTOR_MODEL_URL');
	}
	return;
}

# Texts become vectors
sub check_vectors
{
	local %ENV = (%ENV, LOKIVECTOR_MODEL_URL => shift);
	my $given = length('/v1/embeddings, Bearer a-key, a-model');

	is(run_program('/usr/bin/python3', "$top/examples/quickstart/endpoint.py", 'a', 'text'),
		'[' . ($given + 1) . ', ' . ($given + 4) . "]\n", 'quickstart: vectors of the model of LOKIVECTOR_MODEL_URL');
	return;
}

# The page, used in a browser, shows what the README's block of text has
sub check_page
{
	my ($text) = map { $_->{lines} } grep { "$_->{language}$_->{rest}" eq 'text' } @_;
	local %ENV = %ENV;
	my $reason = unpack_packages('chromium-driver');

  SKIP:
	{
		skip("semantic_search: $reason", 1) if $reason;
		check_command('semantic_search',
			'/usr/bin/python3 test/examples/browser.py examples/run.sh semantic_search 0', $text);
	}
	return;
}

for my $name (@ARGV)
{
	my @blocks = blocks("$top/examples/$name/README.md");

	# It serves until it is interrupted
	if ($name eq 'semantic_search')
	{
		check_page(@blocks);
		next;
	}
	while (my $block = shift @blocks)
	{
		next if $block->{language} ne 'sh';
		my $next = $blocks[0];
		my $text = $next && "$next->{language}$next->{rest}" eq 'text' ? $next->{lines} : undef;
		my @lines = split(/\n/, join("\n", @{ $block->{lines} }) =~ s/\\\n\s*/ /gr);
		my @commands = grep { /^examples\/run\.sh / } @lines;

		check_command($name, $_, $_ eq $commands[-1] ? $text : undef) for @commands;
	}
	with_endpoint(\&check_answer) if $name eq 'rag';
	with_endpoint(\&check_vectors) if $name eq 'quickstart';
}

$node->stop;
done_testing();
