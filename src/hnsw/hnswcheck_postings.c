/*-------------------------------------------------------------------------
 *
 * hnswcheck_postings.c
 *	  lokivector_check(): the lists of nodes in the order of attributes.
 *
 * A vacuum may make them anew meanwhile, so that a fault counts only if the
 * metapage says afterwards that they are still those that were looked at.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswcheck_postings.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/hnswcheck.h"
#include "hnsw/hnswposting.h"
#include "utils/memutils.h"

typedef struct PostingsCheck
{
	LokiPostingsData postings;
	int			family;			/* being checked */
	uint32		entries;		/* that it should have ... */
	uint32		nslots;			/* ... in so many slots */
	int			bits;			/* of an entry of POSTING */
	bool		repeats;		/* a node may be there more than once */
	uint32		slots[LOKI_POSTING_MAX_SLOTS];	/* as far as they were read */
	uint32		found;
	int64		last;			/* fence */
	uint8	   *listed;			/* bitmap of nodes */
	const char *fault;
	uint32		number;			/* slot at fault */
} PostingsCheck;

static void
note_fault(PostingsCheck *lists, const char *fault, uint32 number)
{
	if (lists->fault != NULL)
		return;
	lists->fault = fault;
	lists->number = number;
}

static void
check_entry(PostingsCheck *lists, uint32 node, uint32 number)
{
	if (node >= lists->postings.end)
		note_fault(lists, "names a node that is not to be listed", number);
	else if (!lists->repeats && (lists->listed[node / 8] & (1 << (node % 8))))
		note_fault(lists, "names a node twice", number);
	else
		lists->listed[node / 8] |= 1 << (node % 8);
}

static void
check_posting(LokiCheck *check, uint32 number, const char *slot)
{
	PostingsCheck *lists = check->slot_state;
	uint32		nslots = LokiPostingSlots(lists->bits);
	uint32		first = number / nslots * LOKI_FENCE_STEP;
	uint32		nodes[LOKI_FENCE_STEP];

	/* what is behind the end of a list is left from an earlier one */
	if (number >= lists->nslots)
		return;
	lists->found++;
	memcpy(&lists->slots[number % nslots], slot, sizeof(uint32));
	if ((number + 1) % nslots != 0)
		return;
	loki_posting_unpack(lists->slots, lists->bits, nodes);
	for (uint32 i = 0; i < LOKI_FENCE_STEP && first + i < lists->entries; i++)
		check_entry(lists, nodes[i], number);
}

static void
check_fence(LokiCheck *check, uint32 number, const char *slot)
{
	PostingsCheck *lists = check->slot_state;
	int64		fence;

	if (number >= lists->nslots)
		return;
	lists->found++;
	memcpy(&fence, slot, sizeof(fence));
	if (fence < lists->last)
		note_fault(lists, "is out of order", number);
	lists->last = fence;
}

/* Raise an error for a fault, if the lists are still the same. */
static void
report_fault(LokiCheck *check, PostingsCheck *lists)
{
	LokiMetaPageData meta;

	loki_meta_read(check->index, &meta);
	if (lists->fault != NULL && (meta.flags & LOKI_META_POSTINGS) != 0 &&
		meta.postings.generation == lists->postings.generation)
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("slot %u of the %s array of index \"%s\" %s",
						lists->number, loki_family_name(lists->family),
						RelationGetRelationName(check->index), lists->fault)));
	lists->fault = NULL;
}

static void
check_list(LokiCheck *check, PostingsCheck *lists, int family, uint32 nslots,
		   void (*slot_check) (LokiCheck *check, uint32 number, const char *slot))
{
	lists->family = family;
	lists->nslots = nslots;
	lists->found = 0;
	lists->last = PG_INT64_MIN;
	check->slot_state = lists;
	loki_check_family(check, family, slot_check);
	if (lists->found < nslots)
		note_fault(lists, "is missing", lists->found);
}

/* Every live node is in the list, if RENEWED does not name it. */
static void
check_listed(LokiCheck *check, PostingsCheck *lists)
{
	uint32		nwords;
	uint64	   *renewed = loki_postings_renewed(check->state, check->index,
												lists->postings.end, &nwords);

	for (uint32 node = 0; node < check->nodes && node < lists->postings.end; node++)
		if (loki_check_is_live(check->node[node] & LOKI_CHECK_STATE) &&
			!loki_is_renewed(renewed, node) &&
			!(lists->listed[node / 8] & (1 << (node % 8))))
			note_fault(lists, "does not follow, with a node that is not listed",
					   lists->nslots);
	if (renewed != NULL)
		pfree(renewed);
}

/*
 * Check the lists of all attributes; nodes were collected before.
 */
void
loki_check_postings(LokiCheck *check)
{
	LokiMetaPageData meta;
	PostingsCheck lists = {.fault = NULL};

	loki_meta_read(check->index, &meta);
	loki_index_refresh(check->state, check->index);
	loki_check_family(check, LOKI_FAMILY_RENEWED, NULL);
	lists.postings = meta.postings;
	lists.bits = loki_posting_bits(meta.postings.end);
	lists.listed = MemoryContextAllocExtended(CurrentMemoryContext,
											  (Size) meta.postings.end / 8 + 1,
											  MCXT_ALLOC_HUGE);
	for (int i = 0; i < check->state->nattributes; i++)
	{
		uint32		entries = meta.postings.listed[i];
		uint32		steps;

		if ((meta.flags & LOKI_META_POSTINGS) == 0 || entries == LOKI_NONE)
			entries = 0;
		memset(lists.listed, 0, (Size) meta.postings.end / 8 + 1);
		steps = (entries + LOKI_FENCE_STEP - 1) / LOKI_FENCE_STEP;
		lists.entries = entries;
		lists.repeats = check->state->attr_type[i] == LOKI_ATTR_ARRAY;
		check_list(check, &lists, LOKI_FAMILY_FENCE + i, steps, check_fence);
		report_fault(check, &lists);
		check_list(check, &lists, LOKI_FAMILY_POSTING + i,
				   steps * LokiPostingSlots(lists.bits), check_posting);
		if (entries > 0)
			check_listed(check, &lists);
		report_fault(check, &lists);
	}
	pfree(lists.listed);
}
