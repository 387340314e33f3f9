/*-------------------------------------------------------------------------
 *
 * validate.c
 *	  Operator class validation for the hnsw access method.
 *
 * There are two kinds of operator classes, distinguished by their type.
 *
 * A vector class orders an index.  Its strategy 1 is FOR ORDER BY float_ops.  Support
 * function 1 is the distance that the index minimises, 2 (optional) the norm by which values
 * are divided first, 3 (optional) describes the type.
 *
 * An attribute class filters.  Its strategies 1 to 5 are btree's, of which text has only
 * equality, or equality, ^@ (28) and ~~ (29).  Arrays have equality, && (6), @> (7) and <@ (8).  Its family has these operators
 * for every pair of its types.  It has no support functions.
 *
 * IDENTIFICATION
 *	  src/hnsw/validate.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/amvalidate.h"
#include "access/htup_details.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "compat/pgcompat.h"
#include "hnsw/definition/attribute.h"
#include "hnsw/definition/column.h"
#include "hnsw/handler.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

#define DISTANCE_PROC		1
#define NORM_PROC			2
#define TYPE_PROC			3

#define DISTANCE_STRATEGY	1

typedef struct ClassInfo
{
	Oid			type;			/* of the column */
	bool		attribute;		/* a filter class, by its type */
	char	   *class_name;
	Oid			family;
	char	   *family_name;
} ClassInfo;

static bool fault(const char *format,...) __attribute__((format(printf, 1, 2)));

/*
 * Report a fault, in the server's words for its own access methods; returns false.  INFO and no error, so
 * that one call reports all faults, as amvalidate() is to.
 */
static bool
fault(const char *format,...)
{
	va_list		args;
	char		text[500];

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ereport(INFO,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg_internal("%s", text)));
	return false;
}

/*
 * Whether a type is one of attributes; others are vectors.  A family may have both, so that each member is
 * judged by its own type.
 */
static bool
is_attribute_type(Oid family, Oid typid)
{
	return loki_attr_class_type(family, typid) != 0;
}

/* The strategies that operators of a family on a type must have, as bits */
static uint64
type_strategies(Oid family, Oid typid)
{
	return is_attribute_type(family, typid) ?
		loki_attr_strategies((LokiAttrType) loki_attr_class_type(family, typid)) :
		UINT64CONST(1) << DISTANCE_STRATEGY;
}

/* Read a class and its operator family from the catalogs; strings are palloc'd. */
static void
load_class(Oid opclassoid, ClassInfo *info)
{
	HeapTuple	tuple = SearchSysCache1(CLAOID, ObjectIdGetDatum(opclassoid));
	Form_pg_opclass form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator class %u", opclassoid);
	form = (Form_pg_opclass) GETSTRUCT(tuple);
	info->type = form->opcintype;
	info->attribute = is_attribute_type(form->opcfamily, form->opcintype);
	info->class_name = pstrdup(NameStr(form->opcname));
	info->family = form->opcfamily;
	ReleaseSysCache(tuple);

	tuple = SearchSysCache1(OPFAMILYOID, ObjectIdGetDatum(info->family));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for operator family %u", info->family);
	info->family_name = pstrdup(NameStr(((Form_pg_opfamily) GETSTRUCT(tuple))->opfname));
	ReleaseSysCache(tuple);
}

/* Check one support function; reports its fault and returns false. */
static bool
validate_procedure(const ClassInfo *info, Form_pg_amproc proc)
{
	bool		valid;

	Assert(proc->amprocfamily == info->family);
	if (proc->amproclefttype != proc->amprocrighttype && proc->amprocnum != DISTANCE_PROC)
		return fault("operator family \"%s\" of access method hnsw contains support function %s with different left and right input types",
					 info->family_name, format_procedure(proc->amproc));
	switch (is_attribute_type(info->family, proc->amproclefttype) ? 0 : proc->amprocnum)
	{
		case DISTANCE_PROC:
			valid = check_amproc_signature(proc->amproc, FLOAT8OID, false, 2, 2,
										   proc->amproclefttype, proc->amprocrighttype);
			break;
		case NORM_PROC:
			valid = check_amproc_signature(proc->amproc, FLOAT8OID, false, 1, 1,
										   proc->amproclefttype);
			break;
		case TYPE_PROC:
			valid = check_amproc_signature(proc->amproc, INTERNALOID, true, 1, 1,
										   INTERNALOID);
			break;
		default:
			return fault("operator family \"%s\" of access method hnsw contains function %s with invalid support number %d",
						 info->family_name, format_procedure(proc->amproc), proc->amprocnum);
	}

	return valid ||
		fault("operator family \"%s\" of access method hnsw contains function %s with wrong signature for support number %d",
			  info->family_name, format_procedure(proc->amproc), proc->amprocnum);
}

/* Check one operator; reports its faults and returns false. */
static bool
validate_operator(const ClassInfo *info, Form_pg_amop oper)
{
	bool		search = is_attribute_type(info->family, oper->amoplefttype);
	char		purpose = search ? AMOP_SEARCH : AMOP_ORDER;
	bool		result = true;

	Assert(oper->amopfamily == info->family);
	if (oper->amopstrategy < 1 || oper->amopstrategy > 63 ||
		(type_strategies(info->family, oper->amoplefttype) >> oper->amopstrategy & 1) == 0)
		result = fault("operator family \"%s\" of access method hnsw contains operator %s with invalid strategy number %d",
					   info->family_name, format_operator(oper->amopopr), oper->amopstrategy);

	if (oper->amoppurpose != purpose ||
		(!search && !opfamily_can_sort_type(oper->amopsortfamily, FLOAT8OID)))
		result = fault("operator family \"%s\" of access method hnsw contains invalid ORDER BY specification for operator %s",
					   info->family_name, format_operator(oper->amopopr));

	if (!check_amop_signature(oper->amopopr, search ? BOOLOID : FLOAT8OID,
							  oper->amoplefttype, oper->amoprighttype))
		result = fault("operator family \"%s\" of access method hnsw contains operator %s with wrong signature",
					   info->family_name, format_operator(oper->amopopr));
	return result;
}

/*
 * Check that no group of two attribute types lacks operators: a key of another type than the column's is
 * compared by those of both.  Finds the group of the class itself, whose right type may be that of queries.
 */
static bool
validate_groups(const ClassInfo *info, List *groups, OpFamilyOpFuncGroup **own)
{
	Oid			right = info->type;
	bool		result = true;

	Assert(info->attribute == is_attribute_type(info->family, info->type));
	*own = NULL;
	if (!info->attribute)
		(void) loki_ordering_operator(info->family, info->type, &right);
	foreach_ptr(OpFamilyOpFuncGroup, group, groups)
	{
		if (group->lefttype == info->type && group->righttype == right)
			*own = group;
		if (is_attribute_type(info->family, group->lefttype) &&
			group->operatorset != type_strategies(info->family, group->lefttype))
			result = fault("operator family \"%s\" of access method hnsw is missing operator(s) for types %s and %s",
						   info->family_name, format_type_be(group->lefttype),
						   format_type_be(group->righttype));
	}
	return result;
}

/*
 * amvalidate: check an operator class and the family around it; each fault is
 * an INFO message.
 */
bool
loki_hnsw_validate(Oid opclassoid)
{
	ClassInfo	info;
	CatCList   *operators;
	CatCList   *procedures;
	OpFamilyOpFuncGroup *own;
	uint64		needed;
	bool		result = true;

	load_class(opclassoid, &info);
	operators = SearchSysCacheList1(AMOPSTRATEGY, ObjectIdGetDatum(info.family));
	procedures = SearchSysCacheList1(AMPROCNUM, ObjectIdGetDatum(info.family));

	/* all functions and operators of the family, also those of other classes */
	for (int i = 0; i < procedures->n_members; i++)
		result &= validate_procedure(&info, (Form_pg_amproc) GETSTRUCT(&procedures->members[i]->tuple));
	for (int i = 0; i < operators->n_members; i++)
		result &= validate_operator(&info, (Form_pg_amop) GETSTRUCT(&operators->members[i]->tuple));
	result &= validate_groups(&info, identify_opfamily_groups(operators, procedures), &own);

	/* the class itself has what it needs */
	needed = type_strategies(info.family, info.type);
	Assert(own == NULL || own->lefttype == info.type);
	Assert(info.attribute || needed == UINT64CONST(1) << DISTANCE_STRATEGY);
	if (own == NULL || (own->operatorset & needed) != needed)
		result = fault("operator class \"%s\" of access method hnsw is missing operator(s)",
					   info.class_name);
	if (!info.attribute &&
		(own == NULL || (own->functionset & (UINT64CONST(1) << DISTANCE_PROC)) == 0))
		result = fault("operator class \"%s\" of access method hnsw is missing support function %d",
					   info.class_name, DISTANCE_PROC);

	ReleaseCatCacheList(procedures);
	ReleaseCatCacheList(operators);
	return result;
}
