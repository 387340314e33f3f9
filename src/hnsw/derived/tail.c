/*-------------------------------------------------------------------------
 *
 * tail.c
 *	  The tail of posting lists: elements of rows that came since these were made.
 *
 * An insert appends a row's elements as they are to ELEMENT.  A scan reads all of them, and computes the
 * same estimates as from lists (postings.c), by the weights of its own query; no row is read for that.  The
 * tail counts in nothing else: words are weighed by what windows have counted.
 *
 * ELEMENT exists twice, as notes do.  Inserts append to the array that goes with the lists; as soon as a
 * vacuum has begun to make others, and whatever became of that, to the one that will go with the next.  Each
 * page names the generation of notes under which it was begun.  So when other lists come into use, all pages
 * of the first array are free, none of the second is, and both are filled from their beginning: pages in use
 * are those before the first that names an earlier generation than the tail's.
 *
 * IDENTIFICATION
 *	  src/hnsw/derived/tail.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "compat/grow.h"
#include "distance/sparse.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "hnsw/page/slots.h"
#include "miscadmin.h"
#include "types/bm25.h"
#include "types/sparsevec.h"
#include "utils/float.h"
#include "utils/memutils.h"

/* Slots that describe a run, and elements that fit a page behind them */
#define RUN_SLOTS		((uint32) (sizeof(LokiRunData) / LOKI_ELEMENT_SIZE))
#define RUN_ELEMENTS	(((uint32) (LOKI_PAGE_PAYLOAD / LOKI_ELEMENT_SIZE) - RUN_SLOTS) * 4 / 3)

/* The slots that a run takes */
static inline uint32
run_slots(const LokiRunData *run)
{
	return RUN_SLOTS + ((run->flags & LOKI_RUN_HALVES) != 0 ? LokiRunSlots((uint32) run->n) : run->n);
}

/* ----------------------------------------------------------------
 * Appending
 * ----------------------------------------------------------------
 */

/* See derived.h. */
bool
loki_tail_is_wanted(const LokiIndex *state, const LokiMetaPageData *meta)
{
	/* damage apart, pages in use are those that inserts begin */
	return loki_column_listed(&state->column) &&
		((meta->flags & LOKI_META_TERM_LISTS) != 0 || meta->derived.notes.next_end > 0) &&
		meta->derived.notes.next_generation >= Max(meta->derived.terms.tail, 1);
}

/* Which of the two arrays of elements inserts append to */
static int
tail_set(const LokiDerivedData *derived)
{
	bool		others = derived->notes.next_generation > derived->sorted.generation;

	return others ? 1 - derived->notes.set : derived->notes.set;
}

/* Whether a page is in use: it names the generation of notes that a tail of these lists begins with, or a later one */
static bool
in_use(const LokiTermListsData *lists, Page page)
{
	return LokiPageOpaque(page)->next >= lists->tail && LokiPageOpaque(page)->next > 0;
}

/*
 * The last page that is in use, by bisection; 0 if none is.  Pages are share locked, one at a time.
 */
static uint32
last_page(LokiIndex *state, Relation index, const LokiMetaPageData *meta, int array)
{
	uint32		low = 0;
	uint32		high = state->arrays[array].npages;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;
		Buffer		buffer;
		int			used;
		Page		page = loki_page_lock(state, index, array, middle, &buffer, &used);
		bool		is_used = page != NULL && in_use(&meta->derived.terms, page);

		if (page != NULL)
			UnlockReleaseBuffer(buffer);
		if (is_used)
			low = middle + 1;
		else
			high = middle;
	}
	return Max(low, 1) - 1;
}

/*
 * Append a run, whose elements follow it in memory: n slots in all.  Returns its first slot; LOKI_NONE if there is no
 * room, and elevel is below ERROR.
 */
static uint32
append_run(LokiIndex *state, Relation index, const LokiMetaPageData *meta, int set, const LokiRunData *run,
		   uint32 n, int elevel)
{
	int			array = LokiElementArray(set);
	const LokiSlotArray *slots = &state->arrays[array];
	uint32	   *ordinal = &state->hints.element[set];

	for (;; (*ordinal)++)
	{
		LokiChange	change;
		int			number;
		Page		page;
		uint32		used = 0;

		CHECK_FOR_INTERRUPTS();
		if (!loki_reserve_page(state, index, array, *ordinal, elevel))
			return LOKI_NONE;
		loki_change_begin(&change, state, index);
		number = loki_change_lock_page(&change, array, *ordinal);
		page = loki_change_page(&change, number);
		if (in_use(&meta->derived.terms, page))
		{
			used = LokiPageUsed(page, slots->slot_size);
			/* a page has the elements of one generation, so that it is done with at once */
			if (LokiPageOpaque(page)->next != meta->derived.notes.next_generation ||
				used + n > slots->per_page)
			{
				loki_change_unlock(&change);
				continue;
			}
			loki_change_slots(&change, number, slots->slot_size, used, n, run);
		}
		else
		{
			page = loki_change_copy(&change, number);
			loki_change_image(&change, number);
			memset(LokiPageSlot(page, slots->slot_size, 0), 0, LOKI_PAGE_PAYLOAD);
			memcpy(LokiPageSlot(page, slots->slot_size, 0), run, (Size) n * slots->slot_size);
			((PageHeader) page)->pd_lower = SizeOfPageHeaderData + n * slots->slot_size;
			LokiPageOpaque(page)->next = meta->derived.notes.next_generation;
		}
		loki_change_finish(&change);
		return *ordinal * slots->per_page + used;
	}
}

/*
 * Append the elements of a node.  See derived.h.  A record for each run, the last one first, so that what
 * a run names is there.  Of a row that is not known, the tail says so only if the node may be in it already: its
 * elements are others now.
 */
bool
loki_tail_append(LokiIndex *state, Relation index, const LokiMetaPageData *meta, const LokiTailRow *row, int elevel)
{
	const LokiDerivedData *derived = &meta->derived;
	LokiRunData *run;
	uint32		next = LOKI_NONE;
	uint32		begin;

	Assert(loki_no_buffer_locked());
	if (!loki_tail_is_wanted(state, meta))
		return true;
	if (state->hints.generation != derived->sorted.generation)
	{
		loki_index_refresh(state, index);
		state->hints.generation = derived->sorted.generation;
		state->hints.element[0] = last_page(state, index, meta, LOKI_SLOTS_ELEMENT);
		state->hints.element[1] = last_page(state, index, meta, LOKI_SLOTS_ELEMENT2);
	}
	if (!row->known && row->is_new)
		return true;
	run = palloc0(sizeof(LokiRunData) + LOKI_ELEMENT_SIZE * LokiRunSlots(Min(row->n, RUN_ELEMENTS)));
	run->node = row->node;
	run->measure = row->known ? row->measure : 0;
	begin = row->known && row->n > 0 ? (row->n - 1) / RUN_ELEMENTS * RUN_ELEMENTS : 0;
	for (;; begin -= RUN_ELEMENTS)
	{
		run->n = row->known ? (uint16) Min(row->n - begin, RUN_ELEMENTS) : 0;
		run->flags = LOKI_RUN_HALVES | (begin > 0 ? LOKI_RUN_FOLLOWS : 0) | (row->known ? 0 : LOKI_RUN_UNKNOWN);
		run->next = next;
		if (run->n > 0)
		{
			uint16	   *halves = (uint16 *) (run + 1);

			memcpy(halves, row->low + begin, run->n * sizeof(uint16));
			memcpy(halves + run->n, row->high + begin, run->n * sizeof(uint16));
			memcpy(halves + 2 * run->n, row->values + begin, run->n * sizeof(uint16));
		}
		next = append_run(state, index, meta, tail_set(derived), run, run_slots(run), elevel);
		if (begin == 0 || next == LOKI_NONE)
			break;
	}
	pfree(run);
	return next != LOKI_NONE;
}

/* ----------------------------------------------------------------
 * Reading
 * ----------------------------------------------------------------
 */

/* The run at a place of a page that is locked, or a copy; NULL if none can be there */
static const LokiRunData *
run_at(Page page, uint32 place, uint32 used)
{
	const LokiRunData *run = (const LokiRunData *) LokiPageSlot(page, LOKI_ELEMENT_SIZE, place);

	if (used < RUN_SLOTS || place > used - RUN_SLOTS || run_slots(run) > used - place)
		return NULL;
	return run;
}

/*
 * Gather the elements of a row whose run names others, in memory of the current context.  False if they
 * are not there: damage, or the tail has been begun again meanwhile.
 */
static bool
gather_runs(const LokiTermLists *lists, int array, const LokiRunData *run, LokiTailRow *row)
{
	uint16	   *low = palloc_array(uint16, 3 * LOKI_SPARSEVEC_MAX_NNZ);
	uint16	   *high = low + LOKI_SPARSEVEC_MAX_NNZ;
	uint16	   *values = high + LOKI_SPARSEVEC_MAX_NNZ;
	uint32		per_page = lists->state->arrays[array].per_page;
	uint32		next = run->next;

	memcpy(low, row->low, sizeof(uint16) * row->n);
	memcpy(high, row->high, sizeof(uint16) * row->n);
	memcpy(values, row->values, sizeof(uint16) * row->n);
	row->low = low;
	row->high = high;
	row->values = values;
	while (next != LOKI_NONE)
	{
		PGAlignedBlock copy;
		const uint16 *halves;
		uint32		used;

		CHECK_FOR_INTERRUPTS();
		if (next / per_page >= lists->state->arrays[array].npages)
			return false;
		used = loki_page_copy(lists->state, lists->index, array, next / per_page, NULL, copy.data);
		if (!in_use(&lists->data, (Page) copy.data))
			return false;
		run = run_at((Page) copy.data, next % per_page, used);
		if (run == NULL || run->node != row->node || run->flags != (LOKI_RUN_HALVES | LOKI_RUN_FOLLOWS) ||
			run->n == 0 || run->n > LOKI_SPARSEVEC_MAX_NNZ - row->n)
			return false;
		halves = (const uint16 *) (run + 1);
		memcpy(low + row->n, halves, sizeof(uint16) * run->n);
		memcpy(high + row->n, halves + run->n, sizeof(uint16) * run->n);
		memcpy(values + row->n, halves + 2 * run->n, sizeof(uint16) * run->n);
		row->n += run->n;
		next = run->next;
	}
	return true;
}

/* A page whose rows are being visited: locked in share mode, or a copy */
typedef struct VisitedPage
{
	Page		page;
	uint32		used;
	bool		locked;
	Buffer		buffer;
	PGAlignedBlock copy;
} VisitedPage;

/* Go on with a copy of a page, without a lock. */
static void
unlock_page(VisitedPage *visited, bool copy)
{
	if (!visited->locked)
		return;
	if (copy)
	{
		memcpy(visited->copy.data, visited->page, BLCKSZ);
		visited->page = (Page) visited->copy.data;
	}
	UnlockReleaseBuffer(visited->buffer);
	visited->locked = false;
}

/* Visit the rows of a page.  False if a run is damaged, or the visitor wants no more. */
static bool
visit_page(const LokiTermLists *lists, int array, VisitedPage *visited, LokiTailVisitor visit, void *arg)
{
	for (uint32 place = 0; place < visited->used;)
	{
		const LokiRunData *run = run_at(visited->page, place, visited->used);
		LokiTailRow row = {0};
		bool		gathered;
		bool		more;

		if (run == NULL)
			return false;
		gathered = run->next != LOKI_NONE &&
			(run->flags & (LOKI_RUN_HALVES | LOKI_RUN_FOLLOWS)) == LOKI_RUN_HALVES;
		if (gathered)
		{
			/* the others are on other pages */
			unlock_page(visited, true);
			run = run_at(visited->page, place, visited->used);
		}
		place += run_slots(run);
		if ((run->flags & LOKI_RUN_FOLLOWS) != 0)
			continue;
		row.node = run->node;
		row.known = (run->flags & (LOKI_RUN_HALVES | LOKI_RUN_UNKNOWN)) == LOKI_RUN_HALVES;
		row.n = row.known ? run->n : 0;
		row.measure = row.known ? run->measure : 0;
		row.low = (const uint16 *) (run + 1);
		row.high = row.low + run->n;
		row.values = row.high + run->n;
		if (gathered && !gather_runs(lists, array, run, &row))
			return false;
		more = visit(arg, &row);
		if (gathered)
			pfree(unconstify(uint16 *, row.low));
		if (!more)
			return false;
	}
	return true;
}

/*
 * See derived.h.  One page is share locked at a time.  The next one is fetched into the processor's caches
 * meanwhile: buffers are memory of 4 kB a page, across which processors do not look ahead, and half of the time
 * went into waiting for what a page begins with.
 *
 * The directory is read first: whoever appended for a row that the caller's snapshot sees had extended the
 * array before.  If the metapage has the same lists afterwards, no page that was in use has been used again,
 * so nothing was missed: of a node that was used twice since the lists were made, the later row is there if
 * the earlier one is.
 */
bool
loki_tail_visit(const LokiTermLists *lists, uint32 before, bool briefly, LokiTailVisitor visit, void *arg)
{
	Assert(loki_no_buffer_locked());
	loki_index_refresh(lists->state, lists->index);
	for (int set = 0; set < 2; set++)
	{
		int			array = LokiElementArray(set);

		for (uint32 ordinal = 0; ordinal < lists->state->arrays[array].npages; ordinal++)
		{
			VisitedPage visited;
			int			used;
			bool		in_tail;
			bool		more;

			CHECK_FOR_INTERRUPTS();
			visited.page = loki_page_lock(lists->state, lists->index, array, ordinal, &visited.buffer, &used);
			visited.locked = visited.page != NULL;
			visited.used = used;
			if (ordinal + 1 < lists->state->arrays[array].npages)
				loki_buffer_prefetch(lists->state, loki_page_block(&lists->state->arrays[array], ordinal + 1),
									 0, BLCKSZ);
			in_tail = visited.locked && in_use(&lists->data, visited.page);
			if (!in_tail || !briefly)
				unlock_page(&visited, in_tail);
			if (!in_tail)
				break;
			more = LokiPageOpaque(visited.page)->next >= before ||
				visit_page(lists, array, &visited, visit, arg);
			unlock_page(&visited, false);
			if (!more)
				return false;
		}
	}
	return loki_terms_valid(lists);
}

/* Terms of a query are found by this number of their low bits: the table fits the processor's first cache */
#define HASH_BITS		12
#define HashOfTerm(term)	((term) & ((1 << HASH_BITS) - 1))

/* The low halves of so many terms are compared at once ... */
#define COMPARED		8
typedef uint16 LowHalves __attribute__((vector_size(2 * COMPARED)));

/* ... each with those of all terms of a query, unless it has more than this number: then the table is faster */
#define FEW_TERMS		16

StaticAssertDecl(LOKI_SPARSEVEC_MAX_NNZ < PG_UINT16_MAX, "16 bits number the terms of a query");

/* What loki_tail_read() makes */
typedef struct TailReader
{
	const LokiTermLists *lists;
	const LokiTermQuery *query;
	LokiTail   *tail;
	uint64		most;			/* estimates that memory has room for */
	int			nterms;			/* of the query, but a norm */
	LowHalves	compared[FEW_TERMS];	/* the low half of a term each, repeated */
	uint8		have[1 << HASH_BITS];	/* by hash: whether the query has such a term */
	uint16		terms[1 << HASH_BITS];	/* 1 + the last of them, or 0 ... */
	uint16	   *others;			/* ... and 1 + another with the hash of a term */
	uint16	   *found;			/* places of a row's elements that have one of
								 * these hashes */
} TailReader;

/* Whether one of so many low halves is that of a term of the query; they need no alignment but their own. */
static inline bool
has_term(const TailReader *reader, const uint16 *low)
{
	LowHalves	halves;
	LowHalves	equal = {0};
	uint64		words[sizeof(LowHalves) / sizeof(uint64)];
	uint64		any = 0;

	memcpy(&halves, low, sizeof(halves));
	for (int i = 0; i < reader->nterms; i++)
		equal |= (LowHalves) (halves == reader->compared[i]);
	memcpy(words, &equal, sizeof(words));
	for (int i = 0; i < lengthof(words); i++)
		any |= words[i];
	return any != 0;
}

/*
 * Find the elements of a row that may be the query's.  Mostly none is: this is where most of the time of
 * reading a tail goes, and what is compared at once is passed over at once.  The table has no branch either.
 */
static uint32
find_elements(const TailReader *reader, const LokiTailRow *row)
{
	const uint16 *low = row->low;
	bool		few = reader->nterms <= FEW_TERMS;
	uint32		nfound = 0;

	for (uint32 i = 0; i < row->n; i += COMPARED)
	{
		uint32		end = Min(i + COMPARED, row->n);

		if (few && end == i + COMPARED && !has_term(reader, low + i))
			continue;
		for (uint32 k = i; k < end; k++)
		{
			reader->found[nfound] = (uint16) k;
			nfound += reader->have[HashOfTerm(low[k])];
		}
	}
	return nfound;
}

/*
 * Add a term of a query to a sum, and to that of absolute values: at most what an element adds whose value is
 * from `least` to `most`.
 */
static inline void
add_term(const LokiTermQuery *query, double q, double least, double most, double *sum, double *largest)
{
	double		weight = q > 0 ? most : least;
	double		added = -q * weight;

	if (query->metric == LOKI_METRIC_L1)
		added = -2 * Max(Min(q > 0 ? weight : -weight, fabs(q)), 0);
	*sum += added;
	*largest += 2 * fabs(added);
}

/*
 * What a row's elements add to a query's `base`: at most that, by more than rounding can change it, as
 * postings.c has it of postings.
 */
static float
estimate(const TailReader *reader, const LokiTailRow *row)
{
	const LokiTermQuery *query = reader->query;
	const LokiTermListsData *data = &reader->lists->data;
	bool		words = reader->lists->state->column.type->words != NULL;
	LokiBm25	by = {data->k1, data->b, query->mean};
	double		scale = query->metric == LOKI_METRIC_COSINE ? 1 / (double) row->measure : 1;
	double		largest = fabs(query->base);
	double		sum = 0;
	bool		any = false;
	uint32		nfound = find_elements(reader, row);

	for (uint32 i = 0; i < nfound; i++)
	{
		uint32		term = loki_tail_term(row, reader->found[i]);
		uint16		half = row->values[reader->found[i]];
		double		value = loki_tail_value(half);
		double		beyond = loki_tail_value(half + 1);

		for (int k = reader->terms[HashOfTerm(term)]; k > 0; k = reader->others[k - 1])
		{
			double		q = query->terms[k - 1].weight;

			if (query->terms[k - 1].term != term)
				continue;
			any = true;
			if (words)
			{
				/* numbers below that are whole, as counts are */
				value = loki_bm25_weight(&by, value < 1 << (FLT_MANT_DIG - 16) ? value : beyond, row->measure);
				add_term(query, q, value, value, &sum, &largest);
			}
			else
				add_term(query, q, Min(value, beyond) * scale, Max(value, beyond) * scale, &sum, &largest);
		}
	}
	if (query->n > reader->nterms)
	{
		any = true;
		sum += row->measure;
		largest += 2 * row->measure;
	}
	if (!any)
		return LOKI_NO_TERM;
	return nextafterf((float) (sum - loki_terms_slack(largest, query->n + (double) row->n)), -FLT_MAX) + 0.0f;
}

/* Have a node noted in bits that take memory with the first */
static inline void
note(MemoryContext context, LokiNodeBits *bits, uint32 node)
{
	Assert(node < bits->end);
	if (bits->nwords == 0)
	{
		bits->nwords = loki_bit_slots(bits->end);
		bits->words = MemoryContextAllocExtended(context, mul_size(sizeof(uint64), bits->nwords),
												 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	}
	bits->words[node / 64] |= UINT64CONST(1) << (node % 64);
}

/*
 * LokiTailVisitor: estimate a row.  Most have no term of the query, and are remembered by a bit each.  Of a node that
 * was used twice the least estimate is kept, as either row may be the later one.
 */
static bool
read_row(void *arg, const LokiTailRow *row)
{
	TailReader *reader = arg;
	LokiTail   *tail = reader->tail;
	float		least = row->known ? estimate(reader, row) : LOKI_NOT_KNOWN;

	/* of nodes that came since this began no row is seen */
	if (row->node >= tail->seen.end)
		return true;
	if (loki_bits_have(&tail->seen, row->node))
		least = Min(least, 0) + 0.0f;
	note(tail->context, &tail->seen, row->node);
	if (loki_is_no_term(least))
		return true;
	if (tail->n >= reader->most)
	{
		note(tail->context, &tail->left_out, row->node);
		return true;
	}
	tail->nodes = loki_grow(tail->context, tail->nodes, &tail->allocated, tail->n + 1, 64,
							sizeof(LokiTailNode));
	tail->nodes[tail->n].node = row->node;
	tail->nodes[tail->n++].estimate = least;
	return true;
}

/* By node; of those of one node, which was used twice, by estimate */
static int
compare_nodes(const void *a, const void *b)
{
	const LokiTailNode *na = a;
	const LokiTailNode *nb = b;

	if (na->node != nb->node)
		return na->node < nb->node ? -1 : 1;
	return (na->estimate > nb->estimate) - (na->estimate < nb->estimate);
}

/* See derived.h.  Rows that memory has no room for are as if they were not in the tail. */
void
loki_tail_read(const LokiTermLists *lists, const LokiTermQuery *query, LokiTail *tail)
{
	TailReader	reader = {
		.lists = lists,.query = query,.tail = tail,
		.most = work_mem * (uint64) 1024 / 4 / sizeof(LokiTailNode)
	};

	loki_index_refresh(lists->state, lists->index);
	loki_bits_release(&tail->seen);
	loki_bits_release(&tail->left_out);
	tail->seen.end = tail->left_out.end = loki_node_end(lists->state, lists->index);
	tail->n = 0;
	/* the query's terms are found by their hashes */
	reader.nterms = query->n;
	if (query->n > 0 && query->terms[query->n - 1].term == LOKI_NORM_TERM)
		reader.nterms--;
	reader.others = palloc_array(uint16, query->n + 1);
	reader.found = palloc_array(uint16, LOKI_SPARSEVEC_MAX_NNZ + 1);
	for (int i = 0; i < reader.nterms; i++)
	{
		uint32		term = query->terms[i].term;

		reader.have[HashOfTerm(term)] = 1;
		reader.others[i] = reader.terms[HashOfTerm(term)];
		reader.terms[HashOfTerm(term)] = (uint16) (i + 1);
		if (reader.nterms <= FEW_TERMS)
			reader.compared[i] = (LowHalves) {0} + (uint16) term;
	}
	if (!loki_tail_visit(lists, PG_UINT32_MAX, true, read_row, &reader))
	{
		tail->n = 0;
		loki_bits_release(&tail->seen);
	}
	pfree(reader.others);
	pfree(reader.found);
	if (tail->n > 1)
		qsort(tail->nodes, tail->n, sizeof(LokiTailNode), compare_nodes);
}

/* What is known of a node that lists do not have, unless the tail has an estimate */
static inline float
without_estimate(const LokiTail *tail, uint32 node)
{
	return node < tail->seen.end && loki_bits_have(&tail->seen, node) && !loki_bits_have(&tail->left_out, node) ?
		LOKI_NO_TERM : LOKI_NOT_KNOWN;
}

/*
 * See derived.h.  The least estimate of a node holds for each of its rows.
 */
void
loki_tail_fill(const LokiTail *tail, const LokiNodeBits *changed, LokiTermBounds *bounds)
{
	uint32		low = 0;
	uint32		high = tail->n;
	uint32		next = bounds->first;
	uint32		node;

	while (loki_bits_next(changed, &next, &node) && node < bounds->first + bounds->n)
		bounds->estimates[node - bounds->first] = without_estimate(tail, node);
	for (node = Max(changed->end, bounds->first); node < bounds->first + bounds->n; node++)
		bounds->estimates[node - bounds->first] = without_estimate(tail, node);
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;

		if (tail->nodes[middle].node < bounds->first)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < tail->n && tail->nodes[low].node - bounds->first < bounds->n; low++)
	{
		const LokiTailNode *of = &tail->nodes[low];

		/* the first of a node is the least; lists have what is not noted */
		if ((low == 0 || of[-1].node != of->node) && !loki_bits_have(&tail->left_out, of->node) &&
			(of->node >= changed->end || loki_bits_have(changed, of->node)))
			bounds->estimates[of->node - bounds->first] = of->estimate;
	}
}
