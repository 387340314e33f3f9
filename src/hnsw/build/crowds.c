/*-------------------------------------------------------------------------
 *
 * crowds.c
 *	  Whether rows lie in crowds that the index's codes do not tell apart.
 *
 * A build gives crowds local centers (build/centers.c).  A crowd that came later has none: its rows have
 * codes around what was there before, from which they are much farther than from each other.  That is what
 * is looked for, by codes alone, so no row is read.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/crowds.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "hnsw/build/build.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/float.h"

/* Codes of nodes that were chosen at random, CODE and REFINE of each side by side */
typedef struct Sampled
{
	Size		size;			/* of both */
	char	   *codes;
	int			n;
} Sampled;

static const void *
sampled_code(const Sampled *sampled, int i)
{
	return sampled->codes + i * sampled->size;
}

/* Copy the codes of `wanted` live nodes, or of as many as can be had.  Share locks, one page at a time. */
static void
sample_codes(LokiIndex *state, Relation index, pg_prng_state *prng, int wanted, Sampled *sampled)
{
	const LokiQuantizer *quantizer = state->quantizer;
	uint32		end = loki_node_end(state, index);

	sampled->size = quantizer->code_size + quantizer->refine_size;
	sampled->codes = palloc(sampled->size * wanted);
	sampled->n = 0;
	for (int tries = 0; tries < 4 * wanted && sampled->n < wanted && end > 0; tries++)
	{
		uint32		node = (uint32) pg_prng_uint64_range(prng, 0, end - 1);
		char	   *code = (char *) sampled_code(sampled, sampled->n);
		char		tid[LOKI_TID_LONG];

		CHECK_FOR_INTERRUPTS();
		sampled->n += loki_slot_read(state, index, LOKI_SLOTS_TID, node, tid) &&
			LokiTidIsLive((LokiTidData *) tid) &&
			loki_slot_read(state, index, LOKI_SLOTS_CODE, node, code) &&
			(quantizer->refine_size == 0 ||
			 loki_slot_read(state, index, LOKI_SLOTS_REFINE, node, code + quantizer->code_size));
	}
}

/* See build.h.  All by the same rule as a build, but that the code's own center takes the place of the mean. */
double
loki_crowded_share(LokiIndex *state, Relation index, const LokiMetaPageData *meta)
{
	const LokiQuantizer *quantizer = state->quantizer;
	pg_prng_state prng;
	Sampled		looked_at;
	Sampled		seen;
	LokiQuery  *query;
	int			crowded = 0;

	if (meta->pending > 0 || meta->entry.node == LOKI_NONE || !loki_code_has_spread(&meta->code))
		return get_float8_nan();
	/* the same nodes each time, as long as none come */
	pg_prng_seed(&prng, meta->code.seed);
	sample_codes(state, index, &prng, LOKI_CROWD_LOOKED_AT, &looked_at);
	sample_codes(state, index, &prng, LOKI_CROWD_SEEN_FROM, &seen);
	if (looked_at.n < LOKI_CROWD_LOOKED_AT || seen.n < LOKI_CROWD_SEEN_FROM)
		return get_float8_nan();
	query = loki_alloc_queries(CurrentMemoryContext, quantizer, 1);
	for (int i = 0; i < looked_at.n; i++)
	{
		const char *own = sampled_code(&looked_at, i);
		float		most = LOKI_CROWD_SQUARE * loki_code_spread(quantizer, own);
		int			near = 0;

		CHECK_FOR_INTERRUPTS();
		if (quantizer->refine_size > 0)
			quantizer->prepare_refined(quantizer, own, own + quantizer->code_size, query);
		else
			quantizer->prepare_code(quantizer, own, query);
		for (int j = 0; j < seen.n; j++)
		{
			const void *code = sampled_code(&seen, j);
			float		estimate;

			/* duplicates are no crowd */
			if (memcmp(own, code, looked_at.size) == 0)
				continue;
			quantizer->score(quantizer, query, &code, 1, &estimate);
			near += estimate + quantizer->error(quantizer, query, code, estimate) < most;
		}
		crowded += near >= LOKI_CROWD_ROWS;
	}
	return crowded / (double) looked_at.n;
}
