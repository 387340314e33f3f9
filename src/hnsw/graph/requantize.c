/*-------------------------------------------------------------------------
 *
 * requantize.c
 *	  Codes for another centroid: how an index that was created on an empty
 *	  table becomes as good as one that was built on its rows.
 *
 * Codes describe vectors as seen from the centroid.  An index that began empty
 * has none, and that of a table whose rows change can be far from them.  So when
 * the index has its first nodes, and later where their mean has moved, all codes
 * are made anew: from the vectors of the rows, and where these cannot be read
 * from the codes themselves.
 *
 * Inserts are kept out meanwhile, scans wait or begin again.  What is done is
 * counted on each page of CODE, so that whoever comes next can finish what was
 * interrupted.  src/hnsw/graph/README, "Requantizing".
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/requantize.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "executor/tuptable.h"
#include "hnsw/graph/neighbors.h"
#include "hnsw/graph/requantize.h"
#include "hnsw/page/change.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/page.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* Nodes at which the centroid is chosen, and looked at again */
#define FIRST_NODES		32
#define NEXT_FACTOR		2

/* Nodes that are requantized at most, as inserts wait for it */
#define MOST_NODES		131072

/* An index of so many nodes did not come to MOST_NODES just now, even if it has
 * empty pages, and others insert at the same time */
#define FAR_TOO_MANY	(2 * MOST_NODES)

/* Nodes that tell where the mean is */
#define SAMPLE_NODES	2000

/*
 * The square of the way that the mean has moved, in parts of the mean square
 * of the distances from it: less makes no difference to what codes tell.
 */
#define MOVED			0.1

/* Codes of fewer bits cannot be decoded well enough */
#define MIN_BITS		4

/* How long a standby's scan waits for the end, in milliseconds */
#define MOST_WAIT		2000

/* What is known of the nodes from their rows */
typedef struct KnownCodes
{
	uint32		n;
	char	   *codes;
	char	   *refines;
	LokiHashData *hashes;
	bool	   *known;
} KnownCodes;

typedef struct Requantize
{
	Relation	index;
	LokiIndex  *state;			/* slots, and the quantizer of what stands */
	const LokiQuantizer *from;
	LokiQuantizer *to;
	uint32		epoch;			/* of the latter */
	bool		inline_only;	/* leave values out of line alone */
	KnownCodes	rows;
	char	   *codes;			/* of a page of CODE */
	char	   *refines;		/* of its nodes */
	bool	   *refined;		/* those that have a slot there */
	char	   *refine;			/* scratch */
} Requantize;

/* ----------------------------------------------------------------
 * Whether, and where to
 * ----------------------------------------------------------------
 */

/* Whether the codes of an index can be made for another centroid */
static bool
can_requantize(const LokiIndex *state)
{
	return state->quantizer->requantize != NULL &&
		Max(state->code.bits, state->code.refine_bits) >= MIN_BITS;
}

/* Whether no centroid was ever chosen */
static bool
is_uncentred(const LokiIndex *state)
{
	return state->epoch == 0 && state->arrays[LOKI_SLOTS_CENTROID].npages == 0;
}

static bool
is_finite(const float *x, uint32 dim)
{
	for (uint32 i = 0; i < dim; i++)
		if (!isfinite(x[i]))
			return false;
	return true;
}

static uint32
node_slots(const LokiIndex *state)
{
	const LokiSlotArray *array = &state->arrays[LOKI_SLOTS_TID];

	return array->npages * array->per_page;
}

/*
 * Find the mean of the nodes; returns how far it is from the centroid, squared,
 * in parts of the mean square of the distances from it.  A mean that floats
 * cannot hold does not count.
 */
static double
find_mean(Relation index, LokiIndex *state, float *mean)
{
	const LokiQuantizer *quantizer = state->quantizer;
	uint32		dim = state->dim;
	uint32		slots = node_slots(state);
	char	   *code = palloc(quantizer->code_size);
	char	   *refine = palloc(Max(quantizer->refine_size, 1));
	float	   *x = palloc_array(float, dim);
	double	   *sum = palloc0(sizeof(double) * dim);
	double		squares = 0;
	double		moved = 0;
	double		n = 0;

	for (uint32 node = 0; node < slots; node += slots / SAMPLE_NODES + 1)
	{
		CHECK_FOR_INTERRUPTS();
		if (!loki_node_is_live(state, index, node))
			continue;
		loki_code_read(state, index, node, code);
		if (quantizer->refine_size > 0 &&
			!loki_slot_read(state, index, LOKI_SLOTS_REFINE, node, refine))
			continue;
		quantizer->decode(quantizer, code, quantizer->refine_size > 0 ? refine : NULL, x);
		n++;
		for (uint32 i = 0; i < dim; i++)
		{
			double		away = x[i] - quantizer->centroid[i];

			sum[i] += away;
			squares += away * away;
		}
	}
	for (uint32 i = 0; i < dim; i++)
	{
		double		away = sum[i] / Max(n, 1);

		mean[i] = (float) (quantizer->centroid[i] + away);
		moved += away * away;
	}
	if (!is_finite(mean, dim))
	{
		memcpy(mean, quantizer->centroid, sizeof(float) * dim);
		return 0;
	}
	squares = squares / Max(n, 1) - moved;
	return squares > 0 ? moved / squares : moved > 0 ? HUGE_VAL : 0;
}

/* ----------------------------------------------------------------
 * Codes from rows
 * ----------------------------------------------------------------
 */

/* The heap TID of a node, of a chain that of its newest row; false if none */
static bool
node_row(Requantize *requantize, uint32 node, ItemPointer tid)
{
	LokiTidData slot;
	LokiDuplicateData duplicate;

	if (!loki_slot_read(requantize->state, requantize->index, LOKI_SLOTS_TID, node, &slot))
		return false;
	switch (LokiTidState(&slot))
	{
		case LOKI_TID_LIVE:
		case LOKI_TID_KILLED:
			*tid = slot.u.heap;
			return true;
		case LOKI_TID_LIST:
			if (!loki_slot_read(requantize->state, requantize->index, LOKI_SLOTS_DUPLICATE,
								LokiTidListHead(&slot), &duplicate))
				return false;
			*tid = duplicate.heap;
			return true;
		default:
			return false;
	}
}

static void *
huge_array(uint32 n, Size size)
{
	return palloc_extended(Max(mul_size(n, size), 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static void
encode_row(Requantize *requantize, uint32 node, Datum datum, bool isnull)
{
	const float *values;
	KnownCodes *rows = &requantize->rows;

	if (requantize->inline_only && !isnull &&
		VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(datum)))
		return;
	if (loki_value_open(&requantize->state->column, datum, isnull, &values) != LOKI_VALUE_VECTOR)
		return;
	requantize->to->encode(requantize->to, values, rows->codes + (Size) node * requantize->to->code_size,
						   requantize->to->refine_size > 0 ?
						   rows->refines + (Size) node * requantize->to->refine_size : NULL);
	loki_value_hash(&requantize->state->column, values, &rows->hashes[node]);
	rows->known[node] = true;
}

/*
 * Encode the vectors of rows that are committed, or the transaction's own.  No
 * page lock is held, as values out of line are read; so that a node may be
 * another row's when its code is written, which its hash tells.  Vacuum's
 * snapshot does not keep such values from being removed: it reads the others.
 */
static void
encode_rows(Requantize *requantize, Relation heap, AttrNumber attribute)
{
	KnownCodes *rows = &requantize->rows;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "hnsw requantize row",
												  ALLOCSET_DEFAULT_SIZES);
	TupleTableSlot *slot = table_slot_create(heap, NULL);
	IndexFetchTableData *fetch = table_index_fetch_begin(heap);

	rows->n = node_slots(requantize->state);
	rows->codes = huge_array(rows->n, requantize->to->code_size);
	rows->refines = huge_array(rows->n, Max(requantize->to->refine_size, 1));
	rows->hashes = huge_array(rows->n, sizeof(LokiHashData));
	rows->known = huge_array(rows->n, sizeof(bool));
	for (uint32 node = 0; node < rows->n; node++)
	{
		ItemPointerData tid;
		bool		call_again = false;
		MemoryContext old;
		bool		isnull;
		Datum		datum;

		CHECK_FOR_INTERRUPTS();
		if (!node_row(requantize, node, &tid) ||
			!table_index_fetch_tuple(fetch, &tid, SnapshotSelf, slot, &call_again, NULL))
			continue;
		old = MemoryContextSwitchTo(context);
		datum = slot_getattr(slot, attribute, &isnull);
		encode_row(requantize, node, datum, isnull);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	table_index_fetch_end(fetch);
	ExecDropSingleTupleTableSlot(slot);
	MemoryContextDelete(context);
}

/* Whether the code made of a node's row is that of the node as it stands */
static bool
is_known(Requantize *requantize, uint32 node)
{
	LokiHashData hash;

	return node < requantize->rows.n && requantize->rows.known[node] &&
		loki_slot_read(requantize->state, requantize->index, LOKI_SLOTS_HASH, node, &hash) &&
		memcmp(&hash, &requantize->rows.hashes[node],
			   requantize->state->arrays[LOKI_SLOTS_HASH].slot_size) == 0;
}

/* ----------------------------------------------------------------
 * Pages
 * ----------------------------------------------------------------
 */

/* Make the new code of one node, whose CODE slot is the i-th of its page. */
static void
requantize_node(Requantize *requantize, uint32 node, int i, const char *code)
{
	const LokiQuantizer *to = requantize->to;
	char	   *new_code = requantize->codes + (Size) i * to->code_size;
	char	   *new_refine = NULL;

	requantize->refined[i] = to->refine_size > 0 &&
		loki_slot_read(requantize->state, requantize->index, LOKI_SLOTS_REFINE, node,
					   requantize->refine);
	if (to->refine_size > 0)
		new_refine = requantize->refines + (Size) i * to->refine_size;
	if (is_known(requantize, node))
	{
		memcpy(new_code, requantize->rows.codes + (Size) node * to->code_size, to->code_size);
		if (new_refine != NULL)
			memcpy(new_refine, requantize->rows.refines + (Size) node * to->refine_size,
				   to->refine_size);
	}
	else
		to->requantize(to, requantize->from, code, requantize->refined[i] ? requantize->refine : NULL,
					   new_code, new_refine);
}

/*
 * Write the codes of a page's nodes from the first-th on, as many as one record
 * can take; returns the next.
 */
static int
write_codes(Requantize *requantize, uint32 first_node, int first, int used)
{
	uint32		code_size = requantize->to->code_size;
	uint32		refine_size = requantize->to->refine_size;
	uint32		place;
	LokiChange	change;
	Page		page;
	Page		refine_page = NULL;
	uint32		ordinal = LOKI_NONE;
	int			i;

	loki_change_begin(&change, requantize->state, requantize->index);
	page = loki_change_copy(&change,
							loki_change_lock(&change, LOKI_SLOTS_CODE, first_node, &place));
	for (i = first; i < used; i++)
	{
		if (requantize->refined[i])
		{
			uint32		refine_ordinal =
				loki_slot_page(&requantize->state->arrays[LOKI_SLOTS_REFINE], first_node + i, &place);

			if (refine_ordinal != ordinal && change.npages == LOKI_CHANGE_PAGES)
				break;
			if (refine_ordinal != ordinal)
			{
				ordinal = refine_ordinal;
				refine_page = loki_change_copy(&change,
											   loki_change_lock(&change, LOKI_SLOTS_REFINE,
																first_node + i, &place));
			}
			memcpy(LokiPageSlot(refine_page, refine_size, place),
				   requantize->refines + (Size) i * refine_size, refine_size);
		}
		memcpy(LokiPageSlot(page, code_size, i), requantize->codes + (Size) i * code_size,
			   code_size);
	}
	LokiPageOpaque(page)->next = requantize->epoch;
	LokiPageOpaque(page)->requantized = (uint16) i;
	loki_change_finish(&change);
	return i;
}

/* Requantize what is left to be on a page of CODE. */
static void
requantize_page(Requantize *requantize, uint32 ordinal)
{
	LokiSlotArray *array = &requantize->state->arrays[LOKI_SLOTS_CODE];
	uint32		first_node = ordinal * array->per_page;
	PGAlignedBlock copy;
	Page		page = (Page) copy.data;
	int			used = loki_page_copy(requantize->state, requantize->index, LOKI_SLOTS_CODE,
									  ordinal, NULL, copy.data);
	int			done;

	done = LokiPageOpaque(page)->next == requantize->epoch ? LokiPageOpaque(page)->requantized : 0;
	for (int i = done; i < used; i++)
		requantize_node(requantize, first_node + i, i, LokiPageSlot(page, array->slot_size, i));
	while (done < used)
		done = write_codes(requantize, first_node, done, used);
}

/* Change the metapage: its epoch, and whether requantizing is under way. */
static void
write_meta(Requantize *requantize, bool running)
{
	LokiChange	change;
	LokiMetaPage meta;

	loki_change_begin(&change, requantize->state, requantize->index);
	meta = loki_change_meta(&change);
	meta->epoch = requantize->epoch;
	if (running)
		meta->flags |= LOKI_META_REQUANTIZING;
	else
		meta->flags &= ~LOKI_META_REQUANTIZING;
	loki_change_finish(&change);
}

/* See to the place of the new epoch's centroid; false if there is no room for it. */
static bool
reserve_centroid(const Requantize *requantize)
{
	return loki_reserve_slot(requantize->state, requantize->index, LOKI_SLOTS_CENTROID,
							 LokiCentroidStart(&requantize->state->code, requantize->epoch) +
							 requantize->state->dim - 1, WARNING);
}

/*
 * Write the centroid of the new epoch, over that of the epoch before the last: the
 * codes are of the last, and stay readable if this is never finished.
 */
static void
write_centroid(Requantize *requantize, const float *centroid)
{
	LokiSlotArray *array = &requantize->state->arrays[LOKI_SLOTS_CENTROID];
	uint32		first = LokiCentroidStart(&requantize->state->code, requantize->epoch);
	uint32		done = 0;

	while (done < requantize->state->dim)
	{
		LokiChange	change;
		uint32		place;
		uint32		count;
		Page		page;

		loki_change_begin(&change, requantize->state, requantize->index);
		page = loki_change_copy(&change, loki_change_lock(&change, LOKI_SLOTS_CENTROID,
														  first + done, &place));
		count = Min(array->per_page - place, requantize->state->dim - done);
		(void) loki_page_slot_for_write(page, sizeof(float), place + count - 1);
		memcpy(LokiPageSlot(page, sizeof(float), place), centroid + done,
			   count * sizeof(float));
		loki_change_finish(&change);
		done += count;
	}
}

/* Requantize all that is not yet; the metapage says that it is under way. */
static void
requantize_all(Requantize *requantize)
{
	LokiSlotArray *array = &requantize->state->arrays[LOKI_SLOTS_CODE];

	requantize->codes = palloc(array->per_page * requantize->to->code_size);
	requantize->refines = palloc(array->per_page * Max(requantize->to->refine_size, 1));
	requantize->refined = palloc(array->per_page * sizeof(bool));
	requantize->refine = palloc(Max(requantize->to->refine_size, 1));
	loki_index_refresh(requantize->state, requantize->index);
	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		CHECK_FOR_INTERRUPTS();
		requantize_page(requantize, ordinal);
	}
	write_meta(requantize, false);
}

/* ----------------------------------------------------------------
 * Beginning and finishing
 * ----------------------------------------------------------------
 */

/*
 * Make all codes for another centroid, unless somebody did meanwhile, or vacuum
 * is at work on the graph.
 */
static bool
requantize_index(Relation index, LokiIndex *state, const float *centroid, Relation heap,
				 bool inline_only)
{
	Requantize	requantize = {.index = index, .state = state, .inline_only = inline_only};
	AttrNumber	attribute = index->rd_index->indkey.values[0];
	LokiMetaPageData meta;
	bool		begun;

	requantize.from = state->quantizer;
	requantize.to = loki_make_quantizer(CurrentMemoryContext, &state->code, centroid);
	requantize.epoch = state->epoch + 1;
	if (attribute != 0)
		encode_rows(&requantize, heap, attribute);

	loki_inserts_block(index);
	loki_meta_read(index, &meta);
	begun = meta.epoch == state->epoch &&
		(meta.flags & (LOKI_META_DEAD_PENDING | LOKI_META_REQUANTIZING)) == 0 &&
		reserve_centroid(&requantize);
	if (begun)
	{
		write_centroid(&requantize, centroid);
		write_meta(&requantize, true);
		requantize_all(&requantize);
	}
	loki_inserts_unblock(index);
	return begun;
}

/*
 * Wait for a requantizing, or finish it if whoever began it could not.
 */
void
loki_requantize_finish(Relation index)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "hnsw requantize",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	LokiMetaPageData meta;
	LokiIndex  *state;

	loki_inserts_block(index);
	state = loki_index_open(index, &meta);
	if (meta.flags & LOKI_META_REQUANTIZING)
	{
		Requantize	requantize = {.index = index, .state = state};
		float	   *centroid = palloc0(loki_code_constants(&state->code) * sizeof(float));

		loki_index_centroid(state, index, meta.epoch - 1, centroid);
		requantize.from = loki_make_quantizer(context, &state->code, centroid);
		requantize.to = state->quantizer;
		requantize.epoch = meta.epoch;
		requantize_all(&requantize);
	}
	loki_inserts_unblock(index);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * The same for a scan.  A standby can only wait, and not for ever, as the
 * primary may be gone: then the scan finds less than it could.
 */
void
loki_requantize_wait(Relation index)
{
	LokiMetaPageData meta;

	if (!RecoveryInProgress())
	{
		loki_requantize_finish(index);
		return;
	}
	for (int i = 0; i < MOST_WAIT; i++)
	{
		CHECK_FOR_INTERRUPTS();
		pg_usleep(1000);
		loki_meta_read(index, &meta);
		if (!(meta.flags & LOKI_META_REQUANTIZING))
			return;
	}
}

/*
 * Whether the codes of an index may be of another centroid than it was opened
 * with.
 */
bool
loki_was_requantized(LokiIndex *state, Relation index)
{
	Buffer		buffer;
	LokiMetaPage meta;
	bool		requantized;

	if (state->quantizer->requantize == NULL)
		return false;
	buffer = loki_buffer_read(state, index, LOKI_META_BLKNO);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	meta = LokiPageGetMeta(BufferGetPage(buffer));
	requantized = meta->epoch != state->epoch || (meta->flags & LOKI_META_REQUANTIZING) != 0;
	UnlockReleaseBuffer(buffer);
	return requantized;
}

/*
 * Whether a centroid is to be looked for, now that a node was inserted.  Numbers
 * that were never used before come in order, so that they tell how many nodes
 * there are; one that vacuum has freed tells nothing, but that the index is small
 * if it has no centroid.
 */
static bool
is_due(const LokiIndex *state, uint32 node, bool grown)
{
	if (node < FIRST_NODES - 1 || node >= MOST_NODES || !can_requantize(state))
		return false;
	if (is_uncentred(state))
		return node_slots(state) < FAR_TOO_MANY;
	if (!grown)
		return false;
	for (uint32 nodes = FIRST_NODES; nodes <= MOST_NODES; nodes *= NEXT_FACTOR)
		if (node == nodes - 1)
			return true;
	return false;
}

/* Whether vacuum is at work, or was and did not finish, or another requantizing is */
static bool
is_busy(Relation index)
{
	LokiMetaPageData meta;

	loki_meta_read(index, &meta);
	return (meta.flags & (LOKI_META_DEAD_PENDING | LOKI_META_REQUANTIZING)) != 0;
}

/*
 * After an insert: see to the centroid when the index has grown to certain
 * numbers of nodes.  `grown`, if the node's number was never used before.  No lock
 * is held.  The first centroid is taken in any case.
 */
void
loki_requantize_grown(Relation index, LokiIndex *state, uint32 node, bool grown,
					  Relation heap)
{
	MemoryContext context;
	MemoryContext old;
	bool		first = is_uncentred(state);
	float	   *mean;
	double		moved;

	if (node == LOKI_NONE || !is_due(state, node, grown) || is_busy(index))
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "hnsw requantize",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	loki_index_refresh(state, index);
	if (first == is_uncentred(state) && node_slots(state) < FAR_TOO_MANY)
	{
		mean = palloc_array(float, state->dim);
		moved = find_mean(index, state, mean);
		if (first || moved > MOVED)
			(void) requantize_index(index, state, mean, heap, false);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * After vacuum: see to the centroid where many nodes have come or gone.
 */
bool
loki_requantize_moved(Relation index)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "hnsw requantize",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	LokiIndex  *state = loki_index_open(index, NULL);
	bool		requantized = false;

	loki_index_refresh(state, index);
	if (can_requantize(state) && node_slots(state) <= MOST_NODES)
	{
		float	   *mean = palloc_array(float, state->dim);

		if (find_mean(index, state, mean) > MOVED)
		{
			Relation	heap = table_open(index->rd_index->indrelid, AccessShareLock);

			requantized = requantize_index(index, state, mean, heap, true);
			table_close(heap, AccessShareLock);
		}
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return requantized;
}
