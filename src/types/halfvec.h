/*-------------------------------------------------------------------------
 *
 * halfvec.h
 *	  The type halfvec: its layout on disk and the C functions over it.
 *
 * The layout is pgvector's.
 *
 * IDENTIFICATION
 *	  src/types/halfvec.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HALFVEC_H
#define LOKI_HALFVEC_H

#include "distance/half.h"
#include "fmgr.h"

#define LOKI_HALFVEC_MAX_DIM 16000

typedef struct HalfVector
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int16		dim;			/* number of dimensions */
	int16		unused;			/* reserved for future use, always zero */
	LokiHalf	x[FLEXIBLE_ARRAY_MEMBER];
} HalfVector;

#define LOKI_HALFVEC_SIZE(dim)	(offsetof(HalfVector, x) + sizeof(LokiHalf) * (dim))

#endif							/* LOKI_HALFVEC_H */
