/*-------------------------------------------------------------------------
 *
 * candidate_heap.c
 *	  Sorting candidates.
 *
 * IDENTIFICATION
 *	  src/hnsw/graph/candidate_heap.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/graph/candidate_heap.h"

/* The server's sort with the comparison inline, since scans sort many short arrays */
#define ST_SORT sort_candidates
#define ST_ELEMENT_TYPE LokiCandidate
#define ST_COMPARE(a, b) loki_compare_candidates(a, b)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* See candidate_heap.h.  Node IDs differ, so the order is the same however they came. */
void
loki_candidates_sort(LokiCandidate *candidates, size_t n)
{
	sort_candidates(candidates, n);
}
