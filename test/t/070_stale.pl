# SPDX-License-Identifier: PostgreSQL
# Nothing waits for ANALYZE or VACUUM to be right.  Rows are written in all ways; VACUUM does not
# come, is canceled, or is killed with the server, and at last a standby takes over while it runs.
# After each step the forms below run by the index and without: what is exact has the same rows,
# and a search finds as much as after a VACUUM, within .01 or three standard errors.  The best rows
# by a score are searched for as well, so that some query may miss some; a wrong bound loses the
# same rows to most queries.
#
# LOKIVECTOR_STALE_STEPS says how many steps (make check-stale: 40), LOKIVECTOR_FUZZ_SEED which.
# What each form takes before and after the VACUUM is printed, and decides nothing.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;
use Time::HiRes qw(usleep);

my $steps = $ENV{LOKIVECTOR_STALE_STEPS} || ($ENV{LOKIVECTOR_SHORT} ? 6 : 12);
my $seed = $ENV{LOKIVECTOR_FUZZ_SEED} || 1;
my $rows = $steps > 12 ? 8000 : 2500;
my $queries = $steps > 12 ? 40 : 20;

# Each returns one number a row, the less the better; $v, $s and $w are a query's vector, sparse
# vector and words.  Scores have ORDER BY ... DESC as well, whose numbers are negative.
my %scores = (
	recency => q(0.7 * (v <=> $v) - 0.3 * exp(-extract(epoch FROM now - seen)::float8 / 86400 / 14) FROM mem, clock),
	boost => q((v <=> $v) - boost FROM mem),
	'boost, tenant' => q((v <=> $v) - boost FROM mem WHERE tenant = 3),
	importance => q((v <=> $v) + 0.1 * imp FROM mem),
	'importance, heap' => q((v <=> $v) + 0.1 * imp FROM mem WHERE id % 3 = 0),
	product => q(-((2 - (v <=> $v)) * (1 + imp)) FROM mem WHERE imp IS NOT NULL),
	'product of three' => q(-((2 - (v <=> $v)) * exp(-extract(epoch FROM now - seen)::float8 / 86400 / 30) * (1 + abs(boost))) FROM mem, clock),
	'not in the index' => q((v <=> $v) - 0.01 * plain FROM mem),
	likes => q((v <=> $v) - 0.01 * ln(1 + likes) FROM mem),
	greatest => q(greatest(v <=> $v, 0.1 * imp) FROM mem),
);
my %exact = (
	'words, all' => q(body <@> $w FROM mem),
	'words, tenant' => q(body <@> $w FROM mem WHERE tenant IN (1, 4)),
	'sparse, all' => q(s <#> $s FROM mem),
	'sparse, heap' => q(s <#> $s FROM mem WHERE id % 5 > 1),
);
my @whole = (
	q(SELECT v <=> $v FROM mem WHERE v <=> $v < 0.4),
	q(SELECT count(*) FROM mem WHERE tenant = 5),
	q(SELECT count(*) FROM mem WHERE tags && ARRAY['t1', 't9'] AND tenant > 2),
	q(SELECT count(*) FROM mem WHERE v <=> $v < 0.5 AND boost > 0),
	q(SELECT min(v <=> $v) FROM mem WHERE tenant = 2),
	q(SELECT s <#> $s FROM mem WHERE s <#> $s < -1),
);
my @searches = (
	q(v <=> $v FROM mem),
	q(v <=> $v FROM mem WHERE tenant = 3),
	q(v <=> $v FROM mem WHERE tenant IN (1, 2) AND boost < 0.4),
	q(v <=> $v FROM mem WHERE tags @> ARRAY['t3']),
	q(v <=> $v FROM mem WHERE id % 7 = 0),
	q(v <=> $v FROM mem WHERE seen > '2026-01-20'),
	q(v <=> $v FROM mem WHERE note LIKE 'new%'),
);

my $node = loki_node('main', allows_streaming => 1);
# a VACUUM that is killed in its passes over lists, which take no time in memory, needs a server
# whose statements may be canceled at once
$node->append_conf('postgresql.conf', "max_wal_size = 1GB\njit = off\n");
$node->start;
$node->safe_psql('postgres', qq(
	CREATE EXTENSION lokivector;
	CREATE FUNCTION h(n bigint, salt bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
		RETURN (hashint8extended(n, salt) & 1048575) / 1048576.0::float8;
	-- twelve clusters, of which new rows are in the last ones; n decides, and version, which an
	-- UPDATE raises
	CREATE FUNCTION vector_of(n bigint, version int) RETURNS vector LANGUAGE sql IMMUTABLE PARALLEL SAFE
		RETURN (SELECT array_agg(h(n * 12 / ($rows * 2), i) * 2 - 1 + 0.9 * (h(n + version * 1000003::bigint, i) - 0.5)
			ORDER BY i) FROM generate_series(1, 16) i)::vector;
	CREATE FUNCTION words_of(n bigint) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
		RETURN (SELECT string_agg('w' || (power(h(n, i), 3) * 900)::int || ':' || i, ' ')
			FROM generate_series(1, 3 + (h(n, 0) * 30)::int) i)::tsvector;
	CREATE FUNCTION sparse_of(n bigint) RETURNS sparsevec LANGUAGE sql IMMUTABLE PARALLEL SAFE
		RETURN (SELECT '{' || string_agg(p || ':' || round((h(n, p) + 0.1)::numeric, 3), ',' ORDER BY p) || '}/500'
			FROM (SELECT DISTINCT 1 + (power(h(n, i), 2) * 499)::int AS p FROM generate_series(1, 12) i) AS t)::sparsevec;
	CREATE TABLE clock AS SELECT timestamptz '2026-02-01' AS now;
	CREATE TABLE mem (id int PRIMARY KEY, tenant int NOT NULL, seen timestamptz NOT NULL, boost float8 NOT NULL, imp int,
		likes int NOT NULL CHECK (likes >= 0 AND likes <= 1000000), plain int NOT NULL, tags text[], note text,
		v vector(16), body tsvector, s sparsevec(500));
	CREATE PROCEDURE add_rows(first int, last int) LANGUAGE sql AS \$\$
		INSERT INTO mem SELECT n, (h(n, 1) * 8)::int, timestamptz '2026-01-01' + h(n, 2) * interval '20 days',
			h(n, 3) / 2, nullif((h(n, 4) * 10)::int, 11), (h(n, 5) * 100)::int, (h(n, 6) * 100)::int,
			ARRAY['t' || (h(n, 7) * 20)::int, 't' || (h(n, 8) * 20)::int], 'old',
			vector_of(n, 0), words_of(n), sparse_of(n)
		FROM generate_series(first, last) n \$\$;
	CREATE TABLE queries AS SELECT n, vector_of(-n * $rows / $queries * 2, 0) AS v, sparse_of(-n) AS s,
			('w' || (h(-n, 1) * 40)::int || ' | w' || (h(-n, 2) * 700)::int || ' | w' || n)::tsquery AS w
		FROM generate_series(1, $queries) n;
	CREATE INDEX mem_v ON mem USING hnsw (v vector_cosine_ops, tenant, boost, imp, tags);
	CREATE INDEX mem_body ON mem USING hnsw (body bm25_ops, tenant);
	CREATE INDEX mem_s ON mem USING hnsw (s sparsevec_ip_ops);
	CREATE INDEX mem_seen ON mem (seen);
	CREATE TABLE answers (way text, form int, n int, numbers float8[], ms float8, PRIMARY KEY (way, form, n));
	CREATE TABLE forms (form serial PRIMARY KEY, name text, kind text, statement text);
	CREATE FUNCTION with_query(statement text, v text, s text, w text) RETURNS text LANGUAGE sql IMMUTABLE RETURN
		'SELECT array(' || replace(replace(replace(statement, '\$v', v), '\$s', s), '\$w', w) || ')';
	-- what each form returns for each query, or some of them
	CREATE PROCEDURE answer(a_way text, kinds text[]) LANGUAGE plpgsql AS \$\$
	DECLARE f record; q record; numbers float8[]; begun timestamptz;
	BEGIN
		DELETE FROM answers a USING forms k WHERE way = a_way AND a.form = k.form AND kind = ANY (kinds);
		FOR f IN SELECT * FROM forms WHERE kind = ANY (kinds) ORDER BY form LOOP
			FOR q IN SELECT * FROM queries ORDER BY n LOOP
				begun := clock_timestamp();
				EXECUTE CASE WHEN a_way = 'prepared' THEN format('EXECUTE form%s(%L, %L, %L)', f.form, q.v, q.s, q.w)
					ELSE with_query(f.statement, format('%L::vector', q.v), format('%L::sparsevec', q.s),
						format('%L::tsquery', q.w)) END INTO numbers;
				INSERT INTO answers VALUES (a_way, f.form, q.n, (SELECT array_agg(x ORDER BY x) FROM unnest(numbers) x),
					extract(epoch FROM clock_timestamp() - begun) * 1000);
			END LOOP;
		END LOOP;
	END \$\$;
	CREATE PROCEDURE prepare_forms() LANGUAGE plpgsql AS \$\$
	DECLARE f record;
	BEGIN
		FOR f IN SELECT * FROM forms WHERE kind <> 'search' LOOP
			EXECUTE format('PREPARE form%s(vector, sparsevec, tsquery) AS %s', f.form,
				with_query(f.statement, '\$1', '\$2', '\$3'));
		END LOOP;
	END \$\$;
	-- numbers of two answers are the same but for the last digits
	CREATE FUNCTION same(a float8[], b float8[]) RETURNS boolean LANGUAGE sql IMMUTABLE RETURN
		cardinality(coalesce(a, '{}')) = cardinality(coalesce(b, '{}')) AND NOT EXISTS (
			SELECT FROM unnest(a, b) AS t (x, y)
			WHERE x IS DISTINCT FROM y AND coalesce(abs(x - y) > 1e-6 * (1 + abs(y)), true));
	-- the share of the nearest that a search found
	CREATE FUNCTION found(a float8[], truth float8[]) RETURNS float8 LANGUAGE sql IMMUTABLE RETURN
		CASE WHEN cardinality(truth) > 0
			THEN (SELECT count(*) FROM unnest(a) x WHERE x <= truth[cardinality(truth)] + 1e-6) / cardinality(truth)::float8
			ELSE 1 END;
	CALL add_rows(1, $rows);
	VACUUM ANALYZE mem;
));

sub add_form
{
	my ($name, $kind, $statement) = @_;

	$node->safe_psql('postgres', qq(INSERT INTO forms (name, kind, statement) VALUES (\$f\$$name\$f\$, '$kind', \$f\$$statement\$f\$)));
	return;
}
foreach my $name (sort keys %scores, keys %exact)
{
	my $kind = $scores{$name} ? 'score' : 'exact';
	my ($number, $from) = ($scores{$name} || $exact{$name}) =~ /^(.*?)( FROM mem.*)$/ or die $name;

	foreach my $k (3, 10)
	{
		add_form("$name, LIMIT $k", $kind, "SELECT $number$from ORDER BY $number LIMIT $k");
	}
	add_form("$name, DESC", $kind, "SELECT -(-($number))$from ORDER BY -($number) DESC NULLS LAST LIMIT 5")
	  if $kind eq 'score';
}
add_form($_, 'exact', $_) foreach @whole;
foreach my $form (@searches)
{
	add_form("$form, LIMIT $_", 'search', "SELECT $form ORDER BY v <=> \$v LIMIT $_") foreach (10, 40);
}
note($node->safe_psql('postgres', q(SELECT count(*) || ' forms' FROM forms)));

my $by_index = 'SET hnsw.ef_search = 60; SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off;';
# this makes scores nearly exact
my $wide = 'SET hnsw.ef_search = 400;';
my $by_table = 'SET enable_indexscan = off; SET lokivector.enable_hybrid_scan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off;';

# A session whose generic plans are older than what is written
my $planned;
sub plan_now
{
	$planned = open_session($node);
	ask($planned, qq(SET plan_cache_mode = force_generic_plan; $wide CALL prepare_forms(); CALL answer('prepared', '{exact,score}');));
	return;
}
plan_now();

# Answers without the indexes, as planned, by older plans, and with sorts as good as forbidden; exact ones
# are compared, and scores, of which a third of the queries may have others
sub look
{
	my ($step) = @_;

	ask($planned, q(CALL answer('prepared', '{exact,score}');));
	my $wrong = $node->safe_psql('postgres', qq(
		SET plan_cache_mode = force_custom_plan;
		$by_table CALL answer('table', '{exact,score,search}'); RESET ALL;
		$wide CALL answer('planned', '{exact,score}'); RESET ALL;
		$by_index CALL answer('index', '{search}'); $wide CALL answer('index', '{exact,score}'); RESET ALL;
		SELECT string_agg(format('%s (%s): %s queries', name, way, others), E'\\n') FROM (
			SELECT name, kind, a.way, count(*) FILTER (WHERE NOT same(a.numbers, t.numbers)) AS others FROM answers a
			JOIN answers t USING (form, n) JOIN forms USING (form)
			WHERE t.way = 'table' AND a.way IN ('planned', 'prepared', 'index') GROUP BY 1, 2, 3) AS s
		WHERE others > CASE kind WHEN 'exact' THEN 0 WHEN 'score' THEN $queries / 3 ELSE $queries END));

	is($wrong, '', "$step: exact rows, and the best by scores");
	return;
}

# A VACUUM changes nothing of what searches find
sub vacuum_and_compare
{
	my ($step) = @_;
	my $by_more = sub {
		my ($more) = @_;
		return qq(SELECT string_agg(format('%s: %s, after VACUUM %s', name, round(before::numeric, 3), round(after::numeric, 3)), E'\\n')
			FROM (SELECT form, avg(found(b.numbers, t.numbers)) AS before, avg(found(a.numbers, t.numbers)) AS after,
					3 * coalesce(stddev(found(a.numbers, t.numbers) - found(b.numbers, t.numbers)), 0) / sqrt(count(*)) AS noise
				FROM answers a JOIN answers b USING (form, n) JOIN answers t USING (form, n)
				WHERE a.way = 'index' AND b.way = 'before' AND t.way = 'table' GROUP BY form) s
			JOIN forms USING (form)
			WHERE kind = 'search' AND $more > greatest(0.01, noise););
	};
	my $less = $node->safe_psql('postgres', qq(
		DELETE FROM answers WHERE way = 'before';
		UPDATE answers SET way = 'before' WHERE way = 'index';
		VACUUM ANALYZE mem;
		$by_index CALL answer('index', '{search}'); $wide CALL answer('index', '{exact,score}'); RESET ALL;)
		  . $by_more->('after - before'));

	is($less, '', "$step: searches find as much as after VACUUM");
	# repair links what is left, which need not find as much as the graph with all dead versions did
	note('less after VACUUM: ' . $node->safe_psql('postgres', $by_more->('before - after')));
	note($node->safe_psql('postgres', q(
		SELECT string_agg(format('%s: %s ms, after VACUUM %s', name, b.ms, a.ms), E'\n')
		FROM (SELECT form, round(avg(ms)::numeric, 2) AS ms FROM answers WHERE way = 'index' GROUP BY form) a
		JOIN (SELECT form, round(avg(ms)::numeric, 2) AS ms FROM answers WHERE way = 'before' GROUP BY form) b USING (form)
		JOIN forms USING (form) WHERE b.ms > 2 * a.ms)));
	check($step);
	return;
}

sub check
{
	my ($step) = @_;
	my ($result, $out, $err) = $node->psql('postgres',
		q(SELECT lokivector_check(c, true) FROM unnest('{mem_v,mem_body,mem_s}'::regclass[]) c));

	is($result, 0, "$step: the indexes are sound") or diag($err);
	return;
}

srand($seed);
my $last = $rows;
my @writes = (
	[ 'rows added' => sub {
		my $n = 1 + int(rand($rows / 10));

		$last += $n;
		return sprintf('CALL add_rows(%d, %d)', $last - $n + 1, $last);
	} ],
	[ 'attributes raised' => sub {
		sprintf(q(UPDATE mem SET boost = %f, imp = %d, seen = now WHERE id %% %d = 3), 1 + rand(3), -int(rand(20)), 300 + rand(500)) =~ s/= now/= (SELECT now FROM clock)/r;
	} ],
	[ 'NULL and infinity' => sub {
		sprintf(q(UPDATE mem SET imp = NULL, boost = CASE WHEN id %% 2 = 0 THEN '-Infinity'::float8 ELSE -7 END WHERE id %% 701 = %d), int(rand(701)));
	} ],
	[ 'NaN' => sub { sprintf(q(UPDATE mem SET boost = 'NaN' WHERE id = %d), 1 + int(rand($rows))) } ],
	[ 'vectors changed' => sub { sprintf('UPDATE mem SET v = vector_of(id, 1 + %d) WHERE id %% 20 = %d', rand(1000), rand(20)) } ],
	[ 'equal vectors' => sub { sprintf('UPDATE mem SET imp = imp WHERE id %% 10 = %d', rand(10)) } ],
	[ 'HOT' => sub { sprintf(q(UPDATE mem SET note = 'new', plain = plain + 1000 WHERE id %% 25 = %d), rand(25)) } ],
	[ 'words and sparse vectors changed' => sub { sprintf('UPDATE mem SET body = words_of(id + 7 * %1$d), s = sparse_of(id + 5 * %1$d) WHERE id %% 25 = 1', 1 + rand(1000)) } ],
	[ 'rows deleted' => sub { sprintf('DELETE FROM mem WHERE id %% 30 = %d', rand(30)) } ],
	[ 'slots used again' => sub {
		my $n = $rows / 20;

		$last += $n;
		return sprintf('DELETE FROM mem WHERE id %% 20 = %d; VACUUM mem; CALL add_rows(%d, %d)', rand(20), $last - $n + 1, $last);
	} ],
	[ 'an insert rolled back' => sub { sprintf(q(BEGIN; CALL add_rows(%d, %d); ROLLBACK), $last + 1, $last + 100) } ],
);

# How far VACUUM comes is left to chance: all that is looked at comes after it
my @ends = (
	[ 'no VACUUM' => sub { } ],
	[ 'ANALYZE alone' => sub { $node->safe_psql('postgres', 'ANALYZE mem') } ],
	[ 'VACUUM canceled' => sub {
		$node->psql('postgres', sprintf('SET statement_timeout = %d; VACUUM mem', 1 + rand(120)));
	} ],
	[ 'VACUUM killed' => sub {
		my $session = open_session($node);

		$session->{in} .= "VACUUM mem;\n";
		$session->{run}->pump_nb;
		usleep(rand(120_000));
		$node->stop('immediate');
		$_->{run}->kill_kill foreach ($session, $planned);
		$node->start;
		plan_now();
	} ],
);

foreach my $step (1 .. $steps)
{
	my @chosen = map { $writes[ rand @writes ] } 1 .. 1 + rand(3);
	my $end = $ends[ $step <= @ends ? $step - 1 : rand @ends ];
	my $name = sprintf('%d: %s; %s', $step, join(', ', map { $_->[0] } @chosen), $end->[0]);

	$node->safe_psql('postgres', $_->[1]->()) foreach @chosen;
	$end->[1]->();
	look($name);
	vacuum_and_compare($name) if $step % 3 == 0 || $step == $steps;
}

# A session that reads an old snapshot meets rows that it does not see
{
	my $old = open_session($node);

	ask($old, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM mem;");
	$node->safe_psql('postgres', "UPDATE mem SET v = vector_of(id, 50 + $_)") foreach (1 .. 3);
	my $found = sub {
		my ($settings) = @_;

		return ask($old, qq(SET LOCAL plan_cache_mode = force_custom_plan; $settings CREATE TEMP TABLE IF NOT EXISTS old_answers (way text, n int, numbers float8[]);
			DO \$\$ DECLARE q record; numbers float8[]; BEGIN
				FOR q IN SELECT * FROM queries LOOP
					EXECUTE format('SELECT array(SELECT v <=> %1\$L FROM mem ORDER BY v <=> %1\$L LIMIT 10)', q.v) INTO numbers;
					INSERT INTO old_answers VALUES (current_setting('enable_indexscan'), q.n, numbers);
				END LOOP; END \$\$;));
	};
	$found->('SET LOCAL enable_seqscan = off;');
	$found->('SET LOCAL enable_indexscan = off; SET LOCAL lokivector.enable_hybrid_scan = off; SET LOCAL enable_seqscan = on;');
	my $recall = ask($old, q(SELECT avg(found(a.numbers, t.numbers)) >= 0.9 FROM old_answers a JOIN old_answers t USING (n) WHERE a.way = 'on' AND t.way = 'off';));
	is($recall, 't', 'an old snapshot: a search finds its rows')
	  or diag(ask($old, q(SELECT avg(found(a.numbers, t.numbers)) FROM old_answers a JOIN old_answers t USING (n) WHERE a.way = 'on' AND t.way = 'off';)));
	ask($old, 'COMMIT;');
	close_session($old);
}
look('an old snapshot has ended');
vacuum_and_compare('an old snapshot has ended');

# A standby takes over in the midst of a VACUUM
my $standby = loki_standby($node, "autovacuum = off\n");
$node->safe_psql('postgres', $_->[1]->()) foreach @writes[ 0, 1, 4, 7, 8 ];
my $session = open_session($node);
$session->{in} .= "VACUUM mem;\n";
$session->{run}->pump_nb;
usleep(rand(150_000));
$standby->promote;
$node->stop('immediate');
$_->{run}->kill_kill foreach ($session, $planned);
$node = $standby;
plan_now();
look('a standby that took over');
vacuum_and_compare('a standby that took over');
close_session($planned);
$node->stop;
done_testing();
