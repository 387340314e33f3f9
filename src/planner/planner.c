/*-------------------------------------------------------------------------
 *
 * planner.c
 *	  The hooks of the planner, and the forms of queries that they serve (query/form.h).
 *
 * IDENTIFICATION
 *	  src/planner/planner.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/plan.h"
#include "hnsw/hnsw.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "planner/cost/cost.h"
#include "planner/cost/selectivity.h"
#include "planner/forms/forms.h"
#include "planner/hybrid/hybrid.h"
#include "planner/order/order.h"
#include "planner/planner.h"
#include "planner/query/level.h"

const LokiForm *const loki_forms[] = {
	&loki_arms_form,
	&loki_groups_form,
	&loki_row_groups_form,
	&loki_ranks_form,
	&loki_scores_form,
	&loki_parts_form,
	&loki_join_keys_form,
	&loki_outer_join_form,
	&loki_vector_join_form,
	&loki_shards_form,
	NULL
};

static planner_hook_type previous_planner = NULL;
static set_rel_pathlist_hook_type previous_pathlist = NULL;
static set_join_pathlist_hook_type previous_joinpath = NULL;
static create_upper_paths_hook_type previous_upper_paths = NULL;

/* planner_hook */
static PlannedStmt *
plan_statement(Query *query, const char *source, int options, ParamListInfo params LOKI_EXPLAIN_PARAMETER)
{
	PlannedStmt *statement;

	loki_walks_plans = true;

	/*
	 * Who asks for pgvector's iterative scans reads the rows of an order as
	 * they come, and leaves when there are enough: the loops of PL/pgSQL and
	 * fetches by a driver do not say so, as DECLARE does.
	 */
	if (query->limitCount == NULL && loki_hnsw_iterates() && loki_sorts_by_score(query))
		options |= CURSOR_OPT_FAST_PLAN;
	foreach_form(form)
		if (form->query != NULL)
			form->query(query);
	statement = previous_planner ? previous_planner(query, source, options, params LOKI_EXPLAIN_ARGUMENT) :
		standard_planner(query, source, options, params LOKI_EXPLAIN_ARGUMENT);
	loki_finish_plans(statement);
	return statement;
}

/*
 * The estimate of rows is corrected first, since the costs of paths depend on it.
 * Then come index paths for forms of ORDER BY that core does not match to an index,
 * then the hybrid paths, which are made of index paths, and last those of parts of the table,
 * which are made of both.
 */
static void
add_relation_paths(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte)
{
	if (previous_pathlist)
		previous_pathlist(root, rel, rti, rte);
	if ((rte->rtekind != RTE_RELATION && rte->rtekind != RTE_SUBQUERY) || !IS_SIMPLE_REL(rel) ||
		LokiIsGrouped(rel))
		return;
	Assert(rel->relid == rti && root->simple_rel_array[rti] == rel);
	loki_distance_rows(root, rel);
	if (rte->rtekind == RTE_SUBQUERY)
		return;

	/* a sample of a table cannot be read by an index; a dummy has no rows */
	if (loki_usable_indexes(rel) == NIL || rte->tablesample != NULL || IS_DUMMY_REL(rel))
		return;
	loki_order_paths(root, rel);
	loki_hybrid_paths(root, rel, rte);
	foreach_form(form)
		if (form->relation != NULL)
			form->relation(root, rel, rte);
}

/*
 * set_join_pathlist_hook: called for each pair of relations in both directions.  A star of ten tables has a
 * thousand pairs, so the order is looked at first, as all of our paths are for one that may be a distance.
 *
 * Core keeps a join's paths that begin cheaply if a LIMIT of the level itself takes its rows.  That of another level, or a
 * rank's bound, is known here first, so that the first pair's paths are made again.
 */
static void
add_join_paths(PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer,
			   RelOptInfo *inner, JoinType jointype, JoinPathExtraData *extra)
{
	if (previous_joinpath)
		previous_joinpath(root, joinrel, outer, inner, jointype, extra);
	if (root->query_pathkeys == NIL || LokiIsGrouped(joinrel) ||
		!loki_may_be_score_order(linitial(root->query_pathkeys)))
		return;
	if (!joinrel->consider_startup && loki_query_level(root)->wanted > 0)
	{
		joinrel->consider_startup = true;
		add_paths_to_joinrel(root, joinrel, outer, inner, jointype, extra->sjinfo, extra->restrictlist);
		return;
	}
	foreach_form(form)
		if (form->join != NULL)
			form->join(root, joinrel, outer, inner, linitial(root->query_pathkeys), jointype, extra);
}

/* create_upper_paths_hook: called with the paths of each stage, and the finished ones */
static void
add_upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input,
				RelOptInfo *output, void *extra)
{
	const LokiAsked *asked = &loki_query_level(root)->asked;

	if (previous_upper_paths)
		previous_upper_paths(root, stage, input, output, extra);
	if (asked->form != NULL && asked->form->upper != NULL)
		asked->form->upper(root, stage, input, output, asked->state);
	if (stage == UPPERREL_ORDERED)
		loki_sort_late(root, input, output);
	if (stage != UPPERREL_FINAL || !loki_query_level(root)->selects)
		return;
	foreach_form(form)
		if (form->final != NULL)
			form->final(root, input, output, extra);
	loki_limit_again(root, input, output, extra);
	loki_search_paths(root, output, extra);
}

void
loki_planner_init(void)
{
	/* a hook that is installed twice would call itself */
	Assert(loki_hnsw_costestimate == NULL);
	loki_cost_init();
	loki_hybrid_init();
	loki_limit_init();
	loki_search_or_sort_init();
	previous_planner = planner_hook;
	planner_hook = plan_statement;
	previous_pathlist = set_rel_pathlist_hook;
	set_rel_pathlist_hook = add_relation_paths;
	previous_joinpath = set_join_pathlist_hook;
	set_join_pathlist_hook = add_join_paths;
	previous_upper_paths = create_upper_paths_hook;
	create_upper_paths_hook = add_upper_paths;
	foreach_form(form)
	{
		if (form->kind != NULL)
			RegisterCustomScanMethods(&form->kind->plan);
		if (form->init != NULL)
			form->init();
	}
}
