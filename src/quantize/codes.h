/*-------------------------------------------------------------------------
 *
 * codes.h
 *	  Kernels under the codes, and what the files of this folder share.
 *
 * Private to the folder (and to its unit test and benchmark).  Every kernel
 * works on padded vectors: groups of 64 dimensions.
 *
 * A full code has a byte for each dimension, from which the shorter codes are
 * the leading bits: 1 (the sign), 2, 4, 6 or 8.  Packed, a field of 1, 2 or 4
 * bits of a group's 64 dimensions takes 8, 16 or 32 bytes:
 *		1 bit	dimension d is bit d % 8 of byte d / 8
 *		2 bits	dimension d is at bit 2 * (d / 16) of byte d % 16
 *		4 bits	dimension d is at bit 4 * (d / 32) of byte d % 32
 *
 * IDENTIFICATION
 *	  src/quantize/codes.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_CODES_H
#define LOKI_CODES_H

#include "distance/distance.h"
#include "quantize/quantize.h"

#define LOKI_MAX_DIM		16000
#define LOKI_MAX_WORDS		2000	/* of 32 bits */
#define LOKI_GROUP			64
#define LOKI_PADDED(dim)	(((dim) + LOKI_GROUP - 1) / LOKI_GROUP * LOKI_GROUP)
#define LOKI_MAX_PADDED		LOKI_PADDED(LOKI_MAX_DIM)

/* What kernels are promised of their first arguments, and of a field of packed bits */
#define AssertPadded(padded) \
	Assert((padded) > 0 && (padded) <= LOKI_MAX_PADDED && (padded) % LOKI_GROUP == 0)
#define AssertGroups(groups)	AssertPadded((groups) * LOKI_GROUP)
#define AssertField(width, shift) \
	Assert(((width) == 1 || (width) == 2 || (width) == 4) && (shift) >= 0 && (width) + (shift) <= 8)

/* Bytes of a rotated code's factors, before the packed bits */
#define LOKI_FACTOR_SIZE	8

#define LOKI_ROTATE_ROUNDS	4

/* Bytes that the signs of a rotation take */
#define LOKI_ROTATE_SIZE(padded)	((Size) LOKI_ROTATE_ROUNDS * (padded) / 8)

/* Estimates and errors are not above this, so that neither they nor their sums overflow. */
#define HUGE_ERROR	1e37f

/*
 * Levels of a code of some bits, for one sign: dimension's magnitude has a
 * leading number 0 .. 7 and, below it, 0 .. 15 of which the mask says the
 * bits that the code keeps.  Its level is base + step * (low & mask).
 */
typedef struct LokiLevels
{
	float		base[8];
	float		step[8];
	int32		mask;
} LokiLevels;

/*
 * The same for both signs: level = base[code >> 4] + step[code >> 4] *
 * (code & 15), where bits that the code lacks are zero.
 */
typedef struct LokiLevelTable
{
	int16		base[16];
	uint8		step[16];
	int8		small[16];		/* the base alone, of codes of up to 4 bits */
} LokiLevelTable;

/* What is known of the levels of a number of bits */
typedef struct LokiCodeConstants
{
	int			bits;
	bool		wide;			/* levels in 1024ths, else small odd integers */
	float		tangent;		/* of the angle between vector and code */
	float		projection;		/* mean of level times coordinate */
} LokiCodeConstants;

/* What encoding finds out on its way */
typedef struct LokiEncodeSums
{
	float		code_dot;		/* <levels of the code, r> */
	float		full_dot;		/* <levels of the refined code, r> */
	float		full_norm2;		/* |levels of the refined code|^2 */
} LokiEncodeSums;

/* The kernels of one instruction set; codes_scalar.c specifies what each of them does */
typedef struct LokiCodeKernels
{
	LokiSimd	simd;
	const char *name;			/* of the instruction set, for loki_quantize_simd() */

	/* rotate in place; signs has LOKI_ROTATE_ROUNDS bits a dimension */
	void		(*rotate) (int padded, const uint8 *signs, float *r);

	/*
	 * The full code of r, whose elements times scale are standard normal
	 * numbers in 64ths.  full may be NULL.
	 */
	void		(*encode) (int padded, const float *r, float scale,
						   const LokiLevels *code, const LokiLevels *full,
						   uint8 *u, LokiEncodeSums *sums);

	/* Field of width bits at shift, from bytes and back; add keeps the others */
	void		(*pack) (int groups, const uint8 *u, int width, int shift,
						 uint8 *packed);
	void		(*unpack) (int groups, const uint8 *packed, int width,
						   int shift, bool add, uint8 *u);

	/* Queries: r * inverse rounded to the nearest, the sum returned */
	float		(*max_abs) (int padded, const float *r);
	int32		(*quantize8) (int padded, const float *r, float inverse,
							  int8 *query);

	/*
	 * n dot products of codes (after their factors) with one query, over
	 * levels 0 and 1, 0 .. 3, or loki_levels4[], by the width of their fields
	 */
	void		(*dot) (int width, int groups, const int8 *query,
						const void *const *codes, int n, int32 *dots);

	/* The small levels of a code as a query, the sum returned */
	int32		(*decode8) (int groups, const uint8 *u,
							const LokiLevelTable *table, int8 *query);

	/*
	 * Dot product of a full code's levels with a query of at most
	 * LOKI_QUERY16_MAX
	 */
	int64		(*dot16) (int groups, const uint8 *u,
						  const LokiLevelTable *table, const int16 *query);

	/*
	 * Bounds of the codes of a block of 1-bit sketches, add + constant + mul *
	 * (start + step * t).  t is the sum of a code's entries in the tables, 16
	 * of LOKI_TABLE_MAX at most for each four dimensions.  As in the method
	 * of quantizers.
	 */
	void		(*bounds) (int groups, const uint8 *tables, const void *block,
						   float constant, float start, float step,
						   float *bounds, float *least);

	/* sum of |q[i] - (offset + step * u[i])| */
	float		(*l1_u8) (int dim, const float *q, const uint8 *u, float step,
						  float offset);
} LokiCodeKernels;

/* The table of an instruction set, whose file gives its functions these names */
#define LOKI_CODE_KERNELS(level, text) \
{ \
	level, text, rotate, encode, pack, unpack, max_abs, quantize8, \
	dot, decode8, dot16, score_block, l1_u8 \
}

#define LOKI_QUERY8_MAX		127
#define LOKI_QUERY16_MAX	2047

/* Four entries of tables add up to a byte */
#define LOKI_TABLE_MAX		63

/*
 * Lower bounds of the eight magnitudes in 64ths of the standard deviation,
 * and 16 / their width (the last one is taken to end at 256).
 */
extern const float loki_thresholds[8];
extern const float loki_inverse_widths[8];

/* Level l of the 4-bit code stands for 2 * l - LOKI_LEVELS4_SUM */
#define LOKI_LEVELS4_SUM	127
extern const uint8 loki_levels4[16];

extern const LokiCodeKernels loki_codes_scalar;
#if defined(__x86_64__)
extern const LokiCodeKernels loki_codes_avx2;
extern const LokiCodeKernels loki_codes_avx512;
extern void loki_bounds_avx2(int groups, const uint8 *tables, const void *block, float constant,
							 float start, float step, float *bounds, float *least);
#endif
#if defined(__aarch64__)
extern const LokiCodeKernels loki_codes_neon;
#endif

/* The kernels in use, and those of one level (NULL if it cannot run here) */
extern const LokiCodeKernels *loki_codes;
extern const LokiCodeKernels *loki_code_kernels(LokiSimd simd);

/* The level that a byte of a full code stands for, as far as the table's code keeps its bits */
static inline int
loki_level(const LokiLevelTable *table, uint8 u)
{
	return table->base[u >> 4] + table->step[u >> 4] * (u & 15);
}

/* The largest power of two in n, at least 1 */
static inline int
loki_floor_power(int n)
{
	int			p = 1;

	Assert(n > 0 && n <= LOKI_MAX_PADDED);
	while (p * 2 <= n)
		p *= 2;
	return p;
}

/* Whether the two ends of the transform share too few dimensions (rotate.c) */
static inline bool
loki_needs_mixing(int padded, int p)
{
	return 2 * padded > 3 * p;
}

/*
 * Functions in rotate.c: the signs of a rotation, which the seed alone determines, and the rotation
 * in plain C, in place.
 */
extern void loki_rotate_init(int padded, uint64 seed, uint8 *signs);
extern void loki_rotate_scalar(int padded, const uint8 *signs, float *r);

/* Functions in quantize.c.  `wide`: levels in 1024ths, as of refined codes, else small odd integers. */
extern const LokiCodeConstants *loki_code_constants_of(int bits, bool wide);
extern void loki_fill_levels(int bits, bool wide, LokiLevels *levels, LokiLevelTable *table);

/* Functions in rotated.c: sizes in bytes, and the part of loki_quantizer_init() of this code */
extern Size loki_rotated_size(const LokiCodeSpec *spec);
extern void loki_rotated_init(LokiQuantizer *quantizer);
extern uint32 loki_rotated_code_size(const LokiCodeSpec *spec);
extern uint32 loki_rotated_refine_size(const LokiCodeSpec *spec);

/* function in exact_codes.c */
extern void loki_exact_init(LokiQuantizer *quantizer);

/* functions in scalar8.c */
extern void loki_scalar8_init(LokiQuantizer *quantizer);
extern uint32 loki_scalar8_code_size(const LokiCodeSpec *spec);

#endif							/* LOKI_CODES_H */
