/*-------------------------------------------------------------------------
 *
 * mmr.c
 *	  Maximal marginal relevance: vectors that are near a query, but not near each
 *	  other.
 *
 * Carbonell and Goldstein, "The use of MMR, diversity-based reranking", 1998,
 * section 2.  Of the vectors d that are left, the next is the one with the largest
 *
 *		lambda * sim(query, d) - (1 - lambda) * max(sim(d, s) for s of those chosen)
 *
 * The similarity is the cosine.  A zero vector is not similar to anything: 0.  The
 * first vector has no others to differ from, so it is the nearest, whatever lambda is.
 *
 * IDENTIFICATION
 *	  src/types/mmr.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "distance/distance.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "storage/shmem.h"
#include "types/array.h"
#include "types/check_values.h"
#include "types/dense.h"
#include "types/max_sim.h"
#include "types/toast.h"

/* What is known of a vector that may be chosen */
typedef struct Candidate
{
	const float *unit;			/* the vector at length 1, or zero */
	double		relevance;		/* how similar it is to the query */
	double		redundancy;		/* the largest similarity to one chosen */
	bool		chosen;			/* is among the result */
} Candidate;

/* x at length 1, or zero if it is that */
static void
unit_vector(int dim, const float *x, float *unit)
{
	double		norm = loki_euclidean_norm(dim, x);

	for (int i = 0; i < dim; i++)
		unit[i] = norm > 0 ? x[i] / norm : 0;
}

/* The cosine of two such vectors; rounding may bring it out of its range */
static double
similarity(int dim, const float *a, const float *b)
{
	return loki_clamp_cosine(loki_distance.dot_f32(dim, a, b));
}

/*
 * The best of the candidates that are not chosen yet, the first of several that are
 * equally good; one is left at least.
 */
static int
find_best(const Candidate *candidates, int n, double lambda)
{
	int			best = -1;
	double		best_score = 0;

	for (int i = 0; i < n; i++)
	{
		const Candidate *candidate = &candidates[i];
		double		score = lambda * candidate->relevance -
			(1 - lambda) * candidate->redundancy;

		if (!candidate->chosen && (best < 0 || score > best_score))
		{
			best = i;
			best_score = score;
		}
	}
	Assert(best >= 0);
	return best;
}

/* Choose k of a set's vectors; their positions from 1 on, as an integer[].  The query has length 1, or is zero. */
static ArrayType *
choose(const LokiVectorSet *set, const float *query, double lambda, int k)
{
	int			n = set->vectors.count;
	Candidate  *candidates = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(sizeof(Candidate), n));
	Size		row = mul_size(sizeof(float), set->dim);
	float	   *units = MemoryContextAllocHuge(CurrentMemoryContext, mul_size(row, n));
	Datum	   *positions = palloc_array(Datum, k);

	Assert(k >= 1 && k <= n && lambda >= 0 && lambda <= 1);
	for (int i = 0; i < n; i++)
	{
		float	   *unit = units + (Size) i * set->dim;

		CHECK_FOR_INTERRUPTS();
		unit_vector(set->dim, loki_vector(&set->vectors, i), unit);
		candidates[i] = (Candidate) {.unit = unit,.relevance = similarity(set->dim, query, unit),.redundancy = -1};
	}
	for (int chosen = 0; chosen < k; chosen++)
	{
		int			best = find_best(candidates, n, chosen == 0 ? 1 : lambda);

		candidates[best].chosen = true;
		positions[chosen] = Int32GetDatum(best + 1);
		for (int i = 0; i < n; i++)
		{
			double		sim = similarity(set->dim, candidates[i].unit, candidates[best].unit);

			candidates[i].redundancy = Max(candidates[i].redundancy, sim);
			if (i % 1024 == 0)
				CHECK_FOR_INTERRUPTS();
		}
	}
	return construct_array(positions, k, INT4OID, sizeof(int32), true, TYPALIGN_INT);
}

/* mmr(query, vectors, lambda, k); `type` is that of the query, and of the vectors */
static Datum
mmr(FunctionCallInfo fcinfo, const LokiDenseType *type)
{
	const LokiDense *query = (const LokiDense *) loki_toast_argument(fcinfo, 0);
	ArrayType  *array = (ArrayType *) loki_toast_argument(fcinfo, 1);
	double		lambda = PG_GETARG_FLOAT8(2);
	int			k = PG_GETARG_INT32(3);
	LokiVectorSet set;
	float	   *unit;

	if (!(lambda >= 0 && lambda <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lambda must be between 0 and 1")));
	if (k < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("k must not be negative")));
	if (loki_array_length(array) == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT4OID));
	set = loki_vector_set_open(array, type == &loki_halfvec_type);
	loki_check_same_dim(type->name, query->dim, set.dim);
	if (k == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT4OID));
	unit = palloc_array(float, query->dim);
	unit_vector(query->dim, loki_dense_floats(type, query), unit);
	PG_RETURN_ARRAYTYPE_P(choose(&set, unit, lambda, Min(k, set.vectors.count)));
}

LOKI_DENSE_FUNCTION(vector_mmr, mmr, vector)
LOKI_DENSE_FUNCTION(halfvec_mmr, mmr, halfvec)
