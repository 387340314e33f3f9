/*-------------------------------------------------------------------------
 *
 * bytevec.h
 *	  The type bytevec: its layout on disk and the C functions over it.
 *
 * IDENTIFICATION
 *	  src/types/bytevec.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BYTEVEC_H
#define LOKI_BYTEVEC_H

#include "fmgr.h"

#define LOKI_BYTEVEC_MAX_DIM 16000

/*
 * Element i is offset + scale * codes[i].  The scale is not negative and has 16
 * significant bits at most, so that its products with codes are exact, and every
 * processor gets the same float.  All elements are finite.
 */
typedef struct ByteVector
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int16		dim;			/* number of dimensions */
	int16		unused;			/* reserved for future use, always zero */
	float4		scale;			/* 0 if all elements are equal */
	float4		offset;			/* the least element, if made from floats */
	uint8		codes[FLEXIBLE_ARRAY_MEMBER];
} ByteVector;

#define LOKI_BYTEVEC_SIZE(dim)	(offsetof(ByteVector, codes) + (dim))

/*
 * The bytevec whose elements are nearest to finite floats, palloc'd; NULL if the
 * floats are so far apart that there is none.
 */
extern ByteVector *loki_bytevec_quantize(int dim, const float *x);

/* Set x, of v->dim floats, to its elements */
extern void loki_bytevec_elements(const ByteVector *v, float *x);

#endif							/* LOKI_BYTEVEC_H */
