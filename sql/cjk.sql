-- Text search in Chinese, Japanese and Korean: the parser cjk
SET client_min_messages = warning;

-- test: pairs of letters, a letter alone, and tokens of core's parser between them
SELECT * FROM ts_parse('cjk', 'iPhone 東京都に住むabc日本x中 한국어, http://a.b/c?d=中文 größe 猫。犬 𠮷野家 ﾃｽﾄ ㄅㄆ');
SELECT alias FROM ts_token_type('cjk') EXCEPT SELECT alias FROM ts_token_type('default');
SELECT * FROM ts_parse('cjk', '');
SELECT to_tsvector('cjk', 'iPhone 東京都に'), plainto_tsquery('cjk', '東京都 X'), phraseto_tsquery('cjk', '東京都'),
	websearch_to_tsquery('cjk', '東京都 -猫'), to_tsquery('cjk', '東京都:* & !犬');

-- test: random texts have the tokens of a definition in SQL; without these letters, those of core's parser
CREATE FUNCTION cjk_letters() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT E'\u1100-\u11FF\u3005-\u3007\u3041-\u309A\u309D-\u309F' ||
	E'\u30A1-\u30FA\u30FC-\u30FF\u3105-\u312F\u3131-\u318E\u31A0-\u31BF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uA960-\uA97C\uAC00-\uD7FB' ||
	E'\uF900-\uFAFF\uFF66-\uFFDC\U0001AFF0-\U0001B16F\U00020000-\U0003FFFD' $$;
CREATE FUNCTION cjk_tokens(t text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s:%s', tokid, token), '|' ORDER BY n, place)
	FROM regexp_matches(t, format('([%1$s]+|[^%1$s]+)', cjk_letters()), 'g') WITH ORDINALITY r (m, n),
	LATERAL (SELECT 64 AS tokid, substr(m[1], i, 2) AS token, i::bigint AS place
		FROM generate_series(1, greatest(length(m[1]) - 1, 1)) i WHERE m[1] ~ format('^[%s]', cjk_letters())
		UNION ALL SELECT p.* FROM ts_parse('default', m[1]) WITH ORDINALITY p WHERE m[1] !~ format('^[%s]', cjk_letters())) p
$$;
CREATE TABLE cjk_alphabet AS SELECT row_number() OVER () AS n, c FROM (
	-- letters, and characters just outside of their ranges
	SELECT chr(code) FROM (SELECT DISTINCT ascii(e) + d AS code FROM regexp_split_to_table(replace(cjk_letters(), '-', ''), '') e, generate_series(-1, 1) d) s
		WHERE code NOT BETWEEN 55296 AND 57343 AND code <> 65535
	UNION ALL SELECT c FROM generate_series(1, 6), regexp_split_to_table('東京都日本語猫犬ひらカタ한국', '') c
	UNION ALL SELECT c FROM generate_series(1, 3), regexp_split_to_table('abZé7 .,-_/:@。、　😀', '') c
	UNION ALL SELECT unnest('{http://,x.org/,a@b.c,-1.5e7,.txt,é́,a-b}'::text[])) s (c);
CREATE FUNCTION cjk_text(seed int) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(c, '' ORDER BY i) FROM generate_series(1, 1 + seed % 30) i
	JOIN cjk_alphabet ON n = 1 + abs(hashint8extended(seed, i) % (SELECT count(*) FROM cjk_alphabet))
$$;
SELECT seed, t FROM (SELECT seed, cjk_text(seed) AS t FROM generate_series(1, CASE WHEN current_setting('test.short', true) = 'yes' THEN 500 ELSE 4000 END) seed) s
WHERE cjk_tokens(t) <> (SELECT string_agg(format('%s:%s', tokid, token), '|' ORDER BY n) FROM ts_parse('cjk', t) WITH ORDINALITY p (tokid, token, n));
SELECT count(*) AS differ FROM (SELECT regexp_replace(cjk_text(seed), format('[%s]', cjk_letters()), '', 'g') AS t FROM generate_series(1, 500) seed) s
WHERE ARRAY(SELECT p::text FROM ts_parse('cjk', t) p) <> ARRAY(SELECT p::text FROM ts_parse('default', t) p);

-- test: headlines show each letter once
SELECT ts_headline('cjk', t, q) FROM (VALUES ('私は東京都に住んでいます', '東京'::tsquery), ('私は東京都に住んでいます', '京都'), ('私は東京都に住んでいます', '東京 & 京都'),
	('私は東京都に住んでいます', '東京 & 都に'), ('a 猫 b 東', '猫'), ('日本語の文章', '無い'), ('看 database 数据库', 'database & 据库')) v (t, q);
SELECT ts_headline('cjk', repeat('これは長い文章です。', 20) || '最後に東京都があります', websearch_to_tsquery('cjk', '東京都'), 'MaxWords=12, MinWords=5');
SELECT ts_headline('cjk', repeat('これは長い文章です。', 20) || '最後に東京都があります', websearch_to_tsquery('cjk', '東京都'), 'MaxFragments=2, MaxWords=8, MinWords=3');
SELECT seed, t FROM (SELECT seed, cjk_text(seed) AS t, (SELECT token FROM ts_parse('cjk', cjk_text(seed)) WHERE tokid = 64 ORDER BY hashtextextended(token, seed) LIMIT 1) AS q
	FROM generate_series(1, 300) seed) s
WHERE replace(replace(ts_headline('cjk', t, quote_literal(q)::tsquery, 'HighlightAll=true'), '<b>', ''), '</b>', '') <> t OR
	ts_headline('cjk', t, quote_literal(q)::tsquery, 'HighlightAll=true') !~ format('<b>%s', q);

-- test: a phrase is found where the text has it; BM25 ranks these by an index as by a sort
CREATE TABLE cjk_notes (id int PRIMARY KEY, body text, words tsvector GENERATED ALWAYS AS (to_tsvector('cjk', body)) STORED);
INSERT INTO cjk_notes (id, body) SELECT n, body FROM unnest(ARRAY[
	'数据库把每一行写进表里。', '索引使查询更快，但写入更慢。', '事务提交之后，其他会话才能看到新的行。', '备份服务器重放日志。',
	'向量索引在数据库中查找最近的行。', '请在升级之前备份数据库。', '这台服务器有两个处理器和很多内存。', '查询计划显示了索引的用法。',
	'データベースは行をテーブルに書き込みます。', '索引があると検索が速くなります。', 'トランザクションが終わると新しい行が見えます。', 'サーバーはログを再生します。',
	'ベクトルの索引はデータベースで近い行を探します。', '更新の前にデータベースのバックアップを取ってください。', '東京都の図書館で本を借りました。', '京都の寺を見に行きました。',
	'데이터베이스는 행을 표에 씁니다.', '색인이 있으면 검색이 빨라집니다.', 'PostgreSQL 데이터베이스의 색인', 'PostgreSQL的索引类型', 'PostgreSQLの索引', '猫', '犬と猫']) WITH ORDINALITY AS u (body, n);
INSERT INTO cjk_notes SELECT 100 + i, (SELECT string_agg(body, '' ORDER BY hashint8extended(i, id)) FROM cjk_notes WHERE (id + i) % 9 = 0) FROM generate_series(1, 200) i;
CREATE INDEX cjk_words ON cjk_notes USING hnsw (words bm25_ops);
ANALYZE cjk_notes;
SELECT phrase, (SELECT count(*) FROM cjk_notes WHERE body LIKE '%' || phrase || '%') AS rows,
	(SELECT count(*) FROM cjk_notes WHERE (body LIKE '%' || phrase || '%') <> (words @@ phraseto_tsquery('cjk', phrase))) AS differ
FROM unnest('{数据库,索引,データベース,東京都,京都,行を,데이터베이스,色인,PostgreSQL的索引,备份服务器,処理器}'::text[]) phrase;
CREATE FUNCTION cjk_ranked(query tsquery) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s', id, score), ', ' ORDER BY score, id)
	FROM (SELECT id, words <@> query AS score FROM cjk_notes WHERE words <@> query < 0 ORDER BY score, id LIMIT 30) s
$$;
CREATE TABLE cjk_by_sort AS SELECT q FROM unnest('{数据库 索引,データベースの索引,東京都 猫,데이터베이스 검색,postgresql 备份}'::text[]) q;
ALTER TABLE cjk_by_sort ADD ranked text;
SET enable_indexscan = off;
UPDATE cjk_by_sort SET ranked = cjk_ranked(plainto_tsquery('cjk', q));
RESET enable_indexscan;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM cjk_notes ORDER BY words <@> plainto_tsquery('cjk', '数据库') LIMIT 3;
SELECT count(*), count(*) FILTER (WHERE ranked <> cjk_ranked(plainto_tsquery('cjk', q))) AS differ, min(length(ranked)) > 50 AS found FROM cjk_by_sort;
SELECT id, body FROM cjk_notes WHERE id < 100 ORDER BY words <@> plainto_tsquery('cjk', '東京都'), id LIMIT 2;

-- test: a configuration of one's own, with stems for words of English
CREATE TEXT SEARCH CONFIGURATION cjk_english (COPY = cjk);
ALTER TEXT SEARCH CONFIGURATION cjk_english ALTER MAPPING FOR asciiword, asciihword, hword_asciipart WITH english_stem;
SELECT to_tsvector('cjk_english', 'the databases 数据库');

DROP TEXT SEARCH CONFIGURATION cjk_english;
DROP TABLE cjk_notes, cjk_by_sort, cjk_alphabet;
DROP FUNCTION cjk_letters, cjk_tokens, cjk_text, cjk_ranked;
