/*-------------------------------------------------------------------------
 *
 * dense.h
 *	  vector, halfvec and bytevec: what their functions share.
 *
 * One table for each type (dense.c) says how its elements become floats, and floats its
 * elements.  Functions of several types are written over these tables once.
 *
 * IDENTIFICATION
 *	  src/types/dense.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_DENSE_H
#define LOKI_DENSE_H

#include <math.h>

#include "distance/distance.h"
#include "lokivector.h"
#include "types/bytevec.h"
#include "types/check_values.h"
#include "types/halfvec.h"
#include "types/vector.h"

/* The largest number of dimensions, of all three */
#define LOKI_DENSE_MAX_DIM	LOKI_VECTOR_MAX_DIM

/* What the values of all three begin with */
typedef struct LokiDense
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int16		dim;
	int16		unused;			/* always zero */
} LokiDense;

/* What is particular to one of the types */
typedef struct LokiDenseType
{
	const char *name;
	Size		header;			/* bytes before the elements ... */
	Size		width;			/* ... and of each */
	bool		floats;			/* elements are floats */
	float		limit;			/* the least float that is infinite as an
								 * element; of a bytevec that depends */

	/* set x to the elements */
	void		(*load) (const LokiDense *v, float *x);
	/* set the elements to x, rounded, without a check; NULL if that takes more */
	void		(*round) (LokiDense *v, const float *x);
} LokiDenseType;

extern const LokiDenseType loki_vector_type;
extern const LokiDenseType loki_halfvec_type;
extern const LokiDenseType loki_bytevec_type;

#define PG_GETARG_DENSE(n)		((LokiDense *) PG_DETOAST_DATUM(PG_GETARG_DATUM(n)))
#define LokiDenseElements(v, type)	((char *) (v) + (type)->header)

/* An SQL function that is `function` for the values of a type */
#define LOKI_DENSE_FUNCTION(name, function, type) \
	LOKI_FUNCTION(name); \
	Datum \
	name(PG_FUNCTION_ARGS) \
	{ \
		return function(fcinfo, &loki_##type##_type); \
	}

/* A value of dim zeros, palloc'd; dim has been checked */
extern LokiDense *loki_dense_make(const LokiDenseType *type, int dim);

/* The value nearest to x, palloc'd; ERROR if there is none */
extern LokiDense *loki_dense_form(const LokiDenseType *type, int dim, const float *x);

/* The elements of a value: itself has them, or else they are palloc'd */
extern const float *loki_dense_floats(const LokiDenseType *type, const LokiDense *v);

/* Error if no value has this many dimensions */
static inline void
loki_dense_check_dim(const LokiDenseType *type, int dim)
{
	(void) loki_check_dim(NULL, type->name, dim, LOKI_DENSE_MAX_DIM);
}

/* ERROR unless all elements are finite; of several that are not, the first is reported. */
extern void loki_dense_check_elements(const LokiDenseType *type, const LokiDense *v);

/* ERROR for a finite float that is infinite as a half; others are for the caller to find */
extern void loki_halfvec_check_range(float x);

/* functions in bytevec.c */

/*
 * The number with 16 significant bits that is nearest to a scale; if that is a
 * denormal, the next above.  One that no bytevec can have stays as it is.
 */
extern float loki_bytevec_scale(float scale);

/* Error if a bytevec cannot have this scale and this offset */
extern bool loki_bytevec_check_factors(fmNodePtr soft, float scale, float offset);

/* As loki_bytevec_quantize(), of any floats; error if there is no such bytevec: NULL if saved */
extern ByteVector *loki_bytevec_of_floats(fmNodePtr soft, int dim, const float *x);

#endif							/* LOKI_DENSE_H */
