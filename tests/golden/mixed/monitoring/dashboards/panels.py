"""The kinds of panels that the dashboards are made of, each as a short call.

Every panel asks the data source that the dashboard's `datasource` variable names, so that one
dashboard can be looked at with any Prometheus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")

# From which value on a panel has which colour; the first has no lower limit.
Steps = Sequence[tuple[float | None, str]]
# Words for values, each with a colour.
Words = Mapping[str, tuple[str, str]]
# The panels of a dashboard, by the title of the row that they stand in.
Rows = Mapping[str, Sequence[Any]]
PLAIN: Steps = ((None, "text"),)
ZERO_IS_GOOD: Steps = ((None, "green"), (1, "red"))
ZERO_IS_BETTER: Steps = ((None, "green"), (1, "orange"))
SHARE_USED: Steps = ((None, "green"), (0.8, "orange"), (1, "red"))


@dataclass(frozen=True)
class Column:
    """A column of a table that is measured; the others are labels."""

    name: str
    expr: str
    unit: str = "short"
    steps: Steps = PLAIN


def or_zero(expr: str) -> str:
    """What is measured, and 0 where nothing was ever counted."""
    return f"({expr}) or vector(0)"


def or_none(expr: str, label: str, value: str = "0") -> str:
    """What is measured; where there is nothing, one series that is called `none`."""
    return f'({expr}) or on() label_replace(vector({value}), "{label}", "none", "", "")'


def counted(series: str, within: str) -> str:
    """How much a counter grew. A new one has grown by all it has, which `increase` does not see."""
    return f"(({series} unless {series} offset {within}) or increase({series}[{within}]))"


def stat_panel(
    title: str,
    expr: str,
    help: str,
    unit: str = "short",
    steps: Steps = PLAIN,
    words: Words | None = None,
) -> stat.Panel:
    """One number, as it is now; `words` stand for some of its values, each with a colour."""
    panel = _head(stat.Panel(), title, help, 4).height(4).unit(unit)
    panel.thresholds(_thresholds(steps)).color_mode(common.BigValueColorMode.VALUE)
    panel.graph_mode(common.BigValueGraphMode.NONE)
    panel.reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
    if words:
        panel.mappings(_mappings(words))
    return panel.with_target(_query(expr, instant=True))


def lines_panel(
    title: str,
    queries: Mapping[str, str],
    help: str,
    unit: str = "short",
    limit: float | None = None,
    below_zero: bool = False,
    width: int = 8,
    colors: Mapping[str, str] | None = None,
) -> timeseries.Panel:
    """Numbers over time: expressions by their legends. What a run measured holds until the next.

    Series of given colours are stacked: they are parts of a whole.
    """
    panel = _head(timeseries.Panel(), title, help, width).unit(unit)
    panel.line_interpolation(common.LineInterpolation.STEP_AFTER).legend(_legend())
    panel.fill_opacity(30 if colors else 5).show_points(common.VisibilityMode.NEVER)
    tooltip = common_builders.VizTooltipOptions().sort(common.SortOrder.DESCENDING)
    panel.tooltip(tooltip.mode(common.TooltipDisplayMode.MULTI))
    if below_zero:
        panel.axis_soft_min(0)
    else:
        panel.min(0)
    for name, color in (colors or {}).items():
        value = {"mode": "fixed", "fixedColor": color}
        panel.override_by_name(name, [dashboard.DynamicConfigValue("color", value)])
    if colors:
        panel.stacking(common_builders.StackingConfig().mode(common.StackingMode.NORMAL))
    if limit is not None:
        panel.thresholds(_thresholds(((None, "transparent"), (limit, "red"))))
        style = common_builders.GraphThresholdsStyleConfig()
        panel.thresholds_style(style.mode(common.GraphThresholdsStyleMode.DASHED))
    for number, (legend, expr) in enumerate(queries.items()):
        panel.with_target(_query(expr, legend, number))
    return panel


def states_panel(
    title: str, expr: str, legend: str, words: Words, help: str, width: int = 12
) -> statetimeline.Panel:
    """What is the case over time, in words: one bar a series."""
    panel = _head(statetimeline.Panel(), title, help, width)
    panel.mappings(_mappings(words)).show_value(common.VisibilityMode.NEVER)
    return panel.legend(_legend()).with_target(_query(expr, legend))


def table_panel(
    title: str,
    labels: Mapping[str, str],
    columns: Sequence[Column],
    help: str,
    width: int = 24,
    link: tuple[str, str] | None = None,
) -> table.Panel:
    """What is measured now, a row for every combination of labels; `labels` gives them names.

    `link` is a label whose cells lead to an address.
    """
    values = [f"Value #{_letter(n)}" if len(columns) > 1 else "Value" for n in range(len(columns))]
    order = [*labels, *values]
    names = {**labels, **dict(zip(values, (c.name for c in columns), strict=True))}
    panel = _head(table.Panel(), title, help, width)
    for number, column in enumerate(columns):
        panel.with_target(_query(column.expr, number=number, instant=True, as_table=True))
        panel.override_by_name(column.name, _cells(column))
    if link:
        label, address = link
        where = {"title": "Open", "url": address}
        panel.override_by_name(labels[label], [dashboard.DynamicConfigValue("links", [where])])
    organize = {
        "excludeByName": {"Time": True},
        "indexByName": {name: place for place, name in enumerate(order)},
        "renameByName": names,
    }
    return panel.transformations(
        [
            dashboard.DataTransformerConfig(id_val="merge", options={}),
            dashboard.DataTransformerConfig(id_val="organize", options=organize),
        ]
    )


def variable(
    name: str, label: str, values: str, several: bool = False, every: str | None = None
) -> builders.QueryVariable:
    """A choice at the head of a dashboard, from the values of a label; several at once, or one.

    `every` stands for all values at once; without it they are listed.
    """
    made = (
        builders.QueryVariable(name)
        .label(label)
        .query({"qryType": 1, "query": values, "refId": "PrometheusVariableQueryEditor"})
        .datasource(SOURCE)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
    )
    if several:
        made.multi(True).include_all(True)
        if every:
            made.all_value(every)
        made.current(dashboard.VariableOption(text=["All"], value=["$__all"]))
    return made


def data_source(name: str, uid: str) -> builders.DatasourceVariable:
    """Which Prometheus is asked; the one of the repository where it is there."""
    return (
        builders.DatasourceVariable("datasource")
        .label("Prometheus")
        .type("prometheus")
        .current(dashboard.VariableOption(text=name, value=uid))
    )


def fill(board: builders.Dashboard, rows: Rows) -> None:
    """Put the panels into a dashboard, numbered."""
    number = 0
    for title, panels in rows.items():
        number += 1
        board.with_row(builders.Row(title).id(number))
        for panel in panels:
            number += 1
            board.with_panel(panel.id(number))


def _head(panel: Any, title: str, help: str, width: int) -> Any:
    return panel.title(title).description(help).datasource(SOURCE).span(width).height(8)


def _query(
    expr: str, legend: str = "", number: int = 0, instant: bool = False, as_table: bool = False
) -> prometheus.Dataquery:
    query = prometheus.Dataquery().datasource(SOURCE).expr(expr).ref_id(_letter(number))
    if legend:
        query.legend_format(legend)
    if as_table:
        query.format(PromQueryFormat.TABLE)
    return query.instant() if instant else query.range()


def _letter(number: int) -> str:
    return chr(ord("A") + number)


def _thresholds(steps: Steps) -> builders.ThresholdsConfig:
    made = [dashboard.Threshold(value=value, color=color) for value, color in steps]
    return builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(made)


def _mappings(words: Words) -> list[dashboard.ValueMapping]:
    results = {
        value: dashboard.ValueMappingResult(text=text, color=color)
        for value, (text, color) in words.items()
    }
    return [dashboard.ValueMap(options=results)]


def _cells(column: Column) -> list[dashboard.DynamicConfigValue]:
    set_to = dashboard.DynamicConfigValue
    cells = [set_to("unit", column.unit)]
    if column.steps is not PLAIN:
        cells.append(set_to("thresholds", _thresholds(column.steps).build()))
        cells.append(set_to("custom.cellOptions", {"type": "color-text"}))
    return cells


def _legend() -> common_builders.VizLegendOptions:
    made = common_builders.VizLegendOptions().display_mode(common.LegendDisplayMode.LIST)
    return made.placement(common.LegendPlacement.BOTTOM).show_legend(True)
