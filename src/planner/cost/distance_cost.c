/*-------------------------------------------------------------------------
 *
 * distance_cost.c
 *	  What computing a distance costs.
 *
 * Core estimates one cpu_operator_cost for a function, and nothing for reading a value
 * that is out of line.  A distance costs up to a thousand times that, and sorts of
 * whole tables would look far too cheap.  The planner asks this support function about
 * every call of a distance function, in any plan.
 *
 * IDENTIFICATION
 *	  src/planner/cost/distance_cost.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/heaptoast.h"
#include "compat/pgcompat.h"
#include "lokivector.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "planner/cost/cost.h"
#include "planner/query/distance_expr.h"
#include "planner/query/column_test.h"
#include "types/vector.h"
#include "utils/lsyscache.h"

LOKI_FUNCTION(lokivector_distance_support);

/* In units of cpu_operator_cost: a call, and a byte of a vector */
#define CALL_OPERATIONS		20
#define BYTE_OPERATIONS		0.075

/*
 * loki_detoast_cost is that of types/toast.c, which scans read values by.  The server opens the TOAST table and its
 * index for each: 6.5 us for 6 kB, which is 2.4 times as long against its scan of the table.
 */
#define SERVERS_DETOASTING	2.4

/* The bytes of a value whose type modifier does not tell them, and the most that one tells */
#define UNKNOWN_BYTES		6000
#define MAX_BYTES			65536

/*
 * Of such a value, a width that is less is that of a TOAST pointer, which has 18 bytes, or the 32 that
 * the planner assumes before ANALYZE.
 */
#define LEAST_INLINE		33

/* What reading an argument costs, in units of cpu_operator_cost */
static double
argument_operations(PlannerInfo *root, Node *expr)
{
	const Var  *var;
	const RelOptInfo *rel = NULL;
	int32		dims;
	double		width = 0;		/* by statistics; of values out of line that
								 * of their TOAST pointers */
	double		bytes = UNKNOWN_BYTES;
	double		least_inline = LEAST_INLINE;
	bool		external;

	/* a column of a domain is relabeled as the type below it, which has the dimensions */
	expr = loki_strip_relabel(expr);
	if (!IsA(expr, Var))
		return 0;
	dims = exprTypmod(expr);
	if (dims < 0)
		(void) getBaseTypeAndTypmod(exprType(expr), &dims);
	var = (const Var *) expr;
	if (root != NULL && var->varlevelsup == 0 && root->simple_rel_array != NULL && var->varno > 0 &&
		var->varno < root->simple_rel_array_size)
		rel = root->simple_rel_array[var->varno];
	if (rel != NULL && rel->attr_widths != NULL && var->varattno >= rel->min_attr && var->varattno <= rel->max_attr)
		width = rel->attr_widths[var->varattno - rel->min_attr];
	/* a sparsevec's dimensions say nothing of its size */
	if (dims > 0 && strcmp(loki_type_name(getBaseType(exprType(expr))), "sparsevec") != 0)
	{
		bytes = Min(dims * (double) sizeof(float4), MAX_BYTES);
		least_inline = Min(bytes / 2, TOAST_TUPLE_TARGET / 8);
	}
	external = width > 0 ? width < least_inline : bytes > TOAST_TUPLE_TARGET;
	if (!external && width > 0)
		bytes = width;
	return bytes * BYTE_OPERATIONS +
		(external ? ceil(bytes / TOAST_MAX_CHUNK_SIZE) * SERVERS_DETOASTING * loki_detoast_cost : 0);
}

/* Called by the planner for a call of a distance function. */
Datum
lokivector_distance_support(PG_FUNCTION_ARGS)
{
	SupportRequestCost *request = (SupportRequestCost *) PG_GETARG_POINTER(0);
	Oid			function;
	List	   *args;
	double		operations = CALL_OPERATIONS;

	if (!IsA(request, SupportRequestCost) || request->node == NULL ||
		!loki_function_call(request->node, &function, &args))
		PG_RETURN_POINTER(NULL);
	foreach_ptr(Node, arg, args)
		operations += argument_operations(request->root, arg);
	Assert(operations >= CALL_OPERATIONS);
	request->startup = 0;
	request->per_tuple = operations * cpu_operator_cost;
	PG_RETURN_POINTER(request);
}
