/*-------------------------------------------------------------------------
 *
 * sparse.c
 *	  The indexed column, if it is a sparsevec.
 *
 * An index has posting lists of the elements in place of codes and a graph (derived/terms.c).  The
 * one float that stands for a value says whether it has a direction, as cosine distance needs.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/sparse.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "distance/hash.h"
#include "hnsw/definition/column.h"
#include "lokivector.h"
#include "types/sparsevec.h"

/* Room of floats behind the first for a hash of the vector */
#define HASH_FLOATS (sizeof(LokiHashData) / sizeof(float))

static uint32
sparsevec_dim(uint32 declared)
{
	return 1;
}

/* Values differ in size, so that TID slots do not name them in the TOAST table */
static Size
sparsevec_stored_size(uint32 declared)
{
	return 0;
}

static uint32
sparsevec_declared(const struct varlena *value)
{
	return ((const SparseVector *) value)->dim;
}

/* Indices name lists, so a damaged value is an ERROR here */
static LokiSparse
sparsevec_elements(const struct varlena *value)
{
	LokiSparse	v = loki_sparsevec_elements((const SparseVector *) value);
	int32		next = 0;

	for (int i = 0; i < v.n; i++)
	{
		if (v.indices[i] < next || v.indices[i] >= ((const SparseVector *) value)->dim)
			elog(ERROR, "index out of bounds");
		next = v.indices[i] + 1;
	}
	return v;
}

static const float *
sparsevec_open(const LokiColumn *column, const struct varlena *value, float *copy)
{
	LokiSparse	v = sparsevec_elements(value);
	float	   *values = copy != NULL ? copy : palloc_array(float, 1 + HASH_FLOATS);

	values[0] = v.n > 0;
	if (copy == NULL)
	{
		LokiHashData hash;

		loki_hash_bytes(v.indices, (sizeof(int32) + sizeof(float)) * v.n, hash.h);
		memcpy(values + 1, &hash, sizeof(hash));
	}
	return values;
}

static double
sparsevec_distance(const LokiColumn *column, const struct varlena *value,
				   const struct varlena *query)
{
	LokiSparse	a = sparsevec_elements(value);
	LokiSparse	b = sparsevec_elements(query);

	switch (column->metric)
	{
		case LOKI_METRIC_L2:
			return sqrt((double) loki_sparse_l2sq(a, b));
		case LOKI_METRIC_IP:
			return -(double) loki_sparse_dot(a, b);
		case LOKI_METRIC_L1:
			return loki_sparse_l1(a, b);
		default:
			return loki_sparsevec_cosine_distance(a, b);
	}
}

static const LokiValueType sparsevec_type = {
	.max_declared = LOKI_SPARSEVEC_MAX_DIM,
	.max_exact = 0,
	.dim = sparsevec_dim,
	.stored_size = sparsevec_stored_size,
	.declared = sparsevec_declared,
	.open = sparsevec_open,
	.distance = sparsevec_distance,
	.elements = sparsevec_elements
};

LOKI_FUNCTION(hnsw_sparsevec_support);
Datum
hnsw_sparsevec_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(&sparsevec_type);
}
