/*-------------------------------------------------------------------------
 *
 * termsint.h
 *	  What posting lists and their tail have in common.
 *
 * IDENTIFICATION
 *	  src/hnsw/derived/termsint.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_DERIVED_TERMSINT_H
#define LOKI_DERIVED_TERMSINT_H

#include "hnsw/derived/derived.h"

/*
 * What distances of a vector depend on besides its elements, as LokiRunData has it; false if bounds of the
 * vector are not tried
 */
extern bool loki_terms_measure(const LokiColumn *column, struct LokiSparse v, float *measure);

/* What rounding may add to a sum of n terms, of which the sum of absolute values is at most `largest` */
extern double loki_terms_slack(double largest, double n);

#endif							/* LOKI_DERIVED_TERMSINT_H */
