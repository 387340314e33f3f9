/*-------------------------------------------------------------------------
 *
 * sparsevec_ops.c
 *	  Comparison, norm and normalisation of sparse vectors.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_ops.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "lokivector.h"
#include "types/compare.h"
#include "types/check_values.h"
#include "types/sparsevec.h"
#include "utils/float.h"

/* ------------------------------------------------------------------------
 * Comparison, as of vectors with all their zeros: by elements first, then the
 * one with fewer dimensions comes first
 * ------------------------------------------------------------------------
 */

/*
 * Compare the elements of a with those of b, of which b has no more from some
 * place on: the first difference is at a's element i, if b has that dimension.
 */
static int
compare_with_zero(const SparseVector *a, int i, int dim)
{
	Assert(i >= 0 && i <= a->nnz);
	if (i == a->nnz || a->indices[i] >= dim)
		return 0;
	Assert(LOKI_SPARSEVEC_VALUES(a)[i] != 0);
	return LOKI_SPARSEVEC_VALUES(a)[i] > 0 ? 1 : -1;
}

/* As compare() of LOKI_COMPARISONS: the first difference where both have dimensions decides */
static int
compare_arguments(FunctionCallInfo fcinfo)
{
	SparseVector *a = PG_GETARG_SPARSEVEC_P(0);
	SparseVector *b = PG_GETARG_SPARSEVEC_P(1);
	const float *x = LOKI_SPARSEVEC_VALUES(a);
	const float *y = LOKI_SPARSEVEC_VALUES(b);
	int			nnz = Min(a->nnz, b->nnz);
	int			i = 0;
	int			result;

	while (i < nnz && a->indices[i] == b->indices[i] && x[i] == y[i])
		i++;
	if (i < nnz && a->indices[i] == b->indices[i])
		result = x[i] < y[i] ? -1 : 1;
	/* the smaller index is where one has a zero */
	else if (i < a->nnz && (i == b->nnz || a->indices[i] < b->indices[i]))
		result = compare_with_zero(a, i, b->dim);
	else
		result = -compare_with_zero(b, i, a->dim);
	if (result == 0)
		result = (a->dim > b->dim) - (a->dim < b->dim);

	/* index code calls this many times in one memory context */
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

LOKI_COMPARISONS(sparsevec, compare_arguments)

/* ------------------------------------------------------------------------
 * Length and direction
 * ------------------------------------------------------------------------
 */

LOKI_FUNCTION(sparsevec_l2_norm);
Datum
sparsevec_l2_norm(PG_FUNCTION_ARGS)
{
	SparseVector *v = PG_GETARG_SPARSEVEC_P(0);

	PG_RETURN_FLOAT8(loki_euclidean_norm(v->nnz, LOKI_SPARSEVEC_VALUES(v)));
}

/*
 * The zero vector stays what it is, and elements that become zero are left
 * out.  Quotients cannot overflow: no element is larger than the norm.
 */
LOKI_FUNCTION(sparsevec_l2_normalize);
Datum
sparsevec_l2_normalize(PG_FUNCTION_ARGS)
{
	SparseVector *v = PG_GETARG_SPARSEVEC_P(0);
	const float *values = LOKI_SPARSEVEC_VALUES(v);
	double		norm = loki_euclidean_norm(v->nnz, values);
	SparseVector *unit;
	float	   *unit_values;
	int			nnz = 0;
	int			n = 0;

	for (int i = 0; i < v->nnz; i++)
		nnz += (float) (values[i] / norm) != 0;
	unit = loki_sparsevec_make(v->dim, nnz);
	unit_values = LOKI_SPARSEVEC_VALUES(unit);
	for (int i = 0; i < v->nnz; i++)
	{
		float		value = values[i] / norm;

		if (value == 0)
			continue;
		Assert(isfinite(value));	/* T1 */
		unit->indices[n] = v->indices[i];
		unit_values[n++] = value;
	}
	Assert(n == unit->nnz);
	PG_RETURN_POINTER(unit);
}
