"""Plots by day as SVG, drawn by Vega-Lite without a browser. Colours are the page's own, so that they follow light and dark."""

import json
import math
import re
from typing import Any

import vl_convert

WIDTH, HEIGHT = 340, 120
LABELS = 4
_AXES = {
    "labelColor": "var(--soft)",
    "labelFontSize": 11,
    "domainColor": "var(--edge)",
    "tickColor": "var(--edge)",
    "gridColor": "var(--line)",
    "tickSize": 4,
    "title": None,
}
_CONFIG = {
    "aria": False,
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "axis": _AXES,
}
_NUMBER = "format(datum.value, datum.value < 1 ? '.2~f' : '~s')"
_SHORT_DAY = "utcFormat(utcParse(datum.value, '%Y-%m-%d'), '%d %b')"


def bars(days: list[str], values: dict[str, float], colour: str, **options: Any) -> str:
    """One bar a day.

    Options: `limit` draws a line, and bars that are above it are `--bad`; `within` are the parts of the bars that are drawn
    full, the rest is pale; `whole`: values are counts; `top` is the end of the axis; `unit` stands after its numbers.
    """
    limit, within = options.get("limit"), options.get("within")
    y = _values(max([*values.values(), limit or 0, options.get("top") or 0]), options)
    bar = {"type": "bar", "color": f"var(--{colour if within is None else 'pale'})"}
    layers = [_layer(values, bar, {"x": _days(days), "y": y})]
    if within is not None:
        inner = {"type": "bar", "color": f"var(--{colour})"}
        layers.append(_layer(within, inner, {"x": _days(days), "y": y}))
    if limit is not None:
        late = {"test": f"datum.value > {limit}", "value": "var(--bad)"}
        layers[0]["encoding"]["color"] = {"condition": late, "value": f"var(--{colour})"}
        rule = {"type": "rule", "color": "var(--ink)", "strokeDash": [5, 3]}
        layers.append(_layer({"": limit}, rule, {"y": y}))
    return _svg({"layer": layers, "height": options.get("height", HEIGHT)})


def _layer(
    values: dict[str, float], mark: dict[str, Any], encoding: dict[str, Any]
) -> dict[str, Any]:
    rows = [{"day": day, "value": value} for day, value in values.items()]
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def _days(days: list[str]) -> dict[str, Any]:
    step = max(1, round(len(days) / LABELS))
    axis = {
        "values": days[::-1][step // 2 :: step],
        "labelExpr": _SHORT_DAY,
        "labelAngle": 0,
        "grid": False,
    }
    scale = {"domain": days, "paddingInner": 0.15}
    return {"field": "day", "type": "ordinal", "axis": axis, "scale": scale}


def _values(highest: float, options: dict[str, Any]) -> dict[str, Any]:
    """From 0 up, with two to four numbers that are easy to read."""
    power = 10 ** math.floor(math.log10(highest / 3)) if highest > 0 else 1.0
    step = next(power * n for n in (1, 2, 2.5, 5, 10) if power * n * 3.05 >= highest)
    if options.get("whole"):
        step = max(1, math.ceil(step))
    steps = max(1, math.ceil(round(highest / step, 6)))
    axis = {
        "values": [step * n for n in range(steps + 1)],
        "labelExpr": f"{_NUMBER} + '{options.get('unit', '')}'",
        "domain": False,
        "ticks": False,
        "minExtent": 42,
    }
    scale = {"domain": [0, step * steps], "nice": False}
    return {"field": "value", "type": "quantitative", "axis": axis, "scale": scale}


def _svg(spec: dict[str, Any]) -> str:
    """The drawing alone: its name and description are the page's."""
    drawn = vl_convert.vegalite_to_svg(
        json.dumps(
            {
                "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
                "width": WIDTH,
                "autosize": {"type": "fit", "contains": "padding"},
                "padding": {"left": 0, "right": 10, "top": 6, "bottom": 0},
                "background": None,
                "config": _CONFIG,
                **spec,
            }
        )
    )
    size = re.search(r'viewBox="([\d. ]+)"', drawn)
    inside = drawn[drawn.index(">") + 1 : drawn.rindex("</svg>")]
    inside = re.sub(r' (?:role|aria-[a-z]+|pointer-events|class|font-family)="[^"]*"', "", inside)
    inside = re.sub(r'<path d="[^"]*"(?: display="none")?/>', "", inside)
    inside = re.sub(r"(\d+\.\d)\d+", r"\1", inside)
    box = size[1] if size else f"0 0 {WIDTH} {HEIGHT}"
    return f'<svg aria-hidden="true" focusable="false" viewBox="{box}">{inside}</svg>'
