/*-------------------------------------------------------------------------
 *
 * hash.c
 *	  A hash of 128 bits over the bytes of a vector.
 *
 * Each of the two halves is made by multiplying pairs of words, after other
 * constants were mixed into them, and folding the product of 128 bits; what a
 * zero factor hides from one half the other sees.  Two chains of products a
 * half, so that the processor need not wait for each of them.
 *
 * IDENTIFICATION
 *	  src/distance/hash.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "c.h"

#include "distance/hash.h"

#define CHAINS	2
#define STRIDE	(CHAINS * 2 * sizeof(uint64))

/* Fractional bits of square roots of primes */
static const uint64 constants[] = {
	UINT64CONST(0x6a09e667f3bcc908), UINT64CONST(0xbb67ae8584caa73b),
	UINT64CONST(0x3c6ef372fe94f82b), UINT64CONST(0xa54ff53a5f1d36f1),
	UINT64CONST(0x510e527fade682d1), UINT64CONST(0x9b05688c2b3e6c1f),
	UINT64CONST(0x1f83d9abfb41bd6b), UINT64CONST(0x5be0cd19137e2179)
};

StaticAssertDecl(lengthof(constants) == 8, "two for words, four for states, two for the end");

/* Both halves of a product of 128 bits, in one word */
static inline uint64
fold(uint64 a, uint64 b)
{
#ifdef HAVE_INT128
	uint128		product = (uint128) a * b;

	return (uint64) product ^ (uint64) (product >> 64);
#else
	uint64		low = (a & 0xffffffff) * (b & 0xffffffff);
	uint64		middle = (a >> 32) * (b & 0xffffffff) + (low >> 32);
	uint64		other = (a & 0xffffffff) * (b >> 32) + (middle & 0xffffffff);

	return (a * b) ^ ((a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32));
#endif
}

/* Mix a stride of bytes into the chains of both halves. */
static inline void
absorb(const unsigned char *bytes, uint64 state[2][CHAINS])
{
	for (int i = 0; i < CHAINS; i++)
	{
		uint64		words[2];

		memcpy(words, bytes + i * sizeof(words), sizeof(words));
		state[0][i] = fold(words[0] ^ constants[0], words[1] ^ state[0][i]);
		state[1][i] = fold(words[0] ^ state[1][i], words[1] ^ constants[1]);
	}
}

void
loki_hash_bytes(const void *bytes, size_t n, uint64 hash[2])
{
	const unsigned char *next = bytes;
	uint64		state[2][CHAINS] = {
		{constants[2], constants[3]}, {constants[4], constants[5]}
	};
	size_t		rest = n;

	for (; rest >= STRIDE; rest -= STRIDE)
	{
		absorb(next, state);
		next += STRIDE;
	}
	if (rest > 0)
	{
		unsigned char last[STRIDE] = {0};

		memcpy(last, next, rest);
		absorb(last, state);
	}
	for (int i = 0; i < 2; i++)
		hash[i] = fold(fold(state[i][0], state[i][1] ^ constants[6]) ^ n,
					   constants[7] ^ state[i][1]);
}
