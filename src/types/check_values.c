/*-------------------------------------------------------------------------
 *
 * check_values.c
 *	  What makes values of the types over arrays of numbers valid.
 *
 * The messages are pgvector's; applications match on them.  Hints are ours, as nobody matches on
 * these.  Each check is in one function, so that a fault has one message whichever function of
 * whichever type finds it.
 *
 * IDENTIFICATION
 *	  src/types/check_values.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "compat/pgcompat.h"
#include "distance/distance.h"
#include "types/check_values.h"
#include "types/vector.h"

/* Part of an ereport(): what to do about operands of different dimensions */
int
loki_errhint_dimensions(void)
{
	return errhint("Rows of one column and queries for it must have the same number of dimensions, as vectors of one embedding model have.");
}

/*
 * Too few dimensions are a fault of the data; too many exceed what this program can do, which clients
 * tell by the SQLSTATE.
 */
bool
loki_check_dim(fmNodePtr soft, const char *type, int dim, int max)
{
	if (dim < 1)
		ereturn(soft, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("%s must have at least 1 dimension", type)));
	if (dim > max)
		ereturn(soft, false,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s cannot have more than %d dimensions", type, max)));
	return true;
}

bool
loki_check_expected_dim(fmNodePtr soft, int expected, int dim)
{
	if (expected != dim)
		ereturn(soft, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected %d dimensions, not %d", expected, dim),
				 loki_errhint_dimensions()));
	return true;
}

/* Hard: operators have no soft errors. */
void
loki_check_same_dim(const char *type, int a, int b)
{
	if (a != b)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different %s dimensions %d and %d", type, a, b),
				 loki_errhint_dimensions()));
}

/* An error context callback: what drivers send who take the type's text or an array for its binary form */
static void
hint_at_form(void *type)
{
	errhint("These bytes do not begin as the binary form of type %s does. Have the client send text in text format, and cast an array: $1::real[]::%s.",
			(const char *) type, (const char *) type);
}

void
loki_head_begin(ErrorContextCallback *head, const char *type)
{
	head->callback = hint_at_form;
	head->arg = unconstify(char *, type);
	head->previous = error_context_stack;
	error_context_stack = head;
}

/* The typmod comes first, with a hint of its own. */
void
loki_head_end(ErrorContextCallback *head, int32 typmod, int dim, int unused)
{
	if (unused != 0 && (typmod == -1 || typmod == dim))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected unused to be 0, not %d", unused)));
	Assert(error_context_stack == head);
	error_context_stack = head->previous;
	(void) loki_check_typmod(NULL, typmod, dim);
}

/* NaN would be neither less nor greater than any distance, and break the order of an index (T1). */
bool
loki_finite_error(fmNodePtr soft, const char *type, bool is_nan)
{
	if (is_nan)
		ereturn(soft, false,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("NaN not allowed in %s", type),
				 errhint("Check what the embedding model was given, or store NULL for a row without a vector.")));
	ereturn(soft, false,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("infinite value not allowed in %s", type)));
}

/* The number is not terminated in the input, so its length is given. */
bool
loki_range_error(fmNodePtr soft, const char *type, const char *number, int length)
{
	Assert(length > 0);
	ereturn(soft, false,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("\"%.*s\" is out of range for type %s", length, number, type)));
}

/*
 * errdetail() of no text would be an empty DETAIL line, hence the 0.  A text that is no vector may be the array
 * that a driver makes of a list.
 */
bool
loki_syntax_error(fmNodePtr soft, const char *type, const char *text, const char *detail)
{
	ereturn(soft, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", type, text),
			 detail != NULL ? errdetail("%s", detail) : 0,
			 strcmp(type, "sparsevec") == 0 ?
			 errhint("Write \"index:value\" for each element that is not zero, and the number of dimensions, such as {1:0.5,7:-2}/10.") :
			 text[strspn(text, " ")] == '{' ?
			 errhint("Write numbers between brackets, such as [1,-2.5,3], or cast an array: $1::real[]::%s.", type) :
			 errhint("Write numbers between brackets, such as [1,-2.5,3].")));
}

/* The typmod counts dimensions as they are, unlike varchar's, which adds the header. */
int32
loki_check_typmods(const char *type, ArrayType *words, int max)
{
	int			n;
	int32	   *typmods = ArrayGetIntegerTypmods(words, &n);

	if (n != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid type modifier")));
	if (typmods[0] < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions for type %s must be at least 1", type)));
	if (typmods[0] > max)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dimensions for type %s cannot exceed %d", type, max)));
	return typmods[0];
}

/*
 * As substring() of text: what lies before the first element or behind the last is left out, and only
 * what is left counts.  start + count is an int64, since their sum may leave int32.
 */
int
loki_check_part(const char *type, FunctionCallInfo fcinfo, int dim, int *first)
{
	int64		start = PG_GETARG_INT32(1);
	int32		count = PG_GETARG_INT32(2);
	int64		behind = Min(start + count, (int64) dim + 1);

	start = Max(start, 1);
	/* nothing is left: the error of a vector without dimensions, which does not return */
	if (count < 1 || start >= behind)
		(void) loki_check_dim(NULL, type, 0, dim);
	*first = (int) start - 1;
	Assert(*first >= 0 && behind > start && behind - 1 <= dim);
	return (int) (behind - start);
}

/* The sum in double neither overflows nor becomes zero, where that in float may. */
double
loki_euclidean_norm(int dim, const float *x)
{
	return sqrt(loki_dot_wide(dim, x, x));
}
