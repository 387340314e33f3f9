# SPDX-License-Identifier: PostgreSQL
"""Serve a page that searches the manual by meaning, until interrupted.

usage: examples/run.sh semantic_search [PORT]

PORT is 8060 if none is given; 0 is any free one.
"""

import contextlib
import pathlib
import socket
import sys
import time

import psycopg
import uvicorn
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

ROWS = 10
PAGE = pathlib.Path(__file__).with_name('page.html')

# What a field of the form asks of the rows: columns of the index, so the search tests it
CONDITIONS = {
    'part': 'part_id = %(part)s',
    'code': 'is_code = %(code)s',
    'no_release_notes': 'released IS NULL',
    'chars': 'chars >= %(chars)s',
}

SEARCH = """
SELECT * FROM (
    SELECT id, title, section, excerpt(body, 240) AS body, embedding <=> %(vector)s AS distance
    FROM paragraphs WHERE {condition} ORDER BY distance LIMIT {rows}
) AS nearest
ORDER BY distance, id
"""


def warm(connection):
    """Search once, since the first search of a connection loads the library, and reads what it needs."""
    connection.execute("SELECT lokivector_prewarm('paragraphs_embedding_idx')")
    connection.execute("SELECT id FROM paragraphs ORDER BY embedding <=> (SELECT embed('first')) LIMIT 1")
    connection.commit()


pool = ConnectionPool(min_size=1, kwargs={'row_factory': dict_row}, configure=warm, open=False)


def timed(connection, statement, parameters):
    """The rows of a statement, and the milliseconds that it took."""
    began = time.perf_counter()
    rows = connection.execute(statement, parameters).fetchall()
    return rows, 1000 * (time.perf_counter() - began)


def share_found(rows, exact):
    """The recall: a row as near as the last of the exact answer counts."""
    if not exact:
        return None
    return sum(row['distance'] <= exact[-1]['distance'] + 1e-6 for row in rows) / len(exact)


def search(request):
    """The nearest paragraphs, and how a search of all rows compares."""
    form = {name: value for name, value in request.query_params.items() if value}
    condition = ' AND '.join(CONDITIONS[name] for name in CONDITIONS if name in form) or 'true'
    statement = SEARCH.format(condition=condition, rows=ROWS)
    try:
        with pool.connection() as connection:
            embedded = connection.execute('SELECT embed(%s)::text AS vector', [form.get('question', '')])
            parameters = form | embedded.fetchone()
            if parameters['vector'] is None:
                return JSONResponse({'unknown': True})
            connection.execute("SELECT set_config('hnsw.ef_search', %s, true)", [form.get('ef_search', '40')])
            rows, milliseconds = timed(connection, statement, parameters)
            connection.execute('SET LOCAL enable_indexscan = off')
            connection.execute('SET LOCAL lokivector.enable_hybrid_scan = off')
            exact, exact_milliseconds = timed(connection, statement, parameters)
    except psycopg.DataError as error:
        return JSONResponse({'error': error.diag.message_primary or str(error)}, status_code=400)
    return JSONResponse({'rows': rows, 'milliseconds': milliseconds,
                         'exact_milliseconds': exact_milliseconds, 'recall': share_found(rows, exact)})


def parts(request):
    with pool.connection() as connection:
        return JSONResponse(connection.execute('SELECT id, title FROM parts ORDER BY id').fetchall())


@contextlib.asynccontextmanager
async def connected(app):
    with pool:
        yield


app = Starlette(lifespan=connected, routes=[
    Route('/', lambda request: FileResponse(PAGE)), Route('/parts', parts), Route('/search', search)])


def main():
    if len(sys.argv) > 2 or not all(argument.isdigit() for argument in sys.argv[1:]):
        sys.exit('usage: examples/run.sh semantic_search [PORT]')
    listener = socket.create_server(('127.0.0.1', int((sys.argv + [8060])[1])))
    print(f'http://127.0.0.1:{listener.getsockname()[1]}', flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level='warning')).run(sockets=[listener])


if __name__ == '__main__':
    with contextlib.suppress(KeyboardInterrupt):
        main()
