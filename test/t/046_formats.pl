# SPDX-License-Identifier: PostgreSQL
# What releases stored is read, searched, changed and rebuilt by what is installed, also on
# a standby (test/formats/README.md).  With LOKIVECTOR_FORMAT_SAMPLE, the sample that the
# installed makes is kept in that directory.

use Cwd qw(abs_path);
use FindBin;
use lib $FindBin::RealBin;
use FormatSample;
use LokiTest;

my $top = abs_path("$FindBin::RealBin/../..");
my $tmp = $PostgreSQL::Test::Utils::tmp_check;

# A copy of the server, into which scripts of earlier versions are put
chomp(my $pg_config = `$top/test/prefix.sh $tmp/pg "\$(pg_config --bindir)/pg_config"`);
chomp(my $prefix = `dirname "\$($pg_config --bindir)"`);
chomp(my $scripts = `$pg_config --sharedir`);
$scripts .= '/extension';
my ($current) = slurp_file("$scripts/lokivector.control") =~ /^default_version = '(.*)'/m;

my $byte_order = unpack('L', pack('C4', 1, 2, 3, 4)) == 0x04030201;

plan skip_all => 'samples are of machines with little-endian bytes' unless $byte_order;

# Every index is sound, has the rows of its table, and finds the nearest: nearly all, as some
# have few links or bits
sub check_indexes
{
	my ($node, $name) = @_;
	my @indexes = split(/\n/, $node->safe_psql('postgres', q(
		SELECT c.relname FROM pg_class c JOIN pg_am a ON a.oid = relam
		WHERE amname IN ('hnsw', 'ivfflat') ORDER BY 1)));
	my @faults;

	foreach my $index (@indexes)
	{
		my ($result, $stdout, $stderr) = $node->psql('postgres', qq(
			SET hnsw.ef_search = 1000;
			SELECT nullif(lokivector_check('$index', true), 'sound');
			SELECT '$index ' || recall FROM lokivector_recall('$index', 100)
			WHERE (recall >= 0.98) IS NOT TRUE;));

		$stdout =~ s/^\s+//;
		push @faults, $stderr . $stdout if $result != 0 || $stdout ne '';
	}
	ok(@indexes > 0, "$name: there are indexes");
	is(join("\n", @faults), '', "$name: they are sound, and find the nearest");
	return;
}

# Insert, update, delete and vacuum, until nodes are used again
my $changes = q(
	INSERT INTO items (id, v, h, s, b, category, name, tags)
		SELECT id + 5000, v, h, s, b, category, name || ' new', tags FROM items WHERE id % 4 = 0;
	INSERT INTO short SELECT id + 5000, v * v FROM short;
	INSERT INTO long SELECT id + 5000, v FROM long WHERE id % 4 = 0;
	INSERT INTO grown SELECT id + 5000, subvector(v, 9, 56) || subvector(v, 1, 8), c FROM grown;
	UPDATE items SET category = category + 1 WHERE id % 7 = 0;
	DELETE FROM items WHERE id % 3 = 0;
	DELETE FROM short WHERE id % 3 = 0;
	DELETE FROM long WHERE id % 3 = 0;
	DELETE FROM grown WHERE id % 3 = 0;
	DO $$ BEGIN
		-- 0.1.0 had no such table
		IF to_regclass('crowds') IS NOT NULL THEN
			INSERT INTO crowds SELECT id + 5000, subvector(v, 9, 56) || subvector(v, 1, 8), c FROM crowds;
			DELETE FROM crowds WHERE id % 7 = 2;
		END IF;
	END $$;);

# A server with the extension of that version, and what the sample has
sub server_with
{
	my ($sample, $name, $version) = @_;
	my $node = damaged_node("of_$name", allows_streaming => 1, install_path => $prefix);

	system_or_bail("gzip -dc $sample/install.sql.gz >$scripts/lokivector--$version.sql")
	  if $version ne $current;
	$node->start;
	$node->safe_psql('postgres', "CREATE EXTENSION lokivector VERSION '$version'");
	load_sample($node, $sample, "$tmp/files_$name") if -e "$sample/files.tar.xz";
	return $node;
}

# The steps from an earlier version to the installed one
sub try_update
{
	my ($node, $name) = @_;

	$node->safe_psql('postgres', 'ALTER EXTENSION lokivector UPDATE; CREATE DATABASE fresh');
	$node->safe_psql('fresh', 'CREATE EXTENSION lokivector');
	is(catalog_of($node, 'postgres', 'lokivector'), catalog_of($node, 'fresh', 'lokivector'),
		"$name: the catalog is updated to that of $current");
	return;
}

# Indexes of a format that is no longer read are refused, and rebuilt by the procedure
sub try_rebuild
{
	my ($node, $sample, $name) = @_;
	my ($result, $stdout, $stderr) =
	  $node->psql('postgres', q(SET enable_seqscan = off; SELECT id FROM short ORDER BY v <-> '[1,2,3,4,5]' LIMIT 1));

	like($stderr, qr/has format version \d+, which.*\nHINT:  Please REINDEX it/, "$name: indexes are refused");
	is(answers_of($node, $sample, 1), slurp_file("$sample/answers.out"), "$name: tables are read");
	try_update($node, $name);
	$node->safe_psql('postgres', 'CALL lokivector_rebuild_incompatible_indexes()');
	return;
}

# Versions of whose formats that is so
my %rebuilt = ('0.1.0' => 1);

sub try_sample
{
	my ($sample, $name, $version) = @_;
	my $node = server_with($sample, $name, $version);
	my $expected = slurp_file("$sample/answers.out");

	try_rebuild($node, $sample, $name) if $rebuilt{$version};
	check_indexes($node, $name);
	is(answers_of($node, $sample, 1), $expected, "$name: rows are what they were");
	is(answers_of($node, $sample, 0), $expected, "$name: so are answers by index");
	is( $node->safe_psql('postgres', q(
			SELECT pending = 0, free > 0, rows > (SELECT count(*) FROM grown), calibrated_nodes > 0
			FROM lokivector_index_info('grown_l2'))),
		't|t|t|t', "$name: there are codes, nodes freed, entries of dead rows kept, recall measured")
	  unless $rebuilt{$version};
	is( $node->safe_psql('postgres', q(
			SELECT (SELECT centers > 1 FROM lokivector_index_info('crowds_l2')), (SELECT centers > 1 FROM lokivector_index_info('crowds_ip')))),
		't|t', "$name: codes have local centers")
	  unless $rebuilt{$version};
	try_update($node, $name) if $version ne $current && !$rebuilt{$version};

	my $standby = loki_standby($node, '', "standby_of_$name");
	check_indexes($standby, "$name, standby");
	is(answers_of($standby, $sample, 0), $expected, "$name, standby: answers by index");

	$node->safe_psql('postgres', $changes);
	$node->safe_psql('postgres', 'VACUUM');
	check_indexes($node, "$name, after changes and vacuum");
	my $changed = answers_of($node, $sample, 1);
	isnt($changed, $expected, "$name: answers have changed");
	is(answers_of($node, $sample, 0), $changed, "$name: answers by index as well");
	$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
	check_indexes($standby, "$name, standby, after these");
	is(answers_of($standby, $sample, 0), $changed, "$name, standby: answers by index have changed");

	$node->safe_psql('postgres', "REINDEX TABLE $_") foreach qw(items long grown);
	check_indexes($node, "$name, after REINDEX");
	is(answers_of($node, $sample, 0), $changed, "$name, after REINDEX: answers by index");
	$standby->stop;
	$node->stop;
	return;
}

# The sample of what is installed, as it is kept for later releases
my $made = $ENV{LOKIVECTOR_FORMAT_SAMPLE} || "$tmp/made";
my $node = damaged_node('maker', install_path => $prefix);
$node->start;
make_sample($node, "$scripts/lokivector--$current.sql", $made);
ok(-s "$made/files.tar.xz" < 800_000, 'a sample is small') or diag(-s "$made/files.tar.xz");
try_sample($made, 'made_here', $current);

foreach my $sample (sort glob("$top/test/formats/*.*.*"))
{
	my ($version) = $sample =~ m{([^/]*)$};

	# the sample that was just made takes the place of this one
	next if $ENV{LOKIVECTOR_FORMAT_SAMPLE} && $version eq $current;
	try_sample($sample, $version, $version);
}

done_testing();
