/*-------------------------------------------------------------------------
 *
 * avx512.c
 *	  Distance kernels for x86-64 with AVX-512 F, BW, VL and DQ.
 *
 * IDENTIFICATION
 *	  src/distance/avx512.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/kernels.h"

#if defined(__x86_64__)

#include "distance/registers_avx512.h"
#include "distance/sums_simd.h"

const LokiDistanceKernels loki_distance_avx512 = LOKI_KERNELS(LOKI_SIMD_AVX512, "avx512");

#endif							/* __x86_64__ */
