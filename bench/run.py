#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""lokivector against pgvector on one server; see README.md."""
import sys

sys.dont_write_bytecode = True

import needs  # noqa: E402

from cluster import say  # noqa: E402
from session import session  # noqa: E402


def main(argv):
    with session(argv) as bench:
        if bench.args.prepare:
            bench.prepare()
        else:
            bench.run()
            say(bench.save())
    say(f"results in {bench.out}")


if __name__ == "__main__":
    main(sys.argv[1:])
