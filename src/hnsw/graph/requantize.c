/*-------------------------------------------------------------------------
 *
 * requantize.c
 *	  Codes for another centroid: how an index that was created on an empty
 *	  table becomes as good as one that was built on its rows.
 *
 * Codes describe vectors as seen from the centroid.  An index that began empty has none.
 * If the rows of a table change, its centroid may be far from them.  So all codes are made
 * anew when the index has its first nodes, and later when their mean has moved.  They are
 * made from the vectors of the rows, or, where those cannot be read, from the old codes.
 *
 * Inserts are kept out meanwhile; scans wait or begin again.  Each page of CODE counts how
 * many of its codes are done, so that the next backend can finish what was interrupted.
 * src/hnsw/graph/README, "Requantizing".
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/requantize.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "compat/pgcompat.h"
#include "hnsw/graph/neighbors.h"
#include "hnsw/graph/requantize.h"
#include "hnsw/page/change.h"
#include "hnsw/page/held.h"
#include "hnsw/page/insert_lock.h"
#include "hnsw/page/page.h"
#include "hnsw/statistics/statistics.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Numbers of nodes at which the centroid is chosen, and looked at again */
#define FIRST_NODES		32
#define NEXT_FACTOR		2

/* Most nodes that are requantized, since inserts wait for it */
#define MOST_NODES		131072

/* An index with pages for so many nodes did not come to MOST_NODES just now, even if pages
 * are empty and others insert at the same time */
#define FAR_TOO_MANY	(2 * MOST_NODES)

/* Nodes sampled to find the mean */
#define SAMPLE_NODES	2000

/* The server's log is told of so many nodes or more, as inserts waited for a moment */
#define LOG_NODES		1000

/*
 * Requantize if the mean has moved this far: the square of that distance, relative to the
 * mean square of the nodes' distances from the mean.  A shorter move makes no difference to
 * the errors of codes.
 */
#define MOVED			0.1

/* Codes of fewer bits cannot be decoded well enough */
#define MIN_BITS		4

/*
 * How long a scan on a standby waits for the end, for each node, in microseconds; then it reads
 * the nodes' rows, which takes about as long
 */
#define WAIT_PER_NODE	10

/* What was made from the row of a node; behind it its code, then its part of REFINE */
typedef struct KnownCode
{
	LokiHashData hash;			/* of the vector */
	bool		known;			/* or else nothing was */
} KnownCode;

/* The same of the nodes from 0 on, as many as maintenance_work_mem has room for */
typedef struct KnownCodes
{
	uint32		n;				/* 0: none are known */
	Size		size;			/* of each */
	char	   *memory;
} KnownCodes;

typedef struct Requantize
{
	Relation	index;
	LokiIndex  *state;
	const LokiQuantizer *from;	/* of the codes in the index */
	LokiQuantizer *to;
	uint32		epoch;			/* of `to` */
	bool		inline_only;	/* leave values out of line alone */
	KnownCodes	rows;
	char	   *codes;			/* of a page of CODE */
	char	   *refines;		/* of its nodes, in REFINE */
	bool	   *refined;		/* whether each has a slot there */
	double	   *missed;			/* how far the vector that each new code is
								 * made of may be from the one that its old
								 * code was made of */
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

/* Whether the index has had no centroid yet */
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

/* Nodes that the index has pages for */
static uint32
node_slots(const LokiIndex *state)
{
	const LokiSlotArray *array = &state->arrays[LOKI_SLOTS_TID];

	return array->npages * array->per_page;
}

/*
 * Find the mean of the nodes.  Returns its squared distance from the centroid, relative to
 * the mean square of the nodes' distances from the mean.  A mean that floats cannot hold
 * counts as the centroid.  Reads slots under share lock, one at a time.
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

	Assert(loki_no_buffer_locked());
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

static char *
known_code(KnownCode *known)
{
	return (char *) known + MAXALIGN(sizeof(KnownCode));
}

static char *
known_refine(const Requantize *requantize, KnownCode *known)
{
	return requantize->to->refine_size == 0 ? NULL :
		known_code(known) + MAXALIGN(requantize->to->code_size);
}

static void
encode_row(Requantize *requantize, KnownCode *known, Datum datum, bool isnull)
{
	const float *values;

	if (requantize->inline_only && !isnull &&
		VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(datum)))
		return;
	if (loki_value_open(&requantize->state->column, datum, isnull, &values) != LOKI_VALUE_VECTOR)
		return;
	requantize->to->encode(requantize->to, values, known_code(known),
						   known_refine(requantize, known));
	loki_value_hash(&requantize->state->column, values, &known->hash);
	known->known = true;
}

/*
 * Encode the vectors of rows that are committed or the transaction's own.  Inserts are not
 * kept out, because values in the TOAST table are read.  So a node may belong to another row
 * when its code is written; its hash tells.  Vacuum has no snapshot that keeps values in the
 * TOAST table from being removed, and reads only the others.
 */
static void
encode_rows(Requantize *requantize, Relation heap, AttrNumber attribute)
{
	KnownCodes *rows = &requantize->rows;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "hnsw requantize row",
												  ALLOCSET_DEFAULT_SIZES);
	TupleTableSlot *slot = table_slot_create(heap, NULL);
	IndexFetchTableData *fetch = LokiTableFetchBegin(heap);

	Assert(!loki_inserts_blocked(requantize->index));
	rows->size = MAXALIGN(sizeof(KnownCode)) + MAXALIGN(requantize->to->code_size) +
		MAXALIGN(requantize->to->refine_size);
	rows->n = (uint32) Min(node_slots(requantize->state), (Size) maintenance_work_mem * 1024 / rows->size);
	rows->memory = palloc_extended(mul_size(rows->n, rows->size), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint32 node = 0; node < rows->n; node++)
	{
		ItemPointerData tid;
		LokiNodeRows row = {0};
		bool		call_again = false;
		bool		found;
		MemoryContext old;
		bool		isnull;
		Datum		datum;

		do
		{
			CHECK_FOR_INTERRUPTS();
			found = loki_node_row(requantize->state, requantize->index, node, &row, &tid) &&
				table_index_fetch_tuple(fetch, &tid, SnapshotSelf, slot, &call_again, NULL);
		} while (!found && row.next != LOKI_NONE);
		if (!found)
			continue;
		old = MemoryContextSwitchTo(context);
		datum = slot_getattr(slot, attribute, &isnull);
		encode_row(requantize, (KnownCode *) (rows->memory + node * rows->size), datum, isnull);
		MemoryContextSwitchTo(old);
		MemoryContextReset(context);
	}
	table_index_fetch_end(fetch);
	ExecDropSingleTupleTableSlot(slot);
	MemoryContextDelete(context);
}

/* What was made from the row that the node has now; NULL if that is none */
static KnownCode *
find_known(Requantize *requantize, uint32 node)
{
	KnownCodes *rows = &requantize->rows;
	KnownCode  *known;
	LokiHashData hash;

	if (node >= rows->n)
		return NULL;
	known = (KnownCode *) (rows->memory + node * rows->size);
	if (!known->known ||
		!loki_slot_read(requantize->state, requantize->index, LOKI_SLOTS_HASH, node, &hash) ||
		memcmp(&hash, &known->hash, requantize->state->arrays[LOKI_SLOTS_HASH].slot_size) != 0)
		return NULL;
	return known;
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
	KnownCode  *known = find_known(requantize, node);

	requantize->refined[i] = to->refine_size > 0 &&
		loki_slot_read(requantize->state, requantize->index, LOKI_SLOTS_REFINE, node,
					   requantize->refine);
	if (to->refine_size > 0)
		new_refine = requantize->refines + (Size) i * to->refine_size;
	requantize->missed[i] = 0;
	if (known != NULL)
	{
		memcpy(new_code, known_code(known), to->code_size);
		if (new_refine != NULL)
			memcpy(new_refine, known_refine(requantize, known), to->refine_size);
	}
	else
	{
		const char *refine = requantize->refined[i] ? requantize->refine : NULL;

		to->requantize(to, requantize->from, code, refine, new_code, new_refine);
		/* a slot that is free is encoded anew before a row has it */
		if (loki_node_is_live(requantize->state, requantize->index, node))
			requantize->missed[i] = to->missed(requantize->from, code, refine);
	}
}

/* How many slots of a page of CODE are done */
static int
done_on_page(const Requantize *requantize, Page page)
{
	return LokiPageOpaque(page)->next == requantize->epoch ?
		LokiPageOpaque(page)->requantized : 0;
}

/*
 * Note on a page of CODE that the slots from `first` up to `next` were written, and what those
 * missed that were made of other codes.  The check excuses no other codes for being unlike their
 * rows (check/README).  What was missed before counts as well, unless all codes of the page are
 * those of vectors now.
 */
static void
note_done(const Requantize *requantize, LokiPageOpaque opaque, int first, int next, int used)
{
	double		most = 0;

	for (int i = first; i < next; i++)
		most = Max(most, requantize->missed[i]);
	if (first > 0 || next < used || most > 0)
		most += loki_opaque_missed(opaque);
	loki_opaque_set_missed(opaque, most);
	opaque->next = requantize->epoch;
	opaque->requantized = (uint16) next;
}

/*
 * Write the codes of a page's nodes, beginning with the first-th, as many as one record can
 * take; returns the next.  If another process has written some since the page was copied,
 * writes nothing and returns -1.  Locks the page of CODE, then those of REFINE; leaves no lock.
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
	int			number;
	int			i;

	Assert(loki_inserts_blocked(requantize->index));
	Assert(first < used);
	loki_change_begin(&change, requantize->state, requantize->index);
	number = loki_change_lock(&change, LOKI_SLOTS_CODE, first_node, &place);
	if (done_on_page(requantize, loki_change_page(&change, number)) != first)
	{
		loki_change_unlock(&change);
		return -1;
	}
	page = loki_change_copy(&change, number);
	for (i = first; i < used; i++)
	{
		if (requantize->refined[i])
		{
			uint32		refine_ordinal =
				loki_slot_page(&requantize->state->arrays[LOKI_SLOTS_REFINE], first_node + i,
							   &place);

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
	note_done(requantize, LokiPageOpaque(page), first, i, used);
	loki_change_finish(&change);
	return i;
}

/*
 * Requantize the codes of a page of CODE that are not done yet.  Inserts are kept out, so that
 * the page stays as it was copied, unless another process of the same parallel query does
 * this too: their locks do not conflict.  Then the count on the page has changed.  What was
 * made of the copy, and of REFINE, which may have been read later, is not used, and the page
 * is copied again.
 */
static void
requantize_page(Requantize *requantize, uint32 ordinal)
{
	LokiSlotArray *array = &requantize->state->arrays[LOKI_SLOTS_CODE];
	uint32		first_node = ordinal * array->per_page;
	PGAlignedBlock copy;
	Page		page = (Page) copy.data;
	int			used;
	int			done;

	do
	{
		used = loki_page_copy(requantize->state, requantize->index, LOKI_SLOTS_CODE, ordinal,
							  NULL, copy.data);
		done = done_on_page(requantize, page);
		for (int i = done; i < used; i++)
			requantize_node(requantize, first_node + i, i,
							LokiPageSlot(page, array->slot_size, i));
		while (done >= 0 && done < used)
			done = write_codes(requantize, first_node, done, used);
	} while (done < 0);
}

/*
 * Write to the metapage: the epoch, and whether the index is being requantized.  Returns
 * whether it was before.  The caller holds all insert locks.  Locks block 0 exclusively
 * meanwhile.
 */
static bool
write_meta(Requantize *requantize, bool running)
{
	LokiChange	change;
	LokiMetaPage meta;
	bool		ran;

	Assert(loki_inserts_blocked(requantize->index));
	loki_change_begin(&change, requantize->state, requantize->index);
	meta = loki_change_meta(&change);
	Assert(meta->epoch == requantize->epoch || meta->epoch + 1 == requantize->epoch);
	ran = (meta->flags & LOKI_META_REQUANTIZING) != 0;
	meta->epoch = requantize->epoch;
	if (running)
		meta->flags |= LOKI_META_REQUANTIZING;
	else
		meta->flags = (meta->flags & ~LOKI_META_REQUANTIZING) | LOKI_META_ALL_NEW;
	loki_change_finish(&change);
	return ran;
}

/* Make sure that there are pages for the new epoch's centroid; false if there is no room. */
static bool
reserve_centroid(const Requantize *requantize)
{
	return loki_reserve_slot(requantize->state, requantize->index, LOKI_SLOTS_CENTROID,
							 LokiCentroidStart(&requantize->state->code, requantize->epoch) +
							 requantize->state->dim - 1, WARNING);
}

/*
 * Write the centroid of the new epoch over that of the epoch before the present one.  The
 * codes are of the present epoch, and stay readable if this is never finished.  The caller
 * holds all insert locks.  Locks one page at a time exclusively, and leaves none locked.
 */
static void
write_centroid(Requantize *requantize, const float *centroid)
{
	LokiSlotArray *array = &requantize->state->arrays[LOKI_SLOTS_CENTROID];
	uint32		first = LokiCentroidStart(&requantize->state->code, requantize->epoch);
	uint32		done = 0;

	Assert(loki_inserts_blocked(requantize->index));
	Assert(requantize->epoch == requantize->state->epoch + 1);
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

/* Count that all codes were made anew, and tell the server's log */
static void
report(const Requantize *requantize, instr_time start)
{
	const LokiCounts counts = {.of[LOKI_COUNT_REQUANTIZATIONS] = 1};
	uint32		nodes = node_slots(requantize->state);

	loki_count(requantize->index, &counts);
	ereport(nodes >= LOG_NODES ? LOG : DEBUG1,
			(errmsg("codes of index \"%s\" were made anew for another centroid",
					RelationGetRelationName(requantize->index)),
			 errdetail("There are %u node IDs. Inserts waited for %.3f s.", nodes,
					   loki_microseconds_since(start) / 1e6)));
}

/*
 * Requantize all codes that are not done yet, and clear the flag on the metapage.  Inserts are
 * kept out.
 */
static void
requantize_all(Requantize *requantize)
{
	LokiSlotArray *array = &requantize->state->arrays[LOKI_SLOTS_CODE];
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	requantize->codes = palloc(array->per_page * requantize->to->code_size);
	requantize->refines = palloc(array->per_page * Max(requantize->to->refine_size, 1));
	requantize->refined = palloc(array->per_page * sizeof(bool));
	requantize->missed = palloc(array->per_page * sizeof(double));
	requantize->refine = palloc(Max(requantize->to->refine_size, 1));
	loki_index_refresh(requantize->state, requantize->index);
	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		CHECK_FOR_INTERRUPTS();
		requantize_page(requantize, ordinal);
	}
	if (write_meta(requantize, false))
		report(requantize, start);
}

/* ----------------------------------------------------------------
 * Beginning and finishing
 * ----------------------------------------------------------------
 */

/*
 * Make all codes for another centroid, unless another backend did meanwhile, or vacuum is at
 * work on the graph.  Takes all insert locks after it has read the rows, and leaves none.  No
 * insert lock and no content lock may be held.
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
		(void) write_meta(&requantize, true);
		requantize_all(&requantize);
	}
	loki_inserts_unblock(index);
	return begun;
}

/*
 * Wait until the index is not being requantized, or finish that if the backend that began it
 * could not.  No lock of an insert and no content lock may be held.
 */
void
loki_requantize_finish(Relation index)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "hnsw requantize",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	LokiMetaPageData meta;
	LokiIndex  *state;

	Assert(!RecoveryInProgress());
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
 * The same for a scan.  A standby can only wait; not for ever, since the primary may be gone.
 * After that the scan goes by rows alone (scan/README, "Codes of two epochs").
 */
void
loki_requantize_wait(Relation index)
{
	LokiMetaPageData meta;
	double		most;

	if (!RecoveryInProgress())
	{
		loki_requantize_finish(index);
		return;
	}
	most = (double) node_slots(loki_index_open(index, NULL)) * WAIT_PER_NODE / 1000;
	for (int i = 0; i < most; i++)
	{
		CHECK_FOR_INTERRUPTS();
		pg_usleep(1000);
		loki_meta_read(index, &meta);
		if (!(meta.flags & LOKI_META_REQUANTIZING))
			return;
	}
}

/*
 * Whether codes of an index may be for another centroid than that of `state`.  Share lock of
 * block 0; no content lock may be held before.
 */
bool
loki_was_requantized(LokiIndex *state, Relation index)
{
	Buffer		buffer;
	LokiMetaPage meta;
	bool		requantized;

	Assert(loki_no_buffer_locked());
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
 * Whether to look for a centroid now that a node was inserted.  Node IDs that were never used
 * before come in order, so that they tell how many nodes there are.  A reused one tells
 * nothing, except in an index without centroid: that has had few nodes.
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

/* Whether vacuum is at work on the graph, or requantizing, or either was not finished */
static bool
is_busy(Relation index)
{
	LokiMetaPageData meta;

	loki_meta_read(index, &meta);
	return (meta.flags & (LOKI_META_DEAD_PENDING | LOKI_META_REQUANTIZING)) != 0;
}

/*
 * After an insert: choose the centroid anew if the index has grown to certain numbers of
 * nodes.  `grown` says that the node ID was never used before.  The first centroid is taken
 * in any case, others if the mean has moved.  No lock of an insert and no content lock is
 * held.
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

	Assert(!loki_insert_lock_held(index));
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
 * After vacuum, if many nodes have come or gone: choose the centroid anew if the mean has
 * moved.  Returns whether it did.  No content lock is held.
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
