/*-------------------------------------------------------------------------
 *
 * brief.c
 *	  lokivector_check(): the brief codes of sorted lists.
 *
 * Each is made of the code of the node that the list has in its place, the same on every
 * processor.  A node whose ID was reused has another code by now, which REUSED says.  So
 * REUSED is read last.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/brief.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/grow.h"
#include "hnsw/check/check.h"
#include "hnsw/filter/sorted_list.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "utils/memutils.h"

/* A brief code that is not made of its node's code */
typedef struct Unlike
{
	uint32		place;
	uint32		node;
} Unlike;

typedef struct BriefCheck
{
	LokiSideCheck side;
	LokiSortedListsData lists;
	uint32		begin;			/* nodes of this round ... */
	uint32		end;
	char	   *codes;			/* ... and their brief codes */
	Unlike	   *unlike;
	uint32		n;
	uint64		allocated;
} BriefCheck;

/* Note places of a page whose brief code is not what their node's code makes. */
static void
compare_codes(LokiCheck *check, BriefCheck *brief, const char *blocks, uint32 first, uint32 n,
			  const uint32 *nodes)
{
	uint32		size = check->state->brief->code_size;
	char		code[LOKI_BRIEF_SIZE];

	Assert(size <= sizeof(code));
	for (uint32 i = 0; i < n; i++)
	{
		loki_brief_get(size, blocks + (Size) (i / LOKI_BRIEF_BLOCK) * size * LOKI_BRIEF_BLOCK,
					   i % LOKI_BRIEF_BLOCK, code);
		if (nodes[i] < brief->begin || nodes[i] >= brief->end ||
			memcmp(code, brief->codes + (Size) (nodes[i] - brief->begin) * size, size) == 0)
			continue;
		brief->unlike = loki_grow(CurrentMemoryContext, brief->unlike, &brief->allocated,
								  (uint64) brief->n + 1, 64, sizeof(Unlike));
		brief->unlike[brief->n++] = (Unlike)
		{
			first + i, nodes[i]
		};
	}
}

/* Compare the brief codes of a page with what they are made of.  False if it is not in use. */
static bool
compare_page(LokiCheck *check, BriefCheck *brief, int attribute, uint32 ordinal)
{
	int			array = LOKI_SLOTS_BRIEF + attribute;
	const LokiSlotArray *slots = &check->state->arrays[array];
	uint32		first = ordinal * slots->per_page * LOKI_BRIEF_BLOCK;
	uint32		n = Min(slots->per_page * LOKI_BRIEF_BLOCK,
						brief->lists.listed[attribute] - first);
	uint32		nodes[LOKI_PAGE_PAYLOAD / sizeof(uint64)];
	PGAlignedBlock copy;
	Buffer		buffer;
	int			used;
	Page		page = loki_brief_page_lock(check->state, check->index, array, ordinal,
											brief->lists.generation, &buffer, &used);

	Assert(n <= lengthof(nodes));
	if (page == NULL)
		return false;
	memcpy(copy.data, LokiPageSlot(page, slots->slot_size, 0), (Size) used * slots->slot_size);
	UnlockReleaseBuffer(buffer);
	if ((uint32) used < loki_brief_blocks(n))
	{
		loki_check_side_fault(&brief->side, array, ordinal * slots->per_page + used, "is missing");
		return true;
	}
	/* of lists that were made anew meanwhile there is nothing to say */
	if (loki_entries_read(check->state, check->index, LOKI_SLOTS_SORTED + attribute, first, n,
						  loki_sorted_list_width(brief->lists.end), nodes))
		compare_codes(check, brief, copy.data, first, n, nodes);
	return true;
}

/* A code that differs is a fault if its node is live, and was not reused. */
static void
judge_unlike(LokiCheck *check, BriefCheck *brief, int attribute)
{
	LokiNodeBits reused;

	loki_bits_read(check->state, check->index, LOKI_SLOTS_REUSED, brief->lists.end, &reused);
	for (uint32 i = 0; i < brief->n; i++)
		if (brief->unlike[i].node < check->nodes &&
			loki_check_is_live(check->node[brief->unlike[i].node] & LOKI_CHECK_STATE) &&
			!loki_bits_have(&reused, brief->unlike[i].node))
			loki_check_side_fault(&brief->side, LOKI_SLOTS_BRIEF + attribute,
								  brief->unlike[i].place / LOKI_BRIEF_BLOCK,
								  "is not made of the codes of its nodes");
	loki_bits_release(&reused);
}

/* Whether a list has brief codes now */
static bool
has_brief(LokiCheck *check, const BriefCheck *brief)
{
	for (int i = 0; i < check->state->nattributes; i++)
	{
		int			array = LOKI_SLOTS_BRIEF + i;
		Buffer		buffer;
		int			used;

		if (check->state->arrays[array].npages > 0 &&
			loki_brief_page_lock(check->state, check->index, array, 0,
								 brief->lists.generation, &buffer, &used) != NULL)
		{
			UnlockReleaseBuffer(buffer);
			return true;
		}
	}
	return false;
}

static void
check_attribute(LokiCheck *check, BriefCheck *brief, int attribute)
{
	int			array = LOKI_SLOTS_BRIEF + attribute;
	uint32		per_page = check->state->arrays[array].per_page * LOKI_BRIEF_BLOCK;
	uint32		listed = brief->lists.listed[attribute];

	if (listed == LOKI_NONE || listed == 0 || check->state->arrays[array].npages == 0)
		return;
	brief->n = 0;
	for (uint32 ordinal = 0; ordinal <= (listed - 1) / per_page; ordinal++)
	{
		CHECK_FOR_INTERRUPTS();
		if (compare_page(check, brief, attribute, ordinal))
			continue;
		if (ordinal > 0)
			loki_check_side_fault(&brief->side, array, ordinal * per_page / LOKI_BRIEF_BLOCK,
								  "is of other lists than those before it");
		break;
	}
	judge_unlike(check, brief, attribute);
	loki_check_side_report(check, &brief->side);
}

/* Nodes whose brief codes fit into maintenance_work_mem, a page of them at least */
static uint32
nodes_at_once(const LokiCheck *check)
{
	double		nodes = maintenance_work_mem * 1024.0 / check->state->brief->code_size;

	return (uint32) Max(Min(nodes, LOKI_MAX_NUMBER), 1024);
}

/* Check the brief codes of all sorted lists; loki_check_nodes() has run. */
void
loki_check_brief(LokiCheck *check)
{
	LokiMetaPageData meta;
	BriefCheck	brief = {.side.flag = LOKI_META_SORTED_LISTS};
	uint32		end;

	Assert(check->node != NULL);
	if (check->state->brief == NULL)
		return;
	loki_check_meta(check, &meta);
	loki_index_refresh(check->state, check->index);
	brief.lists = meta.sorted_lists;
	brief.side.generation = meta.sorted_lists.generation;
	for (int i = 0; i < check->state->nattributes; i++)
		loki_check_slot_array(check, LOKI_SLOTS_BRIEF + i, NULL);
	end = (meta.flags & LOKI_META_SORTED_LISTS) != 0 && has_brief(check, &brief) ?
		brief.lists.end : 0;
	while (brief.end < end)
	{
		brief.begin = brief.end;
		brief.end += Min(end - brief.end, nodes_at_once(check));
		brief.codes = loki_brief_codes(check->state, check->index, brief.begin, brief.end);
		for (int i = 0; i < check->state->nattributes; i++)
			check_attribute(check, &brief, i);
		pfree(brief.codes);
	}
}
