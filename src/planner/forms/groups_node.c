/*-------------------------------------------------------------------------
 *
 * groups_node.c
 *	  Paths for the first rows of each group, in the order of a distance.
 *
 *		Limit
 *		  ->  Custom Scan (LokivectorGroupSearch)		Group Key: doc
 *				->  Index Scan using ...				Order By: (v <-> $1)
 *
 * forms/groups.c says which queries have such a path.  It takes the place of the node that
 * makes groups: its rows have the columns of that node's rows, aggregates and row_number()
 * included.  The child returns rows in the order of the result.  The first row of a group is
 * the one that is wanted; a hash table knows the groups that were met.  Where the rows of a
 * group are numbered or ranked, all are returned, with their number, and the node's filter drops
 * those beyond the last that is wanted.
 *
 * Rows without a distance may be first in the result and last in their group: NULL, where
 * the score is sorted DESC.  They come first, and wait until the child has returned another
 * row of each of their groups; groups that have none are the first of the result.
 *
 * A path is offered if its groups are expected to fit into the memory of a hash table (P8).  If
 * the table outgrows it, the rows that are left are sorted by the hash of their keys, which finds
 * the first ones of each group, and these as they came.
 *
 * IDENTIFICATION
 *	  src/planner/forms/groups_node.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <float.h>
#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/explain.h"
#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "executor/executor.h"
#include "hnsw/hnsw.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/tlist.h"
#include "planner/cost/selectivity.h"
#include "planner/forms/forms.h"
#include "planner/forms/groups.h"
#include "planner/order/node.h"
#include "planner/order/order.h"
#include "planner/query/bounds.h"
#include "planner/query/make_expr.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/selfuncs.h"

/* Bytes of a group in the hash table, besides its keys */
#define GROUP_BYTES		100

/* Rows of each group that are wanted, if the planner does not know how many */
#define UNKNOWN_NUMBER	10

/* Rows that are sorted, as loki_sorted_put() numbers them */
#define BY_GROUP	0			/* by hash and rank; and as they came */
#define RESULT		1			/* as they came */

/* What a plan carries in custom_private; custom_exprs has the keys, and the score if needed */
typedef enum GroupsPrivate
{
	GROUPS_OPERATORS,			/* OIDs: equality of the keys */
	GROUPS_ASIDE,				/* Integer: LOKI_FIRST_xxx of rows put aside */
	GROUPS_NUMBERED				/* Integer: the window function that the last
								 * column is, or 0 */
} GroupsPrivate;

static const LokiNodeKind groups_kind;

/*
 * Whether all keys are columns that rows have below the node, as others have no number there; and the groups that LIMIT
 * is expected to take, and those that the filter drops, fit into the memory of a hash table.
 *
 * Core computes an expression that is grouped by in the rows below the stage, so GROUP BY lower(lang) is a
 * column here.  HAVING keeps a share (`kept`), so the node meets more groups than it returns.
 */
static bool
can_group(PlannerInfo *root, List *keys, const PathTarget *target, double most, Selectivity kept)
{
	double		bytes = GROUP_BYTES;

	Assert(kept > 0 && kept <= 1);
	foreach_ptr(Node, key, keys)
	{
		if (IsA(key, Const) || !list_member(target->exprs, key))
			return false;
		bytes += get_typavgwidth(exprType(key), exprTypmod(key));
	}
	return Min(loki_query_level(root)->wanted / kept, most) * bytes <= (double) get_hash_memory_limit();
}

/*
 * How many groups rows make.  Core takes it that conditions leave rows of any group; those on a key alone, as
 * tenant IN (5, 6), leave whole groups, so that these have that share of the key's values at most.
 */
static double
count_groups(PlannerInfo *root, List *keys, double rows)
{
	double		most = 1;

	foreach_ptr(Node, key, keys)
	{
		double		values = estimate_num_groups(root, list_make1(key), rows, NULL, NULL);
		VariableStatData data;
		List	   *own = NIL;
		bool		guessed;

		examine_variable(root, key, 0, &data);
		if (IsA(key, Var) && data.rel != NULL)
			foreach_node(RestrictInfo, rinfo, data.rel->baserestrictinfo)
				if (equal(list_union(NIL, pull_var_clause((Node *) rinfo->clause, PVC_RECURSE_PLACEHOLDERS)), list_make1(key)))
				own = lappend(own, rinfo);
		if (own != NIL)
			values = Min(values, get_variable_numdistinct(&data, &guessed) *
						 clauselist_selectivity(root, own, 0, JOIN_INNER, NULL));
		ReleaseVariableStats(data);
		most *= Max(values, 1);
	}
	return Min(most, estimate_num_groups(root, keys, rows, NULL, NULL));
}

/* Whether the node looks at scores: of rows that wait, or to see which have the same rank */
static bool
looks_at_score(const LokiGroups *groups)
{
	return groups->aside != 0 ||
		(groups->number != NULL && groups->number->winfnoid != F_ROW_NUMBER);
}

/*
 * The rows of a path with further columns: what aggregates are made of, and the score if
 * the node looks at it
 */
static Path *
with_scores(PlannerInfo *root, const LokiGroups *groups, Path *path)
{
	PathTarget *target = copy_pathtarget(path->pathtarget);

	foreach_node(Aggref, aggregate, groups->aggregates)
		add_column_to_pathtarget(target, linitial_node(TargetEntry,
													   aggregate->args)->expr, 0);
	if (looks_at_score(groups))
		add_column_to_pathtarget(target, groups->score, 0);
	if (list_length(target->exprs) == list_length(path->pathtarget->exprs))
		return path;
	return (Path *) create_projection_path(root, path->parent, path,
										   set_pathtarget_cost_width(root, target));
}

/*
 * Whether rows without a vector may have to wait for another one of their group: then a group
 * that has only such rows makes the scan go on to its end.
 */
static bool
may_wait(PlannerInfo *root, const LokiGroups *groups)
{
	if ((groups->aside & LOKI_FIRST_NULLS) == 0)
		return false;
	foreach_node(Var, var, pull_var_clause((Node *) groups->score, PVC_RECURSE_AGGREGATES |
										   PVC_RECURSE_WINDOWFUNCS | PVC_RECURSE_PLACEHOLDERS))
		if (loki_null_share(root, (Node *) var, 0) > 0 && !loki_drops_nulls(find_base_rel(root, var->varno), (Node *) var))
			return true;
	return false;
}

/*
 * DISTINCT ON has an order of its own, ORDER BY doc, d, which nobody relies on if the level above
 * has another.  A path that skips it is added to the stage of that order before core makes its own
 * paths there: afterwards core has freed some paths of the stage below.
 */
static void
add_past_order(PlannerInfo *root, Path *path)
{
	RelOptInfo *ordered = fetch_upper_rel(root, UPPERREL_ORDERED, NULL);

	Assert(loki_query_level(root)->sorts);
	ordered->consider_startup = true;
	add_path(ordered, (Path *) create_projection_path(root, ordered, path,
													  root->upper_targets[UPPERREL_ORDERED]));
}

/*
 * Offer the first rows of groups of a path's rows, which are in order.
 *
 * The node's rows have the columns of the stage (`target`).  Aggregates and the window function are
 * columns of the node's own slot, behind those of the child, so that expressions above find them as they
 * would those of an Agg.  An aggregate has the place of its argument: min(d) of a group is d of its
 * first row.
 *
 * A path costs what its rows cost as they come: no startup besides that of the child, unless rows have
 * to wait.  The server takes as large a share of all costs for a LIMIT as that has of the groups, so what all groups cost is
 * what makes that share the cost of those that LIMIT takes, and what a Limit saves of the input (order/limit_cost.c).
 */
static void
offer_groups_path(PlannerInfo *root, RelOptInfo *output, const LokiGroups *groups, Path *path,
				  PathTarget *target)
{
	List	   *keys = get_sortgrouplist_exprs(groups->keys, root->processed_tlist);
	double		ngroups = count_groups(root, keys, Max(path->rows, 1));
	Selectivity kept = groups->number != NULL ? 1 :
		clauselist_selectivity(root, groups->filter, 0, JOIN_INNER, NULL);
	double		first = ngroups;
	double		taken;
	List	   *operators = NIL;
	List	   *columns;
	List	   *exprs;
	CustomPath *custom;
	Path	   *input;
	Cost		rows_cost;

	if (!can_group(root, keys, path->pathtarget, ngroups, Max(kept, DBL_EPSILON)))
		return;
	columns = list_concat_copy(path->pathtarget->exprs, groups->aggregates);
	exprs = copyObject(keys);
	if (looks_at_score(groups))
	{
		columns = lappend(columns, groups->score);
		exprs = lappend(exprs, groups->score);
	}
	if (groups->number != NULL)
		columns = lappend(columns, groups->number);
	foreach_node(SortGroupClause, clause, groups->keys)
		operators = lappend_oid(operators, clause->eqop);
	input = with_scores(root, groups, path);
	custom = loki_node_path(&groups_kind, output, target, input, columns, exprs, groups->filter,
							list_make3(operators, makeInteger((int) groups->aside),
									   makeInteger(groups->number != NULL ?
												   (int) groups->number->winfnoid : 0)));
	if (groups->number != NULL)
	{
		Node	   *bound = loki_number_bound(groups->filter, groups->number->winfnoid);
		Const	   *most = bound == NULL ? NULL : (Const *) estimate_expression_value(root, bound);

		/* as many rows of each group as can have a number that is wanted: 3 of WHERE n <= 3 */
		first = Min(path->rows, ngroups * (most == NULL || !IsA(most, Const) ? UNKNOWN_NUMBER :
										   Max(DatumGetInt64(most->constvalue), 1)));
	}
	custom->path.rows = clamp_row_est(first * kept);
	custom->path.startup_cost = may_wait(root, groups) ? input->total_cost : input->startup_cost;
	rows_cost = input->total_cost - custom->path.startup_cost +
		input->rows * (list_length(keys) + 1) * cpu_operator_cost;

	/*
	 * The share of its rows that the node reads until it has met a share of
	 * the first rows of its groups, if rows of groups come in any order:
	 * nearly each of the first rows is one, and the last group takes all.
	 */
	taken = loki_query_level(root)->wanted / Max(first * kept, 1);
	if (taken > 0 && taken < 1)
	{
		Cost		saved = loki_limit_saves(root, path);

		rows_cost = Max(rows_cost - saved, 0) * (1 - pow(1 - taken, 1 / Max(input->rows / first, 1))) / taken + saved;
		loki_note_saving(root, &custom->path, saved, 1);
	}
	custom->path.total_cost = custom->path.startup_cost + rows_cost + custom->path.rows * target->cost.per_tuple;
	custom->path.pathkeys = list_make1(groups->output);
	if (groups->stage == UPPERREL_DISTINCT &&
		!pathkeys_contained_in(root->sort_pathkeys, custom->path.pathkeys))
		add_past_order(root, &custom->path);
	else
		add_path(output, &custom->path);
}

/*
 * Keep core's cheapest path of all groups, in the order of ours, for a search that is given up (order/search_or_sort.c):
 * add_path() takes what our paths cost for LIMIT for the cost of all groups, and frees what seems to cost more.
 */
static void
keep_all_groups(PlannerInfo *root, const LokiGroups *groups, RelOptInfo *output)
{
	bool		window = groups->stage == UPPERREL_WINDOW;
	NodeTag		tag = groups->aggregates != NIL ? T_AggPath : window ? T_WindowAggPath : T_LokiUniquePath;
	Size		size = groups->aggregates != NIL ? sizeof(AggPath) : window ? sizeof(WindowAggPath) : sizeof(LokiUniquePath);
	Path	   *best = NULL;

	foreach_ptr(Path, path, output->pathlist)
		if (nodeTag(path) == tag && (best == NULL || path->total_cost < best->total_cost))
		best = path;
	if (best != NULL)
		unconstify(LokiLevel *, loki_query_level(root))->asked.otherwise = (Path *)
			create_sort_path(root, output, memcpy(palloc(size), best, size), list_make1(groups->output),
							 loki_query_level(root)->wanted);
}

/* A LokiForm's method: the stage of a query that makes its groups */
static void
add_group_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output, const void *state)
{
	const LokiGroups *groups = state;

	if (output->reloptkind != RELOPT_UPPER_REL || groups->stage != stage ||
		(groups->number != NULL && !loki_walks_plans))
		return;
	output->consider_startup = true;
	keep_all_groups(root, groups, output);
	foreach_ptr(Path, path, input->pathlist)
		if (path->param_info == NULL &&
			pathkeys_contained_in(list_make1(groups->input), path->pathkeys))
		offer_groups_path(root, output, groups, path, root->upper_targets[stage]);
}

/* ----------------------------------------------------------------
 * Groups that were met
 * ----------------------------------------------------------------
 */

/* The node's state; what the plan says comes first, then what changes with each row */
typedef struct GroupsState
{
	LokiNode	node;
	int			nkeys;
	AttrNumber *columns;		/* of the keys */
	AttrNumber *numbers;		/* 1, 2, ... */
	Oid		   *equal;			/* functions, and their collations */
	Oid		   *collations;
	FmgrInfo   *hash;			/* functions */
	AttrNumber	score;			/* 0: it is not looked at */
	Oid			aside;			/* LOKI_FIRST_xxx of rows that wait */
	Oid			numbered;		/* the window function that the last column
								 * is, or InvalidOid */

	TupleHashTable groups;		/* and how many rows each had, the best rank,
								 * or its RankedRows; NULL before the first
								 * row */
	TupleTableSlot *key;		/* the keys of a row that is looked up */
	MemoryContext keys;			/* of the table's groups, below the node's */
	double		nrows;			/* of the child, so far */
	bool		begun;			/* read_first_rows() is done, if it is needed */
	bool		full;			/* the table must not grow (P8) */
} GroupsState;

/*
 * A LokiNodeKind's method: keys are rows of their own.  setrefs.c has made columns of the node's slot of
 * custom_exprs, which are the keys, and the score last if it is looked at.
 */
static void
begin_groups(LokiNode *node, CustomScan *scan)
{
	GroupsState *state = (GroupsState *) node;
	List	   *operators = list_nth(scan->custom_private, GROUPS_OPERATORS);
	List	   *keys = list_copy_head(scan->custom_exprs, list_length(operators));
	Oid		   *equal = palloc_array(Oid, list_length(operators));

	state->aside = intVal(list_nth(scan->custom_private, GROUPS_ASIDE));
	state->numbered = (Oid) intVal(list_nth(scan->custom_private, GROUPS_NUMBERED));
	if (list_length(scan->custom_exprs) > list_length(operators))
		state->score = llast_node(Var, scan->custom_exprs)->varattno;
	Assert(state->aside == 0 || !OidIsValid(state->numbered));
	state->nkeys = list_length(operators);
	state->columns = palloc_array(AttrNumber, state->nkeys);
	state->numbers = palloc_array(AttrNumber, state->nkeys);
	state->collations = palloc_array(Oid, state->nkeys);
	for (int i = 0; i < state->nkeys; i++)
	{
		Var		   *key = list_nth_node(Var, keys, i);

		Assert(key->varno == INDEX_VAR);
		state->columns[i] = key->varattno;
		state->numbers[i] = i + 1;
		equal[i] = list_nth_oid(operators, i);
		state->collations[i] = exprCollation((Node *) key);
	}
	execTuplesHashPrepare(state->nkeys, equal, &state->equal, &state->hash);
	state->key = ExecInitExtraTupleSlot(node->css.ss.ps.state, ExecTypeFromExprList(keys),
										&TTSOpsVirtual);
}

/*
 * Begin with an empty table.  Keys have a context below the node's: sort_rest_of_groups() empties that and the
 * table, and keeps the rest.
 */
static void
make_table(GroupsState *state)
{
	MemoryContext old;

	MemoryContextReset(state->node.context);
	old = MemoryContextSwitchTo(state->node.context);
	state->keys = AllocSetContextCreate(state->node.context, "hnsw groups",
										ALLOCSET_DEFAULT_SIZES);
	state->groups = LokiBuildGroupTable(state->key, state->nkeys, state->numbers, state->equal,
										state->hash, state->collations, state->node.context,
										state->keys,
										state->node.css.ss.ps.ps_ExprContext->ecxt_per_tuple_memory);
	MemoryContextSwitchTo(old);
}

/* A LokiNodeKind's method */
static bool
restart_groups(LokiNode *node)
{
	GroupsState *state = (GroupsState *) node;

	state->groups = NULL;
	state->begun = state->full = false;
	state->nrows = 0;
	MemoryContextReset(node->context);
	return true;
}

/*
 * How many rows the group of a row had so far, and the hash of its keys.  A new group is entered if
 * isnew is given; otherwise NULL is returned for it.
 *
 * The table compares by GROUP BY's equality, under which NULL equals NULL.  It is full when it has
 * outgrown the memory of hash tables, like a HashAgg that begins to spill; what is in it stays.
 */
static Size *
rows_of_group(GroupsState *state, TupleTableSlot *slot, bool *isnew, uint32 *hash)
{
	TupleHashEntry entry;

	Assert(state->groups != NULL);
	ExecClearTuple(state->key);
	for (int i = 0; i < state->nkeys; i++)
		state->key->tts_values[i] = slot_getattr(slot, state->columns[i],
												 &state->key->tts_isnull[i]);
	ExecStoreVirtualTuple(state->key);
	entry = LookupTupleHashEntry(state->groups, state->key, isnew, hash);
	if (entry == NULL)
		return NULL;
	state->full |= isnew != NULL && *isnew &&
		MemoryContextMemAllocated(state->node.context, true) > get_hash_memory_limit();
	return LokiGroupRows(state->groups, entry);
}

/* The rows of a group that were ranked */
typedef struct RankedRows
{
	int64		count;
	int64		rank;			/* of the last one, which has the score */
	double		score;
	bool		isnull;
} RankedRows;

/*
 * Set the last column of a row, which is its number in a group.  loki_node_store() has left that NULL.  Rows come in
 * order, so that those of the same rank follow each other: rank() counts the rows before it, dense_rank() the values.
 */
static TupleTableSlot *
number_row(GroupsState *state, TupleTableSlot *slot, Size *group)
{
	int			last = slot->tts_tupleDescriptor->natts - 1;
	int64		number;

	if (state->numbered == F_ROW_NUMBER)
		number = (int64) ++*group;
	else
	{
		RankedRows **place = (RankedRows **) group;
		RankedRows *rows = *place;
		bool		isnull;
		Datum		value = slot_getattr(slot, state->score, &isnull);
		double		score = isnull ? 0 : DatumGetFloat8(value);

		if (rows == NULL)
			rows = *place = MemoryContextAllocZero(state->keys, sizeof(RankedRows));
		rows->count++;
		if (rows->count == 1 || rows->isnull != isnull || float8_cmp_internal(rows->score, score) != 0)
			rows->rank = state->numbered == F_RANK_ ? rows->count : rows->rank + 1;
		rows->score = score;
		rows->isnull = isnull;
		number = rows->rank;
	}
	Assert(number > 0);
	slot->tts_values[last] = Int64GetDatum(number);
	slot->tts_isnull[last] = false;
	return slot;
}

/* Rows of a group are last in it where they have no score; NaN is before NULL. */
typedef enum Rank
{
	RANK_NONE,
	RANK_NULL,
	RANK_NAN,
	RANK_FIRST
} Rank;

/* Where a row comes among those of its group; all alike if no row has to wait */
static Rank
rank_of(const GroupsState *state, TupleTableSlot *slot)
{
	bool		isnull;
	Datum		score;

	if (state->aside == 0)
		return RANK_FIRST;
	score = slot_getattr(slot, state->score, &isnull);
	if (isnull)
		return RANK_NULL;
	return (state->aside & LOKI_FIRST_NANS) != 0 && isnan(DatumGetFloat8(score)) ?
		RANK_NAN : RANK_FIRST;
}

/* Whether rows of a rank wait for another one of their group */
static bool
waits(const GroupsState *state, Rank rank)
{
	return rank == RANK_NAN || (rank == RANK_NULL && (state->aside & LOKI_FIRST_NULLS) != 0);
}

/* ----------------------------------------------------------------
 * Rows
 * ----------------------------------------------------------------
 */

/*
 * Have a row of the child sorted; those of groups that were returned are numbered, or dropped.
 *
 * The first number sorts by hash, and within that by rank, of which there are four; a hash has 32 bits,
 * so the product is exact in a float8.  The second one keeps rows as they came.
 */
static void
sort_row(GroupsState *state, TupleTableSlot *slot)
{
	uint32		hash;
	Size	   *rows = rows_of_group(state, slot, NULL, &hash);
	double		numbers[] = {hash * 4.0 + RANK_FIRST - rank_of(state, slot), state->nrows++};

	if (rows == NULL)
		loki_sorted_put(&state->node, BY_GROUP, 2, numbers);
	else if (state->numbered)
	{
		number_row(state, slot, rows);
		loki_sorted_put(&state->node, RESULT, 1, &numbers[1]);
	}
}

/*
 * The table is full: sort the rows that the child still has, and those that wait.  A table that has the
 * groups of one hash at a time finds the first row of each group, or its number.
 *
 * From here on the child's order is not needed, so it is read to its end.  Memory is that of the full
 * table while this lasts, and of two sorts; then that of the groups of one hash, which are few.
 */
static void
sort_rest_of_groups(GroupsState *state)
{
	LokiNode   *node = &state->node;
	TupleTableSlot *slot;
	double		numbers[2];
	double		last = -1;

	Assert(state->full && !node->ended);
	if (!state->begun && state->aside != 0)
	{
		/* no row of these groups was returned */
		make_table(state);
		while ((slot = loki_sorted_next(node, RESULT, NULL)) != NULL)
			sort_row(state, slot);
	}
	while ((slot = loki_node_next_of_child(node)) != NULL)
		sort_row(state, slot);
	make_table(state);
	while ((slot = loki_sorted_next(node, BY_GROUP, numbers)) != NULL)
	{
		bool		isnew;
		Size	   *rows;

		if (floor(numbers[0] / 4) != last)
		{
			Assert(floor(numbers[0] / 4) > last);
			ResetTupleHashTable(state->groups);
			MemoryContextReset(state->keys);
		}
		last = floor(numbers[0] / 4);
		rows = rows_of_group(state, slot, &isnew, NULL);
		if (state->numbered)
			number_row(state, slot, rows);
		if (state->numbered || isnew)
			loki_sorted_put(node, RESULT, 1, &numbers[1]);
	}
	Assert(node->ended);
	state->begun = state->full = true;
}

/*
 * Read rows until no group is known by rows alone that wait, and keep the first row of each
 * group and rank.  The table has the best rank of each group.
 */
static void
read_first_rows(GroupsState *state)
{
	int64		waiting = 0;
	Rank		rank;

	Assert(!state->begun && !state->numbered);
	do
	{
		TupleTableSlot *slot = loki_node_next_of_child(&state->node);
		bool		isnew;
		Size	   *best;

		if (slot == NULL)
			break;
		rank = rank_of(state, slot);
		best = rows_of_group(state, slot, &isnew, NULL);
		state->nrows++;
		if (rank <= (Rank) *best)
			continue;
		loki_sorted_put(&state->node, RESULT, 1, &state->nrows);
		waiting += waits(state, rank) - waits(state, (Rank) *best);
		*best = rank;
		Assert(waiting >= 0);
	} while (!state->full && (waits(state, rank) || waiting > 0));
}

/*
 * A LokiNodeKind's method.  In order: rows that waited, with what was read meanwhile; what was sorted
 * when the table was full; and else the child's rows as they come, each of which is a group's first or
 * is passed over.
 */
static TupleTableSlot *
next_of_groups(LokiNode *node)
{
	GroupsState *state = (GroupsState *) node;
	TupleTableSlot *slot;

	if (state->groups == NULL)
		make_table(state);
	if (!state->begun && state->aside != 0)
		read_first_rows(state);
	if (state->full && !node->ended)
		sort_rest_of_groups(state);
	state->begun = true;
	/* a row that waited is passed over if its group had a better one */
	while ((slot = loki_sorted_next(node, RESULT, NULL)) != NULL)
		if (state->full || *rows_of_group(state, slot, NULL, NULL) == rank_of(state, slot))
			return slot;
	while ((slot = loki_node_next_of_child(node)) != NULL)
	{
		bool		isnew;
		Size	   *rows = rows_of_group(state, slot, &isnew, NULL);

		if (state->numbered)
			return number_row(state, slot, rows);
		if (isnew)
			return slot;
	}
	return NULL;
}

/* A LokiNodeKind's method */
static void
explain_groups(LokiNode *node, List *ancestors, ExplainState *es)
{
	ExplainPropertyList("Group Key", loki_node_deparse(node, ancestors, es,
													   ((GroupsState *) node)->nkeys), es);
}

static const LokiNodeKind groups_kind = {
	.path = {.CustomName = "LokivectorGroupSearch", .PlanCustomPath = loki_node_plan},
	.plan = {.CustomName = "LokivectorGroupSearch", .CreateCustomScanState = loki_node_create_state},
	.size = sizeof(GroupsState),
	.ordered = true,
	.begin = begin_groups,
	.restart = restart_groups,
	.next = next_of_groups,
	.explain = explain_groups,
};

const LokiForm loki_groups_form = {
	.level = loki_find_groups,
	.upper = add_group_paths,
	.kind = &groups_kind,
};
