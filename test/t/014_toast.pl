# SPDX-License-Identifier: PostgreSQL
# Where an index says that vectors lie in the TOAST table: whatever a damaged or
# outdated page says there, answers are those of the table; a standby knows what
# an insert noted.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $version = (`pg_config --version` =~ /(\d+)/)[0];
my $node = loki_node('main', allows_streaming => 1,
	$version >= 18 ? (extra => ['--no-data-checksums']) : ());
$node->start;
$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE FUNCTION vec(n int) RETURNS vector AS $$
		SELECT array_agg(hashint8extended(n, i)::float8 / 9223372036854775807 ORDER BY i)::vector
		FROM generate_series(1, 600) i $$ LANGUAGE sql IMMUTABLE;
	CREATE TABLE t (id int, v vector(600));
	INSERT INTO t SELECT i, vec(i) FROM generate_series(1, 200) i;
	CREATE INDEX t_idx ON t USING hnsw (v vector_l2_ops)));
my $standby = loki_standby($node);

# Distances of all rows to three queries, by index or by table.  A LIMIT of more
# rows than there are is answered in order, whatever the walk finds.
sub answers
{
	my ($server, $by_index) = @_;
	my $off = $by_index ? 'enable_seqscan' : 'enable_indexscan';
	return $server->safe_psql('postgres', qq(
		SET $off = off;
		SET hnsw.ef_search = 400;
		SELECT q, (SELECT string_agg(d::text, ' ') FROM
			(SELECT v <-> vec(-q) AS d FROM t ORDER BY v <-> vec(-q) LIMIT 1000) s)
		FROM generate_series(1, 3) q));
}

# ----------------------------------------------------------------
# A standby, with rows inserted one by one and the places of others reused
# ----------------------------------------------------------------
$node->safe_psql('postgres', q(
	INSERT INTO t SELECT i, vec(i) FROM generate_series(201, 260) i;
	DELETE FROM t WHERE id % 3 = 0;
	VACUUM t;
	INSERT INTO t SELECT i, vec(i) FROM generate_series(301, 340) i));
$node->wait_for_catchup($standby);
is(answers($node, 1), answers($node, 0), 'answers of the primary');
is(answers($standby, 1), answers($node, 0), 'answers of the standby');
$standby->stop;

# ----------------------------------------------------------------
# A TOAST table that was cut
# ----------------------------------------------------------------
$node->safe_psql('postgres', q(DELETE FROM t WHERE id > 100; VACUUM t));
is(answers($node, 1), answers($node, 0), 'answers after the TOAST table was cut');

# ----------------------------------------------------------------
# Damaged slots
# ----------------------------------------------------------------
my ($block_size, $header, $special) = (8192, 24, 16);
my $file = $node->data_dir . '/' .
  $node->safe_psql('postgres', q(SELECT pg_relation_filepath('t_idx')));

# Change bytes of every TID slot: at 8 the value's id, at 12 its first chunk.
sub damage
{
	my ($change) = @_;
	$node->stop;
	open my $fh, '+<:raw', $file or die "$file: $!";
	local $/;
	my $bytes = <$fh>;
	for (my $page = 0; $page < length($bytes); $page += $block_size)
	{
		next if unpack('C', substr($bytes, $page + $block_size - 6, 1)) != 2;
		my $lower = unpack('v', substr($bytes, $page + 12, 2));
		for (my $at = $header; $at + 18 <= $lower; $at += 18)
		{
			my $state = unpack('v', substr($bytes, $page + $at + 6, 2));
			substr($bytes, $page + $at + 8, 10) = $change->(substr($bytes, $page + $at + 8, 10))
			  if $state == 2;
		}
	}
	seek $fh, 0, 0;
	print $fh $bytes;
	close $fh;
	$node->start;
	return;
}

my $original = slurp_file($file);
my %change = (
	'chunks of other values' => sub { substr($_[0], 0, 8) . pack('v', 1) },
	'places in other blocks' => sub { substr($_[0], 0, 4) . pack('vv', 0, 3) . substr($_[0], 8) },
	'blocks beyond the end' => sub { substr($_[0], 0, 4) . pack('vv', 0xFFFF, 0xFF00) . substr($_[0], 8) },
	'no block' => sub { substr($_[0], 0, 4) . pack('vvv', 0xFFFF, 0xFFFF, 7) },
	'tuples beyond the end' => sub { substr($_[0], 0, 8) . pack('v', 0xFFFF) },
	'other values' => sub { pack('V', 1 + unpack('V', $_[0])) . substr($_[0], 4) },
	'values of none' => sub { pack('V', 7) . substr($_[0], 4) });
for my $name (sort keys %change)
{
	damage($change{$name});
	is(answers($node, 1), answers($node, 0), "answers: $name");
	$node->stop;
	open my $fh, '>:raw', $file or die "$file: $!";
	print $fh $original;
	close $fh;
	$node->start;
}
damage(sub { substr($_[0], 0, 8) . pack('v', 0) });
my ($rc, $stdout, $stderr) = $node->psql('postgres', q(SELECT lokivector_check('t_idx')));
like($stderr, qr/has an invalid value in the TOAST table/, 'check: a value without a place');
is(answers($node, 1), answers($node, 0), 'answers: a value without a place');
$node->stop;

done_testing();
