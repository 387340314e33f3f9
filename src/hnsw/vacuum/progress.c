/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  How far VACUUM is with an index, for the view lokivector_progress.
 *
 * VACUUM has parameters of progress that the server does not use.  The view reads them by
 * these numbers, and names the phases.
 *
 * IDENTIFICATION
 *	  src/hnsw/vacuum/progress.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "hnsw/vacuum/vacuum.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/backend_status.h"
#include "utils/timestamp.h"

/* sql/install/statistics.sql has these, counted from 1 */
#define PARAM_INDEX		15
#define PARAM_PHASE		16
#define PARAM_TOTAL		17
#define PARAM_DONE		18
#define PARAM_BEGAN		19
StaticAssertDecl(PARAM_BEGAN < PGSTAT_NUM_PROGRESS_PARAM, "the server has enough");

/* Of the phase, in what it goes by */
static uint64 phase_total = 0;
static uint64 phase_done = 0;

/*
 * Whether the process is in VACUUM.  CREATE INDEX CONCURRENTLY uses the parameters itself,
 * while an index reports its rows.
 */
static bool
in_vacuum(void)
{
	return MyBEEntry != NULL && MyBEEntry->st_progress_command == PROGRESS_COMMAND_VACUUM;
}

/* Begin a phase, as the view has it until the next one.  See vacuum.h. */
void
loki_vacuum_phase(LokiVacuum *vacuum, LokiVacuumPhase phase, uint64 total)
{
	const int	params[] = {PARAM_INDEX, PARAM_PHASE, PARAM_TOTAL, PARAM_DONE, PARAM_BEGAN};
	const int64 values[] = {phase == LOKI_VACUUM_NONE ? InvalidOid : RelationGetRelid(vacuum->index),
	phase, total, 0, GetCurrentTimestamp()};

	phase_total = total;
	phase_done = 0;
	if (in_vacuum())
		pgstat_progress_update_multi_param(lengthof(params), params, values);
}

/* Count what the phase goes by; more of it than was foreseen is not shown. */
void
loki_vacuum_step(void)
{
	if (phase_done < phase_total && in_vacuum())
		pgstat_progress_update_param(PARAM_DONE, ++phase_done);
}
