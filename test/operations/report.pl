# SPDX-License-Identifier: PostgreSQL
# The report: a page of well-formed HTML, by a member of pg_monitor, and by an owner beside whom
# others have indexes, on a primary and on a standby, with names that HTML has to quote and an index whose build failed; and how headless
# Chromium shows it.

use lib 'operations';
use OperationsTest;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->start;
create_items($node, 2000);
$node->safe_psql('postgres', q(
	CREATE ROLE watcher LOGIN IN ROLE pg_monitor;
	CREATE ROLE owner LOGIN;
	CREATE TABLE owned AS SELECT * FROM items LIMIT 100;
	CREATE INDEX owned_idx ON owned USING hnsw (v vector_l2_ops);
	ALTER TABLE owned OWNER TO owner;
	CREATE INDEX "a<b>&c" ON items USING hnsw (v vector_l1_ops) WITH (m = 12);
	CREATE TABLE loose (v vector);
	INSERT INTO loose VALUES ('[1,2]');
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(5) LIMIT 5) s;));
$node->psql('postgres', 'CREATE INDEX CONCURRENTLY failed ON loose USING hnsw ((v::vector(3)) vector_l2_ops)');
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;

sub report
{
	my ($server, @options) = @_;
	my $file = "$PostgreSQL::Test::Utils::tmp_check/report.html";

	run_program('psql', '-X', '-q', '-h', $server->host, '-p', $server->port, '-d', 'postgres', @options,
		'-o', $file, '-f', "$top/operations/report.sql");
	return slurp_file($file);
}

# The first tag that is closed and not the last that was opened, or is left open
sub unbalanced
{
	my ($html) = @_;
	my @open;

	while ($html =~ m{<(/?)(\w+)[^<>]*?(/?)>}g)
	{
		next if $3 || $2 eq 'meta';
		push(@open, $2), next unless $1;
		return $2 if (pop(@open) // '') ne $2;
	}
	return $open[0] // '';
}

my $html = report($node, '-U', 'watcher');
is(unbalanced($html), '', 'the page is well-formed');
like($html, qr/<td[^>]*>items_idx</, 'it has the indexes');
like($html, qr/&lt;b&gt;&amp;c&quot;/, 'names are quoted');
like($html, qr/<polyline points="50,[^"]+ 300,/, 'a picture of recall');
like($html, qr{<th[^>]*>worst hundredth</th>}, 'recall of the searches that were sampled');
unlike($html, qr{https?://|<script|ERROR}, 'it needs no network and no program');
unlike($html, qr/recall_min/, 'recall is not measured unasked');
like(report($node, '-v', 'recall=1'), qr/recall_min/, 'recall is measured if asked for');
unlike($html, qr/left out/, 'no index is left out');
$html = report($node, '-U', 'watcher', '-v', 'recall=1');
like($html, qr/recall_min/, 'recall is measured by a role that may read no table, of none');
$html = report($node, '-U', 'owner', '-v', 'recall=1');
is(unbalanced($html), '', 'the page of an owner is well-formed');
like($html, qr/<td[^>]*>owned_idx<.*recall_min.*<td[^>]*>owned_idx</s, 'it has his index, and its recall');
unlike($html, qr/items_idx/, '... and no other');
like($html, qr{<p>\d+ of other owners are left out}, '... of which it says so');
$node->wait_for_catchup($standby);
$html = report($standby, '-U', 'watcher');
is(unbalanced($html), '', 'the page of a standby is well-formed');
like($html, qr/<td[^>]*>items_idx</, 'and has the indexes');
$standby->stop;

# What a browser makes of the page
report($node, '-v', 'recall=1');
$node->stop;
unpack_or_skip('chromium', 'fonts-dejavu-core');
my $tmp = $PostgreSQL::Test::Utils::tmp_check;

sub browser
{
	my @options = @_;
	my ($output, $messages) = browse("$tmp/report.html", '--window-size=1200,1600', @options);

	unlike($messages, qr/CONSOLE/, "@options: the page is without fault");
	return $output;
}

like(browser('--dump-dom'), qr{<td[^>]*>items_idx</td>.*<polyline .*&lt;b&gt;&amp;c}s, 'a browser reads the page');
browser("--screenshot=$tmp/light.png");
browser('--force-dark-mode', '--blink-settings=preferredColorScheme=0', "--screenshot=$tmp/dark.png");
browser("--print-to-pdf=$tmp/report.pdf");
my ($light, $dark) = map { slurp_file("$tmp/$_.png") } 'light', 'dark';
is(join(' ', unpack('x16N2', $light)), '1200 1600', 'a picture of the page');
cmp_ok(length($light), '>', 20000, '... which is not empty');
isnt($light, $dark, '... and another in the dark');
like(slurp_file("$tmp/report.pdf"), qr/^%PDF/, 'the page on paper');
done_testing();
