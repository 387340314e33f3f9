/*-------------------------------------------------------------------------
 *
 * sparsevec.h
 *	  The type sparsevec, as C functions get and return it.
 *
 * For other extensions; layout and names are those of pgvector's header.  The
 * including file has included postgres.h and fmgr.h.
 *
 * IDENTIFICATION
 *	  include/sparsevec.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef SPARSEVEC_H
#define SPARSEVEC_H

#define SPARSEVEC_MAX_DIM 1000000000
#define SPARSEVEC_MAX_NNZ 16000

#define SPARSEVEC_SIZE(_nnz) \
	(offsetof(SparseVector, indices) + (sizeof(int32) + sizeof(float)) * (_nnz))
#define SPARSEVEC_VALUES(x) \
	((float *) ((char *) (x) + offsetof(SparseVector, indices) + sizeof(int32) * (x)->nnz))
#define DatumGetSparseVector(x)		((SparseVector *) PG_DETOAST_DATUM(x))
#define PG_GETARG_SPARSEVEC_P(x)	DatumGetSparseVector(PG_GETARG_DATUM(x))
#define PG_RETURN_SPARSEVEC_P(x)	PG_RETURN_POINTER(x)

typedef struct SparseVector
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		dim;			/* number of dimensions, 1 to SPARSEVEC_MAX_DIM */
	int32		nnz;			/* number of elements that are not zero */
	int32		unused;			/* reserved for future use, always zero */
	int32		indices[FLEXIBLE_ARRAY_MEMBER]; /* ascending, from 0; then nnz
												 * values, finite and not zero */
} SparseVector;

#endif							/* SPARSEVEC_H */
