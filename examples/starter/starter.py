# SPDX-License-Identifier: PostgreSQL
"""Serve the application until interrupted, or look after its keys.

usage: starter.py [serve [PORT]]
       starter.py key new TENANT NAME {reader,writer} [--days DAYS]
       starter.py key rotate ID [--days DAYS] [--overlap DAYS]
       starter.py key revoke ID
       starter.py key list

PORT is 8070 if none is given; 0 is any free one.

STARTER_DATABASE    what the application connects to (dbname=starter user=starter_app)
STARTER_ADMIN       what commands on keys connect to (dbname=starter)
STARTER_POOL        connections at most (10)
STARTER_WAIT        seconds that a request waits for one of them (3)
STARTER_SECONDS     that a request has (5)
STARTER_AT_ONCE     requests of one tenant that run at the same time (4)
STARTER_RATE        requests of the keys of one name (120/minute)
STARTER_RATE_STORE  where several processes count requests, such as redis://... (memory://)
"""

import argparse
import contextlib
import socket
import sys

import keys


def check_dimensions():
    """Before rows of a new model meet a column for those of another."""
    import psycopg

    import database
    import embeddings
    # Without a database the application is alive, and not ready
    with contextlib.suppress(psycopg.OperationalError):
        column, model = database.dimensions(), embeddings.dimensions()
        if column != model:
            sys.exit(f'the column has {column} dimensions, and vectors of the model have {model}')


def serve(port):
    import uvicorn

    from application import app
    check_dimensions()
    listener = socket.create_server(('127.0.0.1', port))
    print(f'http://127.0.0.1:{listener.getsockname()[1]}', flush=True)
    # Requests that run when the program is to end have 20 seconds
    uvicorn.Server(uvicorn.Config(app, log_level='warning', access_log=False, server_header=False,
                                  limit_concurrency=200, timeout_graceful_shutdown=20)).run(sockets=[listener])


def look_after_keys(arguments):
    with keys.connect() as connection:
        match arguments.action:
            case 'new':
                print(keys.add(connection, arguments.tenant, arguments.name, arguments.role, arguments.days))
            case 'rotate':
                print(keys.rotate(connection, arguments.id, arguments.days, arguments.overlap))
            case 'revoke':
                keys.revoke(connection, arguments.id)
            case 'list':
                for line, in keys.listed(connection):
                    print(line)


def main():
    parser = argparse.ArgumentParser(prog='starter.py')
    commands = parser.add_subparsers(dest='command')
    commands.add_parser('serve').add_argument('port', type=int, nargs='?', default=8070)
    actions = commands.add_parser('key').add_subparsers(dest='action', required=True)
    new = actions.add_parser('new')
    new.add_argument('tenant')
    new.add_argument('name')
    new.add_argument('role', choices=['reader', 'writer'])
    rotate = actions.add_parser('rotate')
    rotate.add_argument('--overlap', type=float, default=7, help='days for which the old key holds')
    for action in new, rotate:
        action.add_argument('--days', type=float, default=90, help='days for which the new key holds')
    for action in rotate, actions.add_parser('revoke'):
        action.add_argument('id')
    actions.add_parser('list')
    arguments = parser.parse_args()
    if arguments.command == 'key':
        look_after_keys(arguments)
    else:
        serve(getattr(arguments, 'port', 8070))


if __name__ == '__main__':
    with contextlib.suppress(KeyboardInterrupt):
        main()
