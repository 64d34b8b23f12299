"""Writes what is in a dataset for people: a statistics report, and the card that lies beside the manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import JsonValue

from tracewright.records.base import JsonObject
from tracewright.records.manifest import Manifest

BROKEN_DOWN = ("environment", "kind", "language", "policy")


def card(manifest: Manifest) -> str:
    """Return the dataset card in Markdown, with the front matter that dataset hubs read."""
    key = manifest.key
    what = (
        f"{len(manifest.traces)} traces, chosen by [manifest.json](manifest.json). A trace is a whole episode: "
        "what was asked, each action, what really came out of its sandbox, the verdicts."
    )
    how = (
        f"`tracewright dataset export {key}` writes it as training text; each trace is checked against the manifest. "
        "Every row names the licence and the notice of what it was made from; they must be passed on."
    )
    seal = f"```\nsha256  {manifest.sha256}\nbuilt   {manifest.created_at}\n```"
    asked = f"## What was asked for\n\n```json\n{_pretty(manifest.request.model_dump(mode='json'))}\n```"
    return "\n\n".join((_front_matter(manifest), f"# {key}", what, seal, how, asked, _statistics(manifest))) + "\n"


def report(manifest: Manifest) -> str:
    """Return the statistics of a dataset in Markdown; every figure is a recount of the manifest or stands in it."""
    title = f"# Statistics of {manifest.key}\n\nsha256 `{manifest.sha256}`, {len(manifest.traces)} traces"
    return f"{title}\n\n{_statistics(manifest)}\n"


def _statistics(manifest: Manifest) -> str:
    stats = manifest.stats
    parts = [_table("Licence", manifest.licences)]
    parts += [_table(name.capitalize(), _object(stats.get(f"by_{name}"))) for name in BROKEN_DOWN]
    figures = {name: value for name, value in stats.items() if isinstance(value, int | float)}
    parts.append(_table("Figure", figures))
    parts.append(_table("Tokens of a trace's longest example", _object(stats.get("lengths"))))
    parts.append(_table("Share of attempts that passed", _object(stats.get("pass_rates"))))
    parts.append(_table("Left out because", manifest.dropped))
    return "\n\n".join(part for part in parts if part)


def _table(title: str, rows: Mapping[str, JsonValue] | Mapping[str, int]) -> str:
    shown = [f"| {_plain(name)} | {_plain(value)} |" for name, value in rows.items() if value not in (None, "")]
    return "\n".join((f"## {title}\n", f"| {title.lower()} | |", "|---|---:|", *shown)) if shown else ""


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _front_matter(manifest: Manifest) -> str:
    licences = sorted(manifest.licences)
    name = licences[0].lower() if len(licences) == 1 else "other"  # hubs know licences in lower case
    lines = [
        f"license: {json.dumps(name)}",
        f"pretty_name: {json.dumps(manifest.key)}",
        "tags: [tracewright]",
    ]
    if len(licences) > 1:
        lines.insert(1, f"license_name: {json.dumps(' AND '.join(f'({licence})' for licence in licences))}")
    return "\n".join(("---", *lines, "---"))


def _plain(value: object) -> str:
    """Return a value on one line of a table; names come from data, so nothing in them may act as Markdown or HTML."""
    text = " ".join(str(value).split())
    return "".join(f"&#{ord(char)};" if char in "|<>&`[]*!\\" else char for char in text)


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, sort_keys=True).replace("`", "\\u0060")
