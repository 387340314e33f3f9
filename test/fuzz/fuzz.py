#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Random statements over random schemas, by index and without, compared.

usage: fuzz.py [--count N] [--seed N] [--schema K] [--kind queries|secure] [--parallel] [--words] [--out DIR] CONNINFO

Each schema is made anew, by its seed alone; --schema chooses one of them.  Statements
run in one transaction, of which one in four keeps its snapshot, with settings that make the
planner take many ways, and then with all ways of an index off:

	ORDER BY distance LIMIT k	its rows are among those of the statement without LIMIT,
								as many as there can be and none too often; recall is
								added up, and has to be high
	all others					the same rows
	window function, LIMIT		... its ranks are those of its rows
	ORDER BY					the rows are sorted
	errors						no other error than without the index
	secure						of rows that a policy hides, no function of the user's
								sees any

--parallel has parallel workers do as much as they can, without the leader; the statements
without index run in one process.  More tables have parts, and more queries are correlated.

What fails is made smaller, and written to DIR as SQL.  The exit status tells whether
nothing has failed.
"""

import argparse
import collections
import os
import random
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import recall                                                  # noqa: E402
from libpq import Connection, Error, Lost                       # noqa: E402
from schema import Schema                                       # noqa: E402
from statements import Generator                                # noqa: E402
from text import Rendering, quoted                              # noqa: E402

STATEMENTS = 60             # of a schema
# Recall of all searches with hnsw.ef_search of 100 and more, by kind of index (recall.py, which measures
# it in large tables, where 100 is few)
RECALL = {"full": 0.985, "thin": 0.9}

# All ways that use an index, and what may have been set before
OFF = ("enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan", "lokivector.enable_hybrid_scan",
       "lokivector.enable_join_keys")

# What a statement may be run with: by chance, one of the values
SETTINGS = (
    (0.8, "enable_seqscan", ("off",)),
    (0.3, "enable_sort", ("off",)),
    (0.15, "enable_hashagg", ("off",)),
    (0.25, "enable_hashjoin", ("off",)),
    (0.25, "enable_nestloop", ("off",)),
    (0.15, "enable_mergejoin", ("off",)),
    (0.1, "enable_material", ("off",)),
    (0.1, "enable_memoize", ("off",)),
    (0.1, "enable_bitmapscan", ("off",)),
    (0.1, "enable_indexscan", ("off",)),
    (0.1, "enable_incremental_sort", ("off",)),
    (0.1, "lokivector.enable_hybrid_scan", ("off",)),
    (0.2, "enable_partitionwise_join", ("on",)),
    (0.2, "enable_partitionwise_aggregate", ("on",)),
    (0.2, "random_page_cost", ("1", "0.01", "100")),
    (0.15, "work_mem", ("64kB", "100MB")),
    (0.1, "hash_mem_multiplier", ("1",)),
    (0.1, "join_collapse_limit", ("1",)),
    (0.1, "from_collapse_limit", ("1",)),
    (0.05, "geqo_threshold", ("2",)),
    (0.15, "cursor_tuple_fraction", ("1", "0.001")),
    (0.12, "parallel_setup_cost", ("0",)),
    (0.1, "effective_cache_size", ("8kB",)),
    (0.5, "hnsw.ef_search", ("1", "10", "100", "100", "400")),
    (0.15, "lokivector.target_recall", ("0.9", "0.99", "1")),
    (0.1, "ivfflat.probes", ("1", "100")),
    (0.1, "hnsw.scan_mem_multiplier", ("2",)),
)
PARALLEL = (("parallel_tuple_cost", "0"), ("min_parallel_table_scan_size", "0"),
            ("min_parallel_index_scan_size", "0"), ("max_parallel_workers_per_gather", "2"))
# A Gather on top of every plan that may have one; its name up to PostgreSQL 15, and after
WHOLE = ("force_parallel_mode", "debug_parallel_query")

# Those under which searches need not find all rows
LIMITS = (("lokivector.complete", "off"), ("hnsw.iterative_scan", "off"), ("hnsw.iterative_scan", "strict_order"),
          ("hnsw.iterative_scan", "relaxed_order"), ("hnsw.max_scan_tuples", "100"))

# Errors that depend on which rows an expression meets; and that of <@> without an index, which every row
# meets, but no plan that reads none, such as a hash join with an empty relation
BY_ROW = ("22012", "22P02", "22003")
NO_INDEX = "55000"
TIMEOUT = "57014"

# Distances of vectors, not of words: their searches may miss rows
OF_VECTORS = re.compile(r"<->|<#>|<=>|<\+>|<~>|<%>|\b(l2|l1|cosine|hamming|jaccard)_distance")


def plain(value):
    """A text in the form that equal numbers share."""
    return "0" if value == "-0" else value


def multiset(rows):
    return collections.Counter(tuple(map(plain, row)) for row in rows)


def place(value, descending, nulls_first=None):
    """Where ORDER BY puts a number: NaN above all, and NULL where NULLS says, or above NaN."""
    if value is None:
        return (-1 if (descending if nulls_first is None else nulls_first) else 1, 0, 0.0)
    nan, number = (1, 0.0) if value == "NaN" else (0, float(value))
    return (0, -nan, -number) if descending else (0, nan, number)


def is_sorted(rows, column, *how):
    keys = [place(row[column], *how) for row in rows]
    return all(a <= b for a, b in zip(keys, keys[1:]))


class Attempt:
    """A statement, and how it is run."""

    def __init__(self, rng, statement, parallel=None):
        self.statement = statement
        self.settings = [(name, rng.choice(values)) for chance, name, values in SETTINGS if rng.random() < chance]
        if statement.kind == "keyed" and rng.random() < 0.8:    # tables are small, and joins of all rows cheap
            self.settings = list(dict(self.settings, enable_sort="off", enable_hashjoin="off", enable_mergejoin="off").items())
        if parallel:
            self.settings += PARALLEL + (("parallel_setup_cost", "0"), ("parallel_leader_participation", "off"))
            if rng.random() < 0.25:
                self.settings.append((parallel, "on"))
        elif any(name == "parallel_setup_cost" for name, _ in self.settings):
            self.settings += PARALLEL
        self.changed = []       # between PREPARE and EXECUTE
        self.limited = False
        if statement.streams and rng.random() < (0.15 if statement.search else 0.3):
            self.limited = True
            self.settings.append(rng.choice(LIMITS))
        if statement.kind == "parts" and rng.random() < 0.3:    # no limit ends it
            self.settings.append(rng.choice(LIMITS))
        self.way = "plain"
        draw = rng.random()
        if draw < 0.2:
            self.way = "prepared"
            self.settings.append(("plan_cache_mode", rng.choice(("auto", "force_generic_plan", "force_custom_plan"))))
            if rng.random() < 0.5:
                self.changed = [(name, rng.choice(values)) for chance, name, values in SETTINGS
                                if rng.random() < (0.7 if name.startswith("hnsw") else 0.08)]
                if statement.search and rng.random() < 0.4:
                    # which has the plan made anew, under these limits
                    self.limited = True
                    self.changed.append(rng.choice(LIMITS))
        elif draw < 0.35 and not statement.writes and not parallel:     # cursors have no workers
            self.way = "cursor"
            self.scroll = rng.choice(("", "SCROLL ", "NO SCROLL ")) if statement.kind != "locked" else ""
            self.steps = [rng.choice((1, 3, 10, 100)) for _ in range(4)]
            self.again = self.scroll == "SCROLL " and rng.random() < 0.5
        elif draw < 0.38:
            self.way = "explain"
        self.picks = {}
        self.dropped = []       # indexes

    def rendering(self, **options):
        return Rendering(self.picks, **options)

    def script(self):
        """What is to be run, and of which statements the rows count."""
        rendering = self.rendering(prepared=self.way == "prepared")
        text = rendering.text(self.statement.tree)
        settings = [f"SET LOCAL {name} = {quoted(value)}" for name, value in self.settings]
        changed = [f"SET LOCAL {name} = {quoted(value)}" for name, value in self.changed]
        drop = [f"DROP INDEX {name}" for name in self.dropped]
        if self.way == "prepared":
            kinds = ", ".join(value.kind for value in rendering.values)
            values = ", ".join(quoted(value.text) for value in rendering.values)
            execute = "EXECUTE p" + (f"({values})" if values else "")
            return (drop + settings + [f"PREPARE p{f'({kinds})' if kinds else ''} AS {text}"] +
                    ([] if self.statement.writes else [execute]) + changed, [execute])
        if self.way == "cursor":
            fetches = [f"FETCH {n} FROM c" for n in self.steps] + ["FETCH ALL FROM c"]
            before = fetches + ["MOVE BACKWARD ALL FROM c"] if self.again else []
            return drop + settings + [f"DECLARE c {self.scroll}CURSOR FOR {text}"] + before, fetches
        if self.way == "explain":
            return drop + settings, [f"EXPLAIN (ANALYZE, VERBOSE, BUFFERS) {text}"]
        return drop + settings, [text]

    def reference(self, limited=True):
        return ([f"SET LOCAL {name} = off" for name in OFF] +
                [self.rendering(limited=limited).text(self.statement.tree)])


class Fault(Exception):
    """What is wrong with an outcome; the first word tells the kind."""


class Tester:
    """Runs attempts over one schema."""

    def __init__(self, connection, schema, secure):
        self.connection = connection
        self.depth = recall.depth(schema, schema.indexes)
        self.large = schema.large
        self.listed = schema.vectors.kind == "sparsevec"    # posting lists miss no row
        self.ivfflat = "ivfflat" in str(schema.indexes)
        self.secure = secure
        self.hidden = frozenset()
        self.tally = collections.Counter()
        self.wanted = collections.Counter()
        self.found = collections.Counter()

    def outcome(self, statements, wanted):
        """Rows, state of t if it was changed, and the error."""
        run = self.connection.run
        rows, error, state = [], None, None
        run("SAVEPOINT s; SET LOCAL statement_timeout = '60s'")
        self.connection.notices.clear()
        try:
            if self.secure:
                run("SET LOCAL ROLE fuzz_user")
            for statement in statements:
                run(statement)
            for statement in wanted:
                rows += run(statement)
            if self.changes:
                run(";".join(f"SET LOCAL {name} = off" for name in OFF))
                state = run("SELECT count(*), sum(hashtextextended(t::text, 0)) FROM t")
        except Error as e:
            error = e
        run("ROLLBACK TO s; RELEASE s; DEALLOCATE ALL")
        return rows, state, error

    def check(self, attempt):
        """Raise Fault if there is one."""
        statement = attempt.statement
        self.changes = statement.change
        rows, state, error = self.outcome(*attempt.script())
        seen = {int(match) for notice in self.connection.notices
                for match in re.findall(r"seen (-?\d+)", notice)} & self.hidden
        if seen:
            raise Fault(f"leak: {len(seen)} hidden rows were seen, such as {min(seen)}")
        reference = attempt.reference()
        expected, expected_state, expected_error = self.outcome(reference[:-1], reference[-1:])
        if any(e and e.sqlstate == TIMEOUT for e in (error, expected_error)):
            self.tally["timeouts"] += 1     # of nested loops, where other joins are off
            return
        # a plan that reads no row, or has none to join, calls nothing, be it ours or the other; EXPLAIN does not say
        joined = any(" JOIN " in line for line in reference)
        none = attempt.way == "explain" or not rows or (len(rows) == 1 and str(rows[0][0]) == "0") or joined
        if expected_error and not error and expected_error.sqlstate not in (*BY_ROW, *([NO_INDEX] if none else [])):
            raise Fault(f"no-error: {expected_error} is expected")
        if error and error.sqlstate != (expected_error.sqlstate if expected_error else NO_INDEX if joined else None):
            raise Fault(f"error-{error.sqlstate}: {error}, expected {expected_error}")
        if error or expected_error:
            self.tally[f"errors {error and error.sqlstate}"] += 1
        if error or expected_error or attempt.way == "explain":
            return
        if not expected:
            self.tally["empty"] += 1
        self.check_order(attempt, rows, expected)
        if statement.search or attempt.limited:
            self.check_search(attempt, rows, expected)
        else:
            self.check_equal(rows, expected)
        if state != expected_state:
            raise Fault(f"state: t is {state}, not {expected_state}")

    def check_order(self, attempt, rows, expected):
        statement = attempt.statement
        if attempt.limited and ("hnsw.iterative_scan", "relaxed_order") in attempt.settings + attempt.changed:
            return
        for column, *how in statement.sort:
            if attempt.rendering().text(statement.tree).rfind("ORDER BY") < 0:
                return
            if not is_sorted(expected, column, *how):
                raise Fault("order-reference: the reference is not sorted")
            if not is_sorted(rows, column, *how):
                raise Fault("order: rows are not sorted")

    def check_equal(self, rows, expected):
        ours, theirs = multiset(rows), multiset(expected)
        if ours != theirs:
            lost, more = theirs - ours, ours - theirs
            raise Fault(f"rows: {sum(lost.values())} of {len(expected)} are lost, such as {list(lost)[:2]}, "
                        f"{sum(more.values())} are wrong, such as {list(more)[:2]}")

    def check_search(self, attempt, rows, expected):
        statement = attempt.statement
        reference = attempt.reference(limited=False)
        universe, _, error = self.outcome(reference[:-1], reference[-1:])
        if error is None:
            ours = multiset(self.answers(statement, rows))
            more = ours - multiset(self.answers(statement, universe))
            if more:
                raise Fault(f"wrong: {sum(more.values())} of {len(rows)} rows are no answers, or too often there, "
                            f"such as {list(more)[:2]}")
        if statement.counted and not attempt.limited and len(rows) != len(expected):
            raise Fault(f"count: {len(rows)} rows, not {len(expected)}")
        if statement.rank and not attempt.limited:
            self.check_ranks(statement, rows)
        if statement.nearest is not None and self.is_wide(attempt) and not attempt.limited and not attempt.changed and expected:
            column, *how = statement.sort[0]
            farthest = max(place(row[column], *how) for row in expected)
            found = sum(place(row[column], *how) <= farthest for row in rows)
            self.wanted[self.depth] += len(expected)
            self.found[self.depth] += found
            listed = self.listed or not OF_VECTORS.search(attempt.rendering().text(statement.tree))
            if found < len(expected) * (1 if listed else 0.5) and (listed or len(expected) > 4):
                raise Fault(f"recall: {found} of {len(expected)} rows are near enough")

    def is_wide(self, attempt):
        """Whether nearly all of the nearest rows have been asked for.  A target below 1 is kept in
        the mean of many searches: 013_target_recall."""
        settings = dict(attempt.settings)
        if settings.get("lokivector.target_recall", "1") != "1":
            return False
        if self.large or self.ivfflat and settings.get("ivfflat.probes") != "100":
            return False
        return settings.get("hnsw.ef_search") in ("100", "400")

    def answers(self, statement, rows):
        """What of the rows has to be among all answers."""
        if statement.rank:
            return [row[:1] + row[2:] for row in rows]
        if statement.kind == "groups":                  # a row that is missed leaves a farther one of its group
            return [row[:1] for row in rows]
        return [row for row in rows if statement.kind != "lateral" or row[1] is not None]

    def check_ranks(self, statement, rows):
        """Ranks go by the rows of the search; rows that OFFSET skips are among them."""
        call, strict = statement.rank
        rows = rows if strict else sorted(rows, key=lambda row: int(row[1]))
        if not is_sorted(rows, 2, statement.sort[0][1]):
            raise Fault("rank: a lower rank has a farther row")
        for one, two in zip(rows, rows[1:]):
            same = plain(one[2] or "") == plain(two[2] or "")
            step = int(two[1]) - int(one[1])
            least = 0 if same and call != "row_number()" else 1
            # all rows of a tie may have any of its numbers where these are not sorted by
            most = 0 if least == 0 else 1 if strict and call != "rank()" else step
            if not least <= step <= most:
                raise Fault(f"rank: {one[1]} is followed by {two[1]}, at {two}")

    def fails(self, attempt):
        """The fault of an attempt, or None."""
        try:
            self.check(attempt)
        except Fault as fault:
            return fault
        return None

    def ways(self, attempt):
        """Count how our paths are used."""
        if attempt.way != "plain" or self.tally["plain"] % 4:
            return
        statements, wanted = attempt.script()
        plan = self.outcome(statements, ["EXPLAIN (COSTS OFF) " + wanted[0]])[0]
        text = "\n".join(row[0] for row in plan)
        for name, pattern in (("index scans", r"Index Scan using \w*g\d|Index Scan using \w+_(v|w|expr|half|bin)"),
                              ("hybrid scans", "LokivectorHybridScan"), ("join keys", "LokivectorJoinKeys"),
                              ("merge joins", "Merge (Join|Left|Full|Right)"), ("Gather", "Gather")):
            if re.search(pattern, text):
                self.tally[name] += 1
        self.tally["plans"] += 1


def shrink(tester, attempt, fault, schema):
    """Make an attempt simpler as long as the same is wrong with it."""
    kind = str(fault).split(":")[0]
    tries = 250

    def still(change, undo):
        nonlocal tries, fault
        if tries <= 0:
            return False
        tries -= 1
        change()
        found = tester.fails(attempt)
        if found is not None and str(found).split(":")[0] == kind:
            fault = found
            return True
        undo()
        return False

    if attempt.way != "plain":
        before = attempt.way, attempt.changed
        still(lambda: attempt.__dict__.update(way="plain", changed=[]),
              lambda: attempt.__dict__.update(way=before[0], changed=before[1]))
    if not tester.secure:
        for index in schema.indexes:
            name = index.split()[2]
            still(lambda: attempt.dropped.append(name), lambda: attempt.dropped.pop())
    for listed in (attempt.settings, attempt.changed):
        for setting in list(listed):
            at = listed.index(setting)
            still(lambda: listed.pop(at), lambda: listed.insert(at, setting))
    settled = set()
    while tries > 0:
        rendering = attempt.rendering()
        rendering.text(attempt.statement.tree)
        choice = next((c for c in rendering.choices if c not in settled), None)
        if choice is None:
            break
        settled.add(choice)
        for option in range(1, len(choice.options)):
            if still(lambda: attempt.picks.update({choice: option}), lambda: attempt.picks.pop(choice)):
                break
    return fault


SECURE = """
DO $$ BEGIN CREATE ROLE fuzz_user; EXCEPTION WHEN duplicate_object THEN END $$;
GRANT USAGE ON SCHEMA fuzz TO fuzz_user;
GRANT SELECT, UPDATE ON t, u TO fuzz_user;
GRANT SELECT ON barrier TO fuzz_user;
CREATE FUNCTION spy(n integer) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE COST 0.01 AS
	$f$ BEGIN RAISE NOTICE 'seen %', n; RETURN true; END $f$;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
"""
LOSSY = ("text", "varchar(20)", "character(8)", "numeric", "inet", "cidr", "uuid", "integer[]", "text[]", "fuzz_domain")


def policy(rng, generator, schema):
    """A condition that slots of the index do not decide, perhaps with others."""
    columns = schema.columns
    schema.columns = [c for c in columns if c.kind.name in LOSSY] or columns
    tree = generator.tree("t", rng.choice((0, 0, 1)))
    schema.columns = columns
    return Rendering().text(tree)


class Run:
    def __init__(self, arguments):
        self.arguments = arguments
        self.connection = None
        self.tally = collections.Counter()
        self.faults = []
        self.wanted = collections.Counter()
        self.found = collections.Counter()
        self.count = 0

    def connect(self):
        for _ in range(120):
            try:
                self.connection = Connection(self.arguments.conninfo)
                break
            except Lost:
                time.sleep(0.5)
        self.connection.run("SET client_min_messages = error; SET jit = off;"
                            "SET max_parallel_workers_per_gather = 0; SET extra_float_digits = 1")

    def schema(self, number, wanted):
        """Run statements over one schema."""
        rng = random.Random(f"{self.arguments.seed} {number}")
        secure = rng.random() < 0.15 if self.arguments.kind is None else self.arguments.kind == "secure"
        parallel = WHOLE[self.connection.version > 15] if self.arguments.parallel else None
        schema = Schema(rng, secure, large=not secure and rng.random() < 0.03, parallel=bool(parallel),
                        words=self.arguments.words or None)
        history = []

        def perform(statement):
            history.append(statement)
            try:
                self.connection.run(statement)
            except Error as error:
                self.report(number, None, history, f"setup: {error}", [statement])
                raise
        try:
            for statement in schema.setup():
                perform(statement)
        except Error:
            return
        generator = Generator(rng, schema, self.ask, secure, parallel=bool(parallel))
        tester = Tester(self.connection, schema, secure)
        tester.tally = self.tally
        if secure:
            perform(SECURE)
            self.connection.run("BEGIN")
            condition = policy(rng, generator, schema)
            self.connection.run("COMMIT")
            perform(f"CREATE POLICY p ON t USING ({condition})")
            rows = self.connection.run(f"SELECT id FROM t WHERE ({condition}) IS NOT TRUE")
            tester.hidden = frozenset(int(row[0]) for row in rows)
            self.connection.run("SET client_min_messages = notice")
        # plans rest on constraints only in transactions that take a new snapshot for each statement
        self.begin = "BEGIN ISOLATION LEVEL " + ("READ COMMITTED" if number % 4 else "REPEATABLE READ")
        self.connection.run(self.begin)
        for n in range(min(wanted, 20) if schema.large else wanted):
            if not secure and n and n % 20 == 0:
                self.connection.run("COMMIT")
                for statement in schema.changes():
                    perform(statement)
                self.connection.run(self.begin)
            attempt = Attempt(rng, generator.statement(), parallel)
            self.count += 1
            fault = tester.fails(attempt)
            self.tally[attempt.way] += 1
            self.tally["with a policy"] += secure
            if fault is None:
                tester.ways(attempt)
            else:
                fault = shrink(tester, attempt, fault, schema)
                self.report(number, n, history, fault, self.lines(attempt, secure))
        self.connection.run("COMMIT; SET client_min_messages = error")
        self.wanted += tester.wanted
        self.found += tester.found
        if schema.large and not parallel:
            self.check_recall(number, schema, history)
        self.check_indexes(number, history)

    def ask(self, question):
        """One value, or None."""
        try:
            self.connection.run("SAVEPOINT ask")
            return self.connection.run(question)[0][0]
        except Error:
            return None
        finally:
            self.connection.run("ROLLBACK TO ask; RELEASE ask")

    def lines(self, attempt, secure):
        statements, wanted = attempt.script()
        reference = attempt.reference()
        return ([self.begin] + (["SET LOCAL ROLE fuzz_user"] if secure else []) +
                statements + wanted + ["ROLLBACK", "BEGIN"] + reference + ["ROLLBACK"])

    def check_recall(self, number, schema, history):
        for index, depth, kind, found, wanted in recall.Recall(self.connection, schema, OFF).all():
            share = found / max(wanted, 1)
            print(f"# schema {number}: recall {share:.3f} of {wanted} rows ({depth}, queries: {kind}): {index}")
            if wanted > 0 and share < recall.RECALL[depth, kind]:
                self.report(number, None, history, f"recall {share:.3f} of {wanted} rows by {index}, queries: {kind}", [])

    def check_indexes(self, number, history):
        try:
            self.connection.run("SELECT lokivector_check(c.oid::regclass, true) FROM pg_class c "
                                "JOIN pg_am a ON relam = a.oid WHERE amname IN ('hnsw', 'ivfflat') AND relkind = 'i' "
                                "AND relnamespace = 'fuzz'::regnamespace")
        except Error as error:
            self.report(number, None, history, f"check: {error}", [])

    def report(self, number, n, history, fault, lines):
        where = f"{number}-{n}" if n is not None else f"{number}"
        self.faults.append(where)
        print(f"not ok - seed {self.arguments.seed}, schema {number}, statement {n}: {fault}")
        for line in lines:
            print("    " + line[:2000])
        if self.arguments.out:
            os.makedirs(self.arguments.out, exist_ok=True)
            with open(f"{self.arguments.out}/{self.arguments.seed}-{where}.sql", "w") as file:
                file.write(f"-- {fault}\n" + "".join(line + ";\n" for line in history + lines))
        sys.stdout.flush()

    def all(self):
        number = self.arguments.schema or 0
        while self.count < self.arguments.count and len(self.faults) < self.arguments.faults:
            if self.count and self.count // 1000 > (self.count - STATEMENTS) // 1000:
                print(f"# {time.strftime('%H:%M:%S')} {self.count} statements, {len(self.faults)} faults, "
                      f"{sum((self.wanted - self.found).values())} of {sum(self.wanted.values())} rows missed",
                      flush=True)
            if self.connection is None:
                self.connect()
            before = self.count
            try:
                self.schema(number, min(STATEMENTS, self.arguments.count - self.count))
            except Lost as lost:
                self.report(number, self.count - before, [], f"lost: {lost}", [])
                self.connection.close()
                self.connection = None
            number += 1
            self.count = max(self.count, before + 1)
            if self.arguments.schema is not None:
                break
        return self.summary()

    def summary(self):
        recalls = []
        for depth, least in RECALL.items():
            recall = self.found[depth] / max(self.wanted[depth], 1)
            recalls.append(f"recall {recall:.4f} of {self.wanted[depth]} rows ({depth})")
            if depth == "thin":                 # less a standard error, of searches for ten rows
                least -= .35 / (max(self.wanted[depth], 10) / 10) ** .5
            if self.wanted[depth] > 0 and recall < least:
                self.faults.append("recall")
                print(f"not ok - seed {self.arguments.seed}: {recalls[-1]}, not {least:.3f}")
        print(f"seed {self.arguments.seed}: {self.count} statements, {len(self.faults)} faults, {', '.join(recalls)}; " +
              ", ".join(f"{self.tally[name]} {name}" for name in sorted(self.tally)))
        return 1 if self.faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--schema", type=int)
    parser.add_argument("--kind", choices=("queries", "secure"))
    parser.add_argument("--parallel", action="store_true")
    parser.add_argument("--words", action="store_true", help="each table has documents")
    parser.add_argument("--out")
    parser.add_argument("--faults", type=int, default=100, help="stop after so many")
    parser.add_argument("conninfo")
    return Run(parser.parse_args()).all()


if __name__ == "__main__":
    sys.exit(main())
