/*-------------------------------------------------------------------------
 *
 * recall.h
 *	  What the files that measure recall share.
 *
 * IDENTIFICATION
 *	  src/hnsw/recall/recall.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_RECALL_RECALL_H
#define LOKI_RECALL_RECALL_H

#include "access/tableam.h"
#include "common/pg_prng.h"
#include "hnsw/definition/column.h"
#include "hnsw/page/index.h"
#include "hnsw/statistics/sampled.h"
#include "nodes/execnodes.h"
#include "types/toast.h"

/* The most neighbors and queries that may be asked for */
#define LOKI_RECALL_MAX_K		10000
#define LOKI_RECALL_MAX_QUERIES	1000000

/* Fewer queries of a user say too little */
#define LOKI_LEAST_QUERIES		20

/* Rows whose distances differ by this part are equally right */
#define LOKI_DISTANCE_SLACK		1e-6

/*
 * A row is a hit if it is no farther than this, the k-th true neighbor being at `distance`.  Every
 * measurement of recall counts by it.
 */
static inline double
loki_hit_limit(double distance)
{
	/* of -Infinity the sum would be NaN */
	return isinf(distance) ? distance : distance + LOKI_DISTANCE_SLACK * fabs(distance);
}

/*
 * The rows of an index's table.  From begin to end, functions run as the index's owner, who made
 * its expressions.
 */
typedef struct LokiRows
{
	Relation	heap;
	Relation	index;
	LokiColumn	column;
	Snapshot	snapshot;
	LokiToastReader toast;		/* if its values may be gone, such rows are
								 * left out */
	MemoryContext arguments;	/* of values that might have been gone */
	Bitmapset  *attributes;		/* of the table that the index is made of */
	TupleTableSlot *slot;		/* the row */
	MemoryContext context;		/* of its value; reset for the next one */

	/* to get a value */
	IndexFetchTableData *fetch;
	IndexInfo  *index_info;
	EState	   *estate;
	ExprState  *predicate;

	/* who has called */
	Oid			userid;
	int			sec_context;
	int			nestlevel;
} LokiRows;

/* Vectors to search for, and the row of each that must not be among its answers */
typedef struct LokiQueries
{
	int			n;
	int			allocated;
	float	   *values;			/* dim floats each; NULL if the column is
								 * encoded, as then they show too little */
	Datum	   *data;			/* themselves, not toasted */
	ItemPointerData *own;		/* the row that a query was taken from;
								 * invalid if it was given */
	uint32	   *nodes;			/* its node; LOKI_NONE if it was given, or if
								 * the node has duplicates */
	const LokiSampled *samples; /* the searches that they are of; NULL: none */
	int			deep_every;		/* one in so many has all the nearest rows; 0:
								 * each */
	int			few;			/* the others have this number of them */
} LokiQueries;

/*
 * Exact distances of the nearest rows.  Rows are gathered in blocks, and
 * all queries are multiplied with a block at once.  Rows that are near enough by that are
 * measured again by the kernels that scans use, so equal vectors have equal distances on both
 * sides.  Arrays belong to the memory context of loki_exact_answer(), queries to the caller.
 */
typedef struct LokiExact
{
	const LokiColumn *column;
	const LokiQueries *queries;
	int			k;				/* nearest rows that are wanted of each query */
	float	   *query_norms;

	double	   *nearest;		/* k of each query, in the operator's unit,
								 * ascending */
	int		   *found;			/* how many of these are set */

	int			block_rows;		/* that a block holds */
	int			nrows;			/* in the block */
	float	   *rows;			/* nrows times dim */
	float	   *row_norms;
	ItemPointerData *tids;		/* of these rows */
	float	   *products;		/* nqueries times nrows; NULL: not for this
								 * metric */
} LokiExact;

/* functions in recall/table_rows.c */

/* Both must be open, and rows are those that the snapshot sees; what is allocated stays until the
 * end */
extern void loki_rows_begin(LokiRows *rows, Relation heap, Relation index, Snapshot snapshot);
extern void loki_rows_end(LokiRows *rows);

/*
 * Whether only functions written in C are called for an index's expressions and predicate.  Others may
 * read tables by a snapshot, which vacuum's is too weak for.
 */
extern bool loki_rows_need_no_snapshot(Relation index);

/* Get the visible row with this heap TID into the slot, if there is one; no page may be locked */
extern bool loki_rows_fetch(LokiRows *rows, ItemPointer tid);

/*
 * Get a row of a node into the slot, any, as they are equal; its newest version that the snapshot sees.  False if it sees
 * none, or none whose values are still in the TOAST table.  No page may be locked.
 */
extern bool loki_rows_fetch_node(LokiRows *rows, LokiIndex *state, uint32 node);
extern void loki_rows_release(LokiRows *rows);

/* Whether a vector is that of a node, by HASH */
extern bool loki_rows_vector_is_of(LokiRows *rows, LokiIndex *state, uint32 node, const float *values);

/*
 * The vector of a node, from a version of its rows that has it, or from any, whatever snapshot sees it; valid until the
 * next one's.  The newest row, and the newest version of it, comes first.  NULL if there is none that can be read.  No
 * page may be locked.
 */
extern const float *loki_rows_indexed_vector(LokiRows *rows, LokiIndex *state, uint32 node, bool any);

/*
 * Of the row in the slot: whether the index has it, and its value, not out of line, valid until the
 * next one's
 */
extern bool loki_rows_match(LokiRows *rows);
extern Datum loki_rows_value(LokiRows *rows, bool *isnull);

/* The same with the values of all columns of the index; false if what they are made of is gone */
extern bool loki_rows_values(LokiRows *rows, Datum *values, bool *nulls);

/* The floats of a value, valid as long as it is; NULL if it has no place in the graph */
extern const float *loki_rows_vector(LokiRows *rows, Datum value, bool isnull);

/*
 * Seed random numbers of a build or a measurement: by lokivector.build_seed if there is one, so that tests
 * repeat themselves, else at random
 */
extern void loki_seed_prng(pg_prng_state *prng);

/* functions in recall/exact.c */

/* Bytes that a query of LokiQueries takes, with its answer; not its value, if floats are encodings */
extern Size loki_exact_query_size(const LokiColumn *column, int k);

/* Make room for n queries of a column, in the current memory context */
extern void loki_queries_begin(LokiQueries *queries, const LokiColumn *column, int n);

/*
 * Add a query, whose value is not toasted and stays; `own` and `node` are those of its row, NULL and
 * LOKI_NONE if it has none
 */
extern void loki_query_add(LokiQueries *queries, const LokiColumn *column, Datum value,
						   const ItemPointerData *own, uint32 node);

/*
 * Pass over the table for some queries: the k nearest distances, ascending; found[] says how many each
 * query has.  Everything is in the current memory context; of the memory, in bytes, the queries have half.
 * No page may be locked.
 */
extern void loki_exact_answer(LokiExact *exact, LokiRows *rows, const LokiQueries *queries, int k,
							  Size memory);

/* How many of the queries are rows: by inner product, those to which no other row is nearer */
extern int	loki_exact_count_rows(const LokiExact *exact);

/* WARNING if most of n given queries are rows */
extern void loki_warn_of_rows(const LokiRows *rows, int found, int n);

#endif							/* LOKI_RECALL_RECALL_H */
