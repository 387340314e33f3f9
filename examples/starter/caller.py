# SPDX-License-Identifier: PostgreSQL
"""Who sends a request: its key, its rate, and the transaction that it may have."""

import os
import threading
import time
from contextlib import contextmanager
from typing import Annotated

import limits
from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

import database
import keys

# Requests of the keys of one name, and of wrong keys from one address.  Several processes share
# their counts in a store that the library knows, such as redis://...
RATE = limits.parse(os.environ.get('STARTER_RATE', '120/minute'))
WRONG_KEYS = limits.parse('20/minute')
# Requests of one tenant that run in this process at the same time, so that connections are left for others
AT_ONCE = int(os.environ.get('STARTER_AT_ONCE', '4'))
running = {}
limiter = limits.strategies.MovingWindowRateLimiter(
    limits.storage.storage_from_string(os.environ.get('STARTER_RATE_STORE', 'memory://')))


def count(rate, who):
    if not limiter.hit(rate, who):
        seconds = limiter.get_window_stats(rate, who).reset_time - time.time()
        raise HTTPException(429, f'more requests than {rate}', {'Retry-After': str(max(1, round(seconds)))})


@contextmanager
def admitted(key):
    """While a request of a key runs; refuses it if there are too many."""
    count(RATE, f'{key["tenant"]} {key["name"]}')
    places = running.setdefault(key['tenant'], threading.Semaphore(AT_ONCE))
    if not places.acquire(blocking=False):
        raise HTTPException(429, f'more than {AT_ONCE} requests of a tenant at once', {'Retry-After': '1'})
    try:
        yield
    finally:
        places.release()


class Caller:
    def __init__(self, request: Request,
                 header: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]):
        self.address = request.client.host if request.client else ''
        self.key = keys.parse(header.credentials) if header else None

    @contextmanager
    def transaction(self):
        """A transaction in which the database sees the rows of the key's tenant."""
        try:
            if not self.key:
                raise database.NoSuchKey
            with database.transaction(*self.key, admitted) as connection:
                yield connection
        except database.NoSuchKey:
            count(WRONG_KEYS, self.address)
            raise
