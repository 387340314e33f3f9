/*-------------------------------------------------------------------------
 *
 * level.c
 *	  What a query level asks of its rows.
 *
 * That is asked for each relation, for the costs of each path, and at each stage above.  It is worked out at the
 * first of these calls: the level has its sort keys then, and its target list changes no more.  The struct is
 * kept with the level (LokiGetLevelState()) in memory that lives as long, and not in that of the genetic
 * optimizer.  The sort keys of groups are added to the query's equivalence classes then, and once.
 *
 * Core makes a level for an aggregate of another's PlannerInfo, which it copies (build_minmax_path()).  So a
 * struct holds whose it is, and another level makes its own.
 *
 * Nothing else in this folder looks into the Query of a level that is being planned, but for what comes before its
 * sort keys (words.c, forms/fusion.c) and the plans of WITH (forms/vector_join.c).
 *
 * IDENTIFICATION
 *	  src/planner/query/level.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "compat/pgcompat.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "parser/parsetree.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* What a LIMIT is taken for that the planner does not know (cost/cost.c) */
#define UNKNOWN_LIMIT	40

/* ----------------------------------------------------------------
 * Queries
 * ----------------------------------------------------------------
 */

bool
loki_consumes_order(const Query *parse)
{
	return parse->groupClause != NIL || parse->groupingSets != NIL ||
		parse->distinctClause != NIL || parse->hasAggs ||
		(parse->hasWindowFuncs && !loki_ranks_rows(parse)) ||
		parse->setOperations != NULL || parse->havingQual != NULL;
}

bool
loki_changes_rows(const Query *parse)
{
	return parse->commandType != CMD_SELECT || parse->hasAggs || parse->hasWindowFuncs ||
		parse->hasTargetSRFs || parse->groupClause != NIL || parse->groupingSets != NIL ||
		parse->havingQual != NULL || parse->distinctClause != NIL || parse->rowMarks != NIL;
}

/* LIMIT NULL and LIMIT ALL take all rows; the parser makes a constant of both. */
bool
loki_has_limit(const Query *parse)
{
	return parse->limitCount != NULL && parse->limitOption == LIMIT_OPTION_COUNT &&
		!(IsA(parse->limitCount, Const) && ((Const *) parse->limitCount)->constisnull);
}

const RangeTblEntry *
loki_only_source(const Query *parse)
{
	const List *from = parse->jointree->fromlist;

	return list_length(from) == 1 && IsA(linitial(from), RangeTblRef) ?
		rt_fetch(linitial_node(RangeTblRef, from)->rtindex, parse->rtable) : NULL;
}

/* ----------------------------------------------------------------
 * What is likely, for costs
 * ----------------------------------------------------------------
 */

/*
 * Upwards from a scan's level to that of a LIMIT that takes its rows, as order/limit_search.c will come down from it; NULL
 * if something needs all rows first.  So does an order of ranks, but for the order that they have.  A level above must
 * select from this one alone, without LIMIT here or conditions there: these would drop rows, so that more are taken than
 * LIMIT says.
 */
static const PlannerInfo *
limit_above(const PlannerInfo *root)
{
	bool		ranks = false;

	while (!loki_consumes_order(root->parse))
	{
		const RangeTblEntry *rte;

		if (root->parse->sortClause != NIL &&
			(ranks || (root->parse->hasWindowFuncs && !loki_sorts_by_rank(root) &&
					   !pathkeys_contained_in(root->sort_pathkeys, root->window_pathkeys))))
			return NULL;
		ranks |= root->parse->hasWindowFuncs;
		if (loki_has_limit(root->parse))
			return root;
		if (root->parse->limitCount != NULL || root->parent_root == NULL)
			return NULL;
		root = root->parent_root;
		rte = root->parse->jointree->quals == NULL ? loki_only_source(root->parse) : NULL;
		if (rte == NULL || rte->rtekind != RTE_SUBQUERY)
			return NULL;
	}
	return NULL;
}

/*
 * The value of LIMIT or OFFSET: 0 if it is absent, -1 if the planner cannot tell it.  Core's
 * preprocess_limit() does the same for the query's own level, and guesses a tenth of the rows where it
 * cannot tell.
 */
static double
known_count(const PlannerInfo *root, Node *count)
{
	if (count == NULL)
		return 0;
	count = estimate_expression_value(unconstify(PlannerInfo *, root), count);
	if (!IsA(count, Const))
		return -1;
	return ((Const *) count)->constisnull ? 0 :
		Max((double) DatumGetInt64(((Const *) count)->constvalue), 0);
}

/*
 * limit_tuples is what core knows of a LIMIT of this level that no node above the scans and joins
 * changes.  Without it the LIMIT may be that of a form, of ranks, or of a level above.
 */
static void
count_wanted(LokiLevel *level, const PlannerInfo *limit)
{
	const PlannerInfo *root = level->root;
	double		count = limit == NULL ? 0 : known_count(limit, limit->parse->limitCount);
	double		offset = limit == NULL ? 0 : known_count(limit, limit->parse->limitOffset);

	if (count < 0 || offset < 0)
		level->unknown_limit = limit;
	level->wanted = root->limit_tuples;
	if (level->asked.rows != NULL)
	{
		count = known_count(root, level->asked.rows);
		level->wanted = Max(count, count < 0 ? UNKNOWN_LIMIT : 1);
	}
	else if (root->limit_tuples <= 0 && root->tuple_fraction >= 1 && level->ranks_rows)
		level->wanted = root->tuple_fraction;
	else if (level->asked.limit != NULL || (root->limit_tuples <= 0 && level->unknown_limit != NULL))
		level->wanted = Max(count, level->unknown_limit != NULL ? UNKNOWN_LIMIT : 0) + Max(offset, 0);
}

/* ----------------------------------------------------------------
 * The struct
 * ----------------------------------------------------------------
 */

static LokiLevel *
make_level(PlannerInfo *root)
{
	LokiLevel  *level = palloc0_object(LokiLevel);
	const Query *parse = root->parse;
	const PlannerInfo *limit;
	bool		asked;

	/* core sets these before it computes sort keys */
	Assert(root->simple_rel_array != NULL);
	level->root = root;
	level->limit_count = parse->limitCount;
	level->limit_offset = parse->limitOffset;
	level->selects = parse->commandType == CMD_SELECT;
	level->sorts = parse->sortClause != NIL;
	level->locks = parse->rowMarks != NIL;
	level->changes_rows = loki_changes_rows(parse);
	level->takes_first = loki_has_limit(parse) && !level->changes_rows && parse->setOperations == NULL &&
		loki_may_repeat(parse->limitCount, parse->limitOffset);
	level->repeatable = loki_is_repeatable(parse->jointree);
	level->ranks_rows = loki_ranks_rows(parse);
	/* a function does if its frame ends with the last one, or if all rows are peers; core knows of this since 16 */
	if (parse->hasWindowFuncs && !level->ranks_rows)
		foreach_node(WindowClause, window, parse->windowClause)
			level->windows_need_all |= window->partitionClause == NIL &&
			((window->frameOptions & FRAMEOPTION_END_UNBOUNDED_FOLLOWING) ||
			 (window->orderClause == NIL && !(window->frameOptions & FRAMEOPTION_ROWS)));
	foreach_form(form)
		if (form->level != NULL &&
			(level->asked.state = form->level(root, parse, root->parent_root != NULL ? root->parent_root->parse : NULL,
											 level)) != NULL)
	{
		level->asked.form = form;
		break;
	}
	limit = limit_above(root);
	asked = level->asked.limit != NULL || level->asked.rows != NULL;
	/* core expects a share of the rows to be taken, unless something needs all of them */
	count_wanted(level, level->asked.limit != NULL ? level->asked.limit : root->tuple_fraction > 0 ? limit : NULL);
	level->likely_search[false] = asked ? level->asked.whole == 0 :
		limit != NULL || (!loki_consumes_order(parse) && !parse->hasWindowFuncs);
	level->likely_search[true] = asked || limit != NULL;
	return level;
}

const LokiLevel *
loki_query_level(const PlannerInfo *root)
{
	static Relids nobody = NULL;	/* relations are numbered from 1 on */
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	PlannerInfo *planned = unconstify(PlannerInfo *, root);
	LokiLevel  *level;

	if (nobody == NULL)
		nobody = bms_make_singleton(0);
	MemoryContextSwitchTo(root->planner_cxt);
	level = LokiGetLevelState(planned, nobody);
	if (level == NULL || level->root != root)
	{
		level = make_level(planned);
		LokiSetLevelState(planned, nobody, level);
	}
	MemoryContextSwitchTo(old);
	return level;
}

/* The last note comes first: add_path() may free a path, and another one is in its place. */
void
loki_note_saving(PlannerInfo *root, const Path *path, Cost cost, Selectivity part)
{
	MemoryContext old = MemoryContextSwitchTo(root->planner_cxt);
	LokiLevel  *level = unconstify(LokiLevel *, loki_query_level(root));
	LokiSaving *saving = palloc_object(LokiSaving);

	Assert(cost >= 0 && part > 0 && part <= 1);
	saving->path = path;
	saving->cost = cost;
	saving->part = part;
	level->savings = lcons(saving, level->savings);
	MemoryContextSwitchTo(old);
}

LokiSaving
loki_noted_saving(const PlannerInfo *root, const Path *path)
{
	LokiSaving	none = {.part = 1};

	foreach_ptr(LokiSaving, saving, loki_query_level(root)->savings)
		if (saving->path == path)
		return *saving;
	return none;
}

bool
loki_statement_selects(const PlannerInfo *root)
{
	while (root->parent_root != NULL)
		root = root->parent_root;
	return root->parse->commandType == CMD_SELECT;
}

/* Whether a sub-plan of an expression has an effect, by which one could tell how often it is evaluated */
static bool
has_effects(Node *node, void *glob)
{
	if (node == NULL)
		return false;
	if (IsA(node, Query))
		return ((Query *) node)->rowMarks != NIL || query_tree_walker((Query *) node, has_effects, glob, 0);
	if (IsA(node, SubPlan))
	{
		const PlannerInfo *subroot = list_nth_node(PlannerInfo, ((PlannerGlobal *) glob)->subroots,
												   ((SubPlan *) node)->plan_id - 1);
		Node	   *parse = (Node *) subroot->parse;

		/* those of its own that are evaluated once are parameters in it by now */
		if (contain_volatile_functions(parse) || has_effects(parse, glob) || has_effects((Node *) subroot->init_plans, glob))
			return true;
	}
	return expression_tree_walker(node, has_effects, glob);
}

/* Whether two plans may have an expression, of which one returns rows: with its sub-plans, as scans of partitions have */
static bool
is_planned_alike(const PlannerInfo *root, void *expr)
{
	return !contain_volatile_functions(expr) && !has_effects(expr, root->glob);
}

/* Conditions of a relation, those that it is joined by included; as parts of two plans, or of one that reads it twice */
static bool
has_repeatable_conditions(const PlannerInfo *root, const RelOptInfo *rel, bool plans)
{
	foreach_node(RestrictInfo, rinfo, list_concat_copy(rel->baserestrictinfo, rel->joininfo))
		if (!(plans ? is_planned_alike(root, rinfo->clause) : loki_is_repeatable(rinfo->clause)))
		return false;
	return true;
}

/*
 * Whether a relation of the query has the same rows when it is read again.  It has if it is a table, and
 * the conditions of the query and of its policies do not change, or if it is WITH, which is executed once.  Other
 * servers may show other rows, and subqueries are left out, as nothing is known of what they call.
 */
static bool
is_same_again(PlannerInfo *root, int relid, bool plans)
{
	RangeTblEntry *rte = planner_rt_fetch(relid, root);
	RelOptInfo *rel = root->simple_rel_array[relid];

	if (rte->rtekind == RTE_JOIN)
		return true;
	/* what WITH has kept */
	if (rte->rtekind == RTE_CTE)
		return !rte->self_reference;
	if (rte->rtekind == RTE_VALUES || rte->rtekind == RTE_FUNCTION)
		return loki_is_repeatable(rte->values_lists) && loki_is_repeatable(rte->functions);
	if (rte->rtekind != RTE_RELATION || rte->tablesample != NULL || rte->relkind == RELKIND_FOREIGN_TABLE ||
		!loki_is_repeatable(rte->securityQuals))
		return false;
	return rel == NULL || has_repeatable_conditions(root, rel, plans);
}

/* EvalPlanQual returns the row of a table only once, so no row may be locked. */
bool
loki_may_read_twice(PlannerInfo *root, RelOptInfo *rel)
{
	Relids		relids = bms_copy(rel->relids);
	int			relid = -1;

	if (!loki_query_level(root)->selects || root->rowMarks != NIL || !loki_query_level(root)->repeatable)
		return false;
	/* with its partitions; parents are before children */
	foreach_node(AppendRelInfo, child, root->append_rel_list)
		if (bms_is_member(child->parent_relid, relids))
		relids = bms_add_member(relids, child->child_relid);
	while ((relid = bms_next_member(relids, relid)) >= 0)
		if (!is_same_again(root, relid, false))
			return false;
	return true;
}

/*
 * Whether a subquery may have two plans.  Core numbers children of its tables anew with each, in the same structs.  Each
 * plan has the sub-plans that are evaluated once.  Of alternative ones it drops with each plan those that this plan does
 * not choose, by its rows, so that the other would lack them.
 */
static bool
is_planned_anew(PlannerInfo *subroot)
{
	if (subroot->append_rel_list != NIL || subroot->hasAlternativeSubPlans || !loki_may_be_planned_twice(subroot))
		return false;
	if (subroot->init_plans != NIL)
		foreach_ptr(PlannerInfo, plan, subroot->glob->subroots)
			if (contain_volatile_functions((Node *) plan->parse))
				return false;
	return true;
}

/*
 * Whether a level may be planned in two ways that are both executed: with the same rows, and with no effect but
 * these.
 */
bool
loki_may_be_planned_twice(PlannerInfo *root)
{
	const LokiLevel *level = loki_query_level(root);
	const Query *parse = root->parse;

	if (!level->selects || level->locks || !is_planned_alike(root, parse->jointree) || parse->hasTargetSRFs ||
		(level->asked.input != NULL && level->asked.whole == 0 && level->asked.otherwise == NULL) ||
		!is_planned_alike(root, parse->targetList) || !is_planned_alike(root, parse->havingQual) ||
		!loki_may_repeat(parse->limitCount, parse->limitOffset))
		return false;
	for (int i = 1; i < root->simple_rel_array_size; i++)
	{
		RelOptInfo *rel = root->simple_rel_array[i];

		if (rel != NULL && (rel->subroot == NULL ? !is_same_again(root, i, true) :
							!has_repeatable_conditions(root, rel, true) || !is_planned_anew(rel->subroot)))
			return false;
	}
	return true;
}

/* ----------------------------------------------------------------
 * What core reads when it makes a plan
 * ----------------------------------------------------------------
 */

/*
 * create_limit_plan() finds the columns in the sort clause; nothing else looks at that any more, as the targets of
 * all stages are made.  Gap P29; no version has the columns in the path; sql/planner_promise, ties.
 */
void
loki_tie_by(PlannerInfo *root, List *clauses)
{
	Assert(clauses != NIL);
	Assert(root->parse->setOperations != NULL || root->upper_targets[UPPERREL_FINAL] != NULL);
	root->parse->sortClause = clauses;
}

/* The sort clause is cut after the distance.  Constants before it may stay. */
void
loki_tie_by_first_key(PlannerInfo *root)
{
	List	   *clauses = NIL;

	foreach_ptr(SortGroupClause, clause, root->parse->sortClause)
	{
		clauses = lappend(clauses, clause);
		if (make_pathkeys_for_sortclauses(root, clauses, root->processed_tlist) != NIL)
			break;
	}
	loki_tie_by(root, clauses);
}

/* postgres_fdw sends the LIMIT of the query. */
void
loki_send_limit(PlannerInfo *root, Node *count, Node *offset)
{
	root->parse->limitCount = count;
	root->parse->limitOffset = offset;
}

/* ----------------------------------------------------------------
 * Tables on other servers
 * ----------------------------------------------------------------
 */

/* A wrapper is known by its library: others imitate it. */
bool
loki_is_shard_server(Oid serverid)
{
	Oid			handler = GetForeignDataWrapper(GetForeignServer(serverid)->fdwid)->fdwhandler;
	char	   *library = NULL;
	char	   *function;

	if (OidIsValid(handler))
		fmgr_symbol(handler, &library, &function);
	return library != NULL && strcmp(library, "$libdir/postgres_fdw") == 0 &&
		strcmp(function, "postgres_fdw_handler") == 0;
}

bool
loki_reads_foreign(const RangeTblEntry *rte, bool but_shards)
{
	if (rte->inh && has_subclass(rte->relid))
		foreach_oid(relid, find_all_inheritors(rte->relid, AccessShareLock, NULL))
			if (get_rel_relkind(relid) == RELKIND_FOREIGN_TABLE &&
				!(but_shards && loki_is_shard_server(GetForeignServerIdByRelId(relid))))
			return true;
	return rte->relkind == RELKIND_FOREIGN_TABLE;
}
