/*-------------------------------------------------------------------------
 *
 * words_share.c
 *	  How many rows have a score by BM25 within a bound: words <@> query < -3.
 *
 * Posting lists tell the share of documents that have each word of the query, and the least and the
 * greatest weight that it has in one (types/bm25.h).  Words are taken to be independent, and most weights
 * to be near that of a word which occurs once in a document of mean length: the distribution of the sum
 * is computed word by word.  Where there are no lists, as in
 * a small table, shares are those that the server estimates for words @@ query, and weights those
 * of a word that occurs a few times in a document that is neither very long nor very short.
 *
 * A score is a sum over the words of the query, so its distribution is the convolution of those of the words:
 *
 *		parts[i]	the share of documents whose words so far make i / PARTS of the bound
 *
 * Lists know each rare word, so they are for those who may know how many rows have it: as scores, which
 * tell the same (query/words.c).  The server's statistics are for everyone, as in the plans of @@.
 *
 * IDENTIFICATION
 *	  src/planner/cost/words_share.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/genam.h"
#include "access/relation.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "planner/cost/cost.h"
#include "planner/cost/selectivity.h"
#include "types/bm25.h"
#include "utils/fmgrprotos.h"

/* Parts of a bound in which sums of weights are counted */
#define PARTS	32

/* Words of which the server's statistics are asked, at most; another is taken for as frequent as the one before */
#define ASKED_WORDS	32

/*
 * A word whose weights are not known occurs between once in a text this many times as long as the mean,
 * and this often in one as many times shorter
 */
#define TYPICAL_MOST	3

bool
loki_is_words_distance(const OpExpr *distance)
{
	return exprType(linitial(distance->args)) == TSVECTOROID;
}

/*
 * The index that a search was weighed by, from bm25_weighed(weighed_tsquery, tsquery) or
 * bm25_weigh(regclass, tsquery).  A weighed_tsquery of an index alone is the planner's own, which has seen to
 * what the user may know.  InvalidOid if it is not known.
 */
static Oid
index_of_search(const FuncExpr *search, bool *permitted)
{
	const Const *by = linitial(search->args);

	Assert(list_length(search->args) >= 2);
	*permitted = false;
	if (!IsA(by, Const) || by->constisnull)
		return InvalidOid;
	if (by->consttype == search->funcresulttype)
	{
		const Bm25Query *query = DatumGetBm25Query(by->constvalue);

		*permitted = query->n == LOKI_BM25_INDEX;
		return query->index;
	}
	return by->consttype == REGCLASSOID ? DatumGetObjectId(by->constvalue) : InvalidOid;
}

/*
 * The call that made a search of a tsquery, whose score a distance is; NULL if it is not known, as of a parameter of type
 * weighed_tsquery.  The functions are stable, so that core leaves their calls in the plan.
 */
static const FuncExpr *
call_of_search(const OpExpr *distance)
{
	const FuncExpr *search = lsecond(distance->args);

	return loki_is_words_distance(distance) && IsA(search, FuncExpr) && list_length(search->args) >= 2 &&
		exprType(lsecond(search->args)) == TSQUERYOID ? search : NULL;
}

const List *
loki_planned_words(const OpExpr *distance)
{
	const FuncExpr *search = call_of_search(distance);
	const Const *by = search != NULL ? linitial(search->args) : NULL;

	/* of <@@>, whose other side is a weighed_tsquery; <@> has a tsquery */
	if (by == NULL || !IsA(by, Const) || by->constisnull || by->consttype != search->funcresulttype ||
		by->consttype == TSQUERYOID)
		return NIL;
	/* only the planner makes one without words, which no input function takes */
	return DatumGetBm25Query(by->constvalue)->n < 0 ? search->args : NIL;
}

/*
 * Lists have weights that were computed by k1 and b.  A query may name one index, and core scan another
 * of the same column, since both have the operator.  The other index may have been dropped in between.
 */
bool
loki_words_weighed_otherwise(const OpExpr *distance, Relation index)
{
	const FuncExpr *search = call_of_search(distance);
	bool		permitted;
	Oid			indexid = search != NULL ? index_of_search(search, &permitted) : InvalidOid;
	LokiBm25	mine;
	LokiBm25	others;
	Relation	other;

	if (!OidIsValid(indexid) || indexid == RelationGetRelid(index))
		return false;
	other = try_relation_open(indexid, AccessShareLock);
	if (other == NULL)
		return false;
	loki_words_parameters(index, &mine);
	others = mine;
	if (loki_is_words_index(other))
		loki_words_parameters(other, &others);
	relation_close(other, NoLock);
	return mine.k1 != others.k1 || mine.b != others.b;
}

/*
 * Ask the lists of the relation's part of an index, and note the parameters that its scores go by.
 * False if there are no lists, or if the user may not know what they say.
 *
 * A query names the index of a partitioned table, while the relation is a partition with an index of its
 * own.
 */
static bool
sample_lists(RelOptInfo *rel, Oid indexid, bool permitted, LokiWord *words, int n, LokiBm25 *by)
{
	foreach_ptr(IndexOptInfo, info, loki_usable_indexes(rel))
	{
		Relation	index;
		bool		sampled;

		if (info->indexoid != indexid && !list_member_oid(get_partition_ancestors(info->indexoid), indexid))
			continue;
		index = loki_open_planned(info);
		sampled = loki_is_words_index(index);
		if (sampled)
			loki_words_parameters(index, by);
		sampled = sampled &&
			(permitted || loki_shares_statistics(index) || loki_sees_all_rows(info->indexoid)) &&
			loki_words_sample(index, words, n);
		index_close(index, NoLock);
		return sampled;
	}
	return false;
}

/*
 * Ask the server's statistics, which are of all rows.  Those whose words are NULL have none of them: of
 * the others the share is larger.
 */
static void
words_by_statistics(PlannerInfo *root, RelOptInfo *rel, const OpExpr *distance, LokiBm25 by, LokiWord *words,
					int n)
{
	double		rest = 1 - loki_null_share(root, linitial(distance->args), rel->relid);
	int			step = n / ASKED_WORDS + 1;

	by.mean = 1;

	/*
	 * the server reads all of its common words for each one that it is asked
	 * for
	 */
	for (int i = 0; i < n; i++)
	{
		Size		size = HDRSIZETQ + sizeof(QueryItem) + words[i].length + 1;
		TSQuery		search;
		QueryOperand *operand;
		List	   *args;
		Datum		share;

		CHECK_FOR_INTERRUPTS();
		if (i > 0 && i % step > 0)
		{
			words[i].documents = words[i - 1].documents;
			words[i].least = words[i - 1].least;
			words[i].most = words[i - 1].most;
			continue;
		}
		/* what the input function would make of the word, without a weight or prefix */
		search = palloc0(size);
		SET_VARSIZE(search, size);
		search->size = 1;
		operand = &GETQUERY(search)->qoperand;
		operand->type = QI_VAL;
		operand->length = words[i].length;
		memcpy(GETOPERAND(search), words[i].lexeme, words[i].length);
		args = list_make2(linitial(distance->args),
						  makeConst(TSQUERYOID, -1, InvalidOid, -1, PointerGetDatum(search), false, false));
		share = DirectFunctionCall4(tsmatchsel, PointerGetDatum(root), ObjectIdGetDatum(InvalidOid),
									PointerGetDatum(args), Int32GetDatum(rel->relid));
		words[i].documents = rest > 0 ? Min(DatumGetFloat8(share) / rest, 1) : 0;
		words[i].least = loki_bm25_weight(&by, 1, TYPICAL_MOST);
		words[i].most = loki_bm25_weight(&by, TYPICAL_MOST, 1.0 / TYPICAL_MOST);
	}
}

/*
 * The share of weights below x, where these are from `least` to `most`, rarer toward the ends: the
 * triangular distribution, whose peak is `typical`.
 */
static double
share_below(double x, double least, double typical, double most)
{
	Assert(least <= typical && typical <= most);
	if (x >= most)
		return 1;
	if (x <= least)
		return 0;
	if (x < typical)
		return (x - least) * (x - least) / ((most - least) * (typical - least));
	return 1 - (most - x) * (most - x) / ((most - least) * (most - typical));
}

/*
 * The share of documents whose score is at least `score`, and that have some word.  Words are added one after the other
 * to the distribution of scores, in parts of that; the last is of scores that reach it.
 *
 * A document has none of the words with the product of the shares that lack each.  A bound of 0 is met
 * by all others, as weights are positive.
 */
static double
share_above(const LokiWord *words, int n, const LokiBm25 *by, double documents, double score)
{
	double		parts[PARTS + 1] = {1};
	double		none = 1;

	for (int w = 0; w < n; w++)
	{
		const LokiWord *word = &words[w];
		double		unit = loki_bm25_query_weight(by, documents, word->documents * documents) * PARTS / Max(score, DBL_EPSILON);
		double		typical = Max(word->least, Min(loki_bm25_weight(by, 1, by->mean), word->most));
		double		with[PARTS + 1];
		double		sum[PARTS + 1] = {0};
		double		before = 0;

		Assert(word->documents >= 0 && word->documents <= 1);
		none *= 1 - word->documents;
		if (score <= 0)
			continue;
		for (int i = 0; i <= PARTS; i++)
		{
			double		up_to = i == PARTS ? 1 : share_below(i + 0.5, word->least * unit, typical * unit, word->most * unit);

			with[i] = word->documents * (up_to - before);
			before = up_to;
		}
		for (int i = 0; i <= PARTS; i++)
		{
			sum[i] += parts[i] * (1 - word->documents);
			for (int k = 0; k <= PARTS; k++)
				sum[Min(i + k, PARTS)] += parts[i] * with[k];
		}
		memcpy(parts, sum, sizeof(sum));
	}
	return score > 0 ? Min(parts[PARTS], 1 - none) : 1 - none;
}

/* Scores are negative, better ones less, and 0 without any of the words: so every row is within a bound of 0. */
double
loki_words_share(PlannerInfo *root, RelOptInfo *rel, const OpExpr *distance, double bound, bool strict)
{
	const FuncExpr *search = call_of_search(distance);
	LokiBm25	by = {.k1 = LOKI_DEFAULT_K1,.b = LOKI_DEFAULT_B};
	bool		permitted;
	Oid			indexid;
	Datum		value;
	LokiWord   *words;
	int			n;

	Assert(loki_is_words_distance(distance));
	if (isnan(bound) || bound > 0 || (bound == 0 && !strict))
		return 1;
	if (search == NULL)
		return -1;
	indexid = index_of_search(search, &permitted);
	if (!OidIsValid(indexid) || !loki_known_value(root, lsecond(search->args), &value))
		return -1;
	words = loki_words_of_search(DatumGetTSQuery(value), &n);
	if (words == NULL)
		return -1;
	if (!sample_lists(rel, indexid, permitted, words, n, &by))
		words_by_statistics(root, rel, distance, by, words, n);
	return share_above(words, n, &by, Max(rel->tuples, 1), -bound);
}
