/*-------------------------------------------------------------------------
 *
 * vector.h
 *	  The type vector, as C functions get and return it.
 *
 * For other extensions; layout and names are those of pgvector's header.  The
 * including file has included postgres.h and fmgr.h.
 *
 * IDENTIFICATION
 *	  include/vector.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef VECTOR_H
#define VECTOR_H

#define VECTOR_MAX_DIM 16000

#define VECTOR_SIZE(_dim)		(offsetof(Vector, x) + sizeof(float) * (_dim))
#define DatumGetVector(x)		((Vector *) PG_DETOAST_DATUM(x))
#define PG_GETARG_VECTOR_P(x)	DatumGetVector(PG_GETARG_DATUM(x))
#define PG_RETURN_VECTOR_P(x)	PG_RETURN_POINTER(x)

typedef struct Vector
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int16		dim;			/* number of dimensions, 1 to VECTOR_MAX_DIM */
	int16		unused;			/* reserved for future use, always zero */
	float		x[FLEXIBLE_ARRAY_MEMBER];	/* finite */
} Vector;

#endif							/* VECTOR_H */
