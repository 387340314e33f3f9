/*-------------------------------------------------------------------------
 *
 * bm25.c
 *	  The type weighed_tsquery, and the distance of documents from it.
 *
 * A weighed_tsquery has statistics that not everyone may know, so there is no way to write one: only
 * bm25_weigh() makes them, which sees to privileges.
 *
 * Words go by two names.  Posting lists know a word by its term, a hash of 31 bits, so that a document
 * is a sparse vector whose indices are terms.  Of 100,000 words two or three pairs share one.  Scores go by
 * the lexeme itself, so they are exact; what lists say of a term is a bound, which is checked against
 * the document before a row is returned.
 *
 * IDENTIFICATION
 *	  src/types/bm25.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "common/hashfn.h"
#include "compat/pgcompat.h"
#include "lib/stringinfo.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "tsearch/ts_utils.h"
#include "types/bm25.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

/* The number by which posting lists know a lexeme; different ones may share it */
static uint32
term_of_word(const char *lexeme, int length)
{
	/* indices of sparse vectors are not negative */
	return hash_bytes((const unsigned char *) lexeme, length) & PG_INT32_MAX;
}

/* How often a lexeme of a document occurs: once if positions have been stripped */
static inline int
word_count(TSVector document, const WordEntry *entry)
{
	return entry->haspos ? POSDATALEN(document, entry) : 1;
}

/* The length of a document: how often it has any */
static double
document_length(TSVector document)
{
	double		length = 0;

	for (int i = 0; i < document->size; i++)
		length += word_count(document, &ARRPTR(document)[i]);
	return length;
}

/* An element of a document */
typedef struct Element
{
	int32		term;
	int			count;
} Element;

/*
 * Sort elements by term, one of its bytes at a time, the lowest first.  Terms are hashes, so a processor foresees
 * the outcome of no comparison: qsort() takes three times as long for 60 words, and ten times for 300.  The
 * number of bytes is even, so what moves to and fro ends in its place.
 */
static void
sort_elements(Element *elements, Element *scratch, int n)
{
	int			starts[sizeof(int32)][256] = {0};

	for (int i = 0; i < n; i++)
		for (int byte = 0; byte < (int) sizeof(int32); byte++)
			starts[byte][elements[i].term >> (8 * byte) & 0xFF]++;
	for (int byte = 0; byte < (int) sizeof(int32); byte++)
	{
		Element    *from = byte % 2 == 0 ? elements : scratch;
		Element    *to = byte % 2 == 0 ? scratch : elements;
		int			start = 0;

		for (int i = 0; i < 256; i++)
		{
			int			count = starts[byte][i];

			starts[byte][i] = start;
			start += count;
		}
		for (int i = 0; i < n; i++)
			to[starts[byte][from[i].term >> (8 * byte) & 0xFF]++] = from[i];
	}
}

/* One more than there are, since a document may be empty, and palloc(0) is not what callers expect. */
LokiSparse
loki_words_of(TSVector document)
{
	const WordEntry *entries = ARRPTR(document);
	Element    *elements = palloc_array(Element, 2 * document->size + 1);
	int32	   *indices = palloc_array(int32, document->size + 1);
	float	   *values = palloc_array(float, document->size + 1);
	int			n = 0;

	for (int i = 0; i < document->size; i++)
		elements[i] = (Element)
	{
		.term = term_of_word(STRPTR(document) + entries[i].pos, entries[i].len),
			.count = word_count(document, &entries[i])
	};
	sort_elements(elements, elements + document->size, document->size);
	for (int i = 0; i < document->size; i++)
	{
		if (n == 0 || indices[n - 1] != elements[i].term)
		{
			Assert(n == 0 || indices[n - 1] < elements[i].term);
			indices[n] = elements[i].term;
			values[n++] = 0;
		}
		/* lexemes that share a term count together: more than each, so the score stays a bound */
		values[n - 1] += elements[i].count;
	}
	pfree(elements);
	return (LokiSparse) {n, indices, values};
}

/*
 * Add the words below an item, but not what is to be absent; false if one is the beginning of words.
 * A tsquery is a tree in Polish notation: an operator, its right operand behind it, and the left one
 * `left` items farther on.  How the words are combined does not matter: BM25 is of a set of words.
 */
static bool
add_search_words(TSQuery search, const QueryItem *item, LokiWord *words, int *n)
{
	check_stack_depth();
	if (item->type == QI_VAL)
	{
		LokiWord   *word = &words[(*n)++];

		Assert(*n <= search->size);
		memset(word, 0, sizeof(LokiWord));
		word->lexeme = GETOPERAND(search) + item->qoperand.distance;
		word->length = item->qoperand.length;
		word->term = term_of_word(word->lexeme, word->length);
		return !item->qoperand.prefix;
	}
	return item->qoperator.oper == OP_NOT ||
		(add_search_words(search, item + 1, words, n) && add_search_words(search, item + item->qoperator.left, words, n));
}

/* By term, then by lexeme, since lexemes may share a term */
static int
compare_words(const void *a, const void *b)
{
	const LokiWord *x = a;
	const LokiWord *y = b;
	int			order;

	if (x->term != y->term)
		return x->term < y->term ? -1 : 1;
	order = memcmp(x->lexeme, y->lexeme, Min(x->length, y->length));
	return order != 0 ? order : x->length - y->length;
}

/* Sorted so that a word that the search has twice lies beside itself, and counts once. */
LokiWord *
loki_words_of_search(TSQuery search, int *n)
{
	LokiWord   *words = palloc_array(LokiWord, search->size + 1);
	int			all = 0;

	*n = 0;
	if (search->size > 0 && !add_search_words(search, GETQUERY(search), words, &all))
		return NULL;
	qsort(words, all, sizeof(LokiWord), compare_words);
	for (int i = 0; i < all; i++)
		if (*n == 0 || compare_words(&words[*n - 1], &words[i]) != 0)
			words[(*n)++] = words[i];
	return words;
}

/*
 * ln(1 + (N - n + .5) / (n + .5)), the inverse document frequency as Lucene has it, which is not negative for
 * words that most documents have; times k1 + 1, which BM25 has in each word's weight.  n may have been
 * counted after N.
 */
double
loki_bm25_query_weight(const LokiBm25 *by, double N, double n)
{
	Assert(by->k1 >= 0 && N >= 0 && n >= 0);
	return (by->k1 + 1) * log1p((Max(N - n, 0) + 0.5) / (n + 0.5));
}

/* How often a document has a lexeme.  A tsvector is sorted by tsCompareString(), so by halves. */
static int
lexeme_count(TSVector document, const char *lexeme, int length)
{
	WordEntry  *entries = ARRPTR(document);
	int			low = 0;
	int			high = document->size;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;
		int			order = tsCompareString(unconstify(char *, lexeme), length, STRPTR(document) + entries[middle].pos,
											entries[middle].len, false);

		if (order == 0)
			return word_count(document, &entries[middle]);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 0;
}

/* See bm25.h.  Of two words of the document that share a term with one of the search, that counts once. */
double
loki_document_count(TSVector document, LokiWord *words, int n)
{
	const WordEntry *entries = ARRPTR(document);

	for (int i = 0; i < document->size && n > 0; i++)
	{
		uint32		term = term_of_word(STRPTR(document) + entries[i].pos, entries[i].len);
		int			low = 0;
		int			high = n;

		while (low < high)
		{
			int			middle = low + (high - low) / 2;

			if (words[middle].term < term)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < n && words[low].term == term; low++)
			words[low].found = true;
	}
	for (int i = 0; i < n; i++)
	{
		words[i].documents += words[i].found;
		words[i].found = false;
	}
	return document_length(document);
}

/*
 * The length is added up from the document, and not kept beside it: it takes about as long as reading
 * the document, which has to be done anyway, and needs no room in rows or index.
 */
double
loki_bm25_score(TSVector document, const Bm25Query *query)
{
	char	   *lexemes = Bm25QueryLexemes(query);
	double		length = document_length(document);
	double		score = 0;

	if (query->n < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weighed_tsquery has no words")));
	for (int i = 0; i < query->n; i++)
	{
		const Bm25Word *word = &query->words[i];
		int			count = lexeme_count(document, lexemes + word->start, word->length);

		Assert(word->weight > 0 && (i == 0 || query->words[i - 1].term <= word->term));
		Assert(lexemes + word->start + word->length <= (char *) query + VARSIZE(query));
		if (count > 0)
			score += word->weight * loki_bm25_weight(&query->by, count, length);
	}
	return score;
}

/* There is an input function because each type must have one. */
LOKI_FUNCTION(weighed_tsquery_in);
Datum
weighed_tsquery_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot accept a value of type %s", "weighed_tsquery"),
			 errhint("Call bm25_weigh() with an index and a tsquery.")));
	PG_RETURN_VOID();
}

/* For people: the index, and each word with its weight */
LOKI_FUNCTION(weighed_tsquery_out);
Datum
weighed_tsquery_out(PG_FUNCTION_ARGS)
{
	Bm25Query  *query = DatumGetBm25Query(PG_GETARG_DATUM(0));
	char	   *index = DatumGetCString(DirectFunctionCall1(regclassout,
															ObjectIdGetDatum(query->index)));
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, index);
	for (int i = 0; i < query->n; i++)
		appendStringInfo(&text, "%s %.*s %.3g", i == 0 ? ":" : ",", (int) query->words[i].length,
						 Bm25QueryLexemes(query) + query->words[i].start, query->words[i].weight);
	PG_RETURN_CSTRING(text.data);
}

/* <@@> (tsvector, weighed_tsquery): the score, negative, so that the best come first in ascending order */
LOKI_FUNCTION(bm25_weighed_distance);
Datum
bm25_weighed_distance(PG_FUNCTION_ARGS)
{
	TSVector	document = PG_GETARG_TSVECTOR(0);
	Bm25Query  *query = DatumGetBm25Query(PG_GETARG_DATUM(1));
	double		score = loki_bm25_score(document, query);

	PG_FREE_IF_COPY(document, 0);
	PG_FREE_IF_COPY(query, 1);
	PG_RETURN_FLOAT8(0 - score);
}

/* <@> (tsvector, tsquery), where the planner has found no index of the words */
LOKI_FUNCTION(bm25_distance);
Datum
bm25_distance(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("operator <@> finds no index of these words"),
			 errdetail("Its scores depend on how many rows of a table have a word, which an index tells."),
			 errhint("It takes an index with operator class bm25_ops on what stands left of the operator; of a partial "
					 "one, conditions that imply its WHERE. Write the operator in the subquery, WITH or branch of "
					 "UNION that reads the table, or name an index: words <@@> bm25_weigh(index, query).")));
	PG_RETURN_NULL();
}
