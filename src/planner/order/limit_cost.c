/*-------------------------------------------------------------------------
 *
 * limit_cost.c
 *	  What a LIMIT that takes rows of a path costs, if that is not a share of what all of them cost.
 *
 * A hash join, a Materialize or groups may read all rows of a path, and core compares paths by what all of them cost, long
 * before it knows which of them a Limit is above.  A LIMIT takes as large a share of that as it has of the rows that the
 * server guesses.  Where other rows are to be expected, or further ones cost more than the first, all rows of a path cost as
 * much as makes that share right, and besides what reading the table costs.  cost/cost.c, hybrid/hybrid_cost.c and
 * forms/groups_node.c note the latter, and here it is subtracted, of finished paths, for what a Limit takes.  What is above a
 * scan adds its own costs to those of the scan, so it is the same for all of them.
 *
 * IDENTIFICATION
 *	  src/planner/order/limit_cost.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "planner/order/order.h"
#include "planner/query/level.h"

/* The same of several paths, all of whose rows are taken in turns */
static Cost
saved_of_all(PlannerInfo *root, List *paths)
{
	Cost		saved = 0;

	foreach_ptr(Path, path, paths)
		saved += loki_limit_saves(root, path);
	return saved;
}

/*
 * These nodes pass rows on as they come: those that follow() (limit_search.c) knows, and LockRows.  A Limit below has
 * subtracted what it saves.
 */
Cost
loki_limit_saves(PlannerInfo *root, const Path *path)
{
	const JoinPath *join;

	switch (nodeTag(path))
	{
		case T_IndexPath:
		case T_CustomPath:
			return loki_noted_saving(root, path).cost;
		case T_ProjectionPath:
			return loki_limit_saves(root, ((const ProjectionPath *) path)->subpath);
		case T_ProjectSetPath:
			return loki_limit_saves(root, ((const ProjectSetPath *) path)->subpath);
		case T_LockRowsPath:
			return loki_limit_saves(root, ((const LockRowsPath *) path)->subpath);
		case T_IncrementalSortPath:
			return loki_limit_saves(root, ((const IncrementalSortPath *) path)->spath.subpath);
		case T_WindowAggPath:
			return loki_limit_saves(root, ((const WindowAggPath *) path)->subpath);
		case T_LokiUniquePath:
			return loki_limit_saves(root, ((const LokiUniquePath *) path)->subpath);
		case T_AggPath:
			return ((const AggPath *) path)->aggstrategy == AGG_SORTED ?
				loki_limit_saves(root, ((const AggPath *) path)->subpath) : 0;
		case T_NestPath:
			join = &((const NestPath *) path)->jpath;
			return loki_limit_saves(root, pathkeys_contained_in(path->pathkeys, join->outerjoinpath->pathkeys) ?
									join->outerjoinpath : join->innerjoinpath);
		case T_AppendPath:
			return saved_of_all(root, ((const AppendPath *) path)->subpaths);
		case T_MergeAppendPath:
			return saved_of_all(root, ((const MergeAppendPath *) path)->subpaths);
		case T_SubqueryScanPath:
			return loki_limit_saves(path->parent->subroot, ((const SubqueryScanPath *) path)->subpath);
		default:
			return 0;
	}
}

void
loki_cost_limit(LimitPath *limit, Cost saved)
{
	const Path *all = limit->subpath;
	Cost		run = all->total_cost - all->startup_cost;
	Path	   *path = &limit->path;

	double		left;

	if (run <= 0)
		return;
	/* an incremental sort has a part of it before its first row */
	left = 1 - Min(saved / run, 1);
	path->startup_cost = all->startup_cost + (path->startup_cost - all->startup_cost) * left;
	path->total_cost = all->startup_cost + (path->total_cost - all->startup_cost) * left;
	Assert(path->startup_cost <= path->total_cost);
}

/*
 * An incremental sort of few rows takes what seem to be all of them before it returns the first.  follow() leaves it out,
 * as what LIMIT takes is sorted above, so it begins with its input.
 */
void
loki_sort_late(PlannerInfo *root, RelOptInfo *input, RelOptInfo *ordered)
{
	PathTarget *target = root->upper_targets[UPPERREL_ORDERED];

	if (list_length(root->sort_pathkeys) < 2 || loki_query_level(root)->locks)
		return;
	foreach_ptr(Path, path, input->pathlist)
	{
		Path	   *sorted;

		if (path->param_info != NULL || loki_limit_saves(root, path) <= 0 ||
			!pathkeys_contained_in(list_make1(linitial(root->sort_pathkeys)), path->pathkeys) ||
			pathkeys_contained_in(root->sort_pathkeys, path->pathkeys))
			continue;
		sorted = (Path *) create_incremental_sort_path(root, ordered, path, root->sort_pathkeys, 1,
													   root->limit_tuples);
		sorted->startup_cost = path->startup_cost;
		if (sorted->pathtarget != target)
			sorted = apply_projection_to_path(root, ordered, sorted, target);
		add_path(ordered, sorted);
	}
}

/* With OFFSET a Limit begins late, if it is taken for a share of all rows, and core drops it. */
void
loki_limit_again(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output, const FinalPathExtraData *final)
{
	const LimitPath *like = NULL;

	foreach_ptr(LimitPath, path, output->pathlist)
		if (IsA(path, LimitPath))
		like = path;
	if (!final->limit_needed || like == NULL || like->limitOffset == NULL || loki_query_level(root)->locks)
		return;
	foreach_ptr(Path, path, input->pathlist)
	{
		bool		found = loki_limit_saves(root, path) <= 0;

		foreach_ptr(LimitPath, limit, output->pathlist)
			found |= IsA(limit, LimitPath) && limit->subpath == path;
		if (!found)
			output->pathlist = lappend(output->pathlist,
									   create_limit_path(root, output, path, like->limitOffset, like->limitCount,
														 like->limitOption, final->offset_est, final->count_est));
	}
}
