/*-------------------------------------------------------------------------
 *
 * codes_simd.h
 *	  Code kernels in vector registers: included once for each instruction set.
 *
 * The including file has included a registers_*.h and defined, for registers of BYTES bytes
 * (PARTS of them hold a group of LOKI_GROUP dimensions):
 *		load_bytes(p), store_bytes_at(p, v)
 *		load_table(p)			16 bytes, which look_up(table, v) finds for 0 .. 15
 *		high_nibbles(v)			of each byte
 *		shift_up(v, n)			each byte, which leaves room for it
 *		pick(table, i)			table[i[lane]] of a table of 8 floats, in each lane
 *		largest_lane(v)
 *		pack_group(width, shift, u, packed)
 *		unpack_part(width, part, packed)	the fields of a part of a group, as bytes
 *		add_bytes(sum, v)		the bytes (signed), added up by fours or so
 *		add_group(width, sum, packed, query)	products of a group of a code with a query
 *		sum_integers(v), sum_wide(v)	all lanes, as int32 and as int64
 *		Levels, load_levels(table), add_levels(sum, levels, u, query): products of the
 *								levels of BYTES dimensions' bytes with a query of int16
 *		within(v), flip(v, signs, i)	what rotate_simd.h needs
 *
 * IDENTIFICATION
 *	  src/quantize/codes_simd.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_CODES_SIMD_H
#define LOKI_CODES_SIMD_H

#include "distance/lanes_simd.h"
#include "quantize/rotate_simd.h"

/*
 * Encoding
 */

/* base + step * (low & mask), in each lane; integers below 2^24, so that fusing rounds nothing else */
INLINE Floats
find_level(const LokiLevels *levels, Integers leading, Integers low)
{
	return multiply_add(pick(levels->step, leading), to_floats(low & levels->mask),
						pick(levels->base, leading));
}

/* Encode the elements of a register, and add to one register of each sum. */
INLINE void
encode_lanes(const float *r, Floats scale, const LokiLevels *code, const LokiLevels *full,
			 uint8 *u, Floats *code_dot, Floats *full_dot, Floats *full_norm2)
{
	Floats		v = load(LOKI_ELEMENT_F32, r, 0);
	Floats		magnitude = absolute(v);
	Floats		a = magnitude * scale;
	Integers	leading = {0};
	Integers	low;
	Floats		level;

	/* a comparison that holds is -1 */
#pragma GCC unroll 8
	for (int t = 1; t < 8; t++)
		leading -= (Integers) (a >= set(loki_thresholds[t]));
	low = truncated(minimum((a - pick(loki_thresholds, leading)) *
							pick(loki_inverse_widths, leading), set(15)));

	/* 128 + value, or 127 - value, which is 255 - (128 + value): all bits are flipped */
	store_bytes(u, ((leading << 4) | low) ^ (128 ^ ((Integers) (v < set(0)) & 255)));

	level = find_level(code, leading, low);
	*code_dot += magnitude * level;
	if (full != NULL)
	{
		level = find_level(full, leading, low);
		*full_dot += magnitude * level;
		*full_norm2 += level * level;
	}
}

static TARGET void
encode(int padded, const float *r, float scale, const LokiLevels *code,
	   const LokiLevels *full, uint8 *u, LokiEncodeSums *sums)
{
	Floats		code_dot[LANE_REGISTERS] = {set(0)};
	Floats		full_dot[LANE_REGISTERS] = {set(0)};
	Floats		full_norm2[LANE_REGISTERS] = {set(0)};

	AssertPadded(padded);
	Assert(scale >= 0);
	for (int i = 0; i < padded; i += LOKI_LANES)
		for (int k = 0; k < LANE_REGISTERS; k++)
			encode_lanes(r + i + k * LANES, set(scale), code, full, u + i + k * LANES,
						 &code_dot[k], &full_dot[k], &full_norm2[k]);
	sums->code_dot = add_lanes(code_dot);
	sums->full_dot = add_lanes(full_dot);
	sums->full_norm2 = add_lanes(full_norm2);
}

/*
 * Packed fields
 */

static TARGET void
pack(int groups, const uint8 *u, int width, int shift, uint8 *packed)
{
	AssertGroups(groups);
	AssertField(width, shift);
	/* 64 fields of `width` bits are 8 * width bytes */
	for (int g = 0; g < groups; g++)
		pack_group(width, shift, u + g * LOKI_GROUP, packed + g * 8 * width);
}

/* The loop of unpack(), inlined with a constant width */
INLINE void
unpack_width(int groups, const uint8 *packed, int width, int shift, bool add, uint8 *u)
{
	for (int g = 0; g < groups; g++, packed += 8 * width)
		for (int part = 0; part < PARTS; part++, u += BYTES)
		{
			Bytes		v = shift_up(unpack_part(width, part, packed), shift);

			if (add)
				v |= load_bytes(u);
			store_bytes_at(u, v);
		}
}

static TARGET void
unpack(int groups, const uint8 *packed, int width, int shift, bool add, uint8 *u)
{
	AssertGroups(groups);
	AssertField(width, shift);
	if (width == 1)
		unpack_width(groups, packed, 1, shift, add, u);
	else if (width == 2)
		unpack_width(groups, packed, 2, shift, add, u);
	else
		unpack_width(groups, packed, 4, shift, add, u);
}

/*
 * Queries
 */

static TARGET float
max_abs(int padded, const float *r)
{
	Floats		max = set(0);

	AssertPadded(padded);
	for (int i = 0; i < padded; i += LANES)
		max = maximum(max, absolute(load(LOKI_ELEMENT_F32, r, i)));
	return largest_lane(max);
}

static TARGET int32
quantize8(int padded, const float *r, float inverse, int8 *query)
{
	Integers	sum = {0};

	AssertPadded(padded);
	for (int i = 0; i < padded; i += LANES)
	{
		Integers	v = rounded(load(LOKI_ELEMENT_F32, r, i) * set(inverse));

		store_bytes(query + i, v & 255);	/* the low byte, as the sign goes on above it */
		sum += v;
	}
	return sum_integers(sum);
}

static TARGET int32
decode8(int groups, const uint8 *u, const LokiLevelTable *table, int8 *query)
{
	Bytes		levels = load_table(table->small);
	Integers	sum = {0};

	AssertGroups(groups);
	for (int i = 0; i < groups * LOKI_GROUP; i += BYTES)
	{
		Bytes		v = look_up(levels, high_nibbles(load_bytes(u + i)));

		store_bytes_at(query + i, v);
		sum = add_bytes(sum, v);
	}
	return sum_integers(sum);
}

/*
 * Dot products with the int8 query: four codes at a time, for the sake of one
 * common reduction.  They also share the loads of the query, and wait for the
 * memory of four codes at once.  width is a constant of each caller.
 */
INLINE void
dot_codes(int width, int groups, const int8 *query, const void *const *codes, int n,
		  int32 *dots)
{
	int			stride = 8 * width;
	int			i = 0;

	AssertGroups(groups);
	for (; i + 4 <= n; i += 4)
	{
		Integers	sums[4] = {0};

		for (int g = 0; g < groups; g++)
#pragma GCC unroll 4
			for (int k = 0; k < 4; k++)
				sums[k] = add_group(width, sums[k],
									(const uint8 *) codes[i + k] + LOKI_FACTOR_SIZE + g * stride,
									query + g * LOKI_GROUP);
		sum_four_integers(sums, dots + i);
	}
	for (; i < n; i++)
	{
		const uint8 *a = (const uint8 *) codes[i] + LOKI_FACTOR_SIZE;
		Integers	sum = {0};

		for (int g = 0; g < groups; g++)
			sum = add_group(width, sum, a + g * stride, query + g * LOKI_GROUP);
		dots[i] = sum_integers(sum);
	}
}

static TARGET void
dot(int width, int groups, const int8 *query, const void *const *codes, int n, int32 *dots)
{
	if (width == 1)
		dot_codes(1, groups, query, codes, n, dots);
	else if (width == 2)
		dot_codes(2, groups, query, codes, n, dots);
	else
		dot_codes(4, groups, query, codes, n, dots);
}

/*
 * Full codes: the int16 levels are put together from bytes.  Partial sums of 32 bits are
 * emptied before they can overflow: a lane takes 128 products of 4,042 * 2,047 at most, which
 * is half of what an int32 holds.
 */
#define FLUSH_DIMS	(128 * LANES)

static TARGET int64
dot16(int groups, const uint8 *u, const LokiLevelTable *table, const int16 *query)
{
	Levels		levels = load_levels(table);
	int			dims = groups * LOKI_GROUP;
	int64		total = 0;

	AssertGroups(groups);
	for (int start = 0; start < dims; start += FLUSH_DIMS)
	{
		int			end = Min(start + FLUSH_DIMS, dims);
		Integers	sum = {0};

		for (int i = start; i < end; i += BYTES)
			sum = add_levels(sum, &levels, u + i, query + i);
		total += sum_wide(sum);
	}
	return total;
}

static TARGET float
l1_u8(int dim, const float *q, const uint8 *u, float step, float offset)
{
	Floats		steps = set(step);
	Floats		offsets = set(offset);
	Floats		sums[2] = {set(0), set(0)};
	int			i = 0;

	Assert(dim > 0 && dim <= LOKI_MAX_DIM && step >= 0);
	for (; i + 2 * LANES <= dim; i += 2 * LANES)
#pragma GCC unroll 2
		for (int r = 0; r < 2; r++)
			sums[r] += absolute(multiply_add(load(LOKI_ELEMENT_U8, u, i + r * LANES), steps, offsets) -
								load(LOKI_ELEMENT_F32, q, i + r * LANES));
#pragma GCC unroll 2
	for (int r = 0; r < 2 && i < dim; r++, i += LANES)
	{
		int			n = Min(dim - i, LANES);

		/* lanes behind the end are 0 + 0 * step - 0 */
		sums[r] += absolute(multiply_add(load_first(LOKI_ELEMENT_U8, u, i, n), steps,
										 keep_first(offsets, n)) -
							load_first(LOKI_ELEMENT_F32, q, i, n));
	}
	return sum_lanes(sums[0] + sums[1]);
}

#endif							/* LOKI_CODES_SIMD_H */
