# SPDX-License-Identifier: PostgreSQL
# Posting lists of sparse vectors and of words: searches equal a sort of the same snapshot, while rows
# come, change and go and VACUUM makes the lists again; after a crash; on a standby; and without a window
# that is damaged.
#
# LOKIVECTOR_LONG=1 takes two minutes in place of some seconds.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;

my $seconds = $ENV{LOKIVECTOR_LONG} ? 120 : $ENV{LOKIVECTOR_SHORT} ? 4 : 8;

my $node = damaged_node('main', allows_streaming => 1);
$node->start;
$node->safe_psql('postgres', q(
CREATE EXTENSION IF NOT EXISTS lokivector;
CREATE FUNCTION document(n int) RETURNS sparsevec LANGUAGE sql IMMUTABLE AS $$
	SELECT ('{' || string_agg(w || ':' || x, ',' ORDER BY w) || '}/3000')::sparsevec
	FROM (SELECT 1 + (power(abs(hashint8extended(n, i) % 10000) / 10000.0, 3) * 2999)::int AS w,
			max(1 + abs(hashint8extended(n, -i) % 40) / 8.0) AS x
		FROM generate_series(1, 5 + abs(n) % 20) i GROUP BY 1) s
$$;
CREATE TABLE items (id serial PRIMARY KEY, tenant int, s sparsevec(3000),
	words tsvector GENERATED ALWAYS AS (to_tsvector('simple', translate(s::text, '{}:,', '    '))) STORED);
INSERT INTO items (tenant, s) SELECT i % 7, document(i) FROM generate_series(1, 3000) i;
CREATE INDEX items_idx ON items USING hnsw (s sparsevec_ip_ops, tenant);
CREATE INDEX items_cosine ON items USING hnsw (s sparsevec_cosine_ops);
CREATE INDEX items_words ON items USING hnsw (words bm25_ops);
-- an error if the index gives other distances than a sort
CREATE FUNCTION same(n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	found float8[];
	exact float8[];
	expression text := (ARRAY['s <#> $1', 's <=> $1', 'words <@@> $2'])[1 + n % 3];
	-- VACUUM may change what words count
	search weighed_tsquery := bm25_weigh('items_words', replace(plainto_tsquery('simple', translate(document(-n)::text, '{}:,', '    '))::text, '&', '|')::tsquery);
	filter text := (ARRAY['true', 'tenant = 3', 'id % 2 = 0'])[1 + n / 3 % 3];
BEGIN
	FOR i IN 0..1 LOOP
		PERFORM set_config('enable_indexscan', CASE i WHEN 0 THEN 'off' ELSE 'on' END, true),
			set_config('enable_seqscan', CASE i WHEN 0 THEN 'on' ELSE 'off' END, true);
		exact := found;
		EXECUTE format('SELECT array_agg(d) FROM (SELECT %1$s AS d FROM items WHERE %2$s ORDER BY %1$s LIMIT 25) a',
			expression, filter) INTO found USING document(-n), search;
	END LOOP;
	IF found IS DISTINCT FROM exact THEN
		RAISE EXCEPTION '% where %: %, not %', expression, filter, found, exact;
	END IF;
END
$$;
));

sub same_answers
{
	my ($server, $name) = @_;
	my (undef, undef, $stderr) = $server->psql('postgres', 'SELECT same(n) FROM generate_series(1, 30) n');

	is($stderr, '', $name);
	return;
}

same_answers($node, 'before');
my @clients = (
	start_client($node, 'update', 2, $seconds, q(
\set n random(1, 5000)
UPDATE items SET s = document(:n + 1) WHERE id = :n;
UPDATE items SET tenant = tenant + 1 WHERE id = :n + 7;
)),
	start_client($node, 'insert', 1, $seconds, q(
\set n random(1, 1000000)
INSERT INTO items (tenant, s) SELECT i % 7, document(i) FROM generate_series(:n, :n + 3) i;
BEGIN;
INSERT INTO items (tenant, s) VALUES (3, document(:n));
ROLLBACK;
)),
	start_client($node, 'delete', 1, $seconds, q(
\set n random(1, 6000)
DELETE FROM items WHERE id BETWEEN :n AND :n + 8;
\sleep 20 ms
)),
	start_client($node, 'vacuum', 1, $seconds, q(
VACUUM items;
\sleep 200 ms
)),
	start_client($node, 'check', 1, $seconds, q(
SELECT lokivector_check('items_idx', true);
SELECT lokivector_check('items_words', true);
\sleep 50 ms
)),
	start_client($node, 'scan', 2, $seconds, q(
\set n random(1, 1000000)
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT same(:n);
\sleep 10 ms
SELECT same(:n + 1);
COMMIT;
)));
finish_client($_) foreach @clients;
check_index($node, 'check');
same_answers($node, 'afterwards');

my $standby = loki_standby($node);
$node->safe_psql('postgres', 'INSERT INTO items (tenant, s) SELECT i % 7, document(i) FROM generate_series(1, 2000) i; DELETE FROM items WHERE id % 5 = 0');
$node->safe_psql('postgres', 'VACUUM items');
$node->wait_for_catchup($standby);
is( $standby->safe_psql('postgres', "SELECT unlisted_nodes < 200 FROM lokivector_index_info('items_idx')"),
	't', 'lists were made again');
same_answers($standby, 'on a standby');
check_index($standby, 'check on a standby');

# A transaction that is neither the oldest that runs nor the newest commits between two statements of a
# standby's transaction; the words of a small table are counted by rows
$node->safe_psql('postgres', $_) for q(
	CREATE TABLE few AS SELECT 'w'::tsvector AS words FROM generate_series(1, 10);
	INSERT INTO few SELECT 'other' FROM generate_series(1, 10);
	CREATE INDEX few_words ON few USING hnsw (words bm25_ops);),
	"BEGIN; CREATE TABLE oldest (); PREPARE TRANSACTION 'oldest'",
	"BEGIN; INSERT INTO few SELECT 'w' FROM generate_series(1, 50); PREPARE TRANSACTION 'between'",
	'CREATE TABLE newest ()';
$node->wait_for_catchup($standby);
my $score = q(SELECT min(words <@> 'w') FROM few);
my $connection = $node->connstr('postgres');
my ($before, $after) = split /\n/, $standby->safe_psql('postgres', qq(
	BEGIN;
	$score;
	\\! psql -X -q -d "$connection" -c "COMMIT PREPARED 'between'"
	DO \$\$ BEGIN WHILE (SELECT count(*) FROM few) < 70 LOOP PERFORM pg_sleep(.01); END LOOP; END \$\$;
	$score;
	COMMIT;));
is($after, $standby->safe_psql('postgres', $score), 'scores of a later statement on a standby');
isnt($before, $after, 'differ from those before');
$node->safe_psql('postgres', "ROLLBACK PREPARED 'oldest'");
$standby->stop;

$node->safe_psql('postgres', 'CHECKPOINT');
$node->safe_psql('postgres', 'INSERT INTO items (tenant, s) SELECT i % 7, document(i) FROM generate_series(1, 500) i');
$node->safe_psql('postgres', 'VACUUM items');
$node->stop('immediate');
$node->start;
same_answers($node, 'after a crash');
check_index($node, 'check after a crash');

$node->safe_psql('postgres', 'VACUUM FULL items; CHECKPOINT');
my ($words, $nodes, $terms) = split /\n/, $node->safe_psql('postgres', q(SELECT pg_relation_filepath('items_words');
	SELECT slots FROM lokivector_index_slot_arrays('items_words') WHERE slot_array IN ('tid', 'term') ORDER BY slot_array = 'term'));
my $path = $node->data_dir . "/$words";
$node->stop;
my $made = slurp_file($path);
my $first = quotemeta(pack('V4', 0, $nodes, 0, $terms));
like($made, qr/$first/, 'a window was found');

# As builds before 1.0.0 made it: without its last list, of lengths
write_binary($path, $made =~ s/$first(.{4})(.{4})/pack('V4', 0, $nodes, 0, $terms - 1) . $1 . pack('V', unpack('V', $2) - $nodes)/esr);
$node->start;
same_answers($node, 'with a window of an earlier build');
is($node->safe_psql('postgres', q(SELECT lokivector_check('items_words', true))), 'sound', 'which is sound');
$node->stop;
write_binary($path, $made);
$node->start;

# A window that begins at a later node, and one of too many nodes: node, nodes, term, terms
my %damage = (items_idx => sub { (0, $_[0] - 1) }, items_words => sub { (4, 1 << 30) });
my @damaged;
for my $index (sort keys %damage)
{
	my $file = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('$index')");
	my ($nodes, $terms) = split /\n/, $node->safe_psql('postgres',
		"SELECT slots FROM lokivector_index_slot_arrays('$index') WHERE slot_array IN ('tid', 'term') ORDER BY slot_array = 'term'");
	push @damaged, [ $file, pack('V4', 0, $nodes, 0, $terms), $damage{$index}->($nodes) ];
}
$node->stop;
for (@damaged)
{
	my ($file, $slot, $at, $value) = @$_;
	my $bytes = slurp_file($file);
	my $window = index($bytes, $slot);

	cmp_ok($window, '>', 0, 'the window was found');
	substr($bytes, $window + $at, 4) = pack('V', $value);
	write_binary($file, $bytes);
}
$node->start;
$node->safe_psql('postgres', q(ALTER DATABASE postgres SET statement_timeout = '300s'));
same_answers($node, 'with damaged windows');
for my $index (sort keys %damage)
{
	my (undef, undef, $fault) = $node->psql('postgres', "SELECT lokivector_check('$index')");
	like($fault, qr/slot 0 of the window array .* does not follow/, "check finds it in $index");
}
$node->stop;
done_testing();
