# SPDX-License-Identifier: PostgreSQL
# A standby answers as its primary does, after inserts, deletes and vacuums.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $primary = loki_node('primary', allows_streaming => 1);
$primary->start;
create_items($primary, 16);
$primary->safe_psql('postgres',
	'INSERT INTO items SELECT n, item(n), n % 5 FROM generate_series(1, 1500) n');
$primary->safe_psql('postgres', 'REINDEX INDEX items_idx');
my $standby = loki_standby($primary);

sub same_answers
{
	my ($name) = @_;
	my $differing = '';

	$primary->wait_for_catchup($standby);
	foreach my $n (1 .. 20)
	{
		my $expected = nearest($primary, $n * 100, 100);
		my $answer = nearest($standby, $n * 100, 100);

		$differing .= "query $n: $expected, but $answer\n" if $answer ne $expected;
	}
	is($differing, '', "$name: nearest rows");
	is(rows_by_index($standby), rows_by_index($primary), "$name: all rows");
	return;
}

same_answers('after the build');

$primary->safe_psql('postgres', q(
	INSERT INTO items SELECT n, item(n), n % 5 FROM generate_series(1501, 2500) n;
	INSERT INTO items SELECT n, item(n % 100), 1 FROM generate_series(2501, 2600) n;
	INSERT INTO items SELECT n, NULL, 1 FROM generate_series(2601, 2610) n;));
same_answers('after inserts');

foreach my $cycle (1 .. 3)
{
	my $first = 3000 + $cycle * 1000;

	$primary->safe_psql('postgres', "DELETE FROM items WHERE id % 4 = $cycle");
	same_answers("cycle $cycle, after deletes");
	$primary->safe_psql('postgres', 'VACUUM items');
	same_answers("cycle $cycle, after vacuum");
	$primary->safe_psql('postgres',
		"INSERT INTO items SELECT n, item(n), 1 FROM generate_series($first, $first + 500) n");
	same_answers("cycle $cycle, after inserts");
}

check_index($standby, 'check on the standby');

$standby->promote;
$standby->safe_psql('postgres',
	'INSERT INTO items SELECT n, item(n), 1 FROM generate_series(10001, 10300) n');
check_index($standby, 'check on the standby after promotion and inserts');
is(lost_rows($standby, 400), 0, 'rows found by their own vectors after promotion');

$standby->stop;
$primary->stop;
done_testing();
