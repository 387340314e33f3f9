# SPDX-License-Identifier: PostgreSQL
# Samples of what a release stores (test/formats/README.md): making one of what is
# installed, and putting one into a new server.

package FormatSample;

use strict;
use warnings;

use Exporter 'import';
use File::Path qw(make_path);
use FindBin;
use PostgreSQL::Test::Utils;

use LokiTest;

our @EXPORT = qw(make_sample load_sample answers_of);

use constant PAGE => 8192;

# Names and paths of the files that a sample has: of tables, of their TOAST tables, and
# of the extension's indexes.  TOAST tables are named after their tables.
my $relations = q(
	SELECT coalesce('toast.' || t.relname, c.relname), pg_relation_filepath(c.oid)
	FROM pg_class c LEFT JOIN pg_class t ON t.reltoastrelid = c.oid LEFT JOIN pg_am a ON a.oid = c.relam
	WHERE (c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace OR
		t.relnamespace = 'public'::regnamespace OR a.amname IN ('hnsw', 'ivfflat')) AND
		pg_relation_size(c.oid) > 0
	ORDER BY 1);

# OIDs that rows have in them: of the elements of arrays, and in pointers to TOAST tables.
# Those of a sample are such that no other four bytes are likely to be equal to one.
use constant FIRST_OID => 0xD96B5A17;
my $oids = q(
	SELECT typname, oid::bigint FROM pg_type WHERE typname IN ('vector', 'halfvec')
	UNION ALL
	SELECT 'toast.' || relname, reltoastrelid::bigint FROM pg_class
	WHERE relnamespace = 'public'::regnamespace AND reltoastrelid <> 0
	ORDER BY 1);

my $tables = q(SELECT relname FROM pg_class
	WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace);

sub pairs { return map { [ split /\|/ ] } split(/\n/, $_[0]) }

# A file's pages without what is of the server that wrote them: the place in WAL, and what
# rows of a table's page have left in its free space
sub plain_pages
{
	my ($file, $is_table) = @_;
	my $bytes = slurp_file($file);

	die "$file: not a number of pages" if length($bytes) % PAGE;
	for (my $at = 0; $at < length($bytes); $at += PAGE)
	{
		my ($lower, $upper) = unpack('x12 v v', substr($bytes, $at, 16));

		substr($bytes, $at, 8) = "\0" x 8;
		substr($bytes, $at + $lower, $upper - $lower) = "\0" x ($upper - $lower)
		  if $is_table && $upper > $lower;
	}
	return $bytes;
}

# A script of a sample: its own, or the one that samples have which have none
my $scripts = "$FindBin::RealBin/../formats";

sub script_of
{
	my ($sample, $name) = @_;
	return slurp_file(-e "$sample/$name" ? "$sample/$name" : "$scripts/$name");
}

# The text of answers.sql's answers; with exact, no index of the extension is used
sub answers_of
{
	my ($node, $sample, $exact) = @_;
	my $how = $exact ? 'SET enable_indexscan = off; SET enable_bitmapscan = off;' : 'SET enable_seqscan = off;';

	return $node->safe_psql('postgres', $how . script_of($sample, 'answers.sql')) . "\n";
}

# Write the sample of what is installed, by a new server without checksums, which is stopped
# then.  The script is that which installed the extension.
sub make_sample
{
	my ($node, $script, $sample) = @_;
	my $files = "$sample/files";

	make_path($files);
	$node->stop;
	system_or_bail('pg_resetwal', '-o', FIRST_OID, $node->data_dir);
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION lokivector');
	write_binary("$sample/install.sql", slurp_file($script));
	system_or_bail('gzip', '-n9f', "$sample/install.sql");
	$node->safe_psql('postgres', slurp_file("$scripts/$_")) foreach 'schema.sql', 'rows.sql';

	# Rows that need no transaction's status; indexes keep the entries of the dead ones
	$node->safe_psql('postgres', 'VACUUM (FREEZE, INDEX_CLEANUP off)');
	write_binary("$sample/answers.out", answers_of($node, $sample, 0));
	my @relations = pairs($node->safe_psql('postgres', $relations));
	write_binary("$files/oids", $node->safe_psql('postgres', $oids) . "\n");
	my %is_table = map { $_ => 1 } split(/\n/, $node->safe_psql('postgres', $tables));
	$node->stop;
	foreach my $relation (@relations)
	{
		my ($name, $path) = @$relation;

		write_binary("$files/$name", plain_pages($node->data_dir . "/$path", $is_table{$name} || $name =~ /^toast\./));
	}
	system_or_bail('tar', '-C', $files, '--sort=name', '--owner=0', '--group=0', '--mtime=@0',
		'-cf', "$sample/files.tar", '.');
	system_or_bail('xz', '-9ef', "$sample/files.tar");
	File::Path::remove_tree($files);
	return;
}

# Put a sample's tables and indexes into a new server that has the extension, and is
# without checksums
sub load_sample
{
	my ($node, $sample, $dir) = @_;
	my ($oid, %path, %other);

	make_path($dir);
	system_or_bail('tar', '-C', $dir, '-xJf', "$sample/files.tar.xz");
	$node->safe_psql('postgres', script_of($sample, 'schema.sql'));
	# a file of more than no pages has a name in $relations
	(my $all = $relations) =~ s/AND\s+pg_relation_size\(c\.oid\) > 0//;
	%path = map { @$_ } pairs($node->safe_psql('postgres', $all));
	my %is_table = map { $_ => 1 } split(/\n/, $node->safe_psql('postgres', $tables));
	%other = map { @$_ } pairs($node->safe_psql('postgres', $oids));
	$node->stop;

	my %patch = map { pack('V', $_->[1]) => pack('V', $other{ $_->[0] }) } pairs(slurp_file("$dir/oids"));
	my $pattern = join('|', map { quotemeta } keys %patch);
	foreach my $file (glob("$dir/*"))
	{
		my ($name) = $file =~ m{([^/]*)$};
		my $bytes = slurp_file($file);

		next if $name eq 'oids';
		$bytes =~ s/($pattern)/$patch{$1}/gs if $is_table{$name};
		my $to = $node->data_dir . '/' . ($path{$name} // die "no relation $name");
		write_binary($to, $bytes);
		unlink("${to}_fsm", "${to}_vm");
	}
	$node->start;

	# B-trees are made here, those of TOAST tables first, as rows are read through them
	my @btrees = split(/\n/, $node->safe_psql('postgres', q(
		SELECT i.indexrelid::regclass FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		JOIN pg_am a ON a.oid = c.relam JOIN pg_class t ON t.oid = i.indrelid
		WHERE a.amname = 'btree' AND i.indexrelid >= 16384 ORDER BY t.relkind <> 't', 1)));
	$node->safe_psql('postgres', "REINDEX INDEX $_") foreach @btrees;
	return;
}

1;
