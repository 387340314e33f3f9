# SPDX-License-Identifier: PostgreSQL
"""Goal 3: bytes a vector, of what a traversal touches and of the index."""
import math

from cluster import say

TOUCHED = ("code", "link", "upper")
# From so many dimensions on: bytes that a traversal may touch, and whether
# the whole index has a target
BOUNDS = [(512, 352, True), (129, None, False), (1, 220, False)]
COMPACT_BYTES, COMPACT_DIMS = 200, 1536
COMPACT_M = 8                   # its default
MANY = 1e7                      # rows that sizes are extrapolated to
PAYLOAD = 8192 - 24 - 16        # of a page, for slots


def filled(array):
    """Bytes of the pages of a slot array that hold something"""
    per_page = PAYLOAD // array["slot_bytes"]
    return math.ceil(array["slots"] / per_page) * 8192


def per_slot_array(arrays, rows):
    return ", ".join(f"{f['slot_array']} {f['bytes'] / rows:.1f}"
                     for f in arrays if f["bytes"] >= rows)


def measure_memory(lab):
    rows, dims = len(lab.data.base), lab.data.dims
    arrays = {f["slot_array"]: f
              for f in lab.built[lab.ours.name]["slot_arrays"]}
    bound, whole = next(b[1:] for b in BOUNDS if dims >= b[0])
    touched = sum(filled(arrays[f]) for f in TOUCHED) / rows
    allocated = sum(arrays[f]["bytes"] for f in TOUCHED) / rows
    total, theirs = [lab.bytes(c) / rows for c in lab.both]
    lab.raw["memory"] = list(arrays.values())
    note = " + ".join(f"{f} {filled(arrays[f]) / rows:.1f}"
                      for f in TOUCHED)
    lab.row(3, f"bytes a vector touched by a walk, {dims} dimensions",
            touched, theirs, f"<= {bound}" if bound else None, of="ours",
            note=f"{note}; {allocated:.1f} with empty pages")
    lab.row(3, f"bytes a vector of the whole index, {dims} dimensions",
            total, theirs, "<= 0.2" if whole else None,
            note=per_slot_array(arrays.values(), rows))


def measure_compact(lab):
    """profile = compact, in place of the index of the other measures"""
    c, rows = lab.ours, len(lab.data.base)
    options, default = lab.args.loki_options, lab.built[c.name]
    m = lab.args.m
    ef, recall = lab.ef(c)
    try:
        lab.args.loki_options, lab.args.m = "profile = compact", COMPACT_M
        lab.built[c.name] = c.build()
    except RuntimeError as problem:
        say(f"profile = compact: {problem}")
    else:
        lab.efs.pop((c.name, 0.95))
        # the basis is of one size, however many rows there are
        fixed = sum(f["bytes"] for f in lab.built[c.name]["slot_arrays"]
                    if f["slot_array"] == "centroid")
        size = (lab.bytes(c) - fixed) / rows + fixed / MANY
        bound = f"<= {COMPACT_BYTES}" if lab.data.dims >= COMPACT_DIMS \
            else None
        lab.row(3, f"compact: bytes a vector of the whole index, "
                f"{lab.data.dims} dimensions, 10 million rows", size,
                lab.bytes(lab.theirs) / rows, bound, of="ours",
                note=f"{size * MANY / 1e9:.2f} GB; "
                f"{lab.bytes(c) / rows:.1f} with {rows} rows; "
                + per_slot_array(lab.built[c.name]["slot_arrays"], rows))
        lab.row(3, "compact: best recall@10 up to ef_search 1000, of 0.95",
                lab.ef(c)[1], lab.ef(lab.theirs)[1], ">= 0.95", of="ours",
                note=lab.ef_note())
    lab.args.loki_options, lab.args.m = options, m
    lab.built[c.name] = default
    lab.efs[c.name, 0.95] = ef, recall
    c.build()
