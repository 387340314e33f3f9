/*-------------------------------------------------------------------------
 *
 * lanes_simd.h
 *	  Terms of pairs, and the sum of lanes.h, in vector registers; included after a
 *	  registers_*.h.
 *
 * IDENTIFICATION
 *	  src/distance/lanes_simd.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_LANES_SIMD_H
#define LOKI_LANES_SIMD_H

#include "distance/lanes.h"

#define LANE_REGISTERS	(LOKI_LANES / LANES)

StaticAssertDecl(LOKI_LANES % LANES == 0, "partial sums fill registers");

/* The term of each lane's pair is added to the lane's sum. */
INLINE Floats
take_pairs(LokiSum term, Floats sum, Floats a, Floats b)
{
	Floats		diff;

	if (term == LOKI_SUM_DOT)
		return multiply_add(a, b, sum);
	diff = a - b;
	if (term == LOKI_SUM_L1)
		return sum + absolute(diff);
	return multiply_add(diff, diff, sum);
}

/* The sum of all lanes, which it overwrites; as loki_add_lanes() */
INLINE float
add_lanes(Floats lanes[LANE_REGISTERS])
{
#pragma GCC unroll 4
	for (int half = LANE_REGISTERS / 2; half > 0; half /= 2)
#pragma GCC unroll 4
		for (int i = 0; i < half; i++)
			lanes[i] += lanes[i + half];
	return sum_lanes(lanes[0]);
}

#endif							/* LOKI_LANES_SIMD_H */
