/* SPDX-License-Identifier: PostgreSQL */
/*
 * The hash of vectors: every byte and the length count, halves are spread like
 * random numbers, and vectors that differ little do not collide.
 *
 * Sources: src/distance
 */
#include "c.h"

#include "distance/hash.h"
#include "unit.h"

#undef qsort

#define VECTORS		200000

static int
compare_words(const void *a, const void *b)
{
	uint64		x = *(const uint64 *) a;
	uint64		y = *(const uint64 *) b;

	return (x > y) - (x < y);
}

/* Whether any two of n words, or of their leading 32 bits too often, are equal */
static bool
distinct(uint64 *words, int n)
{
	int			near = 0;

	qsort(words, n, sizeof(uint64), compare_words);
	for (int i = 1; i < n; i++)
	{
		if (words[i] == words[i - 1])
			return false;
		near += words[i] >> 32 == words[i - 1] >> 32;
	}
	/* n * n / 2 pairs, one in 2^32 of which agree: 4.7 are expected */
	return near < 20;
}

static void
test_bytes(void)
{
	unsigned char bytes[100] = {0};
	bool		all = true;

	for (int n = 1; n <= lengthof(bytes); n++)
	{
		uint64		plain[2];
		uint64		other[2];

		loki_hash_bytes(bytes, n, plain);
		loki_hash_bytes(bytes, n - 1, other);
		all = all && plain[0] != other[0] && plain[1] != other[1];
		for (int bit = 0; bit < 8 * n; bit++)
		{
			bytes[bit / 8] ^= 1 << bit % 8;
			loki_hash_bytes(bytes, n, other);
			bytes[bit / 8] ^= 1 << bit % 8;
			all = all && plain[0] != other[0] && plain[1] != other[1];
		}
	}
	ok(all, "each bit and the length change both halves");
}

static void
test_vectors(const char *name, int dim, float (*element) (int vector, int i))
{
	uint64	   *halves[2];
	float	   *vector = malloc(dim * sizeof(float));

	for (int half = 0; half < 2; half++)
		halves[half] = malloc(VECTORS * sizeof(uint64));
	for (int v = 0; v < VECTORS; v++)
	{
		uint64		hash[2];

		for (int i = 0; i < dim; i++)
			vector[i] = element(v, i);
		loki_hash_bytes(vector, dim * sizeof(float), hash);
		halves[0][v] = hash[0];
		halves[1][v] = hash[1];
	}
	for (int half = 0; half < 2; half++)
	{
		ok(distinct(halves[half], VECTORS), "%s: half %d", name, half);
		free(halves[half]);
	}
	free(vector);
}

static float
random_element(int vector, int i)
{
	return (float) unit_uniform();
}

static float
counted_element(int vector, int i)
{
	return i == 3 ? (float) vector : 0;
}

static float
small_element(int vector, int i)
{
	return (float) ((vector >> i) & 1);
}

int
main(void)
{
	test_bytes();
	test_vectors("random", 16, random_element);
	test_vectors("one element counts", 10, counted_element);
	test_vectors("zeros and ones", 18, small_element);
	return unit_done();
}
