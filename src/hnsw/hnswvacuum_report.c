/*-------------------------------------------------------------------------
 *
 * hnswvacuum_report.c
 *	  Vacuum: telling what became of nodes.
 *
 * IDENTIFICATION
 *	  src/hnsw/hnswvacuum_report.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "commands/vacuum.h"
#include "hnsw/hnswposting.h"
#include "hnsw/hnswvacuum.h"
#include "nodes/parsenodes.h"
#include "tcop/pquery.h"

/*
 * The level of what a vacuum tells.  The server says DEBUG2 even to VACUUM VERBOSE,
 * so that the command itself is looked at; a parallel worker has none.
 */
static int
verbose_level(IndexVacuumInfo *info)
{
	PlannedStmt *planned = ActivePortal != NULL && ActivePortal->stmts != NIL ?
		linitial(ActivePortal->stmts) : NULL;
	ListCell   *cell;

	if (planned == NULL || !IsA(planned, PlannedStmt) || planned->utilityStmt == NULL ||
		!IsA(planned->utilityStmt, VacuumStmt))
		return info->message_level;
	foreach(cell, ((VacuumStmt *) planned->utilityStmt)->options)
	{
		DefElem    *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, "verbose") == 0)
			return defGetBoolean(option) ? INFO : info->message_level;
	}
	return info->message_level;
}

/*
 * Tell VACUUM VERBOSE how many nodes were freed, and how many numbers are there to
 * be used again.
 */
void
loki_vacuum_report(IndexVacuumInfo *info, LokiVacuum *vacuum)
{
	int			level = verbose_level(info);
	LokiFamily *family = &vacuum->state->families[LOKI_FAMILY_TID];
	LokiMetaPageData meta;
	uint32		used = 0;
	uint32		nfree = 0;
	double		reused;

	if (!message_level_is_interesting(level))
		return;
	loki_index_refresh(vacuum->state, vacuum->index);
	for (uint32 ordinal = 0; ordinal < family->npages; ordinal++)
	{
		used += loki_vacuum_read_page(vacuum, LOKI_FAMILY_TID, ordinal);
		nfree += LokiPageOpaque((Page) vacuum->page.data)->free_slots;
	}
	loki_meta_read(vacuum->index, &meta);
	reused = loki_postings_reused(vacuum->state, vacuum->index, &meta);
	ereport(level,
			(errmsg("index \"%s\": %u nodes freed; of %u numbers %u are free for new nodes",
					RelationGetRelationName(vacuum->index), vacuum->ndead, used, nfree),
			 reused > 0 ? errdetail("Lists and map are older than %.0f nodes at most, whose numbers were used again.",
									reused) : 0));
}
