# SPDX-License-Identifier: PostgreSQL
"""lokivector, an extension of PostgreSQL with pgvector's types and names, and
an hnsw index that walks on codes of the vectors.

The server is started by "service postgresql start", unless
ANN_BENCHMARKS_PG_START_SERVICE is false.  It is reached with user, password
and database "ann", which ANN_BENCHMARKS_PG_USER, _PASSWORD, _DBNAME, _HOST and
_PORT change.
"""
import os
import subprocess

import pgvector.psycopg
import psycopg

from ..base.module import BaseANN
from ...util import get_bool_env_var

METRICS = {"angular": ("<=>", "vector_cosine_ops"),
           "euclidean": ("<->", "vector_l2_ops")}
PREFIX = "ANN_BENCHMARKS_PG_"


def connection():
    given = {name: os.environ.get(PREFIX + name.upper(), "ann")
             for name in ("user", "password", "dbname")}
    given.update({name: os.environ[PREFIX + name.upper()]
                  for name in ("host", "port")
                  if PREFIX + name.upper() in os.environ})
    return psycopg.connect(autocommit=True, **given)


class Lokivector(BaseANN):
    def __init__(self, metric, method_param):
        """method_param: storage parameters of the index"""
        if metric not in METRICS:
            raise RuntimeError(f"unknown metric {metric}")
        self._operator, self._opclass = METRICS[metric]
        self._param = method_param
        self._searched = {}
        self._cur = None

    def fit(self, X):
        if get_bool_env_var(PREFIX + "START_SERVICE", default_value=True):
            subprocess.run(["service", "postgresql", "start"], check=True)
        conn = connection()
        conn.execute("CREATE EXTENSION IF NOT EXISTS lokivector")
        pgvector.psycopg.register_vector(conn)
        cur = conn.cursor()
        cur.execute("DROP TABLE IF EXISTS items")
        cur.execute(f"CREATE TABLE items (id int, embedding "
                    f"vector({X.shape[1]}))")
        cur.execute("ALTER TABLE items ALTER embedding SET STORAGE PLAIN")
        with cur.copy("COPY items FROM STDIN WITH (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "vector"])
            for i, embedding in enumerate(X):
                copy.write_row((i, embedding))
        options = ", ".join(f"{k} = {v}" for k, v in self._param.items())
        cur.execute(f"CREATE INDEX items_idx ON items USING hnsw (embedding "
                    f"{self._opclass}) WITH ({options})")
        cur.execute("VACUUM (ANALYZE) items")
        self._query = "SELECT id FROM items ORDER BY embedding " \
            f"{self._operator} %s LIMIT %s"
        self._cur = cur

    def set_query_arguments(self, ef_search):
        self._searched = {"ef_search": ef_search}
        self._cur.execute(f"SET hnsw.ef_search = {int(ef_search)}")

    def query(self, v, n):
        self._cur.execute(self._query, (v, n), binary=True, prepare=True)
        return [id for id, in self._cur.fetchall()]

    def get_memory_usage(self):
        """The index, in kilobytes"""
        if self._cur is None:
            return 0
        self._cur.execute("SELECT pg_relation_size('items_idx')")
        return self._cur.fetchone()[0] / 1024

    def done(self):
        if self._cur is not None:
            self._cur.connection.close()

    def __str__(self):
        shown = ", ".join(f"{k}={v}" for k, v in
                          {**self._param, **self._searched}.items())
        return f"Lokivector({shown})"
