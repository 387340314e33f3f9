/*-------------------------------------------------------------------------
 *
 * neon.c
 *	  Distance kernels for arm64.
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

#if defined(__aarch64__)

#include "distance/registers_neon.h"
#include "distance/sums_simd.h"

const LokiDistanceKernels loki_distance_neon = LOKI_KERNELS(LOKI_SIMD_NEON, "neon");

#endif							/* __aarch64__ */
