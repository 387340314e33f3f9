/*-------------------------------------------------------------------------
 *
 * shards.c
 *	  The nearest rows of a table whose partitions are on other servers.
 *
 *		SELECT id FROM items WHERE ... ORDER BY v <-> $1 LIMIT k OFFSET o
 *
 * Each partition that is a foreign table of postgres_fdw asks its server for the nearest
 * k + o rows.  A Sort above the Append puts these in order, so the servers work at the
 * same time, and a local partition contributes its nearest k + o rows likewise:
 *
 *		Limit						k, o
 *		  ->  Sort
 *		        ->  Append
 *		              ->  Async Foreign Scan	... ORDER BY v <-> $1 LIMIT k + o
 *		              ->  Async Foreign Scan	... ORDER BY v <-> $1 LIMIT k + o
 *		              ->  Limit					k + o
 *		                    ->  Index Scan
 *
 * One partition left needs no Sort.  A UNION ALL of queries for each partition would have the
 * same plan, but privileges, policies, tableoid and column numbers would have to be translated,
 * and nothing would prune it at run time; a custom scan would do again what postgres_fdw does.
 *
 * How the LIMIT gets there: postgres_fdw sends a LIMIT if a whole query is a single foreign
 * table.  Its GetForeignUpperPaths() is called for a partition that takes the part of a base
 * relation; the fdw_private of the path that it makes, which we neither read nor write, goes
 * into the path that postgres_fdw made of the partition in the order of the query.  When the
 * plan is made, postgres_fdw takes LIMIT from the query, so the query itself has LIMIT k + o
 * from then on; nobody else reads it there.  loki_rows_taken() consists of nodes that
 * postgres_fdw sends.  This relies on postgres_fdw of 15 to 18; other wrappers are left alone.
 *
 * A partition whose server evaluates only some conditions, or lacks the extension in its
 * options, is read as a whole and sorted here.  The Sort above the Append reads all distances,
 * and resjunk.c leaves them alone.  Joins, groups, windows, set operations, functions that
 * return sets, FOR UPDATE, WITH TIES, a LIMIT that may be volatile or has sub-plans, and orders
 * that are no distances are planned as before.
 *
 * IDENTIFICATION
 *	  src/planner/forms/shards.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "foreign/fdwapi.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "planner/forms/forms.h"
#include "planner/order/order.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"

/* The partitions of a table, and what a Limit takes of each */
typedef struct Shards
{
	PlannerInfo *root;
	Node	   *rows;			/* k + o ... */
	FinalPathExtraData taken;	/* ... and estimates for it */
	List	   *paths;			/* of each partition */
	bool		remote;			/* a server is sent the LIMIT */
} Shards;

/* ----------------------------------------------------------------
 * Partitions of postgres_fdw
 * ----------------------------------------------------------------
 */

/*
 * What postgres_fdw keeps in a path that has the LIMIT of the query, which is k + o now;
 * NIL if it cannot be sent, or if some condition cannot.  postgres_fdw does this for a
 * whole query.  So the partition takes the part of the only relation of a query.
 * Gap P33; ends where postgres_fdw sends the LIMIT of a partition; t/047_shards.
 */
static List *
limit_private(Shards *shards, RelOptInfo *rel)
{
	RelOptInfo *input = makeNode(RelOptInfo);
	RelOptInfo *output = makeNode(RelOptInfo);

	Assert(rel->reloptkind == RELOPT_OTHER_MEMBER_REL);
	*input = *rel;
	input->reloptkind = RELOPT_BASEREL;
	output->reloptkind = RELOPT_UPPER_REL;
	output->relids = rel->relids;
	output->reltarget = rel->reltarget;
	rel->fdwroutine->GetForeignUpperPaths(shards->root, UPPERREL_FINAL, input, output,
										  &shards->taken);
	if (list_length(output->pathlist) != 1 || !IsA(linitial(output->pathlist), ForeignPath))
		return NIL;
	/* what its paths have: whether a sort is sent, and a LIMIT */
	Assert(boolVal(lsecond(linitial_node(ForeignPath, output->pathlist)->fdw_private)));
	return linitial_node(ForeignPath, output->pathlist)->fdw_private;
}

/*
 * The path by which a partition's server returns its nearest k + o rows, in order; NULL if
 * there is none.  It is postgres_fdw's own path that is in order, with the LIMIT.
 */
static Path *
remote_path(Shards *shards, RelOptInfo *rel)
{
	PlannerInfo *root = shards->root;

	if (rel->fdwroutine == NULL || rel->fdwroutine->GetForeignUpperPaths == NULL ||
		!loki_is_shard_server(rel->serverid))
		return NULL;
	foreach_ptr(Path, path, rel->pathlist)
	{
		Path	   *scan = IsA(path, ProjectionPath) ? ((ProjectionPath *) path)->subpath : path;
		ForeignPath *limited;

		if (!IsA(scan, ForeignPath) || scan->param_info != NULL ||
			((ForeignPath *) scan)->fdw_private != NIL ||
			compare_pathkeys(scan->pathkeys, root->sort_pathkeys) != PATHKEYS_EQUAL)
			continue;
		limited = makeNode(ForeignPath);
		*limited = *(ForeignPath *) scan;
		limited->fdw_private = limit_private(shards, rel);
		if (limited->fdw_private == NIL)
			return NULL;
		adjust_limit_rows_costs(&limited->path.rows, &limited->path.startup_cost,
								&limited->path.total_cost, 0, shards->taken.count_est);
		if (path == scan)
			return &limited->path;
		return (Path *) create_projection_path(root, rel, &limited->path, path->pathtarget);
	}
	return NULL;
}

/* ----------------------------------------------------------------
 * All partitions
 * ----------------------------------------------------------------
 */

/*
 * The nearest k + o rows of a partition that is here, or whose server cannot be sent the
 * LIMIT.  A search by an index WITH TIES of the distance knows columns by their places in
 * the select list, which functions that are called late do not have.
 */
static Path *
local_path(Shards *shards, RelOptInfo *rel)
{
	PlannerInfo *root = shards->root;
	double		taken = (double) shards->taken.count_est;
	double		fraction = taken > 0 && rel->rows > 0 ? Min(taken / rel->rows, 1) : 0.1;
	Path	   *path = get_cheapest_fractional_path_for_pathkeys(rel->pathlist, root->sort_pathkeys, NULL, fraction);
	LimitPath  *limit;

	if (!pathkeys_contained_in(root->sort_pathkeys, rel->cheapest_total_path->pathkeys))
	{
		Path	   *sorted = (Path *) create_sort_path(root, rel, rel->cheapest_total_path, root->sort_pathkeys,
													   shards->taken.limit_tuples);

		if (path == NULL || compare_fractional_path_costs(sorted, path, fraction) < 0)
			path = sorted;
	}
	limit = create_limit_path(root, rel, path, NULL, shards->rows, LIMIT_OPTION_COUNT, 0,
							  shards->taken.count_est);
	if (list_length(root->sort_pathkeys) > 1 &&
		root->upper_targets[UPPERREL_DISTINCT] != root->upper_targets[UPPERREL_ORDERED])
		return &limit->path;
	return loki_limit_search(root, rel, limit, &shards->taken);
}

/* Collect the paths of all partitions that the query may need, down to the last level. */
static void
add_partitions(Shards *shards, RelOptInfo *rel)
{
	int			i = -1;

	check_stack_depth();
	while ((i = bms_next_member(rel->live_parts, i)) >= 0)
	{
		RelOptInfo *part = rel->part_rels[i];
		Path	   *path;

		if (IS_DUMMY_REL(part))
			continue;
		if (IS_PARTITIONED_REL(part))
		{
			add_partitions(shards, part);
			continue;
		}
		path = remote_path(shards, part);
		shards->remote |= path != NULL;
		shards->paths = lappend(shards->paths, path != NULL ? path : local_path(shards, part));
	}
}

/*
 * If a server can be sent the LIMIT of a query, replace the paths of the query by one that
 * does so.  The others would have more rows sent, and wait for one server after the other.
 *
 * postgres_fdw reads the LIMIT that it sends from the query itself, when the plan is made
 * of the path.  So the query has k + o from now on, for the planner has made its own use of
 * it: the Limit that is returned has expressions of its own.  The query level takes its nearest rows of one partitioned
 * table, and does nothing else.
 */
static void
add_shard_paths(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output,
				 const FinalPathExtraData *final)
{
	const LokiLevel *level = loki_query_level(root);
	PathTarget *target = root->upper_targets[UPPERREL_ORDERED];
	Shards		shards = {.root = root, .taken = *final};
	LokiDistanceExpr distance;
	RelOptInfo *table;
	int			relid;
	Path	   *path;

	if (!final->limit_needed || !level->takes_first || root->sort_pathkeys == NIL ||
		!bms_get_singleton_member(root->all_baserels, &relid))
		return;
	table = find_base_rel(root, relid);
	if (table->rtekind != RTE_RELATION || !IS_PARTITIONED_REL(table) ||
		!loki_orders_by_distance(root, table, linitial_node(PathKey, root->sort_pathkeys), &distance))
		return;
	shards.taken.count_est = loki_rows_taken_estimate(final);
	Assert(shards.taken.count_est > 0 || shards.taken.count_est == -1);
	shards.taken.offset_est = 0;
	shards.taken.limit_tuples = shards.taken.count_est > 0 ? shards.taken.count_est : -1;
	shards.rows = eval_const_expressions(root, loki_rows_taken(level->limit_count, level->limit_offset));
	loki_send_limit(root, shards.rows, NULL);
	add_partitions(&shards, table);
	if (!shards.remote)
	{
		loki_send_limit(root, level->limit_count, level->limit_offset);
		return;
	}
	path = (Path *) loki_create_append_path(root, table, shards.paths, NIL, -1);
	/* the rows of a single partition are in order */
	if (!pathkeys_contained_in(root->sort_pathkeys, path->pathkeys))
		path = (Path *) create_sort_path(root, input, path, root->sort_pathkeys, shards.taken.limit_tuples);
	if (path->pathtarget != target)
		path = apply_projection_to_path(root, input, path, target);
	output->pathlist = list_make1(create_limit_path(root, output, path, level->limit_offset, level->limit_count,
													LIMIT_OPTION_COUNT, final->offset_est, final->count_est));
}

const LokiForm loki_shards_form = {.final = add_shard_paths};
