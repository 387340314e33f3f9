# SPDX-License-Identifier: PostgreSQL
# Damaged pages: lokivector_check says what is wrong, and no command on such an
# index brings the server down or runs without end.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $node = damaged_node('main');
$node->append_conf('postgresql.conf', q(
statement_timeout = 120s
restart_after_crash = on
));
$node->start;
$node->safe_psql('postgres', q(
	CREATE EXTENSION lokivector;
	CREATE TABLE t (id int, v vector(40), a int, b bool);
	SELECT setseed(0.5);
	INSERT INTO t SELECT i, (SELECT array_agg(random()) FROM generate_series(1, 40) WHERE i > 0)::vector,
		i % 10, i % 2 = 0 FROM generate_series(1, 1200) i;
	INSERT INTO t SELECT i, NULL, i, NULL FROM generate_series(1201, 1220) i;
	-- two nodes with TID lists
	INSERT INTO t SELECT 1300 + i, v, a, b FROM t, generate_series(1, 20) i WHERE id IN (7, 8)));

my $block_size = $node->safe_psql('postgres', 'SHOW block_size');
my ($header, $special) = (24, 16);
my (%slot_arrays, %slot_bytes);

# ----------------------------------------------------------------
# Reading and writing an index file
# ----------------------------------------------------------------

# Numbers of slot arrays, as in hnsw/definition/layout.h
my %number = (tid => 2, code => 3, link => 4, hash => 6, upper => 7, duplicate => 8,
	nulltid => 9, centroid => 10, attribute => 16);

# Fields of the metapage, by their offset
my %meta = (magic => 0, version => 4, metric => 25, dim => 28, m => 52, nattributes => 58,
	attr_type => 60,
	flags => 92, entry_node => 96, entry_slot => 100, entry_level => 104,
	pending => 116, directory_entries => 120, free_tid => 124, calibrated_widths => 146, second_width => 172,
	lists_end => 472, second_listed => 480, rowmap_end => 724, rowmap_groups => 732, rowmap_shift => 736,
	rowmap_node_bits => 737, rowmap_key_bits => 738);

# Read the extents from the directory page of a file.
sub read_directory
{
	my ($bytes) = @_;
	my $page = substr($bytes, $block_size, $block_size);
	my $lower = unpack('v', substr($page, 12, 2));
	%slot_arrays = ();
	for (my $at = $header; $at < $lower; $at += 8)
	{
		my ($slot_array, undef, undef, $first) = unpack('CCvV', substr($page, $at, 8));
		push @{ $slot_arrays{$slot_array} }, $first;
	}
	return;
}

# Block of a page of a slot array, in the file whose directory was read: extents come in
# groups, 32 of 1 block, 32 of 2, and so on
sub page_block
{
	my ($slot_array, $page) = @_;
	my $size = 1;
	my $extent = 0;
	while ($page >= 32 * $size)
	{
		$page -= 32 * $size;
		$extent += 32;
		$size *= 2;
	}
	return $slot_arrays{ $number{$slot_array} }[ $extent + int($page / $size) ] + $page % $size;
}

# Offset of a slot in the file
sub slot_offset
{
	my ($slot_array, $slot) = @_;
	my $size = $slot_bytes{$slot_array};
	my $per_page = int(($block_size - $header - $special) / $size);
	return page_block($slot_array, int($slot / $per_page)) * $block_size + $header +
	  $size * ($slot % $per_page);
}

# Each of these changes bytes of a file, given by reference
sub set_meta
{
	my ($field, $template, $value) = @_;
	return sub { substr(${ $_[0] }, $header + $meta{$field}, length pack($template, 0)) =
		  pack($template, $value); };
}

sub several
{
	my @changes = @_;
	return sub { $_->($_[0]) foreach @changes; };
}

sub set_slot
{
	my ($slot_array, $slot, $offset, @packed) = @_;
	return sub {
		my $value = pack(shift @packed, @packed);
		substr(${ $_[0] }, slot_offset($slot_array, $slot) + $offset, length $value) = $value;
	};
}

sub set_page
{
	my ($slot_array, $page, $offset, @packed) = @_;
	return sub {
		my $value = pack(shift @packed, @packed);
		$offset += $block_size if $offset < 0;
		substr(${ $_[0] }, page_block($slot_array, $page) * $block_size + $offset, length $value) =
		  $value;
	};
}

sub zero_block
{
	my ($block) = @_;
	return sub {
		my $at = ref $block ? $block->() : $block;
		substr(${ $_[0] }, $at * $block_size, $block_size) = "\0" x $block_size;
	};
}

sub truncate_to
{
	my ($blocks) = @_;
	return sub { ${ $_[0] } = substr(${ $_[0] }, 0, $blocks * $block_size); };
}

# First TID slot in a state
sub find_tid
{
	my ($bytes, $wanted) = @_;
	for (my $slot = 0; $slot < 1200; $slot++)
	{
		my ($lo, $hi, undef, $state) = unpack('v4', substr($$bytes, slot_offset('tid', $slot), 8));
		return ($slot, $lo | $hi << 16) if $state == $wanted;
	}
	die "no TID slot in state $wanted";
}

# Make the TID list of the first node that has one go in a circle, or do something
# else to its first slot.
sub set_tid_list
{
	my ($offset, $template, $value) = @_;
	return sub {
		my ($node_number, $head) = find_tid($_[0], 5);
		substr(${ $_[0] }, slot_offset('duplicate', $head) + $offset,
			length pack($template, 0)) = pack($template, $value // $head);
	};
}

sub overwrite_at_random
{
	my ($seed) = @_;
	return sub {
		my ($bytes) = @_;
		srand($seed);
		for (1 .. 40)
		{
			# spare the page headers, which are the server's own to check
			my $block = int(rand(length($$bytes) / $block_size));
			my $at = $header + int(rand($block_size - $header - $special));
			my $length = 1 + int(rand(8));
			$length = $block_size - $special - $at if $at + $length > $block_size - $special;
			substr($$bytes, $block * $block_size + $at, $length) =
			  join '', map { chr(rand() < 0.5 ? 255 : int(rand(256))) } 1 .. $length;
		}
	};
}

# ----------------------------------------------------------------
# Cases: name, damage, what lokivector_check says, and whether SELECT, INSERT
# and VACUUM must fail
# ----------------------------------------------------------------
my $none = 0xFFFFFFFF;
my $fatal = 1;
my @cases = (
	[ 'another magic number', set_meta('magic', 'V', 0x12345678), qr/is not an hnsw index/, $fatal ],
	[ 'the metapage of an hnsw index of pgvector', set_meta('magic', 'V', 0xA953A953),
		qr/was built by pgvector.*HINT:  REINDEX/s, $fatal ],
	[ 'the metapage of an ivfflat index', set_meta('magic', 'V', 0x14FF1A7),
		qr/was built by pgvector.*HINT:  REINDEX/s, $fatal ],
	[ 'another version', set_meta('version', 'V', 99), qr/has format version 99.*REINDEX/s, $fatal ],
	[ 'a zeroed metapage', zero_block(0), qr/unexpected zero page at block 0/, $fatal ],
	[ 'a zeroed directory', zero_block(1), qr/unexpected zero page at block 1/, $fatal ],
	[ 'a metapage whose used part ends early',
		sub { substr(${ $_[0] }, 12, 2) = pack('v', $header) }, qr/damaged metapage/, $fatal ],
	[ 'a page of the directory without room',
		sub { substr(${ $_[0] }, $block_size + 14, 2) = substr(${ $_[0] }, $block_size + 12, 2) },
		qr/corrupted page at block 1/, $fatal ],
	[ 'an empty file', truncate_to(0), qr/lacks its first pages/ ],
	[ 'a file of one block', truncate_to(1), qr/lacks its first pages/ ],
	[ 'a truncated file', truncate_to(12), qr/has a damaged extent directory/, $fatal ],
	[ 'an invalid m', set_meta('m', 'v', 3000), qr/damaged metapage/, $fatal ],
	[ 'other dimensions', set_meta('dim', 'V', 16000), qr/slots of sizes|damaged metapage/, $fatal ],
	[ 'another metric', set_meta('metric', 'C', 2), qr/invalid metric/ ],
	[ 'other flags', set_meta('flags', 'V', 64), qr/invalid flags/ ],
	[ 'a pending index that has an entry point', set_meta('pending', 'V', 14), qr/damaged metapage/, $fatal ],
	[ 'another number of attributes', set_meta('nattributes', 'v', 1),
		qr/damaged metapage/, $fatal ],
	# both have slots of five bytes; integers must not be read as pointers
	[ 'another type of an attribute', set_meta('attr_type', 'C', 14), qr/damaged metapage/, $fatal ],
	[ 'a dimension more', set_meta('dim', 'V', 41), qr/slots of sizes|damaged metapage/, $fatal ],
	[ 'an entry node out of range', set_meta('entry_node', 'V', 0x10000000),
		qr/entry point .* is not in the graph/ ],
	[ 'an entry level out of range', set_meta('entry_level', 'V', 77), qr/damaged metapage/, $fatal ],
	[ 'an entry slot of another node', set_meta('entry_slot', 'V', 0x10000000),
		qr/entry point .* does not own its slot/ ],
	[ 'no entry slot', set_meta('entry_slot', 'V', $none), qr/entry point .* does not own its slot/ ],
	[ 'a calibration of too many widths', set_meta('calibrated_widths', 'v', 17), qr/damaged metapage/, $fatal ],
	[ 'a calibration of descending widths', set_meta('second_width', 'v', 0), qr/damaged metapage/, $fatal ],
	[ 'keys of the map of rows that are too wide', set_meta('rowmap_key_bits', 'C', 40),
		qr/damaged metapage/, $fatal ],
	[ 'node IDs in the map of rows that are too wide',
		several(set_meta('rowmap_node_bits', 'C', 32), set_meta('rowmap_key_bits', 'C', 0)),
		qr/damaged metapage/, $fatal ],
	[ 'groups of too many blocks in the map of rows', set_meta('rowmap_shift', 'C', 31),
		qr/damaged metapage/, $fatal ],
	[ 'more groups in the map of rows than there are', set_meta('rowmap_groups', 'V', 0x7FFFFFFF),
		qr/invalid lists/ ],
	[ 'another end of the map of rows', set_meta('rowmap_end', 'V', 1000), qr/invalid lists/ ],
	[ 'an empty list of an attribute', set_meta('second_listed', 'V', 0),
		qr/sorted array .* does not follow, with a node that is not listed/ ],
	# vacuum is to make the map
	[ 'an end of lists far beyond all nodes, and no map of rows',
		several(set_meta('flags', 'V', 4), set_meta('lists_end', 'V', 0x7FFFFFFF),
			set_meta('rowmap_end', 'V', 0x7FFFFFFF)), qr/invalid lists/ ],
	[ 'no entry point', set_meta('entry_node', 'V', $none), qr/no entry point/ ],
	[ 'a wrong count of extents', set_meta('directory_entries', 'V', 3), qr/but the metapage counts 3/ ],
	[ 'a free list out of range', set_meta('free_tid', 'V', 5000), qr/free list of the tid array .* names page 5000/ ],
	[ 'an extent out of range',
		sub { substr(${ $_[0] }, $block_size + $header + 4, 4) = pack('V', 1 << 30) },
		qr/has a damaged extent directory/, $fatal ],
	[ 'an extent of no array',
		sub { substr(${ $_[0] }, $block_size + $header, 1) = pack('C', 77) },
		qr/has a damaged extent directory/, $fatal ],
	[ 'an extent with a byte that nothing uses',
		sub { substr(${ $_[0] }, $block_size + $header + 1, 1) = pack('C', 1) },
		qr/entry 0 of the extent directory .* has bytes in its unused part/ ],
	[ 'an extent over another',
		sub { substr(${ $_[0] }, $block_size + $header + 12, 4) =
			  substr(${ $_[0] }, $block_size + $header + 4, 4) },
		qr/overlaps another extent/ ],
	[ 'a directory that goes in a circle',
		sub { substr(${ $_[0] }, 2 * $block_size - $special + 4, 4) = pack('V', 1) },
		qr/invalid ordinal|corrupted page at block 1/, $fatal ],
	[ 'a zeroed page of links', zero_block(sub { page_block('link', 2) }), qr/unexpected zero page/ ],
	[ 'a zeroed page of heap TIDs', zero_block(sub { page_block('tid', 1) }), qr/unexpected zero page/ ],
	[ 'a zeroed page of codes', zero_block(sub { page_block('code', 3) }), qr/unexpected zero page/ ],
	[ 'another page identifier', set_page('link', 1, -2, 'v', 0xFF90), qr/invalid page identifier/ ],
	[ 'a page of another array', set_page('tid', 1, -6, 'C', 4), qr/invalid array number/ ],
	[ 'a page in the place of another', set_page('code', 1, -16, 'V', 9), qr/invalid ordinal/ ],
	[ 'a page with a torn end', set_page('tid', 0, 12, 'v', 24 + 8 * 100 + 3), qr/does not end with a slot|has bytes in its unused part/ ],
	[ 'a page of links that ends early', set_page('link', 1, 12, 'v', 24 + 132), qr/has no slot in the link array|has bytes in its unused part/ ],
	[ 'a wrong count of free slots', set_page('tid', 0, -8, 'v', 7), qr/has 0 free slots, but counts 7/ ],
	[ 'an unknown state', set_slot('tid', 5, 6, 'v', 7), qr/node 5 .* invalid state/ ],
	[ 'unknown flags of a state', set_slot('tid', 5, 6, 'v', 0x4002), qr/node 5 .* invalid state/ ],
	[ 'a live node without heap TID', set_slot('tid', 5, 0, 'v3', 0, 0, 0), qr/node 5 .* invalid heap TID/ ],
	[ 'a free node that is linked to', set_slot('tid', 5, 0, 'v4', 0, 0, 0, 0), qr/free slots, but counts/ ],
	[ 'a dead node without pending repair', set_slot('tid', 5, 6, 'v', 4), qr/linked to node 5, which is dead/ ],
	[ 'a TID list that begins nowhere', set_slot('tid', 5, 0, 'v4', 0xFFF0, 0xFFF, 0, 5), qr/duplicate slot \d+ of node 5 .* does not exist/ ],
	[ 'a TID list that goes in a circle', set_tid_list(4, 'V'), qr/is part of a cycle/ ],
	[ 'a TID list that leads to another node', set_tid_list(0, 'V', 77), qr/names another node/ ],
	[ 'a slot of a TID list with an unknown state', set_tid_list(14, 'v', 55), qr/has an invalid state/ ],
	[ 'a slot of a TID list that is dead', set_tid_list(14, 'v', 4), qr/has an invalid state/ ],
	[ 'links behind the end of a list', set_slot('link', 17, 4, 'V', 0), qr/node 17 .* behind the end/ ],
	[ 'a level out of range', set_slot('link', 17, 0, 'C', 99), qr/node 17 .* invalid level/ ],
	[ 'a level without slots', set_slot('link', 17, 0, 'C', 9), qr/node 17 .* has level 9/ ],
	[ 'a link out of range', set_slot('link', 17, 4, 'V', 0x7FFFFFF0), qr/linked to node \d+, which does not exist/ ],
	[ 'a link to no node', set_slot('link', 17, 4, 'V', $none), qr/invalid node ID/ ],
	[ 'a link to itself', set_slot('link', 17, 4, 'V', 18), qr/is linked to itself/ ],
	[ 'a link that comes twice',
		sub { my $at = slot_offset('link', 17) + 4;
			  substr(${ $_[0] }, $at, 4) = substr(${ $_[0] }, $at + 4, 4) },
		qr/linked to another node twice/ ],
	[ 'an upper level out of range', set_slot('upper', 3, 8, 'C', 200), qr/upper slot 3 .* invalid level/ ],
	[ 'an upper link out of range', set_slot('upper', 3, 16, 'V', 0x7FFFFFF0), qr/does not exist/ ],
	[ 'an upper slot of no node', set_slot('upper', 3, 0, 'V', 0x7FFFFFF0), qr/not its slots on the layers/ ],
	[ 'too many upper links', set_slot('upper', 3, 9, 'C', 250), qr/upper slot 3 .* too many links/ ],
	[ 'an attribute neither null nor not', set_slot('attribute', 5, 0, 'C', 7), qr/column 2 .* invalid value/ ],
	[ 'another attribute value', set_slot('attribute', 5, 1, 'V', 1234567), qr/names a node that is not to be there|other values than its entry/ ],
	[ 'another hash', set_slot('hash', 5, 0, 'V', 1234567), qr/other values than its entry/ ],
	[ 'a live row marked killed', set_slot('tid', 5, 6, 'v', 3), qr/has no entry in/ ],
	[ 'another heap TID', set_slot('tid', 5, 0, 'v3', 0, 77, 77), qr/names a row that is not mapped to its node/ ],
	[ 'a heap TID that comes twice',
		sub { substr(${ $_[0] }, slot_offset('tid', 5), 6) = substr(${ $_[0] }, slot_offset('tid', 6), 6) },
		qr/names a row that is not mapped to its node/ ],
	[ 'a code that is no number', set_slot('code', 5, 0, 'V3', $none, $none, $none), qr/is not made of the codes of its nodes|has other values than its entry/ ],
	[ 'a null row with an unknown state', set_slot('nulltid', 1, 6, 'v', 6), qr/row without vector 1 .* invalid state/ ],
	[ 'a null row that is dead', set_slot('nulltid', 1, 6, 'v', 4), qr/row without vector 1 .* invalid state/ ],
	[ 'a centroid that is no number', set_slot('centroid', 5, 0, 'V', $none), undef ],
	(map { [ "bytes at random, seed $_", overwrite_at_random($_), undef ] } 1 .. 10));

# ----------------------------------------------------------------
# Damage one index for each case
# ----------------------------------------------------------------
my $n = @cases;
$node->safe_psql('postgres', qq(
	SET statement_timeout = 0;
	DO \$\$ BEGIN FOR i IN 1..$n LOOP
		EXECUTE format('CREATE TABLE t%s AS TABLE t', i);
		EXECUTE format('CREATE INDEX t%s_idx ON t%s USING hnsw (v vector_l2_ops, a, b)', i, i);
	END LOOP; END \$\$;
	CHECKPOINT));
%slot_bytes = map { split /\|/ } split /\n/, $node->safe_psql('postgres',
	q(SELECT DISTINCT slot_array, slot_bytes FROM lokivector_index_slot_arrays('t1_idx')
	  WHERE attribute IS NULL OR attribute = 1 ));
$node->safe_psql('postgres', "SELECT lokivector_check('t${_}_idx', true)") for (1, $n);
my %file = map { $_ => $node->data_dir . '/' .
	  $node->safe_psql('postgres', "SELECT pg_relation_filepath('t${_}_idx')") } 1 .. $n;
$node->stop;

# No command makes an index much larger, whatever it says of itself
my $most_bytes = 4 * -s $file{1};

for my $i (1 .. $n)
{
	my $bytes = slurp_file($file{$i});
	read_directory($bytes);
	$cases[ $i - 1 ][1]->(\$bytes);
	write_binary($file{$i}, $bytes);
}
$node->start;

# Run a command; what it prints, and whether the server survived.
sub run_sql
{
	my ($sql) = @_;
	my ($stdout, $stderr) = ('', '');
	my $rc = $node->psql('postgres', $sql, stdout => \$stdout, stderr => \$stderr,
		on_error_die => 0, on_error_stop => 1);
	return ($rc, $stderr);
}

my $vector = '[' . join(',', (0.5) x 40) . ']';
for my $i (1 .. $n)
{
	my ($name, undef, $fault, $fatal_case) = @{ $cases[ $i - 1 ] };
	my %command = (
		SELECT => "SET enable_seqscan = off; SELECT count(*) FROM (SELECT id FROM t$i WHERE a < 8 ORDER BY v <-> '$vector') s;
			SELECT id FROM t$i ORDER BY v <-> '$vector' LIMIT 10",
		INSERT => "INSERT INTO t$i SELECT id + 10000, v, a + id % 2, b FROM t WHERE id % 100 < 3",
		calibrate => "BEGIN; DELETE FROM t$i; SELECT lokivector_calibrate('t${i}_idx'); ROLLBACK",
		VACUUM => "DELETE FROM t$i WHERE id % 3 = 0; VACUUM t$i",
		info => "SELECT lokivector_index_info('t${i}_idx'); SELECT count(*) FROM lokivector_index_slot_arrays('t${i}_idx')",
		prewarm => "SELECT lokivector_prewarm('t${i}_idx', 1 << 30)");

	if (defined $fault)
	{
		my (undef, $stderr) = run_sql("SELECT lokivector_check('t${i}_idx', true)");
		like($stderr, $fault, "check: $name");
	}
	# In a short run each eighth is given to all commands, and those that are to fail
	next if $ENV{LOKIVECTOR_SHORT} && $i % 8 != 0 && !$fatal_case;
	my @failed;
	for my $kind ('SELECT', 'calibrate', 'INSERT', 'VACUUM', 'info', 'prewarm', 'check')
	{
		my $sql = $command{$kind} // "SELECT lokivector_check('t${i}_idx', true)";
		my ($rc, $stderr) = run_sql($sql);
		push @failed, "$kind: server gone: $stderr" if $rc == 2;
		push @failed, "$kind: out of time" if $stderr =~ /statement timeout/;
		push @failed, "$kind: internal error: $stderr"
		  if $rc != 0 && $stderr =~ /ERROR:  (?:invalid memory|out of memory|cache lookup)/;
		push @failed, "$kind: no error"
		  if $fatal_case && $kind =~ /SELECT|INSERT|VACUUM/ && $rc == 0;
	}
	my $bytes = -s $file{$i};
	push @failed, "$bytes bytes of index" if $bytes > $most_bytes;
	is(join("\n", @failed), '', "commands: $name");
}

# ----------------------------------------------------------------
# REINDEX makes all of them sound again
# ----------------------------------------------------------------
my (undef, $complaints) = run_sql(join ";\n", 'SET statement_timeout = 0',
	map { ("REINDEX INDEX t${_}_idx", "SELECT lokivector_check('t${_}_idx', true)") } 1 .. $n);
is($complaints, '', 'REINDEX repairs whatever was damaged');
unlike(slurp_file($node->logfile), qr/PANIC|terminated by signal|TRAP/, 'no process crashed');
$node->stop;

done_testing();
