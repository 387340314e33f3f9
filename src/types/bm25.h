/*-------------------------------------------------------------------------
 *
 * bm25.h
 *	  The type weighed_tsquery: a search for words, with what the index says of these words.
 *
 * The score of a document, by Okapi BM25 (Robertson and Zaragoza, "The Probabilistic Relevance
 * Framework: BM25 and Beyond", 2009, section 3), is a sum over the words of the query:
 *
 *	weight * tf / (tf + k1 * (1 - b + b * length / mean))
 *	weight = (k1 + 1) * ln(1 + (N - n + 0.5) / (n + 0.5))
 *
 * tf is how often the document has the word, length the sum of that over its words, mean that
 * of N documents, of which n have the word.
 *
 * IDENTIFICATION
 *	  src/types/bm25.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BM25_H
#define LOKI_BM25_H

#include "distance/sparse.h"
#include "fmgr.h"
#include "tsearch/ts_type.h"

/* What a weight of a word in a document depends on beside the document */
typedef struct LokiBm25
{
	float		k1;				/* not negative: how soon repetitions stop to count */
	float		b;				/* 0 to 1: how much long documents are marked down */
	float		mean;			/* length of documents; 0: there are none */
} LokiBm25;

/* A word of a weighed_tsquery, as stored */
typedef struct Bm25Word
{
	uint32		term;			/* by which lists know it; others may share it */
	float		weight;			/* positive */
	uint32		start;			/* of the lexeme, behind the words */
	uint32		length;
} Bm25Word;

/* The type weighed_tsquery, as stored: the words, then their lexemes without a byte between them */
typedef struct Bm25Query
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	Oid			index;			/* whose rows the statistics are of */
	LokiBm25	by;
	int32		n;				/* or LOKI_BM25_INDEX, LOKI_BM25_TENANT */
	Bm25Word	words[FLEXIBLE_ARRAY_MEMBER];	/* ascending by term */
} Bm25Query;

/* Of n: names the index alone, of whose rows all count; or those of a tenant, which a Bm25Tenant says */
#define LOKI_BM25_INDEX		(-1)
#define LOKI_BM25_TENANT	(-2)

/* Whose rows count: those for which column operator value holds, which is an equality */
typedef struct Bm25Tenant
{
	int32		column;			/* of the index, from 1 */
	Oid			operator;
	Oid			collation;
} Bm25Tenant;

#define Bm25QueryTenant(query)	((Bm25Tenant *) (query)->words)

#define DatumGetBm25Query(d)	((Bm25Query *) PG_DETOAST_DATUM(d))
#define Bm25QueryLexemes(query)	((char *) &(query)->words[Max((query)->n, 0)])

/* A word of a search, and what is known of the documents that have it */
typedef struct LokiWord
{
	uint32		term;
	const char *lexeme;			/* of the tsquery */
	int			length;
	double		documents;		/* how many have it */
	float		least;			/* its weights in these: loki_bm25_weight() ... */
	float		most;			/* ... is from `least` to `most` */
	bool		found;			/* in the document that is being counted */
} LokiWord;

/*
 * The words that a search is for, each once, by term; not those that are to be absent.  Palloc'd.  NULL
 * if it has the beginning of a word, for which there is no score.
 */
extern LokiWord *loki_words_of_search(TSQuery search, int *n);

/* The words of a document, by term: those that share one are added.  Palloc'd. */
extern LokiSparse loki_words_of(TSVector document);

/*
 * Count a document for those of n words, by term, that it has, as lists would: by term.  Returns its length,
 * which is how often it has any word.
 */
extern double loki_document_count(TSVector document, LokiWord *words, int n);

/* The weight, from 0 to 1, of a word that occurs `count` times in a document of this length */
static inline double
loki_bm25_weight(const LokiBm25 *by, double count, double length)
{
	double		relative = by->mean > 0 ? length / by->mean : 1;

	Assert(count > 0 && length >= 0);
	Assert(by->k1 >= 0 && by->b >= 0 && by->b <= 1);
	return count / (count + by->k1 * (1 - by->b + by->b * relative));
}

/* The weight of a word that n of N documents have */
extern double loki_bm25_query_weight(const LokiBm25 *by, double N, double n);

/* The score of a document.  ERROR if the query names an index alone. */
extern double loki_bm25_score(TSVector document, const Bm25Query *query);

#endif							/* LOKI_BM25_H */
