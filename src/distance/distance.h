/*-------------------------------------------------------------------------
 *
 * distance.h
 *	  Distance kernels over arrays of floats and halves, and what the processor can do.
 *
 * Pure C: c.h and libm only.  The table is filled once, by
 * loki_distance_init(), and constant afterwards.
 *
 * IDENTIFICATION
 *	  src/distance/distance.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_DISTANCE_H
#define LOKI_DISTANCE_H

#include "c.h"

#include "distance/half.h"

typedef enum LokiSimd
{
	LOKI_SIMD_SCALAR,
	LOKI_SIMD_AVX2,				/* AVX2, FMA and F16C */
	LOKI_SIMD_AVX512,			/* AVX-512 F, BW, VL, DQ */
	LOKI_SIMD_NEON				/* every arm64 */
} LokiSimd;

/* Features beyond the level above that single kernels make use of */
#define LOKI_CPU_POPCNT				(1 << 0)
#define LOKI_CPU_AVX512VNNI			(1 << 1)
#define LOKI_CPU_AVX512VPOPCNTDQ	(1 << 2)

/* Vectors on the two sides of dot_tile_f32 */
#define LOKI_TILE_ROWS		4
#define LOKI_TILE_COLUMNS	3

typedef struct LokiDistanceKernels
{
	LokiSimd	simd;
	const char *name;			/* "scalar", "avx2", "avx512", "neon" */

	/*
	 * sum over i of (a[i] - b[i])^2; arrays need the alignment of their
	 * elements alone
	 */
	float		(*l2sq_f32) (int dim, const float *a, const float *b);
	/* sum of a[i] * b[i] */
	float		(*dot_f32) (int dim, const float *a, const float *b);
	/* sum of |a[i] - b[i]| */
	float		(*l1_f32) (int dim, const float *a, const float *b);
	/* dot product and both squared norms in one pass */
	void		(*cosine_f32) (int dim, const float *a, const float *b,
							   float *dot, float *norma, float *normb);

	/* the same over halves, as if converted to floats before */
	float		(*l2sq_f16) (int dim, const LokiHalf *a, const LokiHalf *b);
	float		(*dot_f16) (int dim, const LokiHalf *a, const LokiHalf *b);
	float		(*l1_f16) (int dim, const LokiHalf *a, const LokiHalf *b);
	void		(*cosine_f16) (int dim, const LokiHalf *a, const LokiHalf *b,
							   float *dot, float *norma, float *normb);

	/*
	 * products[j * LOKI_TILE_ROWS + i] = dot product of a[i] and b[j], of
	 * LOKI_TILE_ROWS vectors a and LOKI_TILE_COLUMNS vectors b; one whose parts
	 * leave the range of float may be infinite or NaN
	 */
	void		(*dot_tile_f32) (int dim, const float *const *a, const float *const *b,
								 float *products);

	/*
	 * The same on all processors, to the last bit, for what is stored: a dot product in the
	 * order of lanes.h; integers, scale * floats[i] rounded, which must be in the range of
	 * int16; and products[j] = dot product of a vector with the j-th of n rows, which lie one
	 * behind the other.  n is a multiple of LOKI_TILE_ROWS.  Sums that leave int32 wrap around.
	 */
	float		(*dot_ordered) (int dim, const float *a, const float *b);
	void		(*f32_to_i16) (int n, const float *floats, float scale, int16 *integers);
	void		(*dot_i16) (int dim, const int16 *vector, const int16 *rows, int n,
							int32 *products);

	/* conversions, as those of half.h */
	void		(*f16_to_f32) (int n, const LokiHalf *halves, float *floats);
	void		(*f32_to_f16) (int n, const float *floats, LokiHalf *halves);

	/*
	 * floats[i] = offset + scale * codes[i].  The scale has 16 significant
	 * bits at most, so that the product is exact, and the sum rounded once:
	 * all levels give the same.
	 */
	void		(*u8_to_f32) (int n, const uint8 *codes, float scale, float offset,
							  float *floats);
} LokiDistanceKernels;

/* The kernels in use, and those of one level (NULL if it cannot run here) */
extern LokiDistanceKernels loki_distance;
extern const LokiDistanceKernels *loki_distance_kernels(LokiSimd simd);

/*
 * The sum of a[i] * b[i] in double: neither the products of floats nor sums of as many as there
 * are overflow there.  Kernels take it, rounded, for a sum whose parts left the range of float.
 */
extern double loki_dot_wide(int dim, const float *a, const float *b);

/* Detect the processor and fill loki_distance, and the tables of bits.h and pool.h; safe to call again */
extern void loki_distance_init(void);

/* The level chosen and the LOKI_CPU_* flags, valid after init */
extern LokiSimd loki_cpu_simd(void);
extern uint32 loki_cpu_features(void);

#endif							/* LOKI_DISTANCE_H */
