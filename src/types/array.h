/*-------------------------------------------------------------------------
 *
 * array.h
 *	  Arrays of numbers, as the casts to all types take them.
 *
 * IDENTIFICATION
 *	  src/types/array.h
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
 * Convert the elements of an array that passed loki_array_length().  One too
 * large for a float becomes infinite, which the caller finds; ERROR for an
 * array of another type than integer, real, double precision and numeric.
 */
extern void loki_array_floats(ArrayType *array, float *values);

/* real[] of floats */
extern ArrayType *loki_floats_array(int dim, const float *x);

#endif							/* LOKI_ARRAY_H */
