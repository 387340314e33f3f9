/*-------------------------------------------------------------------------
 *
 * hash.h
 *	  A hash of 128 bits over the bytes of a vector.
 *
 * IDENTIFICATION
 *	  src/distance/hash.h
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

#endif							/* LOKI_HASH_H */
