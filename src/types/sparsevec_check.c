/*-------------------------------------------------------------------------
 *
 * sparsevec_check.c
 *	  What makes a sparse vector valid.
 *
 * The messages are pgvector's; applications match on them.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec_check.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "types/sparsevecint.h"

SparseVector *
loki_sparsevec_make(int dim, int nnz)
{
	Size		size = LOKI_SPARSEVEC_SIZE(nnz);
	SparseVector *v = (SparseVector *) palloc0(size);

	SET_VARSIZE(v, size);
	v->dim = dim;
	v->nnz = nnz;
	return v;
}

void
loki_sparsevec_check_nnz(int nnz, int dim)
{
	if (nnz < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec cannot have negative number of elements")));
	if (nnz > LOKI_SPARSEVEC_MAX_NNZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more than %d non-zero elements",
						LOKI_SPARSEVEC_MAX_NNZ)));
	if (nnz > dim)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more elements than dimensions")));
}

/* Check index i, when those before it have been checked. */
void
loki_sparsevec_check_index(const SparseVector *v, int i)
{
	int32		index = v->indices[i];

	if (index < 0 || index >= v->dim)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec index out of bounds")));
	if (i == 0)
		return;
	if (index < v->indices[i - 1])
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec indices must be in ascending order")));
	if (index == v->indices[i - 1])
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec indices must not contain duplicates")));
}

void
loki_sparsevec_check_value(float value)
{
	if (likely(isfinite(value)))
		return;
	if (isnan(value))
		loki_nan_error("sparsevec");
	loki_infinite_error("sparsevec");
}
