/*-------------------------------------------------------------------------
 *
 * check_values.h
 *	  What makes values of the types over arrays of numbers valid, and what
 *	  these types share else.
 *
 * Private to the folder.  `type` is the name of the type, for messages.
 *
 * IDENTIFICATION
 *	  src/types/check_values.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_CHECK_H
#define LOKI_CHECK_H

#include <math.h>

#include "compat/pgcompat.h"
#include "fmgr.h"
#include "types/textscan.h"
#include "utils/array.h"

/*
 * Functions in check_values.c.  Those with a parameter `soft` are called by input functions.  It is what
 * their caller passed as fcinfo->context; NULL raises the error.  If it asks for errors to be saved,
 * the function returns after an error, those that return a bool return false, and the input
 * function returns at once what its caller will ignore.
 *
 * loki_check_dim() accepts 1 to max dimensions, loki_check_expected_dim() those of a typmod or a
 * state, loki_check_same_dim() operands that agree, and loki_check_unused() the reserved zero of a
 * binary value.  loki_range_error() cites `length` characters of the input, and loki_scan_error()
 * words the error that the status of a scan of `text` stands for.
 */
extern bool loki_check_dim(fmNodePtr soft, const char *type, int dim, int max);
extern bool loki_check_expected_dim(fmNodePtr soft, int expected, int dim);
extern void loki_check_same_dim(const char *type, int a, int b);
extern void loki_check_unused(int unused);
extern void loki_nan_error(fmNodePtr soft, const char *type);
extern void loki_infinite_error(fmNodePtr soft, const char *type);
extern void loki_range_error(fmNodePtr soft, const char *type, const char *number, int length);
extern void loki_scan_error(fmNodePtr soft, const char *type, int max, LokiScanStatus status,
							const LokiTextScan *scan, const char *text);

/* The end of an error of syntax: how values of a type are written.  The hint of an ereport(). */
extern int	loki_errhint_syntax(const char *type);

/*
 * Between these, errors have a hint that the client has sent something else than the binary form: the head
 * of a binary value is read.
 */
extern void loki_head_begin(ErrorContextCallback *head, const char *type);
extern void loki_head_end(ErrorContextCallback *head);

/* An element has to be finite (T1). */
static inline bool
loki_check_finite(fmNodePtr soft, const char *type, float x)
{
	if (likely(isfinite(x)))
		return true;
	if (isnan(x))
		loki_nan_error(soft, type);
	else
		loki_infinite_error(soft, type);
	return false;
}

/* The typmod that an array of words stands for, from 1 to max */
extern int32 loki_check_typmods(const char *type, ArrayType *words, int max);

/*
 * A typmod is the number of dimensions that a column asks for, -1 for any.
 */
static inline bool
loki_check_typmod(fmNodePtr soft, int32 typmod, int dim)
{
	return typmod == -1 || loki_check_expected_dim(soft, typmod, dim);
}

/*
 * The last of a binary value's head, whose dimensions are valid: the typmod comes first, with a hint of its
 * own.
 */
static inline void
loki_check_head(ErrorContextCallback *head, int32 typmod, int dim, int unused)
{
	if (typmod == -1 || typmod == dim)
		loki_check_unused(unused);
	loki_head_end(head);
	(void) loki_check_typmod(NULL, typmod, dim);
}

/*
 * The part that subvector(v, start, count) asks for of dim elements: how many,
 * at least one, and in *first the number of the first, from 0.
 */
extern int	loki_check_part(const char *type, FunctionCallInfo fcinfo, int dim, int *first);

/* In double, where the squares of floats do not overflow */
extern double loki_euclidean_norm(int dim, const float *x);

#endif							/* LOKI_CHECK_H */
