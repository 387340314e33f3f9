# SPDX-License-Identifier: PostgreSQL
# The server is killed while an index with attribute columns is built, inserted
# into, and vacuumed, which makes lists of values.  After recovery the index is
# sound, and scans under any condition return what the table has.
#
# LOKIVECTOR_LONG=1 kills it 24 times in place of four.

use FindBin;
use lib $FindBin::RealBin;
use IPC::Run qw(start finish);
use LokiFilter;
use LokiTest;

my $kills = $ENV{LOKIVECTOR_LONG} ? 24 : $ENV{LOKIVECTOR_SHORT} ? 1 : 4;

my $node = loki_node('main');
$node->append_conf('postgresql.conf', "max_wal_size = 100MB\n");
$node->start;
create_filtered($node, 3000);

# Work that is killed, statement by statement, as often as it is begun
my @work = (
	[ 'vacuum', "DELETE FROM items WHERE id % 5 = (SELECT max(id) % 5 FROM items); VACUUM items;
		SELECT add_rows(300); DELETE FROM items WHERE id % 7 = 3; VACUUM items; VACUUM items" ],
	[ 'inserts', join(' ', ("SELECT add_rows(50);") x 200) ],
	[ 'a build', 'REINDEX INDEX items_idx; REINDEX INDEX items_idx; REINDEX INDEX items_idx' ],
	[ 'updates', join(' ', map { "UPDATE items SET part = part + 1, c = $_ WHERE id % 20 = $_;
		UPDATE items SET other = $_ WHERE id % 50 = $_;" } 0 .. 19)
		. ' VACUUM items' ]);

foreach my $round (0 .. $kills - 1)
{
	my ($name, $sql) = @{ $work[ $round % @work ] };
	my ($out, $err) = ('', '');
	my $client = start [
		'psql', '--no-psqlrc', '--quiet', '--host=' . $node->host, '--port=' . $node->port,
		map({ "--command=$_" } split(/;/, $sql)), 'postgres' ], '>', \$out, '2>', \$err;

	select(undef, undef, undef, 0.15 + 0.2 * (($round * 7) % 5));
	$node->stop('immediate');
	finish $client;
	$node->start;
	$name = "round $round, $name";
	check_index($node, "$name: check");
	check_filters($node, $name, $round * 1000, 60);
	$node->safe_psql('postgres', 'SELECT add_rows(200); VACUUM items;');
	check_index($node, "$name: check after vacuum");
	check_filters($node, "$name, after vacuum", $round * 1000 + 100, 60);
}
add_rows($node, 1500);
$node->safe_psql('postgres', 'VACUUM items');
answers_by_list($node, 'afterwards');
answers_by_map($node, 'afterwards');
$node->stop;
done_testing();
