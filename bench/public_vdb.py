# SPDX-License-Identifier: PostgreSQL
"""VectorDBBench's command, also with a condition on the label.

usage: public_vdb.py SHARE COMMAND OPTION...

SHARE is that of the rows that have the label, or 0 for no condition, which
its command does not offer for sets of one's own.
"""
import sys

from vectordb_bench.cli import cli


def with_condition(share):
    unfiltered = cli.get_custom_case_config

    def filtered(parameters):
        return dict(unfiltered(parameters), use_filter=True,
                    label_percentage=share)

    cli.get_custom_case_config = filtered


if __name__ == "__main__":
    share = float(sys.argv.pop(1))
    if share:
        with_condition(share)
    from vectordb_bench.cli.vectordbbench import cli as command
    command()
