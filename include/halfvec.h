/*-------------------------------------------------------------------------
 *
 * halfvec.h
 *	  The type halfvec, as C functions get and return it.
 *
 * For other extensions; layout and names are those of pgvector's header.  The
 * including file has included postgres.h and fmgr.h.
 *
 * IDENTIFICATION
 *	  include/halfvec.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef HALFVEC_H
#define HALFVEC_H

/* A number of the IEEE 754 format binary16 */
#ifdef __FLT16_MAX__
typedef _Float16 half;
#else
typedef uint16 half;
#endif

#define HALFVEC_MAX_DIM 16000

#define HALFVEC_SIZE(_dim)		(offsetof(HalfVector, x) + sizeof(half) * (_dim))
#define DatumGetHalfVector(x)	((HalfVector *) PG_DETOAST_DATUM(x))
#define PG_GETARG_HALFVEC_P(x)	DatumGetHalfVector(PG_GETARG_DATUM(x))
#define PG_RETURN_HALFVEC_P(x)	PG_RETURN_POINTER(x)

typedef struct HalfVector
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int16		dim;			/* number of dimensions, 1 to HALFVEC_MAX_DIM */
	int16		unused;			/* reserved for future use, always zero */
	half		x[FLEXIBLE_ARRAY_MEMBER];	/* finite */
} HalfVector;

#endif							/* HALFVEC_H */
