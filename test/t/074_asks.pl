# SPDX-License-Identifier: PostgreSQL
# The text search parser cjk in databases of several encodings and locales, through pg_dump, and over
# values that are no text of the encoding.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

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
$node->stop;
done_testing();
