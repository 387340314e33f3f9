/*-------------------------------------------------------------------------
 *
 * kernels.h
 *	  The table that each instruction set's file offers to dispatch.c.
 *
 * Private to the folder.
 *
 * IDENTIFICATION
 *	  src/distance/kernels.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_KERNELS_H
#define LOKI_KERNELS_H

#include <math.h>

#include "distance/distance.h"

/*
 * What the files have in common: one loop serves six kernels, which differ in
 * how they take a pair of elements into a sum, and in the elements.  The loop
 * is inlined with constants of these types.
 */
typedef enum LokiSum
{
	LOKI_SUM_L2SQ,				/* (a - b)^2 */
	LOKI_SUM_DOT,				/* a * b */
	LOKI_SUM_L1					/* |a - b| */
} LokiSum;

typedef enum LokiElement
{
	LOKI_ELEMENT_F32,
	LOKI_ELEMENT_F16,			/* becomes a float when it is read */
	LOKI_ELEMENT_U8,			/* only read */
	LOKI_ELEMENT_I16			/* only written */
} LokiElement;

/* The functions of a file, by the names that all files give them */
#define LOKI_KERNELS(simd, name) \
	{ \
		simd, name, \
		l2sq_f32, dot_f32, l1_f32, cosine_f32, \
		l2sq_f16, dot_f16, l1_f16, cosine_f16, \
		dot_tile_f32, dot_ordered, f32_to_i16, dot_i16, \
		f16_to_f32, f32_to_f16, u8_to_f32 \
	}

/* What each kernel is promised: arrays have the alignment of their elements, and may be empty. */
#define AssertArrays(n, a, b) \
	Assert((n) >= 0 && (uintptr_t) (a) % sizeof(*(a)) == 0 && (uintptr_t) (b) % sizeof(*(b)) == 0)

/*
 * The kernels of a file over sum_pairs() and sum_cosine().  Only a dot product
 * has terms of both signs, so that parts of it may overflow where the sum does
 * not, and only over floats: halves are too small.  (The largest is 65,504; 16,000
 * times its square is 7e13.)
 *
 * They are macros, and no inline functions, since a target attribute must be that of the
 * function which the loop is inlined into.
 */
#define LOKI_DEFINE_SUM(target, name, term, element, type) \
static target float \
name(int dim, const type *a, const type *b) \
{ \
	AssertArrays(dim, a, b); \
	return sum_pairs(term, element, dim, a, b); \
}

#define LOKI_DEFINE_KERNELS(target) \
LOKI_DEFINE_SUM(target, l2sq_f32, LOKI_SUM_L2SQ, LOKI_ELEMENT_F32, float) \
LOKI_DEFINE_SUM(target, l1_f32, LOKI_SUM_L1, LOKI_ELEMENT_F32, float) \
LOKI_DEFINE_SUM(target, l2sq_f16, LOKI_SUM_L2SQ, LOKI_ELEMENT_F16, LokiHalf) \
LOKI_DEFINE_SUM(target, dot_f16, LOKI_SUM_DOT, LOKI_ELEMENT_F16, LokiHalf) \
LOKI_DEFINE_SUM(target, l1_f16, LOKI_SUM_L1, LOKI_ELEMENT_F16, LokiHalf) \
static target float \
dot_f32(int dim, const float *a, const float *b) \
{ \
	float		sum = sum_pairs(LOKI_SUM_DOT, LOKI_ELEMENT_F32, dim, a, b); \
\
	AssertArrays(dim, a, b); \
	return likely(isfinite(sum)) ? sum : (float) loki_dot_wide(dim, a, b); \
} \
static target void \
cosine_f32(int dim, const float *a, const float *b, \
		   float *dot, float *norma, float *normb) \
{ \
	AssertArrays(dim, a, b); \
	sum_cosine(LOKI_ELEMENT_F32, dim, a, b, dot, norma, normb); \
	if (unlikely(!isfinite(*dot))) \
		*dot = (float) loki_dot_wide(dim, a, b); \
} \
static target void \
cosine_f16(int dim, const LokiHalf *a, const LokiHalf *b, \
		   float *dot, float *norma, float *normb) \
{ \
	AssertArrays(dim, a, b); \
	sum_cosine(LOKI_ELEMENT_F16, dim, a, b, dot, norma, normb); \
}

extern const LokiDistanceKernels loki_distance_scalar;
#if defined(__x86_64__)
extern const LokiDistanceKernels loki_distance_avx2;
extern const LokiDistanceKernels loki_distance_avx512;
#endif
#if defined(__aarch64__)
extern const LokiDistanceKernels loki_distance_neon;
#endif

#endif							/* LOKI_KERNELS_H */
