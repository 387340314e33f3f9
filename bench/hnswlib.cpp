/*-------------------------------------------------------------------------
 *
 * hnswlib.cpp
 *	  Debian's hnswlib (libhnswlib-dev) in a process of its own, for context:
 *	  what a graph of floats costs without a server around it.
 *
 * The benchmark compiles it for the machine it runs on and talks to it by
 * commands on standard input, a line each, some with float32 values after:
 *
 *	build ROWS DIMS SPACE M EF_CONSTRUCTION THREADS		then the rows
 *	save FILE			the links alone
 *	load FILE ROWS DIMS SPACE M EF_CONSTRUCTION			then the rows
 *	queries COUNT										then the queries
 *	search K EF			a line of row numbers for each query, nearest first
 *	time K EF SECONDS THREADS
 *						a line: queries, seconds; a line of latencies in
 *						nanoseconds, queries drawn at random
 *
 * SPACE is l2 or ip (of unit vectors, for cosine).  Each command ends with a
 * line "done".
 *
 * SPDX-License-Identifier: PostgreSQL
 *
 *-------------------------------------------------------------------------
 */
#include <hnswlib/hnswlib.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using Graph = hnswlib::HierarchicalNSW<float>;
using Clock = std::chrono::steady_clock;

static std::unique_ptr<hnswlib::SpaceInterface<float>> space;
static std::unique_ptr<Graph> graph;
static std::vector<float> queries;
static size_t dims;

static double
seconds_since(Clock::time_point start)
{
	return std::chrono::duration<double>(Clock::now() - start).count();
}

static void
read_floats(float *to, size_t count)
{
	if (fread(to, sizeof(float), count, stdin) != count)
	{
		fprintf(stderr, "hnswlib: input ends early\n");
		exit(1);
	}
}

static void
set_space(const std::string &name)
{
	if (name == "l2")
		space.reset(new hnswlib::L2Space(dims));
	else
		space.reset(new hnswlib::InnerProductSpace(dims));
}

/* Rows come in blocks, so that they are not in memory twice. */
static void
build(std::istringstream &in)
{
	const size_t block = 20000;
	size_t		rows, m, ef;
	unsigned	threads;
	std::string name;
	std::vector<float> values;
	double		took = 0;

	in >> rows >> dims >> name >> m >> ef >> threads;
	set_space(name);
	graph.reset(new Graph(space.get(), rows, m, ef));
	values.resize(block * dims);
	for (size_t at = 0; at < rows; at += block)
	{
		size_t		count = std::min(block, rows - at);
		std::atomic<size_t> next(0);
		std::vector<std::thread> workers;

		read_floats(values.data(), count * dims);
		auto		start = Clock::now();
		for (unsigned t = 0; t < threads; t++)
			workers.emplace_back([&] {
				for (size_t i; (i = next++) < count;)
					graph->addPoint(&values[i * dims], at + i);
			});
		for (auto &worker : workers)
			worker.join();
		took += seconds_since(start);
	}
	printf("%f\n", took);
}

/*
 * hnswlib's own files hold the rows, too, which the caller has already.
 */
static void
save(std::istringstream &in)
{
	std::string name;

	in >> name;
	std::ofstream out(name, std::ios::binary);
	auto		put = [&out](const void *what, size_t size) {
		out.write(static_cast<const char *>(what), size);
	};

	put(&graph->maxlevel_, sizeof(int));
	put(&graph->enterpoint_node_, sizeof(hnswlib::tableint));
	for (size_t i = 0; i < graph->cur_element_count; i++)
	{
		hnswlib::labeltype label = graph->getExternalLabel(i);
		int			level = graph->element_levels_[i];

		put(&label, sizeof(label));
		put(&level, sizeof(level));
		put(graph->get_linklist0(i), graph->size_links_level0_);
		put(graph->linkLists_[i], level * graph->size_links_per_element_);
	}
	out.close();
	if (!out)
	{
		fprintf(stderr, "hnswlib: cannot write %s\n", name.c_str());
		exit(1);
	}
}

static void
load(std::istringstream &in)
{
	size_t		rows, m, ef;
	std::string name, file;
	std::vector<hnswlib::tableint> at;

	in >> file >> rows >> dims >> name >> m >> ef;
	set_space(name);
	graph.reset(new Graph(space.get(), rows, m, ef));
	at.resize(rows);

	std::ifstream from(file, std::ios::binary);
	auto		get = [&from](void *what, size_t size) {
		from.read(static_cast<char *>(what), size);
	};

	get(&graph->maxlevel_, sizeof(int));
	get(&graph->enterpoint_node_, sizeof(hnswlib::tableint));
	for (size_t i = 0; i < rows; i++)
	{
		hnswlib::labeltype label;
		int			level;

		get(&label, sizeof(label));
		get(&level, sizeof(level));
		at[label] = i;
		graph->setExternalLabel(i, label);
		graph->label_lookup_[label] = i;
		graph->element_levels_[i] = level;
		get(graph->get_linklist0(i), graph->size_links_level0_);
		graph->linkLists_[i] = level == 0 ? nullptr :
			(char *) malloc(level * graph->size_links_per_element_);
		get(graph->linkLists_[i], level * graph->size_links_per_element_);
	}
	if (!from)
	{
		fprintf(stderr, "hnswlib: cannot read %s\n", file.c_str());
		exit(1);
	}
	graph->cur_element_count = rows;
	for (size_t i = 0; i < rows; i++)
		read_floats((float *) graph->getDataByInternalId(at[i]), dims);
}

static void
search(std::istringstream &in)
{
	size_t		k, ef;

	in >> k >> ef;
	graph->setEf(ef);
	for (size_t q = 0; q < queries.size() / dims; q++)
	{
		auto		found = graph->searchKnn(&queries[q * dims], k);
		std::vector<size_t> ids(found.size());

		for (size_t i = ids.size(); i-- > 0; found.pop())
			ids[i] = found.top().second;
		for (size_t id : ids)
			printf("%zu ", id);
		printf("\n");
	}
}

static void
time_queries(std::istringstream &in)
{
	size_t		k, ef, total = 0;
	double		limit;
	unsigned	threads;

	in >> k >> ef >> limit >> threads;
	graph->setEf(ef);

	std::vector<std::vector<unsigned>> latencies(threads);
	std::vector<std::thread> workers;
	auto		start = Clock::now();

	for (unsigned t = 0; t < threads; t++)
		workers.emplace_back([&, t] {
			std::mt19937 random(t + 1);
			auto		before = Clock::now();

			while (seconds_since(start) < limit)
			{
				size_t		q = random() % (queries.size() / dims);
				auto		found = graph->searchKnn(&queries[q * dims], k);
				auto		now = Clock::now();

				latencies[t].push_back(
					std::chrono::nanoseconds(now - before).count());
				before = now;
			}
		});
	for (auto &worker : workers)
		worker.join();
	double		took = seconds_since(start);

	for (auto &some : latencies)
		total += some.size();
	printf("%zu %f\n", total, took);
	for (auto &some : latencies)
		for (unsigned ns : some)
			printf("%u ", ns);
	printf("\n");
}

static std::string
read_line()
{
	std::string line;

	for (int c; (c = getchar()) != EOF && c != '\n';)
		line += (char) c;
	return line;
}

int
main()
{
	for (std::string line; !(line = read_line()).empty();)
	{
		std::istringstream in(line);
		std::string command;
		size_t		count;

		in >> command;
		if (command == "build")
			build(in);
		else if (command == "save")
			save(in);
		else if (command == "load")
			load(in);
		else if (command == "queries")
		{
			in >> count;
			queries.resize(count * dims);
			read_floats(queries.data(), queries.size());
		}
		else if (command == "search")
			search(in);
		else if (command == "time")
			time_queries(in);
		printf("done\n");
		fflush(stdout);
	}
	return 0;
}
