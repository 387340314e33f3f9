#!/usr/bin/env python3
# SPDX-License-Identifier: PostgreSQL
"""Write dashboard.json, a dashboard of Grafana over the metrics of postgres_exporter.yaml.

It is made by Grafana's own library.  No later version of it says which Grafana it is for; a
later Grafana, as that of compose.yaml, reads what an earlier one wrote:

    pip install 'grafana-foundation-sdk==1769699681!11.1.0'
    operations/dashboard.py >operations/dashboard.json
"""

from grafana_foundation_sdk.builders.common import VizLegendOptions, VizTooltipOptions
from grafana_foundation_sdk.builders.dashboard import (
    Dashboard, DatasourceVariable, QueryVariable)
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.timeseries import Panel
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    LegendDisplayMode, LegendPlacement, TooltipDisplayMode)
from grafana_foundation_sdk.models.dashboard import (
    DataSourceRef, VariableOption, VariableRefresh)

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="${datasource}")
SERVER = '{instance=~"$instance"}'
INDEX = '{instance=~"$instance", indexrelname=~"$index"}'
NAME = "{{indexrelname}}, {{instance}}"


def gauge(metric):
    return f"lokivector_{metric}{INDEX}"


def rate(metric):
    return f"rate({gauge('index_' + metric)}[$__rate_interval])"


# Title, what it shows, unit, and for each line an expression and its name
PANELS = [
    ("Searches a second", "Searches and other scans of each index", "reqps",
     (rate("scans"), NAME)),
    ("Time of a search", "Mean over the interval: finding rows, without the rest of the query",
     "s", (f"{rate('search_seconds')} / {rate('scans')}", NAME)),
    ("Recall at ef_search",
     "Of the nearest ten, as it was last measured, for queries that are like the rows",
     "percentunit", (gauge("index_state_recall"), NAME)),
    ("Nodes scored by a search", "What a search costs", "short",
     (f"{rate('nodes_scored')} / {rate('scans')}", NAME)),
    ("Rows read for one returned",
     "Far above 1: conditions on columns that the index does not have", "short",
     (f"{rate('heap_fetches')} / {rate('rows_returned')}", NAME)),
    ("Searches that began too narrow", "Share of the searches", "percentunit",
     (f"{rate('widened_scans')} / {rate('scans')}", NAME)),
    ("Inserts a second", "Rows inserted", "ops", (rate("inserts"), NAME)),
    ("Dead and free nodes", "Share of all nodes", "percentunit",
     (f"{gauge('index_state_dead')} / {gauge('index_state_nodes')}", f"dead: {NAME}"),
     (f"{gauge('index_state_free')} / {gauge('index_state_nodes')}", f"free: {NAME}")),
    ("Size", "Of the index, and of its part that searches touch at random", "bytes",
     (gauge("index_bytes"), NAME), (gauge("index_state_hot_bytes"), f"hot: {NAME}")),
    ("Since the last vacuum", "Time since a vacuum of the index came to its end", "s",
     (f"time() - ({gauge('index_last_vacuum')} > 0)", NAME)),
    ("Behind the primary", "Age of the last transaction that a standby replayed", "s",
     (f"lokivector_replay_lag_seconds{SERVER}", "{{instance}}")),
    ("Advice", "What lokivector_advice() is about", "short",
     (gauge("index_advice_given"), f"{{{{about}}}}: {NAME}")),
    ("Recall of users' searches",
     "Of searches that were sampled and measured: the mean, and the worst hundredth",
     "percentunit", (gauge("sampled_recall"), NAME),
     (gauge("sampled_recall_p1"), f"worst hundredth: {NAME}")),
]


def panel(number, title, description, unit, *lines):
    made = (Panel().id(number).title(title).description(description).unit(unit).min(0)
            .datasource(PROMETHEUS).span(8).height(8).fill_opacity(10)
            .legend(VizLegendOptions().show_legend(True).calcs([])
                    .display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM))
            .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI)))
    if unit == "percentunit":
        made.axis_soft_max(0.1)     # the axis of a share that is always 0
    for letter, (expression, legend) in zip("ABC", lines):
        made.with_target(Dataquery().ref_id(letter).datasource(PROMETHEUS)
                         .expr(expression).legend_format(legend))
    return made


def choice(name, label, matching):
    query = f"label_values(lokivector_index_scans{matching}, {name})"
    return (QueryVariable("index" if name == "indexrelname" else name).label(label)
            .datasource(PROMETHEUS).query(query).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
            .multi(True).include_all(True).all_value(".*")
            .current(VariableOption(text="All", value="$__all")))


def dashboard():
    made = (Dashboard("lokivector").uid("lokivector").tags(["postgresql"]).version(1)
            .editable().refresh("1m").time("now-6h", "now").timezone("browser")
            .with_variable(DatasourceVariable("datasource").label("Prometheus")
                           .type("prometheus"))
            .with_variable(choice("instance", "Server", ""))
            .with_variable(choice("indexrelname", "Index", SERVER)))
    for number, description in enumerate(PANELS, 1):
        made.with_panel(panel(number, *description))
    return made.build()


if __name__ == "__main__":
    print(JSONEncoder(indent=2).encode(dashboard()))
