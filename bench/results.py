#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""The figures and the picture of README.md and doc/benchmarks.md, of one commit and one machine.

usage: bench/results.py [--pages | --check | --out DIR] [--only STEP,...] [OPTION...]

Runs the steps of size "results" of goals.py.  A step that was measured at this commit is not measured
again, so a run that was cut off is gone on with by the same command; OPTIONs go to the measurements.  Then
the reports are copied to bench/results, each table of the pages is written again that stands between
<!-- results: NAME --> and <!-- end of results -->, and the picture is drawn (picture.py).
    --pages  does that alone, from bench/results
    --check  tells which pages would change, and changes nothing
    --out    leaves the reports there, and the pages as they are

It takes less than three hours on two cores that do nothing else, and 8 GB of disk: a step has at most the
minutes of goals.py.  VectorChord has to be built for the server first (README.md).  What is not there, a peer
or a set, is left out, and its cells say so.
"""
import csv
import glob
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TOP, "build", "bench", "results")
KEPT = os.path.join(TOP, "bench", "results")
GOALS_PAGE = "doc/contributors/benchmark-goals.md"
PAGES = ["README.md", "doc/benchmarks.md", GOALS_PAGE]
GOALS_ALONE = ["results-joins"]          # steps that no other page has a figure of
SETS = {"results-minilm": "minilm-pypi, 100,000 x 384, cosine",
        "results-200k-768": "generated, 200,000 x 768, cosine",
        "results-500k-128": "generated, 500,000 x 128, cosine",
        "results-wordnet": "wordnet-lsa256, 105,516 x 256, cosine",
        "results-fashion": "fashion-mnist, 60,000 x 784, L2"}
DEEP = {"results-minilm-deep": "minilm-pypi, 100,000 x 384",
        "results-deep": "generated, 200,000 x 768, vectors in line"}
NOT_THERE = "not measured"        # a peer, or a set
OURS, HEAD = "lokivector", "pgvector vector"
PEERS = {HEAD: "pgvector `vector`", "pgvector halfvec": "pgvector `halfvec`",
         "pgvector binary": "pgvector `binary_quantize`", "vectorchord vector": "VectorChord",
         "hnswlib in-process": "hnswlib", "SymphonyQG in-process": "SymphonyQG"}


# ---- measuring --------------------------------------------------------------

def git(*words):
    return subprocess.run(["git", "-C", TOP, *words], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def commit():
    return git("rev-parse", "--short=7", "HEAD") + \
        (" with changes" if git("status", "--porcelain", "src", "bench/*.py", "sql/install") else "")


def made_of(folder):
    path = os.path.join(folder, "made.json")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def measure(out, only, options):
    """-> whether all that was wanted is there"""
    import goals
    from session import machine
    complete = True
    for step, _, spec, how in goals.STEPS["results"]:
        folder = os.path.join(out, step)
        if only and step not in only or made_of(folder).get("commit") == commit():
            continue
        began = time.monotonic()
        if subprocess.run([sys.executable, os.path.join(TOP, "bench", "goals.py"), "--size", "results",
                           "--only", step, "--out", out, *options]).returncode != 0:
            complete = False
            continue
        with open(os.path.join(folder, "made.json"), "w", encoding="utf-8") as f:
            json.dump({"commit": commit(), "date": time.strftime("%-d %B %Y"), "machine": machine(),
                       "minutes": round((time.monotonic() - began) / 60, 1),
                       "most": how["minutes"], "set": spec}, f)
    return complete


def keep(alone):
    """Reports are kept; what they were made of is not.  Of other commits none stays, unless some steps alone
    were measured."""
    for target in glob.glob(os.path.join(KEPT, "results-*", "")):
        if not alone and made_of(target).get("commit") != commit():
            shutil.rmtree(target)
    for source in glob.glob(os.path.join(BUILD, "results-*", "")):
        if made_of(source).get("commit") != commit():
            continue
        target = os.path.join(KEPT, os.path.basename(source.rstrip("/")))
        shutil.rmtree(target, ignore_errors=True)
        os.makedirs(target)
        for name in os.listdir(source):
            if name.endswith((".csv", "report.md")) or name == "made.json":
                shutil.copy(os.path.join(source, name), target)


# ---- tables -----------------------------------------------------------------

def of_step(step, name):
    path = os.path.join(KEPT, step, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return list(csv.DictReader(f))


def number(text):
    """As a reader wants it; nothing for what was not measured"""
    if text in ("", "nan", None):
        return ""
    value = float(text)
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def rate(row):
    """Of a peer at a recall; one that stays below has its own in parentheses"""
    if row is None:
        return ""
    below = float(row["recall"]) < float(row["target"]) and "peer" in row["note"]
    return number(row["peer_qps"]) + (f" ({float(row['recall']):.3f})" if below else "")


def ratio(row):
    return f"{float(row['ratio']):.1f}" if row and row["ratio"] not in ("", "nan") else ""


def over_best(against):
    """Our rate over that of the fastest type or index of pgvector with the recall"""
    reached = [row for name, row in against.items() if name.startswith("pgvector")
               and ratio(row) and float(row["recall"]) >= float(row["target"])]
    return ratio(max(reached, key=lambda row: float(row["peer_qps"]))) if reached else ""


def rates():
    """Searches a second at equal recall"""
    lines = ["| set | clients | recall | lokivector | " + " | ".join(PEERS.values()) + " | over pgvector's best |"]
    for step, title in SETS.items():
        points = {}
        for row in of_step(step, "ratios.csv"):
            points.setdefault((row["clients"], row["target"]), {})[row["against"]] = row
        there = {row["contender"] for row in of_step(step, "builds.csv")}
        if not points:
            lines.append(f"| {title} |  |  | {NOT_THERE} |" + "  |" * (len(PEERS) + 1))
        for (clients, target), against in points.items():
            ours = next(iter(against.values()))["lokivector_qps"]
            lines.append(f"| {title} | {clients} | {target} | {number(ours)} | "
                         + " | ".join(rate(against.get(peer)) if peer in there else NOT_THERE for peer in PEERS)
                         + f" | {over_best(against)} |")
            title = ""
    return lines


def builds():
    """Seconds of a build, and bytes of an index"""
    lines = ["| set | | lokivector | " + " | ".join(PEERS.values()) + " |"]
    for step, title in SETS.items():
        found = {row["contender"]: row for row in of_step(step, "builds.csv")}
        for what, key, unit in (("build, s", "build_s", 1), ("index, MB", "index_bytes", 1e6)):
            cells = [number(float(found[name][key]) / unit) if name in found else NOT_THERE
                     for name in (OURS, *PEERS)]
            if found:
                lines.append(f"| {title} | {what} | " + " | ".join(cells) + " |")
                title = ""
    return lines


def deep():
    """More rows a query"""
    lines = ["| set | `LIMIT` | recall | clients | lokivector | pgvector `vector` | ratio |"]
    for step, title in DEEP.items():
        for row in of_step(step, "ratios.csv"):
            lines.append(f"| {title} | {row['k']} | {row['recall']} | {row['clients']} | "
                         f"{number(row['lokivector_qps'])} | {number(row['peer_qps'])} | {ratio(row)} |")
            title = ""
    return lines


def of_goals(step):
    """Lines that compare with pgvector, without those that say nothing new"""
    rows = of_step(step, "goals.csv")
    partial = ", against a partial index"
    alone = {row["what"].removesuffix(partial): number(row["pgvector"]) for row in rows if row["what"].endswith(partial)}
    if not rows:
        return []
    lines = ["| | lokivector | pgvector `vector` | ratio |" + (" pgvector, a partial index |" if alone else "")]
    for row in rows:
        if row["pgvector"] and not re.search("recall|processor time|p95|against|, over|share of|"
                                            "matches, no index|bytes a row|without page images", row["what"]):
            lines.append(f"| {row['what'].replace(': queries/s', '')} | {number(row['ours'])} | "
                         f"{number(row['pgvector'])} | {number(row['ratio'])} |"
                         + (f" {alone.get(row['what'], '')} |" if alone else ""))
    return lines


def embedded():
    """Databases in a process of their own"""
    databases, found = [], {}
    for row in of_step("results-embedded", "goals.csv"):
        match = re.fullmatch("(.*), against (.*): queries/s", row["what"])
        if match:
            case, database = match.groups()
            databases += [database] if database not in databases else []
            recall = re.search(r"and ([\d.]+) at", row["note"]).group(1)
            low = f" ({recall})" if float(recall) < 0.95 else ""
            found.setdefault(case, [number(row["ours"])]).append(number(row["pgvector"]) + low)
    lines = ["| condition | lokivector | " + " | ".join(databases) + " |"] if found else []
    return lines + [f"| {case} | " + " | ".join(cells) + " |" for case, cells in found.items()]


def printed(step):
    """The lines that a program of such a step printed"""
    path = os.path.join(KEPT, step, "report.md")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return [line.strip() for line in f]


def promises():
    """What must hold, and how far it does: plans, and answers while no VACUUM comes"""
    lines = ["| what | measured |"]
    for line in printed("results-regret"):
        found = re.match(r"counts: median (\S+), (\d+) of (\d+) within 1.5, worst (\S+)", line)
        timed = re.match(r"(.*?) +([\d.]+) +([\d.]+) +([\d.]+) +[\d.]+  ", line)
        if found:
            lines += [f"| plans against the best way found, by what they read, of {found[3]}: median | {found[1]} |",
                      f"| of these within 1.5 times | {found[2]} |", f"| the worst | {found[4]} |"]
        elif timed and not line.startswith("exact:"):
            lines.append(f"| the worst by time of those that read most: {timed[1]} | {timed[4]} |")
            break
    for line in printed("results-stale"):
        if found := re.match(r"(\d+) passed, (\d+) failed", line):
            lines.append(f"| answers after 12 steps of writes whose VACUUM did not come to its end: checks that failed, "
                         f"of {int(found[1]) + int(found[2])} | {found[2]} |")
    return lines if len(lines) > 1 else []


def load():
    """Searches alone, and beside writers, with the least recall of a minute"""
    lines, open_rows = [], []
    for line in printed("results-load"):
        if line.startswith("| | clients"):
            lines.append(line + " least recall |")
        elif line.startswith("| ") and "search" in line:
            open_rows.append(line)
        elif line.startswith("# recall: "):
            least = min(line.removeprefix("# recall: ").split())
            lines += [row + (f" {least} |" if row.split("|")[2].endswith("search ") else "  |") for row in open_rows]
            open_rows = []
    return lines


def steps():
    """How long each step took, and how far its rounds differ"""
    lines = ["| step | set | spread of the rates of rounds, median | minutes | of |"]
    for folder in sorted(glob.glob(os.path.join(KEPT, "results-*", ""))):
        step, told = os.path.basename(folder.rstrip("/")), made_of(folder)
        spreads = [float(row["spread"]) for row in of_step(step, "curves.csv")
                   if row.get("spread") not in (None, "", "nan")]
        spreads += [float(found[1]) for row in of_step(step, "goals.csv")
                    if (found := re.search(r"spread ([\d.]+)", row["note"]))]
        if "most" in told:
            lines.append(f"| {step.removeprefix('results-')} | {told['set'].replace('synthetic:', 'generated, ')} | "
                         f"{f'{statistics.median(spreads):.0%}' if spreads else ''} | {told['minutes']} | {told['most']} |")
    return lines if len(lines) > 1 else []


def first():
    """Some figures for README.md"""
    step = "results-200k-768"
    real = [row for row in of_step("results-minilm", "ratios.csv") if row["target"] == "0.95"]
    at = [row for row in of_step(step, "ratios.csv") if (row["target"], row["against"]) == ("0.95", HEAD)]
    found = {row["contender"]: row for row in of_step(step, "builds.csv")}
    if not at or HEAD not in found:
        return []
    row = at[-1]
    half = {other["clients"]: other["peer_qps"] for other in of_step(step, "ratios.csv")
            if (other["target"], other["against"]) == ("0.95", "pgvector halfvec")}
    built = found.get("pgvector halfvec", {})
    lines = ["| | lokivector | pgvector `vector` | `halfvec` |"]
    if real:
        clients = real[-1]["clients"]
        peer = {row["against"]: row["peer_qps"] for row in real if row["clients"] == clients}
        lines.append(f"| searches a second, 100,000 x 384 of MiniLM, recall 0.95, {clients} clients | "
                     f"{number(real[-1]['lokivector_qps'])} | {number(peer[HEAD])} | "
                     f"{number(peer.get('pgvector halfvec'))} |")
    lines += [
             f"| searches a second, 200,000 x 768 generated, recall 0.95, {row['clients']} clients | "
             f"{number(row['lokivector_qps'])} | {number(row['peer_qps'])} | {number(half.get(row['clients']))} |"]
    for what, key, unit in (("build of that index by two processes, seconds", "build_s", 1),
                            ("size of that index, MB", "index_bytes", 1e6)):
        lines.append(f"| {what} | {number(float(found[OURS][key]) / unit)} | "
                     f"{number(float(found[HEAD][key]) / unit)} | "
                     f"{number(float(built[key]) / unit) if built else ''} |")
    return lines


def made(page):
    """When, of what and where: one sentence, as all is of one commit; reports of the figures on the page"""
    steps = {os.path.basename(folder.rstrip("/")): made_of(folder)
             for folder in sorted(glob.glob(os.path.join(KEPT, "results-*", "")))}
    if not steps:
        return []
    several = {told["commit"] for told in steps.values()}
    if len(several) > 1:
        raise SystemExit(f"steps are of several commits: {steps}")
    told = next(iter(steps.values()))
    versions = {row["contender"]: row["version"] for step in SETS for row in of_step(step, "builds.csv")}
    peers = ", ".join(f"{title} {versions[name]}" for name, title in
                      ((HEAD, "pgvector"), *PEERS.items())
                      if name in versions and (name == HEAD) == (title == "pgvector")
                      and (name == HEAD or not name.startswith("pgvector")))
    server = next(found.group() for step in SETS for line in printed(step)
                  if (found := re.search(r"PostgreSQL [\d.]+", line)))
    cpu = told["machine"]
    return [f"{told['date']}, commit {told['commit']}, {cpu['cpu'].replace('(R)', '')} ({cpu['simd']}), "
            f"{cpu['cores']} cores, {cpu['memory_gb']} GB, {server}; {peers}. "
            f"{round(sum(told['minutes'] for told in steps.values()))} minutes."
            + ("" if page == "README.md" else " Reports: " + ", ".join(f"[{step.removeprefix('results-')}](@bench/results/{step}/"
                        f"{'goals.csv' if of_step(step, 'goals.csv') else 'report.md'})"
                        for step in steps if page == GOALS_PAGE or step not in GOALS_ALONE) + ".")]


# Goals by step: what it is, the rows of ratios.csv by (one client, rows, peer), or those of goals.csv by a
# pattern; which figure; the bound; and the table's words for that
CURVE_GOALS = [
    ("results-500k-128", "1", "10", "hnswlib in-process", 1.0),
    ("results-500k-128", "1", "10", "SymphonyQG in-process", 0.5),
    ("results-200k-768", "1", "10", "hnswlib in-process", 2.0),
    ("results-200k-768", "1", "10", "SymphonyQG in-process", 0.8),
    ("results-deep", "2", "100", HEAD, 8.0),
    ("results-deep", "2", "1000", HEAD, 6.0)]
LINE_GOALS = [
    ("results-joins", "LATERAL probes over", "ours", "<= 0.5"),
    ("results-filters", ": p95, ms$", "ours", "<= 1"),
    ("results-tenants", "against an index of its own", "ratio", "<= 1.5"),
    ("results-write", "^p99 of single inserts by 16 clients", "ours", "<= 2"),
    ("results-write", "^rows/s of COPY into an indexed table", "ratio", ">= 20"),
    ("results-write", "^seconds of VACUUM, 1 % deleted", "ours", "<= 0.12"),
    ("results-write", "^rows/s of a build by", "ratio", ">= 8")]


def goals():
    """What is to be reached, and whether it is"""
    lines = ["| step | what | wanted | measured | met |"]

    def add(step, what, wanted, value, met, ofs=""):
        lines.append(f"| {step.removeprefix('results-')} | {what} | {wanted} | {value}{ofs} | {'yes' if met else 'no'} |")

    for step, clients, k, against, wanted in CURVE_GOALS:
        for row in of_step(step, "ratios.csv"):
            if (row["clients"], row["k"], row["against"]) == (clients, k, against):
                add(step, f"`LIMIT {k}`, recall {row['recall']}, {clients} client{'s' if clients > '1' else ''}: "
                    f"searches a second over those of {PEERS[against]}", f">= {wanted:g}",
                    f"{float(row['ratio']):.2f}", float(row["ratio"]) >= wanted)
    for step, pattern, column, bound in LINE_GOALS:
        rows = [row for row in of_step(step, "goals.csv") if re.search(pattern, row["what"]) and row[column]]
        relation, limit = bound.split()
        sign = 1 if relation == ">=" else -1
        rows.sort(key=lambda row: sign * float(row[column]))
        if not rows:
            continue
        held = sum(sign * float(row[column]) >= sign * float(limit) for row in rows)
        what = f"worst of {len(rows)}: " if len(rows) > 1 else ""
        add(step, what + rows[0]["what"] + (" over pgvector's" if column == "ratio" and ">=" in bound else ""),
            bound, number(rows[0][column]), held == len(rows),
            f" ({held} of {len(rows)} are within)" if len(rows) > 1 else "")
    return lines if len(lines) > 1 else []


TABLES = {"goals": goals, "first": first, "promises": promises, "load": load, "steps": steps,
          "packages": lambda: of_goals("results-minilm-filters"),
          "minilm_write": lambda: of_goals("results-minilm-write"), "rates": rates, "builds": builds, "deep": deep,
          "embedded": embedded, "filters": lambda: of_goals("results-filters"), "write": lambda: of_goals("results-write")}


def fill(page, write):
    """-> whether it changes"""
    path = os.path.join(TOP, page)
    with open(path, encoding="utf-8") as f:
        text = f.read()

    def table(match):
        lines = (made(page) if match.group(1) == "made" else TABLES[match.group(1)]()) or \
            ["Not measured at this commit."]
        if lines and lines[0].startswith("|"):
            lines.insert(1, re.sub(r"[^|]+", "---", lines[0]))
        up = "../" * page.count("/")
        body = "\n".join(lines).replace("](@", "](" + up)
        return f"<!-- results: {match.group(1)} -->\n\n{body}\n\n<!-- end of results -->"

    new = re.sub(r"<!-- results: (\w+) -->.*?<!-- end of results -->", table, text, flags=re.S)
    if new != text and write:
        with open(path, "w", encoding="utf-8") as f:
            f.write(new)
    return new != text


def taken(argv, name):
    """The value of an option, which is taken out"""
    if name not in argv:
        return None
    at = argv.index(name)
    value = argv[at + 1]
    del argv[at:at + 2]
    return value


def main(argv):
    check, pages = "--check" in argv, "--pages" in argv
    argv = [word for word in argv if word not in ("--check", "--pages")]
    out, only = taken(argv, "--out"), taken(argv, "--only")
    complete = True
    if not check and not pages:
        complete = measure(out or BUILD, (only or "").split(",") if only else [], argv)
    if not out:
        if not check and not pages:
            keep(only)
        for page in filter(lambda page: fill(page, not check), PAGES):
            print(f"{page} is not as bench/results says" if check else f"{page} was written")
            complete &= not check
        if not check:
            complete &= subprocess.run([sys.executable, os.path.join(TOP, "bench", "picture.py")]).returncode == 0
    sys.exit(0 if complete else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
