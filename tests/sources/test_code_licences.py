"""Licences: SPDX names from the words of data sets, and expressions from the texts of licence files."""

from __future__ import annotations

from importlib.metadata import distribution

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.records.task import UNKNOWN_LICENCE
from tracewright.sources._code.distributions import distribution_licence, pinned
from tracewright.sources._code.licences import Licence, read_licence, recognise, spdx

MIT = """MIT License

Copyright (c) 2020 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software, to deal in the Software without restriction, subject to:
The above copyright notice and this permission notice shall be included in all copies.
"""
BSD = """Redistribution and use in source and binary forms, with or without
modification, are permitted. Redistributions in binary form must reproduce the notice."""


@pytest.mark.parametrize(
    ("name", "expression"),
    [
        ("mit", "MIT"),
        ("apache-2.0", "Apache-2.0"),
        ("Apache License 2.0", "Apache-2.0"),
        ("bsd-3-clause", "BSD-3-Clause"),
        ("agpl-3.0", "AGPL-3.0"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("(mit or apache-2.0)", UNKNOWN_LICENCE),
        ("(MIT OR ISC) AND Zlib", "(MIT OR ISC) AND Zlib"),
        ("unknown", UNKNOWN_LICENCE),
        ("", UNKNOWN_LICENCE),
        ("BSD", UNKNOWN_LICENCE),
    ],
)
def test_names_become_spdx_expressions(name: str, expression: str) -> None:
    assert spdx(name) == expression


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        (MIT, "MIT"),
        (BSD, "BSD-2-Clause"),
        (BSD + " Neither the name may be used to endorse or promote products.", "BSD-3-Clause"),
        (MIT + BSD, "BSD-2-Clause AND MIT"),
        ("GNU GENERAL PUBLIC LICENSE\n   Version 3, 29 June 2007", "GPL-3.0"),
        ("GNU LESSER GENERAL PUBLIC LICENSE\n Version 2.1, February 1999", "LGPL-2.1"),
        ("// SPDX-License-Identifier: Apache-2.0\n", "Apache-2.0"),
        ("All rights reserved.", UNKNOWN_LICENCE),
        ("Commons Clause License Condition v1.0\n" + MIT, UNKNOWN_LICENCE),
        (MIT + "The Software shall be used for Good, not Evil.", UNKNOWN_LICENCE),
        (MIT.replace("any person", "any person for non-commercial use"), UNKNOWN_LICENCE),
        (MIT.split("of this software", maxsplit=1)[0], UNKNOWN_LICENCE),
    ],
)
def test_licence_texts_are_recognised_by_their_own_sentences(text: str, expression: str) -> None:
    assert recognise(text) == expression


def test_the_evidence_is_the_file_and_its_hash() -> None:
    licence = read_licence("sub/LICENSE", MIT.encode())
    assert licence.expression == "MIT"
    assert licence.evidence.startswith("sub/LICENSE sha256:")


@pytest.mark.parametrize(
    ("expression", "permissive"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0", True),
        ("MIT AND GPL-3.0", False),
        ("(MIT OR GPL-3.0) AND ISC", False),
        (UNKNOWN_LICENCE, False),
    ],
)
def test_an_or_needs_one_permissive_part_and_an_and_all(expression: str, permissive: bool) -> None:
    assert Licence(expression).permissive is permissive


@given(st.text(max_size=300))
def test_any_text_has_some_answer(text: str) -> None:
    assert spdx(text)
    assert recognise(text)


@pytest.mark.parametrize("name", sorted(pinned()))
def test_every_pinned_distribution_states_a_permissive_licence(name: str) -> None:
    licence = distribution_licence(distribution(name))
    assert licence.permissive, licence
    assert licence.evidence
