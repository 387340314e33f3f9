/*-------------------------------------------------------------------------
 *
 * key.c
 *	  Compiling scan keys into filters.
 *
 * A filter is compiled once per rescan, as nbtree preprocesses its keys (_bt_preprocess_keys()), and
 * evaluated for every node that a search meets, without a call through fmgr.  So the constants of a key are
 * brought into the domain of their column first (filter/constant.c).  A comparison
 * with an exact constant becomes a range of sort keys.  A comparison of enums becomes
 * the set of the labels that satisfy the operator.  Equality with an
 * array of constants (= ANY, IN) becomes a sorted set.  Any other operator with an array
 * takes the constant that lets the most values pass.  A prefix of texts, also the one that a
 * pattern of LIKE begins with, becomes those of its own beginnings that slots keep.
 *
 * If slots do not decide a condition, as with equality under nondeterministic
 * collations, every value passes that is not NULL, and rows are rechecked.
 *
 * IDENTIFICATION
 *	  src/hnsw/filter/key.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "hnsw/filter/key.h"
#include "lib/qunique.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/* More texts than that are as dear to look for in a slot as its row is to read */
#define MOST_TEXTS		1000

/* ----------------------------------------------------------------
 * Keys on types that have an order or a hash
 * ----------------------------------------------------------------
 */

/* Make room for n more sort keys in the set; an IN list may have millions of them. */
static void
reserve_set(LokiFilterKey *key, int n)
{
	Size		size = mul_size(add_size(key->n, n), sizeof(int64));

	key->set = key->set == NULL ? MemoryContextAllocHuge(CurrentMemoryContext, size) :
		repalloc_huge(key->set, size);
}

/* qsort: int64, ascending */
int
loki_compare_numbers(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* Sort n numbers and keep each once; returns how many are left. */
static int
sort_numbers(int64 *numbers, int n)
{
	qsort(numbers, n, sizeof(int64), loki_compare_numbers);
	return (int) qunique(numbers, n, sizeof(int64), loki_compare_numbers);
}

/*
 * Sort a set of exact sort keys.  If they have no gaps, as of IN (1, 2, 3), it becomes a range: one
 * comparison of a slot, and one interval of a sorted list.
 */
static void
finish_set(LokiFilterKey *key)
{
	Assert(key->n > 0);
	key->n = key->nexact = sort_numbers(key->set, key->n);
	key->kind = LOKI_FILTER_SET;
	key->lo = key->set[0];
	key->span = (uint64) key->set[key->n - 1] - (uint64) key->lo;
	if (key->span == key->n - 1)
		key->kind = LOKI_FILTER_RANGE;
}

/*
 * Equality with one of several constants.  set[0 .. nexact) are exact sort keys and set[nexact .. n) lossy
 * ones, each part ascending: an exact slot is looked up in the first part only, a lossy one in the second.
 */
static void
set_equal(LokiFilterKey *key, const LokiConstant *constants, int n)
{
	int			nlossy;

	reserve_set(key, n);
	for (int i = 0; i < n; i++)
		if (!constants[i].value.lossy)
			key->set[key->n++] = constants[i].value.sort_key;
	if (!loki_attr_type_lossy((LokiAttrType) key->type))
	{
		finish_set(key);
		return;
	}

	key->kind = LOKI_FILTER_SET;
	key->nexact = sort_numbers(key->set, key->n);
	nlossy = 0;
	for (int i = 0; i < n; i++)
		if (constants[i].value.lossy)
			key->set[key->nexact + nlossy++] = constants[i].value.sort_key;
	Assert(key->nexact + nlossy <= n);
	key->n = key->nexact + sort_numbers(key->set + key->nexact, nlossy);
}

/* The range of sort keys that satisfy a comparison with an exact constant */
static void
set_range(LokiFilter *filter, LokiFilterKey *key, const LokiConstant *constant)
{
	int64		lo = PG_INT64_MIN;
	int64		hi = PG_INT64_MAX;
	int64		number = constant->value.sort_key;

	Assert(!constant->value.lossy && constant->op != BTEqualStrategyNumber);
	if ((constant->op == BTLessStrategyNumber && number == lo) ||
		(constant->op == BTGreaterStrategyNumber && number == hi))
	{
		filter->never = true;
		return;
	}
	if (loki_is_less(constant->op))
		hi = constant->op == BTLessStrategyNumber ? number - 1 : number;
	else
		lo = constant->op == BTGreaterStrategyNumber ? number + 1 : number;
	/* lo <= x <= hi is one comparison of unsigned numbers: x - lo <= span */
	Assert(lo <= hi);
	key->kind = LOKI_FILTER_RANGE;
	key->lo = lo;
	key->span = (uint64) hi - (uint64) lo;
}

/*
 * An operator other than equality, with the loosest of several constants.  The low bits of a sort key that
 * are a hash have no order, so they are left out of both sides, and what is equal then is rechecked.
 */
static void
set_order(LokiFilter *filter, LokiFilterKey *key, const LokiConstant *constants, int n)
{
	const LokiConstant *loosest = &constants[0];
	bool		less = loki_is_less(loosest->op);

	/* x < ANY (array) is x < the greatest */
	for (int i = 1; i < n; i++)
	{
		int64		number = constants[i].value.sort_key;

		/* a smaller and a greater than never come from one key */
		Assert(loki_is_less(constants[i].op) == less);
		if (number != loosest->value.sort_key ? less == (number > loosest->value.sort_key) :
			constants[i].op == BTLessEqualStrategyNumber || constants[i].op == BTGreaterEqualStrategyNumber)
			loosest = &constants[i];
	}
	if (!loki_attr_type_lossy((LokiAttrType) key->type))
	{
		set_range(filter, key, loosest);
		return;
	}

	key->kind = LOKI_FILTER_ORDER;
	key->op = loosest->op;

	/*
	 * IPv4 addresses have all of their bits in the sort key, and are below
	 * IPv6
	 */
	if (key->type == LOKI_ATTR_UUID ||
		(key->type == LOKI_ATTR_INET && loosest->value.sort_key >= 0))
		key->shift = LOKI_ATTR_HASH_BITS;
	key->bound = loosest->value.sort_key >> key->shift;
	for (int i = 0; i < n; i++)
		if (constants[i].value.sort_key >> key->shift == key->bound)
			key->lossy |= constants[i].value.lossy;
}

/*
 * Add the labels of an enum that satisfy a comparison with one of them.  Their order is
 * in the catalog.
 */
static void
add_labels(LokiFilterKey *key, const LokiConstant *constant)
{
	Oid			label = (Oid) (uint32) constant->value.sort_key;
	HeapTuple	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(label));
	Form_pg_enum form;
	CatCList   *labels;
	float4		order;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid internal value for enum: %u", label)));
	form = (Form_pg_enum) GETSTRUCT(tuple);
	order = form->enumsortorder;
	labels = SearchSysCacheList1(ENUMTYPOIDNAME, ObjectIdGetDatum(form->enumtypid));
	ReleaseSysCache(tuple);

	reserve_set(key, labels->n_members + 1);
	for (int i = 0; i < labels->n_members; i++)
	{
		form = (Form_pg_enum) GETSTRUCT(&labels->members[i]->tuple);
		if (loki_is_less(constant->op) ? form->enumsortorder < order : form->enumsortorder > order)
			key->set[key->n++] = (int32) form->oid;
	}
	ReleaseCatCacheList(labels);
	if (constant->op == BTLessEqualStrategyNumber ||
		constant->op == BTGreaterEqualStrategyNumber)
		key->set[key->n++] = constant->value.sort_key;
}

/*
 * Make a key of constants that were compiled; a value has to satisfy any of them.  All have one type
 * and one operator of those that they were compiled with, though each may have been adjusted.
 */
static void
set_constants(LokiFilter *filter, LokiFilterKey *key, const LokiConstant *constants, int n,
			  bool zoned)
{
	if (n == 0)
		filter->never = true;
	/* rare, and each constant would have core compare a time for each node */
	else if (zoned && n > 1)
		key->kind = LOKI_FILTER_UNKNOWN;
	else if (zoned)
	{
		Assert(key->type == LOKI_ATTR_DATE || key->type == LOKI_ATTR_TIMESTAMP);
		key->kind = LOKI_FILTER_ZONED;
		key->op = constants[0].op;
		key->bound = constants[0].value.sort_key;
	}
	else if (constants[0].op == BTEqualStrategyNumber)
		set_equal(key, constants, n);
	else if (key->type == LOKI_ATTR_ENUM)
	{
		for (int i = 0; i < n; i++)
			add_labels(key, &constants[i]);
		if (key->n == 0)
			filter->never = true;
		else
			finish_set(key);
	}
	else
		set_order(filter, key, constants, n);
}

/* Compile a key on a type whose slots have a sort key: all but arrays. */
static void
compile_numbers(LokiFilter *filter, LokiFilterKey *key, Relation index, ScanKey skey)
{
	Oid			typid = OidIsValid(skey->sk_subtype) ? getBaseType(skey->sk_subtype) :
		index->rd_opcintype[skey->sk_attno - 1];
	Datum	   *values = &skey->sk_argument;
	bool		isnull = false;
	bool	   *nulls = &isnull;
	int			nvalues = 1;
	LokiConstant *constants;
	bool		zoned = false;
	int			n = 0;

	/* the elements of an array of constants (= ANY), or the one constant */
	if (skey->sk_flags & SK_SEARCHARRAY)
	{
		ArrayType  *array = DatumGetArrayTypeP(skey->sk_argument);
		int16		typlen;
		bool		typbyval;
		char		typalign;

		get_typlenbyvalalign(ARR_ELEMTYPE(array), &typlen, &typbyval, &typalign);
		deconstruct_array(array, ARR_ELEMTYPE(array), typlen, typbyval, typalign,
						  &values, &nulls, &nvalues);
	}
	constants = palloc_array(LokiConstant, Max(nvalues, 1));
	for (int i = 0; i < nvalues; i++)
	{
		LokiConstant constant = {0};

		CHECK_FOR_INTERRUPTS();
		/* operators are strict: x = ANY with NULL among the elements is never true by that one */
		if (nulls[i])
			continue;
		constant.type = key->type;
		constant.op = (uint8) skey->sk_strategy;
		if (!loki_constant_compile(&constant, values[i], typid))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("operator with right-hand type %s is not supported for column %d of index \"%s\"",
							format_type_be(typid), skey->sk_attno,
							RelationGetRelationName(index))));
		if (!constant.possible)
			continue;
		zoned |= constant.zoned;
		constants[n++] = constant;
	}
	set_constants(filter, key, constants, n, zoned);
}

/* ----------------------------------------------------------------
 * Keys on arrays
 * ----------------------------------------------------------------
 */

/* The elements that a key looks for */
static void
set_elements(LokiFilterKey *key, LokiFilterKind kind, LokiElements *elements)
{
	key->kind = kind;
	key->n = 1;
	key->masks = &elements->all;
	key->nexact = elements->nhashes;
	Assert(key->nexact <= elements->n);
	key->set = palloc_array(int64, Max(key->nexact, 1));
	for (int i = 0; i < key->nexact; i++)
		key->set[i] = elements->hashes[i];
	if (kind == LOKI_FILTER_OVERLAPS)
	{
		key->n = elements->n;
		key->masks = elements->each;
	}
}

/* Compile a key on an array: elements become hashes, and bits of signatures. */
static void
compile_array(LokiFilter *filter, LokiFilterKey *key, ScanKey skey)
{
	LokiElements *elements;

	Assert(!filter->never);
	/* a comparison with any of several arrays */
	if (skey->sk_flags & SK_SEARCHARRAY)
	{
		key->kind = LOKI_FILTER_UNKNOWN;
		return;
	}

	elements = palloc_object(LokiElements);
	loki_array_elements(skey->sk_argument, elements);
	switch (skey->sk_strategy)
	{
		case LOKI_ARRAY_EQUAL:
			set_elements(key, LOKI_FILTER_SAME, elements);
			key->lossy = elements->n > 0 || elements->has_null;
			break;
		case LOKI_ARRAY_OVERLAPS:
			set_elements(key, LOKI_FILTER_OVERLAPS, elements);
			filter->never |= elements->n == 0;
			break;
		case LOKI_ARRAY_CONTAINS:
			/* no array contains NULL, and each contains the empty one */
			set_elements(key, elements->n == 0 ? LOKI_FILTER_ISNOTNULL : LOKI_FILTER_CONTAINS, elements);
			filter->never |= elements->has_null;
			break;
		case LOKI_ARRAY_CONTAINED:
			set_elements(key, LOKI_FILTER_CONTAINED, elements);
			break;
		default:
			Assert(false);
	}
}

/* ----------------------------------------------------------------
 * Keys on texts by their beginnings
 * ----------------------------------------------------------------
 */

/*
 * What each match of a LIKE pattern begins with, in place of the pattern; true if that is the whole, for there
 * is no wildcard.  Bytes are looked at one by one: in encodings of a server those of % _ and \ are no part of
 * other characters.  A pattern that ends within an escape is an error of the operator, which the recheck raises.
 */
static bool
pattern_beginning(char *pattern, int *length)
{
	int			end = *length;
	int			n = 0;
	int			i = 0;

	for (; i < end && pattern[i] != '%' && pattern[i] != '_'; i++)
	{
		if (pattern[i] == '\\' && i + 1 == end)
			break;
		if (pattern[i] == '\\')
			i++;
		pattern[n++] = pattern[i];
	}
	*length = n;
	return i == end;
}

/*
 * Compile a key on a text that slots know by its beginnings.  Of one constant all elements are looked for, of
 * several (= ANY, IN) the last of each, which is the rarest.  A constant without any lets every row pass.
 */
static void
compile_text(LokiFilter *filter, LokiFilterKey *key, ScanKey skey)
{
	bool		array = (skey->sk_flags & SK_SEARCHARRAY) != 0;
	Datum	   *values = &skey->sk_argument;
	bool		isnull = false;
	bool	   *nulls = &isnull;
	int			nvalues = 1;
	LokiElements *elements = palloc_object(LokiElements);
	uint64	   *last;
	int			nlast = 0;

	if (array)
	{
		ArrayType  *texts = DatumGetArrayTypeP(skey->sk_argument);

		deconstruct_array(texts, ARR_ELEMTYPE(texts), -1, false, TYPALIGN_INT, &values, &nulls, &nvalues);
	}
	if (nvalues > MOST_TEXTS)
	{
		key->kind = LOKI_FILTER_UNKNOWN;
		return;
	}
	last = palloc_array(uint64, Max(nvalues, 1));
	for (int i = 0; i < nvalues; i++)
	{
		uint64		hashes[LOKI_SLOT_ELEMENTS];
		text	   *string;
		int			length;
		bool		whole = skey->sk_strategy == BTEqualStrategyNumber;
		int			n;

		/* operators are strict */
		if (nulls[i])
			continue;
		string = DatumGetTextPCopy(values[i]);
		length = (int) VARSIZE_ANY_EXHDR(string);
		if (skey->sk_strategy == LOKI_TEXT_LIKE)
			whole = pattern_beginning(VARDATA_ANY(string), &length);
		n = loki_text_hashes(VARDATA_ANY(string), length, whole, hashes);
		if (n == 0)
		{
			key->kind = LOKI_FILTER_UNKNOWN;
			return;
		}
		if (!array)
		{
			loki_elements_of(hashes, n, elements);
			set_elements(key, whole ? LOKI_FILTER_SAME : LOKI_FILTER_CONTAINS, elements);
			key->lossy = true;
			return;
		}
		last[nlast++] = hashes[n - 1];
	}
	loki_elements_of(last, nlast, elements);
	set_elements(key, LOKI_FILTER_OVERLAPS, elements);
	filter->never |= nlast == 0;
}

/* ----------------------------------------------------------------
 * Filters
 * ----------------------------------------------------------------
 */

/* Intersect a range with an earlier one on the same column, if there is one: BETWEEN is two keys. */
static bool
join_range(LokiFilter *filter, const LokiFilterKey *key)
{
	for (int i = 0; i < filter->nkeys; i++)
	{
		LokiFilterKey *other = &filter->keys[i];
		int64		lo;
		int64		hi;

		if (other->attribute != key->attribute || other->kind != LOKI_FILTER_RANGE)
			continue;
		lo = Max(key->lo, other->lo);
		hi = Min((int64) ((uint64) key->lo + key->span),
				 (int64) ((uint64) other->lo + other->span));
		Assert(key->type == other->type);
		filter->never |= lo > hi;
		other->lo = lo;
		other->span = (uint64) hi - (uint64) lo;
		return true;
	}
	return false;
}

/* Compile a key on an attribute, and add it to the filter unless nothing can match. */
static void
compile_attribute_key(LokiFilter *filter, Relation index, ScanKey skey)
{
	LokiFilterKey key = {0};

	Assert(skey->sk_attno >= 2 && skey->sk_attno <= LOKI_MAX_ATTRIBUTES + 1);
	/* every operator of an attribute is strict */
	if ((skey->sk_flags & SK_ISNULL) &&
		!(skey->sk_flags & (SK_SEARCHNULL | SK_SEARCHNOTNULL)))
	{
		filter->never = true;
		return;
	}

	/* columns count from 1 and the first is the vector; attributes count from 0 */
	key.attribute = skey->sk_attno - 2;
	key.type = loki_index_attr_type(index, key.attribute);
	key.width = loki_attr_slot_size((LokiAttrType) key.type) - 1;

	Assert(!(skey->sk_flags & SK_ROW_HEADER));
	if (skey->sk_flags & SK_SEARCHNULL)
		key.kind = LOKI_FILTER_ISNULL;
	else if (skey->sk_flags & SK_SEARCHNOTNULL)
		key.kind = LOKI_FILTER_ISNOTNULL;
	else if ((loki_attr_strategies((LokiAttrType) key.type) >> skey->sk_strategy & 1) == 0)
		elog(ERROR, "unrecognized strategy number: %d", skey->sk_strategy);
	else if (OidIsValid(skey->sk_collation) &&
			 !get_collation_isdeterministic(skey->sk_collation))
		key.kind = LOKI_FILTER_UNKNOWN; /* other bytes may be equal */
	else if (key.type == LOKI_ATTR_ARRAY)
		compile_array(filter, &key, skey);
	else if (key.type == LOKI_ATTR_PREFIX)
		compile_text(filter, &key, skey);
	else
		compile_numbers(filter, &key, index, skey);

	Assert(!key.recheck);
	if (!filter->never && (key.kind != LOKI_FILTER_RANGE || !join_range(filter, &key)))
		filter->keys[filter->nkeys++] = key;
}

/*
 * Compile one key of a condition.  A key that nothing can match has an empty set.  False if
 * slots do not decide it.
 */
static bool
compile_test(Relation index, LokiCondition *condition, LokiTest *test)
{
	LokiFilter	single = {0};
	LokiFilterKey *key = palloc0_object(LokiFilterKey);
	LokiAttrType type = loki_index_attr_type(index, condition->key.sk_attno - 2);

	single.keys = key;
	compile_attribute_key(&single, index, &condition->key);
	if (single.never)
	{
		memset(key, 0, sizeof(LokiFilterKey));
		key->kind = LOKI_FILTER_SET;
		key->type = type;
		key->width = loki_attr_slot_size(type) - 1;
	}
	test->attribute = condition->key.sk_attno - 2;
	test->key = key;
	test->negated = condition->negated;
	/* numbers that are near each other have one lossy sort key */
	test->hashed = loki_attr_type_lossy(type) && type != LOKI_ATTR_NUMERIC;
	/* column <> ALL ('{}') holds for NULL */
	test->nulls = condition->nulls || single.never;
	if (key->kind == LOKI_FILTER_UNKNOWN)
		return false;
	/* the hashes of elements are too short to decide what is equal */
	return !test->negated || !loki_attr_has_elements(type);
}

/*
 * Compile a condition.  False if slots decide nothing of it, so that any node may meet it.
 * Of several parts that must all hold, those that slots do not decide are left out.
 */
static bool
compile_condition(LokiFilter *filter, Relation index, LokiCondition *condition,
				  LokiTest *test)
{
	check_stack_depth();
	memset(test, 0, sizeof(LokiTest));
	test->kind = condition->kind;
	if (test->kind == LOKI_CONDITION_KEY)
	{
		if (!compile_test(index, condition, test))
			return false;
		filter->guesses |= test->negated && test->hashed;
		return true;
	}
	test->parts = palloc_array(LokiTest, Max(condition->nparts, 1));
	for (int i = 0; i < condition->nparts; i++)
	{
		if (compile_condition(filter, index, condition->parts[i], &test->parts[test->nparts]))
			test->nparts++;
		else if (test->kind == LOKI_CONDITION_ANY)
			return false;
	}
	return test->nparts > 0 || test->kind == LOKI_CONDITION_ANY;
}

/* Compile a condition.  Parts that must all hold, and could be scan keys, become keys of the filter. */
static void
compile_parts(LokiFilter *filter, Relation index, LokiCondition *condition)
{
	bool		all = condition->kind == LOKI_CONDITION_ALL;
	LokiCondition rest = {.kind = LOKI_CONDITION_ALL};
	int			n = all ? condition->nparts : 1;

	rest.parts = palloc_array(LokiCondition *, Max(n, 1));
	filter->keys = repalloc_array(filter->keys, LokiFilterKey, filter->nkeys + n + 1);
	for (int i = 0; i < n && !filter->never; i++)
	{
		LokiCondition *part = all ? condition->parts[i] : condition;

		if (part->kind == LOKI_CONDITION_KEY && !part->negated && !part->nulls)
			compile_attribute_key(filter, index, &part->key);
		else if (part->kind == LOKI_CONDITION_ANY && part->nparts == 0)
			filter->never = true;
		else
			rest.parts[rest.nparts++] = part;
	}
	filter->has_condition = compile_condition(filter, index, &rest, &filter->condition);
}

/*
 * See key.h.  What was compiled before is forgotten, but memory of the filter is kept.  ERROR for an
 * operator that the access method does not have, which a damaged catalog can bring here.
 */
void
loki_filter_compile(LokiFilter *filter, Relation index, ScanKey keys, int nkeys,
					LokiCondition *condition)
{
	MemoryContext old;

	filter->nkeys = 0;
	filter->never = filter->vector_null = filter->vector_not_null = false;
	filter->has_condition = filter->guesses = false;
	if (nkeys == 0 && condition == NULL)
		return;

	if (filter->context == NULL)
		filter->context = AllocSetContextCreate(CurrentMemoryContext, "hnsw filter",
												ALLOCSET_SMALL_SIZES);
	MemoryContextReset(filter->context);
	old = MemoryContextSwitchTo(filter->context);
	filter->keys = palloc_array(LokiFilterKey, Max(nkeys, 1));
	for (int i = 0; i < nkeys && !filter->never; i++)
	{
		/*
		 * A key on column 1 asks for NULL, or for any other value.  Rows
		 * without a vector are outside the graph, so it decides which parts
		 * of the index are scanned at all.
		 */
		if (keys[i].sk_attno != 1)
			compile_attribute_key(filter, index, &keys[i]);
		else if (keys[i].sk_flags & SK_SEARCHNULL)
			filter->vector_null = true;
		else if (keys[i].sk_flags & SK_SEARCHNOTNULL)
			filter->vector_not_null = true;
		else
			elog(ERROR, "unexpected scan key on column 1 of index \"%s\"",
				 RelationGetRelationName(index));
		filter->never |= filter->vector_null && filter->vector_not_null;
	}
	if (condition != NULL && !filter->never)
		compile_parts(filter, index, condition);
	MemoryContextSwitchTo(old);
}
