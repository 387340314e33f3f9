/*-------------------------------------------------------------------------
 *
 * posting_scan.c
 *	  Scans of an index that has posting lists: bounds of distances, for flat scans.
 *
 * Such an index has neither codes nor a graph, as a pending one, and its scans are certain: they read
 * rows in the order of bounds that always hold, as long as one may be among the nearest.  Without the
 * lists, and for nodes that neither these nor their tail know, there are no bounds, and all rows are read.
 *
 * Flat scans come by the nodes in the order of their IDs, so the lists of one window are in memory at
 * a time (derived/postings.c).
 *
 * IDENTIFICATION
 *	  src/hnsw/scan/posting_scan.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "distance/sparse.h"
#include "hnsw/page/page.h"
#include "hnsw/scan/scan.h"
#include "types/bm25.h"
#include "utils/memutils.h"

/* By how much a bound can be less than the estimate that it is made of, in relation to it */
#define ROUNDED_DOWN	1e-6

/* Read what has changed since the lists were made: which nodes, and then the tail, in that order (D4). */
static void
read_changed(LokiScan *so)
{
	LokiScanTerms *terms = &so->terms;
	MemoryContext old = MemoryContextSwitchTo(so->context);

	loki_bits_release(&terms->changed);
	loki_bits_read(so->state, so->scan->indexRelation, terms->lists.reused, terms->lists.end,
				   &terms->changed);
	terms->tail.context = so->context;
	loki_tail_read(&terms->lists, &terms->query, &terms->tail);
	MemoryContextSwitchTo(old);
}

/* Begin with the query of a scan that was opened.  No page may be locked. */
void
loki_scan_terms_begin(LokiScan *so)
{
	LokiScanTerms *terms = &so->terms;
	const LokiColumn *column = &so->state->column;
	LokiBm25	by = {0};
	LokiSparse	elements;

	terms->bounded = false;
	if (so->query.isnull || so->query.zero)
		return;
	if (terms->query.terms != NULL)
		pfree(terms->query.terms);
	terms->query.terms = NULL;
	if (!loki_terms_open(&terms->lists, so->state, so->scan->indexRelation, &so->meta))
		return;
	elements = column->type->words == NULL ? column->type->elements(so->query.value) :
		column->type->words(so->query.value, &by);

	/* the lists are of other weights if the index's parameters were changed */
	if ((column->type->words != NULL &&
		 (by.k1 != terms->lists.data.k1 || by.b != terms->lists.data.b || by.mean <= 0)) ||
		!loki_terms_query(column->metric, elements, &terms->query))
		return;
	terms->query.mean = by.mean;
	read_changed(so);
	if (terms->window == NULL)
		terms->window = MemoryContextAlloc(so->context, sizeof(LokiTermBounds));
	terms->window->first = terms->window->n = 0;
	terms->next = 0;
	terms->bounded = true;
}

/* Have a range of nodes in memory that are behind those of all lists. */
static void
read_behind(LokiScan *so, uint32 node)
{
	LokiScanTerms *terms = &so->terms;
	LokiTermBounds *window = terms->window;
	uint32		end = terms->lists.end;
	uint32		last = Max(node + 1, terms->tail.seen.end) - 1;

	if (node - window->first < window->n)
		return;
	window->first = end + (node - end) / LOKI_WINDOW_NODES * LOKI_WINDOW_NODES;
	window->n = Min(LOKI_WINDOW_NODES, TYPEALIGN(LOKI_TEST_BATCH, last - window->first + 1));
	window->base = terms->query.base;
	window->slack = 0;
	loki_tail_fill(&terms->tail, &terms->changed, window);
}

/* Have the window of a node in memory; false if it is not there any more, or damaged. */
static bool
read_window(LokiScan *so, uint32 node)
{
	LokiScanTerms *terms = &so->terms;
	LokiTermBounds *window = terms->window;

	if (node < window->first)
		window->first = window->n = terms->next = 0;
	while (node >= window->first + window->n)
	{
		uint32		begin = window->first + window->n;
		LokiWindowData data;

		/* windows follow each other, unless one is damaged */
		if (!loki_terms_window(&terms->lists, terms->next, &data) || data.node != begin ||
			data.nodes > terms->lists.end - begin ||
			(node < begin + data.nodes &&
			 !loki_terms_read(&terms->lists, terms->next, &terms->query, window)))
			return false;
		window->first = begin;
		window->n = data.nodes;
		terms->next++;
		if (node < begin + data.nodes)
		{
			so->work.postings += window->postings;
			loki_tail_fill(&terms->tail, &terms->changed, window);
		}
	}
	return true;
}

/*
 * Have the window of any node in memory.  Where lists were made again, the scan goes on with the new ones: they have the
 * nodes of all rows that its snapshot sees, or notes of them, as the first ones had, since no such row is dead to
 * everyone.  Without any of the same weights there are no bounds from then on, and this is false.
 */
static bool
find_window(LokiScan *so, uint32 node)
{
	LokiScanTerms *terms = &so->terms;

	while (terms->bounded)
	{
		LokiMetaPageData meta;
		LokiTermLists lists;

		Assert(terms->changed.end == terms->lists.end); /* I16 */
		if (node >= terms->lists.end)
			read_behind(so, node);
		if (node >= terms->lists.end || read_window(so, node))
			return true;
		loki_meta_read(so->scan->indexRelation, &meta);
		terms->bounded = loki_terms_open(&lists, so->state, so->scan->indexRelation, &meta) &&
			lists.data.generation != terms->lists.data.generation &&
			lists.data.k1 == terms->lists.data.k1 && lists.data.b == terms->lists.data.b;
		if (!terms->bounded)
			break;
		terms->lists = lists;
		terms->window->first = terms->window->n = terms->next = 0;
		read_changed(so);
	}
	return false;
}

/* How many nodes from one on are in the window that is in memory. */
uint32
loki_scan_terms_left(const LokiScan *so, uint32 node)
{
	const LokiTermBounds *window = so->terms.window;

	return node - window->first < window->n ? window->n - (node - window->first) : 0;
}

/* The same, after its window was read; 0 if it cannot be. */
uint32
loki_scan_terms_enter(LokiScan *so, uint32 node)
{
	return find_window(so, node) ? loki_scan_terms_left(so, node) : 0;
}

/*
 * Lower bounds of the distances of n nodes, in the operator's unit, that always hold; -FLT_MAX where
 * there are none.  Those of nodes without a term of the query, of which there may be very many, are
 * their distances: then a scan need not read all of them to find out that they are tied.
 */
void
loki_scan_terms_bounds(LokiScan *so, const uint32 *nodes, int n, float *bounds)
{
	const LokiTermBounds *window = so->terms.window;

	for (int i = 0; i < n; i++)
		if (!find_window(so, nodes[i]) ||
			window->estimates[nodes[i] - window->first] == LOKI_NOT_KNOWN)
			bounds[i] = -FLT_MAX;
		else if (loki_is_no_term(window->estimates[nodes[i] - window->first]))
			bounds[i] = window->base;
		else
			bounds[i] = loki_round_down(loki_operator_distance(so->query.metric, window->base +
															   window->estimates[nodes[i] - window->first] -
															   window->slack));
}

/*
 * Leave those of n nodes out whose bounds are not below a distance, in the operator's unit: they do
 * not pass.  Some others may.  True if any is left out.
 */
bool
loki_scan_terms_near(LokiScan *so, uint32 first, uint32 n, double distance, uint8 *passes)
{
	double		most = so->query.metric == LOKI_METRIC_L2 ? Max(distance, 0) * distance : distance;
	bool		dropped = false;

	for (uint32 done = 0; done < n;)
	{
		const LokiTermBounds *window = so->terms.window;
		uint32		left;
		const float *estimates;
		float		limit;
		bool		tied;		/* nodes without a term are not below it */

		if (!find_window(so, first + done))
			return dropped;
		left = Min(n - done, window->first + window->n - (first + done));
		estimates = window->estimates + (first + done - window->first);
		limit = (float) (most + (fabs(most) + fabs(window->base)) * ROUNDED_DOWN - window->base +
						 window->slack);
		tied = !(window->base < distance);
		for (uint32 i = 0; i < left; i += LOKI_POSTING_BLOCK)
		{
			uint32		end = Min(i + LOKI_POSTING_BLOCK, left);
			uint32		near = 0;

			/* mostly none is; estimates beyond the end are any */
			for (uint32 k = 0; k < LOKI_POSTING_BLOCK; k++)
				near |= !(estimates[i + k] > limit) & !(tied & loki_is_no_term(estimates[i + k]));
			if (near == 0)
			{
				memset(passes + done + i, 0, end - i);
				dropped = true;
				continue;
			}
			for (uint32 k = i; k < end; k++)
				if (estimates[k] > limit || (tied && loki_is_no_term(estimates[k])))
				{
					passes[done + k] = 0;
					dropped = true;
				}
		}
		done += left;
	}
	return dropped;
}
