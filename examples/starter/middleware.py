# SPDX-License-Identifier: PostgreSQL
"""What every request passes: its size, its metrics, and errors as problem details (RFC 9457)."""

import http
import logging
import time

import psycopg
from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import Counter, Gauge, Histogram
from starlette.exceptions import HTTPException as StarletteHTTPException

from database import NoSuchKey, pool

BODY_BYTES = 1_000_000
METHODS = set(http.HTTPMethod)

REQUESTS = Counter('starter_requests_total', 'Requests', ['method', 'route', 'status'])
SECONDS = Histogram('starter_request_seconds', 'Time to the first byte of the answer', ['route'])
CONNECTIONS = Gauge('starter_pool_connections', 'Connections of the pool', ['state'])
CONNECTIONS.labels('open').set_function(lambda: pool.get_stats().get('pool_size', 0))
CONNECTIONS.labels('idle').set_function(lambda: pool.get_stats().get('pool_available', 0))
WAITING = Gauge('starter_pool_waiting', 'Requests that wait for a connection')
WAITING.set_function(lambda: pool.get_stats().get('requests_waiting', 0))


class LimitAndMeasure:
    """Refuses bodies that are too long, whatever their header says, and counts requests."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope['type'] != 'http':
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        size = 0

        async def limited_receive():
            nonlocal size
            message = await receive()
            size += len(message.get('body', b''))
            if size > BODY_BYTES:
                raise HTTPException(413, f'a request may have {BODY_BYTES} bytes')
            return message

        async def measured_send(message):
            if message['type'] == 'http.response.start':
                # The pattern of the path, and known methods, as a client may make up any
                route = getattr(scope.get('route'), 'path', 'none')
                method = scope['method'] if scope['method'] in METHODS else 'other'
                REQUESTS.labels(method, route, message['status']).inc()
                SECONDS.labels(route).observe(time.perf_counter() - began)
                message['headers'].append((b'x-content-type-options', b'nosniff'))
            await send(message)

        await self.app(scope, limited_receive, measured_send)


def problem(status, detail, headers=None, **more):
    return JSONResponse({'type': 'about:blank', 'title': http.HTTPStatus(status).phrase, 'status': status,
                         'detail': detail} | more, status, headers, media_type='application/problem+json')


def refused(request: Request, error: StarletteHTTPException):
    return problem(error.status_code, error.detail, error.headers)


def not_valid(request: Request, error: RequestValidationError):
    return problem(422, 'the request is not valid', errors=[
        {'field': '.'.join(map(str, each['loc'])), 'message': each['msg']} for each in error.errors()])


def no_such_key(request: Request, error: NoSuchKey):
    return problem(401, 'the key is missing, not known, expired or revoked', {'WWW-Authenticate': 'Bearer'})


def database_error(request: Request, error: psycopg.Error):
    """What the database thought of a request.  What is no fault of the client's is logged alone."""
    match error:
        case psycopg.errors.InsufficientPrivilege():
            return problem(403, 'the role of this key may not do that')
        case psycopg.IntegrityError():
            return problem(409, 'this conflicts with what is there')
        case psycopg.DataError():
            return problem(400, error.diag.message_primary or str(error))
    logging.getLogger('uvicorn.error').error('%s %s: %s', request.method, request.url.path, error)
    match error:
        case psycopg.errors.QueryCanceled():
            return problem(503, 'the request took too long', {'Retry-After': '5'})
        # Among others those of the pool
        case psycopg.OperationalError():
            return problem(503, 'the database is not available', {'Retry-After': '5'})
    return problem(500, 'the request could not be answered')


def failed(request: Request, error: Exception):
    return problem(500, 'the request could not be answered')


def install(app):
    app.add_middleware(LimitAndMeasure)
    for error, handler in [(StarletteHTTPException, refused), (RequestValidationError, not_valid),
                           (NoSuchKey, no_such_key), (psycopg.Error, database_error), (Exception, failed)]:
        app.add_exception_handler(error, handler)
