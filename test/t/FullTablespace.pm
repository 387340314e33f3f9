# SPDX-License-Identifier: PostgreSQL
# A tablespace that has as much room as a test leaves it.
#
# It is a tmpfs of this test's own, mounted in namespaces of its own: using this module
# runs the test again inside.  Another file takes what is not to be left.  Where this user
# may not mount one, the server is given a limit of the size that files may have.

package FullTablespace;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Utils;

our $tmpfs;

BEGIN
{
	# the user's own number in the second namespace: servers do not run as root
	my $mount = 'mount -t tmpfs -o size=64m tmpfs "$1" && shift && ' .
	  "exec unshare -U --map-user=$> --map-group=" . ($) + 0) . ' "$@"';

	$tmpfs = $ENV{LOKIVECTOR_TMPFS};
	if (!defined $tmpfs)
	{
		require File::Temp;
		# where the suite cleans up
		my $dir = File::Temp::tempdir($ENV{TESTDATADIR} ? (DIR => $ENV{TESTDATADIR}) : ());
		my @command = ('unshare', '-Urm', 'sh', '-c', $mount, 'sh', $dir);

		if (system("exec 2>/dev/null; '" . join("' '", @command) . "' true") == 0)
		{
			$ENV{LOKIVECTOR_TMPFS} = $dir;
			exec @command, $^X, (map { "-I$_" } @INC), $0;
		}
		rmdir $dir;
	}
}

our @EXPORT = qw($tmpfs can_be_full create_tablespace leave_room);

# Whether there is a way here
sub can_be_full
{
	return $tmpfs || system('prlimit --version >/dev/null 2>&1') == 0;
}

# The clause that puts an index into the tablespace, which this makes; '' without a tmpfs
sub create_tablespace
{
	my ($node) = @_;

	return '' unless $tmpfs;
	$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$tmpfs'");
	return 'TABLESPACE small';
}

# Room that the tmpfs has, in bytes
sub room
{
	my ($out) = run_command([ 'df', '--output=avail', '-B1', $tmpfs ]);

	return (split /\n/, $out)[-1];
}

# From now on so much room is left for files of indexes, undef: as much as they like.  Where
# files get a limit, it is so much above the size of this relation.
sub leave_room
{
	my ($node, $relation, $bytes) = @_;

	if (!$tmpfs)
	{
		my ($pid) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
		my $limit = defined $bytes
		  ? $bytes + $node->safe_psql('postgres', "SELECT pg_relation_size('$relation')") : 'unlimited';

		system('prlimit', '--pid', $pid, "--fsize=$limit:unlimited") == 0 or die 'prlimit failed';
		return;
	}
	unlink "$tmpfs/filler";
	if (defined $bytes)
	{
		my $filler = room() - $bytes;

		open my $fh, '>', "$tmpfs/filler" or die "$tmpfs/filler: $!";
		$fh->autoflush;
		while ($filler > 0)
		{
			my $step = $filler > 65536 ? 65536 : $filler;

			print $fh "\0" x $step or die "$tmpfs/filler: $!";
			$filler -= $step;
		}
		close $fh;
	}
	return;
}

1;
