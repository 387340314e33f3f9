/*-------------------------------------------------------------------------
 *
 * array.h
 *	  Arrays of numbers, as the casts to all types take them.
 *
 * IDENTIFICATION
 *	  src/types/array.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_ARRAY_H
#define LOKI_ARRAY_H

#include "utils/array.h"

/*
 * Check that an array is one that can become a vector, and return the number
 * of its elements, which may be 0.
 */
extern int	loki_array_length(ArrayType *array);

/*
 * Elements of such an array as floats; one that is too large becomes infinite,
 * but in a numeric[], where it is an error.  So `check`, if not NULL, is called
 * with each number of a numeric[] before the next is converted: of several
 * errors the first counts.
 */
extern void loki_array_floats(ArrayType *array, float *values, void (*check) (float));

/* real[] of floats */
extern ArrayType *loki_floats_array(int dim, const float *x);

#endif							/* LOKI_ARRAY_H */
