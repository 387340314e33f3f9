/*-------------------------------------------------------------------------
 *
 * postings.c
 *	  Posting lists of the elements of sparse vectors, and what they say of distances.
 *
 * Each distance of sparse vectors is a sum of something that depends on the query alone, the norm
 * of the vector, and a term for each index that both have:
 *
 *	metric			query			norm				term, for elements x and q
 *	inner product					none				-q x
 *	cosine			1				none				-q x, both divided by their norms
 *	L2, squared		sum of q^2		sum of x^2			-2 q x
 *	taxicab			sum of |q|		sum of |x|			-2 min(|x|, |q|) if the signs agree,
 *														otherwise 0
 *
 * Norms are listed as if they were the element of one more index.  A posting has 8 bits of a
 * weight, rounded up by less than a step.  Terms are taken at the end of that step where they are
 * the least, so their sum is a lower bound; what rounding of floats adds to it is part of `slack`.
 *
 * The weight of a word in a document also depends on the mean length of documents, which changes: with
 * a mean that is f times as long as that by which a list was made, no weight is more than f times what
 * it was (types/bm25.h).
 *
 * The lists of a window add up to an array of its nodes, which stays in the processor's cache, as in
 * SINDI (2025), section 3; there are no branches but for each list.
 *
 * IDENTIFICATION
 *	  src/hnsw/derived/postings.c
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
#include "hnsw/page/lock_assert.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "types/sparsevec.h"

/*
 * Elements between these, or their squares, neither vanish nor overflow in sums of floats.  Bounds of
 * other vectors are not tried.
 */
#define LARGEST_ELEMENT		1e15f
#define SMALLEST_NORM		1e-30

/* Rounding errors of sums, for each term, and of what is not a sum */
#define ERRORS_PER_TERM		(2 * FLT_EPSILON)
#define OTHER_ERRORS		32

/* ----------------------------------------------------------------
 * Elements and queries
 * ----------------------------------------------------------------
 */

/* The sums of squares, and of absolute values; false if bounds of this vector are not tried */
static bool
sum_elements(LokiMetric metric, LokiSparse v, double *squares, double *sum)
{
	*squares = *sum = 0;
	for (int i = 0; i < v.n; i++)
	{
		if (!(fabsf(v.values[i]) <= LARGEST_ELEMENT))
			return false;
		*squares += (double) v.values[i] * v.values[i];
		*sum += fabs((double) v.values[i]);
	}
	return metric != LOKI_METRIC_COSINE || *squares >= SMALLEST_NORM;
}

/* See derived.h. */
double
loki_terms_slack(double largest, double n)
{
	return largest * ERRORS_PER_TERM * (n + OTHER_ERRORS) + SMALLEST_NORM;
}

/*
 * The entries of a vector: its elements, and its norm where the metric needs it.  See derived.h.  The norm
 * comes last, as LOKI_NORM_TERM is above all indices, so the entries ascend by term.  A square of
 * LARGEST_ELEMENT and its sums fit a float.
 */
int
loki_terms_form(LokiMetric metric, LokiSparse v, uint32 place, LokiTermEntry *entries)
{
	double		squares;
	double		sum;
	double		scale;

	if (!sum_elements(metric, v, &squares, &sum))
		return -1;
	scale = metric == LOKI_METRIC_COSINE ? 1 / sqrt(squares) : 1;
	for (int i = 0; i < v.n; i++)
	{
		Assert((uint32) v.indices[i] < LOKI_NORM_TERM);
		entries[i].term = v.indices[i];
		entries[i].place = place;
		entries[i].weight = (float) (v.values[i] * scale);
	}
	if (metric != LOKI_METRIC_L2 && metric != LOKI_METRIC_L1)
		return v.n;
	entries[v.n].term = LOKI_NORM_TERM;
	entries[v.n].place = place;
	entries[v.n].weight = (float) (metric == LOKI_METRIC_L2 ? squares : sum);
	return v.n + 1;
}

/* See derived.h.  A float holds the measure: squares of LARGEST_ELEMENT and their sums fit. */
void
loki_tail_form(const LokiColumn *column, const struct varlena *value, LokiTailRow *row)
{
	LokiSparse	v = column->type->elements(value);
	double		squares;
	double		sum;
	uint16	   *halves;

	memset(row, 0, sizeof(LokiTailRow));
	row->known = v.n <= LOKI_SPARSEVEC_MAX_NNZ && sum_elements(column->metric, v, &squares, &sum);
	if (!row->known)
		return;
	row->measure = (float) (column->type->words != NULL || column->metric == LOKI_METRIC_L1 ? sum :
							column->metric == LOKI_METRIC_L2 ? squares :
							column->metric == LOKI_METRIC_COSINE ? sqrt(squares) : 0);
	row->n = v.n;
	halves = palloc_array(uint16, 3 * v.n + 1);
	for (int i = 0; i < v.n; i++)
	{
		uint32		bits;

		memcpy(&bits, &v.values[i], sizeof(bits));
		/* indices are not negative */
		halves[i] = (uint16) v.indices[i];
		halves[v.n + i] = (uint16) ((uint32) v.indices[i] >> 16);
		halves[2 * v.n + i] = (uint16) (bits >> 16);
	}
	row->low = halves;
	row->high = halves + v.n;
	row->values = halves + 2 * v.n;
}

/* The terms of a query, and what is the same for all vectors.  See derived.h, and the table above. */
bool
loki_terms_query(LokiMetric metric, LokiSparse v, LokiTermQuery *query)
{
	double		squares;
	double		sum;
	double		scale;

	if (!sum_elements(metric, v, &squares, &sum))
		return false;
	scale = metric == LOKI_METRIC_COSINE ? 1 / sqrt(squares) : metric == LOKI_METRIC_L2 ? 2 : 1;
	query->metric = metric;
	query->base = metric == LOKI_METRIC_COSINE ? 1 : metric == LOKI_METRIC_L2 ? (float) squares :
		metric == LOKI_METRIC_L1 ? (float) sum : 0;
	query->mean = 0;
	query->n = 0;
	query->terms = palloc_array(LokiQueryTerm, v.n + 1);
	for (int i = 0; i < v.n; i++)
	{
		query->terms[query->n].term = v.indices[i];
		query->terms[query->n++].weight = (float) (v.values[i] * scale);
	}
	if (metric == LOKI_METRIC_L2 || metric == LOKI_METRIC_L1)
	{
		query->terms[query->n].term = LOKI_NORM_TERM;
		query->terms[query->n++].weight = 1;
	}
	Assert(query->n <= v.n + 1);
	return true;
}

/* ----------------------------------------------------------------
 * Reading
 * ----------------------------------------------------------------
 */

/* Describe the lists by what a metapage says.  See derived.h. */
bool
loki_terms_open(LokiTermLists *lists, LokiIndex *state, Relation index,
				const LokiMetaPageData *meta)
{
	lists->state = state;
	lists->index = index;
	lists->data = meta->derived.terms;
	lists->end = meta->derived.sorted.end;
	lists->reused = LokiNotesArray(LOKI_SLOTS_REUSED, meta->derived.notes.set);
	return loki_column_listed(&state->column) && (meta->flags & LOKI_META_TERM_LISTS) != 0;
}

/* Whether what was read of them was these lists (D1).  See derived.h. */
bool
loki_terms_valid(const LokiTermLists *lists)
{
	LokiMetaPageData meta;

	loki_meta_read(lists->index, &meta);
	return (meta.flags & LOKI_META_TERM_LISTS) != 0 &&
		meta.derived.terms.generation == lists->data.generation;
}

/*
 * Lock the page of a slot in share mode, numbered from a page on; NULL, without a lock, if it does not
 * have the slot.
 */
static Page
lock_term_slot(const LokiTermLists *lists, int array, uint32 from, uint32 number, uint32 *place, int *used,
			   Buffer *buffer)
{
	const LokiSlotArray *slots = &lists->state->arrays[array];
	uint32		ordinal = from + loki_slot_page(slots, number, place);
	Page		page = loki_page_lock(lists->state, lists->index, array, ordinal, buffer, used);

	if (page != NULL && (int) *place >= *used)
	{
		UnlockReleaseBuffer(*buffer);
		return NULL;
	}
	return page;
}

/* The place, from `low` to `high`, of the first slot of a page whose term is not below a term */
static uint32
find_term_place(Page page, uint32 low, uint32 high, uint32 term)
{
	Assert(loki_page_readable(page) && low <= high);
	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;
		const LokiTermData *slot = (const LokiTermData *)
			LokiPageSlot(page, sizeof(LokiTermData), middle);

		if (slot->term < term)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * Find the list of a term in a window, by bisection of the pages of TERM, and then of one page.  See
 * derived.h.  One page is share locked at a time; none may be locked before.
 */
bool
loki_terms_find(const LokiTermLists *lists, const LokiWindowData *window, uint32 *first,
				uint32 term, LokiTermData *found)
{
	uint32		end = window->terms;
	uint32		per_page = lists->state->arrays[LOKI_SLOTS_TERM].per_page;
	uint32		low = *first / per_page;	/* pages */
	uint32		high = (end - 1) / per_page + 1;

	Assert(loki_no_buffer_locked());
	found->postings = 0;
	if (*first >= end)
		return true;

	/*
	 * The last page whose first term is not above the one that is looked for.
	 * Bisection goes by the first and the last term of a page, so that each
	 * page is locked once.
	 */
	for (;;)
	{
		uint32		middle = low + (high - low) / 2;
		uint32		begin = Max(*first, middle * per_page);
		uint32		last = Min(end, (middle + 1) * per_page);
		uint32		place;
		int			used;
		Buffer		buffer;
		Page		page = lock_term_slot(lists, LOKI_SLOTS_TERM, window->term_page, begin, &place, &used,
										  &buffer);
		const LokiTermData *slot;

		if (page == NULL || used < (int) (place + (last - begin)))
		{
			if (page != NULL)
				UnlockReleaseBuffer(buffer);
			return false;
		}
		slot = (const LokiTermData *) LokiPageSlot(page, sizeof(LokiTermData), place);
		if (slot->term > term)
			high = middle;
		else if (slot[last - begin - 1].term < term)
			low = middle + 1;
		else
		{
			uint32		at = find_term_place(page, place, place + (last - begin), term);

			slot = (const LokiTermData *) LokiPageSlot(page, sizeof(LokiTermData), at);
			*first = begin + (at - place);
			if (slot->term == term)
				*found = *slot;
			UnlockReleaseBuffer(buffer);
			return true;
		}
		UnlockReleaseBuffer(buffer);
		/* no page has the term; the next one, which is greater, need not look before this place */
		if (low >= high)
		{
			*first = Min(end, Max(*first, low * per_page));
			return true;
		}
	}
}

/*
 * Add to the estimates of the nodes of n postings: base, and for each step of the weight.
 *
 * A place of 16 bits lies within estimates[], which has 65,536 of them, whatever a damaged page says: the
 * loop need not look.  This is where most of the time of a search by lists goes.
 */
static void
add_postings(const char *postings, uint32 n, float base, float step, float *estimates)
{
	base += 0.0f;				/* not -0.0, see LOKI_NO_TERM */
	for (uint32 i = 0; i < n; i++, postings += LOKI_POSTING_SIZE)
	{
		uint16		place;

		memcpy(&place, postings, sizeof(place));
		estimates[place] += base + step * (uint8) postings[2];
	}
}

/* The same under the taxicab distance: no more than `most` of the weight counts, and none below 0 */
static void
add_clamped(const char *postings, uint32 n, float base, float step, float most, float *estimates)
{
	for (uint32 i = 0; i < n; i++, postings += LOKI_POSTING_SIZE)
	{
		uint16		place;
		float		weight = base + step * (uint8) postings[2];

		memcpy(&place, postings, sizeof(place));
		weight = Min(weight, most);
		estimates[place] -= 2 * Max(weight, 0);
	}
}

/*
 * Postings of a list from the number `done` on, as far as one page has them: n of them, on the page that is
 * share locked in `buffer`.  NULL if they are not there any more.
 */
static const char *
lock_postings(const LokiTermLists *lists, const LokiWindowData *window, const LokiTermData *list, uint32 done,
			  uint32 *n, Buffer *buffer)
{
	uint32		place;
	int			used;
	Page		page = lock_term_slot(lists, LOKI_SLOTS_POSTING, window->posting_page, list->first + done,
									  &place, &used, buffer);

	if (page == NULL)
		return NULL;
	/* at least 1, as lock_term_slot() has looked at: loops end */
	*n = Min(list->postings - done, used - place);
	Assert(*n > 0);
	return LokiPageSlot(page, LOKI_POSTING_SIZE, place);
}

/* Copy the postings of a list out.  See derived.h.  One page is share locked at a time. */
bool
loki_terms_copy(const LokiTermLists *lists, const LokiWindowData *window, const LokiTermData *list,
				char *postings)
{
	Buffer		buffer;
	uint32		n;

	for (uint32 done = 0; done < list->postings; done += n)
	{
		const char *found = lock_postings(lists, window, list, done, &n, &buffer);

		if (found == NULL)
			return false;
		memcpy(postings + (Size) done * LOKI_POSTING_SIZE, found, (Size) n * LOKI_POSTING_SIZE);
		UnlockReleaseBuffer(buffer);
	}
	return true;
}

/* See derived.h.  One page is share locked at a time, and left for the place of any other. */
bool
loki_terms_lengths(const LokiTermLists *lists, const LokiWindowData *window, const LokiTermData *list,
				   const uint32 *nodes, int n, const uint32 *rows, uint64 *documents, uint64 *sum)
{
	uint32		left;
	Buffer		buffer;

	for (int i = 0; i < n;)
	{
		uint32		begin = nodes[i] - window->node;
		const char *lengths = lock_postings(lists, window, list, begin, &left, &buffer);
		uint64		found = 0;
		uint64		length = 0;

		if (lengths == NULL)
			return false;
		for (uint32 place; i < n && (place = nodes[i] - window->node) - begin < left; i++)
		{
			found += rows[place];
			length += (uint64) rows[place] * loki_length_get(lengths + (Size) (place - begin) * LOKI_POSTING_SIZE);
		}
		UnlockReleaseBuffer(buffer);
		*documents += found;
		*sum += length;
	}
	return true;
}

/* See derived.h.  One page is share locked at a time. */
bool
loki_terms_rows(const LokiTermLists *lists, const LokiWindowData *window, const LokiTermData *list,
				const uint32 *rows, uint64 *sum)
{
	uint32		n;
	Buffer		buffer;

	for (uint32 done = 0; done < list->postings; done += n)
	{
		const char *postings = lock_postings(lists, window, list, done, &n, &buffer);

		if (postings == NULL)
			return false;
		for (uint32 i = 0; i < n; i++, postings += LOKI_POSTING_SIZE)
		{
			uint16		place;

			memcpy(&place, postings, sizeof(place));
			*sum += rows[place];
		}
		UnlockReleaseBuffer(buffer);
	}
	return true;
}

/* Read a WINDOW slot, under share lock.  See derived.h. */
bool
loki_terms_window(const LokiTermLists *lists, uint32 window, LokiWindowData *data)
{
	uint32		place;
	int			used;
	Buffer		buffer;
	Page		page;

	if (window >= lists->data.windows)
		return false;
	page = lock_term_slot(lists, LOKI_SLOTS_WINDOW, lists->data.page, window, &place, &used, &buffer);
	if (page == NULL)
		return false;
	memcpy(data, LokiPageSlot(page, sizeof(LokiWindowData), place), sizeof(LokiWindowData));
	UnlockReleaseBuffer(buffer);
	return data->nodes <= LOKI_WINDOW_NODES;
}

/* See derived.h.  WINDOW slots are share locked, one at a time. */
bool
loki_terms_sum(const LokiTermLists *lists, LokiTermSums *sums)
{
	LokiWindowData window;

	memset(sums, 0, sizeof(LokiTermSums));
	for (uint32 i = 0; i < lists->data.windows; i++)
	{
		if (!loki_terms_window(lists, i, &window))
			return false;
		sums->documents += window.documents;
		sums->length += window.length;
		sums->left_out += window.left_out;
	}
	return true;
}

/*
 * Estimate the nodes of a window from the lists of the query's terms.  See derived.h.  `slack` is an
 * upper bound of rounding errors: each of the at most query->n + elements terms has some, of its
 * magnitude, and the exact distance, which is a sum of floats as well, has its own.
 */
bool
loki_terms_read(const LokiTermLists *lists, uint32 window, const LokiTermQuery *query,
				LokiTermBounds *bounds)
{
	LokiWindowData data;
	double		largest = fabs(query->base);
	float		scale;
	uint32		first = 0;

	Assert(loki_no_buffer_locked());
	if (!loki_terms_window(lists, window, &data))
		return false;
	bounds->first = data.node;
	bounds->n = data.nodes;
	bounds->postings = 0;
	bounds->base = query->base;
	for (uint32 i = 0; i < data.nodes; i++)
		bounds->estimates[i] = LOKI_NO_TERM;
	/* rounded up; a mean that is shorter now makes no weight greater, and the bounds stay as they are */
	scale = query->mean > data.mean ? nextafterf(query->mean / data.mean, FLT_MAX) : 1;
	for (int i = 0; i < query->n; i++)
	{
		LokiQueryTerm term = {query->terms[i].term, query->terms[i].weight * scale};
		bool		norm = term.term == LOKI_NORM_TERM;
		float		q = norm ? -1 : term.weight;
		LokiTermData list;
		float		base;
		double		weight;
		Buffer		buffer;
		uint32		n;

		CHECK_FOR_INTERRUPTS();
		Assert(i == 0 || term.term >= query->terms[i - 1].term);
		if (!loki_terms_find(lists, &data, &first, term.term, &list))
			return false;
		if (list.postings == 0)
			continue;
		/* where q is above 0, terms are the least at the upper end of a step, otherwise at its lower end */
		base = q > 0 ? list.least : list.least - list.step;
		for (uint32 done = 0; done < list.postings; done += n)
		{
			const char *postings = lock_postings(lists, &data, &list, done, &n, &buffer);

			if (postings == NULL)
				return false;
			if (query->metric == LOKI_METRIC_L1 && !norm)
				add_clamped(postings, n, q > 0 ? base : -base, q > 0 ? list.step : -list.step,
							fabsf(q), bounds->estimates);
			else
				add_postings(postings, n, -q * base, -q * list.step, bounds->estimates);
			UnlockReleaseBuffer(buffer);
		}
		bounds->postings += list.postings;
		weight = Max(fabs(list.least - list.step), fabs(list.least + LOKI_POSTING_STEPS * (double) list.step));
		largest += 2 * fabs(term.weight) * weight;
	}
	bounds->slack = (float) loki_terms_slack(largest, query->n + (double) data.elements);
	/* pages may have been written anew at any time before: only now is it known what was read */
	return loki_terms_valid(lists);
}

/* ----------------------------------------------------------------
 * Writing
 * ----------------------------------------------------------------
 */

/* The pages in memory of a writer */
#define POSTING_PAGES	0
#define TERM_PAGES		1
#define WINDOW_PAGES	2

/* Note that n pages are in use. */
static void
use_pages(LokiPageSpace *space, uint32 first, uint32 n)
{
	uint32		at = space->n;

	if (n == 0)
		return;
	space->used = loki_grow(CurrentMemoryContext, space->used, &space->allocated, space->n + 1, 16,
							sizeof(LokiPageRange));
	while (at > 0 && space->used[at - 1].first > first)
		at--;
	memmove(space->used + at + 1, space->used + at, sizeof(LokiPageRange) * (space->n - at));
	space->used[at] = (LokiPageRange) {first, first + n};
	space->n++;
}

/*
 * The first place where n pages are free; they are in use afterwards.  Behind all others there is room left below,
 * so that lists which come when the old ones are gone find it, if they are longer by an eighth at most.
 */
static uint32
take_pages(LokiPageSpace *space, uint32 n)
{
	uint32		first = 0;
	uint32		i = 0;

	for (; i < space->n && space->used[i].first < (uint64) first + n; i++)
		first = Max(first, space->used[i].end);
	if (i == space->n)
		first = Max(first, (uint32) Min(space->old * (uint64) 9 / 8, MaxBlockNumber));
	use_pages(space, first, n);
	return first;
}

/* Begin to write lists.  See derived.h. */
void
loki_terms_write_begin(LokiTermWriter *writer, LokiIndex *state, Relation index, const LokiTermLists *old)
{
	static const int arrays[] = {
		[POSTING_PAGES] = LOKI_SLOTS_POSTING, [TERM_PAGES] = LOKI_SLOTS_TERM, [WINDOW_PAGES] = LOKI_SLOTS_WINDOW
	};
	LokiWindowData window;

	memset(writer, 0, sizeof(LokiTermWriter));
	writer->state = state;
	writer->index = index;
	for (int i = 0; i < lengthof(arrays); i++)
	{
		writer->pages[i].array = arrays[i];
		writer->pages[i].slots = palloc(LOKI_PAGE_PAYLOAD);
	}
	if (old == NULL)
		return;
	/* note the pages of lists that exist: all there are if a window is damaged */
	use_pages(&writer->pages[WINDOW_PAGES].space, old->data.page,
			  loki_pages_of(state, LOKI_SLOTS_WINDOW, old->data.windows));
	for (uint32 i = 0; i < old->data.windows; i++)
	{
		/* a damaged number would make the index grow by as much as it says */
		if (!loki_terms_window(old, i, &window) || !loki_window_possible(state, &window))
		{
			use_pages(&writer->pages[TERM_PAGES].space, 0, state->arrays[LOKI_SLOTS_TERM].npages);
			use_pages(&writer->pages[POSTING_PAGES].space, 0, state->arrays[LOKI_SLOTS_POSTING].npages);
			continue;
		}
		use_pages(&writer->pages[TERM_PAGES].space, window.term_page,
				  loki_pages_of(state, LOKI_SLOTS_TERM, window.terms));
		use_pages(&writer->pages[POSTING_PAGES].space, window.posting_page,
				  loki_pages_of(state, LOKI_SLOTS_POSTING, window.postings));
	}
	for (int i = 0; i < lengthof(writer->pages); i++)
		for (uint32 j = 0; j < writer->pages[i].space.n; j++)
			writer->pages[i].space.old += writer->pages[i].space.used[j].end - writer->pages[i].space.used[j].first;
}

/* Write the page that has been filled, unless it is empty. */
static bool
flush_page(LokiTermWriter *writer, int i)
{
	if (writer->pages[i].n == 0)
		return true;
	if (!loki_derived_write(writer->state, writer->index, writer->pages[i].array,
							writer->pages[i].ordinal, writer->pages[i].slots,
							writer->pages[i].n, 0))
		return false;
	writer->pages[i].ordinal++;
	writer->pages[i].n = 0;
	return true;
}

/* Add a slot to the page that is being filled of an array, and write the page when it is full. */
static bool
add_slot(LokiTermWriter *writer, int i, const void *slot)
{
	const LokiSlotArray *slots = &writer->state->arrays[writer->pages[i].array];

	Assert(writer->pages[i].n < slots->per_page);
	memcpy(writer->pages[i].slots + (Size) writer->pages[i].n * slots->slot_size, slot,
		   slots->slot_size);
	return ++writer->pages[i].n < slots->per_page || flush_page(writer, i);
}

/* Write the lengths of a window's documents, of which n have entries: they are not empty. */
static bool
write_lengths(LokiTermWriter *writer, LokiWindowData *window, const LokiTermEntry *entries, uint32 n)
{
	LokiTermData list = {LOKI_LENGTH_TERM, window->postings, window->nodes, 0, 0};
	uint32		next = 0;

	for (uint32 place = 0; place < window->nodes; place++)
	{
		uint32		length = next < n && entries[next].place == place ? (uint32) entries[next++].weight : 0;

		char		slot[LOKI_POSTING_SIZE] = {(char) length, (char) (length >> 8), (char) (length >> 16)};

		Assert(length < 1 << 24);
		if (!add_slot(writer, POSTING_PAGES, slot))
			return false;
	}
	Assert(next == n);
	window->postings += window->nodes;
	window->terms++;
	return add_slot(writer, TERM_PAGES, &list);
}

/* Write a list, of the n entries of a term. */
static bool
write_list(LokiTermWriter *writer, LokiWindowData *window, const LokiTermEntry *entries, uint32 n)
{
	LokiTermData list = {entries[0].term, window->postings, n, entries[0].weight, 0};
	float		most = entries[0].weight;

	if (list.term == LOKI_LENGTH_TERM)
		return write_lengths(writer, window, entries, n);
	for (uint32 i = 1; i < n; i++)
	{
		Assert(entries[i].term == list.term && entries[i].place > entries[i - 1].place);
		list.least = Min(list.least, entries[i].weight);
		most = Max(most, entries[i].weight);
	}
	/*
	 * Rounded up, so that the last step reaches the greatest weight.  In double,
	 * as the difference of two floats may overflow.
	 */
	if (most > list.least)
		list.step = nextafterf((float) (((double) most - list.least) / LOKI_POSTING_STEPS), FLT_MAX);
	if (!add_slot(writer, TERM_PAGES, &list))
		return false;
	for (uint32 i = 0; i < n; i++)
	{
		uint16		place = (uint16) entries[i].place;
		double		steps = list.step > 0 ?
			ceil(((double) entries[i].weight - list.least) / list.step) : 0;
		char		posting[LOKI_POSTING_SIZE];

		memcpy(posting, &place, sizeof(place));
		posting[2] = (char) (uint8) Max(0, Min(steps, LOKI_POSTING_STEPS));
		if (!add_slot(writer, POSTING_PAGES, posting))
			return false;
	}
	window->postings += n;
	window->terms++;
	return true;
}

/* Add a window, whose lists are in pages.  See derived.h. */
void
loki_terms_keep(LokiTermWriter *writer, const LokiWindowData *window)
{
	writer->written = loki_grow(CurrentMemoryContext, writer->written, &writer->allocated,
								writer->windows + 1, 16, sizeof(LokiWindowData));
	writer->written[writer->windows++] = *window;
}

/*
 * Write the lists of a window, on pages that no window has.  See derived.h.  They are counted first, so
 * that the pages can be chosen.
 */
bool
loki_terms_write(LokiTermWriter *writer, const LokiWindowData *of, const LokiTermEntry *entries,
				 uint32 n)
{
	LokiWindowData window = *of;
	uint32		terms = 0;
	uint32		postings = n;

	Assert(window.nodes <= LOKI_WINDOW_NODES);
	for (uint32 i = 0; i < n; i++)
		terms += i == 0 || entries[i].term != entries[i - 1].term;
	/* lengths come last, and each node has one */
	for (uint32 i = n; i > 0 && entries[i - 1].term == LOKI_LENGTH_TERM; i--)
		postings--;
	if (postings < n)
		postings += window.nodes;
	window.term_page = take_pages(&writer->pages[TERM_PAGES].space,
								  loki_pages_of(writer->state, LOKI_SLOTS_TERM, terms));
	window.posting_page = take_pages(&writer->pages[POSTING_PAGES].space,
									 loki_pages_of(writer->state, LOKI_SLOTS_POSTING, postings));
	writer->pages[TERM_PAGES].ordinal = window.term_page;
	writer->pages[POSTING_PAGES].ordinal = window.posting_page;
	window.terms = window.postings = 0;
	for (uint32 i = 0; i < n;)
	{
		uint32		end = i;

		Assert(i == 0 || entries[i - 1].term < entries[i].term);
		while (end < n && entries[end].term == entries[i].term)
			end++;
		CHECK_FOR_INTERRUPTS();
		if (!write_list(writer, &window, entries + i, end - i))
			return false;
		i = end;
	}
	Assert(window.terms == terms && window.postings == postings);
	loki_terms_keep(writer, &window);
	return flush_page(writer, TERM_PAGES) && flush_page(writer, POSTING_PAGES);
}

/* Write the windows.  See derived.h. */
bool
loki_terms_write_end(LokiTermWriter *writer, LokiTermListsData *data)
{
	bool		written = true;

	data->windows = writer->windows;
	data->page = take_pages(&writer->pages[WINDOW_PAGES].space,
							loki_pages_of(writer->state, LOKI_SLOTS_WINDOW, writer->windows));
	writer->pages[WINDOW_PAGES].ordinal = data->page;
	for (uint32 i = 0; i < writer->windows && written; i++)
		written = add_slot(writer, WINDOW_PAGES, &writer->written[i]);
	written = written && flush_page(writer, WINDOW_PAGES);
	for (int i = 0; i < lengthof(writer->pages); i++)
	{
		pfree(writer->pages[i].slots);
		if (writer->pages[i].space.used != NULL)
			pfree(writer->pages[i].space.used);
	}
	if (writer->written != NULL)
		pfree(writer->written);
	return written;
}
