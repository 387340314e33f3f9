/*-------------------------------------------------------------------------
 *
 * make_postings.c
 *	  Posting lists of the elements of sparse vectors, made of the rows of nodes.
 *
 * Nodes are read in the order of their IDs.  The elements of as many as maintenance_work_mem has room
 * for, and a window, are sorted and written; then follow those of the next (derived/postings.c).  A query
 * that counts words has work_mem.
 *
 * A list may have only what scans will find in rows.  So a node is noted as changed, and its row is
 * read by each scan, if
 *	- its row cannot be read: it is dead to everyone here, but may not be so on a standby;
 *	- the row's vector is not the one that was indexed, by HASH: an older version of a row has the
 *	  same root of a HOT chain that was broken;
 *	- the vector has elements of which there are no bounds.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/make_postings.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "catalog/index.h"
#include "compat/pgcompat.h"
#include "hnsw/build/build.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/recall/recall.h"
#include "miscadmin.h"
#include "types/bm25.h"
#include "types/sparsevec.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* Entries are sorted by this number of bits of their terms at once */
#define RADIX_BITS		11
#define RADIX			(1 << RADIX_BITS)
#define TERM_BITS		32

/* A window stays as it is when lists are made again if no greater share of its nodes has come or gone */
#define STAYS_SHARE		0.005

/* The entries of a node at most, unless it is a document of more words than sparse vectors have elements */
#define NODE_ENTRIES	(LOKI_SPARSEVEC_MAX_NNZ + 1)

/* The nodes of a window, and their entries */
typedef struct TermsBuild
{
	LokiIndex  *state;
	Relation	index;
	LokiTermsRange *range;
	LokiRows	rows;
	float	   *lengths;		/* of documents, by place in the window; NULL: these
								 * are none */
	LokiWindowData window;		/* what is known of it so far */
	LokiTermEntry *entries;
	LokiTermEntry *scratch;
	uint32		n;
	uint32		most;			/* a window ends before there are more, but for
								 * a long document */
	uint32		allocated;
} TermsBuild;

/*
 * Sort entries by term; those of a term stay in their order, which is that of places, as nodes were read.
 * Three passes over 11 bits each, the least significant first: terms are hashes or any indices, millions of
 * them in a window, which comparisons would take 20 passes for.  Returns where they are afterwards, the one
 * array or the other.
 */
static LokiTermEntry *
sort_entries(LokiTermEntry *entries, LokiTermEntry *scratch, uint32 n)
{
	uint32	   *starts = palloc_array(uint32, RADIX);

	for (int shift = 0; shift < TERM_BITS; shift += RADIX_BITS)
	{
		LokiTermEntry *sorted = scratch;
		uint32		start = 0;

		CHECK_FOR_INTERRUPTS();
		memset(starts, 0, sizeof(uint32) * RADIX);
		for (uint32 i = 0; i < n; i++)
			starts[entries[i].term >> shift & (RADIX - 1)]++;
		for (int i = 0; i < RADIX; i++)
		{
			uint32		count = starts[i];

			starts[i] = start;
			start += count;
		}
		for (uint32 i = 0; i < n; i++)
			sorted[starts[entries[i].term >> shift & (RADIX - 1)]++] = entries[i];
		scratch = entries;
		entries = sorted;
	}
	pfree(starts);
	return entries;
}

/*
 * Hand the window of nodes up to `end` on, and begin the next one there.  Nodes without entries are part of
 * it: a window is a range of nodes, and its postings are places in that range.
 */
static bool
end_window(TermsBuild *build, uint32 end)
{
	LokiTermsRange *range = build->range;
	LokiBm25	by = range->by;
	LokiWindowData *window = &build->window;
	LokiTermEntry *sorted;
	bool		taken;

	/*
	 * Weights of the counts of words depend on the mean length of documents,
	 * which is known exactly only in the end: each window keeps the mean that
	 * its weights were made with, and bounds allow for another
	 * (derived/README)
	 */
	range->documents += window->documents;
	range->length += window->length;
	if (by.mean == 0 && range->documents > 0)
		by.mean = (float) (range->length / range->documents);
	for (uint32 i = 0; build->lengths != NULL && i < build->n; i++)
		if (build->entries[i].term != LOKI_LENGTH_TERM)
			build->entries[i].weight = (float) loki_bm25_weight(&by, build->entries[i].weight,
																build->lengths[build->entries[i].place]);
	window->mean = by.mean;
	window->nodes = end - window->node;
	sorted = sort_entries(build->entries, build->scratch, build->n);
	taken = range->take(range->arg, window, sorted, build->n);

	memset(window, 0, sizeof(LokiWindowData));
	window->node = end;
	build->n = 0;
	return taken;
}

/*
 * Add the entries of a node; false if scans have to read its row.  Expressions of the index run here, as the
 * table's owner, and values are detoasted: all of that is in the context of the row, which the caller
 * resets.
 */
static bool
add_node(TermsBuild *build, uint32 node)
{
	const LokiColumn *column = &build->state->column;
	const float *values;
	Datum		value;
	bool		isnull;
	LokiSparse	v;
	int			n;

	if (!loki_rows_fetch_node(&build->rows, build->state, node))
		return false;
	value = loki_rows_value(&build->rows, &isnull);
	if (isnull)
		return false;
	MemoryContextSwitchTo(build->rows.context);
	value = PointerGetDatum(PG_DETOAST_DATUM(value));
	values = loki_rows_vector(&build->rows, value, isnull);
	if (values == NULL || !loki_rows_vector_is_of(&build->rows, build->state, node, values))
		return false;
	v = column->type->elements((const struct varlena *) DatumGetPointer(value));
	/* a tsvector has so many words that it takes a megabyte */
	Assert(build->n <= build->most);
	if (v.n + 1 > build->allocated - build->n)
	{
		build->allocated = Max(build->n + v.n + 1, Min(2 * build->allocated, build->most));
		build->entries = repalloc_huge(build->entries, mul_size(sizeof(LokiTermEntry), build->allocated));
		build->scratch = repalloc_huge(build->scratch, mul_size(sizeof(LokiTermEntry), build->allocated));
	}
	n = loki_terms_form(column->metric, v, node - build->window.node, build->entries + build->n);
	if (n < 0)
		return false;
	if (build->lengths != NULL)
	{
		float	   *length = &build->lengths[node - build->window.node];

		*length = 0;
		for (int i = 0; i < v.n; i++)
			*length += v.values[i];
		build->window.length += *length;
		if (n > 0)
			build->entries[build->n + n++] = (LokiTermEntry) {LOKI_LENGTH_TERM, node - build->window.node, *length};
	}
	build->window.documents++;
	build->n += n;
	build->window.elements = Max(build->window.elements, (uint32) n);
	return true;
}

/*
 * Add the live nodes of the range.  Pages of TID are copied, as rows are read in between
 * and no page may be locked then.  A node that changes after the copy is no fault: what an insert or
 * vacuum does meanwhile, they note by themselves (derived/README, D2).  False if a window was not taken.
 */
static bool
add_nodes(TermsBuild *build)
{
	MemoryContext context = CurrentMemoryContext;
	LokiAllSlots all = {build->state, build->index, LOKI_SLOTS_TID,
		.npages = build->range->first / build->state->arrays[LOKI_SLOTS_TID].per_page
	};
	const LokiTidData *tid;

	while ((tid = loki_all_slots_next(&all)) != NULL && all.number < build->range->end)
	{
		uint32		node = all.number;
		bool		added;

		CHECK_FOR_INTERRUPTS();
		/* on the first page */
		if (node < build->range->first)
			continue;
		if (build->range->deadline != 0 && GetCurrentTimestamp() > build->range->deadline)
			return false;
		if ((node - build->window.node >= LOKI_WINDOW_NODES ||
			 build->n + NODE_ENTRIES > build->most) && !end_window(build, node))
			return false;
		if (!LokiTidIsLive(tid))
			continue;
		added = add_node(build, node);
		MemoryContextSwitchTo(context);
		loki_rows_release(&build->rows);
		if (added || node >= build->range->changed)
			continue;
		loki_bits_note(build->state, build->index, build->range->notes, build->range->changed, node);
		build->window.left_out++;
	}
	return true;
}

/*
 * Gather what the nodes of a range have.  No page may be locked.
 *
 * To make lists, rows are read that are not dead to everyone, whether this command's snapshot sees them or
 * not: scans of all others go by the lists.  To count words for a query, those that its snapshot sees.
 *
 * Half of the memory is for entries, half for sorting them; never less than four vectors of the longest kind.
 */
bool
loki_build_terms_gather(LokiIndex *state, Relation index, LokiTermsRange *range)
{
	TermsBuild	build = {.state = state,.index = index,.range = range};
	Relation	heap = table_open(IndexGetRelation(RelationGetRelid(index), false), AccessShareLock);
	SnapshotData snapshot;
	int			memory = range->snapshot != NULL ? work_mem : maintenance_work_mem;
	Size		room = memory * (Size) 1024 / (2 * sizeof(LokiTermEntry));
	bool		taken;

	Assert(loki_no_buffer_locked());
	InitNonVacuumableSnapshot(snapshot, GlobalVisTestFor(heap));
	loki_rows_begin(&build.rows, heap, index,
					range->snapshot != NULL ? range->snapshot : &snapshot);
	build.rows.toast.may_be_gone = range->snapshot == NULL;
	build.window.node = range->first;
	if (state->column.type->words != NULL)
		build.lengths = palloc_array(float, LOKI_WINDOW_NODES);
	build.most = (uint32) Max(Min(room, LOKI_MAX_NUMBER / 4), 4 * NODE_ENTRIES);
	build.allocated = 4 * NODE_ENTRIES;
	build.entries = palloc_extended(mul_size(sizeof(LokiTermEntry), build.most), MCXT_ALLOC_HUGE);
	build.scratch = palloc_extended(mul_size(sizeof(LokiTermEntry), build.most), MCXT_ALLOC_HUGE);
	/* the last window, which may be empty, closes the range */
	taken = add_nodes(&build) && end_window(&build, range->end);
	pfree(build.entries);
	pfree(build.scratch);
	loki_rows_end(&build.rows);
	table_close(heap, AccessShareLock);
	return taken;
}

/* LokiTermsWindow: write a window. */
static bool
write_window(void *arg, const LokiWindowData *window, const LokiTermEntry *entries, uint32 n)
{
	return loki_terms_write(arg, window, entries, n);
}

/* Windows of lists that exist, of which some stay as they are */
typedef struct OldWindows
{
	LokiTermLists lists;
	uint32		n;				/* windows; 0 if they are of other weights, or
								 * damaged */
	LokiWindowData *windows;
	float		mean;			/* words: the length of their documents */
	LokiNodeBits noted;			/* nodes that they do not have as they are */
	uint8	   *live;			/* a bit for each node */
	const LokiMetaPageData *meta;	/* that inserts go by while lists are made */
	bool		no_room;		/* for rows of windows that stay */
} OldWindows;

/*
 * Read what is known of old lists, whose windows follow each other unless one is damaged.  Inserts that did not know
 * that lists are being made have ended.
 */
static void
open_windows(OldWindows *old, LokiIndex *state, Relation index, const LokiMetaPageData *meta,
			 const LokiBm25 *by)
{
	const LokiSlotArray *tid = &state->arrays[LOKI_SLOTS_TID];
	LokiTermSums sums;
	uint32		end = 0;

	memset(old, 0, sizeof(OldWindows));
	old->meta = meta;
	if (!loki_terms_open(&old->lists, state, index, meta) || old->lists.data.k1 != by->k1 ||
		old->lists.data.b != by->b || !loki_terms_sum(&old->lists, &sums))
		return;
	old->mean = sums.documents > 0 ? (float) (sums.length / sums.documents) : 0;
	old->windows = palloc_array(LokiWindowData, old->lists.data.windows + 1);
	for (uint32 i = 0; i < old->lists.data.windows; i++)
	{
		LokiWindowData *window = &old->windows[i];

		if (!loki_terms_window(&old->lists, i, window) || window->node != end ||
			window->nodes > old->lists.end - end || !loki_window_possible(state, window))
			return;
		end += window->nodes;
	}
	old->n = old->lists.data.windows;
	loki_bits_read(state, index, old->lists.reused, old->lists.end, &old->noted);
	old->live = palloc_extended((Size) tid->npages * tid->per_page / 8 + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	(void) loki_count_live(state, index, old->live, NULL);
}

/*
 * Whether a window stays: few of its nodes have come or gone, and the mean length of documents is nearly
 * that of its weights.  The last one does not if the index has grown.  Nodes that were left out would be
 * again.
 */
static bool
window_stays(const OldWindows *old, const LokiWindowData *window, uint32 end)
{
	uint32		noted = 0;
	uint32		live = 0;

	if ((window->node + window->nodes == old->lists.end && end > old->lists.end) ||
		fabsf(old->mean - window->mean) > STAYS_SHARE * window->mean)
		return false;
	for (uint32 node = window->node; node < window->node + window->nodes; node++)
	{
		noted += loki_bits_have(&old->noted, node);
		live += old->live[node / 8] >> (node % 8) & 1;
	}
	return noted - Min(noted, window->left_out) + Max((double) window->documents + noted - live, 0) <=
		STAYS_SHARE * window->nodes;
}

/* LokiTailVisitor: append a row of a node that is noted in a window that stays, as inserts do now. */
static bool
keep_row(void *arg, const LokiTailRow *row)
{
	OldWindows *old = arg;

	if (row->node >= old->noted.end || !loki_bits_have(&old->noted, row->node) ||
		loki_tail_append(old->lists.state, old->lists.index, old->meta, row, WARNING))
		return true;
	old->no_room = true;
	return false;
}

/* Make the windows that do not stay, and what follows the last one.  False if there is no room. */
static bool
make_windows(OldWindows *old, LokiTermWriter *writer, LokiTermsRange *range)
{
	uint32		end = range->end;
	bool	   *stays = palloc0_array(bool, old->n + 1);
	bool		made = true;

	/* the mean length of documents is that of these, and of what is made */
	for (uint32 i = 0; i < old->n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		stays[i] = window_stays(old, &old->windows[i], end);
		range->documents += stays[i] ? old->windows[i].documents : 0;
		range->length += stays[i] ? old->windows[i].length : 0;
	}
	for (uint32 i = 0; i < old->n && made; i++)
	{
		const LokiWindowData *window = &old->windows[i];
		uint32		next = window->node;
		uint32		node;

		if (!stays[i])
		{
			loki_bits_clear(&old->noted, window->node, window->nodes);
			continue;
		}
		range->end = window->node;
		made = range->first == range->end || loki_build_terms_gather(writer->state, writer->index, range);
		/* what is noted of its nodes is noted in the set of the new lists, too */
		while (loki_bits_next(&old->noted, &next, &node) && node < window->node + window->nodes)
			loki_bits_note(writer->state, writer->index, range->notes, range->changed, node);
		loki_terms_keep(writer, window);
		range->first = window->node + window->nodes;
	}
	range->end = end;
	pfree(stays);
	if (made && old->noted.nwords > 0)
		(void) loki_tail_visit(&old->lists, old->meta->derived.notes.next_generation, false, keep_row, old);
	return made && !old->no_room && (range->first == end || loki_build_terms_gather(writer->state, writer->index, range));
}

/* Make lists until a time, or for any time if that is 0.  False if there was no room, or no time. */
static bool
make_terms(LokiIndex *state, Relation index, const LokiMetaPageData *meta, LokiMetaPageData *next, TimestampTz deadline)
{
	LokiTermListsData *data = &next->derived.terms;
	LokiTermWriter writer;
	OldWindows	old;
	LokiTermsRange range = {
		.end = next->derived.sorted.end, .changed = next->derived.sorted.end,
		.notes = LokiNotesArray(LOKI_SLOTS_REUSED, next->derived.notes.set),
		.take = write_window, .arg = &writer, .deadline = deadline
	};
	bool		written;

	loki_words_parameters(index, &range.by);
	open_windows(&old, state, index, meta, &range.by);
	loki_terms_write_begin(&writer, state, index,
						   (meta->flags & LOKI_META_TERM_LISTS) != 0 ? &old.lists : NULL);
	written = make_windows(&old, &writer, &range);
	loki_bits_release(&old.noted);
	data->generation = next->derived.sorted.generation;
	data->tail = meta->derived.sorted.generation + 1;
	data->k1 = range.by.k1;
	data->b = range.by.b;
	return loki_terms_write_end(&writer, data) && written;
}

/* No page may be locked.  Rows are read as the table's owner. */
bool
loki_build_terms(LokiIndex *state, Relation index, const LokiMetaPageData *meta, LokiMetaPageData *next)
{
	return make_terms(state, index, meta, next, 0);
}

/*
 * The same for an insert, which is not to fail by its timeouts because it makes lists: it gives up when half of the time
 * that they leave is over.
 */
bool
loki_build_terms_in_time(LokiIndex *state, Relation index, const LokiMetaPageData *meta, LokiMetaPageData *next)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz end = LokiTimeoutsEnd();

	return make_terms(state, index, meta, next, end == 0 ? 0 : now + (end - now) / 2);
}
