/*-------------------------------------------------------------------------
 *
 * bits.h
 *	  Kernels that count bits of two strings of bytes.
 *
 * Pure C, as distance.h; loki_distance_init() fills the table.
 *
 * IDENTIFICATION
 *	  src/distance/bits.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_BITS_H
#define LOKI_BITS_H

#include "c.h"

typedef struct LokiBitKernels
{
	const char *name;			/* "scalar", "popcnt", "avx2", "vpopcntdq",
								 * "neon" */

	/* bits in which n bytes at a and b differ */
	uint64		(*differing) (int n, const uint8 *a, const uint8 *b);

	/* bits that are set in both, and in one of them or both */
	void		(*common) (int n, const uint8 *a, const uint8 *b,
						   uint64 *both, uint64 *either);
} LokiBitKernels;

/* The kernels in use */
extern LokiBitKernels loki_bits;

/* Those that run here, by number from 0 on; NULL: there are no more */
extern const LokiBitKernels *loki_bit_kernels(int i);

/* The distances of the SQL operators; n bytes */
static inline double
loki_hamming_distance(int n, const uint8 *a, const uint8 *b)
{
	return (double) loki_bits.differing(n, a, b);
}

/* Strings that have nothing in common are at distance 1, two of zeros too */
static inline double
loki_jaccard_distance(int n, const uint8 *a, const uint8 *b)
{
	uint64		both;
	uint64		either;

	loki_bits.common(n, a, b, &both, &either);
	Assert(both <= either && either <= (uint64) n * 8);
	return both == 0 ? 1 : 1 - (double) both / (double) either;
}

#endif							/* LOKI_BITS_H */
