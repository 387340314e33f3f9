/*-------------------------------------------------------------------------
 *
 * cjk.c
 *	  A text search parser for texts in Chinese, Japanese and Korean.
 *
 * These put no space between words.  A run of their letters becomes its overlapping pairs, which
 * is what a search for a part of the run finds:
 *
 *		iPhone 東京都		->	iPhone, 東京, 京都
 *
 * A letter alone is a token.  All between two runs is handed to core's parser, as a text of its own,
 * so that a text without such letters has the tokens that core gives it.
 *
 * IDENTIFICATION
 *	  src/types/cjk.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lokivector.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tsearch/ts_public.h"
#include "utils/fmgrprotos.h"

/* The type of our tokens, above those of core's parser, of which 23 are taken */
#define LOKI_CJK_TOKEN 64

typedef struct CjkParser
{
	char	   *next;			/* what was not looked at yet */
	char	   *end;
	Datum		other;			/* core's parser, within a run that is not ours; or 0 */
	bool		in_pair;		/* the letter at next is the second of the pair before */
} CjkParser;

/* Letters, ascending: of Han, Kana, Bopomofo and Hangul, with their marks, but not punctuation */
static const struct
{
	pg_wchar	first,
				last;
}			letters[] =
{
	{0x1100, 0x11FF}, {0x3005, 0x3007}, {0x3041, 0x309A}, {0x309D, 0x309F},
	{0x30A1, 0x30FA}, {0x30FC, 0x30FF}, {0x3105, 0x312F}, {0x3131, 0x318E},
	{0x31A0, 0x31BF}, {0x31F0, 0x31FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF},
	{0xA960, 0xA97C}, {0xAC00, 0xD7FB}, {0xF900, 0xFAFF}, {0xFF66, 0xFFDC},
	{0x1AFF0, 0x1B16F}, {0x20000, 0x3FFFD}
};

/*
 * How many bytes the letter at p has, if it is one of ours, else 0.  A character that goes beyond the
 * end, as in a value that was damaged, is none: core's parser reports it.
 */
static int
letter_length(const char *p, const char *end)
{
	const unsigned char *bytes = (const unsigned char *) p;
	int			length;
	pg_wchar	code;

	/* all have three bytes or four */
	if (p >= end || *bytes < 0xE1)
		return 0;
	length = pg_utf_mblen(bytes);
	if (length > end - p || !pg_utf8_islegal(bytes, length))
		return 0;
	code = utf8_to_unicode(bytes);
	for (int i = 0; i < lengthof(letters) && letters[i].first <= code; i++)
	{
		if (code <= letters[i].last)
			return length;
	}
	return 0;
}

/* Start to parse a text, which lives until cjk_parser_end(). */
LOKI_FUNCTION(cjk_parser_start);
Datum
cjk_parser_start(PG_FUNCTION_ARGS)
{
	CjkParser  *parser = palloc0(sizeof(CjkParser));

	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("text search parser \"cjk\" needs encoding \"UTF8\""),
				 errdetail("The encoding of this database is \"%s\".", GetDatabaseEncodingName())));
	parser->next = (char *) PG_GETARG_POINTER(0);
	parser->end = parser->next + PG_GETARG_INT32(1);
	PG_RETURN_POINTER(parser);
}

/* The type of the next token, 0 at the end; its text goes to the second and third argument. */
LOKI_FUNCTION(cjk_parser_token);
Datum
cjk_parser_token(PG_FUNCTION_ARGS)
{
	CjkParser  *parser = (CjkParser *) PG_GETARG_POINTER(0);
	char	  **token = (char **) PG_GETARG_POINTER(1);
	int		   *token_length = (int *) PG_GETARG_POINTER(2);

	while (parser->other != 0 || parser->next < parser->end)
	{
		int			first = parser->other != 0 ? 0 : letter_length(parser->next, parser->end);
		int			second;
		bool		was_paired = parser->in_pair;

		CHECK_FOR_INTERRUPTS();
		/* core's parser has what lies between runs of our letters */
		if (first == 0 && parser->other == 0)
		{
			char	   *begin = parser->next;

			while (parser->next < parser->end && letter_length(parser->next, parser->end) == 0)
				parser->next += Min(pg_utf_mblen((unsigned char *) parser->next), parser->end - parser->next);
			parser->other = DirectFunctionCall2(prsd_start, PointerGetDatum(begin),
												Int32GetDatum(parser->next - begin));
		}
		if (first == 0)
		{
			int			type = DatumGetInt32(DirectFunctionCall3(prsd_nexttoken, parser->other,
																 PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)));

			if (type != 0)
				PG_RETURN_INT32(type);
			DirectFunctionCall1(prsd_end, parser->other);
			parser->other = 0;
			continue;
		}
		second = letter_length(parser->next + first, parser->end);
		*token = parser->next;
		*token_length = first + second;
		parser->next += first;
		parser->in_pair = second > 0;
		if (second > 0 || !was_paired)
			PG_RETURN_INT32(LOKI_CJK_TOKEN);
	}
	PG_RETURN_INT32(0);
}

LOKI_FUNCTION(cjk_parser_end);
Datum
cjk_parser_end(PG_FUNCTION_ARGS)
{
	CjkParser  *parser = (CjkParser *) PG_GETARG_POINTER(0);

	if (parser->other != 0)
		DirectFunctionCall1(prsd_end, parser->other);
	pfree(parser);
	PG_RETURN_VOID();
}

/* The types of tokens: core's, and ours */
LOKI_FUNCTION(cjk_parser_lextypes);
Datum
cjk_parser_lextypes(PG_FUNCTION_ARGS)
{
	LexDescr   *types = (LexDescr *) DatumGetPointer(DirectFunctionCall1(prsd_lextype, (Datum) 0));
	int			n = 0;

	for (; types[n].lexid != 0; n++)
		Assert(types[n].lexid < LOKI_CJK_TOKEN);
	types = repalloc(types, sizeof(LexDescr) * (n + 2));
	types[n + 1] = types[n];
	types[n].lexid = LOKI_CJK_TOKEN;
	types[n].alias = pstrdup("cjk");
	types[n].descr = pstrdup("Letters of Chinese, Japanese or Korean");
	PG_RETURN_POINTER(types);
}

/*
 * Core's headline, in which each letter shows once.  Of two pairs that share a letter, a selected one
 * shows it; if none is or both are, the first.
 */
LOKI_FUNCTION(cjk_parser_headline);
Datum
cjk_parser_headline(PG_FUNCTION_ARGS)
{
	HeadlineParsedText *text = (HeadlineParsedText *) PG_GETARG_POINTER(0);
	char		shared[MAX_MULTIBYTE_CHAR_LEN];
	int			shared_length = 0;	/* of the last letter before, if it may be the first of a pair */
	bool		is_shown = false;	/* ... and was shown */

	DirectFunctionCall3(prsd_headline, PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2));
	for (int i = 0; i < text->curwords; i++)
	{
		HeadlineWordEntry *word = &text->words[i];
		int			next = i + 1;
		int			first;
		int			second;
		bool		follows;
		bool		goes_on;

		if (word->repeated)
			continue;
		if (word->type != LOKI_CJK_TOKEN || !word->in)
		{
			shared_length = 0;
			continue;
		}
		while (next < text->curwords && text->words[next].repeated)
			next++;
		first = pg_utf_mblen((unsigned char *) word->word);
		second = word->len - first;
		follows = second > 0 && shared_length == first && memcmp(shared, word->word, first) == 0;
		goes_on = second > 0 && next < text->curwords && text->words[next].in &&
			text->words[next].type == LOKI_CJK_TOKEN && text->words[next].len > second &&
			memcmp(text->words[next].word, word->word + first, second) == 0;
		memcpy(shared, word->word + first, second);
		shared_length = second;
		first = follows && is_shown ? first : 0;
		is_shown = word->selected || !goes_on;
		/* the bytes from there on */
		word->len -= first + (is_shown ? 0 : second);
		memmove(word->word, word->word + first, word->len);
		word->skip = word->len == 0;
	}
	PG_RETURN_VOID();
}
