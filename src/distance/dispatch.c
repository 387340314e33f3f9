/*-------------------------------------------------------------------------
 *
 * dispatch.c
 *	  What the processor can do, and the kernels chosen for it.
 *
 * As the server does it for checksums (src/port/pg_crc32c_*_choose.c), but once, when the library
 * is loaded.  The compiler's functions ask the processor which instructions it has, and whether the
 * operating system saves their registers.  A level is a set of instructions that all kernels are
 * written for; flags are further ones that single kernels use.
 *
 * The environment variable LOKIVECTOR_SIMD (scalar, avx2, avx512 or neon)
 * makes tests run a lower level than the processor's; a level that cannot run
 * here and a word that is none of these have no effect.
 *
 * IDENTIFICATION
 *	  src/distance/dispatch.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/bits.h"
#include "distance/kernels.h"
#include "distance/pool.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

LokiDistanceKernels loki_distance;

static uint32 cpu_features = 0;

#if defined(__x86_64__)

/*
 * The level of this processor, and in *features its LOKI_CPU_* flags.  Some compilers do not know F16C by
 * name, so cpuid is asked.
 */
static LokiSimd
detect(uint32 *features)
{
	LokiSimd	simd = LOKI_SIMD_SCALAR;
	uint32		eax,
				ebx,
				ecx,
				edx;

	__builtin_cpu_init();
	*features = __builtin_cpu_supports("popcnt") ? LOKI_CPU_POPCNT : 0;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
		__get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_F16C) != 0)
		simd = LOKI_SIMD_AVX2;
	if (simd == LOKI_SIMD_AVX2 && __builtin_cpu_supports("avx512f") &&
		__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512vl"))
	{
		simd = LOKI_SIMD_AVX512;
		if (__builtin_cpu_supports("avx512vnni"))
			*features |= LOKI_CPU_AVX512VNNI;
		if (__builtin_cpu_supports("avx512vpopcntdq"))
			*features |= LOKI_CPU_AVX512VPOPCNTDQ;
	}
	return simd;
}

#else

/* NEON is part of arm64; nothing is known of others. */
static LokiSimd
detect(uint32 *features)
{
	*features = 0;
#if defined(__aarch64__)
	return LOKI_SIMD_NEON;
#else
	return LOKI_SIMD_SCALAR;
#endif
}

#endif

/*
 * The kernels of a level, NULL if it is foreign to this processor.
 */
const LokiDistanceKernels *
loki_distance_kernels(LokiSimd simd)
{
	uint32		features;

	/* levels rise within an architecture, and others are not compiled in */
	if (simd > detect(&features))
		return NULL;

	switch (simd)
	{
		case LOKI_SIMD_SCALAR:
			return &loki_distance_scalar;
#if defined(__x86_64__)
		case LOKI_SIMD_AVX2:
			return &loki_distance_avx2;
		case LOKI_SIMD_AVX512:
			return &loki_distance_avx512;
#endif
#if defined(__aarch64__)
		case LOKI_SIMD_NEON:
			return &loki_distance_neon;
#endif
		default:
			return NULL;
	}
}

void
loki_distance_init(void)
{
	const char *wanted = getenv("LOKIVECTOR_SIMD");
	uint32		features;
	LokiSimd	best = detect(&features);
	LokiSimd	chosen = best;

	for (LokiSimd simd = LOKI_SIMD_SCALAR; wanted != NULL && simd <= best; simd++)
	{
		const LokiDistanceKernels *kernels = loki_distance_kernels(simd);

		if (kernels != NULL && strcmp(kernels->name, wanted) == 0)
			chosen = simd;
	}

	/* loki_bit_kernels() asks loki_cpu_simd() and loki_cpu_features(), so these are set before */
	Assert(loki_distance_kernels(chosen) != NULL);
	loki_distance = *loki_distance_kernels(chosen);
	/* a level that was forced stands for a processor without what came later */
	cpu_features = chosen == best ? features : 0;
	Assert(loki_distance.simd == chosen && (cpu_features & ~features) == 0);
	for (int i = 0; loki_bit_kernels(i) != NULL; i++)
		loki_bits = *loki_bit_kernels(i);
	loki_pool_merge = loki_pool_merge_scalar;
#if defined(__x86_64__)
	if (chosen == LOKI_SIMD_AVX512)
		loki_pool_merge = loki_pool_merge_avx512;
#endif
}

LokiSimd
loki_cpu_simd(void)
{
	Assert(loki_distance.name != NULL); /* after loki_distance_init() */
	return loki_distance.simd;
}

uint32
loki_cpu_features(void)
{
	return cpu_features;
}
