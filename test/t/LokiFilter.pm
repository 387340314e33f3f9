# SPDX-License-Identifier: PostgreSQL
# What tests of filtered scans share: a table with attribute columns in its hnsw
# index, lists of their values, and the check that scans with random conditions
# return what the table has.

package LokiFilter;

use strict;
use warnings;

use Exporter 'import';
use LokiTest;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(create_filtered add_rows check_filters answers_by_list answers_by_map);

# Table items as create_items() makes it, with more columns, all of them in the
# index but `other`, which a btree has.
sub create_filtered
{
	my ($node, $rows) = @_;

	create_items($node, 16);
	$node->safe_psql('postgres', q(
		DROP INDEX items_idx;
		ALTER TABLE items ADD part bigint, ADD name text, ADD tags integer[], ADD other integer;
		CREATE SEQUENCE ids;
		CREATE FUNCTION add_rows(rows integer) RETURNS void AS $$
			INSERT INTO items SELECT n, CASE WHEN n % 101 <> 0 THEN item(n) END, c,
				CASE WHEN n % 97 <> 0 THEN abs(hashint4(n + 1)) % 500 END, 'name of ' || abs(hashint4(n + 2)) % 200,
				ARRAY[c % 7, abs(hashint4(n + 3)) % 90], abs(hashint4(n + 4)) % 100
			FROM (SELECT n, (abs(hashint4(n)) % 14142 * (abs(hashint4(n)) % 14142) / 1000000)::integer AS c
				  FROM (SELECT nextval('ids')::integer AS n FROM generate_series(1, rows)) s) t
		$$ LANGUAGE sql;

		-- one of many conditions
		CREATE FUNCTION condition(n integer) RETURNS text AS $$
			SELECT string_agg(CASE h % 13
				WHEN 0 THEN format('c = %s', k % 200) WHEN 1 THEN format('c IN (%s, %s, %s)', k % 200, k % 199, k % 7)
				WHEN 2 THEN format('c BETWEEN %s AND %s', k % 200, k % 200 + k % 3)
				WHEN 3 THEN format('part = %s', k % 500) WHEN 4 THEN format('part >= %s', 470 + k % 30)
				WHEN 5 THEN 'part IS NULL' WHEN 6 THEN format('name = ''name of %s''', k % 200)
				WHEN 7 THEN format('tags && ARRAY[%s, %s]', k % 90, k % 89) WHEN 8 THEN format('tags @> ARRAY[%s]', k % 90)
				WHEN 9 THEN format('other BETWEEN %s AND %s', k % 100, k % 100 + k % 3) WHEN 10 THEN format('c < %s', k % 40)
				WHEN 11 THEN format('v <-> item(%s) < 2.5', k % 1000) ELSE format('name <> ''name of %s''', k % 200) END, ' AND ')
			FROM (SELECT abs(hashint8(n * 4 + i)::bigint) % 1000003 AS h, abs(hashint8(n * 4 + i + 1000000)::bigint) AS k
				  FROM generate_series(1, 1 + n % 2) i) s
		$$ LANGUAGE sql;

		-- Ways in which scans under a condition differ from the table: all rows
		-- by the index, and the nearest ten, which are to match and, where the
		-- index has all that the condition asks for, be in order
		CREATE FUNCTION wrong(condition text) RETURNS SETOF text AS $$
		DECLARE
			found text;
			truth text;
			expected integer;
			near record;
		BEGIN
			PERFORM set_config('enable_seqscan', 'on', true), set_config('enable_indexscan', 'off', true),
				set_config('enable_bitmapscan', 'off', true), set_config('lokivector.enable_hybrid_scan', 'off', true);
			EXECUTE format('SELECT string_agg(id::text, '','' ORDER BY id), least(count(*), 10) FROM items WHERE %s', condition)
				INTO truth, expected;
			PERFORM set_config('enable_seqscan', 'off', true), set_config('enable_sort', 'off', true),
				set_config('enable_indexscan', 'on', true), set_config('enable_bitmapscan', 'on', true),
				set_config('lokivector.enable_hybrid_scan', 'on', true);
			EXECUTE format('SELECT string_agg(id::text, '','' ORDER BY id) FROM
				(SELECT id FROM items WHERE %s ORDER BY v <-> item(-1)) s', condition) INTO found;
			IF found IS DISTINCT FROM truth THEN
				RETURN NEXT format('%s: %s, not %s', condition, found, truth);
			END IF;
			EXECUTE format('SELECT count(*) AS n, count(*) FILTER (WHERE (%s) IS NOT TRUE) AS others,
				count(*) FILTER (WHERE d < before) AS disordered
				FROM (SELECT *, v <-> item(-1) AS d, lag(v <-> item(-1)) OVER () AS before FROM
					  (SELECT * FROM items WHERE %s ORDER BY v <-> item(-1) LIMIT 10) s) t', condition, condition) INTO near;
			IF near.n <> expected OR near.others > 0 OR
				(near.disordered > 0 AND condition !~ 'other|<->') THEN
				RETURN NEXT format('%s: nearest %s, expected %s', condition, near, expected);
			END IF;
			IF condition ~ 'other' THEN
				PERFORM set_config('enable_indexscan', 'off', true);
				EXECUTE format('SELECT string_agg(id::text, '','' ORDER BY id) FROM
					(SELECT id FROM items WHERE %s ORDER BY v <-> item(-1)) s', condition) INTO found;
				IF found IS DISTINCT FROM truth THEN
					RETURN NEXT format('%s: by a bitmap %s, not %s', condition, found, truth);
				END IF;
			END IF;
		END $$ LANGUAGE plpgsql;

		-- for scripts: an error if anything is wrong with one of some conditions
		CREATE FUNCTION check_conditions(first integer, n integer) RETURNS integer AS $$
		DECLARE
			fault text;
		BEGIN
			FOR i IN first .. first + n - 1 LOOP
				FOR fault IN SELECT wrong(condition(i)) LOOP
					RAISE EXCEPTION 'wrong answer: %', fault;
				END LOOP;
			END LOOP;
			RETURN n;
		END $$ LANGUAGE plpgsql;));
	add_rows($node, $rows);
	$node->safe_psql('postgres', q(
		CREATE INDEX items_idx ON items USING hnsw (v vector_l2_ops, c, part, name, tags);
		CREATE INDEX items_other ON items (other);
		ANALYZE items));
	return;
}

sub add_rows
{
	my ($node, $rows) = @_;

	$node->safe_psql('postgres', "SELECT add_rows($rows)");
	return;
}

# Scans under so many conditions return what the table has.
sub check_filters
{
	my ($node, $name, $first, $n) = @_;
	my ($result, $stdout, $stderr) = $node->psql('postgres', qq(
		BEGIN ISOLATION LEVEL REPEATABLE READ;
		SELECT check_conditions($first, $n);
		COMMIT));

	is($result, 0, "$name: filters") or diag($stderr);
	return;
}

# Whether a scan for a rare value reads a list
sub answers_by_list
{
	my ($node, $name) = @_;

	is($node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SELECT count(*) < 0 FROM (SELECT id FROM items WHERE part = 77 ORDER BY v <-> item(-1) LIMIT 10) s;
		SELECT strategy FROM lokivector_scan_stats())), "f\nlist", "$name: a list is read");
	return;
}

# Whether a scan within a bitmap of few rows looks them up
sub answers_by_map
{
	my ($node, $name) = @_;

	is($node->safe_psql('postgres', q(
		SET enable_seqscan = off;
		SET enable_sort = off;
		SET enable_indexscan = off;
		SELECT count(*) < 0 FROM (SELECT id FROM items WHERE other = 7 ORDER BY v <-> item(-1) LIMIT 5) s;
		SELECT strategy FROM lokivector_scan_stats())), "f\nmap", "$name: rows are looked up");
	return;
}

1;
