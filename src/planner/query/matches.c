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

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "planner/query/column_test.h"
#include "planner/query/distance_expr.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "planner/query/matches.h"
#include "utils/lsyscache.h"

/* What a level has noted of an index; it lives as long as the level */
struct LokiIndexNotes
{
	const IndexOptInfo *info;
	List	   *matches;		/* LokiMatch */
	bool		closed;
};

/* ----------------------------------------------------------------
 * What core does not match
 *
 * That is a column on the right side of ANY, text that is compared with a name, or under another collation than the
 * index's, and up to PostgreSQL 15 booleans, which it matches for its own operator families alone.  What these are as
 * tests of a column is in column_test.c.  Under deterministic collations, equal texts have the same bytes.
 *
 * The clause of the query is kept beside (IndexClause.rinfo), so that core does not evaluate it once more
 * where the index decides.
 * ----------------------------------------------------------------
 */

/* Whether values that are equal under a collation have the same bytes; without a collation they have */
static bool
is_deterministic(Oid collation)
{
	return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

/*
 * The index clauses of an index for conditions that core does not match to it, as it does `matched`.  They are what
 * match_clause_to_index() makes, and not lossy, as they hold for the same rows.  Whether rows are rechecked is up to the
 * access method, which says so for each row.
 *
 * An index clause is evaluated before all others, so such a condition must not have to wait for a security barrier.  @>
 * is not leakproof, even if the operator of the condition is.
 */
static List *
other_clauses(PlannerInfo *root, const IndexOptInfo *info, List *matched)
{
	List	   *clauses = NIL;

	if (!info->amsearcharray)
		return NIL;
	foreach_node(RestrictInfo, rinfo, info->indrestrictinfo)
	{
		LokiColumnTest test;
		IndexClause *clause;
		bool		array;

		if (is_redundant_with_indexclauses(rinfo, matched) || rinfo->pseudoconstant ||
			!restriction_is_securely_promotable(rinfo, info->rel) ||
			!loki_column_test(info, (Node *) rinfo->clause, &test) ||
			test.column == 0 || test.flags != 0 || test.negated || test.equals_null)
			continue;
		array = test.opno == OID_ARRAY_CONTAINS_OP;
		if (array && rinfo->security_level > info->rel->baserestrict_min_security)
			continue;
		if (!loki_column_collates(info, &test))
		{
			if (array || !is_deterministic(test.collation) || !is_deterministic(info->indexcollations[test.column]))
				continue;
			test.collation = info->indexcollations[test.column];
		}
		/* an array is made now, so that the scan need not */
		if (array)
			test.constant = eval_const_expressions(root, test.constant);
		clause = makeNode(IndexClause);
		clause->rinfo = rinfo;
		clause->indexquals = list_make1(make_simple_restrictinfo(root, (Expr *)
																 loki_make_operator(test.opno, test.operand, test.constant,
																					test.collation)));
		clause->indexcol = test.column;
		clauses = lappend(clauses, clause);
	}
	return clauses;
}

/*
 * Index clauses and those of `others` that they do not have, in the order of the index's columns, as
 * create_index_path() takes them; the same list if there are none
 */
static List *
with_clauses(const IndexOptInfo *info, List *clauses, List *others)
{
	List	   *added = NIL;
	List	   *result = NIL;

	foreach_node(IndexClause, clause, others)
		if (!is_redundant_with_indexclauses(clause->rinfo, clauses))
		added = lappend(added, clause);
	if (added == NIL)
		return clauses;
	added = list_concat_copy(clauses, added);
	for (int col = 0; col < info->nkeycolumns; col++)
		foreach_node(IndexClause, clause, added)
			if (clause->indexcol == col)
			result = lappend(result, clause);
	Assert(list_length(result) == list_length(added));
	return result;
}

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
		List	   *others = other_clauses(root, info, least->clauses);

		notes->matches = lcons(least, list_delete_ptr(notes->matches, least));
		foreach_ptr(LokiMatch, match, notes->matches)
			match->clauses = with_clauses(info, match->clauses, others);
		notes->closed = true;
	}
	MemoryContextSwitchTo(old);
	return notes->matches;
}

/*
 * A slot has a sort key of a few bytes in the value's place.  It decides a condition, so that no recheck drops a row, if
 * different values have different sort keys; long texts, of which a slot has a hash, have not.
 */
bool
loki_decides_all(const IndexPath *path)
{
	const IndexOptInfo *info = path->indexinfo;
	const ParamPathInfo *param = path->path.param_info;

	/* it answers all conditions, so that the filter has none */
	foreach_node(RestrictInfo, rinfo, list_concat_copy(info->indrestrictinfo, param != NULL ? param->ppi_clauses : NIL))
		if (!rinfo->pseudoconstant && !is_redundant_with_indexclauses(rinfo, path->indexclauses))
		return false;
	foreach_node(IndexClause, clause, path->indexclauses)
	{
		Oid			left = info->opcintype[clause->indexcol];
		bool		time = left == DATEOID || left == TIMESTAMPOID || left == TIMESTAMPTZOID;

		if (clause->indexcol == 0)
			continue;
		if (!loki_hnsw_decides(info->opfamily[clause->indexcol], left))
			return false;
		foreach_node(RestrictInfo, rinfo, clause->indexquals)
		{
			LokiColumnTest test;

			/* comparing timestamptz with timestamp or date depends on the time zone */
			if (IsA(rinfo->clause, RowCompareExpr) ||
				(time && (!loki_column_test(info, (Node *) rinfo->clause, &test) ||
						  (OidIsValid(test.opno) && test.subtype != left &&
						   (left == TIMESTAMPTZOID || test.subtype == TIMESTAMPTZOID)))))
				return false;
		}
	}
	return true;
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
