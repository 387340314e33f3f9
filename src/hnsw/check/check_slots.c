/*-------------------------------------------------------------------------
 *
 * check_slots.c
 *	  lokivector_check: what the slots of single nodes contain.
 *
 * The TID array is read first and says which nodes there are.  The other arrays are checked
 * for nodes that were in the graph then.  A node that fails is looked at again, since vacuum
 * may have freed it and an insert may be filling it again.
 *
 * IDENTIFICATION
 *	  src/hnsw/check/check_slots.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/check/check.h"
#include "hnsw/definition/attribute.h"
#include "miscadmin.h"

/* ----------------------------------------------------------------
 * Slots, as loki_check_slot_array() hands them out
 * ----------------------------------------------------------------
 */

/* A TID or NULLTID slot.  Vacuum frees slots of NULLTID at once, so none is dead or a list. */
static void
check_tid(LokiCheck *check, int array, uint32 number, const char *slot)
{
	const LokiTidData *tid = (const LokiTidData *) slot;
	int			state = LokiTidState(tid);
	uint16		flags = array == LOKI_SLOTS_NULLTID ? LOKI_TID_ZERO_NORM :
		state == LOKI_TID_LIVE ? LOKI_TID_LINKING | LOKI_TID_NEW :
		state == LOKI_TID_LIST || state == LOKI_TID_KILLED ? LOKI_TID_NEW : 0;
	const char *fault = NULL;

	Assert(array == LOKI_SLOTS_TID || array == LOKI_SLOTS_NULLTID);
	if ((tid->state & ~(LOKI_TID_STATE_MASK | flags)) != 0 ||
		state > (array == LOKI_SLOTS_NULLTID ? LOKI_TID_KILLED : LOKI_TID_LIST))
		fault = "state";
	else if ((state == LOKI_TID_RESERVED || state == LOKI_TID_LIVE ||
			  state == LOKI_TID_KILLED) && !ItemPointerIsValid(&tid->u.heap))
		fault = "heap TID";

	if (fault != NULL)
		loki_check_fault(check, psprintf(array == LOKI_SLOTS_NULLTID ? "row without vector %u" : "node %u", number),
						 loki_check_where(check, array, number), "has an invalid %s", fault);
}

/*
 * A TID slot, whose state is noted in check->node.  Of the value in the TOAST table that it names it has both parts or
 * none; where that lies is a hint, and not checked.
 */
static void
check_node_tid(LokiCheck *check, int array, uint32 number, const char *slot)
{
	const LokiTidData *tid = (const LokiTidData *) slot;

	/* check->node was allocated for these pages */
	Assert(loki_slot_has_page(check->state, LOKI_SLOTS_TID, number));
	check_tid(check, array, number, slot);
	if (check->state->arrays[LOKI_SLOTS_TID].slot_size == LOKI_TID_LONG &&
		(OidIsValid(LokiTidValue(tid)) != ItemPointerIsValid(&tid->chunk) ||
		 (OidIsValid(LokiTidValue(tid)) && LokiTidState(tid) == LOKI_TID_FREE)))
		loki_check_fault(check, psprintf("node %u", number), loki_check_where(check, LOKI_SLOTS_TID, number),
						 "has an invalid value in the TOAST table");
	check->node[number] = LokiTidState(tid) |
		(tid->state & LOKI_TID_LINKING ? LOKI_CHECK_LINKING : 0);
}

/* A slot of CODE: whether the index has the local center that it names */
static void
check_code(LokiCheck *check, int array, uint32 number, const char *slot)
{
	if (!loki_code_slot_valid(check->state->quantizer, slot))
		loki_check_fault(check, psprintf("node %u", number), loki_check_where(check, array, number),
						 "has a code around a center that the index does not have");
}

/* A slot of CENTROID; those after the centroid hold a basis, as pairs of integers, or local centers. */
static void
check_centroid(LokiCheck *check, int array, uint32 number, const char *slot)
{
	float		value;

	memcpy(&value, slot, sizeof(value));
	if ((number < check->state->dim || check->state->code.centers > 0) && !isfinite(value))
		loki_check_fault(check, "centroid", loki_check_where(check, LOKI_SLOTS_CENTROID, number),
						 "has an element that is no number");
}

/* A slot of ATTR or NULLATTR of an attribute */
static void
check_attribute(LokiCheck *check, int array, uint32 number, const char *slot)
{
	int			attribute = LokiSlotArrayAttribute(array) - 1;

	Assert(attribute >= 0 && attribute < check->state->nattributes);
	if (loki_attr_slot_valid((LokiAttrType) check->state->attr_type[attribute], slot))
		return;

	loki_check_fault(check, psprintf("column %d", attribute + 2),
					 loki_check_where(check, array, number), "has an invalid value");
}

/* ----------------------------------------------------------------
 * Arrays
 * ----------------------------------------------------------------
 */

/* Check all that belongs to single nodes: TID and TID lists, CODE, REFINE, HASH, attributes. */
void
loki_check_nodes(LokiCheck *check)
{
	LokiIndex  *state = check->state;
	LokiSlotArray *slots = &state->arrays[LOKI_SLOTS_TID];
	LokiTidData tid;

	Assert(check->node == NULL && check->nodes == 0);
	check->node = MemoryContextAllocExtended(CurrentMemoryContext,
											 mul_size(slots->npages, slots->per_page),
											 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	check->nodes = loki_check_slot_array(check, LOKI_SLOTS_TID, check_node_tid);
	/* after the pages of TID, as a list is read under the lock of its node's page (I8) */
	for (uint32 node = 0; node < check->nodes; node++)
	{
		CHECK_FOR_INTERRUPTS();
		if (check->node[node] == LOKI_TID_LIST)
			loki_check_duplicates(check, node, &tid);
	}

	/* all slots of a node exist before the node is in the graph */
	loki_index_refresh(state, check->index);
	loki_check_slot_array(check, LOKI_SLOTS_DUPLICATE, NULL);
	if (!state->pending)
	{
		loki_check_slot_array(check, LOKI_SLOTS_CENTROID, check_centroid);
		loki_check_slot_array(check, LOKI_SLOTS_CODE, check_code);
		loki_check_slot_array(check, LOKI_SLOTS_REFINE, NULL);
	}
	loki_check_slot_array(check, LOKI_SLOTS_HASH, NULL);
	for (int i = 0; i < state->nattributes; i++)
		loki_check_slot_array(check, LOKI_SLOTS_ATTR + i, check_attribute);
}

/* Check the rows outside the graph. */
void
loki_check_nulls(LokiCheck *check)
{
	loki_index_refresh(check->state, check->index);
	check->nulls = loki_check_slot_array(check, LOKI_SLOTS_NULLTID, check_tid);
	for (int i = 0; i < check->state->nattributes; i++)
		loki_check_slot_array(check, LOKI_SLOTS_NULLATTR + i, check_attribute);
}
