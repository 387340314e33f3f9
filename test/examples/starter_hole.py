# SPDX-License-Identifier: PostgreSQL
"""The application of examples/starter with a hole: it executes the statements of a request, as
injected SQL would be.

usage: starter_hole.py		serves on any free port until interrupted
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / 'examples/starter'))

import application    # noqa: E402
import starter        # noqa: E402


@application.app.post('/hole')
def hole(statements: list[str], by: application.By):
    """What the last one returns"""
    with by.transaction() as connection:
        for statement in statements:
            done = connection.execute(statement)
        return done.fetchall() if done.description else []


starter.serve(0)
