/*-------------------------------------------------------------------------
 *
 * level.h
 *	  What a query level asks of its rows.
 *
 * IDENTIFICATION
 *	  src/planner/query/level.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_QUERY_LEVEL_H
#define LOKI_PLANNER_QUERY_LEVEL_H

#include "planner/query/form.h"

typedef struct LokiIndexNotes LokiIndexNotes;

/* What a LIMIT saves of the cost of all rows of a path (order/limit_cost.c) */
typedef struct LokiSaving
{
	const Path *path;
	Cost		cost;
	Selectivity part;			/* of the rows of an index, which its path's
								 * selectivity counts */
} LokiSaving;

/* What a form asks of a level's rows */
typedef struct LokiAsked
{
	const LokiForm *form;		/* or NULL */
	void	   *state;			/* the form's own */
	const PlannerInfo *limit;	/* the level whose LIMIT takes what the form
								 * makes of rows; or NULL */
	PathKey    *input;			/* a distance that rows are to come by, in the
								 * place of the query's order; or NULL */
	bool		input_is_new;	/* core has not translated it to children */
	bool		reorders;		/* what is above may read all of these rows */
	List	   *in_order;		/* paths of all of FROM in the query's order,
								 * which are kept apart then */
	Path	   *otherwise;		/* core's cheapest path of all that the form
								 * makes of rows, in its order; or NULL */
	Index		whole;			/* a table each of whose rows brings a group of
								 * its own, with all that is joined to it */
	Index		once;			/* the same, where one row of it is as good as
								 * several */
	Expr	   *number;			/* a column of groups' rows that are numbered */
	Node	   *rows;			/* how many rows are wanted, if not by LIMIT */
	List	   *ties;			/* those that are the same by these sort clauses
								 * as the last one are wanted as well */
} LokiAsked;

/* Worked out once, and only read then, but for the order that a form chooses later, and notes */
typedef struct LokiLevel
{
	const PlannerInfo *root;	/* whose level it is */
	Node	   *limit_count;	/* LIMIT and OFFSET, or NULL */
	Node	   *limit_offset;
	bool		selects;		/* it is a SELECT */
	bool		sorts;			/* ORDER BY */
	bool		locks;			/* FOR UPDATE and the like */
	bool		changes_rows;	/* loki_changes_rows() */
	bool		takes_first;	/* a LIMIT, which may be evaluated twice, takes
								 * rows of scans and joins as they are */
	bool		repeatable;		/* FROM and WHERE hold for the same rows each
								 * time */
	bool		ranks_rows;		/* loki_ranks_rows() */
	bool		windows_need_all;	/* a window function does, before it
									 * returns a row */
	LokiAsked	asked;			/* in the place of these by its form */
	const PlannerInfo *unknown_limit;	/* the level whose LIMIT takes the
										 * rows, if the planner does not know
										 * how many; as in a plan for all
										 * values of LIMIT $1; or else NULL */
	double		wanted;			/* rows that it takes from its scans; 0 or
								 * less for all rows, or a cursor's */
	bool		likely_search[2];	/* whether scans are likely to be
									 * searches, by whether they are complete:
									 * pgvector's limits need no LIMIT */
	List	   *notes;			/* LokiIndexNotes: query/matches.c */
	List	   *savings;		/* LokiSaving */
} LokiLevel;

/*
 * The struct of a query level.  To be asked when the level has its sort keys: in hooks for relations, joins and
 * upper stages, and where costs are estimated.  What asks before looks at the Query.
 */
extern const LokiLevel *loki_query_level(const PlannerInfo *root);

/*
 * Note how much less all rows of a path would have to cost, for the server's share of it to be what a LIMIT takes
 * (order/limit_cost.c).  And what is noted of a path: nothing is saved of others.
 */
extern void loki_note_saving(PlannerInfo *root, const Path *path, Cost cost, Selectivity part);
extern LokiSaving loki_noted_saving(const PlannerInfo *root, const Path *path);

/* Whether a relation may be read twice in a plan, with the same rows both times (P10) */
extern bool loki_may_read_twice(PlannerInfo *root, RelOptInfo *rel);

/* Whether a level may be planned in two ways that are both executed */
extern bool loki_may_be_planned_twice(PlannerInfo *root);

/* Whether the statement that a level is part of is a SELECT */
extern bool loki_statement_selects(const PlannerInfo *root);

/*
 * What core reads of the Query of a finished level when it makes a plan: the columns that rows of a Limit WITH
 * TIES are equal by, given or those of the first sort key that is no constant; and what postgres_fdw sends.
 */
extern void loki_tie_by(PlannerInfo *root, List *clauses);
extern void loki_tie_by_first_key(PlannerInfo *root);
extern void loki_send_limit(PlannerInfo *root, Node *count, Node *offset);

/* What is known of a Query that may not be planned yet */

/* Whether something in a query needs all rows, or relies on their order */
extern bool loki_consumes_order(const Query *parse);

/* Whether rows of a query pass through groups, windows or the like, or are locked; set operations aside */
extern bool loki_changes_rows(const Query *parse);

/* What a query selects from, if that is one member of the range table without a join; or else NULL */
extern const RangeTblEntry *loki_only_source(const Query *parse);

/* Whether a query has a LIMIT that may be less than all, and not WITH TIES */
extern bool loki_has_limit(const Query *parse);

/*
 * Whether a table or one of its children is on another server, but for those of postgres_fdw
 * if that does not count; and whether a server is one of postgres_fdw's
 */
extern bool loki_reads_foreign(const RangeTblEntry *rte, bool but_shards);
extern bool loki_is_shard_server(Oid serverid);

/* Functions in ranks.c: queries that number their rows */

/*
 * Whether all window functions of a query are ranks within one window that has no
 * PARTITION BY, and nothing but a Sort and a Limit follows
 */
extern bool loki_ranks_rows(const Query *parse);

/* The order of such ranks, if a query sorts by that or by one of them; NIL if not */
extern List *loki_order_of_ranks(const Query *parse);

/* Whether a query's sort keys are one of its ranks, ascending */
extern bool loki_sorts_by_rank(const PlannerInfo *root);

/* Whether a window function is a rank, which depends only on the rows before its own */
extern bool loki_is_rank(const WindowFunc *function);

/*
 * The most that row_number() or another rank is by conditions that end its window, r <= n or r < n: a
 * bigint expression, 0 or more; NULL if there is none
 */
extern Node *loki_number_bound(List *conditions, Oid function);

/*
 * How many rows of a query level have a rank that is wanted, as WHERE r <= n says above a
 * subquery with row_number() AS r; NULL if it does not, or if others may be wanted.  If r is
 * rank(), rows that are the same by `ties` as the last of these are wanted too; or else it is NIL.
 */
extern Node *loki_ranks_wanted(const Query *parse, List *tlist, List **ties);

#endif							/* LOKI_PLANNER_QUERY_LEVEL_H */
