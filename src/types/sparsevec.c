/*-------------------------------------------------------------------------
 *
 * sparsevec.c
 *	  What makes a sparse vector valid.
 *
 * The messages are pgvector's; applications match on them.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "types/check_values.h"
#include "types/sparsevec.h"

SparseVector *
loki_sparsevec_make(int dim, int nnz)
{
	Size		size = LOKI_SPARSEVEC_SIZE(nnz);
	SparseVector *v = (SparseVector *) palloc0(size);

	Assert(dim >= 1 && dim <= LOKI_SPARSEVEC_MAX_DIM);
	Assert(nnz >= 0 && nnz <= LOKI_SPARSEVEC_MAX_NNZ);
	SET_VARSIZE(v, size);
	v->dim = dim;
	v->nnz = nnz;
	return v;
}

bool
loki_sparsevec_check_nnz(fmNodePtr soft, int nnz, int dim)
{
	if (nnz < 0)
		ereturn(soft, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec cannot have negative number of elements")));
	if (nnz > LOKI_SPARSEVEC_MAX_NNZ)
		ereturn(soft, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more than %d non-zero elements",
						LOKI_SPARSEVEC_MAX_NNZ)));
	if (nnz > dim)
		ereturn(soft, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("sparsevec cannot have more elements than dimensions")));
	return true;
}

bool
loki_sparsevec_check_index(fmNodePtr soft, const SparseVector *v, int i)
{
	int32		index = v->indices[i];

	Assert(i >= 0 && i < v->nnz);
	if (index < 0 || index >= v->dim)
		ereturn(soft, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec index out of bounds"),
				 errhint("In text, indexes are from 1 to the number of dimensions.")));
	if (i == 0)
		return true;
	if (index < v->indices[i - 1])
		ereturn(soft, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec indices must be in ascending order")));
	if (index == v->indices[i - 1])
		ereturn(soft, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("sparsevec indices must not contain duplicates")));
	return true;
}
