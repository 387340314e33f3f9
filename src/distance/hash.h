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

/* A number that looks random, by the finalizer of Steele and others' splitmix64 */
static inline uint64
loki_hash_mix(uint64 x)
{
	x += UINT64CONST(0x9E3779B97F4A7C15);
	x = (x ^ (x >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return x ^ (x >> 31);
}

#endif							/* LOKI_HASH_H */
