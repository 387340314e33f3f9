/*-------------------------------------------------------------------------
 *
 * sparsevec.h
 *	  The type sparsevec: its layout on disk and the C functions over it.
 *
 * The layout is pgvector's: indices, counted from 0 and ascending, then as
 * many values, none of them zero.
 *
 * IDENTIFICATION
 *	  src/types/sparsevec.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_SPARSEVEC_H
#define LOKI_SPARSEVEC_H

#include "compat/pgcompat.h"
#include "distance/sparse.h"
#include "fmgr.h"

#define LOKI_SPARSEVEC_MAX_DIM 1000000000
#define LOKI_SPARSEVEC_MAX_NNZ 16000

typedef struct SparseVector
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		dim;			/* number of dimensions */
	int32		nnz;			/* number of elements that are not zero */
	int32		unused;			/* reserved for future use, always zero */
	int32		indices[FLEXIBLE_ARRAY_MEMBER];
} SparseVector;

#define LOKI_SPARSEVEC_SIZE(nnz) \
	(offsetof(SparseVector, indices) + (sizeof(int32) + sizeof(float)) * (nnz))
#define LOKI_SPARSEVEC_VALUES(v)		((float *) ((v)->indices + (v)->nnz))
#define DatumGetSparseVector(d)			((SparseVector *) PG_DETOAST_DATUM(d))
#define PG_GETARG_SPARSEVEC_P(n)		DatumGetSparseVector(PG_GETARG_DATUM(n))

/*
 * A vector with room for nnz elements, palloc'd.  Indices and values are zeros, which the caller
 * replaces by finite values, not zero, and indices that loki_sparsevec_check_index() accepts: of the i-th, where
 * the dimensions and the indices before have been checked.  check_values.h says what `soft` is.
 */
extern SparseVector *loki_sparsevec_make(int dim, int nnz);
extern bool loki_sparsevec_check_nnz(fmNodePtr soft, int nnz, int dim);
extern bool loki_sparsevec_check_index(fmNodePtr soft, const SparseVector *v, int i);

/* A vector as the kernels take it */
static inline LokiSparse
loki_sparsevec_elements(const SparseVector *v)
{
	LokiSparse	elements = {v->nnz, v->indices, (const float *) (v->indices + v->nnz)};

	return elements;
}

/*
 * What the operator <=> returns: NaN if a vector is zero, or so long that its squared norm
 * overflows.  In sparsevec_distance.c.
 */
extern double loki_sparsevec_cosine_distance(LokiSparse a, LokiSparse b);

#endif							/* LOKI_SPARSEVEC_H */
