/*-------------------------------------------------------------------------
 *
 * codes_scalar.c
 *	  Code kernels in plain C: the specification of the others, and the tables
 *	  that all share.
 *
 * Integer results and codes are the same in every file, and so are the sums that go into
 * codes (distance/lanes.h).  Integers are the same whatever their order, as long as none
 * overflows or saturates.  These are the largest, over the 16,000 dimensions of the longest
 * vector:
 *
 *	dot()			level 120 * query 127 * 16,000		2.4e8, of 2.1e9 in int32
 *	two of them		2 * 120 * 127						30,480, of 32,767 in int16
 *	dot16()			level 4,042 * query 2,047			8.3e6; sums are int64 in the end
 *	score_block()	4 table entries of 63				252, of 255 in uint8
 *
 * So files may add pairs of products in int16, as x86-64 does in one instruction that would
 * saturate beyond it, and four entries of tables in uint8.
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

/*
 * Eight ranges of an element's magnitude begin at these 64ths of the standard deviation, and the last ends at
 * 256.  A full code is 128 + 16 * range + part, or 127 minus that where the sign is a minus (C5).
 *
 * Printed by doc/design/levels.py, where their choice is explained
 */
const float loki_thresholds[8] = {0, 15, 30, 46, 63, 85, 112, 148};
const float loki_inverse_widths[8] = {
	16.0f / 15, 16.0f / 15, 16.0f / 16, 16.0f / 17,
	16.0f / 22, 16.0f / 27, 16.0f / 36, 16.0f / 108
};
const uint8 loki_levels4[16] = {
	7, 21, 31, 39, 45, 51, 56, 61, 66, 71, 76, 82, 88, 96, 106, 120
};

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
		/* the last range is open: whatever lies behind it has its highest code */
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
	Assert(padded % LOKI_LANES == 0);	/* whole registers in the other files */
	sums->code_dot = loki_add_lanes(code_dot);
	sums->full_dot = loki_add_lanes(full_dot);
	sums->full_norm2 = loki_add_lanes(full_norm2);
}

/*
 * The layout of codes.h puts fields that lie in one byte 16 or 32 dimensions apart.  So a
 * register that has loaded the bytes has all first fields side by side after one mask, all second
 * ones after a shift and a mask, and nothing crosses from one lane to another.
 */
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

/* Dimension d of a group of packed fields; the bytes of a group are a power of two */
static pg_attribute_always_inline int
get_field(const uint8 *packed, int width, int d)
{
	int			bits = width == 1 ? packed[d / 8] >> (d % 8) :
		packed[d & (8 * width - 1)] >> (width * (d >> (width == 2 ? 4 : 5)));

	return bits & ((1 << width) - 1);
}

/* Without `add` the other bits of a byte become zero: so the field read first makes the byte. */
static void
unpack(int groups, const uint8 *packed, int width, int shift, bool add,
	   uint8 *u)
{
	AssertGroups(groups);
	AssertField(width, shift);
	for (int g = 0; g < groups; g++, packed += 8 * width)
		for (int d = 0; d < LOKI_GROUP; d++, u++)
		{
			int			field = get_field(packed, width, d) << shift;

			*u = add ? *u | field : field;
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

/* Inlined with a constant width; levels are 0 and 1, 0 to 3, or those of loki_levels4 */
static pg_attribute_always_inline void
dot_codes(int width, int groups, const int8 *query, const void *const *codes, int n, int32 *dots)
{
	for (int i = 0; i < n; i++)
	{
		const uint8 *code = (const uint8 *) codes[i] + LOKI_FACTOR_SIZE;

		dots[i] = 0;
		for (int g = 0; g < groups; g++)
			for (int d = 0; d < LOKI_GROUP; d++)
			{
				int			field = get_field(code + g * 8 * width, width, d);

				dots[i] += (width == 4 ? loki_levels4[field] : field) *
					query[g * LOKI_GROUP + d];
			}
	}
}

static void
dot(int width, int groups, const int8 *query, const void *const *codes, int n, int32 *dots)
{
	AssertGroups(groups);
	if (width == 1)
		dot_codes(1, groups, query, codes, n, dots);
	else if (width == 2)
		dot_codes(2, groups, query, codes, n, dots);
	else
		dot_codes(4, groups, query, codes, n, dots);
}

/* A stored code as a query: its levels are small integers, of up to 4 bits, and need no rounding. */
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

/* int64, since products of 8-bit levels with a query of 11 bits may add up to 1.3e11 */
static int64
dot16(int groups, const uint8 *u, const LokiLevelTable *table, const int16 *query)
{
	int64		dot = 0;

	AssertGroups(groups);
	for (int d = 0; d < groups * LOKI_GROUP; d++)
		dot += loki_level(table, u[d]) * query[d];
	return dot;
}

/* Zero is decoded to zero exactly if it is a level (scalar8.c), as offset + step * u does not round there. */
static float
l1_u8(int dim, const float *q, const uint8 *u, float step, float offset)
{
	float		sum = 0;

	Assert(dim > 0 && dim <= LOKI_MAX_DIM && step >= 0);
	for (int i = 0; i < dim; i++)
		sum += fabsf(q[i] - (offset + step * u[i]));
	return sum;
}

/*
 * A byte of bits is two choices of four signs, which two tables know the products of.  Two entries for
 * each of 32 bytes add up to 4,032 at most, which 16 bits hold.
 */
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
	/* least[] is by lanes, as registers have it; who needs one number takes the least of these */
	for (int k = 0; k < LOKI_SKETCH_BLOCK; k++)
	{
		bounds[k] = add[k] + constant + mul[k] * (start + step * sums[k]);
		if (bounds[k] < least[k % LOKI_SKETCH_LEAST])
			least[k % LOKI_SKETCH_LEAST] = bounds[k];
	}
}

/* The only kernel with a file of its own: rotate.c explains it in plain C. */
#define rotate loki_rotate_scalar

const LokiCodeKernels loki_codes_scalar = LOKI_CODE_KERNELS(LOKI_SIMD_SCALAR, "scalar");
