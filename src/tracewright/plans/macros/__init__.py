"""The macro steps: each rewrites itself into core steps, which are shown and stored."""

from tracewright.plans.macros import behaviour, columns, periods, spread

MACROS = {**columns.MACROS, **periods.MACROS, **spread.MACROS, **behaviour.MACROS}
