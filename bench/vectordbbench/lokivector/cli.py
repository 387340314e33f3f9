# SPDX-License-Identifier: PostgreSQL
from typing import Annotated, Unpack

import click
from pydantic import SecretStr

from vectordb_bench.backend.clients import DB

from ....cli.cli import CommonTypedDict, HNSWFlavor1, cli, click_parameter_decorators_from_typed_dict, run

OWN = ("bits", "profile", "target_recall", "maintenance_work_mem", "max_parallel_workers")


class LokivectorTypedDict(CommonTypedDict, HNSWFlavor1):
    user_name: Annotated[str, click.option("--user-name", help="Db username", default="postgres")]
    password: Annotated[str, click.option("--password", help="Db password", envvar="POSTGRES_PASSWORD", required=True)]
    host: Annotated[str, click.option("--host", help="Db host", required=True)]
    port: Annotated[int, click.option("--port", type=int, help="Db port", default=5432, show_default=True)]
    db_name: Annotated[str, click.option("--db-name", help="Db name", required=True)]
    bits: Annotated[int | None, click.option("--bits", type=int, help="bits a dimension of the index's codes")]
    profile: Annotated[
        str | None,
        click.option("--profile", type=click.Choice(["balanced", "compact"]), help="what defaults are chosen for"),
    ]
    target_recall: Annotated[
        float | None, click.option("--target-recall", type=float, help="a recall, in place of --ef-search")
    ]
    maintenance_work_mem: Annotated[
        str | None, click.option("--maintenance-work-mem", help="memory of the build, such as 4GB")
    ]
    max_parallel_workers: Annotated[
        int | None, click.option("--max-parallel-workers", type=int, help="processes of the build beside the first")
    ]


@cli.command()
@click_parameter_decorators_from_typed_dict(LokivectorTypedDict)
def LokivectorHNSW(**parameters: Unpack[LokivectorTypedDict]):
    from .config import LokivectorConfig, LokivectorHNSWConfig

    run(
        db=DB.Lokivector,
        db_config=LokivectorConfig(
            db_label=parameters["db_label"],
            user_name=SecretStr(parameters["user_name"]),
            password=SecretStr(parameters["password"]),
            host=parameters["host"],
            port=parameters["port"],
            db_name=parameters["db_name"],
        ),
        db_case_config=LokivectorHNSWConfig(
            m=parameters["m"],
            ef_construction=parameters["ef_construction"],
            ef_search=parameters["ef_search"],
            **{name: parameters[name] for name in OWN},
        ),
        **parameters,
    )
