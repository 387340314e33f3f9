/*-------------------------------------------------------------------------
 *
 * report.c
 *	  What VACUUM VERBOSE says of an index.
 *
 * IDENTIFICATION
 *	  src/hnsw/vacuum/report.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "compat/pgcompat.h"
#include "hnsw/derived/derived.h"
#include "hnsw/page/page.h"
#include "hnsw/vacuum/vacuum.h"
#include "nodes/parsenodes.h"
#include "tcop/pquery.h"

/* What else was done, and what is left to a later vacuum: nodes, and pages without room */
static int
detail(const LokiIndex *state, bool new_codes, bool calibrated, double unlisted, uint32 refused)
{
	/* those that indexes of this kind have, made or not */
	const char *lists = loki_column_listed(&state->column) ?
		(state->nattributes > 0 ? "posting lists and the sorted lists" : "posting lists") :
		!loki_has_rowmap(state) ? "sorted lists" :
		state->nattributes > 0 ? "sorted lists and the row map" : "row map";
	StringInfoData text;

	initStringInfo(&text);
	if (new_codes)
		appendStringInfo(&text, "Codes and graph were made anew, with %u local centers. ", state->code.centers);
	if (calibrated)
		appendStringInfoString(&text, "Recall was measured again.");
	if (unlisted > 0 || refused > 0)
		appendStringInfo(&text,
						 "%sUp to %.0f nodes are not up to date in the %s",
						 text.len > 0 ? " " : "", unlisted, lists);
	if (refused > 0)
		appendStringInfo(&text, "; there was no room for pages %u times", refused);
	if (unlisted > 0 || refused > 0)
		appendStringInfoChar(&text, '.');
	return text.len > 0 ? errdetail_internal("%s", text.data) : 0;
}

/*
 * Report to VACUUM VERBOSE how many nodes were freed, how many node IDs can be reused, what
 * else was done, and what was left.
 */
void
loki_vacuum_report(IndexVacuumInfo *info, LokiVacuum *vacuum, bool calibrated)
{
	/* the server passes DEBUG2 even for VACUUM VERBOSE, so we look at the command; a parallel worker has none */
	PlannedStmt *planned = ActivePortal != NULL && ActivePortal->stmts != NIL ?
		linitial(ActivePortal->stmts) : NULL;
	int			level = info->message_level;
	LokiMetaPageData meta;
	LokiSlotArray *array;
	uint32		used = 0;
	uint32		nfree = 0;

	if (planned != NULL && IsA(planned, PlannedStmt) && planned->utilityStmt != NULL &&
		IsA(planned->utilityStmt, VacuumStmt))
	{
		foreach_node(DefElem, option, ((VacuumStmt *) planned->utilityStmt)->options)
		{
			if (strcmp(option->defname, "verbose") == 0)
			{
				level = defGetBoolean(option) ? INFO : level;
				break;
			}
		}
	}
	if (!message_level_is_interesting(level))
		return;
	vacuum->state = loki_index_open(vacuum->index, &meta);
	loki_index_refresh(vacuum->state, vacuum->index);
	array = &vacuum->state->arrays[LOKI_SLOTS_TID];
	for (uint32 ordinal = 0; ordinal < array->npages; ordinal++)
	{
		used += loki_vacuum_read_page(vacuum, LOKI_SLOTS_TID, ordinal);
		nfree += LokiPageOpaque((Page) vacuum->page.data)->free_slots;
	}
	ereport(level,
			(errmsg("index \"%s\": %u nodes freed; of %u node IDs %u are free for new nodes",
					RelationGetRelationName(vacuum->index), vacuum->ndead, used, nfree),
			 detail(vacuum->state, vacuum->new_codes, calibrated,
					loki_derived_unlisted(vacuum->state, vacuum->index, &meta, used),
					loki_extensions_refused() - vacuum->refused)));
}
