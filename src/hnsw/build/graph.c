/*-------------------------------------------------------------------------
 *
 * graph.c
 *	  Inserting nodes into the graph in memory.
 *
 * The algorithm is that of Malkov and Yashunin ("Efficient and robust
 * approximate nearest neighbor search using Hierarchical Navigable Small World
 * graphs", 2018, algorithms 1 to 4), on codes instead of vectors.
 *
 * A node's links are chosen among the ef_construction nearest that a search finds, and each
 * chosen neighbor gets a link back.  Lists have slack: a full list is pruned by the same
 * rule, and then takes any link until it is full once more.
 *
 * IDENTIFICATION
 *	  src/hnsw/build/graph.c
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "distance/pool.h"
#include "hnsw/build/graph.h"
#include "hnsw/graph/reachability.h"
#include "hnsw/graph/select.h"

#define CACHE_LINE 64

/* Most links of one node on a layer */
#define MAX_LINKS LokiSlackCapacity(2 * LOKI_MAX_M)

/* Read the entry point again. */
void
loki_graph_refresh(LokiGraph *graph)
{
	uint64		entry = pg_atomic_read_u64(&graph->shared->entry);

	graph->entry_node = (uint32) entry;
	graph->entry_level = (int) (entry >> 32);
}

/* Start fetching bytes into the processor's caches. */
static inline void
prefetch_memory(const void *address, Size size)
{
	for (Size offset = 0; offset < size; offset += CACHE_LINE)
		__builtin_prefetch((const char *) address + offset);
}

/* Make graph->scratch.query of the code of a node. */
static void
query_node(LokiGraph *graph, uint32 node)
{
	Assert(node < graph->nnodes);
	graph->code.quantizer->prepare_code(graph->code.quantizer, loki_graph_code(graph, node),
										graph->scratch.query);
}

/* Score n nodes for a query, into graph->scratch.estimates. */
static void
score_nodes(LokiGraph *graph, const LokiQuery *query, const uint32 *nodes, int n)
{
	for (int i = 0; i < n; i++)
		graph->scratch.batch_codes[i] = loki_graph_code(graph, nodes[i]);
	graph->code.quantizer->score(graph->code.quantizer, query, graph->scratch.batch_codes, n,
								 graph->scratch.estimates);
}

/*
 * Gather the neighbors of a node that this search has not visited yet, and start fetching
 * their codes.  The processor cannot predict which were visited, so the loop that finds out
 * has no branches.
 *
 * Another process may be changing the list.  Then links of its old and its new state are
 * read, all of which lead to nodes of the layer.  A count that is too great for the new state does no harm
 * either: links behind the last are old ones, as lists are never cleared.
 */
static int
gather_unvisited(LokiGraph *graph, const LokiGraphLists *lists, uint32 list, uint32 *batch)
{
	const uint32 *neighbors = lists->neighbors + (Size) list * lists->capacity;
	int			count = *(volatile uint16 *) &lists->counts[list];
	uint16	   *visited = graph->scratch.visited;
	uint16		visit = graph->scratch.visit;
	int			n = 0;

	Assert(count <= lists->capacity);
	pg_read_barrier();			/* the links are there before they are counted */
	for (int i = 0; i < count; i++)
	{
		uint32		node = neighbors[i];

		batch[n] = node;
		n += visited[node] != visit;
		visited[node] = visit;
	}
	for (int i = 0; i < n; i++)
		prefetch_memory(loki_graph_code(graph, batch[i]), graph->code.size);
	return n;
}

/* Start fetching the list of a node: its count, and as many links as a list has in the end. */
static inline void
prefetch_list(const LokiGraph *graph, const LokiGraphLists *lists, uint32 node, int layer)
{
	uint32		list = loki_graph_list(graph, node, layer);

	__builtin_prefetch(&lists->counts[list]);
	prefetch_memory(lists->neighbors + (Size) list * lists->capacity,
					lists->width * sizeof(uint32));
}

/*
 * Start fetching the list of the nearest of nodes that were scored: as long as a search comes nearer, it is
 * expanded as soon as the pool has it.
 */
static inline void
prefetch_nearest_list(const LokiGraph *graph, const LokiGraphLists *lists, int layer, const uint32 *nodes, int n)
{
	const float *estimates = graph->scratch.estimates;
	int			nearest = 0;

	for (int i = 1; i < n; i++)
		if (estimates[i] < estimates[nearest])
			nearest = i;
	if (n > 0)
		prefetch_list(graph, lists, nodes[nearest], layer);
}

/*
 * Search a layer for the ef nearest to graph->scratch.query, from the nodes in the pool (ascending,
 * at least one); the pool becomes those found.
 *
 * A candidate is expanded before the neighbors of the last one are scored, so that their
 * codes have arrived by then; meanwhile the next list is fetched.  With graph->at_once,
 * neighbors are scored before the next candidate is chosen.
 *
 * The two batches take turns: one is being fetched while the other is scored.  `next` goes back when a
 * batch brings a node that is nearer than those that were expanded.  The loop ends when no candidate of
 * the ef nearest is left to expand, and no batch waits.
 *
 * Ends as soon as the node `wanted` is met, unless that is LOKI_NONE.  Returns true in that
 * case; the pool is undefined then.
 */
static bool
search_layer(LokiGraph *graph, int layer, int ef, uint32 wanted)
{
	LokiGraphLists *lists = layer == 0 ? &graph->base : &graph->upper;
	LokiCandidate *pool = graph->scratch.pool;
	uint32		batches[2][MAX_LINKS];
	uint32	   *batch = batches[0];
	uint32	   *waiting = batches[1];
	int			nwaiting = 0;
	int			room = LokiPoolRoom(ef);
	int			next = 0;

	Assert(graph->scratch.npool >= 1 && ef >= 1 && ef <= Max(graph->ef_construction, LOKI_ROW_SEARCH));
	Assert(layer <= graph->entry_level);

	/*
	 * Two bytes a node serve 65,535 searches until the marks of visited nodes
	 * are cleared. One byte would serve 255: with 10,000,000 nodes, a node is
	 * inserted by half a dozen searches, and clearing the bytes would take a
	 * fifth of its time.
	 */
	if (++graph->scratch.visit == 0)
	{
		memset(graph->scratch.visited, 0, (Size) graph->nnodes * sizeof(uint16));
		graph->scratch.visit = 1;
	}
	graph->scratch.npool = Min(graph->scratch.npool, ef);
	loki_pool_clear(pool, graph->scratch.npool, room);
	for (int i = 0; i < graph->scratch.npool; i++)
	{
		if (pool[i].node == wanted)
			return true;
		graph->scratch.visited[pool[i].node] = graph->scratch.visit;
	}
	for (;;)
	{
		int			end = Min(graph->scratch.npool, ef);
		uint32	   *scored = waiting;
		int			nscored = nwaiting;
		int			n = 0;
		int			first;

		while (next < end && (pool[next].node & LOKI_EXPANDED))
			next++;
		if (next < end)
		{
			n = gather_unvisited(graph, lists, loki_graph_list(graph, pool[next].node, layer),
								 batch);
			pool[next].node |= LOKI_EXPANDED;
			if (wanted != LOKI_NONE && graph->scratch.visited[wanted] == graph->scratch.visit)
				return true;
			if (next + 1 < end)
				prefetch_list(graph, lists, pool[next + 1].node & ~LOKI_EXPANDED, layer);
		}
		else if (nwaiting == 0)
			break;

		if (graph->at_once)
		{
			scored = batch;
			nscored = n;
			n = 0;
		}
		score_nodes(graph, graph->scratch.query, scored, nscored);
		prefetch_nearest_list(graph, lists, layer, scored, nscored);
		first = loki_pool_merge(pool, &graph->scratch.npool, room, graph->scratch.estimates,
								scored, nscored);
		next = Min(next, first);
		waiting = batch;
		batch = scored;
		nwaiting = n;
	}

	graph->scratch.npool = Min(graph->scratch.npool, ef);
	for (int i = 0; i < graph->scratch.npool; i++)
		pool[i].node &= ~LOKI_EXPANDED;
	return false;
}

/* loki_select_neighbors() among the n links in from[], into graph->scratch.selected */
static int
select_links(LokiGraph *graph, const LokiCandidate *from, int n, int max, int fill, int *nkept)
{
	LokiLinkChoice choice = {n, graph->scratch.estimates, graph->scratch.batch_codes};

	for (int i = 0; i < n; i++)
	{
		graph->scratch.batch_codes[i] = loki_graph_code(graph, from[i].node);
		graph->scratch.estimates[i] = from[i].distance;
	}
	return loki_select_neighbors(graph->code.quantizer, &choice, max, fill,
								 graph->scratch.chosen, graph->scratch.selected, nkept);
}

/*
 * Choose a list among the n links in from[], which ascend by distance.  The list is locked,
 * or its node is not linked to yet.  Returns how many of the links no nearer one rules out.
 */
static int
choose_links(LokiGraph *graph, LokiGraphLists *lists, uint32 list,
			 const LokiCandidate *from, int n)
{
	uint32	   *neighbors = lists->neighbors + (Size) list * lists->capacity;
	float	   *distances = lists->distances + (Size) list * lists->capacity;
	int			nkept;
	int			count = select_links(graph, from, n, lists->width,
									 Min(LokiFillLinks(graph->m), lists->width), &nkept);

	for (int i = 0; i < count; i++)
	{
		neighbors[i] = from[graph->scratch.selected[i]].node;
		distances[i] = from[graph->scratch.selected[i]].distance;
	}
	Assert(count <= lists->width && nkept <= count);
	pg_write_barrier();
	lists->counts[list] = count;
	return nkept;
}

/*
 * Copy a list into graph->scratch.sorted, ascending by distance.  Links at one distance are
 * sorted by node, so that the result does not depend on the order of the links.
 */
static void
sort_links(LokiGraph *graph, const LokiGraphLists *lists, uint32 list)
{
	const uint32 *neighbors = lists->neighbors + (Size) list * lists->capacity;
	const float *distances = lists->distances + (Size) list * lists->capacity;
	LokiCandidate *sorted = graph->scratch.sorted;

	Assert(lists->counts[list] <= lists->capacity);
	for (int i = 0; i < lists->counts[list]; i++)
	{
		int			place = i;

		while (place > 0 &&
			   (sorted[place - 1].distance > distances[i] ||
				(sorted[place - 1].distance == distances[i] &&
				 sorted[place - 1].node > neighbors[i])))
		{
			sorted[place] = sorted[place - 1];
			place--;
		}
		sorted[place].distance = distances[i];
		sorted[place].node = neighbors[i];
	}
}

/*
 * Add a link to a list, which is pruned first if it is full.  Locks the list meanwhile, if others insert, too.
 * Many lists share a lock.  A process holds one at a time, so there is no order of them.  Lists above layer 0
 * are numbered from 0 as well, and ~ keeps the first of both kinds apart.
 */
static void
add_memory_link(LokiGraph *graph, LokiGraphLists *lists, uint32 list, uint32 node,
				float distance)
{
	LWLock	   *lock = &graph->shared->locks[(lists == &graph->base ? list : ~list) % LOKI_GRAPH_LOCKS];
	Size		place;

	if (graph->concurrent)
		LWLockAcquire(lock, LW_EXCLUSIVE);
	if (lists->counts[list] == lists->capacity)
	{
		int			count = lists->counts[list];

		place = (Size) list * lists->capacity;
		for (int i = 0; i < count; i++)
			__builtin_prefetch(loki_graph_code(graph, lists->neighbors[place + i]));
		sort_links(graph, lists, list);
		choose_links(graph, lists, list, graph->scratch.sorted, count);
	}
	Assert(lists->counts[list] < lists->capacity);
	place = (Size) list * lists->capacity + lists->counts[list];
	lists->neighbors[place] = node;
	lists->distances[place] = distance;
	pg_write_barrier();
	lists->counts[list]++;
	if (graph->concurrent)
		LWLockRelease(lock);
}

/*
 * Search the layers above `level` with a pool of one: a wider pool would help less than the
 * same work spent on layer 0.  The search of a layer begins at what the one above has found.
 */
static void
descend(LokiGraph *graph, int level)
{
	for (int layer = graph->entry_level; layer > level; layer--)
		search_layer(graph, layer, 1, LOKI_NONE);
}

/* Make the entry point, scored, the only node of the pool. */
static void
enter(LokiGraph *graph, uint32 entry)
{
	Assert(entry != LOKI_NONE);
	score_nodes(graph, graph->scratch.query, &entry, 1);
	graph->scratch.pool[0].node = entry;
	graph->scratch.pool[0].distance = graph->scratch.estimates[0];
	graph->scratch.npool = 1;
}

/* The graph as scans see it: the same nodes and links, but the codes of CODE */
static LokiGraph
scan_view(const LokiGraph *graph, LokiQuery *query)
{
	LokiGraph	scan = *graph;

	scan.code = graph->scan_code;
	scan.scratch.query = query;
	return scan;
}

/*
 * The nodes of a pool by the codes that the graph is built on, ascending.  If the walk went by
 * others, they are sorted into graph->scratch.sorted.
 */
static const LokiCandidate *
rank_pool(LokiGraph *graph, const LokiCandidate *pool, int n)
{
	int			room = LokiPoolRoom(Max(graph->ef_construction, LOKI_BEYOND_CLUSTER));
	int			nsorted = 0;
	uint32		nodes[MAX_LINKS];

	if (!graph->scan_walk)
		return pool;
	loki_pool_clear(graph->scratch.sorted, 0, room);
	for (int i = 0; i < n; i++)
		prefetch_memory(loki_graph_code(graph, pool[i].node), graph->code.size);
	for (int start = 0; start < n; start += lengthof(nodes))
	{
		int			count = Min(n - start, (int) lengthof(nodes));

		for (int i = 0; i < count; i++)
			nodes[i] = pool[start + i].node;
		score_nodes(graph, graph->scratch.query, nodes, count);
		loki_pool_merge(graph->scratch.sorted, &nsorted, room, graph->scratch.estimates, nodes,
						count);
	}
	return graph->scratch.sorted;
}

/*
 * Add links to the list of a node in a cluster of near-duplicates: to the nodes that the selection
 * rule keeps among the n nearest, which are ranked, and those of the lowest layer above 0 where a
 * search comes to farther ones.  The links to the cluster stay, as searches within it need them.
 */
static void
link_past_cluster(LokiGraph *graph, LokiGraph *walk, uint32 node, const LokiCandidate *ranked, int n)
{
	LokiGraphLists *lists = &graph->base;
	LokiCandidate *candidates = graph->scratch.candidates;
	int			count = n;
	int			nselected;

	Assert(n > 0 && n <= graph->ef_construction);
	memcpy(candidates, ranked, n * sizeof(LokiCandidate));
	for (int layer = 1; layer <= walk->entry_level && count == n; layer++)
	{
		enter(walk, walk->entry_node);
		descend(walk, layer);
		search_layer(walk, layer, LOKI_BEYOND_CLUSTER, LOKI_NONE);
		ranked = rank_pool(graph, walk->scratch.pool, walk->scratch.npool);
		for (int i = 0; i < walk->scratch.npool; i++)
			if (ranked[i].distance > candidates[n - 1].distance)
				candidates[count++] = ranked[i];
	}
	if (count == n)
		return;
	/* the nearest come first in candidates[], so that what is selected behind them are the farther ones */
	nselected = select_links(graph, candidates, count, lists->width, 0, NULL);
	for (int i = 0; i < nselected && lists->counts[node] < lists->width; i++)
	{
		int			selected = graph->scratch.selected[i];
		Size		place = (Size) node * lists->capacity + lists->counts[node];

		if (selected < n)
			continue;
		lists->neighbors[place] = candidates[selected].node;
		lists->distances[place] = candidates[selected].distance;
		lists->counts[node]++;
	}
}

/*
 * Search for a node on its layers, and choose its lists there.
 *
 * With many dimensions the search goes by the codes that scans walk on, if those that the
 * graph is built on are longer: most nodes that it meets are far away.  The nodes that it
 * ends with are ranked by the longer codes.
 */
static void
choose_lists(LokiGraph *graph, uint32 node)
{
	int			level = graph->levels[node];
	LokiGraph	walk = graph->scan_walk ? scan_view(graph, graph->scratch.query) : *graph;

	query_node(graph, node);
	enter(&walk, walk.entry_node);
	descend(&walk, level);
	for (int layer = Min(level, walk.entry_level); layer >= 0; layer--)
	{
		LokiGraphLists *lists = layer == 0 ? &graph->base : &graph->upper;
		const LokiCandidate *ranked;
		int			nkept;

		search_layer(&walk, layer, walk.ef_construction, LOKI_NONE);
		ranked = rank_pool(graph, walk.scratch.pool, walk.scratch.npool);
		nkept = choose_links(graph, lists, loki_graph_list(graph, node, layer), ranked,
							 walk.scratch.npool);
		/* the node is not linked to on layer 0 yet: its list needs no lock */
		if (layer == 0 && loki_in_cluster(nkept, graph->code.quantizer->spec.dim))
			link_past_cluster(graph, &walk, node, ranked, walk.scratch.npool);
	}
	/* the marks are shared with the copy, so their number is as well */
	graph->scratch.visit = walk.scratch.visit;
}

/*
 * Link the chosen neighbors to a node, from layer 0 upwards, so that a search that comes to
 * it on a layer finds it linked on those below.
 */
static void
link_back(LokiGraph *graph, uint32 node)
{
	for (int layer = 0; layer <= Min(graph->levels[node], graph->entry_level); layer++)
	{
		LokiGraphLists *lists = layer == 0 ? &graph->base : &graph->upper;
		uint32		list = loki_graph_list(graph, node, layer);
		Size		first = (Size) list * lists->capacity;
		uint32		neighbors[MAX_LINKS];
		float		distances[MAX_LINKS];
		int			count = lists->counts[list];

		/* on layer 0 others may add to the list from the first link on */
		memcpy(neighbors, lists->neighbors + first, count * sizeof(uint32));
		memcpy(distances, lists->distances + first, count * sizeof(float));

		/*
		 * nobody could add to the list of a layer before the node was linked
		 * there
		 */
		Assert(count <= lists->width);
		for (int i = 0; i < count; i++)
			add_memory_link(graph, lists, loki_graph_list(graph, neighbors[i], layer), node,
							distances[i]);
	}
}

/*
 * Insert a node.  Every node is inserted once, by one process.  Takes the entry lock if the
 * node is higher than the entry point.
 */
void
loki_graph_insert(LokiGraph *graph, uint32 node)
{
	LokiGraphShared *shared = graph->shared;
	int			level = graph->levels[node];
	bool		highest;

	Assert(node < graph->nnodes);
	Assert(graph->base.counts[node] == 0);
	Assert(!loki_graph_is_represented(graph, node));

	/*
	 * An entry point that is outdated by now is a node of the graph as well, and a
	 * search from it ends near the same nodes.
	 */
	loki_graph_refresh(graph);
	highest = graph->entry_node == LOKI_NONE || level > graph->entry_level;
	if (highest)
	{
		/* two of them would not find each other on their upper layers */
		LWLockAcquire(&shared->entry_lock, LW_EXCLUSIVE);
		loki_graph_refresh(graph);
	}
	if (graph->entry_node != LOKI_NONE)
	{
		choose_lists(graph, node);
		link_back(graph, node);
	}
	if (highest)
	{
		/* another may have raised it before the lock was free */
		if (graph->entry_node == LOKI_NONE || level > graph->entry_level)
			pg_atomic_write_u64(&shared->entry, (uint64) level << 32 | node);
		LWLockRelease(&shared->entry_lock);
	}
}

/*
 * Bring the lists of a node into their final form: sorted, and no longer than their width.  All nodes are
 * inserted by now, and each list is trimmed by one process: no locks.
 */
void
loki_graph_trim(LokiGraph *graph, uint32 node)
{
	for (int layer = graph->levels[node]; layer >= 0; layer--)
	{
		LokiGraphLists *lists = layer == 0 ? &graph->base : &graph->upper;
		uint32		list = loki_graph_list(graph, node, layer);
		Size		first = (Size) list * lists->capacity;
		int			count = lists->counts[list];

		sort_links(graph, lists, list);
		if (count > lists->width)
			choose_links(graph, lists, list, graph->scratch.sorted, count);
		else
		{
			for (int i = 0; i < count; i++)
			{
				lists->neighbors[first + i] = graph->scratch.sorted[i].node;
				lists->distances[first + i] = graph->scratch.sorted[i].distance;
			}
		}
		Assert(lists->counts[list] <= lists->width);
	}
}

/*
 * Prune the list of a node on layer 0, which has been trimmed, to at most `width` links.  choose_links()
 * takes the width from the lists, so it gets a copy of their description with another.
 */
void
loki_graph_cut(LokiGraph *graph, uint32 node, int width)
{
	LokiGraphLists lists = graph->base;

	Assert(width <= lists.width);
	lists.width = width;
	if (lists.counts[node] <= width)
		return;
	sort_links(graph, &lists, node);
	choose_links(graph, &lists, node, graph->scratch.sorted, lists.counts[node]);
}

/* The distance of a node from another one with the same code */
float
loki_graph_self_distance(LokiGraph *graph, uint32 node)
{
	query_node(graph, node);
	score_nodes(graph, graph->scratch.query, &node, 1);
	return graph->scratch.estimates[0];
}

/*
 * The distances of a node from the neighbors of another on layer 0, by codes, in the order of
 * the list.  The array is valid until the next call of a function in this file.
 */
const float *
loki_graph_distances(LokiGraph *graph, uint32 node, uint32 other)
{
	int			n = graph->base.counts[other];

	query_node(graph, node);
	score_nodes(graph, graph->scratch.query,
				graph->base.neighbors + (Size) other * graph->base.capacity, n);
	return graph->scratch.estimates;
}

/*
 * The nearest nodes, ascending, that a search from the entry point finds for a node by its
 * own code, as wide as those of the build; returns their number.  *found is valid until the
 * next call of a function in this file.
 */
int
loki_graph_nearest(LokiGraph *graph, uint32 node, const LokiCandidate **found)
{
	query_node(graph, node);
	enter(graph, graph->entry_node);
	descend(graph, 0);
	search_layer(graph, 0, graph->ef_construction, LOKI_NONE);
	*found = graph->scratch.pool;
	return graph->scratch.npool;
}

/* Search layer 0 from some entries, ascending; whether `wanted` is met */
static bool
search_base(LokiGraph *graph, const LokiCandidate *entries, int nentries, int ef, uint32 wanted)
{
	graph->scratch.npool = nentries;
	memcpy(graph->scratch.pool, entries, nentries * sizeof(LokiCandidate));
	return search_layer(graph, 0, ef, wanted);
}

/*
 * Search for a node with a pool of ef as a scan does (R1): by a query
 * made of its vector, from the nodes at which a scan would enter layer 0, but not from the node (R3).
 *
 * True if the node is found, or one that its code does not separate from it.  By inner product also if a
 * whole pool of others is nearer to the vector.  By a distance that happens only in a cluster of
 * rows whose codes are alike.  Then a search as wide as those of scans that are to find every row must
 * come to the node (R6).  If not, *ends has where the search ended: a wide one beyond a narrow one.
 */
bool
loki_graph_finds(LokiGraph *graph, LokiQuery *query, uint32 node, int ef, LokiSearchEnds *ends)
{
	LokiGraph	scan = scan_view(graph, query);
	LokiCandidate *pool = scan.scratch.pool;
	LokiCandidate entries[LOKI_ENTRY_WIDTH];
	int			nentries = 0;
	float		own;
	bool		found;

	/*
	 * As scans do above layer 0: a search with such a narrow pool ends
	 * elsewhere if it goes on before it knows the neighbors of the last
	 * candidate.
	 */
	scan.at_once = true;
	enter(&scan, scan.entry_node);
	for (int layer = scan.entry_level; layer > 0; layer--)
		search_layer(&scan, layer, Min(LOKI_ENTRY_WIDTH, scan.ef_construction), LOKI_NONE);
	scan.at_once = graph->at_once;
	for (int i = 0; i < scan.scratch.npool; i++)
		if (pool[i].node != node)
			entries[nentries++] = pool[i];

	Assert(ef <= Max(scan.ef_construction, LOKI_ROW_SEARCH));
	score_nodes(&scan, query, &node, 1);
	own = scan.scratch.estimates[0];
	found = nentries == 0 || search_base(&scan, entries, nentries, ef, node);
	if (!found && own >= pool[scan.scratch.npool - 1].distance)
		found = scan.code.quantizer->spec.metric == LOKI_METRIC_IP ||
			search_base(&scan, entries, nentries, LOKI_ROW_SEARCH, node);
	graph->scratch.visit = scan.scratch.visit;
	for (int i = 0; i < Min(scan.scratch.npool, ef) && !found; i++)
		found = pool[i].distance == own;
	if (!found)
		loki_search_ends(pool, ef > LOKI_NARROW_SEARCH ? LOKI_NARROW_SEARCH : 0, Min(scan.scratch.npool, ef), ends);
	return found;
}
