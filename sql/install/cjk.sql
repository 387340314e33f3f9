-- SPDX-License-Identifier: PostgreSQL
--
-- Text search in Chinese, Japanese and Korean
--

CREATE FUNCTION cjk_parser_start(internal, integer) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION cjk_parser_token(internal, internal, internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION cjk_parser_end(internal) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION cjk_parser_lextypes(internal) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION cjk_parser_headline(internal, internal, tsquery) RETURNS internal
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TEXT SEARCH PARSER cjk (
	START = cjk_parser_start,
	GETTOKEN = cjk_parser_token,
	END = cjk_parser_end,
	LEXTYPES = cjk_parser_lextypes,
	HEADLINE = cjk_parser_headline
);
COMMENT ON TEXT SEARCH PARSER cjk IS
	'pairs of letters of Chinese, Japanese and Korean, and the default parser for all others';

CREATE TEXT SEARCH CONFIGURATION cjk (PARSER = cjk);
ALTER TEXT SEARCH CONFIGURATION cjk ADD MAPPING FOR asciihword, asciiword, cjk, email, file, float, host,
	hword, hword_asciipart, hword_numpart, hword_part, int, numhword, numword, sfloat, uint, url, url_path,
	version, word WITH pg_catalog.simple;
COMMENT ON TEXT SEARCH CONFIGURATION cjk IS
	'pairs of letters of Chinese, Japanese and Korean, and other words as they are';
