/*-------------------------------------------------------------------------
 *
 * words.c
 *	  The indexed column, if it is a tsvector: documents, whose words have posting lists.
 *
 * Lists are those of sparse vectors, and the distance is a negative sum of products, as the inner
 * product's: of the weights that a query gives words, and those that these have in a document
 * (types/bm25.h).
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/words.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "distance/hash.h"
#include "hnsw/definition/column.h"
#include "lokivector.h"
#include "types/bm25.h"

/* Room of floats behind the first for a hash of the document */
#define HASH_FLOATS (sizeof(LokiHashData) / sizeof(float))

/* Both of documents and of queries */
static uint32
words_declared(const struct varlena *value)
{
	return 1;
}

static uint32
words_dim(uint32 declared)
{
	return 1;
}

static Size
words_stored_size(uint32 declared)
{
	return 0;
}

/* Of a query, `copy` is not NULL */
static const float *
words_open(const LokiColumn *column, const struct varlena *value, float *copy)
{
	float	   *values = copy != NULL ? copy : palloc_array(float, 1 + HASH_FLOATS);

	values[0] = 1;
	if (copy == NULL)
	{
		LokiHashData hash;

		loki_hash_bytes(VARDATA(value), VARSIZE(value) - VARHDRSZ, hash.h);
		memcpy(values + 1, &hash, sizeof(hash));
	}
	return values;
}

static double
words_distance(const LokiColumn *column, const struct varlena *value, const struct varlena *query)
{
	return 0 - loki_bm25_score((TSVector) value, (const Bm25Query *) query);
}

static LokiSparse
words_elements(const struct varlena *value)
{
	return loki_words_of((TSVector) value);
}

static LokiSparse
words_of_query(const struct varlena *value, LokiBm25 *by)
{
	const Bm25Query *query = (const Bm25Query *) value;
	int32	   *indices = palloc_array(int32, Max(query->n, 0) + 1);
	float	   *weights = palloc_array(float, Max(query->n, 0) + 1);

	for (int i = 0; i < query->n; i++)
	{
		indices[i] = query->words[i].term;
		weights[i] = query->words[i].weight;
	}
	*by = query->by;
	return (LokiSparse) {Max(query->n, 0), indices, weights};
}

static const LokiValueType words_type = {
	.max_declared = 1,
	.max_exact = 0,
	.dim = words_dim,
	.stored_size = words_stored_size,
	.declared = words_declared,
	.open = words_open,
	.distance = words_distance,
	.elements = words_elements,
	.words = words_of_query
};

LOKI_FUNCTION(hnsw_tsvector_support);
Datum
hnsw_tsvector_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(&words_type);
}
