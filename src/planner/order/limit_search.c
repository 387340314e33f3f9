/*-------------------------------------------------------------------------
 *
 * limit_search.c
 *	  Which scans of hnsw indexes are searches.
 *
 * A search, which is what an index is for, finds nearly all of the nearest rows.  A row that it finds
 * late it returns late.  So a scan may be a search only if a LIMIT takes its rows and nothing else sees
 * their order.  follow() looks for such scans: it starts at the Limit of a finished plan and goes down
 * over nodes that pass rows on as they come.  The rows that LIMIT takes are then sorted.  A scan below a
 * node that follow() does not know remains exact (P2 and P3 of src/planner/README).
 *
 * Paths are copied on the way down, and never changed: other finished paths share them, and stay exact.
 *
 * IDENTIFICATION
 *	  src/planner/order/limit_search.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat/pgcompat.h"
#include "compat/plan.h"
#include "hnsw/hnsw.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/planmain.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "planner/cost/cost.h"
#include "planner/hybrid/hybrid.h"
#include "planner/order/node.h"
#include "planner/order/order.h"
#include "planner/query/bounds.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "planner/query/matches.h"
#include "planner/query/promise.h"

/* The scans that a Limit takes rows from, and what the nodes in between do */
typedef struct FollowedScans
{
	PlannerInfo *root;
	const FinalPathExtraData *final;
	LimitPath  *limit;			/* NULL: none */
	List	   *keys;			/* the order that the rows are to have; NIL:
								 * none */
	List	   *scans;			/* copies of their index paths */
	List	   *within;			/* those without pgvector's limits */
	const Path *source;			/* the last of them as it was found, unless by
								 * a subquery that gave its order */
	bool		drops;			/* rows may be dropped, or come late */
	bool		further_keys;	/* an incremental sort was left out */
	bool		whole;			/* what is joined to a row has to follow it */
} FollowedScans;

static Path *follow(FollowedScans *followed, Path *path);
static Path *search_sorted(FollowedScans *followed, RelOptInfo *rel, Path *path);

/* ----------------------------------------------------------------
 * From a Limit to its scans
 * ----------------------------------------------------------------
 */

/* A shallow copy of a path of this size */
static void *
copy_path(const void *path, Size size)
{
	return memcpy(palloc(size), path, size);
}

/* What a LIMIT saves of a path it saves of a copy as well: in a subquery, whose paths are copied before that is asked */
static void
note_copy(PlannerInfo *root, const Path *copy, const Path *path)
{
	LokiSaving	saving = loki_noted_saving(root, path);

	if (saving.cost > 0)
		loki_note_saving(root, copy, saving.cost, saving.part);
}

/* A copy of a path in which a field, a pointer, has another value; NULL if that is NULL */
static Path *
copy_with(const void *path, Size size, Size offset, const void *value)
{
	Path	   *copy;

	if (value == NULL)
		return NULL;
	copy = copy_path(path, size);
	memcpy((char *) copy + offset, &value, sizeof(value));
	return copy;
}

#define COPY_WITH(type, field, path, value) \
	copy_with(path, sizeof(type), offsetof(type, field), value)

/* A scan of an hnsw index in the order of a distance; a scan of another index drops no rows and is not late */
static Path *
follow_index(FollowedScans *followed, IndexPath *path)
{
	IndexPath  *copy;
	LokiScanSettings settings;

	/* without sort keys, late rows could not be sorted */
	if (!loki_may_scan(path->indexinfo) || path->path.pathkeys == NIL ||
		list_length(path->indexorderbys) != 1 || followed->keys == NIL)
		return NULL;
	copy = copy_path(path, sizeof(IndexPath));
	note_copy(followed->root, &copy->path, &path->path);
	followed->scans = lappend(followed->scans, copy);
	followed->source = &path->path;

	/*
	 * The first rows of a scan that returns every row that it finds are those
	 * of LIMIT, as it has ordered them by exact distances, and no Sort is
	 * needed above.
	 */
	settings = loki_planned_settings(path->indexinfo);
	followed->drops |= !loki_decides_all(path) ||
		(!settings.complete && settings.iterative_scan == LOKI_ITERATIVE_RELAXED);
	return &copy->path;
}

/* The same within a bitmap or a distance, whose own index path gets the label */
static Path *
follow_hybrid(FollowedScans *followed, CustomPath *path)
{
	CustomPath *copy;
	IndexPath  *walk;

	if (path->path.pathkeys == NIL || followed->keys == NIL)
		return NULL;
	copy = copy_path(path, sizeof(CustomPath));
	note_copy(followed->root, &copy->path, &path->path);
	walk = copy_path(LokiHybridWalk(path), sizeof(IndexPath));
	Assert(compare_pathkeys(walk->path.pathkeys, path->path.pathkeys) == PATHKEYS_EQUAL);
	copy->custom_paths = list_copy(path->custom_paths);
	linitial(copy->custom_paths) = walk;
	followed->scans = lappend(followed->scans, walk);
	followed->source = &path->path;
	if (LokiHybridBitmap(path) != NULL)
		followed->within = lappend(followed->within, walk);
	followed->drops = true;
	return &copy->path;
}

/*
 * The rows below have an order of their own; what comes late among them is sorted above.  Those of some nodes
 * may be late whatever is below.
 */
static Path *
follow_node(FollowedScans *followed, CustomPath *path)
{
	Path	   *input = loki_node_input(path);
	FollowedScans below = *followed;
	CustomPath *copy;
	Path	   *sub;

	if (input == NULL)
		return NULL;
	below.keys = input->pathkeys;
	below.scans = below.within = NIL;
	sub = followed->whole ? NULL : follow(&below, input);
	if (below.further_keys != followed->further_keys)
		sub = NULL;
	if (sub == NULL)
	{
		if (!loki_node_kind(path)->takes_late)
			return NULL;
		/* the scans below stay exact */
		sub = input;
		below.scans = below.within = NIL;
	}
	copy = copy_path(path, sizeof(CustomPath));
	note_copy(followed->root, &copy->path, &path->path);
	copy->custom_paths = list_make1(sub);
	followed->scans = list_concat(followed->scans, below.scans);
	followed->within = list_concat(followed->within, below.within);
	followed->source = below.source;
	followed->drops = true;
	return &copy->path;
}

/*
 * A nested loop has the order of its outer side.  If forms/vector_join.c or forms/keys.c made it,
 * its outer side is a single row, and it has the order of its inner side.
 */
static Path *
follow_join(FollowedScans *followed, NestPath *path)
{
	JoinPath   *join = &path->jpath;
	bool		inner = !pathkeys_contained_in(join->path.pathkeys,
											   join->outerjoinpath->pathkeys);

	followed->drops |= !inner || join->joinrestrictinfo != NIL || join->jointype != JOIN_INNER;
	if (inner)
		return COPY_WITH(NestPath, jpath.innerjoinpath, path,
						 follow(followed, join->innerjoinpath));
	return COPY_WITH(NestPath, jpath.outerjoinpath, path, follow(followed, join->outerjoinpath));
}

/* The subpaths of an Append or MergeAppend, as far as they lead to scans; NIL if none */
static List *
follow_all(FollowedScans *followed, List *subpaths)
{
	List	   *result = NIL;
	bool		found = false;

	foreach_ptr(Path, path, subpaths)
	{
		Path	   *sub = follow(followed, path);

		found |= sub != NULL;
		result = lappend(result, sub != NULL ? sub : path);
	}
	return found ? result : NIL;
}

/* See order.h.  A subquery may not know them. */
bool
loki_has_plan_parameters(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, Param))
		return ((Param *) node)->paramkind == PARAM_EXEC;
	return expression_tree_walker(node, loki_has_plan_parameters, context);
}

bool
loki_limit_has_parameters(const LimitPath *limit)
{
	return loki_has_plan_parameters(limit->limitCount, NULL) ||
		loki_has_plan_parameters(limit->limitOffset, NULL);
}

/* A subquery whose rows pass in its order, or that gets the order of the rows that LIMIT takes */
static Path *
follow_subquery(FollowedScans *followed, SubqueryScanPath *path)
{
	RelOptInfo *rel = path->path.parent;
	FollowedScans inner = {.root = rel->subroot, .final = followed->final, .limit = followed->limit,
	.keys = rel->subroot->sort_pathkeys};
	Path	   *sub = followed->whole ? NULL : follow(&inner, path->subpath);

	if (sub == NULL)
		return NULL;
	Assert(inner.scans != NIL);
	followed->drops |= rel->baserestrictinfo != NIL || path->path.param_info != NULL;

	/*
	 * A subquery has an order, and the query itself has none.  The rows that
	 * LIMIT takes are sorted within the subquery, since its sort keys need
	 * not be among its columns.
	 */
	if (followed->keys == NIL)
	{
		if (followed->drops || followed->further_keys || followed->limit == NULL ||
			inner.keys == NIL || loki_limit_has_parameters(followed->limit))
			return NULL;
		Assert(followed->scans == NIL);
		sub = search_sorted(&inner, path->subpath->parent, sub);
	}
	else
	{
		followed->drops |= inner.drops;
		followed->further_keys |= inner.further_keys;
		followed->scans = list_concat(followed->scans, inner.scans);
		followed->within = list_concat(followed->within, inner.within);
		followed->source = inner.source;
	}
	return COPY_WITH(SubqueryScanPath, subpath, path, sub);
}

/* Whether one row of a table at most is joined to one of the relations `row`: by equalities with unique columns */
static bool
is_joined_once(PlannerInfo *root, Relids row, RelOptInfo *rel, Relids *joined)
{
	List	   *clauses;
	JoinType	type = JOIN_INNER;

	*joined = bms_union(row, rel->relids);
	clauses = loki_join_equalities(root, *joined, row, rel);
	foreach_node(SpecialJoinInfo, join, root->join_info_list)
	{
		if (join->jointype != JOIN_LEFT || !bms_equal(join->min_righthand, rel->relids))
			continue;
		type = JOIN_LEFT;
		clauses = rel->joininfo;
		*joined = loki_add_outer_join(*joined, join);
	}
	return innerrel_is_unique(root, *joined, row, rel, type, clauses, false) &&
		loki_constraints_hold(root, planner_rt_fetch(rel->relid, root)->relid, 0);
}

/* A table, and those of which one row at most is joined to one of its rows, as documents to chunks, authors to these */
static Relids
joined_once(PlannerInfo *root, Index relid)
{
	Relids		row = bms_make_singleton(relid);
	Relids		joined;

	for (int i = 1; i < root->simple_rel_array_size; i++)
	{
		RelOptInfo *rel = root->simple_rel_array[i];

		if (rel == NULL || rel->reloptkind != RELOPT_BASEREL || rel->rtekind != RTE_RELATION ||
			bms_is_member(i, row) || !is_joined_once(root, row, rel, &joined))
			continue;
		row = joined;
		i = 0;					/* others may be joined to this one */
	}
	return row;
}

/* Whether keys are the same for all that is joined to one row of a table; a volatile one may be in a sub-plan */
static bool
follow_from_row(PlannerInfo *root, const List *keys, Index relid)
{
	Relids		row = joined_once(root, relid);

	foreach_node(PathKey, key, keys)
	{
		bool		follows = false;

		foreach_node(EquivalenceMember, member, key->pk_eclass->ec_members)
			follows |= bms_is_subset(member->em_relids, row) && loki_is_repeatable(member->em_expr);
		if (!follows)
			return false;
	}
	return true;
}

/*
 * Rows of an Agg or a Unique, each of which has all that is joined to one row of a table.  A row that comes late has
 * all of that behind it, so its group is whole (`whole`).  An incremental sort would cut the group of a late row in
 * two, since it compares rows only with those of the distance that it has last seen.  It is left out: what is joined to
 * a row follows it already, if it is to be sorted by nothing else.
 */
static Path *
follow_row_groups(FollowedScans *followed, Path *input)
{
	const LokiLevel *level = loki_query_level(followed->root);
	FollowedScans below = {.root = followed->root, .final = followed->final, .limit = followed->limit,
	.whole = true};
	Path	   *sub;

	if (level->asked.whole == 0 || followed->limit == NULL || followed->keys == NIL || followed->whole)
		return NULL;
	below.keys = list_make1(level->asked.input);
	if (IsA(input, IncrementalSortPath))
	{
		if (!follow_from_row(followed->root, input->pathkeys, level->asked.whole))
			return NULL;
		input = ((IncrementalSortPath *) input)->spath.subpath;
		followed->further_keys |= list_length(followed->keys) > 1;
	}
	sub = follow(&below, input);
	if (sub == NULL || below.further_keys)
		return NULL;
	/* all scans are of the table or its children, and return every row */
	foreach_node(IndexPath, scan, below.scans)
	{
		const RelOptInfo *rel = scan->path.parent;

		if (!bms_is_member(level->asked.whole, IS_OTHER_REL(rel) ? rel->top_parent_relids : rel->relids) ||
			!loki_planned_settings(scan->indexinfo).complete)
			return NULL;
	}
	followed->drops = true;
	followed->source = below.source;
	followed->scans = list_concat(followed->scans, below.scans);
	followed->within = list_concat(followed->within, below.within);
	return sub;
}

/*
 * Go down a path to its scans.  Each node on the way passes on the rows of the node below
 * it as they come, and may be stopped at any row.  Returns a copy of the path in which
 * every scan that was reached is a copy, listed in followed->scans; NULL if none was.
 */
static Path *
follow(FollowedScans *followed, Path *path)
{
	Path	   *sub;
	List	   *subpaths;

	switch (nodeTag(path))
	{
		case T_IndexPath:
			return follow_index(followed, (IndexPath *) path);
		case T_CustomPath:
			return ((CustomPath *) path)->methods == &loki_hybrid_path_methods ?
				follow_hybrid(followed, (CustomPath *) path) :
				follow_node(followed, (CustomPath *) path);
		case T_ProjectionPath:
			sub = follow(followed, ((ProjectionPath *) path)->subpath);

			/*
			 * An incremental sort was between two of them.  Core makes no
			 * projection of another: one might be done by a node that cannot,
			 * as a MergeAppend.
			 */
			if (sub != NULL && IsA(sub, ProjectionPath))
				sub = ((ProjectionPath *) sub)->subpath;
			return COPY_WITH(ProjectionPath, subpath, path, sub);
		case T_ProjectSetPath:

			/*
			 * a function that returns a set makes several rows of one, or
			 * none
			 */
			followed->drops = true;
			return COPY_WITH(ProjectSetPath, subpath, path,
							 follow(followed, ((ProjectSetPath *) path)->subpath));
		case T_LockRowsPath:

			/*
			 * It may drop rows that others have changed or locked, so the rows that LIMIT takes would be sorted above
			 * it, and all of them locked before the first is returned.  A client could tell: WHERE CURRENT OF names
			 * the last row that was locked, a rollback to a savepoint between two FETCHes frees rows that are still to
			 * come, and a cursor that is not read to its end locks too much.  A SELECT may be that of a cursor, so its
			 * scans are exact, unless pgvector's limits ask for rows as they come (loki_search_paths()).  Other
			 * statements run to their end.
			 */
			if (loki_statement_selects(followed->root) && followed->limit != NULL)
				return NULL;
			followed->drops = true;
			return COPY_WITH(LockRowsPath, subpath, path, follow(followed, ((LockRowsPath *) path)->subpath));
		case T_NestPath:
			return follow_join(followed, (NestPath *) path);
		case T_AppendPath:

			/*
			 * Several paths are in order if all their rows are, one after the other: of partitions only one can have
			 * rows, since the partition key is a parameter; or forms/outer_join.c made it.
			 */
			subpaths = ((AppendPath *) path)->subpaths;
			if (list_length(subpaths) > 1 &&
				(path->pathkeys == NIL || (followed->whole && !IS_SIMPLE_REL(path->parent))))
				return NULL;
			followed->drops |= list_length(subpaths) > 1;
			return COPY_WITH(AppendPath, subpaths, path, follow_all(followed, subpaths));
		case T_MergeAppendPath:
			if (followed->whole && !IS_SIMPLE_REL(path->parent))
				return NULL;
			return COPY_WITH(MergeAppendPath, subpaths, path,
							 follow_all(followed, ((MergeAppendPath *) path)->subpaths));
		case T_SubqueryScanPath:
			return follow_subquery(followed, (SubqueryScanPath *) path);
		case T_SortPath:
			/* where core guesses that LIMIT takes all rows, it sorts them at once, though they are in order */
			sub = ((SortPath *) path)->subpath;
			if (!pathkeys_contained_in(list_make1(linitial(path->pathkeys)), sub->pathkeys))
				return NULL;
			sub = follow(followed, sub);
			followed->further_keys |= sub != NULL;
			return sub;
		case T_IncrementalSortPath:

			/*
			 * it would rely on the order, and is left out; a Sort above has
			 * all keys
			 */
			sub = follow(followed, ((IncrementalSortPath *) path)->spath.subpath);
			followed->further_keys |= sub != NULL;
			return sub;
		case T_AggPath:
			if (((AggPath *) path)->aggstrategy != AGG_SORTED || ((AggPath *) path)->aggsplit != AGGSPLIT_SIMPLE)
				return NULL;
			return COPY_WITH(AggPath, subpath, path,
							 follow_row_groups(followed, ((AggPath *) path)->subpath));
		case T_LokiUniquePath:
			return COPY_WITH(LokiUniquePath, subpath, path,
							 follow_row_groups(followed, ((LokiUniquePath *) path)->subpath));
		default:
			return NULL;
	}
}

/* ----------------------------------------------------------------
 * Sorting what LIMIT takes
 * ----------------------------------------------------------------
 */

/*
 * The rows that a Limit takes of a path.  If there are further sort keys, rows that are
 * as near as the farthest of them are taken too.
 */
static Path *
take_rows(FollowedScans *followed, RelOptInfo *rel, Path *path)
{
	PlannerInfo *root = followed->root;

	if (followed->further_keys)
		loki_tie_by_first_key(root);
	return (Path *) create_limit_path(root, rel, path, NULL,
									  eval_const_expressions(root,
															 loki_rows_taken(followed->limit->limitCount,
																			 followed->limit->limitOffset)),
									  followed->further_keys ? LIMIT_OPTION_WITH_TIES :
									  followed->limit->limitOption,
									  0, loki_rows_taken_estimate(followed->final));
}

/* The rows that a Limit takes of a path, sorted; enable_sort = off is about sorts of whole tables, and not of these */
static Path *
sort_taken(FollowedScans *followed, RelOptInfo *rel, Path *path)
{
	Assert(followed->keys != NIL);
	return loki_create_sort_path(followed->root, rel, take_rows(followed, rel, path), followed->keys);
}

/*
 * The columns of rows before they are sorted.  Columns of the select list keep their
 * places, by which a Limit WITH TIES knows them.  Core computes volatile and expensive
 * functions only for sorted rows: NULL takes their places, and the columns that they are
 * computed from come last.
 */
static PathTarget *
sort_target(PlannerInfo *root, const PathTarget *final, const PathTarget *input)
{
	PathTarget *target = create_empty_pathtarget();
	int			i = 0;

	foreach_ptr(Expr, expr, final->exprs)
	{
		Index		ref = get_pathtarget_sortgroupref(final, i++);

		if (!list_member(input->exprs, expr))
		{
			Assert(ref == 0 || IsA(expr, WindowFunc));
			ref = 0;
			expr = (Expr *) makeNullConst(exprType((Node *) expr), exprTypmod((Node *) expr),
										  exprCollation((Node *) expr));
		}
		add_column_to_pathtarget(target, expr, ref);
	}
	add_new_columns_to_pathtarget(target, input->exprs);
	return set_pathtarget_cost_width(root, target);
}

/* Permit the scans that follow() came to, to be searches; rows that may be late are sorted (P3). */
static void
permit_searches(FollowedScans *followed, bool late)
{
	Assert(!late || followed->keys != NIL);
	foreach_node(IndexPath, scan, followed->scans)
		loki_promise_permit(scan, loki_planned_settings(scan->indexinfo).complete ||
							list_member_ptr(followed->within, scan), late);
}

/*
 * Make searches of the scans that follow() came to.  Returns the path of the rows that
 * the Limit takes, in order; NULL if the scans have to remain exact.
 */
static Path *
search_sorted(FollowedScans *followed, RelOptInfo *rel, Path *path)
{
	PlannerInfo *root = followed->root;
	PathTarget *final = root->upper_targets[UPPERREL_ORDERED];
	PathTarget *input = root->upper_targets[UPPERREL_DISTINCT];
	PathTarget *target;
	bool		postpones = input != NULL && input != final && path->pathtarget == final;

	if (!followed->drops && !followed->further_keys)
	{
		permit_searches(followed, false);
		return path;
	}

	/*
	 * LockRows must not lock ties, which may be more rows than LIMIT takes.
	 * It knows columns by their names, which only the topmost target has, so
	 * functions are called below it.  That is not right for volatile ones,
	 * which may depend on the order of calls.
	 */
	if (loki_query_level(root)->locks)
	{
		if (followed->further_keys ||
			(postpones && contain_volatile_functions((Node *) final->exprs)))
			return NULL;
		postpones = false;
	}
	permit_searches(followed, true);
	if (!postpones)
		return sort_taken(followed, rel, path);

	/*
	 * The columns that rows are sorted with take the place of the final target.  The nodes that have it are copies: the
	 * one that computes it, and projections above.
	 */
	target = sort_target(root, final, input);
	for (Path *at = path; at->pathtarget == final; at = ((ProjectionPath *) at)->subpath)
	{
		at->pathtarget = target;
		if (!IsA(at, ProjectionPath))
			break;
	}
	return (Path *) create_projection_path(root, rel, sort_taken(followed, rel, path), final);
}

/*
 * The ranks of the rows that a Limit takes.  A window function may look at every row, but rank(),
 * dense_rank() and row_number() of a row depend only on the rows before it, so the WindowAgg needs no
 * other rows.  If a run condition ends it at some rank, the first rows are left.
 */
static Path *
rank_taken(FollowedScans *followed, WindowAggPath *path)
{
	PlannerInfo *root = followed->root;
	Path	   *below = path->subpath;
	WindowAggPath *copy;
	Path	   *taken;
	Cost		cost;

	Assert(followed->scans == NIL && !followed->drops);
	followed->keys = below->pathkeys;
	taken = follow(followed, below);
	if (taken == NULL || followed->further_keys)
		return NULL;
	taken->total_cost = Max(taken->total_cost - loki_limit_saves(root, below), taken->startup_cost);
	if (followed->limit->limitOption == LIMIT_OPTION_WITH_TIES)
	{
		/* a Limit WITH TIES knows columns by their places in the select list */
		taken = (Path *) create_projection_path(root, below->parent, taken,
												sort_target(root, root->upper_targets[UPPERREL_FINAL],
															below->pathtarget));
		followed->drops = true;
	}
	permit_searches(followed, followed->drops);
	taken = followed->drops ? sort_taken(followed, below->parent, taken) :
		take_rows(followed, below->parent, taken);
	copy = copy_path(path, sizeof(WindowAggPath));
	copy->subpath = taken;
	copy->path.rows = Min(path->path.rows, taken->rows);
	cost = (path->path.total_cost - below->total_cost) * taken->rows / Max(below->rows, 1);
	copy->path.startup_cost = taken->startup_cost;
	copy->path.total_cost = taken->total_cost + Max(cost, 0);
	return &copy->path;
}

/*
 * A Limit takes the first rows of a path that ranks them: a copy of it, whose scans are
 * searches; NULL if it is no such path.  Each node above the WindowAgg passes on every
 * row.
 */
static Path *
search_ranks(FollowedScans *followed, Path *path)
{
	Assert(followed->limit != NULL && followed->scans == NIL);
	if (IsA(path, ProjectionPath))
		return COPY_WITH(ProjectionPath, subpath, path,
						 search_ranks(followed, ((ProjectionPath *) path)->subpath));
	if (IsA(path, SubqueryScanPath))
	{
		RelOptInfo *rel = path->parent;

		if (rel->baserestrictinfo != NIL || path->param_info != NULL ||
			loki_limit_has_parameters(followed->limit))
			return NULL;
		followed->root = rel->subroot;
		return COPY_WITH(SubqueryScanPath, subpath, path,
						 search_ranks(followed, ((SubqueryScanPath *) path)->subpath));
	}
	if (!IsA(path, WindowAggPath) || !loki_query_level(followed->root)->ranks_rows)
		return NULL;
	return rank_taken(followed, (WindowAggPath *) path);
}

/* A search, or what gives it up, if one scan has its order and rows of that are dropped */
static Path *
search_or_sort(const FollowedScans *followed, RelOptInfo *rel, Path *search, Path *instead)
{
	return followed->drops && list_length(followed->scans) == 1 && followed->source != NULL ?
		loki_search_or_sort(followed->root, rel, followed->limit, followed->final, followed->source,
							linitial(followed->scans), search, instead) : search;
}

Path *
loki_first_ranks(PlannerInfo *root, LimitPath *limit, const FinalPathExtraData *final, WindowAggPath *path, Path *instead)
{
	FollowedScans followed = {.root = root, .final = final, .limit = limit};
	Path	   *search = rank_taken(&followed, path);

	limit->subpath = &path->path;
	return search != NULL && loki_walks_plans ?
		search_or_sort(&followed, path->path.parent, search, instead) : search;
}

/* A Limit WITH TIES compares the row after the last one, so that its rows must be in exact order: loki_search_paths(). */
Path *
loki_limit_search(PlannerInfo *root, RelOptInfo *rel, LimitPath *limit,
				  const FinalPathExtraData *final)
{
	FollowedScans followed = {.root = root, .final = final, .limit = limit,
	.keys = root->sort_pathkeys};
	FollowedScans ranks = {.root = root, .final = final, .limit = limit};
	FollowedScans *found = &followed;
	Cost		saved = loki_limit_saves(root, limit->subpath);
	Path	   *sub;

	Assert(final->limit_needed);
	loki_cost_limit(limit, saved);
	if (limit->limitOption != LIMIT_OPTION_COUNT || limit->limitCount == NULL ||
		!loki_may_repeat(limit->limitCount, limit->limitOffset))
		return &limit->path;
	sub = follow(&followed, limit->subpath);
	if (sub != NULL)
		sub->total_cost = Max(sub->total_cost - saved, sub->startup_cost);
	else
		found = &ranks;
	sub = sub != NULL ? search_sorted(&followed, rel, sub) :
		search_ranks(&ranks, limit->subpath);
	if (sub == NULL)
		return &limit->path;
	sub = (Path *) create_limit_path(root, rel, sub, limit->limitOffset, limit->limitCount,
									 limit->limitOption, final->offset_est,
									 final->count_est);
	/* ranks may be those of a subquery, and finished plans do without their functions */
	return found == &followed || (ranks.root == root && loki_walks_plans) ?
		search_or_sort(found, rel, sub, NULL) : sub;
}

/*
 * Scans whose rows no Limit sorts, as there is none, or it is WITH TIES, or rows are locked, become searches under
 * pgvector's limits.  Their rows come in order; those of a whole query may be late with relaxed_order.
 */
void
loki_search_paths(PlannerInfo *root, RelOptInfo *output, const FinalPathExtraData *final)
{
	ListCell   *cell;

	/* what a Limit below ranks compares; nothing else looks at it any more */
	if (loki_query_level(root)->asked.ties != NIL)
		loki_tie_by(root, loki_query_level(root)->asked.ties);
	foreach(cell, output->pathlist)
	{
		Path	   *path = lfirst(cell);
		LimitPath  *limit = IsA(path, LimitPath) ? (LimitPath *) path : NULL;
		FollowedScans followed = {.root = root, .keys = root->sort_pathkeys};
		Path	   *sub;

		/* that of the query: since 16 core takes one row of DISTINCT of what is the same for all */
		if (limit != NULL && final->limit_needed)
			lfirst(cell) = loki_limit_search(root, output, limit, final);
		if (lfirst(cell) != path)
			continue;
		sub = follow(&followed, limit != NULL ? limit->subpath : path);
		if (sub == NULL || followed.further_keys)
			continue;
		foreach_node(IndexPath, scan, followed.scans)
		{
			LokiScanSettings settings = loki_planned_settings(scan->indexinfo);

			if (!settings.complete && !list_member_ptr(followed.within, scan))
				loki_promise_permit(scan, false, limit == NULL && root->parent_root == NULL &&
									settings.iterative_scan == LOKI_ITERATIVE_RELAXED);
		}
		lfirst(cell) = limit != NULL ? COPY_WITH(LimitPath, subpath, limit, sub) : sub;
	}
}
