/*-------------------------------------------------------------------------
 *
 * hnswposting.c
 *	  Postings: the nodes in the order of an attribute, so that those of few
 *	  matches need not be looked for among all.
 *
 * POSTING of an attribute has the numbers of all nodes up to some end, in the
 * order of their values, NULLs first; FENCE has the value of each
 * LOKI_FENCE_STEP-th of them.  Both are made by a build and made anew by vacuum.
 * In between nothing in them changes: nodes from that end on are read one by
 * one, numbers below that were used again are noted in RENEWED, and whatever is
 * listed is looked up in ATTR, as it may be another node by now.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswposting.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "hnsw/hnswposting.h"
#include "hnsw/hnswrecord.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "storage/lmgr.h"
#include "utils/memutils.h"

/* With so few values no one of them is rare enough for a list */
#define FEW_VALUES		32

/* Lists are made anew when so many nodes are not in them, or such a share */
#define STALE_NODES		1000
#define STALE_SHARE		0.02

/* Bits by which lists are sorted at once */
#define RADIX_BITS		8
#define RADIX			(1 << RADIX_BITS)

/* A value with the sign bit inverted, and its node */
typedef struct Entry
{
	uint64		value;
	uint32		node;
} Entry;

static inline uint64
value_of_number(int64 number)
{
	return (uint64) number ^ (UINT64CONST(1) << 63);
}

/* ----------------------------------------------------------------
 * Making them
 * ----------------------------------------------------------------
 */

/* Change what the metapage says of postings. */
static void
write_meta(Relation index, bool valid, const LokiPostingsData *postings)
{
	Buffer		buffer = ReadBuffer(index, LOKI_META_BLKNO);
	GenericXLogState *xlog;
	LokiMetaPage meta;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	xlog = GenericXLogStart(index);
	meta = LokiPageGetMeta(GenericXLogRegisterBuffer(xlog, buffer, 0));
	meta->flags &= ~LOKI_META_POSTINGS;
	if (valid)
		meta->flags |= LOKI_META_POSTINGS;
	meta->postings = *postings;
	GenericXLogFinish(xlog);
	UnlockReleaseBuffer(buffer);
}

/* Write the slots of a page of a family, which has no others then. */
static void
write_page(LokiIndex *state, Relation index, int family, uint32 ordinal,
		   const char *slots, uint32 n)
{
	LokiFamily *fam = &state->families[family];
	Buffer		buffer;
	Page		page;
	GenericXLogState *xlog;

	loki_ensure_slot(state, index, family, ordinal * fam->per_page);
	buffer = loki_buffer_read(state, index, loki_page_block(fam, ordinal));
	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	loki_page_check(index, buffer, BufferGetPage(buffer), family, ordinal);
	xlog = GenericXLogStart(index);
	page = GenericXLogRegisterBuffer(xlog, buffer, GENERIC_XLOG_FULL_IMAGE);
	if (slots != NULL)
		memcpy(LokiPageSlot(page, fam->slot_size, 0), slots, n * fam->slot_size);
	else
		memset(LokiPageSlot(page, fam->slot_size, 0), 0, n * fam->slot_size);
	((PageHeader) page)->pd_lower = SizeOfPageHeaderData + n * fam->slot_size;
	GenericXLogFinish(xlog);
	UnlockReleaseBuffer(buffer);
}

/* Write n slots of a family, from slot 0 on. */
static void
write_slots(LokiIndex *state, Relation index, int family, const char *slots, uint32 n)
{
	LokiFamily *fam = &state->families[family];

	for (uint32 i = 0; i < n; i += fam->per_page)
	{
		CHECK_FOR_INTERRUPTS();
		write_page(state, index, family, i / fam->per_page,
				   slots ? slots + (Size) i * fam->slot_size : NULL,
				   Min(fam->per_page, n - i));
	}
}

/*
 * Read an attribute of the nodes below `end`: NULLs to nulls[], the others to
 * entries[], both by node.  What is past the used part is left out.
 */
static uint32
read_values(LokiIndex *state, Relation index, int attribute, uint32 end,
			Entry *entries, uint32 *nulls, uint32 *nnulls)
{
	int			number = LOKI_FAMILY_ATTR + attribute;
	LokiFamily *family = &state->families[number];
	uint32		n = 0;

	*nnulls = 0;
	for (uint32 ordinal = 0; ordinal < family->npages && ordinal * family->per_page < end;
		 ordinal++)
	{
		Buffer		buffer = loki_buffer_read(state, index, loki_page_block(family, ordinal));
		Page		page = BufferGetPage(buffer);
		uint32		first = ordinal * family->per_page;
		uint32		used;

		CHECK_FOR_INTERRUPTS();
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		loki_page_check(index, buffer, page, number, ordinal);
		used = Min((uint32) LokiPageUsed(page, family->slot_size), end - first);
		for (uint32 i = 0; i < used; i++)
		{
			const char *slot = LokiPageSlot(page, family->slot_size, i);

			if (slot[0] == LOKI_ATTR_NULL)
				nulls[(*nnulls)++] = first + i;
			else
			{
				entries[n].value = value_of_number(loki_attr_number(family->slot_size - 1, slot));
				entries[n++].node = first + i;
			}
		}
		UnlockReleaseBuffer(buffer);
	}
	return n;
}

/*
 * Sort by value, and nodes of equal values by number, as they come: least
 * significant digits first.  The result is in one of the two arrays.
 */
static Entry *
sort_entries(Entry *from, Entry *to, uint32 n)
{
	for (int shift = 0; shift < 64; shift += RADIX_BITS)
	{
		uint32		starts[RADIX] = {0};
		uint32		sum = 0;
		Entry	   *swap = from;
		bool		same = true;

		for (uint32 i = 0; i < n; i++)
		{
			starts[(from[i].value >> shift) % RADIX]++;
			same = same && ((from[i].value ^ from[0].value) >> shift) % RADIX == 0;
		}
		if (same)
			continue;
		for (int digit = 0; digit < RADIX; digit++)
		{
			uint32		count = starts[digit];

			starts[digit] = sum;
			sum += count;
		}
		for (uint32 i = 0; i < n; i++)
			to[starts[(from[i].value >> shift) % RADIX]++] = from[i];
		from = to;
		to = swap;
		CHECK_FOR_INTERRUPTS();
	}
	return from;
}

/* Whether there are so few values that a list of nodes is of no use */
static bool
few_values(const Entry *entries, uint32 n)
{
	uint32		values = 0;

	for (uint32 i = 0; i < n && values <= FEW_VALUES; i++)
		values += i == 0 || entries[i].value != entries[i - 1].value;
	return values <= FEW_VALUES;
}

/* Make the lists of an attribute. */
static void
make_attribute(LokiIndex *state, Relation index, int attribute, Entry *entries,
			   Entry *scratch, LokiPostingsData *postings)
{
	uint32	   *nodes = palloc_extended(mul_size(sizeof(uint32), postings->end + 1),
										MCXT_ALLOC_HUGE);
	uint32		nnulls;
	uint32		n = read_values(state, index, attribute, postings->end, entries, nodes,
								&nnulls);
	uint32		total = nnulls + n;
	Entry	   *sorted = sort_entries(entries, scratch, n);
	int64	   *fences;

	postings->listed[attribute] = LOKI_NONE;
	if (!few_values(sorted, n))
	{
		fences = palloc_extended(mul_size(sizeof(int64), total / LOKI_FENCE_STEP + 1),
								 MCXT_ALLOC_HUGE);
		for (uint32 i = 0; i < n; i++)
			nodes[nnulls + i] = sorted[i].node;
		for (uint32 i = 0; i < total; i += LOKI_FENCE_STEP)
			fences[i / LOKI_FENCE_STEP] = i < nnulls ? PG_INT64_MIN :
				(int64) value_of_number((int64) sorted[i - nnulls].value);
		write_slots(state, index, LOKI_FAMILY_POSTING + attribute, (char *) nodes, total);
		write_slots(state, index, LOKI_FAMILY_FENCE + attribute, (char *) fences,
					(total + LOKI_FENCE_STEP - 1) / LOKI_FENCE_STEP);
		postings->listed[attribute] = total;
		postings->nulls[attribute] = nnulls;
		pfree(fences);
	}
	pfree(nodes);
}

/*
 * Make all lists anew.  Scans leave them alone meanwhile.
 *
 * An insert that uses a number again notes that in RENEWED if the metapage, as it
 * saw it when it began, says that the number is below the end.  What is noted is
 * forgotten before the metapage names the new end, and inserts that began before
 * that are waited for: so each has either written its attributes by then, or
 * notes its number afterwards.
 */
static void
make_postings(LokiIndex *state, Relation index, LokiPostingsData *postings)
{
	uint32		end;
	Entry	   *entries;
	Entry	   *scratch;

	write_meta(index, false, postings);
	end = loki_node_end(state, index);
	write_slots(state, index, LOKI_FAMILY_RENEWED, NULL,
				Max(end, postings->end) / LOKI_RENEWED_NODES + 1);
	postings->end = end;
	write_meta(index, false, postings);

	LockPage(index, LOKI_INSERT_LOCK, ExclusiveLock);
	UnlockPage(index, LOKI_INSERT_LOCK, ExclusiveLock);
	loki_index_refresh(state, index);

	entries = palloc_extended(mul_size(sizeof(Entry), end + 1), MCXT_ALLOC_HUGE);
	scratch = palloc_extended(mul_size(sizeof(Entry), end + 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < state->nattributes; i++)
		if (state->families[LOKI_FAMILY_POSTING + i].slot_size > 0)
			make_attribute(state, index, i, entries, scratch, postings);
		else
			postings->listed[i] = LOKI_NONE;
	postings->generation++;
	write_meta(index, true, postings);
	pfree(entries);
	pfree(scratch);
}

/* Numbers below the end that were used again, at most */
static double
count_renewed(const uint64 *words, uint32 nwords)
{
	return (double) LOKI_RENEWED_UNIT *
		pg_popcount((const char *) words, (int) (nwords * sizeof(uint64)));
}

/* Copy RENEWED out, for numbers below an end. */
uint64 *
loki_postings_renewed(LokiIndex *state, Relation index, uint32 end, uint32 *nwords)
{
	LokiFamily *family = &state->families[LOKI_FAMILY_RENEWED];
	uint64	   *words;

	*nwords = end / LOKI_RENEWED_NODES + 1;
	words = palloc0(mul_size(sizeof(uint64), *nwords));
	for (uint32 i = 0; i < *nwords; i += family->per_page)
	{
		uint32		ordinal = i / family->per_page;
		Buffer		buffer;
		Page		page;
		uint32		used;

		if (ordinal >= family->npages)
			loki_index_refresh(state, index);
		if (ordinal >= family->npages)
			break;
		buffer = loki_buffer_read(state, index, loki_page_block(family, ordinal));
		page = BufferGetPage(buffer);
		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		loki_page_check(index, buffer, page, LOKI_FAMILY_RENEWED, ordinal);
		used = Min((uint32) LokiPageUsed(page, sizeof(uint64)), *nwords - i);
		memcpy(words + i, LokiPageSlot(page, sizeof(uint64), 0), used * sizeof(uint64));
		UnlockReleaseBuffer(buffer);
	}
	return words;
}

/*
 * Make lists where there are none, or too many nodes are not in them, if they
 * can be sorted in maintenance_work_mem.
 */
void
loki_postings_make(Relation index)
{
	LokiMetaPageData meta;
	LokiIndex  *state = loki_index_open(index, &meta);
	LokiPostingsData *postings = &meta.postings;
	uint32		end;
	uint32		nwords;
	double		stale;

	if (state->nattributes == 0)
		return;
	loki_index_refresh(state, index);
	end = loki_node_end(state, index);
	if (end < STALE_NODES)
		return;
	if (meta.flags & LOKI_META_POSTINGS)
	{
		uint64	   *words = loki_postings_renewed(state, index, postings->end, &nwords);

		stale = (double) end - postings->end + count_renewed(words, nwords);
		pfree(words);
		if (stale < STALE_NODES || stale < STALE_SHARE * end)
			return;
	}
	if ((2 * sizeof(Entry) + sizeof(uint32)) * (double) end >
		maintenance_work_mem * (double) 1024)
	{
		ereport(DEBUG1,
				(errmsg_internal("maintenance_work_mem is too small to sort the attributes of index \"%s\"",
								 RelationGetRelationName(index))));
		return;
	}
	make_postings(state, index, postings);
}

/*
 * Note that a number is used again, before its node is live.  The page lock of
 * inserts is held, under which the metapage was read.
 */
void
loki_postings_renew(LokiIndex *state, Relation index, const LokiMetaPageData *meta,
					uint32 node)
{
	uint32		place;
	uint64		word;
	uint64		bit = UINT64CONST(1) << (node % LOKI_RENEWED_NODES / LOKI_RENEWED_UNIT);
	Buffer		buffer;
	LokiRecord	record;

	if (node >= meta->postings.end)
		return;
	buffer = loki_slot_lock(state, index, LOKI_FAMILY_RENEWED, node / LOKI_RENEWED_NODES,
							&place);
	memcpy(&word, LokiPageSlot(BufferGetPage(buffer), sizeof(word), place), sizeof(word));
	if ((word & bit) == 0)
	{
		word |= bit;
		loki_record_begin(&record, index);
		loki_record_slot(&record, loki_record_page(&record, buffer), sizeof(word), place, &word);
		loki_record_finish(&record);
	}
	UnlockReleaseBuffer(buffer);
}

/* ----------------------------------------------------------------
 * Looking up
 * ----------------------------------------------------------------
 */

/*
 * The first fence whose number is not less than `number`, or is greater, if
 * `after` says so.
 */
static uint32
find_fence(LokiIndex *state, Relation index, int attribute, uint32 listed,
		   int64 number, bool after)
{
	uint32		low = 0;
	uint32		high = (listed + LOKI_FENCE_STEP - 1) / LOKI_FENCE_STEP;

	while (low < high)
	{
		uint32		middle = low + (high - low) / 2;
		int64		fence;

		loki_slots_copy(state, index, LOKI_FAMILY_FENCE + attribute, &middle, 1,
						!RecoveryInProgress(), (char *) &fence);
		if (fence < number || (after && fence == number))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Add the places of the values from low to high, and a few around them. */
static void
add_range(LokiLookup *lookup, int attribute, int64 low, int64 high)
{
	uint32		listed = lookup->postings.listed[attribute];
	uint32		nulls = lookup->postings.nulls[attribute];
	uint32		first = find_fence(lookup->state, lookup->index, attribute, listed, low, false);
	uint32		end = find_fence(lookup->state, lookup->index, attribute, listed, high, true);
	LokiPlaces *places;

	first = Max(nulls, first > 0 ? (first - 1) * LOKI_FENCE_STEP : 0);
	end = Min(listed, end * LOKI_FENCE_STEP);

	/* values next to each other share what is between two fences */
	if (lookup->nplaces > 0)
		first = Max(first, lookup->places[lookup->nplaces - 1].end);
	if (first >= end)
		return;
	places = &lookup->places[lookup->nplaces++];
	places->first = first;
	places->end = end;
	lookup->count += end - first;
}

/* qsort: ascending */
static int
compare_numbers(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* Places of the values that may pass a key; false if lists are of no use. */
static bool
find_key(LokiLookup *lookup, const LokiFilterKey *key)
{
	int64		set[LOKI_LOOKUP_PLACES];

	lookup->attribute = key->attribute;
	lookup->nplaces = 0;
	lookup->count = 0;
	if (lookup->postings.listed[key->attribute] == LOKI_NONE)
		return false;
	switch ((LokiFilterKind) key->kind)
	{
		case LOKI_FILTER_RANGE:
			add_range(lookup, key->attribute, key->lo, (int64) ((uint64) key->lo + key->span));
			return true;
		case LOKI_FILTER_SET:
			if (key->n > LOKI_LOOKUP_PLACES)
				return false;
			memcpy(set, key->set, sizeof(int64) * key->n);
			qsort(set, key->n, sizeof(int64), compare_numbers);
			for (int i = 0; i < key->n; i++)
				add_range(lookup, key->attribute, set[i], set[i]);
			return true;
		case LOKI_FILTER_ISNULL:
			if (lookup->postings.nulls[key->attribute] > 0)
			{
				lookup->nplaces = 1;
				lookup->places[0].first = 0;
				lookup->places[0].end = lookup->postings.nulls[key->attribute];
				lookup->count = lookup->places[0].end;
			}
			return true;
		default:
			return false;
	}
}

/*
 * Find the shortest list that has all nodes that pass a filter, but for those
 * that the lists do not know; false if there is none.
 */
bool
loki_lookup_begin(LokiLookup *lookup, LokiIndex *state, Relation index,
				  const LokiMetaPageData *meta, const LokiNodeFilter *filter)
{
	LokiLookup	best = {.count = -1};

	if ((meta->flags & LOKI_META_POSTINGS) == 0)
		return false;
	lookup->state = state;
	lookup->index = index;
	lookup->postings = meta->postings;
	for (int i = 0; i < filter->ntests; i++)
		if (find_key(lookup, filter->tests[i].key) &&
			(best.count < 0 || lookup->count < best.count))
			best = *lookup;
	if (best.count < 0)
		return false;
	*lookup = best;
	lookup->renewed = loki_postings_renewed(state, index, meta->postings.end, &lookup->nwords);
	lookup->nrenewed = count_renewed(lookup->renewed, lookup->nwords);
	return true;
}

/* Copy numbers from a list out, as many as its page has from there on. */
uint32
loki_lookup_read(LokiLookup *lookup, uint32 place, uint32 end, uint32 *nodes)
{
	int			number = LOKI_FAMILY_POSTING + lookup->attribute;
	LokiFamily *family = &lookup->state->families[number];
	uint32		at;
	uint32		ordinal = loki_slot_page(family, place, &at);
	uint32		n = 0;
	Buffer		buffer;
	Page		page;

	if (ordinal >= family->npages)
		loki_index_refresh(lookup->state, lookup->index);
	if (ordinal >= family->npages)
		return 0;
	buffer = loki_buffer_read(lookup->state, lookup->index, loki_page_block(family, ordinal));
	page = BufferGetPage(buffer);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	loki_page_check(lookup->index, buffer, page, number, ordinal);
	if ((int) at < LokiPageUsed(page, sizeof(uint32)))
	{
		n = Min((uint32) LokiPageUsed(page, sizeof(uint32)) - at, end - place);
		memcpy(nodes, LokiPageSlot(page, sizeof(uint32), at), n * sizeof(uint32));
	}
	UnlockReleaseBuffer(buffer);
	return n;
}

/* Whether what was read were lists that belong together */
bool
loki_lookup_valid(const LokiLookup *lookup)
{
	LokiMetaPageData meta;

	loki_meta_read(lookup->index, &meta);
	return (meta.flags & LOKI_META_POSTINGS) != 0 &&
		meta.postings.generation == lookup->postings.generation;
}
