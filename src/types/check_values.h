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
#include "utils/array.h"

/*
 * Functions in check_values.c.  Those with a parameter `soft` are called by input functions.  It is what
 * their caller passed as fcinfo->context; NULL raises the error.  If it asks for errors to be saved,
 * the function returns after an error, those that return a bool return false, and the input
 * function returns at once what its caller will ignore.
 *
 * loki_check_dim() accepts 1 to max dimensions, loki_check_expected_dim() those of a typmod or a
 * state, and loki_check_same_dim() operands that agree.  loki_range_error() cites `length` characters
 * of the input; loki_syntax_error() says how values of a type are written, and what is wrong if
 * `detail` is not NULL.
 */
extern bool loki_check_dim(fmNodePtr soft, const char *type, int dim, int max);
extern bool loki_check_expected_dim(fmNodePtr soft, int expected, int dim);
extern void loki_check_same_dim(const char *type, int a, int b);
extern bool loki_finite_error(fmNodePtr soft, const char *type, bool is_nan);
extern bool loki_range_error(fmNodePtr soft, const char *type, const char *number, int length);
extern bool loki_syntax_error(fmNodePtr soft, const char *type, const char *text, const char *detail);

/*
 * Between these, errors have a hint that the client has sent something else than the binary form: the head
 * of a binary value is read.  The second checks what is last of it, and the typmod; dimensions are valid.
 */
extern void loki_head_begin(ErrorContextCallback *head, const char *type);
extern void loki_head_end(ErrorContextCallback *head, int32 typmod, int dim, int unused);

/* An element has to be finite (T1). */
static inline bool
loki_check_finite(fmNodePtr soft, const char *type, float x)
{
	return likely(isfinite(x)) || loki_finite_error(soft, type, isnan(x));
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
 * The part that subvector(v, start, count) asks for of dim elements: how many,
 * at least one, and in *first the number of the first, from 0.
 */
extern int	loki_check_part(const char *type, FunctionCallInfo fcinfo, int dim, int *first);

/* In double, where the squares of floats do not overflow */
extern double loki_euclidean_norm(int dim, const float *x);

#endif							/* LOKI_CHECK_H */
