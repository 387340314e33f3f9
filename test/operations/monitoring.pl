# SPDX-License-Identifier: PostgreSQL
# prometheus-postgres-exporter with the queries of operations/, alert rules and their tests by
# promtool, the queries of the dashboard.

use lib 'operations';
use OperationsTest;

unpack_or_skip('prometheus-postgres-exporter', 'prometheus');

chdir("$top/operations");
like(run_program('promtool', 'check', 'rules', 'alerts.yaml'), qr/SUCCESS/, 'the rules are rules');
like(run_program('promtool', 'test', 'rules', 'alerts_test.yaml'), qr/SUCCESS/,
	'each alert comes for its cause, and rests without it');
chdir("$top/test");

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
create_items($node, 5000);
create_exporter($node);
$node->safe_psql('postgres', 'INSERT INTO items SELECT i, item(i) FROM generate_series(-500, -1) i');
$node->safe_psql('postgres', q(
	SET enable_seqscan = off;
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(5) LIMIT 5) s;
	SELECT count(*) FROM (SELECT id FROM items WHERE id % 50 = 0 ORDER BY v <-> item(5) LIMIT 80) s;
	SET lokivector.recall_sample_rate = 1;
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(7) LIMIT 5) s;
	RESET lokivector.recall_sample_rate;
	SELECT lokivector_measure_samples('items_idx');
	DELETE FROM items WHERE id % 2 = 0;
	SELECT count(*) FROM (SELECT id FROM items ORDER BY v <-> item(5) LIMIT 4000) s;));

# A build that fails leaves an index without pages
my ($result, $stdout, $stderr) = $node->psql('postgres',
	'CREATE INDEX CONCURRENTLY items_failed ON items USING hnsw ((l2_normalize(v)::vector(4)) vector_l2_ops)');
like($stderr, qr/expected 4 dimensions/, 'a build fails');

# An index of a session that nobody else can read
my $temporary = $node->background_psql('postgres');
$temporary->query_safe(q(
	CREATE TEMPORARY TABLE own AS SELECT * FROM items LIMIT 100;
	CREATE INDEX own_idx ON own USING hnsw (v vector_l2_ops);
	SET lokivector.recall_sample_rate = 1;
	SET enable_seqscan = off;
	SELECT id FROM own ORDER BY v <-> item(5) LIMIT 5;));

# Samples of one scrape
sub scrape
{
	my @options = @_;
	my ($exporter, $port) = start_exporter($node, "$top/operations/postgres_exporter.yaml", @options);
	my $text = http_get($port, '/metrics');

	stop_program($exporter);
	return $text;
}

sub sample
{
	my ($text, $name, $index) = @_;

	return $text =~ /^\Q$name\E\{[^}]*indexrelname="\Q$index\E"[^}]*\} (\S+)$/m ? $1 + 0 : undef;
}

my ($old, $build) = start_stalled_build($node);
my $text = scrape();
$old->query_safe('COMMIT');
$old->quit;
is(finish_program($build), 0, 'a build has waited for a transaction');
$node->safe_psql('postgres', 'DROP INDEX items_stalled');
unlike($text, qr/pg_exporter_user_queries_load_error\{[^}]*\} 1/, 'the exporter reads the queries');
like($text, qr/^pg_exporter_last_scrape_error 0$/m, 'no query fails for a member of pg_monitor');
cmp_ok(sample($text, 'lokivector_index_scans', 'items_idx'), '==', 5, 'scans, that of the measurement too');
cmp_ok(sample($text, 'lokivector_index_widened_scans', 'items_idx'), '>=', 1, 'scans that went on wider');
cmp_ok(sample($text, 'lokivector_index_agreement', 'items_idx'), '>', 0.9, 'inserts agree with searches');
cmp_ok(sample($text, 'lokivector_index_search_seconds', 'items_idx'), '>', 0, 'time');
cmp_ok(sample($text, 'lokivector_index_state_valid', 'items_idx'), '==', 1, 'an index that is valid');
cmp_ok(sample($text, 'lokivector_index_state_valid', 'items_failed'), '==', 0, 'an index that is not');
cmp_ok(sample($text, 'lokivector_index_state_recall', 'items_idx'), '>', 0.9, 'recall');
cmp_ok(sample($text, 'lokivector_index_state_dead', 'items_idx'), '>', 1000, 'dead rows');
cmp_ok(sample($text, 'lokivector_sampled_measured', 'items_idx'), '==', 1, 'searches that were sampled');
cmp_ok(sample($text, 'lokivector_sampled_recall', 'items_idx'), '>', 0, 'and their recall');
like($text, qr/^lokivector_index_advice_given\{about="vacuum",[^}]*indexrelname="items_idx"/m, 'advice');
like($text, qr/^lokivector_replay_lag_seconds(\{[^}]*\})? 0$/m, 'replay');
like($text, qr/^lokivector_replay_streaming(\{[^}]*\})? 1$/m, '... of a primary, which streams from nobody');
like($text, qr/^lokivector_progress_done\{command="CREATE INDEX CONCURRENTLY",[^}]*phase="waiting[^}]*relname="items"/m,
	'how far a build is');
like($text, qr/^lokivector_extension_outdated\{[^}]*extname="lokivector"[^}]*\} 0$/m, 'the version of the extension');

# Statements on all indexes leave out what they cannot read
my @shortcuts = slurp_file("$top/operations/psqlrc") =~ /^\\set (\w+)/mg;
is(($node->psql('postgres', join("\n", "\\i $top/operations/psqlrc", map { ":$_" } @shortcuts)))[2], '',
	'shortcuts of psqlrc');
my @statements = slurp_file("$top/doc/operations.md") =~ /^((?:SELECT|WITH|CREATE|INSERT)[^;`]*\blokivector_stat_\w+[^;`]*;)$/mg;
unshift @statements, 'CREATE EXTENSION pg_buffercache;', slurp_file("$top/doc/operations.md") =~ /^(CREATE TABLE recall_history [^;]*;)$/m;
is(($node->psql('postgres', join("\n", @statements)))[2], '', 'statements of operations.md');
cmp_ok(scalar(@statements), '>', 5, '... which were found');
$temporary->quit;

# Rules name metrics that the exporter has
is(unknown_metrics($text =~ /^(lokivector_\w+)/mg), '', 'rules name metrics that there are');

# All databases: what the server has once comes once, or the exporter would give nothing.  A
# database without the extension is an error that stays, and the others are there.
$node->safe_psql('postgres', 'CREATE DATABASE other TEMPLATE template0');
$node->safe_psql('other', q(
	CREATE EXTENSION lokivector;
	CREATE TABLE others (v vector(3));
	CREATE INDEX others_idx ON others USING hnsw (v vector_l2_ops)));
$text = scrape('--auto-discover-databases');
like($text, qr/^pg_exporter_last_scrape_error 0$/m, 'no query fails in two databases');
cmp_ok(sample($text, 'lokivector_index_bytes', $_), '>', 0, "... of which $_ is in one") for qw(items_idx others_idx);
is(scalar(() = $text =~ /^lokivector_replay_lag_seconds\b/mg), 1, '... and the lag is the server\'s');
$node->safe_psql('other', 'DROP EXTENSION lokivector CASCADE');
$text = scrape('--auto-discover-databases');
like($text, qr/^pg_exporter_last_scrape_error 1$/m, 'a database without the extension is an error');
cmp_ok(sample($text, 'lokivector_index_bytes', 'items_idx'), '>', 0, '... and the other is there');
$node->safe_psql('postgres', 'DROP DATABASE other');

# Prometheus itself: every panel of the dashboard has data
my ($exporter, $exporter_port) = start_exporter($node, "$top/operations/postgres_exporter.yaml");
my ($prometheus, $port) = start_prometheus("$top/operations/alerts.yaml", '', $exporter_port);
wait_for('samples', sub { query_prometheus($port, 'count_over_time(lokivector_index_state_nodes[5m]) > 2') ne '' });

is(panels_without_data($port), '', 'every panel of the dashboard has data');
isnt(query_prometheus($port, 'predict_linear(lokivector_index_state_hot_bytes[7d], 30 * 86400)'), '', 'a prediction of growth');
stop_program($_) for $prometheus, $exporter;

# An index that is locked is not waited for
my $lock = $node->background_psql('postgres');
$lock->query_safe('BEGIN; REINDEX INDEX items_idx;');
$text = scrape();
cmp_ok(sample($text, 'lokivector_index_scans', 'items_idx'), '>=', 5, 'counts of an index that is locked');
is(sample($text, 'lokivector_index_state_nodes', 'items_idx'), undef, 'its state is not waited for');
cmp_ok(sample($text, 'lokivector_index_state_valid', 'items_failed'), '==', 0, 'the state of others is there');
$lock->query_safe('ROLLBACK');
$lock->quit;

# After the cure
$node->safe_psql('postgres', 'VACUUM items');
$node->safe_psql('postgres', 'DROP INDEX items_failed');
$text = scrape();
is(sample($text, 'lokivector_index_state_valid', 'items_failed'), undef, 'an index that is dropped');
cmp_ok(sample($text, 'lokivector_index_state_dead', 'items_idx'), '==', 0, 'VACUUM takes dead rows out');

done_testing();
