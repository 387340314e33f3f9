/*-------------------------------------------------------------------------
 *
 * forms.h
 *	  The forms of queries that have paths of ours (query/form.h).
 *
 * IDENTIFICATION
 *	  src/planner/forms/forms.h
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#ifndef LOKI_PLANNER_FORMS_FORMS_H
#define LOKI_PLANNER_FORMS_FORMS_H

#include "planner/query/form.h"

extern const LokiForm loki_arms_form;	/* arms of a UNION ALL, and barriers */
extern const LokiForm loki_groups_form; /* the first rows of groups */
extern const LokiForm loki_row_groups_form; /* groups of a table's rows */
extern const LokiForm loki_ranks_form;	/* the first ranks */
extern const LokiForm loki_scores_form; /* a score of a distance and other
										 * columns */
extern const LokiForm loki_parts_form;	/* a table that is read in parts */
extern const LokiForm loki_join_keys_form;	/* the join keys of another relation */
extern const LokiForm loki_outer_join_form; /* left joins by their nullable side */
extern const LokiForm loki_vector_join_form;	/* rows that have the query vectors */
extern const LokiForm loki_shards_form; /* partitions on other servers */

#endif							/* LOKI_PLANNER_FORMS_FORMS_H */
