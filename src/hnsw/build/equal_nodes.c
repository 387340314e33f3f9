/*-------------------------------------------------------------------------
 *
 * equal_nodes.c
 *	  Finding nodes that have equal bytes, while an index is built.
 *
 * Rows that are equal in vector and attributes become one node (duplicates.c), and of the nodes
 * that have one code only the first is inserted into the graph (equal_codes.c).  Both ask for each node
 * in turn whether its bytes, in one array or several, are those of a node before.  The hash table
 * has node IDs alone; what they stand for is read where the build has it.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/equal_nodes.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "hnsw/build/graph.h"

/* The first node with some bytes */
typedef struct EqualEntry
{
	uint32		node;
	uint32		hash;
	char		status;
} EqualEntry;

/* The bytes of a node in one of the arrays */
static const unsigned char *
bytes_of(const LokiEqualNodes *nodes, int i, uint32 node)
{
	return (const unsigned char *) nodes->slots[i] + nodes->sizes[i] * node;
}

/* All arrays go into the hash: many rows may have one vector and differ in attributes. */
static uint32
node_hash(const LokiEqualNodes *nodes, uint32 node)
{
	uint32		result = 0;

	for (int i = 0; i < nodes->narrays; i++)
		result = hash_combine(result, hash_bytes(bytes_of(nodes, i, node), (int) nodes->sizes[i]));
	return result;
}

static bool
nodes_equal(const LokiEqualNodes *nodes, uint32 a, uint32 b)
{
	for (int i = 0; i < nodes->narrays; i++)
		if (memcmp(bytes_of(nodes, i, a), bytes_of(nodes, i, b), nodes->sizes[i]) != 0)
			return false;
	return true;
}

#define SH_PREFIX equal
#define SH_ELEMENT_TYPE EqualEntry
#define SH_KEY_TYPE uint32
#define SH_KEY node
#define SH_HASH_KEY(tb, key) node_hash((const LokiEqualNodes *) (tb)->private_data, key)
#define SH_EQUAL(tb, a, b) nodes_equal((const LokiEqualNodes *) (tb)->private_data, a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Bytes of a node in the hash table, which is at least half full */
Size
loki_equal_node_memory(void)
{
	return 2 * sizeof(EqualEntry);
}

/* Begin to look for equal nodes among `nnodes`.  The arrays are set, and *nodes stays where it is. */
void
loki_equal_begin(LokiEqualNodes *nodes, MemoryContext context, uint32 nnodes)
{
	Assert(nodes->narrays > 0 && nodes->narrays <= lengthof(nodes->slots));
	nodes->table = equal_create(context, Max(nnodes / 2, 1024), nodes);
}

/* The first node that was asked for and is equal to this one: itself if there is no other */
uint32
loki_equal_first(LokiEqualNodes *nodes, uint32 node)
{
	bool		found;
	EqualEntry *entry = equal_insert(nodes->table, node, &found);

	Assert(found ? entry->node < node : entry->node == node);
	return entry->node;
}

void
loki_equal_end(LokiEqualNodes *nodes)
{
	equal_destroy(nodes->table);
}
