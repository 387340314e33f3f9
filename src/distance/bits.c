/*-------------------------------------------------------------------------
 *
 * bits.c
 *	  Kernels that count bits of two strings of bytes.
 *
 * The server's pg_popcount() counts the bits of one string; here two are combined first.
 *
 * Counts are exact, so that all variants agree.  One function of each
 * instruction set adds up to three counts in one pass, of which the compiler
 * removes those that a kernel does not ask for.
 *
 * Where strings do not fill the last register, the rest of it is zeros, which
 * add nothing to any count.
 *
 * IDENTIFICATION
 *	  src/distance/bits.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/bits.h"
#include "distance/distance.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

LokiBitKernels loki_bits;

/* What is counted of a pair of words */
typedef enum BitTerm
{
	DIFFERING,
	BOTH,
	EITHER
} BitTerm;

/* The two kernels over count_bits_SET(), which goes over the strings once a term */
#define DEFINE_KERNELS(target, set) \
static target uint64 \
differing_##set(int n, const uint8 *a, const uint8 *b) \
{ \
	Assert(n >= 0); \
	return count_bits_##set(DIFFERING, n, a, b); \
} \
static target void \
common_##set(int n, const uint8 *a, const uint8 *b, uint64 *both, uint64 *either) \
{ \
	Assert(n >= 0); \
	*both = count_bits_##set(BOTH, n, a, b); \
	*either = count_bits_##set(EITHER, n, a, b); \
} \
static const LokiBitKernels kernels_##set = { #set, differing_##set, common_##set };

/* The same of words and of registers */
#define TAKE(term, a, b) \
	((term) == DIFFERING ? (a) ^ (b) : (term) == BOTH ? (a) & (b) : (a) | (b))

/* The first n < 8 of the bytes at p, and zeros */
static inline uint64
load_bits(const uint8 *p, int n)
{
	uint64		word = 0;

	memcpy(&word, p, n);
	return word;
}

static inline uint64
load_word(const uint8 *p)
{
	uint64		word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* ------------------------------------------------------------------------
 * Plain C
 * ------------------------------------------------------------------------
 */

/* Sums of bits, of pairs, of nibbles, of bytes */
static inline uint64
count_word(uint64 w)
{
	w -= (w >> 1) & UINT64CONST(0x5555555555555555);
	w = (w & UINT64CONST(0x3333333333333333)) + ((w >> 2) & UINT64CONST(0x3333333333333333));
	w = (w + (w >> 4)) & UINT64CONST(0x0f0f0f0f0f0f0f0f);
	return (w * UINT64CONST(0x0101010101010101)) >> 56;
}

/* count is a constant wherever this is inlined. */
static pg_attribute_always_inline uint64
count_words(BitTerm term, int n, const uint8 *a, const uint8 *b, uint64 (*count) (uint64))
{
	uint64		sum = 0;
	int			i = 0;

	for (; i + 8 <= n; i += 8)
		sum += count(TAKE(term, load_word(a + i), load_word(b + i)));
	if (i < n)
		sum += count(TAKE(term, load_bits(a + i, n - i), load_bits(b + i, n - i)));
	return sum;
}

static pg_attribute_always_inline uint64
count_bits_scalar(BitTerm term, int n, const uint8 *a, const uint8 *b)
{
	return count_words(term, n, a, b, count_word);
}

DEFINE_KERNELS(, scalar)

#if defined(__x86_64__)

/* ------------------------------------------------------------------------
 * The instruction popcnt
 * ------------------------------------------------------------------------
 */
#define TARGET_POPCNT __attribute__((target("popcnt")))

static inline TARGET_POPCNT uint64
popcnt_word(uint64 word)
{
	return __builtin_popcountll(word);
}

static pg_attribute_always_inline TARGET_POPCNT uint64
count_bits_popcnt(BitTerm term, int n, const uint8 *a, const uint8 *b)
{
	return count_words(term, n, a, b, popcnt_word);
}

DEFINE_KERNELS(TARGET_POPCNT, popcnt)

/* ------------------------------------------------------------------------
 * AVX2: a table of the counts of nibbles
 * ------------------------------------------------------------------------
 */
#define TARGET_AVX2 __attribute__((target("avx2")))

/* Counts of four words */
static pg_attribute_always_inline TARGET_AVX2 __m256i
count_avx2(__m256i v)
{
	const __m256i counts = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
											0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
	const __m256i nibble = _mm256_set1_epi8(0x0f);
	__m256i		low = _mm256_shuffle_epi8(counts, _mm256_and_si256(v, nibble));
	__m256i		high = _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(v, 4),
																	nibble));

	return _mm256_sad_epu8(_mm256_add_epi8(low, high), _mm256_setzero_si256());
}

/* Four sums of words; the rest in plain C */
static pg_attribute_always_inline TARGET_AVX2 uint64
count_bits_avx2(BitTerm term, int n, const uint8 *a, const uint8 *b)
{
	__m256i		sum = _mm256_setzero_si256();
	uint64		sums[4];
	int			i = 0;

	for (; i + 32 <= n; i += 32)
	{
		__m256i		v = _mm256_loadu_si256((const __m256i *) (a + i));
		__m256i		w = _mm256_loadu_si256((const __m256i *) (b + i));

		sum = _mm256_add_epi64(sum, count_avx2(TAKE(term, v, w)));
	}
	_mm256_storeu_si256((__m256i *) sums, sum);
	return sums[0] + sums[1] + sums[2] + sums[3] +
		count_bits_scalar(term, n - i, a + i, b + i);
}

DEFINE_KERNELS(TARGET_AVX2, avx2)

/* ------------------------------------------------------------------------
 * AVX-512 with an instruction that counts the bits of words
 * ------------------------------------------------------------------------
 */
#define TARGET_VPOPCNTDQ __attribute__((target("avx512f,avx512bw,avx512vpopcntdq")))

/* Eight sums of words; a mask leaves out what is behind the end */
static pg_attribute_always_inline TARGET_VPOPCNTDQ uint64
count_bits_vpopcntdq(BitTerm term, int n, const uint8 *a, const uint8 *b)
{
	__m512i		sum = _mm512_setzero_si512();

	for (int i = 0; i < n; i += 64)
	{
		__mmask64	mask = n - i < 64 ? (UINT64CONST(1) << (n - i)) - 1 : PG_UINT64_MAX;
		__m512i		v = _mm512_maskz_loadu_epi8(mask, a + i);
		__m512i		w = _mm512_maskz_loadu_epi8(mask, b + i);

		sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(TAKE(term, v, w)));
	}
	return _mm512_reduce_add_epi64(sum);
}

DEFINE_KERNELS(TARGET_VPOPCNTDQ, vpopcntdq)

#elif defined(__aarch64__)

/* ------------------------------------------------------------------------
 * NEON: an instruction that counts the bits of bytes
 * ------------------------------------------------------------------------
 */
static pg_attribute_always_inline uint64
count_bits_neon(BitTerm term, int n, const uint8 *a, const uint8 *b)
{
	uint64x2_t	sum = vdupq_n_u64(0);
	int			i = 0;

	for (; i + 16 <= n; i += 16)
	{
		uint8x16_t	v = vld1q_u8(a + i);
		uint8x16_t	w = vld1q_u8(b + i);

		sum = vpadalq_u32(sum, vpaddlq_u16(vpaddlq_u8(vcntq_u8(TAKE(term, v, w)))));
	}
	return vaddvq_u64(sum) + count_bits_scalar(term, n - i, a + i, b + i);
}

DEFINE_KERNELS(, neon)

#endif

/* ------------------------------------------------------------------------
 * Choice
 * ------------------------------------------------------------------------
 */

/*
 * From the slowest to the fastest.  A level that was forced hides what came
 * after it.
 */
const LokiBitKernels *
loki_bit_kernels(int i)
{
	const LokiBitKernels *kernels[4];
	int			n = 0;

	Assert(i >= 0 && loki_distance.name != NULL);
	kernels[n++] = &kernels_scalar;
#if defined(__x86_64__)
	if (loki_cpu_features() & LOKI_CPU_POPCNT)
		kernels[n++] = &kernels_popcnt;
	if (loki_cpu_simd() >= LOKI_SIMD_AVX2)
		kernels[n++] = &kernels_avx2;
	if (loki_cpu_features() & LOKI_CPU_AVX512VPOPCNTDQ)
		kernels[n++] = &kernels_vpopcntdq;
#elif defined(__aarch64__)
	if (loki_cpu_simd() == LOKI_SIMD_NEON)
		kernels[n++] = &kernels_neon;
#endif
	Assert(n <= lengthof(kernels));
	return i < n ? kernels[i] : NULL;
}
