--
-- Distances between vectors
--

-- test: sums of small integers are exact with every instruction set
SELECT l2_distance('[0,0]'::vector, '[3,4]'), l2_distance('[0,0]'::vector, '[0,1]'), l2_distance('[1,2]'::vector, '[1,2]'), '[0,0]'::vector <-> '[3,4]';
SELECT inner_product('[1,2]'::vector, '[3,4]'), inner_product('[1,2]'::vector, '[-3,-4]'), '[1,2]'::vector <#> '[3,4]';
SELECT cosine_distance('[1,2]'::vector, '[2,4]'), cosine_distance('[1,1]'::vector, '[1,1]'), cosine_distance('[1,0]'::vector, '[0,2]'), cosine_distance('[1,1]'::vector, '[-1,-1]'), '[1,0]'::vector <=> '[-3,0]';
SELECT l1_distance('[0,0]'::vector, '[3,4]'), l1_distance('[0,0]'::vector, '[0,-1]'), l1_distance('[1,2]'::vector, '[1,2]'), '[-1,2]'::vector <+> '[3,-4]';
SELECT vector_l2_squared_distance('[0,0]', '[3,4]'), vector_negative_inner_product('[1,2]', '[3,4]');
SELECT vector_spherical_distance('[1,0]', '[1,0]'), vector_spherical_distance('[1,0]', '[0,1]'), vector_spherical_distance('[1,0]', '[-1,0]');
SELECT vector_spherical_distance('[2,0]', '[1,0]'), vector_spherical_distance('[2,0]', '[-1,0]');

-- test: arguments out of the range of floats, and beyond it
SELECT l2_distance('[3e38]'::vector, '[-3e38]'), vector_l2_squared_distance('[1e20]', '[0]'), l2_distance('[3e-30]'::vector, '[0]');
SELECT inner_product('[3e38]'::vector, '[3e38]'), inner_product('[3e38]'::vector, '[-3e38]'), '[3e38]'::vector <#> '[3e38]';
SELECT cosine_distance('[3e38]'::vector, '[3e38]'), cosine_distance('[3e38,1]'::vector, '[1,0]');
SELECT l1_distance('[3e38]'::vector, '[-3e38]'), l1_distance('[3e38,3e38]'::vector, '[0,0]');

-- test: a zero vector has no direction
SELECT cosine_distance('[0,0]'::vector, '[1,2]'), cosine_distance('[1,2]'::vector, '[0,0]'), cosine_distance('[0]'::vector, '[0]');

-- test: rounding does not bring a cosine out of its range
SELECT cosine_distance('[0.1,0.2,0.3]'::vector, '[0.1,0.2,0.3]') BETWEEN 0 AND 1e-6 AS near, cosine_distance('[1,1,1]'::vector, '[1.1,1.1,1.1]') >= 0 AS least, cosine_distance('[1,1,1]'::vector, '[-1.1,-1.1,-1.1]') <= 2 AS most;

-- test: sums of integers at every number of dimensions
SELECT count(*) AS dimensions FROM generate_series(1, 300) d,
	LATERAL (SELECT array_agg(1 + i % 9)::vector AS a, array_agg(1 - i % 7)::vector AS b,
		sum(((1 + i % 9) - (1 - i % 7)) ^ 2) AS l2, sum((1 + i % 9) * (1 - i % 7)) AS dot, sum(abs((1 + i % 9) - (1 - i % 7))) AS l1
		FROM generate_series(1, d) i) s
	WHERE vector_l2_squared_distance(a, b) = l2 AND inner_product(a, b) = dot AND l1_distance(a, b) = l1
	AND a <-> b = sqrt(l2) AND a <#> b = -dot AND a <+> b = l1;

-- test: against the same in float8, on random vectors
SELECT setseed(0.5);
CREATE TABLE t AS
	SELECT i, (1 + i * 7 % 400) AS d,
		(SELECT array_agg((random() - 0.5) * 10 ^ (i % 5 + 0 * j)) FROM generate_series(1, 1 + i * 7 % 400) j)::vector AS a,
		(SELECT array_agg((random() - 0.5) * 10 ^ (i % 3 + 0 * j)) FROM generate_series(1, 1 + i * 7 % 400) j)::vector AS b
	FROM generate_series(1, 400) i;
CREATE TABLE u AS
	SELECT i, d, a, b, s.* FROM t, LATERAL (
		SELECT sqrt(sum((x::float8 - y::float8) ^ 2)) AS l2, sum(x::float8 * y::float8) AS dot,
			sum(abs(x::float8 * y::float8)) AS terms, sum(abs(x::float8 - y::float8)) AS l1,
			sqrt(sum(x::float8 ^ 2)) AS norma, sqrt(sum(y::float8 ^ 2)) AS normb
			FROM unnest(a::real[], b::real[]) AS e(x, y)) s;
SELECT count(*) AS pairs,
	count(*) FILTER (WHERE abs(l2_distance(a, b) - l2) > 1e-5 * l2) AS l2,
	count(*) FILTER (WHERE abs(vector_l2_squared_distance(a, b) - l2 ^ 2) > 1e-5 * l2 ^ 2) AS l2_squared,
	count(*) FILTER (WHERE abs(inner_product(a, b) - dot) > 1e-5 * terms) AS inner_product,
	count(*) FILTER (WHERE abs(cosine_distance(a, b) - (1 - dot / (norma * normb))) > 1e-5) AS cosine,
	count(*) FILTER (WHERE abs(l1_distance(a, b) - l1) > 1e-5 * l1) AS l1,
	count(*) FILTER (WHERE abs(vector_norm(a) - norma) > 1e-12 * norma) AS norm,
	count(*) FILTER (WHERE abs(vector_norm(l2_normalize(b)) - 1) > 1e-6) AS normalize,
	count(*) FILTER (WHERE abs(vector_spherical_distance(l2_normalize(a), l2_normalize(b)) - acos(greatest(-1, least(1, dot / (norma * normb)))) / pi()) > 1e-3) AS spherical
	FROM u;

-- test: order of the arguments
SELECT count(*) FILTER (WHERE a <-> b <> b <-> a) AS l2, count(*) FILTER (WHERE a <#> b <> b <#> a) AS inner_product,
	count(*) FILTER (WHERE a <=> b <> b <=> a) AS cosine, count(*) FILTER (WHERE a <+> b <> b <+> a) AS l1 FROM u;
DROP TABLE t, u;

SELECT NULL::vector <-> '[1]', '[1]'::vector <#> NULL, cosine_distance(NULL::vector, NULL), NULL::vector <+> '[1]';
