/*-------------------------------------------------------------------------
 *
 * form.h
 *	  Forms of queries.
 *
 * A form is what a query may look like so that we have paths for it which core has not: groups, scores, parts of a
 * table.  Its files define a LokiForm, which says when it is asked, and planner.c lists it.  Nothing else names it.
 *
 * IDENTIFICATION
 *	  src/planner/query/form.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_FORM_H
#define LOKI_PLANNER_QUERY_FORM_H

#include "nodes/pathnodes.h"

struct LokiLevel;
struct LokiNodeKind;

/* What a form does, in this order; NULL: nothing */
typedef struct LokiForm
{
	/* change a Query before core plans it */
	void		(*query) (Query *query);

	/*
	 * what it knows of a query level that has this form, and NULL for others; it sets those fields of the level that
	 * are a form's.  A level has one form at most: the first of the list.  `outer` is the Query of the level above,
	 * or NULL.
	 */
	void	   *(*level) (PlannerInfo *root, const Query *parse, const Query *outer, struct LokiLevel *level);

	/* choose the order that rows of a relation come in, before it has paths of ours */
	void		(*order) (PlannerInfo *root, RelOptInfo *rel);

	/* add paths to a table with an index that the query can use, after those of all queries */
	void		(*relation) (PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte);

	/* ... to a join in one direction, where rows are wanted in an order by `key` that may be a score's */
	void		(*join) (PlannerInfo *root, RelOptInfo *joinrel, RelOptInfo *outer, RelOptInfo *inner,
						 PathKey *key, JoinType jointype, JoinPathExtraData *extra);

	/* ... to a stage above joins, after core's own, of a level that has this form, with what that knows of it */
	void		(*upper) (PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input, RelOptInfo *output,
						  const void *state);

	/* ... to the last stage of a SELECT, before scans become searches */
	void		(*final) (PlannerInfo *root, RelOptInfo *input, RelOptInfo *output,
						  const FinalPathExtraData *final);

	const struct LokiNodeKind *kind;	/* of its node */
	void		(*init) (void); /* define its settings */
} LokiForm;

/* In planner.c; NULL is last */
extern const LokiForm *const loki_forms[];

#define foreach_form(form) \
	for (const LokiForm *const *form##_at = loki_forms, *form; (form = *form##_at) != NULL; form##_at++)

#endif							/* LOKI_PLANNER_QUERY_FORM_H */
