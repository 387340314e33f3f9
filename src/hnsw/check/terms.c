/*-------------------------------------------------------------------------
 *
 * terms.c
 *	  lokivector_check(): posting lists, by themselves and by what rows have.
 *
 * Vacuum may make the lists again at any time.  A fault counts only if the metapage says afterwards
 * that they are still the same.
 *
 *	WINDOW	| a range of nodes, and where its terms begin |
 *	TERM	| term, where its postings begin, how many, their least weight and the step |
 *	POSTING | place of the node in the window 2 | steps above the least weight 1 |
 *
 * By themselves, each of these must continue where the one before it ends.  Then what the rows have is
 * gathered as a build does, and looked for in the lists.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/terms.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "hnsw/build/build.h"
#include "hnsw/check/check.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* Weights may differ from what they are made of by this part of them, or by this */
#define ROUNDED			1e-5
#define LEAST_WEIGHT	1e-30

/* Posting lists, and one window of them */
typedef struct TermsCheck
{
	LokiCheck  *check;
	LokiTermLists lists;
	LokiWindowData window;
	char	   *postings;		/* of one list */
} TermsCheck;

/* ERROR for a fault, if the lists are still the same; returns false.  No page may be locked. */
static bool
report(TermsCheck *terms, int array, uint32 number, const char *fault)
{
	if (loki_terms_valid(&terms->lists))
		loki_check_fault(terms->check, psprintf("slot %u of the %s array", number, loki_slot_array_name(array)),
						 NULL, "%s", fault);
	return false;
}

/* The place in the window, and the steps of the weight, that a posting has; it lies unaligned */
static uint16
get_posting(const char *postings, uint32 i, int *steps)
{
	uint16		place;

	Assert(i < LOKI_WINDOW_NODES);
	memcpy(&place, postings + (Size) i * LOKI_POSTING_SIZE, sizeof(place));
	*steps = (uint8) postings[(Size) i * LOKI_POSTING_SIZE + 2];
	return place;
}

/* Check a list by itself: TERM slot `number`, whose postings begin where those before it ended. */
static bool
check_list(TermsCheck *terms, uint32 number, const LokiTermData *list, uint32 first)
{
	uint16		before = 0;

	Assert(terms->window.nodes <= LOKI_WINDOW_NODES && first <= terms->lists.data.postings);
	if (list->first != first || list->postings == 0 ||
		list->postings > terms->window.nodes ||
		list->postings > terms->lists.data.postings - first)
		return report(terms, LOKI_SLOTS_TERM, number, "has other postings than those that follow");
	if (!isfinite(list->least) || !isfinite(list->step) || list->step < 0)
		return report(terms, LOKI_SLOTS_TERM, number, "has weights that are not finite");
	if (!loki_terms_copy(&terms->lists, first, list->postings, terms->postings))
		return report(terms, LOKI_SLOTS_POSTING, first, "is missing");
	/* scans merge lists by place, and stop at the first that is beyond */
	for (uint32 i = 0; i < list->postings; i++)
	{
		int			steps;
		uint16		place = get_posting(terms->postings, i, &steps);

		if (place >= terms->window.nodes || (i > 0 && place <= before))
			return report(terms, LOKI_SLOTS_POSTING, first + i, "is out of order");
		before = place;
	}
	return true;
}

/* Check the lists of a window by themselves; *postings is where they begin, and then end. */
static bool
check_window(TermsCheck *terms, uint32 *postings)
{
	const LokiWindowData *window = &terms->window;
	uint32		before = 0;

	for (uint32 i = 0; i < window->terms; i++)
	{
		LokiTermData list;

		CHECK_FOR_INTERRUPTS();
		if (!loki_check_read(terms->check, LOKI_SLOTS_TERM, window->term + i, &list))
			return report(terms, LOKI_SLOTS_TERM, window->term + i, "is missing");
		if (i > 0 && list.term <= before)
			return report(terms, LOKI_SLOTS_TERM, window->term + i, "is out of order");
		if (!check_list(terms, window->term + i, &list, *postings))
			return false;
		before = list.term;
		*postings += list.postings;
	}
	return true;
}

/* Check all lists by themselves: windows, their terms and postings follow each other. */
static bool
check_lists(TermsCheck *terms)
{
	const LokiTermListsData *data = &terms->lists.data;
	uint32		nodes = 0;
	uint32		nterms = 0;
	uint32		postings = 0;

	for (uint32 i = 0; i < data->windows; i++)
	{
		LokiWindowData *window = &terms->window;

		if (!loki_check_read(terms->check, LOKI_SLOTS_WINDOW, i, window))
			return report(terms, LOKI_SLOTS_WINDOW, i, "is missing");
		if (window->node != nodes || window->nodes > LOKI_WINDOW_NODES ||
			window->nodes > terms->lists.end - nodes || window->term != nterms ||
			window->terms > data->terms - nterms)
			return report(terms, LOKI_SLOTS_WINDOW, i, "does not follow the one before it");
		if (!check_window(terms, &postings))
			return false;
		nodes += window->nodes;
		nterms += window->terms;
	}
	return (nodes == terms->lists.end && nterms == data->terms && postings == data->postings) ||
		report(terms, LOKI_SLOTS_WINDOW, data->windows, "is not the end");
}

/*
 * Whether a list says what an entry does, at a place of it.  The weight of a posting is rounded up to
 * a step of its list, as scans rely on it as a bound; `most` is what computing in floats may add.
 */
static bool
has_entry(const TermsCheck *terms, const LokiTermData *list, uint32 i, const LokiTermEntry *entry,
		  uint16 place)
{
	double		most = ROUNDED * (fabs(list->least) + 256.0 * list->step) + LEAST_WEIGHT;
	int			steps;
	double		weight;

	if (i >= list->postings || get_posting(terms->postings, i, &steps) != place)
		return false;
	weight = list->least + (double) list->step * steps;
	return entry->weight <= weight + most && entry->weight >= weight - list->step - most;
}

/*
 * LokiTermsWindow: compare what rows have, which is in the lists, for nodes that have not changed.
 * Lists may have more, of rows that are gone.
 */
static bool
compare_window(void *arg, const LokiWindowData *gathered, const LokiTermEntry *entries, uint32 n)
{
	TermsCheck *terms = arg;
	uint32		skipped = gathered->node - terms->window.node;	/* memory ended windows early */
	uint32		slot = terms->window.term;
	LokiTermData list = {0};
	uint32		at = 0;

	Assert(gathered->node >= terms->window.node &&
		   skipped + gathered->nodes <= terms->window.nodes);
	for (uint32 i = 0; i < n; i++)
	{
		uint16		place = (uint16) (skipped + entries[i].place);
		uint32		node = gathered->node + entries[i].place;
		int			steps;

		if (i == 0 || entries[i].term != entries[i - 1].term)
		{
			CHECK_FOR_INTERRUPTS();
			if (!loki_terms_find(&terms->lists, &terms->window, &slot, entries[i].term, &list) ||
				list.postings > LOKI_WINDOW_NODES ||
				!loki_terms_copy(&terms->lists, list.first, list.postings, terms->postings))
				return report(terms, LOKI_SLOTS_TERM, slot, "is missing");
			at = 0;
		}
		/* entries of a term ascend by place, as postings do: both are gone through once */
		while (at < list.postings && get_posting(terms->postings, at, &steps) < place)
			at++;
		if (!has_entry(terms, &list, at, &entries[i], place) &&
			!loki_bits_noted(terms->check->state, terms->check->index, LOKI_SLOTS_REUSED, node) &&
			loki_check_is_live(loki_check_state_now(terms->check, node)))
			return report(terms, LOKI_SLOTS_TID, node,
						  "is of a node whose vector is not in the posting lists");
	}
	return true;
}

/* Whether there are posting lists to check.  Reads the metapage. */
static bool
open_lists(LokiCheck *check, TermsCheck *terms)
{
	LokiMetaPageData meta;

	terms->check = check;
	loki_meta_read(check->index, &meta);
	loki_index_refresh(check->state, check->index);
	if (!loki_terms_open(&terms->lists, check->state, check->index, &meta))
		return false;
	terms->postings = palloc((Size) LOKI_WINDOW_NODES * LOKI_POSTING_SIZE);
	return true;
}

/* Check posting lists by themselves; loki_check_derived() has seen to the metapage. */
void
loki_check_terms(LokiCheck *check)
{
	TermsCheck	terms = {0};

	if (!loki_column_listed(&check->state->column))
		return;
	loki_check_slot_array(check, LOKI_SLOTS_WINDOW, NULL);
	loki_check_slot_array(check, LOKI_SLOTS_TERM, NULL);
	loki_check_slot_array(check, LOKI_SLOTS_POSTING, NULL);
	if (!open_lists(check, &terms))
		return;
	(void) check_lists(&terms);
	pfree(terms.postings);
}

/* Compare posting lists with the rows of nodes, which are read as the table's owner. */
void
loki_check_terms_heap(LokiCheck *check)
{
	TermsCheck	terms = {0};

	if (!loki_column_listed(&check->state->column) || !open_lists(check, &terms))
		return;
	for (uint32 i = 0; i < terms.lists.data.windows; i++)
	{
		LokiTermsRange range = {.take = compare_window,.arg = &terms};

		if (!loki_terms_window(&terms.lists, i, &terms.window))
			break;
		range.first = terms.window.node;
		range.end = terms.window.node + terms.window.nodes;
		/* weighed as this window was: its mean is not that of the rows now */
		range.by = (LokiBm25) {terms.lists.data.k1, terms.lists.data.b, terms.window.mean};
		if (!loki_build_terms_gather(check->state, check->index, &range))
			break;
	}
	pfree(terms.postings);
}
