/*-------------------------------------------------------------------------
 *
 * codes_avx2.c
 *	  Code kernels for x86-64 with AVX2 and FMA.
 *
 * A group of 64 dimensions is two registers of bytes.  AVX2 shifts nothing narrower than 16
 * bits, so bytes are shifted in pairs, and the bits that came from the neighbor are masked off.
 * Most instructions that move bytes stay within a half of the register, hence the tables in
 * both halves.
 *
 * IDENTIFICATION
 *	  src/quantize/codes_avx2.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"

#if defined(__x86_64__)

#include "distance/registers_avx2.h"

#define BYTES 32
#define PARTS (LOKI_GROUP / BYTES)

typedef __m256i Bytes;

StaticAssertDecl(LOKI_SKETCH_LEAST == LANES, "a register has the least bounds of a block");

/*
 * The steps of a Hadamard transform between elements of one register: sums and differences at distance
 * 1, 2, 4.  Each lane becomes its partner plus or minus itself.  The product with 1 or -1 is exact, so
 * fusing it with the sum does not change the result (C2).
 */
INLINE Floats
within(Floats v)
{
	v = _mm256_fmadd_ps(v, _mm256_setr_ps(1, -1, 1, -1, 1, -1, 1, -1),
						_mm256_permute_ps(v, 0xb1));
	v = _mm256_fmadd_ps(v, _mm256_setr_ps(1, 1, -1, -1, 1, 1, -1, -1),
						_mm256_permute_ps(v, 0x4e));
	return _mm256_fmadd_ps(v, _mm256_setr_ps(1, 1, 1, 1, -1, -1, -1, -1),
						   _mm256_permute2f128_ps(v, v, 1));
}

/* Change the sign where the bit of a dimension is set: each lane compares the byte with its own bit. */
INLINE Floats
flip(Floats v, const uint8 *signs, int i)
{
	__m256i		bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
	__m256i		bits = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(signs[i / 8]), bit),
										 bit);

	return _mm256_xor_ps(v, _mm256_and_ps(_mm256_castsi256_ps(bits),
										  _mm256_set1_ps(-0.0f)));
}

/* Of a table of eight floats, which is one register, those of eight indices */
INLINE Floats
pick(const float *table, Integers i)
{
	return _mm256_permutevar8x32_ps(_mm256_loadu_ps(table), (__m256i) i);
}

INLINE float
largest_lane(Floats v)
{
	__m128		four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	__m128		two = _mm_max_ps(four, _mm_movehl_ps(four, four));

	return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

/* No sum leaves int32 (codes_scalar.c). */
INLINE int32
sum_integers(Integers v)
{
	__m128i		half = _mm_add_epi32(_mm256_castsi256_si128((__m256i) v),
									 _mm256_extracti128_si256((__m256i) v, 1));

	half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
	return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1)));
}

/* Lanes hold up to half of an int32's range (FLUSH_DIMS), so they are made longer before they are added. */
INLINE int64
sum_wide(Integers v)
{
	int64		parts[4];

	_mm256_storeu_si256((__m256i *) parts,
						_mm256_add_epi64(_mm256_cvtepi32_epi64(_mm256_castsi256_si128((__m256i) v)),
										 _mm256_cvtepi32_epi64(_mm256_extracti128_si256((__m256i) v, 1))));
	return parts[0] + parts[1] + parts[2] + parts[3];
}

INLINE Bytes
load_bytes(const void *p)
{
	return _mm256_loadu_si256((const __m256i *) p);
}

INLINE void
store_bytes_at(void *p, Bytes v)
{
	_mm256_storeu_si256((__m256i *) p, v);
}

/* In both halves of a register */
INLINE Bytes
load_table(const void *table)
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *) table));
}

/* In each half of the register; indices are 0 to 15, as bit 7 would make the result zero */
INLINE Bytes
look_up(Bytes table, Bytes v)
{
	return _mm256_shuffle_epi8(table, v);
}

INLINE Bytes
high_nibbles(Bytes v)
{
	return _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
}

/* Bits that enter from the byte below are zero by contract: fields leave room for it. */
INLINE Bytes
shift_up(Bytes v, int n)
{
	return _mm256_sll_epi16(v, _mm_cvtsi32_si128(n));
}

/*
 * Products of unsigned bytes with signed ones, by fours.  Pairs are added in int16, which does not saturate
 * (codes_scalar.c); multiplying these with 1 adds pairs of them in int32.
 */
INLINE Integers
add_products(Integers sum, Bytes a, Bytes b)
{
	return sum + (Integers) _mm256_madd_epi16(_mm256_maddubs_epi16(a, b), _mm256_set1_epi16(1));
}

/* A product with 1, for the sake of its sums */
INLINE Integers
add_bytes(Integers sum, Bytes v)
{
	return add_products(sum, _mm256_set1_epi8(1), v);
}

/* Where the 128-bit lanes of a half keep their pairs of bits */
INLINE __m256i
pair_shifts(int half)
{
	return half == 0 ? _mm256_setr_epi32(0, 0, 0, 0, 2, 2, 2, 2) :
		_mm256_setr_epi32(4, 4, 4, 4, 6, 6, 6, 6);
}

/*
 * One bit: movemask takes bit 7 of each byte, in the order of dimensions.  Two: dimension d goes to byte
 * d % 16, so the four 128-bit lanes are shifted apart and put one on another.  Four: the two registers.
 */
INLINE void
pack_group(int width, int shift, const uint8 *u, uint8 *packed)
{
	__m128i		down = _mm_cvtsi32_si128(shift);
	__m256i		field = _mm256_set1_epi8((1 << width) - 1);
	Bytes		a = load_bytes(u);
	Bytes		b = load_bytes(u + BYTES);

	if (width == 1)
	{
		uint32		bits[2];

		bits[0] = _mm256_movemask_epi8(shift_up(a, 7 - shift));
		bits[1] = _mm256_movemask_epi8(shift_up(b, 7 - shift));
		memcpy(packed, bits, sizeof(bits));
		return;
	}
	a = _mm256_and_si256(_mm256_srl_epi16(a, down), field);
	b = _mm256_and_si256(_mm256_srl_epi16(b, down), field);
	if (width == 4)
	{
		store_bytes_at(packed, _mm256_or_si256(a, _mm256_slli_epi16(b, 4)));
		return;
	}
	a = _mm256_or_si256(_mm256_sllv_epi32(a, pair_shifts(0)),
						_mm256_sllv_epi32(b, pair_shifts(1)));
	_mm_storeu_si128((__m128i *) packed, _mm_or_si128(_mm256_castsi256_si128(a),
													  _mm256_extracti128_si256(a, 1)));
}

/*
 * Fields of a half of a group, as bytes.  Bits that are not of a field are cut off in the end, so shifts
 * may go over bytes' borders: there are none of bytes.
 */
INLINE Bytes
unpack_part(int width, int half, const uint8 *packed)
{
	__m256i		v;

	if (width == 1)
	{
		/* byte d / 8 of the bits goes to lanes d, and each lane tests its bit of it */
		__m256i		bit = _mm256_set1_epi64x(INT64CONST(0x8040201008040201));
		int32		word;

		memcpy(&word, packed + 4 * half, sizeof(word));
		v = _mm256_shuffle_epi8(_mm256_set1_epi32(word),
								_mm256_setr_epi32(0, 0, 0x01010101, 0x01010101,
												  0x02020202, 0x02020202,
												  0x03030303, 0x03030303));
		v = _mm256_cmpeq_epi8(_mm256_and_si256(v, bit), bit);
	}
	else if (width == 2)
	{
		v = load_table(packed);
		v = _mm256_srlv_epi32(v, pair_shifts(half));
	}
	else
	{
		v = _mm256_loadu_si256((const __m256i *) packed);
		if (half == 1)
			v = _mm256_srli_epi16(v, 4);
	}
	return _mm256_and_si256(v, _mm256_set1_epi8((1 << width) - 1));
}

/* Products of levels and query are added in pairs as int16, which levels of at most 127 leave exact. */
INLINE Integers
add_group(int width, Integers sum, const uint8 *packed, const int8 *query)
{
	Bytes		a = unpack_part(width, 0, packed);
	Bytes		b = unpack_part(width, 1, packed);
	Bytes		qa = load_bytes(query);
	Bytes		qb = load_bytes(query + BYTES);

	if (width == 4)
	{
		Bytes		levels = load_table(loki_levels4);

		return add_products(add_products(sum, look_up(levels, a), qa), look_up(levels, b), qb);
	}
	/* levels up to 3: sums of four products are 1,524 at most, so both halves fit one int16 */
	a = _mm256_add_epi16(_mm256_maddubs_epi16(a, qa), _mm256_maddubs_epi16(b, qb));
	return sum + (Integers) _mm256_madd_epi16(a, _mm256_set1_epi16(1));
}

/*
 * Tables of bytes that the int16 levels are put together from: there is a lookup of bytes, by the leading
 * four bits of a code, and none of words.
 */
typedef struct Levels
{
	__m256i		low_bytes;		/* of the bases */
	__m256i		high_bytes;
	__m256i		steps;
} Levels;

INLINE Levels
load_levels(const LokiLevelTable *table)
{
	__m256i		words = _mm256_loadu_si256((const __m256i *) table->base);
	__m256i		bytes = _mm256_packus_epi16(_mm256_and_si256(words, _mm256_set1_epi16(255)),
											_mm256_srli_epi16(words, 8));

	return (Levels)
	{
		_mm256_permute4x64_epi64(bytes, 0x88), _mm256_permute4x64_epi64(bytes, 0xdd),
			load_table(table->step)
	};
}

/* Sixteen dimensions; base + step * low is a level of 4,042 at most, so int16 holds it */
INLINE Integers
add_half(Integers sum, __m256i base, __m256i step, __m256i low, const int16 *query)
{
	__m256i		level = _mm256_add_epi16(base, _mm256_mullo_epi16(step, low));

	return sum + (Integers) _mm256_madd_epi16(level, load_bytes(query));
}

INLINE Integers
add_levels(Integers sum, const Levels *levels, const uint8 *u, const int16 *query)
{
	/* quarters in the order that unpacking makes natural again */
	__m256i		v = _mm256_permute4x64_epi64(load_bytes(u), 0xd8);
	__m256i		zero = _mm256_setzero_si256();
	__m256i		leading = high_nibbles(v);
	__m256i		low = _mm256_and_si256(v, _mm256_set1_epi8(15));
	__m256i		base_low = look_up(levels->low_bytes, leading);
	__m256i		base_high = look_up(levels->high_bytes, leading);
	__m256i		step = look_up(levels->steps, leading);

	sum = add_half(sum, _mm256_unpacklo_epi8(base_low, base_high),
				   _mm256_unpacklo_epi8(step, zero), _mm256_unpacklo_epi8(low, zero), query);
	return add_half(sum, _mm256_unpackhi_epi8(base_low, base_high),
					_mm256_unpackhi_epi8(step, zero), _mm256_unpackhi_epi8(low, zero), query + 16);
}


#include "quantize/codes_simd.h"

/* Eight bounds, of as many sums */
INLINE Floats
eight_bounds(const float *add, __m128i sums, __m256 constant, __m256 start, __m256 step,
			 float *bounds)
{
	__m256		t = _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(sums));
	__m256		terms = _mm256_fmadd_ps(step, t, start);
	__m256		result = _mm256_add_ps(_mm256_loadu_ps(add), constant);

	result = _mm256_fmadd_ps(_mm256_loadu_ps(add + LOKI_SKETCH_BLOCK), terms, result);
	_mm256_storeu_ps(bounds, result);
	return result;
}

/* What 32 codes have in the two tables of a byte of their bits */
INLINE Bytes
look_up_byte(const uint8 *tables, __m256i bits)
{
	__m256i		low = _mm256_and_si256(bits, _mm256_set1_epi8(15));

	return _mm256_add_epi8(look_up(load_table(tables), low),
						   look_up(load_table(tables + 16), high_nibbles(bits)));
}

/*
 * Two bytes of bits at a time, of 32 codes each: their four table entries add up to 252 at most, so they are
 * added as bytes.  Then sums become int16: those of even codes by a mask, of odd ones by a shift.  They are
 * apart until the end, when unpacking puts them in order: codes 0 to 7 and 16 to 23 in `low`, the others in
 * `high`.
 *
 * The file for AVX-512 uses this function, too, so it has a name of its own.
 */
void		TARGET
loki_bounds_avx2(int groups, const uint8 *tables, const void *block, float constant, float start,
				 float step, float *bounds, float *least)
{
	const float *add = block;
	const uint8 *bits = (const uint8 *) (add + 2 * LOKI_SKETCH_BLOCK);
	__m256i		even = _mm256_setzero_si256();
	__m256i		odd = _mm256_setzero_si256();
	__m256i		low;
	__m256i		high;
	__m256		constants = _mm256_set1_ps(constant);
	__m256		starts = _mm256_set1_ps(start);
	__m256		steps = _mm256_set1_ps(step);
	__m256		lanes = _mm256_set1_ps(FLT_MAX);

	Assert(groups > 0 && groups <= LOKI_SKETCH_DIMS / LOKI_GROUP);
	for (int i = 0; i < groups * (LOKI_GROUP / 8); i += 2)
	{
		__m256i		sums = _mm256_add_epi8(
										   look_up_byte(tables, _mm256_loadu_si256((const __m256i *) bits)),
										   look_up_byte(tables + 32, _mm256_loadu_si256((const __m256i *) (bits + 32))));

		even = _mm256_add_epi16(even, _mm256_and_si256(sums, _mm256_set1_epi16(255)));
		odd = _mm256_add_epi16(odd, _mm256_srli_epi16(sums, 8));
		tables += 64;
		bits += 64;
	}
	low = _mm256_unpacklo_epi16(even, odd);
	high = _mm256_unpackhi_epi16(even, odd);
	/* the second operand stays where the first is no number */
	lanes = _mm256_min_ps(eight_bounds(add, _mm256_castsi256_si128(low), constants, starts,
									   steps, bounds), lanes);
	lanes = _mm256_min_ps(eight_bounds(add + 8, _mm256_castsi256_si128(high), constants, starts,
									   steps, bounds + 8), lanes);
	lanes = _mm256_min_ps(eight_bounds(add + 16, _mm256_extracti128_si256(low, 1), constants,
									   starts, steps, bounds + 16), lanes);
	lanes = _mm256_min_ps(eight_bounds(add + 24, _mm256_extracti128_si256(high, 1), constants,
									   starts, steps, bounds + 24), lanes);
	_mm256_storeu_ps(least, lanes);
}

#define score_block loki_bounds_avx2

const LokiCodeKernels loki_codes_avx2 = LOKI_CODE_KERNELS(LOKI_SIMD_AVX2, "avx2");

#endif							/* __x86_64__ */
