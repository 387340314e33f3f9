/*-------------------------------------------------------------------------
 *
 * bits.c
 *	  Kernels that count bits of two strings of bytes.
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
	return count_bits_##set(DIFFERING, n, a, b); \
} \
static target void \
common_##set(int n, const uint8 *a, const uint8 *b, uint64 *both, uint64 *either) \
{ \
	*both = count_bits_##set(BOTH, n, a, b); \
	*either = count_bits_##set(EITHER, n, a, b); \
} \
static const LokiBitKernels kernels_##set = { #set, differing_##set, common_##set };

static pg_attribute_always_inline uint64
take_words(BitTerm term, uint64 a, uint64 b)
{
	return term == DIFFERING ? a ^ b : term == BOTH ? a & b : a | b;
}

/* The first n < 8 of the bytes at p, and zeros */
static inline uint64
load_bytes(const uint8 *p, int n)
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

static pg_attribute_always_inline uint64
count_bits_scalar(BitTerm term, int n, const uint8 *a, const uint8 *b)
{
	uint64		count = 0;
	int			i = 0;

	for (; i + 8 <= n; i += 8)
		count += count_word(take_words(term, load_word(a + i), load_word(b + i)));
	if (i < n)
		count += count_word(take_words(term, load_bytes(a + i, n - i),
									   load_bytes(b + i, n - i)));
	return count;
}

DEFINE_KERNELS(, scalar)

#if defined(__x86_64__)

/* ------------------------------------------------------------------------
 * The instruction popcnt
 * ------------------------------------------------------------------------
 */
#define TARGET_POPCNT __attribute__((target("popcnt")))

static pg_attribute_always_inline TARGET_POPCNT uint64
count_bits_popcnt(BitTerm term, int n, const uint8 *a, const uint8 *b)
{
	uint64		count = 0;
	int			i = 0;

	for (; i + 8 <= n; i += 8)
		count += __builtin_popcountll(take_words(term, load_word(a + i), load_word(b + i)));
	if (i < n)
		count += __builtin_popcountll(take_words(term, load_bytes(a + i, n - i),
												 load_bytes(b + i, n - i)));
	return count;
}

DEFINE_KERNELS(TARGET_POPCNT, popcnt)

/* ------------------------------------------------------------------------
 * AVX2: a table of the counts of nibbles
 * ------------------------------------------------------------------------
 */
#define TARGET_AVX2 __attribute__((target("avx2")))

static pg_attribute_always_inline TARGET_AVX2 __m256i
take_avx2(BitTerm term, __m256i a, __m256i b)
{
	return term == DIFFERING ? _mm256_xor_si256(a, b) :
		term == BOTH ? _mm256_and_si256(a, b) : _mm256_or_si256(a, b);
}

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

static pg_attribute_always_inline TARGET_AVX2 uint64
count_bits_avx2(BitTerm term, int n, const uint8 *a, const uint8 *b)
{
	__m256i		sum = _mm256_setzero_si256();
	uint64		sums[4];
	int			i = 0;

	for (; i + 32 <= n; i += 32)
		sum = _mm256_add_epi64(sum, count_avx2(take_avx2(term,
														 _mm256_loadu_si256((const __m256i *) (a + i)),
														 _mm256_loadu_si256((const __m256i *) (b + i)))));
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

static pg_attribute_always_inline TARGET_VPOPCNTDQ __m512i
take_vpopcntdq(BitTerm term, __m512i a, __m512i b)
{
	return term == DIFFERING ? _mm512_xor_si512(a, b) :
		term == BOTH ? _mm512_and_si512(a, b) : _mm512_or_si512(a, b);
}

static pg_attribute_always_inline TARGET_VPOPCNTDQ uint64
count_bits_vpopcntdq(BitTerm term, int n, const uint8 *a, const uint8 *b)
{
	__m512i		sum = _mm512_setzero_si512();
	int			i = 0;

	for (; i + 64 <= n; i += 64)
		sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(take_vpopcntdq(term,
																	   _mm512_loadu_si512(a + i),
																	   _mm512_loadu_si512(b + i))));
	if (i < n)
	{
		__mmask64	mask = (UINT64CONST(1) << (n - i)) - 1;

		sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(take_vpopcntdq(term,
																	   _mm512_maskz_loadu_epi8(mask, a + i),
																	   _mm512_maskz_loadu_epi8(mask, b + i))));
	}
	return _mm512_reduce_add_epi64(sum);
}

DEFINE_KERNELS(TARGET_VPOPCNTDQ, vpopcntdq)

#elif defined(__aarch64__)

/* ------------------------------------------------------------------------
 * NEON: an instruction that counts the bits of bytes
 * ------------------------------------------------------------------------
 */
static pg_attribute_always_inline uint8x16_t
take_neon(BitTerm term, uint8x16_t a, uint8x16_t b)
{
	return term == DIFFERING ? veorq_u8(a, b) :
		term == BOTH ? vandq_u8(a, b) : vorrq_u8(a, b);
}

static pg_attribute_always_inline uint64
count_bits_neon(BitTerm term, int n, const uint8 *a, const uint8 *b)
{
	uint64x2_t	sum = vdupq_n_u64(0);
	int			i = 0;

	for (; i + 16 <= n; i += 16)
	{
		uint8x16_t	bits = take_neon(term, vld1q_u8(a + i), vld1q_u8(b + i));

		sum = vpadalq_u32(sum, vpaddlq_u16(vpaddlq_u8(vcntq_u8(bits))));
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
	return i < n ? kernels[i] : NULL;
}

void
loki_bits_init(void)
{
	for (int i = 0; loki_bit_kernels(i) != NULL; i++)
		loki_bits = *loki_bit_kernels(i);
}
