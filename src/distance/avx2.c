/*-------------------------------------------------------------------------
 *
 * avx2.c
 *	  Distance kernels for x86-64 with AVX2, FMA and F16C.
 *
 * IDENTIFICATION
 *	  src/distance/avx2.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/kernels.h"

#if defined(__x86_64__)

#include "distance/registers_avx2.h"
#include "distance/sums_simd.h"

const LokiDistanceKernels loki_distance_avx2 = LOKI_KERNELS(LOKI_SIMD_AVX2, "avx2");

#endif							/* __x86_64__ */
