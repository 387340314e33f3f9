/*-------------------------------------------------------------------------
 *
 * check_postings.c
 *	  lokivector_check(): posting lists, by themselves and by what rows have.
 *
 * Vacuum may make the lists again at any time.  A fault counts only if the metapage says afterwards
 * that they are still the same.
 *
 *	WINDOW	| a range of nodes, and the pages that its terms and postings begin at |
 *	TERM	| term, where its postings begin, how many, their least weight and the step |
 *	POSTING | place of the node in the window 2 | steps above the least weight 1 |
 *
 * By themselves, windows must follow each other, and so must the terms and postings of each, on pages
 * that no other window has.  Then what the rows have is gathered as a build does, and looked for in
 * the lists.  Rows in the tail are compared with those of the table as well.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/check_postings.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "catalog/index.h"
#include "common/hashfn.h"
#include "compat/grow.h"
#include "compat/pgcompat.h"
#include "hnsw/build/build.h"
#include "hnsw/check/check.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Weights may differ from what they are made of by this part of them, or by this */
#define ROUNDED			1e-5
#define LEAST_WEIGHT	1e-30

/* Posting lists, and one window of them */
typedef struct TermsCheck
{
	LokiCheck  *check;
	LokiTermLists lists;
	LokiWindowData window;
	uint32		number;			/* of the window */
	char	   *postings;		/* of one list */
} TermsCheck;

/* ERROR for a fault, if the lists are still the same; returns false.  No page may be locked. */
static bool
report_postings(TermsCheck *terms, int array, uint32 number, const char *fault)
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

/* The same for the window, or its list of that number */
static bool
report_window(TermsCheck *terms, const char *fault)
{
	return report_postings(terms, LOKI_SLOTS_WINDOW, terms->number, fault);
}

static bool
report_list(TermsCheck *terms, uint32 number, const char *fault)
{
	return report_window(terms, psprintf("has a list %u that %s", number, fault));
}

/* Check a list by itself, whose postings begin where those before it ended. */
static bool
check_postings(TermsCheck *terms, uint32 number, const LokiTermData *list, uint32 first)
{
	uint16		before = 0;

	Assert(terms->window.nodes <= LOKI_WINDOW_NODES && first <= terms->window.postings);
	if (list->first != first || list->postings == 0 ||
		list->postings > terms->window.nodes ||
		list->postings > terms->window.postings - first)
		return report_list(terms, number, "has other postings than those that follow");
	if (!isfinite(list->least) || !isfinite(list->step) || list->step < 0)
		return report_list(terms, number, "has weights that are not finite");
	if (!loki_terms_copy(&terms->lists, &terms->window, list, terms->postings))
		return report_list(terms, number, "has postings that are missing");
	if (list->term == LOKI_LENGTH_TERM)
		return list->postings == terms->window.nodes || report_list(terms, number, "has not a length for each node");
	/* scans merge lists by place, and stop at the first that is beyond */
	for (uint32 i = 0; i < list->postings; i++)
	{
		int			steps;
		uint16		place = get_posting(terms->postings, i, &steps);

		if (place >= terms->window.nodes || (i > 0 && place <= before))
			return report_list(terms, number, "has postings that are out of order");
		before = place;
	}
	return true;
}

/* Check the lists of a window by themselves. */
static bool
check_window(TermsCheck *terms)
{
	const LokiWindowData *window = &terms->window;
	const LokiSlotArray *slots = &terms->check->state->arrays[LOKI_SLOTS_TERM];
	uint32		before = 0;
	uint32		postings = 0;

	for (uint32 i = 0; i < window->terms; i++)
	{
		LokiTermData list;

		CHECK_FOR_INTERRUPTS();
		if (!loki_check_read(terms->check, LOKI_SLOTS_TERM, window->term_page * slots->per_page + i, &list))
			return report_list(terms, i, "is missing");
		if (i > 0 && list.term <= before)
			return report_list(terms, i, "is out of order");
		if (!check_postings(terms, i, &list, postings))
			return false;
		before = list.term;
		postings += list.postings;
	}
	return postings == window->postings || report_window(terms, "has other postings than its lists");
}

/* Pages of a slot array that a window has */
typedef struct PageRange
{
	uint64		first;
	uint64		end;
} PageRange;

/* By the first page; empty ranges come before others */
static int
compare_ranges(const void *a, const void *b)
{
	const PageRange *ra = a;
	const PageRange *rb = b;

	return ra->first != rb->first ? (ra->first > rb->first) - (ra->first < rb->first) :
		(ra->end > rb->end) - (ra->end < rb->end);
}

/* Whether no two of n ranges have a page in common; sorts them */
static bool
are_apart(PageRange *ranges, uint32 n)
{
	qsort(ranges, n, sizeof(PageRange), compare_ranges);
	for (uint32 i = 1; i < n; i++)
		if (ranges[i].first < ranges[i - 1].end)
			return false;
	return true;
}

/* Check all lists by themselves. */
static bool
check_lists(TermsCheck *terms)
{
	LokiIndex  *state = terms->check->state;
	LokiWindowData *window = &terms->window;
	uint32		windows = terms->lists.data.windows;
	uint32		nodes = 0;
	PageRange  *of_terms = palloc_array(PageRange, windows + 1);
	PageRange  *of_postings = palloc_array(PageRange, windows + 1);

	for (uint32 i = 0; i < windows; i++)
	{
		terms->number = i;
		if (!loki_terms_window(&terms->lists, i, window))
			return report_window(terms, "is missing, or does not follow the one before it");
		if (window->node != nodes || window->nodes > terms->lists.end - nodes)
			return report_window(terms, "does not follow the one before it");
		if (window->documents > window->nodes || window->left_out > window->nodes - window->documents ||
			!isfinite(window->mean) || !isfinite(window->length))
			return report_window(terms, "has counts that cannot be right");
		of_terms[i].first = window->term_page;
		of_terms[i].end = of_terms[i].first + loki_pages_of(state, LOKI_SLOTS_TERM, window->terms);
		of_postings[i].first = window->posting_page;
		of_postings[i].end = of_postings[i].first + loki_pages_of(state, LOKI_SLOTS_POSTING, window->postings);
		if (!check_window(terms))
			return false;
		nodes += window->nodes;
	}
	if (!are_apart(of_terms, windows) || !are_apart(of_postings, windows))
		return report_window(terms, "or one before it has pages of another");
	pfree(of_terms);
	pfree(of_postings);
	return nodes == terms->lists.end || report_window(terms, "is not the last");
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

	if (entry->term == LOKI_LENGTH_TERM)
		return place < list->postings &&
			(double) loki_length_get(terms->postings + (Size) place * LOKI_POSTING_SIZE) == entry->weight;
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
	uint32		number = 0;
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
			if (!loki_terms_find(&terms->lists, &terms->window, &number, entries[i].term, &list) ||
				list.postings > LOKI_WINDOW_NODES ||
				!loki_terms_copy(&terms->lists, &terms->window, &list, terms->postings))
				return report_list(terms, number, "is missing");
			at = 0;
		}
		/* lengths come last; builds before 1.0.0 made windows without them */
		if (entries[i].term == LOKI_LENGTH_TERM && list.postings == 0)
			break;
		/* entries of a term ascend by place, as postings do: both are gone through once */
		while (at < list.postings && get_posting(terms->postings, at, &steps) < place)
			at++;
		if (!has_entry(terms, &list, at, &entries[i], place) &&
			!loki_bits_noted(terms->check->state, terms->check->index, terms->lists.reused, node) &&
			loki_check_is_live(loki_check_state_now(terms->check, node)))
			return report_postings(terms, LOKI_SLOTS_TID, node,
								   "is of a node whose vector is not in the posting lists");
	}
	return true;
}

/* LokiTailVisitor: check a row of the tail by itself. */
static bool
check_row(void *arg, const LokiTailRow *row)
{
	TermsCheck *terms = arg;
	bool		sound = isfinite(row->measure) && (row->known || row->n == 0);

	for (uint32 i = 0; i < row->n; i++)
		sound &= isfinite(loki_tail_value(row->values[i])) &&
			(i == 0 || loki_tail_term(row, i - 1) < loki_tail_term(row, i));
	if (!sound)
		report_postings(terms, LOKI_SLOTS_TID, row->node, "is of a node whose elements in the tail cannot be right");
	return true;
}

/* A node whose row has other elements than were seen in the tail */
typedef struct OtherElements
{
	uint32		node;
	uint64		hash;			/* of the row's */
} OtherElements;

/* Compares rows of the tail with those of the table */
typedef struct TailCheck
{
	TermsCheck *terms;
	LokiRows	rows;
	OtherElements *others;
	uint64		allocated;
	uint32		n;
} TailCheck;

/* A hash of what the tail has of a row; that of unknown elements is 0 */
static uint64
hash_row(const LokiTailRow *row)
{
	uint64		hash;

	if (!row->known)
		return 0;
	hash = hash_bytes_extended((const unsigned char *) &row->measure, sizeof(float), row->n);
	for (int i = 0; i < 3 && row->n > 0; i++)
	{
		const uint16 *halves = i == 0 ? row->low : i == 1 ? row->high : row->values;

		hash = hash_bytes_extended((const unsigned char *) halves, (int) (sizeof(uint16) * row->n), hash);
	}
	return hash;
}

/* LokiTailVisitor: note a node whose row in the table has other elements. */
static bool
compare_row(void *arg, const LokiTailRow *row)
{
	TailCheck  *state = arg;
	LokiCheck  *check = state->terms->check;
	LokiRows   *rows = &state->rows;
	MemoryContext context = CurrentMemoryContext;
	const float *values;
	bool		isnull;
	Datum		value;
	LokiTailRow now;
	LokiHashData hash;
	LokiHashData indexed;
	uint64		elements = 0;

	CHECK_FOR_INTERRUPTS();
	if (!row->known || !loki_rows_fetch_node(rows, check->state, row->node))
		return true;
	value = loki_rows_value(rows, &isnull);
	MemoryContextSwitchTo(rows->context);
	value = isnull ? value : PointerGetDatum(PG_DETOAST_DATUM(value));
	values = loki_rows_vector(rows, value, isnull);
	if (values != NULL)
	{
		loki_value_hash(&check->state->column, values, &hash);
		loki_tail_form(&check->state->column, (const struct varlena *) DatumGetPointer(value), &now);
		if (loki_slot_read(check->state, check->index, LOKI_SLOTS_HASH, row->node, &indexed) &&
			memcmp(&hash, &indexed, check->state->arrays[LOKI_SLOTS_HASH].slot_size) == 0)
			elements = hash_row(&now);
	}
	MemoryContextSwitchTo(context);
	loki_rows_release(rows);
	if (elements == 0 || elements == hash_row(row))
		return true;
	state->others = loki_grow(context, state->others, &state->allocated, state->n + 1, 16, sizeof(OtherElements));
	state->others[state->n++] = (OtherElements) {row->node, elements};
	return true;
}

/* LokiTailVisitor: forget nodes whose elements are there, too, or said to be unknown: they were used again. */
static bool
find_row(void *arg, const LokiTailRow *row)
{
	TailCheck  *state = arg;

	for (uint32 i = 0; i < state->n; i++)
		if (state->others[i].node == row->node && (!row->known || state->others[i].hash == hash_row(row)))
			state->others[i].node = LOKI_NONE;
	return true;
}

/*
 * Compare the tail with rows of nodes.  What a row has was appended before the row was found, so it is found
 * by visiting the tail again.
 */
static void
compare_tail(TermsCheck *terms)
{
	LokiCheck  *check = terms->check;
	TailCheck	state = {.terms = terms};
	Relation	heap = table_open(IndexGetRelation(RelationGetRelid(check->index), false), AccessShareLock);
	SnapshotData snapshot;

	InitNonVacuumableSnapshot(snapshot, GlobalVisTestFor(heap));
	loki_rows_begin(&state.rows, heap, check->index, &snapshot);
	state.rows.toast.may_be_gone = true;
	if (loki_tail_visit(&terms->lists, PG_UINT32_MAX, false, compare_row, &state) && state.n > 0 &&
		loki_tail_visit(&terms->lists, PG_UINT32_MAX, false, find_row, &state))
		for (uint32 i = 0; i < state.n; i++)
			if (state.others[i].node != LOKI_NONE &&
				loki_check_is_live(loki_check_state_now(check, state.others[i].node)))
				report_postings(terms, LOKI_SLOTS_TID, state.others[i].node,
								"is of a node whose vector is not in the tail of the posting lists");
	if (state.others != NULL)
		pfree(state.others);
	loki_rows_end(&state.rows);
	table_close(heap, AccessShareLock);
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

	loki_check_slot_array(check, LOKI_SLOTS_WINDOW, NULL);
	loki_check_slot_array(check, LOKI_SLOTS_TERM, NULL);
	loki_check_slot_array(check, LOKI_SLOTS_POSTING, NULL);
	loki_check_slot_array(check, LOKI_SLOTS_ELEMENT, NULL);
	loki_check_slot_array(check, LOKI_SLOTS_ELEMENT2, NULL);
	if (!open_lists(check, &terms))
		return;
	(void) check_lists(&terms);
	/* the tail by itself */
	if (!loki_tail_visit(&terms.lists, PG_UINT32_MAX, false, check_row, &terms))
		report_postings(&terms, LOKI_SLOTS_ELEMENT, 0, "or one that follows, or of the element2 array, is damaged");
	pfree(terms.postings);
}

/* Compare posting lists with the rows of nodes, which are read as the table's owner. */
void
loki_check_terms_heap(LokiCheck *check)
{
	TermsCheck	terms = {0};

	if (!open_lists(check, &terms))
		return;
	if (!(terms.lists.data.k1 >= 0 && terms.lists.data.b >= 0 && terms.lists.data.b <= 1))
		loki_meta_damaged(check->index);
	for (uint32 i = 0; i < terms.lists.data.windows; i++)
	{
		LokiTermsRange range = {.take = compare_window,.arg = &terms};

		terms.number = i;
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
	compare_tail(&terms);
}
