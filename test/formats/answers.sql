-- What a sample answers: its rows, and the distances of the nearest to some of them.  Searches
-- are as wide as the tables are large, so they find all; distances tell no order of duplicates.

SET timezone = 'UTC';
SET hnsw.ef_search = 1000;

SELECT 'rows of items', count(*), md5(string_agg(r::text, ' ' ORDER BY id)) FROM items r;
SELECT 'rows of short', count(*), md5(string_agg(r::text, ' ' ORDER BY id)) FROM short r;
SELECT 'rows of long', count(*), md5(string_agg(r::text, ' ' ORDER BY id)) FROM long r;
SELECT 'rows of grown', count(*), md5(string_agg(r::text, ' ' ORDER BY id)) FROM grown r;
SELECT 'rows of documents', count(*), md5(string_agg(r::text, ' ' ORDER BY id)) FROM documents r;

SELECT 'l2', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'ip', q.id, ARRAY(SELECT round((i.v <#> q.v)::numeric, 3) FROM items i
	ORDER BY i.v <#> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'cosine', q.id, ARRAY(SELECT round((i.v <=> q.v)::numeric, 3) FROM items i
	ORDER BY i.v <=> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'l1', q.id, ARRAY(SELECT round((i.v <+> q.v)::numeric, 3) FROM items i
	ORDER BY i.v <+> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'halfvec', q.id, ARRAY(SELECT round((i.h <-> q.h)::numeric, 3) FROM items i
	ORDER BY i.h <-> q.h LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'expression', q.id, ARRAY(SELECT round((i.v::halfvec(64) <=> q.v::halfvec(64))::numeric, 3) FROM items i
	WHERE i.category < 5
	ORDER BY i.v::halfvec(64) <=> q.v::halfvec(64) LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'sparsevec', q.id, ARRAY(SELECT round((i.s <-> q.s)::numeric, 3) FROM items i
	ORDER BY i.s <-> q.s LIMIT 5) FROM items q WHERE q.id IN (1, 26, 81, 106, 401) ORDER BY q.id;
SELECT 'hamming', q.id, ARRAY(SELECT round((i.b <~> q.b)::numeric, 3) FROM items i
	ORDER BY i.b <~> q.b LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'jaccard', q.id, ARRAY(SELECT round((i.b <%> q.b)::numeric, 3) FROM items i
	ORDER BY i.b <%> q.b LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'ip, category', q.id, ARRAY(SELECT round((i.v <#> q.v)::numeric, 3) FROM items i
	WHERE i.category = 3
	ORDER BY i.v <#> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'cosine, tags', q.id, ARRAY(SELECT round((i.v <=> q.v)::numeric, 3) FROM items i
	WHERE i.tags @> '{tag3}' AND i.name = 'name 4'
	ORDER BY i.v <=> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'halfvec, category', q.id, ARRAY(SELECT round((i.h <-> q.h)::numeric, 3) FROM items i
	WHERE i.category IN (2, 5)
	ORDER BY i.h <-> q.h LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'sparsevec, category', q.id, ARRAY(SELECT round((i.s <-> q.s)::numeric, 3) FROM items i
	WHERE i.category = 6
	ORDER BY i.s <-> q.s LIMIT 5) FROM items q WHERE q.id IN (1, 26, 81, 106, 401) ORDER BY q.id;
SELECT 'hamming, flag', q.id, ARRAY(SELECT round((i.b <~> q.b)::numeric, 3) FROM items i
	WHERE i.flag
	ORDER BY i.b <~> q.b LIMIT 5) FROM items q WHERE q.id IN (1, 26, 41, 202, 407) ORDER BY q.id;
SELECT 'l2, small', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.small < 20
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, big', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.big > 1000000000000
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, single', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.single BETWEEN 3 AND 9.5
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, price', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.price >= 60.25
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, name', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.name = 'name 7'
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, code', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.code = 'c12'
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, tags', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.tags && '{tag2,tag9}'
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, numbers', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.numbers @> '{7}'
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, made', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.made < date '2026-02-10'
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, at', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.at >= timestamptz '2026-01-01 02:00+00'
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, flag', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE NOT i.flag
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, key', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.key = '00000000-0000-0000-0000-00000000002a'
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, address', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.address = '10.0.0.9'
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'l2, missing', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM items i
	WHERE i.name IS NULL
	ORDER BY i.v <-> q.v LIMIT 5) FROM items q WHERE q.id IN (1, 202) ORDER BY q.id;
SELECT 'short', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM short i
	ORDER BY i.v <-> q.v LIMIT 5) FROM short q WHERE q.id IN (1, 17, 32) ORDER BY q.id;
SELECT 'out of line', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM long i
	ORDER BY i.v <-> q.v LIMIT 5) FROM long q WHERE q.id IN (1, 17, 102) ORDER BY q.id;
SELECT 'grown', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM grown i
	ORDER BY i.v <-> q.v LIMIT 5) FROM grown q WHERE q.id IN (1, 352, 2007) ORDER BY q.id;
SELECT 'grown, cosine', q.id, ARRAY(SELECT round((i.v <=> q.v)::numeric, 3) FROM grown i
	ORDER BY i.v <=> q.v LIMIT 5) FROM grown q WHERE q.id IN (1, 352, 2007) ORDER BY q.id;
SELECT 'grown, c', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM grown i
	WHERE i.c = 4
	ORDER BY i.v <-> q.v LIMIT 5) FROM grown q WHERE q.id IN (1, 352, 2007) ORDER BY q.id;
SELECT 'crowds', q.id, ARRAY(SELECT round((i.v <-> q.v)::numeric, 3) FROM crowds i
	ORDER BY i.v <-> q.v LIMIT 5) FROM crowds q WHERE q.id IN (1, 42, 306) ORDER BY q.id;
SELECT 'crowds, inner product, c', q.id, ARRAY(SELECT round((i.v <#> q.v)::numeric, 3) FROM crowds i
	WHERE i.c = 2
	ORDER BY i.v <#> q.v LIMIT 5) FROM crowds q WHERE q.id IN (1, 42, 306) ORDER BY q.id;
SELECT 'documents', q.id, ARRAY(SELECT round((i.parts @# q.parts)::numeric, 3) FROM documents i
	ORDER BY i.parts @# q.parts LIMIT 5) FROM documents q WHERE q.id IN (1, 52, 107) ORDER BY q.id;
SELECT 'documents, c', q.id, ARRAY(SELECT round((i.parts @# q.parts)::numeric, 3) FROM documents i
	WHERE i.c = 2
	ORDER BY i.parts @# q.parts LIMIT 5) FROM documents q WHERE q.id IN (1, 52, 107) ORDER BY q.id;
SELECT 'halves of documents', q.id, ARRAY(SELECT round((i.halves @# q.halves)::numeric, 3) FROM documents i
	ORDER BY i.halves @# q.halves LIMIT 5) FROM documents q WHERE q.id IN (1, 52, 107) ORDER BY q.id;
