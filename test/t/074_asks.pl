# SPDX-License-Identifier: PostgreSQL
# The text search parser cjk in databases of several encodings and locales, through pg_dump, and over
# values that are no text of the encoding; near-duplicates of doc/recipes.md in one statement; its
# beginnings of words and typing errors, under row security; the memory of agents of many tenants, whose
# statements say size, prefix, and words.

use FindBin;
use lib $FindBin::RealBin;
use LokiTest;
use Documents;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

# A database of each encoding and locale, if the server has it
my %databases = (
	latin => q(ENCODING 'LATIN1' LOCALE 'C'),
	euc => q(ENCODING 'EUC_JP' LOCALE 'C'),
	c => q(ENCODING 'UTF8' LOCALE 'C'),
	c_utf8 => q(ENCODING 'UTF8' LOCALE 'C.UTF-8'),
	english => q(ENCODING 'UTF8' LOCALE 'en_US.UTF-8'),
	icu => q(ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'ja'));
my $tokens = q(SELECT string_agg(token, '|') FROM ts_parse('cjk', 'iPhone 東京都に a-b 中'));
for my $database (sort keys %databases)
{
	my ($result, $stdout, $stderr) =
	  $node->psql('postgres', "CREATE DATABASE $database TEMPLATE template0 $databases{$database}");

	SKIP:
	{
		skip "$database: $stderr", 1 if $result != 0;
		$node->safe_psql($database, 'CREATE EXTENSION lokivector');
		if ($database =~ /latin|euc/)
		{
			($result, $stdout, $stderr) = $node->psql($database, q(SELECT to_tsvector('cjk', 'text')));
			like($stderr, qr/text search parser "cjk" needs encoding "UTF8".*The encoding of this database is "(LATIN1|EUC_JP)"/s,
				"$database: refused with a message");
			next;
		}
		is($node->safe_psql($database, $tokens), 'iPhone| |東京|京都|都に| |a-b|a|-|b| |中', "$database: tokens");
	}
}

# A configuration of the parser, and a column that it fills
$node->safe_psql('c_utf8', q(
	CREATE TEXT SEARCH CONFIGURATION mine (COPY = cjk);
	ALTER TEXT SEARCH CONFIGURATION mine ALTER MAPPING FOR asciiword WITH english_stem;
	CREATE TEXT SEARCH CONFIGURATION bare (PARSER = cjk);
	ALTER TEXT SEARCH CONFIGURATION bare ADD MAPPING FOR cjk WITH simple;
	CREATE TABLE notes (id int PRIMARY KEY, body text, words tsvector GENERATED ALWAYS AS (to_tsvector('mine', body)) STORED);
	INSERT INTO notes (id, body) VALUES (1, 'databases の索引'), (2, '数据库'), (3, '東京都の地図');
	CREATE INDEX notes_words ON notes USING hnsw (words bm25_ops);
	CREATE INDEX notes_bare ON notes USING gin (to_tsvector('bare', body));));
my $dump = "${PostgreSQL::Test::Utils::tmp_check}/dump.sql";
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('c_utf8') ], 'pg_dump of configurations by the parser');
unlike(slurp_file($dump), qr/TEXT SEARCH PARSER/, '... without the parser, which the extension brings');
$node->safe_psql('postgres', q(CREATE DATABASE restored TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'));
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $node->connstr('restored') ],
	'restoring the dump');
for my $query (q(SELECT * FROM notes ORDER BY id),
	q(SELECT id, body FROM notes WHERE words <@> to_tsquery('mine', '東京 | database') < 0 ORDER BY words <@> to_tsquery('mine', '東京 | database'), id),
	q(SELECT id FROM notes WHERE to_tsvector('bare', body) @@ phraseto_tsquery('bare', '東京都')),
	q(SELECT maptokentype, mapseqno, mapdict::regdictionary FROM pg_ts_config_map WHERE mapcfg = 'mine'::regconfig ORDER BY 1, 2))
{
	my $before = $node->safe_psql('c_utf8', $query);

	isnt($before, '', 'an answer');
	is($node->safe_psql('restored', $query), $before, '... is the same in the restored database');
}

# Bytes that are no text, as after damage: an error or tokens within them, never more
my $damaged = $node->safe_psql('c_utf8', q(
	CREATE CAST (bytea AS text) WITHOUT FUNCTION;
	CREATE FUNCTION bytes_of(seed int) RETURNS bytea LANGUAGE sql AS $$
		-- bytes of all kinds, and cut letters
		SELECT string_agg(CASE WHEN h % 3 = 0 THEN int2send(h)
			WHEN h % 3 = 1 THEN convert_to('東𠮷é', 'UTF8') ELSE substr(convert_to('都𠮷', 'UTF8'), 1 + h % 3, 1 + h % 4) END, '' ORDER BY i)
		FROM generate_series(1, 1 + seed % 12) i, LATERAL (SELECT (hashint8extended(seed, i) & 32767)::int2) r (h) $$;
	CREATE FUNCTION outcome(seed int) RETURNS text LANGUAGE plpgsql AS $$
	DECLARE
		length int;
	BEGIN
		SELECT sum(octet_length(token)) INTO length FROM ts_parse('cjk', bytes_of(seed)::text);
		PERFORM ts_headline('cjk', bytes_of(seed)::text, '東𠮷');
		RETURN CASE WHEN length <= 2 * octet_length(bytes_of(seed)) THEN 'tokens' ELSE 'too much' END;
	EXCEPTION WHEN character_not_in_repertoire THEN RETURN 'error';
	END $$;
	SELECT string_agg(DISTINCT outcome(seed), ', ' ORDER BY outcome(seed)) FROM generate_series(1, 2000) seed;));
like($damaged, qr/^error(, tokens)?$|^tokens$/, "damaged values: $damaged");

# A store of memories as agents have it: keys below a prefix, vectors of two models in one column, texts of several
# languages, and tenants by a policy.  What its statements find is what plans without these indexes find.
$node->safe_psql('c_utf8', q(
	CREATE TABLE store (tenant int, prefix text, key text, value text, embedding vector,
		words tsvector GENERATED ALWAYS AS (to_tsvector('cjk', value)) STORED, PRIMARY KEY (tenant, prefix, key));
	CREATE FUNCTION vector_of(n int) RETURNS vector LANGUAGE sql IMMUTABLE AS $$
		SELECT array_agg(hashint8extended(n, j) / 1e19 ORDER BY j)::vector FROM generate_series(1, 16 + n % 2 * 8) j $$;
	CREATE FUNCTION text_of(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
		SELECT (ARRAY['データベースの索引', '数据库的索引', '데이터베이스 색인', 'an index of the database', '猫'])[1 + n % 5] || ' no. ' || n % 7 $$;
	INSERT INTO store SELECT 1 + n % 3, format('memories.user%s.%s', n % 40, (ARRAY['facts', 'plans'])[1 + n % 2]), 'key' || n, text_of(n), vector_of(n)
	FROM generate_series(1, 4000) n;
	CREATE INDEX store_16 ON store USING hnsw ((embedding::vector(16)) vector_cosine_ops, tenant, prefix text_prefix_ops) WHERE vector_dims(embedding) = 16;
	CREATE INDEX store_24 ON store USING hnsw ((embedding::vector(24)) vector_cosine_ops, tenant, prefix text_prefix_ops) WHERE vector_dims(embedding) = 24;
	CREATE INDEX store_words ON store USING hnsw (words bm25_ops, tenant, prefix text_prefix_ops);
	CREATE ROLE agent;
	GRANT SELECT, INSERT ON store TO agent;
	ALTER TABLE store ENABLE ROW LEVEL SECURITY;
	CREATE POLICY one ON store USING (tenant = current_setting('app.tenant')::int);
	VACUUM ANALYZE store;));
my $session = q(SET ROLE agent; SET hnsw.ef_search = 400; SET max_parallel_workers_per_gather = 0;
	PREPARE near (vector, text) AS SELECT key FROM store
		WHERE vector_dims(embedding) = vector_dims($1) AND prefix LIKE $2 ORDER BY embedding <=> $1, key LIMIT 5;
	PREPARE within (vector, text) AS SELECT key FROM store
		WHERE vector_dims(embedding) = vector_dims($1) AND prefix ^@ $2 AND embedding <=> $1 < 0.7 ORDER BY key;
	PREPARE said (text, text) AS SELECT key, words <@> websearch_to_tsquery('cjk', $1) FROM store
		WHERE prefix LIKE $2 ORDER BY words <@> websearch_to_tsquery('cjk', $1), key LIMIT 5;
);
my $asked = join('', map { my $n = $_; map { my $prefix = "memories.user$n." . ($_ ? '' : $n % 2 ? 'plans' : 'facts'); qq(
	SET app.tenant = @{[1 + $n % 3]};
	EXECUTE near(vector_of(@{[-$n]}), '$prefix%'); EXECUTE near(vector_of(@{[-$n - 1]}), 'memories.%');
	EXECUTE within(vector_of(@{[-$n]}), '$prefix');
	EXECUTE said('索引', '$prefix%'); EXECUTE said('数据库 index', '%'); EXECUTE said('데이터베이스 no', 'memories.%');
) } 0, 1 } 1 .. 12);
my $plain = 'SET enable_indexscan = off; SET enable_bitmapscan = off; SET lokivector.enable_hybrid_scan = off;';
my $found = $node->safe_psql('c_utf8', "$session SET enable_seqscan = off; SET enable_bitmapscan = off; $asked");

cmp_ok(scalar(split(/\n/, $found)), '>', 500, 'agents find memories');
is($found, $node->safe_psql('c_utf8', "$session $plain $asked"), '... as without the indexes');
is($node->safe_psql('c_utf8', "$session SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; $asked"), $found, '... in plans for all values');
like($node->safe_psql('c_utf8', "$session SET app.tenant = 1; SET enable_seqscan = off; EXPLAIN (COSTS OFF) EXECUTE near(vector_of(4), 'memories.user4.%')"),
	qr/store_16.*Index Cond: \(tenant = .*Filter: \(prefix ~~/s, 'by the index of the size, the tenant and the prefix');
$node->safe_psql('c_utf8', q(INSERT INTO store SELECT 4 + n % 2, 'memories.x', 'more' || n, text_of(n % 3), vector_of(n) FROM generate_series(1, 1000) n;));
is($node->safe_psql('c_utf8', "$session SET enable_seqscan = off; $asked"), $found, 'what other tenants write changes neither rows nor scores');
# of the keys that a search for five finds, and one of another tenant, the reason is asked for
is($node->safe_psql('c_utf8', qq($session SET app.tenant = 1;
	SELECT tenant, w.verdict, count(*) FROM (SELECT 1 AS tenant, ctid AS place FROM store WHERE vector_dims(embedding) = 16
			AND prefix LIKE 'memories.user2.%' ORDER BY embedding <=> vector_of(-2), key LIMIT 5) s,
		lokivector_why('store_16', vector_of(-2)::text, place, 5, \$\$prefix LIKE 'memories.user2.%'\$\$) w GROUP BY 1, 2;
	SELECT verdict FROM lokivector_why('store_16', vector_of(-2)::text, '@{[$node->safe_psql('c_utf8', 'SELECT max(ctid) FROM store WHERE tenant = 4')]}', 5))),
	"1|found|5\nnot visible", '... and why a row is found or not');

# The trigger that keeps rows apart, as the page has it and the isolation test near_duplicates
my ($block) = grep { /FUNCTION keep_apart/ } map { join("\n", @{ $_->{lines} }) } blocks('../doc/recipes.md');
my $spec = slurp_file('../test/isolation/specs/near_duplicates.spec') =~ s/^\t//mgr;
ok(index($spec, ($block =~ /(CREATE FUNCTION keep_apart.*keep_apart\(\);)/s)[0]) >= 0, 'the isolation test has the trigger of the page');
$node->safe_psql('c', "$block; TRUNCATE memories;");
sub refused
{
	my ($name, $sql) = @_;
	my ($result, $stdout, $stderr) = $node->psql('c', $sql);

	like($stderr, qr/a row of this tenant is as near/, "$name is refused");
	return;
}

# Forty rows of each of 25 tenants, on a circle, 0.0123 apart
my $apart = q(SELECT 1000 + i, i / 40, ARRAY[cos(i % 40 * 0.1570796), sin(i % 40 * 0.1570796), 0]::vector FROM generate_series(0, 999) i);
$node->safe_psql('c', "INSERT INTO memories $apart");
is($node->safe_psql('c', 'SELECT count(*), count(DISTINCT tenant) FROM memories'), '1000|25', '1,000 rows that are apart, in one statement');
refused('a statement of 1,000 rows with two near ones', "TRUNCATE memories; INSERT INTO memories $apart UNION ALL SELECT 5000, 24, '[1,0.001,0]'");
my $file = "${PostgreSQL::Test::Utils::tmp_check}/memories";
$node->safe_psql('c', "COPY ($apart) TO '$file'; TRUNCATE memories; COPY memories FROM '$file'");
is($node->safe_psql('c', 'SELECT count(*) FROM memories'), '1000', 'COPY of rows that are apart');
refused('COPY with two near ones', "COPY (SELECT 7000 + i, 99, '[1,2,3]' FROM generate_series(1, 2) i) TO '$file.2'; COPY memories FROM '$file.2'");
refused('an UPDATE of two rows to one vector', q(UPDATE memories SET embedding = '[0,0,1]' WHERE tenant = 3 AND id % 40 < 2));
refused('an UPDATE of the tenant', 'UPDATE memories SET tenant = 4 WHERE tenant = 3');
is($node->safe_psql('c', 'SELECT count(*) FROM memories a JOIN memories b ON a.tenant = b.tenant AND a.id < b.id AND a.embedding <=> b.embedding < 0.01'),
	'0', 'no rows are near');
# another trigger is seen if its name comes first
$node->safe_psql('c', q(CREATE FUNCTION moved() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.embedding := '[0,1,0]'; RETURN new; END $$;
	CREATE TRIGGER a_moved BEFORE INSERT ON memories FOR EACH ROW EXECUTE FUNCTION moved();));
refused('what an earlier trigger writes', q(INSERT INTO memories VALUES (8001, 3, '[0,0,-1]')));
$node->safe_psql('c', q(ALTER TRIGGER a_moved ON memories RENAME TO moved; INSERT INTO memories VALUES (8001, 3, '[0,0,-1]'); DROP TRIGGER moved ON memories; DELETE FROM memories WHERE id = 8001;));

# Beginnings of words and typing errors, as the page has it, under policies by tenant
SKIP:
{
	my ($words) = grep { /FUNCTION expanded/ } map { join("\n", @{ $_->{lines} }) } blocks('../doc/recipes.md');

	skip 'the server has no pg_trgm', 6
	  if $node->safe_psql('c', q(SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm')) eq '0';
	is($node->safe_psql('c', $words) =~ s/\n/,/gr, '2,1', 'the page finds what is begun and what is misspelt');
	is($node->safe_psql('c', q(SELECT expanded(7, ''), expanded(7, 'xyzzy'), expanded(8, 'vacc'), expanded(7, 'vac'))), q(|'xyzzy'|'vaccines' | 'vacc'|'vacuum' | 'vac'),
		'words of the tenant alone');
	# words with quotes, backslashes and blanks, which a column of other texts may have
	is($node->safe_psql('c', q(INSERT INTO page_words VALUES (9, 'it''s'), (9, 'a\\b'), (9, 'it & x');
		SELECT expanded(9, 'it'), expanded(9, 'a\\'))), q('it''s' | 'it & x' | 'it'|'a\\\\b' | 'a'), 'words with signs of the syntax');
	$node->safe_psql('c', q(
		CREATE ROLE asks_app;
		GRANT SELECT ON pages, page_words TO asks_app;
		ALTER TABLE pages ENABLE ROW LEVEL SECURITY;
		ALTER TABLE page_words ENABLE ROW LEVEL SECURITY;
		CREATE POLICY one ON pages USING (tenant = current_setting('app.tenant')::int);
		CREATE POLICY one ON page_words USING (tenant = current_setting('app.tenant')::int);));
	my $search = q(SET app.tenant = 7; SET ROLE asks_app;
		SELECT id, words <@> expanded(7, 'replicatoin vacu') FROM pages WHERE words <@> expanded(7, 'replicatoin vacu') < 0 ORDER BY 2, 1);
	my $seen = $node->safe_psql('c', $search);

	like($seen, qr/^2\|-\S+\n1\|-\S+$/, 'a search under policies');
	is($node->safe_psql('c', q(SET app.tenant = 7; SET ROLE asks_app; SELECT expanded(8, 'vacu'))), q('vacu'), 'no words of another tenant');
	$node->safe_psql('c', q(INSERT INTO pages SELECT 100 + i, 8, to_tsvector('simple', 'replication vacuum') FROM generate_series(1, 50) i; VACUUM pages;));
	is($node->safe_psql('c', $search), $seen, 'nor by scores');
}
$node->stop;
done_testing();
