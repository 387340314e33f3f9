/*-------------------------------------------------------------------------
 *
 * rotate.c
 *	  Random rotation of the padded space.
 *
 * Four rounds of random signs and a fast Walsh-Hadamard transform, by turns
 * over the first and the last p dimensions, where p is the largest power of
 * two that the padded dimension holds.  These may share as few as 64: too few
 * to carry the weight of one end to the other.  So where they share less than
 * p / 2, dimensions i and i + half are mixed ((a + b) / sqrt 2, (a - b) / sqrt
 * 2) in the middle: after each dimension has been through a transform, since a
 * single large element could else be missed by all of them.
 *
 * Each step is orthonormal, and rounds only where one sum or product does, so
 * that every instruction set yields the same bits.
 *
 * IDENTIFICATION
 *	  src/quantize/rotate.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "quantize/codes.h"

/* The largest power of two in n */
static inline int
floor_power(int n)
{
	int			p = 1;

	while (p * 2 <= n)
		p *= 2;
	return p;
}

static inline bool
needs_mixing(int padded, int p)
{
	return 2 * padded > 3 * p;
}

Size
loki_rotate_size(int padded)
{
	return (Size) LOKI_ROTATE_ROUNDS * padded / 8;
}

/*
 * The sign of dimension i in round k is bit k * padded + i of the output of
 * the generator splitmix64 started at seed, whose words are taken from their
 * low ends: a set bit is a minus.
 */
void
loki_rotate_init(int padded, uint64 seed, uint8 *signs)
{
	for (int i = 0; i < LOKI_ROTATE_ROUNDS * padded / 64; i++)
	{
		uint64		z = (seed += UINT64CONST(0x9e3779b97f4a7c15));

		z = (z ^ (z >> 30)) * UINT64CONST(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64CONST(0x94d049bb133111eb);
		z ^= z >> 31;
		for (int j = 0; j < 8; j++)
			*signs++ = (uint8) (z >> (8 * j));
	}
}

/*
 * The scalar version, specification of the others.
 */

static void
flip_scalar(int padded, const uint8 *signs, float *r)
{
	for (int i = 0; i < padded; i++)
	{
		if ((signs[i / 8] >> (i % 8)) & 1)
			r[i] = -r[i];
	}
}

static void
mix_scalar(int half, float *r)
{
	for (int i = 0; i < half; i++)
	{
		float		a = r[i];
		float		b = r[i + half];

		r[i] = (a + b) * (float) M_SQRT1_2;
		r[i + half] = (a - b) * (float) M_SQRT1_2;
	}
}

static void
hadamard_scalar(int n, float scale, float *r)
{
	for (int i = 0; i < n; i++)
		r[i] *= scale;
	for (int h = 1; h < n; h *= 2)
	{
		for (int i = 0; i < n; i += 2 * h)
		{
			for (int j = i; j < i + h; j++)
			{
				float		a = r[j];
				float		b = r[j + h];

				r[j] = a + b;
				r[j + h] = a - b;
			}
		}
	}
}

void
loki_rotate_scalar(int padded, const uint8 *signs, float *r)
{
	int			p = floor_power(padded);
	float		scale = 1.0f / sqrtf(p);

	for (int k = 0; k < LOKI_ROTATE_ROUNDS; k++)
	{
		flip_scalar(padded, signs + k * padded / 8, r);
		if (k == LOKI_ROTATE_ROUNDS / 2 && needs_mixing(padded, p))
			mix_scalar(padded / 2, r);
		hadamard_scalar(p, scale, k % 2 == 0 ? r : r + padded - p);
	}
}

/*
 * The versions for instruction sets.  Inside a register a stage adds to each
 * lane its partner, or subtracts it from the partner: one fused step, exact
 * except for the sum's rounding.
 */

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET_AVX2 __attribute__((target("avx2,fma")))
#define TARGET_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))

static inline TARGET_AVX2 __m256
within_avx2(__m256 v)
{
	v = _mm256_fmadd_ps(v, _mm256_setr_ps(1, -1, 1, -1, 1, -1, 1, -1),
						_mm256_permute_ps(v, 0xb1));
	v = _mm256_fmadd_ps(v, _mm256_setr_ps(1, 1, -1, -1, 1, 1, -1, -1),
						_mm256_permute_ps(v, 0x4e));
	return _mm256_fmadd_ps(v, _mm256_setr_ps(1, 1, 1, 1, -1, -1, -1, -1),
						   _mm256_permute2f128_ps(v, v, 1));
}

static inline TARGET_AVX2 __m256
flip_avx2(__m256 v, const uint8 *signs, int i)
{
	__m256i		bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
	__m256i		set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(signs[i / 8]), bit),
										 bit);

	return _mm256_xor_ps(v, _mm256_and_ps(_mm256_castsi256_ps(set),
										  _mm256_set1_ps(-0.0f)));
}

#define ROTATE loki_rotate_avx2
#define STEP(name) name##_avx2_step
#define TARGET TARGET_AVX2
#define VEC __m256
#define LANES 8
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define SET(x) _mm256_set1_ps(x)
#define FLIP(v, signs, i) flip_avx2(v, signs, i)
#define WITHIN(v) within_avx2(v)
#include "quantize/rotate_simd.h"

static inline TARGET_AVX512 __m512
within_avx512(__m512 v)
{
	__m512		one = _mm512_set1_ps(1);

	v = _mm512_fmadd_ps(v, _mm512_mask_sub_ps(one, 0xaaaa, _mm512_setzero_ps(), one),
						_mm512_permute_ps(v, 0xb1));
	v = _mm512_fmadd_ps(v, _mm512_mask_sub_ps(one, 0xcccc, _mm512_setzero_ps(), one),
						_mm512_permute_ps(v, 0x4e));
	v = _mm512_fmadd_ps(v, _mm512_mask_sub_ps(one, 0xf0f0, _mm512_setzero_ps(), one),
						_mm512_shuffle_f32x4(v, v, 0xb1));
	return _mm512_fmadd_ps(v, _mm512_mask_sub_ps(one, 0xff00, _mm512_setzero_ps(), one),
						   _mm512_shuffle_f32x4(v, v, 0x4e));
}

static inline TARGET_AVX512 __m512
flip_avx512(__m512 v, const uint8 *signs, int i)
{
	__mmask16	set;

	memcpy(&set, signs + i / 8, sizeof(set));
	return _mm512_mask_xor_ps(v, set, v, _mm512_set1_ps(-0.0f));
}

#define ROTATE loki_rotate_avx512
#define STEP(name) name##_avx512_step
#define TARGET TARGET_AVX512
#define VEC __m512
#define LANES 16
#define LOAD(p) _mm512_loadu_ps(p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define SET(x) _mm512_set1_ps(x)
#define FLIP(v, signs, i) flip_avx512(v, signs, i)
#define WITHIN(v) within_avx512(v)
#include "quantize/rotate_simd.h"

#endif							/* __x86_64__ */

#if defined(__aarch64__)

#include <arm_neon.h>

static inline float32x4_t
within_neon(float32x4_t v)
{
	static const float signs[2][4] = {{1, -1, 1, -1}, {1, 1, -1, -1}};

	v = vfmaq_f32(vrev64q_f32(v), v, vld1q_f32(signs[0]));
	return vfmaq_f32(vextq_f32(v, v, 2), v, vld1q_f32(signs[1]));
}

static inline float32x4_t
flip_neon(float32x4_t v, const uint8 *signs, int i)
{
	static const uint32 bits[4] = {1, 2, 4, 8};
	uint32x4_t	set = vtstq_u32(vdupq_n_u32(signs[i / 8] >> (i % 8)),
								vld1q_u32(bits));

	return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(v),
										   vshlq_n_u32(set, 31)));
}

#define ROTATE loki_rotate_neon
#define STEP(name) name##_neon_step
#define TARGET
#define VEC float32x4_t
#define LANES 4
#define LOAD(p) vld1q_f32(p)
#define STORE(p, v) vst1q_f32(p, v)
#define SET(x) vdupq_n_f32(x)
#define FLIP(v, signs, i) flip_neon(v, signs, i)
#define WITHIN(v) within_neon(v)
#include "quantize/rotate_simd.h"

#endif							/* __aarch64__ */
