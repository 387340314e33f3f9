/*-------------------------------------------------------------------------
 *
 * row_groups_path.c
 *	  Paths for groups of a table's rows, in the order of a distance of these.
 *
 *		Limit
 *		  ->  GroupAggregate							Group Key: d.id
 *				->  Incremental Sort					Sort Key: (d.v <-> $1), d.id
 *					  ->  Nested Loop
 *							->  Index Scan using ...	Order By: (d.v <-> $1)
 *							->  ...
 *
 * query/row_groups.c says which queries have such a path.  Core sorts rows by the keys of groups first, and the groups
 * by the distance then, which reads all rows.  The distance is the same for all rows of a group, so that they follow
 * each other in this order too.  All nodes are core's, and keep to what they say of their order.
 *
 * order/limit_search.c goes down through Agg and Unique to scans of the table: each row that comes brings its whole group.
 * A search does without the sort.
 *
 * IDENTIFICATION
 *	  src/planner/order/row_groups_path.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "nodes/pathnodes.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/prep.h"
#include "planner/order/order.h"
#include "planner/query/level.h"
#include "utils/selfuncs.h"

/* Sort keys behind the distance, which may be among them */
static List *
behind_distance(const PathKey *distance, List *keys)
{
	List	   *result = list_make1(unconstify(PathKey *, distance));

	foreach_node(PathKey, key, keys)
		if (key->pk_eclass != distance->pk_eclass)
		result = lappend(result, key);
	return result;
}

/* The rows of a path, sorted by further keys among those of the same distance */
static Path *
sort_within(PlannerInfo *root, RelOptInfo *output, Path *path, List *keys)
{
	if (pathkeys_contained_in(keys, path->pathkeys))
		return path;
	return (Path *) create_incremental_sort_path(root, output, path, keys, 1, -1);
}

/* GROUP BY.  Above the node rows are sorted by the distance and the keys, and not by what aggregates are sorted by. */
static Path *
grouped(PlannerInfo *root, RelOptInfo *output, Path *path, const AggClauseCosts *costs, double ngroups)
{
	const LokiRowGroups *groups = loki_query_level(root)->row_groups;
	List	   *keys = list_copy_head(root->group_pathkeys, LokiGroupKeys(root));
	Path	   *sorted = sort_within(root, output, path, behind_distance(groups->input, root->group_pathkeys));
	AggPath    *agg = create_agg_path(root, output, sorted, root->upper_targets[UPPERREL_GROUP_AGG],
									  AGG_SORTED, AGGSPLIT_SIMPLE, LokiGroupClause(root),
									  (List *) root->parse->havingQual, costs, ngroups);

	agg->path.pathkeys = behind_distance(groups->output, keys);
	return &agg->path;
}

/* DISTINCT, whose keys begin with those of ORDER BY */
static Path *
distinct(PlannerInfo *root, RelOptInfo *output, Path *path, double ngroups)
{
	List	   *keys = root->distinct_pathkeys;

	return (Path *) loki_create_unique_path(root, output, sort_within(root, output, path, keys),
											list_length(keys), ngroups);
}

void
loki_row_group_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output)
{
	const LokiRowGroups *groups = loki_query_level(root)->row_groups;
	AggClauseCosts costs = {0};
	List	   *keys;

	if (output->reloptkind != RELOPT_UPPER_REL || groups == NULL || groups->stage != stage ||
		!enable_incremental_sort)
		return;
	keys = get_sortgrouplist_exprs(groups->keys, root->processed_tlist);
	if (stage == UPPERREL_GROUP_AGG)
		get_agg_clause_costs(root, AGGSPLIT_SIMPLE, &costs);
	else if (linitial(root->distinct_pathkeys) != groups->input)
		return;
	foreach_ptr(Path, path, input->pathlist)
	{
		double		ngroups = estimate_num_groups(root, keys, Max(path->rows, 1), NULL, NULL);

		if (path->param_info == NULL && pathkeys_contained_in(list_make1(groups->input), path->pathkeys))
			add_path(output, stage == UPPERREL_GROUP_AGG ? grouped(root, output, path, &costs, ngroups) :
					 distinct(root, output, path, ngroups));
	}
}
