#!/usr/bin/perl
# SPDX-License-Identifier: PostgreSQL
# Run a command.  Where it prints nothing for some seconds, say which step is running.
#
# usage: test/progress.pl COMMAND [ARG...]
#
# A line that begins a step ends with " ...".  Errors and output become one stream.  A
# script whose steps take long begins with
#	[ -n "${LOKIVECTOR_PROGRESS:-}" ] || exec test/progress.pl "$0" "$@"
use strict;
use warnings;
use POSIX ();

my $patience = $ENV{LOKIVECTOR_PATIENCE} // 8;

$ENV{LOKIVECTOR_PROGRESS} = 'yes';
pipe(my $from, my $to) or die "pipe: $!";
my $command = fork() // die "fork: $!";
if (!$command)
{
	POSIX::dup2(fileno $to, 1);
	POSIX::dup2(fileno $to, 2);
	close $to;
	close $from;
	exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n";
}
close $to;
$SIG{INT} = 'IGNORE';
for my $signal ('TERM', 'HUP')
{
	$SIG{$signal} = sub { kill $signal, $command };
}

$| = 1;
# On a terminal one line tells of progress, which the next output takes the place of.  Elsewhere
# only whole lines are printed, so that it cuts none.
my $terminal = -t STDOUT;
my ($step, $began, $last, $line, $shown) = ('', time, time, '', 0);

sub copy
{
	my $text = shift;
	my $before = $line;

	$last = time;
	$line .= $text;
	my $whole = $line =~ s/^(.*\n)//s ? $1 : '';
	print $shown ? "\r\e[K$before" : '', $text if $terminal;
	print $whole if !$terminal;
	$shown = 0;
	for (split /\n/, $whole)
	{
		($step, $began) = ($1, time) if /^(?:# )?(.*) \.\.\.$/;
	}
}

sub tell_progress
{
	my $news = '# still running' . ($step eq '' ? '' : ": $step") . ', ' . (time - $began) . ' s';

	print $terminal ? "\r\e[K" . substr($news, 0, 79) : "$news\n";
	($last, $shown) = (time, 1);
}

# What the command leaves running may keep the pipe open: its own end is what counts
my $status;
while (1)
{
	my $bits = '';
	vec($bits, fileno $from, 1) = 1;
	my $ready = select($bits, undef, undef, defined $status ? 0 : 1);
	if ($ready > 0)
	{
		sysread($from, my $text, 65536) or last;
		copy($text);
	}
	elsif (defined $status)
	{
		last;
	}
	elsif (waitpid($command, POSIX::WNOHANG) > 0)
	{
		$status = $?;
	}
	elsif (time - $last >= ($terminal && $shown ? 1 : $patience))
	{
		tell_progress();
	}
}
print $terminal ? ($shown ? "\r\e[K$line" : '') : $line;
if (!defined $status)
{
	waitpid($command, 0);
	$status = $?;
}
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
