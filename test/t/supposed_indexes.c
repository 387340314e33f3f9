/* SPDX-License-Identifier: PostgreSQL */
/*
 * A module of a test: has the planner take indexes for ones that are only supposed to
 * be there, as extensions do that tell what an index would be good for.  They have a
 * number that no relation has.
 */
#include "postgres.h"

#include "access/transam.h"
#include "commands/explain.h"
#include "fmgr.h"
#include "nodes/pathnodes.h"
#include "optimizer/plancat.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

/* Bits of a number that none has in a test */
#define SUPPOSED	0x70000000

/* Which: those of access methods of extensions, of the server's own, or both */
#define OTHERS		1
#define BUILTIN		2

static int	supposed = 0;

void		_PG_init(void);

static void
suppose_indexes(PlannerInfo *root, Oid table, bool inherits, RelOptInfo *rel)
{
	ListCell   *cell;

	foreach(cell, rel->indexlist)
	{
		IndexOptInfo *info = lfirst(cell);
		IndexOptInfo *copy;

		if (!(supposed & (info->relam >= FirstNormalObjectId ? OTHERS : BUILTIN)))
			continue;
		copy = makeNode(IndexOptInfo);
		memcpy(copy, info, sizeof(IndexOptInfo));
		copy->hypothetical = true;
		copy->indexoid |= SUPPOSED;
		lfirst(cell) = copy;
	}
}

static const char *
index_name(Oid id)
{
	return (id & SUPPOSED) == SUPPOSED ? "supposed" : NULL;
}

void
_PG_init(void)
{
	DefineCustomIntVariable("supposed.indexes", "", NULL, &supposed, 0, 0, OTHERS | BUILTIN,
							PGC_USERSET, 0, NULL, NULL, NULL);
	get_relation_info_hook = suppose_indexes;
	explain_get_index_name_hook = index_name;
}
