/*-------------------------------------------------------------------------
 *
 * neon.c
 *	  Distance kernels for arm64, where NEON is always present.
 *
 * Four registers of four partial sums; the last one to three elements are
 * loaded into a register one by one.
 *
 * IDENTIFICATION
 *	  src/distance/neon.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/kernels.h"
#include "distance/lanes.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define LANES 4

/* Four elements */
static pg_attribute_always_inline float32x4_t
load(LokiElement element, const void *p, int i)
{
	if (element == LOKI_ELEMENT_F16)
		return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16((const LokiHalf *) p + i)));
	return vld1q_f32((const float *) p + i);
}

/* The first n of four elements, and zeros */
static pg_attribute_always_inline float32x4_t
load_first(LokiElement element, const void *p, int i, int n)
{
	float		floats[LANES] = {0};
	LokiHalf	halves[LANES] = {0};

	for (int k = 0; k < n; k++)
	{
		if (element == LOKI_ELEMENT_F16)
			halves[k] = ((const LokiHalf *) p)[i + k];
		else
			floats[k] = ((const float *) p)[i + k];
	}
	if (element == LOKI_ELEMENT_F16)
		return load(element, halves, 0);
	return load(element, floats, 0);
}

static pg_attribute_always_inline float32x4_t
take_pairs(LokiTerm term, float32x4_t sum, float32x4_t a, float32x4_t b)
{
	float32x4_t diff;

	if (term == LOKI_TERM_DOT)
		return vfmaq_f32(sum, a, b);
	diff = vsubq_f32(a, b);
	if (term == LOKI_TERM_L1)
		return vaddq_f32(sum, vabsq_f32(diff));
	return vfmaq_f32(sum, diff, diff);
}

static pg_attribute_always_inline float
sum_pairs(LokiTerm term, LokiElement element, int dim, const void *a, const void *b)
{
	float32x4_t s0 = vdupq_n_f32(0);
	float32x4_t s1 = vdupq_n_f32(0);
	float32x4_t s2 = vdupq_n_f32(0);
	float32x4_t s3 = vdupq_n_f32(0);
	int			i = 0;

	for (; i + 4 * LANES <= dim; i += 4 * LANES)
	{
		s0 = take_pairs(term, s0, load(element, a, i), load(element, b, i));
		s1 = take_pairs(term, s1, load(element, a, i + LANES), load(element, b, i + LANES));
		s2 = take_pairs(term, s2, load(element, a, i + 2 * LANES),
						load(element, b, i + 2 * LANES));
		s3 = take_pairs(term, s3, load(element, a, i + 3 * LANES),
						load(element, b, i + 3 * LANES));
	}
	for (; i + LANES <= dim; i += LANES)
		s0 = take_pairs(term, s0, load(element, a, i), load(element, b, i));
	if (i < dim)
		s1 = take_pairs(term, s1, load_first(element, a, i, dim - i),
						load_first(element, b, i, dim - i));

	return vaddvq_f32(vaddq_f32(vaddq_f32(s0, s1), vaddq_f32(s2, s3)));
}

/* Three sums at once: two registers for each are enough. */
static pg_attribute_always_inline void
sum_cosine(LokiElement element, int dim, const void *a, const void *b,
		   float *dot, float *norma, float *normb)
{
	float32x4_t ab[2] = {vdupq_n_f32(0), vdupq_n_f32(0)};
	float32x4_t aa[2] = {vdupq_n_f32(0), vdupq_n_f32(0)};
	float32x4_t bb[2] = {vdupq_n_f32(0), vdupq_n_f32(0)};
	int			i = 0;

	for (; i + 2 * LANES <= dim; i += 2 * LANES)
	{
		for (int r = 0; r < 2; r++)
		{
			float32x4_t x = load(element, a, i + r * LANES);
			float32x4_t y = load(element, b, i + r * LANES);

			ab[r] = vfmaq_f32(ab[r], x, y);
			aa[r] = vfmaq_f32(aa[r], x, x);
			bb[r] = vfmaq_f32(bb[r], y, y);
		}
	}
	for (int r = 0; i < dim; i += LANES, r++)
	{
		int			n = Min(dim - i, LANES);
		float32x4_t x = load_first(element, a, i, n);
		float32x4_t y = load_first(element, b, i, n);

		ab[r] = vfmaq_f32(ab[r], x, y);
		aa[r] = vfmaq_f32(aa[r], x, x);
		bb[r] = vfmaq_f32(bb[r], y, y);
	}

	*dot = vaddvq_f32(vaddq_f32(ab[0], ab[1]));
	*norma = vaddvq_f32(vaddq_f32(aa[0], aa[1]));
	*normb = vaddvq_f32(vaddq_f32(bb[0], bb[1]));
}

static void
f16_to_f32(int n, const LokiHalf *halves, float *floats)
{
	int			i = 0;

	for (; i + LANES <= n; i += LANES)
		vst1q_f32(floats + i, load(LOKI_ELEMENT_F16, halves, i));
	for (; i < n; i++)
		floats[i] = loki_half_to_float(halves[i]);
}

static void
f32_to_f16(int n, const float *floats, LokiHalf *halves)
{
	int			i = 0;

	for (; i + LANES <= n; i += LANES)
		vst1_u16(halves + i, vreinterpret_u16_f16(vcvt_f16_f32(vld1q_f32(floats + i))));
	for (; i < n; i++)
		halves[i] = loki_float_to_half(floats[i]);
}

static void
u8_to_f32(int n, const uint8 *codes, float scale, float offset, float *floats)
{
	int			i = 0;

	for (; i + 2 * LANES <= n; i += 2 * LANES)
	{
		uint16x8_t	words = vmovl_u8(vld1_u8(codes + i));
		float32x4_t low = vcvtq_f32_u32(vmovl_u16(vget_low_u16(words)));
		float32x4_t high = vcvtq_f32_u32(vmovl_u16(vget_high_u16(words)));

		vst1q_f32(floats + i, vfmaq_f32(vdupq_n_f32(offset), low, vdupq_n_f32(scale)));
		vst1q_f32(floats + i + LANES, vfmaq_f32(vdupq_n_f32(offset), high, vdupq_n_f32(scale)));
	}
	for (; i < n; i++)
		floats[i] = offset + scale * codes[i];
}

static float
dot_ordered(int dim, const float *a, const float *b)
{
	float32x4_t lanes[LOKI_LANES_NEON];
	int			i = 0;

	for (int r = 0; r < LOKI_LANES_NEON; r++)
		lanes[r] = vdupq_n_f32(0);
	for (; i + LOKI_LANES <= dim; i += LOKI_LANES)
		for (int r = 0; r < LOKI_LANES_NEON; r++)
			lanes[r] = vaddq_f32(lanes[r], vmulq_f32(vld1q_f32(a + i + r * LANES),
													 vld1q_f32(b + i + r * LANES)));
	for (int r = 0; i < dim; i += LANES, r++)
	{
		int			n = Min(dim - i, LANES);

		lanes[r] = vaddq_f32(lanes[r], vmulq_f32(load_first(LOKI_ELEMENT_F32, a, i, n),
												 load_first(LOKI_ELEMENT_F32, b, i, n)));
	}
	return loki_add_lanes_neon(lanes);
}

static void
f32_to_i16(int n, const float *floats, float scale, int16 *integers)
{
	int			i = 0;

	for (; i + LANES <= n; i += LANES)
		vst1_s16(integers + i, vmovn_s32(vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(floats + i), scale))));
	for (; i < n; i++)
		integers[i] = (int16) rintf(floats[i] * scale);
}

/* Four rows at a time, eight elements of each in a register */
static void
dot_i16(int dim, const int16 *vector, const int16 *rows, int n, int32 *products)
{
	for (int j = 0; j < n; j += LOKI_TILE_ROWS, rows += LOKI_TILE_ROWS * (Size) dim)
	{
		int32x4_t	sums[LOKI_TILE_ROWS];
		int			i = 0;

		for (int r = 0; r < LOKI_TILE_ROWS; r++)
			sums[r] = vdupq_n_s32(0);
		for (; i + 2 * LANES <= dim; i += 2 * LANES)
		{
			int16x8_t	v = vld1q_s16(vector + i);

			for (int r = 0; r < LOKI_TILE_ROWS; r++)
			{
				int16x8_t	row = vld1q_s16(rows + r * (Size) dim + i);

				sums[r] = vmlal_s16(sums[r], vget_low_s16(v), vget_low_s16(row));
				sums[r] = vmlal_high_s16(sums[r], v, row);
			}
		}
		for (int r = 0; r < LOKI_TILE_ROWS; r++)
		{
			uint32		sum = (uint32) vaddvq_s32(sums[r]);

			for (int k = i; k < dim; k++)
				sum += (uint32) (vector[k] * rows[r * (Size) dim + k]);
			products[j + r] = (int32) sum;
		}
	}
}

LOKI_DEFINE_KERNELS()

static pg_attribute_always_inline void
sum_four(float32x4_t v0, float32x4_t v1, float32x4_t v2, float32x4_t v3, float *sums)
{
	vst1q_f32(sums, vpaddq_f32(vpaddq_f32(v0, v1), vpaddq_f32(v2, v3)));
}

#define TARGET
#define TILE_FLOATS float32x4_t
#define TILE_ZERO() vdupq_n_f32(0)
#define TILE_MULTIPLY_ADD(a, b, sum) vfmaq_f32(sum, a, b)
#include "distance/tile.h"

const LokiDistanceKernels loki_distance_neon = LOKI_KERNELS(LOKI_SIMD_NEON, "neon");

#endif							/* __aarch64__ */
