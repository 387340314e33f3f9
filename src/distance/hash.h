/*-------------------------------------------------------------------------
 *
 * hash.h
 *	  A hash of 128 bits over the bytes of a vector.
 *
 * IDENTIFICATION
 *	  src/distance/hash.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_HASH_H
#define LOKI_HASH_H

#include "c.h"

/*
 * Hash n bytes.  Either half is a hash by itself.  It is no secret, and of no
 * use against someone who makes vectors collide on purpose.
 */
extern void loki_hash_bytes(const void *bytes, size_t n, uint64 hash[2]);

/*
 * splitmix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA
 * 2014): a number that looks random for each x, and the generator whose n-th number is that of
 * seed + n * LOKI_SPLITMIX_STEP.
 */
#define LOKI_SPLITMIX_STEP	UINT64CONST(0x9E3779B97F4A7C15)

static inline uint64
loki_hash_mix(uint64 x)
{
	x += LOKI_SPLITMIX_STEP;
	x = (x ^ (x >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

static inline uint64
loki_next_random(uint64 *seed)
{
	uint64		result = loki_hash_mix(*seed);

	*seed += LOKI_SPLITMIX_STEP;
	return result;
}

#endif							/* LOKI_HASH_H */
