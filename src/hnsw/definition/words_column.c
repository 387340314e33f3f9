/*-------------------------------------------------------------------------
 *
 * words_column.c
 *	  The indexed column, if it is a tsvector: documents, whose words have posting lists.
 *
 * Lists are those of sparse vectors, and the distance is a negative sum of products, as the inner
 * product's: of the weights that a query gives words, and those that these have in a document
 * (types/bm25.h).
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/words_column.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/definition/column.h"
#include "lokivector.h"
#include "types/bm25.h"

/* LokiValueType.open: one float, which every document has, and the hash of its bytes */
static const float *
words_open(const LokiColumn *column, const struct varlena *value, float *copy)
{
	float	   *values = loki_encoding_room(column, VARDATA(value), VARSIZE(value) - VARHDRSZ, copy);

	Assert(column->dim == 1 && column->metric == LOKI_METRIC_IP);
	values[0] = 1;
	return values;
}

/* LokiValueType.distance: the negative score, as that of an inner product; 0 - x is never -0 */
static double
words_distance(const LokiColumn *column, const struct varlena *value, const struct varlena *query)
{
	return 0 - loki_bm25_score((TSVector) value, (const Bm25Query *) query);
}

/* LokiValueType.elements: counts of a document's words, by the hashes that are their terms */
static LokiSparse
words_elements(const struct varlena *value)
{
	return loki_words_of((TSVector) value);
}

/* LokiValueType.words: terms and weights of a query; none (n < 0) of one that the planner made */
static LokiSparse
words_of_query(const struct varlena *value, LokiBm25 *by)
{
	const Bm25Query *query = (const Bm25Query *) value;
	int			n = Max(query->n, 0);
	int32	   *indices = palloc_array(int32, n + 1);
	float	   *weights = palloc_array(float, n + 1);

	for (int i = 0; i < n; i++)
	{
		/* words of one term are neighbors, and there may be several */
		Assert(i == 0 || query->words[i - 1].term <= query->words[i].term);
		indices[i] = query->words[i].term;
		weights[i] = query->words[i].weight;
	}
	*by = query->by;
	return (LokiSparse)
	{
		n, indices, weights
	};
}

static const LokiValueType words_type = {
	.max_declared = 1,
	.encoding_dim = 1,
	.open = words_open,
	.distance = words_distance,
	.elements = words_elements,
	.words = words_of_query
};

LOKI_TYPE_SUPPORT(hnsw_tsvector_support, words_type)
