# SPDX-License-Identifier: PostgreSQL
# What the tests of taking over from pgvector share: servers of their own, one
# with pgvector where the machine has it, and the validation of a move.

package TakeoverTest;

use strict;
use warnings;

use Cwd qw(abs_path);
use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use lib 't';
use Documents;

our @EXPORT = qw($top private_server has_pgvector make install_as_vector dump_of restore validate
  step_of_page follow_page follow_shell);

our $top = abs_path('..');

# A copy of a server to install into; its pg_config, and its directory as
# PostgreSQL::Test::Cluster wants it
sub private_server
{
	my ($name, $original) = @_;
	my $tmp = $PostgreSQL::Test::Utils::tmp_check;

	$original //= '$(pg_config --bindir)/pg_config';
	chomp(my $pg_config = `$top/test/prefix.sh $tmp/$name "$original"`);
	chomp(my $prefix = `dirname "\$($pg_config --bindir)"`);
	return ($pg_config, $prefix);
}

# Whether a server has pgvector, and not lokivector in its place
sub has_pgvector
{
	my ($pg_config) = @_;

	chomp(my $control = `$pg_config --sharedir`);
	$control .= '/extension/vector.control';
	return -e $control && slurp_file($control) !~ /lokivector/;
}

# Run make, as if not below another, and without what JIT would inline
sub make
{
	my ($pg_config, @arguments) = @_;
	my ($stdout, $stderr);
	local %ENV = %ENV;

	delete @ENV{qw(MAKEFLAGS MFLAGS MAKELEVEL)};
	my $result = IPC::Run::run([ 'make', '-s', '-C', $top, "PG_CONFIG=$pg_config", 'with_llvm=no', @arguments ],
		'>', \$stdout, '2>', \$stderr);
	return ($result, $stdout . $stderr);
}

sub install_as_vector
{
	my ($pg_config) = @_;
	my ($result, $output) = make($pg_config, 'install-as-vector', 'FORCE=1');

	BAIL_OUT($output) unless $result;
	return;
}

# pg_dump's text, without the random word that new versions have in it
sub dump_of
{
	my ($node, $prefix, $database, @options) = @_;
	my ($stdout, $stderr);

	IPC::Run::run([ "$prefix/bin/pg_dump", @options, '-d', $node->connstr($database) ],
		'>', \$stdout, '2>', \$stderr)
	  or die $stderr;
	$stdout =~ s/^\\(un)?restrict .*\n//mg;
	return $stdout;
}

# Run a script in a database; what psql says, and nothing if all went well
sub restore
{
	my ($node, $prefix, $database, $script) = @_;
	my ($stdout, $stderr);
	my $result = IPC::Run::run(
		[ "$prefix/bin/psql", '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database) ],
		'<', \$script, '>', \$stdout, '2>', \$stderr);

	$stderr =~ s/^(psql:\S+ )?(NOTICE|DETAIL): .*\n//mg;
	return $result ? $stderr : "failed: $stderr";
}

# The verdict of the validation, or what it says of a phase that has none
sub validate
{
	my ($node, $prefix, $database, $phase) = @_;
	my ($stdout, $stderr);

	IPC::Run::run([ "$prefix/bin/psql", '-XAt', '-v', "phase=$phase", '-v', 'queries=10',
			'-f', "$top/sql/takeover/lokivector_validate.sql", '-d', $node->connstr($database) ],
		'>', \$stdout, '2>', \$stderr);
	diag($stderr) unless $stderr eq '' || $stderr =~ /the database is not what it was/;
	diag($_) for grep { /DIFFERENT/ } split(/\n/, $stdout);
	return (grep { /^verdict: / } split(/\n/, $stdout))[0] // $stdout;
}

# A block of doc/migrating-from-pgvector.md, the only one that has some text
sub step_of_page
{
	my ($text) = @_;
	my @found = grep { index($_, $text) >= 0 }
	  map { join("\n", @{ $_->{lines} }, '') } blocks("$top/doc/migrating-from-pgvector.md");

	BAIL_OUT(scalar(@found) . " blocks of the page have: $text") unless @found == 1;
	return $found[0];
}

sub enter_directory
{
	chdir $PostgreSQL::Test::Utils::tmp_check or die $!;
	return;
}

# What an administrator does who follows the page: a block typed into psql, in a database that
# PGDATABASE names; what psql complains of
sub follow_page
{
	my ($node, $prefix, $database, $block, @options) = @_;
	my ($stdout, $stderr);

	local %ENV = (%ENV, $node->_get_env(PGDATABASE => $database));
	IPC::Run::run([ "$prefix/bin/psql", '-X', @options ], '<', \$block, '>', \$stdout, '2>', \$stderr,
		init => \&enter_directory);
	$stderr =~ s/^(psql:\S+ )?(NOTICE|DETAIL): .*\n//mg;
	return $stderr;
}

# A block given to the shell, in the directory of the test
sub follow_shell
{
	my ($node, $prefix, $block) = @_;
	my ($stdout, $stderr);

	local %ENV = (%ENV, $node->_get_env(PATH => "$prefix/bin:$ENV{PATH}"));
	my $result = IPC::Run::run([ 'sh', '-c', $block ], '>', \$stdout, '2>', \$stderr,
		init => \&enter_directory);
	return ($result, $stdout, $stderr);
}

1;
