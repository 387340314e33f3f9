/*-------------------------------------------------------------------------
 *
 * vector.h
 *	  The type vector: its layout on disk and the C functions over it.
 *
 * The layout is pgvector's.
 *
 * IDENTIFICATION
 *	  src/types/vector.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_VECTOR_H
#define LOKI_VECTOR_H

#include "fmgr.h"

#define LOKI_VECTOR_MAX_DIM 16000

typedef struct Vector
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int16		dim;			/* number of dimensions */
	int16		unused;			/* reserved for future use, always zero */
	float		x[FLEXIBLE_ARRAY_MEMBER];
} Vector;

#define LOKI_VECTOR_SIZE(dim)	(offsetof(Vector, x) + sizeof(float) * (dim))
#define DatumGetVector(d)		((Vector *) PG_DETOAST_DATUM(d))

/* A vector of dim zeros, palloc'd. */
extern Vector *loki_vector_make(int dim);

/* The name of a type, without schema, palloc'd.  It identifies those of the extension. */
extern char *loki_type_name(Oid type);

/*
 * In check_values.c, of an ereport(): the hint of the error for dimensions that do not fit, whose messages
 * differ by where that is found
 */
extern int	loki_errhint_dimensions(void);

/* What rounding may bring out of the range of a cosine; keeps NaN */
static inline double
loki_clamp_cosine(double x)
{
	if (x > 1)
		return 1;
	if (x < -1)
		return -1;
	return x;
}

#endif							/* LOKI_VECTOR_H */
