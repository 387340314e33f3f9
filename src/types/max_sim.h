/*-------------------------------------------------------------------------
 *
 * max_sim.h
 *	  Arrays of vectors as sets of vectors, and how similar two are.
 *
 * IDENTIFICATION
 *	  src/types/max_sim.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_TYPES_MAX_SIM_H
#define LOKI_TYPES_MAX_SIM_H

#include "distance/products.h"
#include "utils/array.h"

/* The vectors of an array, as floats */
typedef struct LokiVectorSet
{
	int			dim;			/* of each */
	LokiVectors vectors;		/* at least one */
	float	   *floats;			/* of a halfvec[]: where they are; else NULL */
} LokiVectorSet;

/*
 * The dimensions of the first vector of a vector[] or halfvec[].  ERROR if the array
 * is empty or has an element that is NULL.
 */
extern int	loki_vector_set_dim(ArrayType *array);

/*
 * The vectors of a vector[] or, if `half`, of a halfvec[], in the current context; those of
 * vector[] point into the array, which has to live as long.  ERROR as for
 * loki_vector_set_dim(), and if the vectors have different dimensions.
 */
extern LokiVectorSet loki_vector_set_open(ArrayType *array, bool half);
extern void loki_vector_set_close(LokiVectorSet *set);

/*
 * The sum over the query's vectors of the largest inner product with a vector of
 * the document; both have the same dimensions.
 */
extern double loki_max_sim(const LokiVectorSet *document, const LokiVectorSet *query);

#endif							/* LOKI_TYPES_MAX_SIM_H */
