/*-------------------------------------------------------------------------
 *
 * side_array.c
 *	  lokivector_check(): reading side arrays, and reporting their faults.
 *
 * Vacuum may make side arrays anew meanwhile.  A fault counts only if the metapage says
 * afterwards that they are still the same.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/side_array.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/check/check.h"
#include "hnsw/filter/side_array.h"
#include "hnsw/page/page.h"
#include "utils/memutils.h"

/* Remember the first fault. */
void
loki_check_side_fault(LokiSideCheck *side, int array, uint32 number, const char *fault)
{
	if (side->fault != NULL)
		return;
	side->fault = fault;
	side->fault_array = array;
	side->number = number;
}

/* ERROR for a fault, if the arrays are still the same.  No page may be locked. */
void
loki_check_side_report(LokiCheck *check, LokiSideCheck *side)
{
	LokiMetaPageData meta;

	if (side->fault == NULL)
		return;
	loki_check_meta(check, &meta);
	if (loki_side_same(&meta, side->flag, side->generation))
		ereport(ERROR,
				(errcode(ERRCODE_INDEX_CORRUPTED),
				 errmsg("slot %u of the %s array of index \"%s\" %s",
						side->number, loki_slot_array_name(side->fault_array),
						RelationGetRelationName(check->index), side->fault)));
	side->fault = NULL;
}

static void
read_slot(LokiCheck *check, uint32 number, const char *slot)
{
	LokiSideCheck *side = check->slot_state;

	/* slots after the end are left from earlier arrays */
	if (number >= side->wanted)
		return;
	side->found++;
	memcpy(side->slots + (Size) number * side->slot_size, slot, side->slot_size);
}

/*
 * Check the pages of an array, and copy its first n slots to memory that the caller frees,
 * with a word after them.  If the array ends before, the rest is zero, and side->found is less
 * than n.  If n is damaged, such that the slots would be more bytes than the whole index, none
 * is copied, and that is a fault: the caller may read slots only if there is none.
 */
char *
loki_check_side_read(LokiCheck *check, LokiSideCheck *side, int array, uint32 n)
{
	uint32		slot_size = check->state->arrays[array].slot_size;
	bool		possible = mul_size(n, slot_size) <=
		mul_size(RelationGetNumberOfBlocks(check->index), BLCKSZ);
	uint32		slots;

	side->wanted = possible ? n : 0;
	side->found = 0;
	side->slot_size = slot_size;
	side->slots = MemoryContextAllocExtended(CurrentMemoryContext,
											 add_size(mul_size(side->wanted, slot_size),
													  sizeof(uint64)),
											 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	check->slot_state = side;
	slots = loki_check_slot_array(check, array, read_slot);
	if (!possible)
		loki_check_side_fault(side, array, slots, "is missing");
	return side->slots;
}

/* The same for n slots that must exist */
char *
loki_check_side_read_all(LokiCheck *check, LokiSideCheck *side, int array, uint32 n)
{
	char	   *slots = loki_check_side_read(check, side, array, n);

	if (side->found < n)
		loki_check_side_fault(side, array, side->found, "is missing");
	return slots;
}
