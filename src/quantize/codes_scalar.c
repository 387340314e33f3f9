/*-------------------------------------------------------------------------
 *
 * codes_scalar.c
 *	  Code kernels in plain C: the specification of the others, and the tables
 *	  that all share.
 *
 * Integer results and codes are the same in every file, and so are the sums that go into
 * codes (distance/lanes.h).
 *
 * IDENTIFICATION
 *	  src/quantize/codes_scalar.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/lanes.h"
#include "quantize/codes.h"

/* Printed by doc/design/levels.py, where their choice is explained */
const float loki_thresholds[8] = {0, 15, 30, 46, 63, 85, 112, 148};
const float loki_inverse_widths[8] = {
	16.0f / 15, 16.0f / 15, 16.0f / 16, 16.0f / 17,
	16.0f / 22, 16.0f / 27, 16.0f / 36, 16.0f / 108
};
const uint8 loki_levels4[16] = {
	7, 21, 31, 39, 45, 51, 56, 61, 66, 71, 76, 82, 88, 96, 106, 120
};

/* x * scale - centroid, rounded once for the product and once for the sum (C2) */
static void
center(int dim, int padded, const float *x, float scale,
	   const float *centroid, float *out)
{
	AssertPadded(padded);
	Assert(dim > 0 && dim <= padded);
	for (int i = 0; i < dim; i++)
		out[i] = x[i] * scale - centroid[i];
	memset(out + dim, 0, (padded - dim) * sizeof(float));
}

/* The full code, and the sums of what shorter codes keep of it, in the order of lanes.h (C2) */
static void
encode(int padded, const float *r, float scale, const LokiLevels *code,
	   const LokiLevels *full, uint8 *u, LokiEncodeSums *sums)
{
	float		code_dot[LOKI_LANES] = {0};
	float		full_dot[LOKI_LANES] = {0};
	float		full_norm2[LOKI_LANES] = {0};

	AssertPadded(padded);
	Assert(scale >= 0);
	for (int i = 0; i < padded; i++)
	{
		float		magnitude = fabsf(r[i]);
		float		a = magnitude * scale;
		int			leading = 0;
		int			low;
		float		inside;

		for (int t = 1; t < 8; t++)
			leading += a >= loki_thresholds[t];
		inside = a - loki_thresholds[leading];
		low = (int) Min(inside * loki_inverse_widths[leading], 15.0f);

		/* negative numbers count down, so that codes rise with r */
		u[i] = r[i] < 0 ? 127 - (leading * 16 + low) : 128 + leading * 16 + low;

		code_dot[i % LOKI_LANES] += magnitude *
			(code->base[leading] + code->step[leading] * (low & code->mask));
		if (full != NULL)
		{
			float		level = full->base[leading] +
				full->step[leading] * (low & full->mask);

			full_dot[i % LOKI_LANES] += magnitude * level;
			full_norm2[i % LOKI_LANES] += level * level;
		}
	}
	sums->code_dot = loki_add_lanes(code_dot);
	sums->full_dot = loki_add_lanes(full_dot);
	sums->full_norm2 = loki_add_lanes(full_norm2);
}

static void
pack(int groups, const uint8 *u, int width, int shift, uint8 *packed)
{
	int			stride = LOKI_GROUP * width / 8;	/* bytes of a group */

	AssertGroups(groups);
	AssertField(width, shift);
	memset(packed, 0, (Size) groups * stride);
	for (int g = 0; g < groups; g++)
	{
		for (int d = 0; d < LOKI_GROUP; d++)
		{
			int			field = (u[d] >> shift) & ((1 << width) - 1);

			if (width == 1)
				packed[d / 8] |= field << (d % 8);
			else
				packed[d % stride] |= field << (width * (d / stride));
		}
		u += LOKI_GROUP;
		packed += stride;
	}
}

static void
unpack(int groups, const uint8 *packed, int width, int shift, bool add,
	   uint8 *u)
{
	int			stride = LOKI_GROUP * width / 8;

	AssertGroups(groups);
	AssertField(width, shift);
	for (int g = 0; g < groups; g++)
	{
		for (int d = 0; d < LOKI_GROUP; d++)
		{
			int			field = width == 1 ? packed[d / 8] >> (d % 8) :
				packed[d % stride] >> (width * (d / stride));

			field = (field & ((1 << width) - 1)) << shift;
			u[d] = add ? u[d] | field : field;
		}
		u += LOKI_GROUP;
		packed += stride;
	}
}

static float
max_abs(int padded, const float *r)
{
	float		max = 0;

	AssertPadded(padded);
	for (int i = 0; i < padded; i++)
		max = Max(max, fabsf(r[i]));
	return max;
}

/* Rounded to the nearest, halfway to the even one, as by the instructions of the other files */
static int32
quantize8(int padded, const float *r, float inverse, int8 *query)
{
	int32		sum = 0;

	AssertPadded(padded);
	for (int i = 0; i < padded; i++)
	{
		query[i] = (int8) rintf(r[i] * inverse);
		sum += query[i];
	}
	return sum;
}

/* Levels 0 and 1 */
static void
dot1(int groups, const int8 *query, const void *const *codes, int n, int32 *dots)
{
	AssertGroups(groups);
	for (int i = 0; i < n; i++)
	{
		const uint8 *code = (const uint8 *) codes[i] + LOKI_FACTOR_SIZE;

		dots[i] = 0;
		for (int d = 0; d < groups * LOKI_GROUP; d++)
			dots[i] += ((code[d / 8] >> (d % 8)) & 1) * query[d];
	}
}

/* Levels 0 to 3 */
static void
dot2(int groups, const int8 *query, const void *const *codes, int n, int32 *dots)
{
	AssertGroups(groups);
	for (int i = 0; i < n; i++)
	{
		const uint8 *code = (const uint8 *) codes[i] + LOKI_FACTOR_SIZE;

		dots[i] = 0;
		for (int g = 0; g < groups; g++)
			for (int d = 0; d < LOKI_GROUP; d++)
				dots[i] += ((code[g * 16 + d % 16] >> (2 * (d / 16))) & 3) *
					query[g * LOKI_GROUP + d];
	}
}

/* Levels of loki_levels4 */
static void
dot4(int groups, const int8 *query, const void *const *codes, int n, int32 *dots)
{
	AssertGroups(groups);
	for (int i = 0; i < n; i++)
	{
		const uint8 *code = (const uint8 *) codes[i] + LOKI_FACTOR_SIZE;

		dots[i] = 0;
		for (int g = 0; g < groups; g++)
			for (int d = 0; d < LOKI_GROUP; d++)
				dots[i] += loki_levels4[(code[g * 32 + d % 32] >> (4 * (d / 32))) & 15] *
					query[g * LOKI_GROUP + d];
	}
}

static int32
decode8(int groups, const uint8 *u, const LokiLevelTable *table, int8 *query)
{
	int32		sum = 0;

	AssertGroups(groups);
	for (int d = 0; d < groups * LOKI_GROUP; d++)
	{
		query[d] = table->small[u[d] >> 4];
		sum += query[d];
	}
	return sum;
}

static int64
dot16(int groups, const uint8 *u, const LokiLevelTable *table, const int16 *query)
{
	int64		dot = 0;

	AssertGroups(groups);
	for (int d = 0; d < groups * LOKI_GROUP; d++)
		dot += loki_level(table, u[d]) * query[d];
	return dot;
}

static float
l1_u8(int dim, const float *q, const uint8 *u, float step, float offset)
{
	float		sum = 0;

	Assert(dim > 0 && dim <= LOKI_MAX_DIM && step >= 0);
	for (int i = 0; i < dim; i++)
		sum += fabsf(q[i] - (offset + step * u[i]));
	return sum;
}

/* Entries add up to 4 * LOKI_TABLE_MAX at most for each byte of bits, which 16 bits hold. */
static void
score_block(int groups, const uint8 *tables, const void *block, float constant, float start,
	   float step, float *bounds, float *least)
{
	const float *add = block;
	const float *mul = add + LOKI_SKETCH_BLOCK;
	const uint8 *bits = (const uint8 *) (mul + LOKI_SKETCH_BLOCK);
	uint16		sums[LOKI_SKETCH_BLOCK] = {0};

	Assert(groups > 0 && groups <= LOKI_SKETCH_DIMS / LOKI_GROUP);
	for (int i = 0; i < groups * (LOKI_GROUP / 8); i++)
	{
		for (int k = 0; k < LOKI_SKETCH_BLOCK; k++)
			sums[k] += tables[bits[k] & 15] + tables[16 + (bits[k] >> 4)];
		tables += 32;
		bits += LOKI_SKETCH_BLOCK;
	}
	for (int i = 0; i < LOKI_SKETCH_LEAST; i++)
		least[i] = FLT_MAX;
	for (int k = 0; k < LOKI_SKETCH_BLOCK; k++)
	{
		bounds[k] = add[k] + constant + mul[k] * (start + step * sums[k]);
		if (bounds[k] < least[k % LOKI_SKETCH_LEAST])
			least[k % LOKI_SKETCH_LEAST] = bounds[k];
	}
}

#define rotate loki_rotate_scalar

const LokiCodeKernels loki_codes_scalar = LOKI_CODE_KERNELS(LOKI_SIMD_SCALAR, "scalar");
