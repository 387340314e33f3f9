/*-------------------------------------------------------------------------
 *
 * select.c
 *	  Choosing a node's neighbors and its layer.
 *
 * Shared by build, insert and vacuum.  Works on codes in memory; touches no buffer.  The nearest
 * nodes alone would make a poor graph: those of a cluster would be linked to each other and to nothing
 * else.  The rule of the paper keeps a candidate if no kept one is nearer to it, so links lead in all
 * directions.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/select.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/graph/select.h"

/* Those of a build, whose searches are wider by the links of a list; inserts and vacuum have fewer */
#define MAX_CANDIDATES	(LOKI_MAX_EF_CONSTRUCTION + 2 * LOKI_MAX_M + LOKI_BEYOND_CLUSTER)

/*
 * Remove from alive[] (indexes of candidates, ascending) those that the kept candidate rules
 * out, because they are nearer to it than to the node; returns how many remain.
 *
 * A tie does not rule out: otherwise a candidate that equals the node would rule out all
 * others, and rows with equal vectors would link to each other alone.  But a candidate that
 * equals both the kept one and the node adds nothing.
 */
static int
rule_out(const LokiQuantizer *quantizer, const LokiLinkChoice *from, int kept,
		 LokiQuery *scratch, int *alive, int nalive)
{
	const void *batch[64];
	int			remaining = 0;

	if (nalive == 0)
		return 0;

	/* the candidates before the kept one were kept or ruled out */
	Assert(alive[0] > kept);
	quantizer->prepare_code(quantizer, from->codes[kept], scratch);
	for (int start = 0; start < nalive; start += lengthof(batch))
	{
		float		between[lengthof(batch)];
		int			n = Min(nalive - start, (int) lengthof(batch));

		for (int i = 0; i < n; i++)
			batch[i] = from->codes[alive[start + i]];
		quantizer->score(quantizer, scratch, batch, n, between);
		for (int i = 0; i < n; i++)
		{
			int			candidate = alive[start + i];
			float		distance = from->distances[candidate];

			/* about half are ruled out: the processor cannot predict which, so nothing branches on it */
			alive[remaining] = candidate;
			remaining += !((between[i] < distance) |
						   ((between[i] == distance) & (distance == from->distances[kept])));
		}
	}
	return remaining;
}

/* Whether a number is among n that ascend */
static inline bool
contains(const int *numbers, int n, int number)
{
	while (n > 0 && numbers[n - 1] > number)
		n--;
	return n > 0 && numbers[n - 1] == number;
}

#ifdef USE_ASSERT_CHECKING
/* Whether the candidate that is sought is chosen if the choice goes on to its end */
static bool
is_chosen(const LokiQuantizer *quantizer, const LokiLinkChoice *from, int max, int fill, LokiQuery *scratch)
{
	LokiLinkChoice all = {from->n, from->distances, from->codes};
	int			selected[MAX_CANDIDATES];
	int			n = loki_select_neighbors(quantizer, &all, max, fill, scratch, selected, NULL);

	return contains(selected, n, from->sought);
}
#endif

/*
 * See select.h.  Each kept candidate is compared at once with all that are still in the
 * running, so that its code is decoded once and scored against a batch.  The result is that
 * of the paper's loop over candidates.
 */
int
loki_select_neighbors(const LokiQuantizer *quantizer, const LokiLinkChoice *from, int max, int fill,
					  LokiQuery *scratch, int *selected, int *nkept)
{
	int			n = from->n;
	bool		chosen[MAX_CANDIDATES];
	int			alive[MAX_CANDIDATES];
	int			nalive = n;
	int			nchosen = 0;
	int			nselected = 0;

	Assert(fill <= max && n <= MAX_CANDIDATES);
	memset(chosen, 0, n * sizeof(bool));
	for (int i = 0; i < n; i++)
		alive[i] = i;

	/* All of them get in by filling, if not before: no need to compare */
	if (n <= fill)
		nalive = 0;

	while (nalive > 0 && nchosen < max)
	{
		int			kept = alive[0];

		chosen[kept] = true;
		nchosen++;
		memmove(alive, alive + 1, --nalive * sizeof(int));
		if (nchosen < max)
			nalive = rule_out(quantizer, from, kept, scratch, alive, nalive);
		/* one that is ruled out is chosen only to fill up, if fewer are nearer */
		if (from->sought >= fill && kept < from->sought && !contains(alive, nalive, from->sought))
		{
			Assert(!is_chosen(quantizer, from, max, fill, scratch));
			return 0;
		}
	}

	if (nkept != NULL)
		*nkept = n <= fill ? n : nchosen;
	for (int i = 0; i < n && nchosen < fill; i++)
	{
		nchosen += !chosen[i];
		chosen[i] = true;
	}
	for (int i = 0; i < n; i++)
		if (chosen[i])
			selected[nselected++] = i;
	Assert(nselected == nchosen && nselected <= max);
	return nselected;
}

/*
 * Random highest layer of a new node, so that every layer has 1/ratio of the nodes of the
 * one below.
 */
int
loki_random_level(int ratio, pg_prng_state *prng)
{
	double		uniform = 1.0 - pg_prng_double(prng);	/* in (0, 1] */
	double		level = -log(uniform) / log(ratio);

	Assert(ratio > 1);
	return level < LOKI_MAX_LEVEL ? (int) level : LOKI_MAX_LEVEL;
}

/*
 * A step that visits all of n numbers, modulo n, such that any few numbers visited one after
 * another are spread over all of them: about the golden section of n.
 */
uint64
loki_golden_step(uint64 n)
{
	uint64		step = Max(1, (uint64) (n * 0.6180339887));

	for (;; step++)
	{
		uint64		a = n;
		uint64		b = step;

		while (b != 0)
		{
			uint64		rest = a % b;

			a = b;
			b = rest;
		}
		if (a <= 1)
			return step;
	}
}
