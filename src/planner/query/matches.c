/*-------------------------------------------------------------------------
 *
 * matches.c
 *	  The conditions that core has matched to an index.
 *
 * Core has one place that matches clauses, joins, equivalence classes and partial indexes to an index.  It makes
 * an index path of each set of clauses that matches, and asks for its costs, before it may drop the path.  So the
 * cost estimate notes the clauses here (loki_note_match()), and paths of ours have them as well: of a relation's
 * own conditions, and for each set of other relations that a scan may depend on.
 *
 * Up to 16 core makes paths without IN first, as it keeps no order with that, and then others with it.  The longer
 * list has the shorter one's clauses.
 *
 * Paths of our own are estimated too, and those that core makes of others when it plans joins.  So an index takes
 * no more notes as soon as it was asked for them, or its relation has all of its paths.
 *
 * For bitmaps and parts of a table core has to match once more.  It does so for a relation of our own, as
 * create_index_paths() takes all that it needs from there, and add_path() frees what it finds worse, which must not be
 * the relation's own.
 *
 * IDENTIFICATION
 *	  src/planner/query/matches.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "planner/query/dimensions.h"
#include "planner/query/index_clause.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "planner/query/matches.h"
#include "planner/query/promise.h"
#include "utils/lsyscache.h"

/* What a level has noted of an index; it lives as long as the level */
struct LokiIndexNotes
{
	const IndexOptInfo *info;
	List	   *matches;		/* LokiMatch */
	bool		closed;
};

/* ----------------------------------------------------------------
 * Notes
 * ----------------------------------------------------------------
 */

/* Those of an index, made if there are none; the latest come last */
static LokiIndexNotes *
notes_of(LokiLevel *level, const IndexOptInfo *info)
{
	LokiIndexNotes *notes;

	for (int i = list_length(level->notes) - 1; i >= 0; i--)
	{
		notes = list_nth(level->notes, i);
		if (notes->info == info)
			return notes;
	}
	notes = palloc0_object(LokiIndexNotes);
	notes->info = info;
	level->notes = lappend(level->notes, notes);
	return notes;
}

/* The match for scans that depend on certain relations, made if there is none */
static LokiMatch *
match_for(LokiIndexNotes *notes, Relids outer, double loops)
{
	LokiMatch  *match;

	foreach_ptr(LokiMatch, known, notes->matches)
		if (bms_equal(known->outer, outer))
			return known;
	match = palloc0_object(LokiMatch);
	match->outer = bms_copy(outer);
	match->loops = loops;
	notes->matches = lappend(notes->matches, match);
	return match;
}

void
loki_note_match(PlannerInfo *root, const IndexPath *path, double loops)
{
	const IndexOptInfo *info = path->indexinfo;
	MemoryContext old;
	LokiIndexNotes *notes;

	if (info->rel->cheapest_total_path != NULL)
		return;
	old = MemoryContextSwitchTo(root->planner_cxt);
	notes = notes_of(unconstify(LokiLevel *, loki_query_level(root)), info);
	if (!notes->closed)
	{
		LokiMatch  *match = match_for(notes, PATH_REQ_OUTER(&path->path), loops);
		int			n = list_length(path->indexclauses);

		if (n > list_length(match->clauses))
		{
			Assert(list_difference_ptr(match->clauses, path->indexclauses) == NIL);
			match->clauses = path->indexclauses;
		}
		Assert(list_difference_ptr(path->indexclauses, match->clauses) == NIL);
		if (path->indexorderbys != NIL && n >= match->nordered)
		{
			match->pathkeys = path->path.pathkeys;
			match->nordered = n;
		}
	}
	MemoryContextSwitchTo(old);
}

/* An index that no clause matches has no path, unless core finds that it has the query's order. */
List *
loki_matches(PlannerInfo *root, IndexOptInfo *info)
{
	MemoryContext old = MemoryContextSwitchTo(root->planner_cxt);
	LokiIndexNotes *notes = notes_of(unconstify(LokiLevel *, loki_query_level(root)), info);

	if (!notes->closed)
	{
		LokiMatch  *least = match_for(notes, info->rel->lateral_relids, 1);
		List	   *others = loki_other_index_clauses(root, info, least->clauses);

		notes->matches = lcons(least, list_delete_ptr(notes->matches, least));
		foreach_ptr(LokiMatch, match, notes->matches)
			match->clauses = loki_add_index_clauses(info, match->clauses, others);
		notes->closed = true;
	}
	MemoryContextSwitchTo(old);
	return notes->matches;
}

/* ----------------------------------------------------------------
 * Paths
 * ----------------------------------------------------------------
 */

OpExpr *
loki_match_distance(PlannerInfo *root, IndexOptInfo *info, OpExpr *distance)
{
	Node	   *column;
	Node	   *query;

	Assert(list_length(distance->args) == 2 && distance->opresulttype == FLOAT8OID);
	if ((column = loki_indexed_vector(info, linitial(distance->args))) == NULL &&
		((distance = loki_commuted(distance)) == NULL ||
		 (column = loki_indexed_vector(info, linitial(distance->args))) == NULL))
		return NULL;
	query = lsecond(distance->args);
	if (!OidIsValid(get_op_opfamily_sortfamily(distance->opno, info->opfamily[0])) ||
		bms_is_member(info->rel->relid, pull_varnos(root, query)) ||
		contain_volatile_functions(query))
		return NULL;
	if (column != linitial(distance->args))
	{
		distance = copyObject(distance);
		linitial(distance->args) = copyObject(column);
	}
	return distance;
}

IndexPath *
loki_match_path(PlannerInfo *root, IndexOptInfo *info, const LokiMatch *match, OpExpr *distance, PathKey *key)
{
	return create_index_path(root, info, match->clauses, list_make1(distance), list_make1_int(0),
							 list_make1(key), ForwardScanDirection, false, match->outer,
							 match->loops, false);
}

RelOptInfo *
loki_own_relation(const RelOptInfo *rel, List *indexes)
{
	RelOptInfo *own = makeNode(RelOptInfo);

	*own = *rel;
	own->pathlist = own->partial_pathlist = own->indexlist = NIL;
	own->cheapest_total_path = NULL;
	foreach_node(IndexOptInfo, info, indexes)
	{
		IndexOptInfo *copy = makeNode(IndexOptInfo);

		*copy = *info;
		copy->rel = own;
		own->indexlist = lappend(own->indexlist, copy);
	}
	return own;
}

/* What has been noted of its indexes is not kept: the genetic optimizer frees these. */
void
loki_own_paths_done(PlannerInfo *root, const RelOptInfo *own)
{
	LokiLevel  *level = unconstify(LokiLevel *, loki_query_level(root));

	while (level->notes != NIL && ((LokiIndexNotes *) llast(level->notes))->info->rel == own)
		level->notes = list_delete_last(level->notes);
}

void
loki_make_index_paths(PlannerInfo *root, RelOptInfo *own)
{
	Assert(own != root->simple_rel_array[own->relid]);
	create_index_paths(root, own);
}

/*
 * Copies of the indexes say that they have no plain scans, which would displace bitmap scans; index-only scans
 * are such.  Bitmaps have copies all the way down, but the relation has the ParamPathInfos of all its paths.
 */
List *
loki_bitmaps_of_indexes(PlannerInfo *root, RelOptInfo *rel, List *indexes)
{
	RelOptInfo *own = loki_own_relation(rel, indexes);

	foreach_node(IndexOptInfo, info, own->indexlist)
	{
		info->amhasgettuple = info->amcanparallel = false;
		info->canreturn = palloc0_array(bool, info->ncolumns);
	}
	loki_make_index_paths(root, own);
	rel->ppilist = own->ppilist;
	foreach_ptr(Path, path, own->pathlist)
	{
		Assert(IsA(path, BitmapHeapPath) && path->parent == own);
		path->parent = rel;
	}
	return own->pathlist;
}
