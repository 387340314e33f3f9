/*-------------------------------------------------------------------------
 *
 * memory.c
 *	  What reading memory costs on this machine: blocks at random places, and one after the
 *	  other.
 *
 * usage: memory MEGABYTES [BYTES...]
 *
 * Prints a line for each size of a block, with the nanoseconds that one costs if blocks lie at
 * random places of so many megabytes in pages of 4 kB and all are known beforehand, and a line
 * for reading one block after the other.
 *
 * IDENTIFICATION
 *	  bench/memory.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "clock.h"

#define LINE		64
#define AHEAD		16			/* blocks that are on their way */
#define ROUNDS		5
#define LEAST_READ	((size_t) 64 << 20) /* bytes a round */

/* A place for a block of `lines` lines */
static size_t
place(uint64_t *seed, size_t total, size_t lines)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed % (total / LINE - lines) * LINE;
}

static uint64_t
read_at_random(const char *memory, size_t total, size_t lines, size_t blocks)
{
	uint64_t	seed = 88172645463325252u;
	uint64_t	sum = 0;
	size_t		places[AHEAD] = {0};

	for (size_t i = 0; i < blocks + AHEAD; i++)
	{
		const char *block = memory + places[i % AHEAD];

		for (size_t line = 0; i >= AHEAD && line < lines; line++)
			sum += *(const uint64_t *) (block + line * LINE);
		places[i % AHEAD] = place(&seed, total, lines);
		for (size_t line = 0; line < lines; line++)
			__builtin_prefetch(memory + places[i % AHEAD] + line * LINE);
	}
	return sum;
}

static uint64_t
read_in_order(const char *memory, size_t total)
{
	const uint64_t *numbers = (const uint64_t *) memory;
	uint64_t	sum = 0;

	for (size_t i = 0; i < total / sizeof(uint64_t); i++)
		sum += numbers[i];
	return sum;
}

int
main(int argc, char **argv)
{
	size_t		total = argc > 1 ? (size_t) atol(argv[1]) << 20 : 0;
	uint64_t	sum = 0;
	double		best = 1e300;
	char	   *memory;

	if (total == 0)
	{
		fprintf(stderr, "usage: memory MEGABYTES [BYTES...]\n");
		return 2;
	}
	memory = mmap(NULL, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
	{
		perror("memory");
		return 1;
	}
	madvise(memory, total, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < total; i += LINE)
		memory[i] = (char) (i / LINE);

	for (int a = 2; a < argc; a++)
	{
		size_t		lines = (atol(argv[a]) + LINE - 1) / LINE;
		size_t		blocks = LEAST_READ / (lines * LINE) + 1;

		if (lines == 0 || lines * LINE * 2 > total)
			continue;
		best = 1e300;
		for (int round = 0; round < ROUNDS; round++)
		{
			double		began = now();

			sum += read_at_random(memory, total, lines, blocks);
			if (now() - began < best)
				best = now() - began;
		}
		printf("random %s %.2f\n", argv[a], best / blocks);
	}
	best = 1e300;
	for (int round = 0; round < ROUNDS; round++)
	{
		double		began = now();

		sum += read_in_order(memory, total);
		if (now() - began < best)
			best = now() - began;
	}
	printf("order %.3f\n", total / best);
	return sum == 1;
}
