/*-------------------------------------------------------------------------
 *
 * sparse_column.c
 *	  The indexed column, if it is a sparsevec.
 *
 * An index has posting lists of the elements in place of codes and a graph (derived/postings.c).  The
 * one float that stands for a value says whether it has a direction, as cosine distance needs.
 *
 * IDENTIFICATION
 *	  src/hnsw/definition/sparse_column.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/definition/column.h"
#include "lokivector.h"
#include "types/sparsevec.h"

/* LokiValueType.declared: the dimensions, which a value names */
static uint32
sparsevec_declared(const struct varlena *value)
{
	return ((const SparseVector *) value)->dim;
}

/* LokiValueType.elements.  Indices name lists, so a damaged value is an ERROR here. */
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

/* LokiValueType.open: one float, and the hash of the elements */
static const float *
sparsevec_open(const LokiColumn *column, const struct varlena *value, float *copy)
{
	LokiSparse	v = sparsevec_elements(value);
	float	   *values = loki_encoding_room(column, v.indices, (sizeof(int32) + sizeof(float)) * v.n, copy);

	Assert(column->dim == 1);
	values[0] = v.n > 0;
	return values;
}

/* LokiValueType.distance */
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
			Assert(column->metric == LOKI_METRIC_COSINE);
			return loki_sparsevec_cosine_distance(a, b);
	}
}

static const LokiValueType sparsevec_type = {
	.max_declared = LOKI_SPARSEVEC_MAX_DIM,
	.encoding_dim = 1,
	.declared = sparsevec_declared,
	.open = sparsevec_open,
	.distance = sparsevec_distance,
	.elements = sparsevec_elements
};

LOKI_TYPE_SUPPORT(hnsw_sparsevec_support, sparsevec_type)
