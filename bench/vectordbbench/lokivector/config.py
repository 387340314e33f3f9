# SPDX-License-Identifier: PostgreSQL
from pydantic import BaseModel, SecretStr

from ..api import DBCaseConfig, DBConfig, IndexType, MetricType

OPERATORS = {
    MetricType.L2: ("<->", "vector_l2_ops"),
    MetricType.IP: ("<#>", "vector_ip_ops"),
    MetricType.COSINE: ("<=>", "vector_cosine_ops"),
}


class LokivectorConfig(DBConfig):
    user_name: SecretStr = SecretStr("postgres")
    password: SecretStr
    host: str = "localhost"
    port: int = 5432
    db_name: str = "vectordb"

    def to_dict(self) -> dict:
        return {
            "user": self.user_name.get_secret_value(),
            "password": self.password.get_secret_value(),
            "host": self.host,
            "port": self.port,
            "dbname": self.db_name,
        }


class LokivectorHNSWConfig(BaseModel, DBCaseConfig):
    """Storage parameters of the index and settings of a session; what is None
    has its default."""

    index: IndexType = IndexType.HNSW
    metric_type: MetricType | None = None
    m: int | None = None
    ef_construction: int | None = None
    bits: int | None = None
    profile: str | None = None
    ef_search: int | None = None
    target_recall: float | None = None
    # Of builds
    maintenance_work_mem: str | None = None
    max_parallel_workers: int | None = None

    def _given(self, *names: str) -> dict:
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def index_param(self) -> dict:
        return {
            "opclass": OPERATORS[self.metric_type or MetricType.COSINE][1],
            "with": self._given("m", "ef_construction", "bits", "profile"),
        }

    def search_param(self) -> dict:
        settings = {"ef_search": "hnsw.ef_search", "target_recall": "lokivector.target_recall"}
        return {
            "operator": OPERATORS[self.metric_type or MetricType.COSINE][0],
            "settings": {settings[name]: value for name, value in self._given(*settings).items()},
        }
