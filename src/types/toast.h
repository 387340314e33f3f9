/*-------------------------------------------------------------------------
 *
 * toast.h
 *	  Reading values out of line without descending the TOAST index.
 *
 * IDENTIFICATION
 *	  src/types/toast.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_TOAST_H
#define LOKI_TOAST_H

#include "access/genam.h"
#include "executor/tuptable.h"
#include "fmgr.h"
#include "storage/buf.h"
#include "storage/bufmgr.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

/* A place in a TOAST table */
typedef struct LokiToastPlace
{
	BlockNumber block;
	OffsetNumber offset;
	Buffer		recent;			/* a buffer that held the block ... */
	Buffer		next;			/* ... and the one behind it */
} LokiToastPlace;

/*
 * What reads the values of one TOAST table after another.  If all but
 * the context is zero, it has not begun.
 */
typedef struct LokiToastReader
{
	MemoryContext context;		/* of everything here */
	bool		bulk;			/* the whole table is read, in its order */
	bool		may_be_gone;	/* values that vacuum may have removed are
								 * asked for, so that no snapshot is too old */

	/*
	 * the ring of buffers for a table, if it is not read as a whole; may be
	 * NULL
	 */
	BufferAccessStrategy (*choose) (void *arg, Relation toast);
	void	   *choose_arg;
	Relation	relation;		/* NULL: none is open */
	bool		direct;			/* chunks may be read where they lie */
	BufferAccessStrategy strategy;	/* ring of buffers; NULL: none */

	LokiToastPlace ahead;		/* where the value after the last one is
								 * thought to begin */

	/* the value read last */
	struct varlena *value;
	Size		allocated;		/* bytes at value; 0: it is NULL */
	Oid			valueid;		/* InvalidOid: there is none, or it was stored
								 * compressed */
	ItemPointerData first;		/* its first chunk */

	/* scan of the index; NULL: none was needed yet */
	IndexScanDesc scan;
	Relation   *indexes;		/* of the TOAST table, while scan is not NULL */
	int			nindexes;
	int			valid_index;	/* the one that is scanned */
	SnapshotData snapshot;		/* SNAPSHOT_TOAST */
	TupleTableSlot *slot;		/* what the scan returns; empty between calls */
} LokiToastReader;

/*
 * Read the value that a datum points to.  The result lies in the reader's
 * memory until the next call, and valueid and first tell from where it is, if
 * it was stored uncompressed out of line; else it is the datum, detoasted as
 * the server does it, and valueid is invalid.
 *
 * The TOAST table stays open until loki_toast_close(); no page stays pinned.
 */
extern struct varlena *loki_toast_read(LokiToastReader *reader, struct varlena *datum);

/* The same, but NULL if the value is not there any more, or may not be read directly */
extern struct varlena *loki_toast_try(LokiToastReader *reader, struct varlena *datum);

/*
 * Read an uncompressed value of `size` bytes whose first chunk is thought to
 * lie at *first, in the buffer `recent`, if that is not InvalidBuffer.  NULL if
 * it does not.
 */
extern struct varlena *loki_toast_read_at(LokiToastReader *reader, Oid relid, Oid valueid,
										  const ItemPointerData *first, Size size,
										  Buffer recent);

/* Set valueid and first to those of a value, by the index; false if it is not there */
extern bool loki_toast_find(LokiToastReader *reader, Oid relid, Oid valueid);

/* Have a TOAST table open, and close it */
extern Relation loki_toast_open(LokiToastReader *reader, Oid relid);
extern void loki_toast_close(LokiToastReader *reader);

/* Whether a relation that this backend has locked has a block */
extern bool loki_relation_has_block(Relation relation, BlockNumber block);

/*
 * Argument n of a function that is called for many rows, detoasted; it lives
 * until the next call of the function at least.
 */
extern struct varlena *loki_toast_argument(FunctionCallInfo fcinfo, int n);

#endif							/* LOKI_TOAST_H */
