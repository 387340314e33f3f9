#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""Draw recall against queries per second, from curves that were recorded.

usage: bench/picture.py [OUT.svg]

Reads curves.csv of the first three sets below that bench/results has, writes doc/recall.svg.
"""
import csv
import os
import sys

import needs
needs.ensure("matplotlib")
import matplotlib  # noqa: E402
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SETS = {"results-minilm": "package summaries, MiniLM\n100,000 x 384, cosine",
        "results-wordnet": "WordNet definitions\n105,516 x 256, cosine",
        "results-200k-768": "generated embeddings\n200,000 x 768, cosine",
        "results-500k-128": "generated embeddings\n500,000 x 128, cosine"}
CURVES = os.path.join(TOP, "bench", "results", "{}", "curves.csv")
LINES = {"lokivector": "o-", "vectorchord vector": "d-", "pgvector halfvec": "v:", "pgvector vector": "^-",
         "hnswlib in-process": "s--", "SymphonyQG in-process": "x--"}


def curve(folder, contender):
    """(recall@10, queries per second) of one client, by ef_search"""
    with open(CURVES.format(folder), encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file)
                if (row["contender"], row["k"], row["clients"])
                == (contender, "10", "1") and row["qps"] not in ("", "nan")]
    return sorted((float(row["recall"]), float(row["qps"])) for row in rows)


def main(out):
    # the same file from the same figures
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "",
                                "font.family": "sans-serif"})
    figure, all_axes = pyplot.subplots(1, 3, figsize=(11, 3.8), sharey=True)
    for axes, folder in zip(all_axes, [folder for folder in SETS if os.path.exists(CURVES.format(folder))]):
        for contender, style in LINES.items():
            line = [at for at in curve(folder, contender) if at[0] >= 0.85]
            axes.plot([at[0] for at in line], [at[1] for at in line], style, label=contender, markersize=4)
        axes.set(yscale="log", xlabel="recall@10", title=SETS[folder])
        axes.grid(True, alpha=0.3)
    all_axes[0].set_ylabel("queries per second, one client")
    all_axes[-1].legend(fontsize="small", loc="lower left")
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None, "Creator": None} if out.endswith(".svg") else None)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "doc", "recall.svg"))
