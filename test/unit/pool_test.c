/* SPDX-License-Identifier: PostgreSQL */
/*
 * The pool of nearest nodes: each kernel against sorting, over pools
 * of many sizes, equal distances, and distances that are not finite.
 *
 * Sources: src/distance
 */
#include "c.h"

#include <float.h>
#include <math.h>

#include "distance/distance.h"
#include "distance/pool.h"
#include "unit.h"

#define MAX_ROOM	160
#define BATCH		40

static float
draw_distance(void)
{
	switch (unit_random() % 40)
	{
		case 0:
			return INFINITY;
		case 1:
			return NAN;
		case 2:
			return -FLT_MAX;
		case 3:
			return 0.25f;
		default:
			return (float) (unit_random() % 1000) / 100 - 1;
	}
}

static bool
same_pools(const LokiCandidate *a, const LokiCandidate *b, int n)
{
	for (int i = 0; i < n; i++)
		if (a[i].distance != b[i].distance || a[i].node != b[i].node)
			return false;
	return true;
}

/* One pool by insertion, the plainest way */
static void
insert_plainly(LokiCandidate *pool, int *npool, int room, float distance, uint32 node)
{
	int			place = 0;

	if (!(distance <= FLT_MAX))
		distance = FLT_MAX;
	while (place < *npool && pool[place].distance < distance)
		place++;
	if (place == room || (*npool == room && !(distance < pool[room - 1].distance)))
		return;
	if (*npool < room)
		(*npool)++;
	for (int i = *npool - 1; i > place; i--)
		pool[i] = pool[i - 1];
	pool[place].distance = distance;
	pool[place].node = node;
}

static void
test_merge(const char *name, LokiPoolMerge merge)
{
	bool		same = true;
	bool		places = true;
	bool		ends = true;

	for (int round = 0; round < 400; round++)
	{
		int			room = LokiPoolRoom(1 + unit_random() % MAX_ROOM);
		LokiCandidate pool[MAX_ROOM];
		LokiCandidate plain[MAX_ROOM];
		LokiCandidate before[MAX_ROOM];
		int			npool = 0;
		int			nplain = 0;

		loki_pool_clear(pool, 0, room);
		for (int batch = 0; batch < 12; batch++)
		{
			float		distances[BATCH];
			uint32		nodes[BATCH];
			int			n = unit_random() % BATCH;
			int			first;
			int			expected = 0;

			for (int i = 0; i < n; i++)
			{
				distances[i] = draw_distance();
				nodes[i] = batch * BATCH + i;
				insert_plainly(plain, &nplain, room, distances[i], nodes[i]);
			}
			memcpy(before, pool, sizeof(pool));
			first = merge(pool, &npool, room, distances, nodes, n);
			while (expected < npool && memcmp(&before[expected], &pool[expected],
											  sizeof(LokiCandidate)) == 0)
				expected++;
			places = places && first <= room && (expected == npool || first <= expected);
			same = same && npool == nplain && same_pools(pool, plain, npool);
		}
		for (int i = npool; i < room; i++)
			ends = ends && isinf(pool[i].distance);
	}
	ok(same, "%s: nodes and their order", name);
	ok(places, "%s: the first place that changed", name);
	ok(ends, "%s: what is behind the end", name);
}

int
main(void)
{
	loki_distance_init();
	test_merge("scalar", loki_pool_merge_scalar);
#if defined(__x86_64__)
	if (loki_cpu_simd() == LOKI_SIMD_AVX512)
		test_merge("avx512", loki_pool_merge_avx512);
#endif
	test_merge("in use", loki_pool_merge);
	return unit_done();
}
