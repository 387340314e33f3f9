/*-------------------------------------------------------------------------
 *
 * check.c
 *	  What makes values of the types over arrays of numbers valid.
 *
 * The messages are pgvector's; applications match on them.
 *
 * IDENTIFICATION
 *	  src/types/check.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "compat/pgcompat.h"
#include "types/check.h"
#include "types/textprint.h"

void
loki_check_dim(const char *type, int dim, int max)
{
	if (dim < 1)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("%s must have at least 1 dimension", type)));
	if (dim > max)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s cannot have more than %d dimensions", type, max)));
}

void
loki_check_expected_dim(int expected, int dim)
{
	if (expected != dim)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected %d dimensions, not %d", expected, dim)));
}

void
loki_check_same_dim(const char *type, int a, int b)
{
	if (a != b)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("different %s dimensions %d and %d", type, a, b)));
}

void
loki_check_unused(int unused)
{
	if (unused != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("expected unused to be 0, not %d", unused)));
}

void
loki_nan_error(const char *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("NaN not allowed in %s", type)));
}

void
loki_infinite_error(const char *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("infinite value not allowed in %s", type)));
}

void
loki_range_error(const char *type, const char *number, int length)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("\"%.*s\" is out of range for type %s", length, number, type)));
}

/*
 * Raise the error that a scan of a text ended with.
 */
void
loki_scan_error(const char *type, int max, LokiScanStatus status,
				const LokiTextScan *scan, const char *text)
{
	switch (status)
	{
		case LOKI_SCAN_EMPTY:
			loki_check_dim(type, 0, max);
			break;
		case LOKI_SCAN_TOO_MANY:
			loki_check_dim(type, max + 1, max);
			break;
		case LOKI_SCAN_NAN:
			loki_nan_error(type);
			break;
		case LOKI_SCAN_INFINITE:
			loki_infinite_error(type);
			break;
		case LOKI_SCAN_RANGE:
			loki_range_error(type, scan->number, scan->at - scan->number);
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s: \"%s\"", type, text),
					 status == LOKI_SCAN_NO_START ?
					 errdetail("Vector contents must start with \"[\".") :
					 status == LOKI_SCAN_JUNK ?
					 errdetail("Junk after closing right brace.") : 0));
			break;
	}
}

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

int
loki_check_part(const char *type, FunctionCallInfo fcinfo, int dim, int *first)
{
	int64		start = PG_GETARG_INT32(1);
	int32		count = PG_GETARG_INT32(2);
	int64		behind = Min(start + count, (int64) dim + 1);

	start = Max(start, 1);
	if (count < 1 || start >= behind)
		loki_check_dim(type, 0, dim);
	*first = (int) start - 1;
	return (int) (behind - start);
}

double
loki_euclidean_norm(int dim, const float *x)
{
	double		sum = 0;

	for (int i = 0; i < dim; i++)
		sum += (double) x[i] * (double) x[i];
	return sqrt(sum);
}

char *
loki_floats_out(int dim, const float *x)
{
	char	   *result = palloc(LOKI_PRINT_LENGTH * dim + 3);
	char	   *p = result;

	*p++ = '[';
	p = loki_print_floats(p, dim, x);
	*p++ = ']';
	*p = '\0';
	return result;
}
