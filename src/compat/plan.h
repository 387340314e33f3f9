/*-------------------------------------------------------------------------
 *
 * plan.h
 *	  Differences between the supported server versions in what the planner calls.
 *
 * IDENTIFICATION
 *	  src/compat/plan.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLAN_H
#define LOKI_PLAN_H

#include "optimizer/cost.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"

/*
 * Since 19 a relation may have a double of which core aggregates the rows before it joins them
 * (enable_eager_aggregate).  Its rows are groups, and a path of plain rows must not be added to it.
 */
#if PG_VERSION_NUM >= 190000
#define LokiIsGrouped(rel)				IS_GROUPED_REL(rel)
#else
#define LokiIsGrouped(rel)				((void) (rel), false)
#endif

/* Since 19 the settings are copied into each relation, where extensions may change them */
#if PG_VERSION_NUM >= 190000
#define LokiIndexScansEnabled(rel)		(((rel)->pgs_mask & PGS_INDEXSCAN) != 0)
#define LokiBitmapScansEnabled(rel)		(((rel)->pgs_mask & PGS_BITMAPSCAN) != 0)
#else
#define LokiIndexScansEnabled(rel)		((void) (rel), enable_indexscan)
#define LokiBitmapScansEnabled(rel)		((void) (rel), enable_bitmapscan)
#endif

/*
 * Have paths of relations and joins keep an order that no clause of the level asks for.  Core keeps that of
 * query_pathkeys until 18.  Since 19 it asks each stage's list, of which that of a set operation above is free
 * where the level sorts for itself.  Gap P24; no version asks an extension for orders; sql/planner_groups.
 */
static inline void
loki_ask_for_pathkeys(PlannerInfo *root, RelOptInfo *rel, List *pathkeys)
{
	root->query_pathkeys = pathkeys;
#if PG_VERSION_NUM >= 190000
	root->setop_pathkeys = pathkeys;
#endif
	Assert(truncate_useless_pathkeys(root, rel, pathkeys) == pathkeys);
}

/*
 * Have the expression of a sort key translated to children of tables, as core did for the query's own sort keys
 * when it looked at the tables.  A Merge Append of partitions finds its sort columns by these members.
 *
 * Until 18 add_child_rel_equivalences() translates all classes that the parent has (eclass_indexes).  It is given a
 * copy of the parent that has only this one.
 */
static inline void
loki_translate_to_children(PlannerInfo *root, PathKey *key)
{
	ListCell   *cell;
#if PG_VERSION_NUM < 190000
	int			class = 0;

	while (list_nth(root->eq_classes, class) != key->pk_eclass)
		class++;
#endif
	foreach(cell, root->append_rel_list)
	{
		AppendRelInfo *info = lfirst_node(AppendRelInfo, cell);
		RelOptInfo *parent = root->simple_rel_array[info->parent_relid];
		RelOptInfo *child = root->simple_rel_array[info->child_relid];
#if PG_VERSION_NUM >= 190000
		if (parent != NULL && child != NULL)
			add_child_rel_pathkey_equivalences(root, child, list_make1(key));
#else
		RelOptInfo	one;

		if (parent == NULL || child == NULL || !bms_is_member(class, parent->eclass_indexes))
			continue;
		one = *parent;
		one.eclass_indexes = bms_make_singleton(class);
		add_child_rel_equivalences(root, info, &one, child);
#endif
	}
}

/* planner_hook gets since 19 what EXPLAIN asks for */
#if PG_VERSION_NUM >= 190000
#define LOKI_EXPLAIN_PARAMETER			, ExplainState *explain
#define LOKI_EXPLAIN_ARGUMENT			, explain
#else
#define LOKI_EXPLAIN_PARAMETER
#define LOKI_EXPLAIN_ARGUMENT
#endif

/*
 * A nested loop, of which nothing is required.  Its first estimate says since 19 what may disable it, in the place of
 * settings.
 */
static inline NestPath *
loki_create_nestloop_path(PlannerInfo *root, RelOptInfo *joinrel, JoinType jointype, JoinPathExtraData *extra,
						  Path *outer, Path *inner, List *clauses, List *pathkeys)
{
	JoinCostWorkspace workspace;

#if PG_VERSION_NUM >= 190000
	initial_cost_nestloop(root, &workspace, jointype,
						  IsA(inner, MaterialPath) ? PGS_NESTLOOP_MATERIALIZE : PGS_NESTLOOP_PLAIN,
						  outer, inner, extra);
#else
	initial_cost_nestloop(root, &workspace, jointype, outer, inner, extra);
#endif
	return create_nestloop_path(root, joinrel, jointype, &workspace, extra, outer, inner, clauses, pathkeys, NULL);
}

#if PG_VERSION_NUM >= 190000
#define loki_create_material_path(rel, input)	create_material_path(rel, input, true)
#else
#define loki_create_material_path(rel, input)	create_material_path(rel, input)
#endif

/*
 * A condition of a security level, as make_simple_restrictinfo() makes one of none; so have the parts of an OR.  One
 * of a join may not be moved into the relations `outer`.
 */
#if PG_VERSION_NUM >= 160000
#define loki_make_restrictinfo(root, clause, level, outer) \
	make_restrictinfo(root, clause, true, false, false, false, level, NULL, NULL, outer)
#else
#define loki_make_restrictinfo(root, clause, level, outer) \
	make_restrictinfo(root, clause, true, false, false, level, NULL, outer, NULL)
#endif

/* Whether a relation's own conditions leave one row of it */
#if PG_VERSION_NUM >= 190000
#define loki_has_unique_row(root, rel)	relation_has_unique_index_for(root, rel, NIL, NULL)
#else
#define loki_has_unique_row(root, rel)	relation_has_unique_index_for(root, rel, NIL, NIL, NIL)
#endif

/* The equalities of columns by which a relation is joined to others, by inner joins; relations and an outer join */
#if PG_VERSION_NUM >= 160000
#define loki_join_equalities(root, joined, others, rel)	generate_join_implied_equalities(root, joined, others, rel, NULL)
#define loki_add_outer_join(relids, join)	((join)->ojrelid != 0 ? bms_add_member(relids, (join)->ojrelid) : (relids))
#else
#define loki_join_equalities(root, joined, others, rel)	generate_join_implied_equalities(root, joined, others, rel)
#define loki_add_outer_join(relids, join)	(relids)
#endif

/* Appends of paths that are not partial, with as many rows as these, or `rows` if that is not negative */
#if PG_VERSION_NUM >= 190000
#define loki_create_append_path(root, rel, paths, pathkeys, rows) \
	create_append_path(root, rel, (AppendPathInput) {.subpaths = (paths)}, pathkeys, NULL, 0, false, rows)
#define loki_create_merge_append_path(root, rel, paths, pathkeys) \
	create_merge_append_path(root, rel, paths, NIL, pathkeys, NULL)
#else
#define loki_create_append_path(root, rel, paths, pathkeys, rows) \
	create_append_path(root, rel, paths, NIL, pathkeys, NULL, 0, false, rows)
#define loki_create_merge_append_path(root, rel, paths, pathkeys) \
	create_merge_append_path(root, rel, paths, pathkeys, NULL)
#endif

/* Since 19 the path of a Unique has a name without "Upper" */
#if PG_VERSION_NUM >= 190000
#define T_LokiUniquePath				T_UniquePath
#define LokiUniquePath					UniquePath
#define loki_create_unique_path			create_unique_path
#else
#define T_LokiUniquePath				T_UpperUniquePath
#define LokiUniquePath					UpperUniquePath
#define loki_create_unique_path			create_upper_unique_path
#endif

/* The keys that groups are made by: since 16 without those that are the same for all rows */
#if PG_VERSION_NUM >= 160000
#define LokiGroupClause(root)			((root)->processed_groupClause)
#else
#define LokiGroupClause(root)			((root)->parse->groupClause)
#endif

/* How many sort keys of a stage are those of groups: since 16 those of aggregates follow */
#if PG_VERSION_NUM >= 160000
#define LokiGroupKeys(root)				((root)->num_groupby_pathkeys)
#else
#define LokiGroupKeys(root)				list_length((root)->group_pathkeys)
#endif

/*
 * A Sort that enable_sort = off says nothing about.  Until 17 that adds a cost, since 18 it counts a node as
 * disabled.
 */
static inline Path *
loki_create_sort_path(PlannerInfo *root, RelOptInfo *rel, Path *input, List *pathkeys)
{
	Path	   *sort = (Path *) create_sort_path(root, rel, input, pathkeys, -1);

	if (enable_sort)
		return sort;
#if PG_VERSION_NUM >= 180000
	Assert(sort->disabled_nodes == input->disabled_nodes + 1);
	sort->disabled_nodes = input->disabled_nodes;
#else
	Assert(sort->startup_cost >= input->total_cost + disable_cost);
	sort->startup_cost -= disable_cost;
	sort->total_cost -= disable_cost;
#endif
	return sort;
}

#endif							/* LOKI_PLAN_H */
