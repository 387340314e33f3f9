/*-------------------------------------------------------------------------
 *
 * first_ranks.c
 *	  Paths for the first ranks of rows, and for an order by ranks.
 *
 *		SELECT * FROM (SELECT id, row_number() OVER (ORDER BY v <-> $1) AS r FROM items) s
 *		WHERE r <= 10
 *
 * query/ranks.c says which queries have them.
 *
 * IDENTIFICATION
 *	  src/planner/forms/first_ranks.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "planner/forms/forms.h"
#include "planner/order/order.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"

/* Add paths that were made of others of the relation, which add_path() may free; NULL is none. */
static void
add_paths(RelOptInfo *rel, List *paths)
{
	foreach_ptr(Path, path, paths)
		if (path != NULL)
		add_path(rel, path);
}

/*
 * WHERE r <= n above a subquery with row_number() AS r takes the first n rows, as a LIMIT does, and with
 * rank() AS r as one WITH TIES; core ends the WindowAgg there.  Offer its first rows, from scans that
 * are searches.  A WindowAgg that core has made says what the node is like; other paths of its input, in
 * the order of the window, take the place of the one below it.  A copy of it is the plan that a search is given up for.
 */
static void
offer_first_ranks(PlannerInfo *root, RelOptInfo *input, RelOptInfo *output)
{
	const LokiLevel *level = loki_query_level(root);
	LimitPath	limit = {.limitOption = level->asked.ties != NIL ? LIMIT_OPTION_WITH_TIES : LIMIT_OPTION_COUNT,
	.limitCount = copyObject(level->asked.rows)};
	FinalPathExtraData final = {.count_est = (int64) Min(level->wanted, PG_INT32_MAX)};
	WindowAggPath *like = NULL;
	Path	   *instead;
	List	   *first = NIL;

	if (level->asked.rows == NULL || !loki_may_repeat(level->asked.rows, NULL) ||
		loki_limit_has_parameters(&limit) || level->locks)
		return;
	foreach_ptr(WindowAggPath, path, output->pathlist)
		if (IsA(path, WindowAggPath) && (like == NULL || path->path.total_cost < like->path.total_cost))
		like = path;
	if (like == NULL || IsA(like->subpath, WindowAggPath))
		return;
	instead = memcpy(makeNode(WindowAggPath), like, sizeof(WindowAggPath));
	foreach_ptr(Path, path, input->pathlist)
	{
		WindowAggPath *ranks;

		if (path->param_info != NULL || root->window_pathkeys == NIL ||
			!pathkeys_contained_in(root->window_pathkeys, path->pathkeys))
			continue;
		ranks = makeNode(WindowAggPath);
		*ranks = *like;
		ranks->path.pathkeys = path->pathkeys;
		ranks->path.parallel_safe = output->consider_parallel && path->parallel_safe;
		ranks->path.total_cost = path->total_cost + like->path.total_cost -
			like->subpath->total_cost;
		ranks->subpath = path;
		first = lappend(first, loki_first_ranks(root, &limit, &final, ranks, instead));
	}
	add_paths(output, first);
}

/* A LokiForm's method: levels that want the first ranks, or sort by ranks; the level itself says what they want */
static void *
find_ranks(PlannerInfo *root, const Query *parse, const Query *outer, LokiLevel *level)
{
	level->asked.rows = loki_ranks_wanted(parse, root->processed_tlist, &level->asked.ties);
	return level->asked.rows != NULL || (level->ranks_rows && loki_sorts_by_rank(root)) ? level : NULL;
}

/*
 * A LokiForm's method.  Rows come out of their window in the order of their ranks, so that the planner need not sort all
 * rows by these.
 */
static void
add_rank_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output, const void *state)
{
	List	   *ranked = NIL;

	if (stage != UPPERREL_WINDOW)
		return;
	if (loki_query_level(root)->ranks_rows && loki_sorts_by_rank(root))
		foreach_ptr(WindowAggPath, path, output->pathlist)
			if (IsA(path, WindowAggPath))
		{
			path = memcpy(makeNode(WindowAggPath), path, sizeof(WindowAggPath));
			path->path.pathkeys = root->sort_pathkeys;
			ranked = lappend(ranked, path);
		}
	add_paths(output, ranked);
	offer_first_ranks(root, input, output);
}

const LokiForm loki_ranks_form = {.level = find_ranks, .upper = add_rank_paths};
