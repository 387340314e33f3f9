/*-------------------------------------------------------------------------
 *
 * sparse.c
 *	  The indexed column, if it is a sparsevec.
 *
 * A sparse vector of up to LOKI_SKETCH_DIM dimensions is handled as the dense one that it
 * stands for.  With more dimensions the graph is built and searched by sketches: a fixed
 * number of floats, to SPREAD of which every element of the vector is added.  A hash of its
 * index decides at which places, and with which signs.  Inner products and distances of
 * sketches are those of the vectors, but for an error that falls with the root of
 * LOKI_SKETCH_DIM; so rows are ranked by their own values, read from the table.  With one
 * place in place of four, a few elements that meet there make two vectors seem near, and
 * several times as many rows have to be ranked (doc/design/experiments.md).
 *
 * Sums with signs do not keep the taxicab distance.  For it an element has one place and no
 * sign changes, and the distance of two sketches is never above that of the vectors.
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

/* Places to which an element is added; a power of 4, so that its root is exact */
#define SPREAD 4

/* Bits of a hash that name a place; the next bit is the sign */
#define PLACE_BITS 10

StaticAssertDecl(LOKI_SKETCH_DIM == 1 << PLACE_BITS, "places of a sketch");
StaticAssertDecl(SPREAD * (PLACE_BITS + 1) <= 64, "a hash has bits for all places");

/* Room of floats behind a sketch for a hash of the vector itself */
#define HASH_FLOATS (sizeof(LokiHashData) / sizeof(float))

/*
 * Add up the sketch of v.  Only the zero vector may have a sketch of zeros; if all elements of
 * another one cancel out, its first element is put there.
 */
static void
make_sketch(LokiMetric metric, LokiSparse v, float *sketch)
{
	int			spread = metric == LOKI_METRIC_L1 ? 1 : SPREAD;
	float		share = metric == LOKI_METRIC_L1 ? 1 : 0.5f;
	bool		zero = true;

	memset(sketch, 0, sizeof(float) * LOKI_SKETCH_DIM);
	for (int i = 0; i < v.n; i++)
	{
		uint64		hash = loki_hash_mix(v.indices[i]);
		float		value = v.values[i] * share;

		for (int place = 0; place < spread; place++)
		{
			sketch[hash & (LOKI_SKETCH_DIM - 1)] +=
				(hash >> PLACE_BITS) & 1 ? -value : value;
			hash >>= PLACE_BITS + 1;
		}
	}
	for (int i = 0; i < LOKI_SKETCH_DIM; i++)
	{
		if (unlikely(!isfinite(sketch[i])))
			sketch[i] = 0;		/* the sum overflowed */
		zero = zero && sketch[i] == 0;
	}
	if (zero && v.n > 0)
		sketch[0] = v.values[0];
}

static uint32
sparsevec_dim(uint32 declared)
{
	return Min(declared, LOKI_SKETCH_DIM);
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

static const float *
sparsevec_open(const LokiColumn *column, const struct varlena *value, float *copy)
{
	LokiSparse	v = loki_sparsevec_elements((const SparseVector *) value);
	float	   *values = copy;

	if (values == NULL)
		values = palloc_array(float, column->dim + HASH_FLOATS);
	if (column->declared > LOKI_SKETCH_DIM)
		make_sketch(column->metric, v, values);
	else
	{
		memset(values, 0, sizeof(float) * column->dim);
		loki_sparsevec_spread((const SparseVector *) value, values);
	}
	if (copy == NULL)
	{
		LokiHashData hash;

		loki_hash_bytes(v.indices, (sizeof(int32) + sizeof(float)) * v.n, hash.h);
		memcpy(values + column->dim, &hash, sizeof(hash));
	}
	return values;
}

static double
sparsevec_distance(const LokiColumn *column, const struct varlena *value,
				   const struct varlena *query)
{
	LokiSparse	a = loki_sparsevec_elements((const SparseVector *) value);
	LokiSparse	b = loki_sparsevec_elements((const SparseVector *) query);

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

/*
 * For an inner product the error depends on the norms; the error of the code has them, as the
 * code misses the share `missed` of the vector.
 */
static float
sparsevec_sketch_error(const LokiColumn *column, float estimate, float code_error,
					   float missed)
{
	float		root = sqrtf(LOKI_SKETCH_DIM);

	Assert(column->metric != LOKI_METRIC_IP || missed > 0);
	switch (column->metric)
	{
		case LOKI_METRIC_L2:
			return Max(estimate, 0) * (float) M_SQRT2 / root;
		case LOKI_METRIC_COSINE:
			return 1 / root;
		case LOKI_METRIC_IP:
			return code_error / missed;
		default:
			return 0;			/* a lower bound as it is */
	}
}

static const LokiValueType sparsevec_type = {
	.max_declared = LOKI_SPARSEVEC_MAX_DIM,
	.max_exact = LOKI_SKETCH_DIM,
	.dim = sparsevec_dim,
	.stored_size = sparsevec_stored_size,
	.declared = sparsevec_declared,
	.open = sparsevec_open,
	.distance = sparsevec_distance,
	.sketch_error = sparsevec_sketch_error
};

LOKI_FUNCTION(hnsw_sparsevec_support);
Datum
hnsw_sparsevec_support(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(&sparsevec_type);
}
