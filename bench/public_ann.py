# SPDX-License-Identifier: PostgreSQL
"""ann-benchmarks on a set of ours.

usage: public_ann.py SET OPTION...      in a folder with its files, its
    package and data/SET.hdf5

The options are those of its run.py.  Its own metrics of all runs go to
results.json.
"""
import json
import sys

from ann_benchmarks import datasets, main, results
from ann_benchmarks.plotting import utils


def figures(name):
    found = utils.compute_metrics_all_runs(
        datasets.get_dataset(name)[0], results.load_all_results(name))
    return [{"algorithm": run["algorithm"], "parameters": run["parameters"],
             "recall": float(run["k-nn"]), "qps": float(run["qps"]),
             "build_s": float(run["build"]),
             "index_kb": float(run["indexsize"])} for run in found]


if __name__ == "__main__":
    name = sys.argv[1]
    # A name that the command takes; the file is there
    datasets.DATASETS.setdefault(name, None)
    sys.argv[1:] = ["--dataset", name, *sys.argv[2:]]
    main.main()
    with open("results.json", "w") as f:
        json.dump(figures(name), f, indent=1)
