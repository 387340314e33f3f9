# SPDX-License-Identifier: PostgreSQL
"""lokivector, an extension of PostgreSQL, whose hnsw index holds the columns
of conditions, too."""

import logging
from contextlib import contextmanager
from copy import copy
from typing import Any

import numpy as np
import psycopg
from pgvector.psycopg import register_vector
from psycopg import sql

from vectordb_bench.backend.filter import Filter, FilterOp

from ..api import VectorDB
from .config import LokivectorHNSWConfig

log = logging.getLogger(__name__)
TABLE = sql.Identifier("public", "vdbbench_lokivector")
INDEX = sql.Identifier("vdbbench_lokivector_idx")


class Lokivector(VectorDB):
    thread_safe = False
    supported_filter_types: list[FilterOp] = [FilterOp.NonFilter, FilterOp.NumGE, FilterOp.StrEqual]

    def __init__(
        self,
        dim: int,
        db_config: dict,
        db_case_config: LokivectorHNSWConfig,
        collection_name: str = "",  # noqa: ARG002
        drop_old: bool = False,
        with_scalar_labels: bool = False,
        **kwargs: Any,  # noqa: ARG002
    ):
        self.name = "Lokivector"
        self.dim = dim
        self.db_config = db_config
        self.case_config = db_case_config
        self.with_scalar_labels = with_scalar_labels
        self.conn = None
        self.prepare_filter(None)
        with psycopg.connect(**db_config, autocommit=True) as conn:
            conn.execute("CREATE EXTENSION IF NOT EXISTS lokivector")
            if drop_old:
                self._create_table(conn)

    def _create_table(self, conn: psycopg.Connection):
        label = sql.SQL(", label text" if self.with_scalar_labels else "")
        conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(TABLE))
        conn.execute(
            sql.SQL("CREATE TABLE {} (id bigint PRIMARY KEY, embedding vector({}){})").format(TABLE, self.dim, label)
        )
        conn.execute(sql.SQL("ALTER TABLE {} ALTER embedding SET STORAGE PLAIN").format(TABLE))

    @contextmanager
    def init(self):
        with psycopg.connect(**self.db_config, autocommit=True) as self.conn:
            register_vector(self.conn)
            for name, value in self.case_config.search_param()["settings"].items():
                self._set(name, value)
            yield
        self.conn = None

    def copy_for_thread(self) -> "Lokivector":
        """A connection belongs to one thread."""
        other = copy(self)
        other.conn = None
        return other

    def _set(self, name: str, value: Any):
        self.conn.execute("SELECT set_config(%s, %s, false)", (name, str(value)))

    def insert_embeddings(
        self,
        embeddings: list[list[float]],
        metadata: list[int],
        labels_data: list[str] | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> tuple[int, Exception | None]:
        columns = [metadata, np.asarray(embeddings, np.float32)]
        types = ["int8", "vector"]
        if self.with_scalar_labels:
            columns.append(labels_data)
            types.append("text")
        try:
            with self.conn.cursor().copy(sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(TABLE)) as rows:
                rows.set_types(types)
                for row in zip(*columns, strict=True):
                    rows.write_row(row)
        except psycopg.Error as e:
            log.warning(f"{self.name}: insert failed: {e}")
            return 0, e
        return len(metadata), None

    def optimize(self, data_size: int | None = None):  # noqa: ARG002
        """The index, which holds the columns that cases have conditions on"""
        workers = self.case_config.max_parallel_workers
        if self.case_config.maintenance_work_mem is not None:
            self._set("maintenance_work_mem", self.case_config.maintenance_work_mem)
        if workers is not None:
            self._set("max_parallel_maintenance_workers", workers)
            self.conn.execute(
                sql.SQL("ALTER TABLE {} SET (parallel_workers = {})").format(TABLE, sql.Literal(workers))
            )
        param = self.case_config.index_param()
        columns = [sql.SQL(f"embedding {param['opclass']}"), sql.Identifier("id")]
        if self.with_scalar_labels:
            columns.append(sql.Identifier("label"))
        given = [sql.SQL("{} = {}").format(sql.Identifier(k), sql.Literal(v)) for k, v in param["with"].items()]
        with_clause = sql.SQL("WITH ({})").format(sql.SQL(", ").join(given)) if given else sql.SQL("")
        self.conn.execute(sql.SQL("DROP INDEX IF EXISTS {}").format(INDEX))
        self.conn.execute(
            sql.SQL("CREATE INDEX {} ON {} USING hnsw ({}) {}").format(
                INDEX, TABLE, sql.SQL(", ").join(columns), with_clause
            )
        )
        self.conn.execute(sql.SQL("VACUUM (ANALYZE) {}").format(TABLE))

    def prepare_filter(self, filters: Filter | None):
        condition = sql.SQL("")
        if filters is not None and filters.type == FilterOp.NumGE:
            condition = sql.SQL("WHERE id >= {}").format(sql.Literal(filters.int_value))
        elif filters is not None and filters.type == FilterOp.StrEqual:
            condition = sql.SQL("WHERE label = {}").format(sql.Literal(filters.label_value))
        operator = sql.SQL(self.case_config.search_param()["operator"])
        self._search = sql.SQL("SELECT id FROM {} {} ORDER BY embedding {} %s LIMIT %s").format(
            TABLE, condition, operator
        )

    def search_embedding(self, query: list[float], k: int = 100, **kwargs: Any) -> list[int]:  # noqa: ARG002
        vector = np.asarray(query, np.float32)
        found = self.conn.execute(self._search, (vector, k), prepare=True, binary=True)
        return [row[0] for row in found]
