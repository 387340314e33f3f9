/*-------------------------------------------------------------------------
 *
 * lanes.h
 *	  The order of sums that are equal on every processor.
 *
 * Element i is added to partial sum i % LOKI_LANES.  In the end the upper half of the partial
 * sums is added to the lower half, until one is left.  Products are rounded before they are
 * added: the Makefile keeps compilers from fusing the two.
 *
 * IDENTIFICATION
 *	  src/distance/lanes.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_LANES_H
#define LOKI_LANES_H

#include "c.h"

#define LOKI_LANES	32

StaticAssertDecl((LOKI_LANES & (LOKI_LANES - 1)) == 0, "partial sums can be halved");

/* The sum of all lanes, which it overwrites */
static inline float
loki_add_lanes(float lanes[LOKI_LANES])
{
	for (int half = LOKI_LANES / 2; half > 0; half /= 2)
		for (int i = 0; i < half; i++)
			lanes[i] += lanes[i + half];
	return lanes[0];
}

#endif							/* LOKI_LANES_H */
