/*-------------------------------------------------------------------------
 *
 * words.c
 *	  Searches for words: words <@> tsquery becomes words <@@> bm25_weighed(index, tsquery).
 *
 *		SELECT id, words <@> q FROM docs WHERE words @@ q ORDER BY words <@> q LIMIT 10
 *				words <@@> bm25_weighed('docs_words_idx', q) in both places
 *
 * A score depends on how many rows have a word, which an index tells.  The planner looks for an index
 * of what stands left of the operator, and puts its name into the expression.  So scores are the same
 * in each plan, whether it scans that index or not.
 *
 * The operator has a support function, which core calls while it simplifies expressions
 * (eval_const_expressions()).  That happens level by level, from above, before the subqueries of a level are
 * planned that are not pulled up.  An operator that finds no index stays as it is, and is an error when it is called.
 *
 * The weighed_tsquery that names the index also says that the query may have its statistics: the server
 * checks that the user, or the owner of a view, may read the column.  Where row security or a
 * security barrier hides rows, or an index is of rows that a hidden column chooses, that is not enough,
 * and the index's owner must have allowed it.
 *
 * The statistics of a partial index are those of its rows.  So it counts only if the statement's
 * conditions, of all levels that pass the words on, imply its own; one of all rows is preferred.  Values of
 * parameters count if no index does without them, and such a statement never gets a plan for all values but
 * by force.
 *
 * Which rows are hidden is known at the level of the query that core simplifies.  An operator <@> that is
 * moved below a barrier before that is marked, by its collation: it has none of its own.
 *
 * IDENTIFICATION
 *	  src/planner/query/words.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "hnsw/hnsw.h"
#include "lokivector.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/paths.h"
#include "parser/parse_func.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "planner/query/column_test.h"
#include "planner/query/distance_expr.h"
#include "planner/query/level.h"
#include "planner/query/make_expr.h"
#include "planner/query/promise.h"
#include "planner/query/words_tenant.h"
#include "rewrite/rewriteManip.h"
#include "tsearch/ts_type.h"
#include "types/bm25.h"
#include "utils/acl.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

/* What the server takes for the share of rows that a word is in of which it knows nothing, at most */
#define UNKNOWN_SHARE	0.005

/* The collation of an operator <@> that was above a security barrier; a user who gave it hid only more */
#define FROM_ABOVE_BARRIER	C_COLLATION_OID

/* A query that reads a table, or a subquery that does */
typedef struct Reader
{
	const Query *query;
	Index		varno;			/* what it reads */
} Reader;

/* What stands left of the operator, and the table that it is computed from */
typedef struct Words
{
	Oid			relid;
	Node	   *expr;			/* as the table's own */
	List	   *readers;		/* Reader, the one of the table last */
	Oid			user;			/* who reads the table */
	List	   *policy;			/* conditions of row security on it, as the
								 * table has them */
	bool		hidden;			/* some of its rows are from him, by others
								 * than these */
} Words;

/*
 * The only table's variable in an expression of a query; NULL if there is none or are several, or if it is
 * wrapped: what an outer join makes NULL says nothing of the table's rows.
 *
 *		to_tsvector('english', title || ' ' || body)	any of the two
 *		docs.words || authors.words						NULL: no index has both
 */
static Var *
only_variable(Node *expr, Index query_level)
{
	Var		   *var = NULL;

	for (Index level = 0; level < query_level; level++)
	{
		foreach_ptr(Var, next, pull_vars_of_level(expr, level))
		{
			if (!IsA(next, Var) ||
				(var != NULL && (next->varno != var->varno || next->varlevelsup != var->varlevelsup)))
				return NULL;
			var = next;
		}
	}
	return var;
}

/*
 * expression_tree_mutator callback: without PlaceHolderVars, into which core wraps expressions of a subquery
 * that it has pulled up if an outer join may make them NULL
 */
static Node *
unwrap(Node *node, void *context)
{
	if (node != NULL && IsA(node, PlaceHolderVar))
		return unwrap((Node *) ((PlaceHolderVar *) node)->phexpr, context);
	return expression_tree_mutator(node, unwrap, context);
}

/*
 * The expression of a query as a table has it, whose variable is `var`: varno 1 of the same level, as in
 * the relation cache's expressions of indexes.  Outer joins of the query are no part of it.
 */
static Node *
of_table(Node *expr, const Var *var)
{
	int			level = var->varlevelsup;

	Assert(!IS_SPECIAL_VARNO(var->varno));
	expr = copyObject(expr);
	ChangeVarNodes(expr, var->varno, 1, level);
	if (level > 0)
		IncrementVarSublevelsUp(expr, -level, level);
	return LokiRemoveNulling(expr, var);
}

/* What the columns of a join or of groups stand for; NIL of all else */
static List *
columns_of(const RangeTblEntry *rte)
{
	return rte->rtekind == RTE_JOIN ? rte->joinaliasvars : LokiGroupExprs(rte);
}

/* replace_rte_variables() callback: what one of these columns stands for, at the level of the variable */
static Node *
column_of(LokiGivenVar *var, replace_rte_variables_context *context)
{
	List	   *columns = context->callback_arg;
	Node	   *column = NULL;

	if (var->varattno > 0 && var->varattno <= list_length(columns))
		column = copyObject(list_nth(columns, var->varattno - 1));
	if (column == NULL)			/* the whole row, or dropped: of no table */
		return (Node *) makeNullConst(var->vartype, var->vartypmod, var->varcollid);
	IncrementVarSublevelsUp(column, var->varlevelsup, 0);
	return column;
}

/*
 * The conditions of row security on a table, as varno 1 has them, and simplified as expressions of indexes are.  Core
 * turns each of the list into a list while it plans, which may have happened.
 */
static List *
conditions_of_policy(const RangeTblEntry *rte, const Var *var)
{
	List	   *conditions = NIL;
	Var			own = *var;

	own.varlevelsup = 0;
	foreach_ptr(Node, qual, rte->securityQuals)
		foreach_ptr(Node, clause, qual == NULL || IsA(qual, List) ? (List *) qual : make_ands_implicit((Expr *) qual))
		conditions = lappend(conditions, eval_const_expressions(NULL, of_table(clause, &own)));
	return conditions;
}

/*
 * Find the table that an expression is computed from; through subqueries that have not been pulled up
 * if it is a column.  False if there is none.
 *
 * Each turn looks at one variable, of this level or of one above, and goes on with what that stands
 * for: the column of a join or of groups, or of a subquery.  A subquery has no PlannerInfo yet, so from
 * there on only its own level is looked at.
 */
static bool
find_words_table(PlannerInfo *root, Node *expr, Words *words)
{
	Query	   *query = root->parse;

	memset(words, 0, sizeof(Words));
	for (;;)
	{
		PlannerInfo *level_root = root; /* the level that `var` is of */
		Reader	   *reader;
		RangeTblEntry *rte;
		TargetEntry *entry;
		Var		   *var;

		/* what is left out changes neither its value nor its type on disk, but for NULL */
		expr = loki_strip_relabel(unwrap(expr, NULL));
		var = IsA(expr, Var) ? (Var *) expr :
			only_variable(expr, query == root->parse ? root->query_level : 1);
		if (var == NULL)
			return false;
		for (Index level = var->varlevelsup; level > 0; level--)
		{
			if (query != root->parse || level_root->parent_root == NULL)
				return false;
			level_root = level_root->parent_root;
		}
		if (IS_SPECIAL_VARNO(var->varno))
			return false;
		rte = rt_fetch(var->varno, level_root != root ? level_root->parse->rtable : query->rtable);
		if (columns_of(rte) != NIL)
		{
			bool		sublinks = false;

			expr = replace_rte_variables(expr, var->varno, var->varlevelsup, column_of, columns_of(rte),
										 &sublinks);
			continue;
		}
		if (level_root != root)
		{
			root = level_root;
			query = root->parse;
		}
		reader = palloc_object(Reader);
		reader->query = query;
		reader->varno = var->varno;
		words->readers = lappend(words->readers, reader);
		words->hidden |= rte->security_barrier || (rte->securityQuals != NIL && rte->rtekind != RTE_RELATION);
		if (rte->rtekind == RTE_RELATION)
		{
			words->policy = conditions_of_policy(rte, var);
			words->hidden |= loki_hides_without_conditions(query == root->parse ? root : NULL, query, var->varno);
			words->relid = rte->relid;
			words->expr = of_table(expr, var);
			Assert(OidIsValid(words->relid));
			words->user = LokiCheckAsUser(query, rte);
			if (!OidIsValid(words->user))
				words->user = GetUserId();
			return true;
		}
		if (rte->rtekind != RTE_SUBQUERY || rte->subquery == NULL || rte->subquery->setOperations != NULL ||
			expr != (Node *) var)
			return false;
		query = rte->subquery;
		entry = get_tle_by_resno(query->targetList, var->varattno);
		if (entry == NULL)
			return false;
		expr = (Node *) entry->expr;
	}
}

/*
 * Whether a user may read the columns that choose the rows of an index.  The statistics of a partial
 * index say how many rows meet its predicate, which is a fact about those columns.
 */
static bool
may_read_predicate(Relation index, Oid user)
{
	Oid			relid = index->rd_index->indrelid;
	List	   *predicate = RelationGetIndexPredicate(index);
	Bitmapset  *columns = NULL;
	int			column = -1;

	Assert(OidIsValid(user));
	if (predicate == NIL || pg_class_aclcheck(relid, user, ACL_SELECT) == ACLCHECK_OK)
		return true;
	pull_varattnos((Node *) predicate, 1, &columns);
	while ((column = bms_next_member(columns, column)) >= 0)
		if (pg_attribute_aclcheck(relid, column + FirstLowInvalidHeapAttributeNumber, user,
								  ACL_SELECT) != ACLCHECK_OK)
			return false;
	return true;
}

/*
 * Parameters that the plan is made for, as constants: what core does to the query itself.  Conditions of
 * other levels have not been there yet.  Without PARAM_FLAG_CONST a value may change while the plan is
 * in use.
 */
static Node *
fill_parameters(Node *node, void *context)
{
	ParamListInfo params = context;
	Param	   *param = (Param *) node;

	if (node != NULL && IsA(node, Param) && param->paramkind == PARAM_EXTERN && params != NULL &&
		param->paramid > 0 && param->paramid <= params->numParams)
	{
		ParamExternData space;
		ParamExternData *data = params->paramFetch != NULL ?
			params->paramFetch(params, param->paramid, true, &space) : &params->params[param->paramid - 1];
		int16		length;
		bool		by_value;

		if (data->ptype != param->paramtype || !(data->pflags & PARAM_FLAG_CONST))
			return node;
		get_typlenbyval(param->paramtype, &length, &by_value);
		return (Node *) makeConst(param->paramtype, param->paramtypmod, param->paramcollid, length,
								  data->isnull || by_value ? data->value : datumCopy(data->value, by_value, length),
								  data->isnull, by_value);
	}
	return expression_tree_mutator(node, fill_parameters, context);
}

/* replace_rte_variables() callback: the same, but that whole rows stay variables, which are of no table */
static Node *
column_in_condition(LokiGivenVar *var, replace_rte_variables_context *context)
{
	return var->varattno > 0 ? column_of(var, context) : (Node *) copyObject(var);
}

/* Core does the same to its conditions (flatten_join_alias_vars()), which may come later. */
Node *
loki_without_columns(Node *expr, const Query *query)
{
	bool		sublinks = false;

	/* they stand for columns of what is before them */
	for (int varno = list_length(query->rtable); varno > 0; varno--)
	{
		List	   *columns = columns_of(rt_fetch(varno, query->rtable));

		if (columns != NIL)
			expr = replace_rte_variables(expr, varno, 0, column_in_condition, columns, &sublinks);
	}
	return expr;
}

/*
 * Add a condition of a query if it is of what it reads alone, as that has it.  predicate_implied_by() wants
 * conditions as the planner has them, simplified and with AND and OR flat.
 */
static void
add_condition(Node *clause, const Reader *reader, ParamListInfo params, List **conditions)
{
	Var		   *var;

	if (contain_subplans(clause))
		return;
	clause = loki_without_columns(clause, reader->query);
	var = only_variable(clause, 1);
	if (var == NULL || var->varno != reader->varno || var->varlevelsup != 0)
		return;

	/* without a root, so that operators <@> are left as they are */
	clause = eval_const_expressions(NULL, fill_parameters(of_table(clause, var), params));
	*conditions = lappend(*conditions, canonicalize_qual((Expr *) clause, false));
}

/* expression_tree_walker callback: whether a join tree has what a Reader reads */
static bool
is_read_in(Node *node, void *reader)
{
	if (node != NULL && IsA(node, RangeTblRef))
		return ((RangeTblRef *) node)->rtindex == (int) ((const Reader *) reader)->varno;
	return expression_tree_walker(node, is_read_in, reader);
}

/*
 * Add what a query's conditions say of one of its tables alone.  Those within a side of an outer join hold for all
 * rows of that side that have words, and its own for those of the side that it else makes NULL.  For the other side
 * they need not hold, nor those of the side that has not the table, which a LATERAL subquery may have brought there.
 *
 *		(docs JOIN c ON docs.lang = 'en') LEFT JOIN a ON docs.draft
 *				docs.lang = 'en' holds, and docs.draft need not
 *		a LEFT JOIN docs ON docs.lang = 'en', a WHERE EXISTS (SELECT FROM docs WHERE docs.lang = 'en')
 *				it holds
 *		docs LEFT JOIN LATERAL (SELECT ... FROM a WHERE docs.draft) s ON true
 *				nothing need hold
 *
 * Conditions are a list once core has been there, and an expression before.
 */
static void
add_conditions(Node *node, const Reader *reader, ParamListInfo params, List **conditions)
{
	Node	   *quals = NULL;

	if (IsA(node, FromExpr))
	{
		foreach_ptr(Node, member, ((FromExpr *) node)->fromlist)
			add_conditions(member, reader, params, conditions);
		quals = ((FromExpr *) node)->quals;
	}
	else if (IsA(node, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) node;
		bool		inner = join->jointype == JOIN_INNER || join->jointype == JOIN_SEMI;
		bool		left = is_read_in(join->larg, unconstify(Reader *, reader));
		bool		right = is_read_in(join->rarg, unconstify(Reader *, reader));

		if (inner || left)
			add_conditions(join->larg, reader, params, conditions);
		if (inner || right)
			add_conditions(join->rarg, reader, params, conditions);
		if (inner || (left && join->jointype == JOIN_RIGHT) ||
			(right && (join->jointype == JOIN_LEFT || join->jointype == JOIN_ANTI)))
			quals = join->quals;
	}
	foreach_ptr(Node, clause, quals != NULL && IsA(quals, List) ? (List *) quals : make_ands_implicit((Expr *) quals))
		add_condition(clause, reader, params, conditions);
}

/*
 * What a query says of the rows that it takes of the table, for these values of its parameters or for all.
 * Conditions of all levels count, as core and forms/arms.c move them: scores are the same wherever they are computed.
 */
static List *
conditions_on(const Words *words, ParamListInfo params)
{
	List	   *conditions = NIL;

	Assert(words->readers != NIL);
	foreach_ptr(const Reader, reader, words->readers)
	{
		List	   *columns = NIL;
		List	   *above = conditions;

		/* those of the level above are of this one's columns, as varno 1 has them */
		conditions = NIL;
		foreach_node(TargetEntry, entry, reader->query->targetList)
			columns = lappend(columns, entry->expr);
		foreach_ptr(Node, clause, above)
		{
			Bitmapset  *used = NULL;
			bool		sublinks = false;

			pull_varattnos(clause, 1, &used);
			if (bms_next_member(used, -1) > -FirstLowInvalidHeapAttributeNumber)	/* not the whole row */
				add_condition(replace_rte_variables(clause, 1, 0, column_of, columns, &sublinks),
							  reader, params, &conditions);
		}
		add_conditions((Node *) reader->query->jointree, reader, params, &conditions);
	}
	return conditions;
}

/* How well the rows of an index are those that a query takes of the table, the best last */
typedef enum RowsRank
{
	ROWS_OTHERS,
	ROWS_FOR_VALUES,			/* of parameters, as they are now */
	ROWS_IMPLIED,
	ROWS_ALL,					/* of the table */
} RowsRank;

/*
 * Where values of parameters do not matter they choose no index: with one, a plan for all values has
 * the same.
 */
static RowsRank
rank_rows(Relation index, PlannerInfo *root, const Words *words)
{
	List	   *predicate = RelationGetIndexPredicate(index);
	ParamListInfo params = root->glob->boundParams;

	if (predicate == NIL)
		return ROWS_ALL;
	if (predicate_implied_by(predicate, conditions_on(words, NULL), false))
		return ROWS_IMPLIED;
	return params != NULL && predicate_implied_by(predicate, conditions_on(words, params), false) ?
		ROWS_FOR_VALUES : ROWS_OTHERS;
}

/*
 * An index of words; InvalidOid if there is none.  One of all rows is preferred, and of these one that counts those of
 * the tenant, so that no other index changes his scores.  Sets *tenant to the value of the tenant whose rows alone
 * count, with what is in `by`; NULL: all rows count.
 *
 * ERROR if there is only one whose statistics the reader must not see (P11).  The operator would find no
 * index otherwise, and fail with a message that says nothing of the reason.  The plan depends on each
 * index that is looked at for this, so that ALTER INDEX makes a new one.
 */
static Oid
find_words_index(PlannerInfo *root, const Words *words, Bm25Tenant *by, Node **tenant)
{
	Relation	table = table_open(words->relid, AccessShareLock);
	Oid			found = InvalidOid;
	RowsRank	best = ROWS_OTHERS;
	bool		refused = false;
	char	   *unstated = NULL;	/* an index whose tenant the query leaves open */

	*tenant = NULL;
	foreach_oid(indexid, RelationGetIndexList(table))
	{
		Relation	index = try_relation_open(indexid, AccessShareLock);
		IndexOptInfo *columns;
		RowsRank	rank;

		if (index == NULL)		/* dropped just now */
			continue;
		columns = loki_index_columns(index, 1);
		/* core has simplified both expressions, so that they are equal if they were written alike */
		if (index->rd_index->indisvalid && loki_is_words_index(index) &&
			match_index_to_operand(words->expr, 0, columns) && (rank = rank_rows(index, root, words)) != ROWS_OTHERS)
		{
			bool		hidden = words->hidden || !may_read_predicate(index, words->user);
			bool		all = !(hidden || words->policy != NIL) || loki_shares_statistics(index);
			Bm25Tenant	one = {0};
			Node	   *value = NULL;

			/*
			 * the plan is good as long as the index's parameters are, and for
			 * who may read the predicate
			 */
			root->glob->relationOids = lappend_oid(root->glob->relationOids, RelationGetRelid(index));
			root->glob->dependsOnRole |= RelationGetIndexPredicate(index) != NIL;
			if (all && loki_statistics_column(index, ERROR) != 0 &&
				!loki_states_tenant(columns, loki_statistics_column(index, ERROR),
									list_concat(conditions_on(words, NULL), words->policy), &one, &value))
				unstated = pstrdup(RelationGetRelationName(index));
			else if (!all && (hidden || !loki_shows_tenant(columns, words->policy, &one, &value)))
				refused = true;
			else if (rank > best || (rank == best && (value != NULL || (rank == ROWS_ALL && *tenant == NULL))))
			{
				found = RelationGetRelid(index);
				best = rank;
				*tenant = value;
				*by = one;
			}
		}
		relation_close(index, NoLock);
	}
	table_close(table, NoLock);
	if (!OidIsValid(found) && refused)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("scores would tell of rows of table \"%s\" that are hidden",
						get_rel_name(words->relid)),
				 errdetail("They depend on how many rows have a word."),
				 errhint("If the policy is an equality with a column, add that column to the index. "
						 "If readers may know that, set the index's storage parameter shared_statistics. "
						 "An index of a partitioned table gets it by CREATE INDEX.")));
	if (!OidIsValid(found) && unstated != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("scores by index \"%s\" are of the rows of one tenant, whom the query does not state", unstated),
				 errdetail("The index counts words by the column that its parameter statistics_by names."),
				 errhint("Add an equality of that column with one value, column = $1, at the level that reads the table. "
						 "To count all rows, name the index: words <@@> bm25_weigh(index, query).")));
	return found;
}

/*
 * The operator over a query that the index makes of a search: words <@@> bm25_weighed(index, q), and with the
 * tenant's value as third argument if his rows alone count.
 *
 * All names are those of the schema of <@>, that is of the extension.  The index is a constant without
 * words, by which bm25_weighed() knows that the planner has made it, and not a user.
 */
static Node *
make_operation(Oid function, List *args, Oid indexid, const Bm25Tenant *by, Node *tenant)
{
	Oid			schema = get_func_namespace(function);
	char	   *name = get_namespace_name(schema);
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("weighed_tsquery"),
									   ObjectIdGetDatum(schema));
	Oid			types[] = {type, TSQUERYOID, ANYELEMENTOID};
	Oid			make = LookupFuncName(list_make2(makeString(name), makeString("bm25_weighed")),
									  tenant != NULL ? 3 : 2, types, false);
	Oid			operator = OpernameGetOprid(list_make2(makeString(name), makeString("<@@>")), TSVECTOROID, type);
	Size		size = offsetof(Bm25Query, words) + (tenant != NULL ? sizeof(Bm25Tenant) : 0);
	Bm25Query  *query = palloc0(size);
	List	   *weighed;
	Expr	   *words;

	Assert(OidIsValid(type) && OidIsValid(operator));
	SET_VARSIZE(query, size);
	query->index = indexid;
	query->n = tenant != NULL ? LOKI_BM25_TENANT : LOKI_BM25_INDEX;
	weighed = list_make2(makeConst(type, -1, InvalidOid, -1, PointerGetDatum(query), false, false), lsecond(args));
	if (tenant != NULL)
	{
		*Bm25QueryTenant(query) = *by;
		weighed = lappend(weighed, tenant);
	}
	words = loki_make_call(make, type, weighed);
	return (Node *) loki_make_operator(operator, linitial(args), words, InvalidOid);
}

/*
 * Called by the planner for an operator <@> (tsvector, tsquery), or its function.  Without a
 * PlannerInfo, as for CREATE INDEX or from add_condition(), there is no table to look at, and the call
 * stays as it is.
 */
LOKI_FUNCTION(lokivector_words_support);
Datum
lokivector_words_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);
	Words		words;
	Bm25Tenant	by = {0};
	Node	   *tenant;
	Oid			index;

	/*
	 * An operator that has found no index is an error when called.  Core
	 * compares the cost of a plan for all values with those of plans for one
	 * (choose_custom_plan()).  In a plan for all values of parameters it
	 * would find one if it knew them, so it costs more than to plan again
	 * (gap P23; a version that lets a function ask for custom plans ends it;
	 * sql/words).
	 */
	if (IsA(request, SupportRequestCost))
	{
		/* planning costs some operators for each table: cached_plan_cost() */
		Assert(disable_cost >= 1e10);
		((SupportRequestCost *) request)->startup = 0;
		((SupportRequestCost *) request)->per_tuple = disable_cost;
		PG_RETURN_POINTER(request);
	}
	if (!IsA(request, SupportRequestSimplify) || request->root == NULL)
		PG_RETURN_POINTER(NULL);
	if (!find_words_table(request->root, linitial(request->fcall->args), &words))
		PG_RETURN_POINTER(NULL);
	words.hidden |= request->fcall->inputcollid == FROM_ABOVE_BARRIER;
	index = find_words_index(request->root, &words, &by, &tenant);
	if (tenant != NULL)
	{
		/* core has planned no subquery of a policy yet; here it stands in an expression of the query */
		request->root->parse->hasSubLinks |= contain_subplans(tenant);
		tenant = eval_const_expressions(request->root, tenant);
	}
	PG_RETURN_POINTER(OidIsValid(index) ?
					  make_operation(request->fcall->funcid, request->fcall->args, index, &by, tenant) : NULL);
}

/*
 * Whether an expression is words <@> query, which core has not simplified.  The support function tells, and
 * not the name, which other schemas may have as well.
 */
static bool
is_unresolved(Node *expr, Oid *function, List **args)
{
	Oid			support;
	FmgrInfo	info;

	if (!loki_function_call(expr, function, args) || list_length(*args) != 2 ||
		exprType(linitial(*args)) != TSVECTOROID || exprType(lsecond(*args)) != TSQUERYOID)
		return false;
	support = get_func_support(*function);
	if (!OidIsValid(support))
		return false;
	fmgr_info(support, &info);
	return info.fn_addr == lokivector_words_support;
}

/*
 * expression_tree_mutator callback.  forms/arms.c asks before core has simplified a query whether its
 * order is that of a distance, for which any index will do.
 */
Node *
loki_words_as_by_index(Node *node, void *context)
{
	Oid			function;
	List	   *args;

	if (node != NULL && is_unresolved(node, &function, &args))
		return make_operation(function, args, InvalidOid, NULL, NULL);
	return expression_tree_mutator(node, loki_words_as_by_index, context);
}

/*
 * expression_tree_walker callback.  Core passes the collation of the call on to its support function; no
 * other field of the node would get there (gap P22; no version has one; sql/words, policies).
 */
bool
loki_words_from_above_barrier(Node *node, void *context)
{
	Oid			function;
	List	   *args;

	if (node == NULL)
		return false;
	if (is_unresolved(node, &function, &args))
	{
		Oid		   *collation = IsA(node, OpExpr) ? &((OpExpr *) node)->inputcollid :
			&castNode(FuncExpr, node)->inputcollid;

		/* core gives none to what takes no text */
		Assert(!OidIsValid(*collation) || *collation == FROM_ABOVE_BARRIER);
		*collation = FROM_ABOVE_BARRIER;
	}
	return expression_tree_walker(node, loki_words_from_above_barrier, context);
}

/*
 * Of the condition words @@ query of a path that goes by words <@> query the share counts only if it is well known: it
 * is above what core guesses for words of which it knows nothing, and comes to ten times the rows that are wanted.  Core
 * (tsmatchsel()) guesses UNKNOWN_SHARE for a word at most, and adds the shares of an OR.
 */
Selectivity
loki_words_first(PlannerInfo *root, const IndexPath *path, bool *unknown)
{
	const OpExpr *order = linitial(path->indexorderbys);
	const FuncExpr *weighed = lsecond(order->args);
	double		wanted = loki_query_level(root)->wanted;
	RestrictInfo *condition = NULL;
	const Const *constant;
	TSQuery		query;
	Selectivity guess = UNKNOWN_SHARE;
	Selectivity share;

	Assert(list_length(path->indexorderbys) == 1 && list_length(order->args) == 2);
	*unknown = false;
	/* a user's function may have no arguments */
	if (!IsA(weighed, FuncExpr) || list_length(weighed->args) < 2)
		return 1;
	foreach_node(RestrictInfo, rinfo, path->indexinfo->indrestrictinfo)
	{
		const OpExpr *clause = (const OpExpr *) rinfo->clause;

		if (condition == NULL && IsA(clause, OpExpr) && clause->opfuncid == F_TS_MATCH_VQ &&
			equal(linitial(clause->args), linitial(order->args)) &&
			equal(lsecond(clause->args), lsecond(weighed->args)))
			condition = rinfo;
	}
	if (condition == NULL)
		return 1;
	constant = lsecond(weighed->args);
	*unknown = !IsA(constant, Const);
	if (*unknown || constant->constisnull || wanted <= 0)
		return 1;
	share = clause_selectivity(root, (Node *) condition, 0, JOIN_INNER, NULL);
	Assert(share >= 0 && share <= 1);
	query = DatumGetTSQuery(constant->constvalue);
	for (int i = 0; i < query->size; i++)
	{
		const QueryItem *item = GETQUERY(query) + i;

		if (item->type == QI_OPR && item->qoperator.oper == OP_OR)
			guess += UNKNOWN_SHARE;
	}
	return share > guess && share * path->indexinfo->tuples > 10 * wanted ? share : 1;
}
