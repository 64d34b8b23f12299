"""The two ends of the pipe: what the worker writes the host can read, and nothing else is taken for a reply."""

from __future__ import annotations

import asyncio
import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracewright.jobs import Result
from tracewright.jobs._worker import frames as worker
from tracewright.jobs._worker.results import pack, unpack
from tracewright.sandboxes._jail import frames as host
from tracewright.sandboxes._jail.frames import JailDiedError, ProtocolError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _written(header: dict[str, object], body: bytes = b"", limit: int = worker.LARGEST) -> bytes:
    descriptor = os.memfd_create("frame")
    try:
        worker.write_frame(descriptor, header, body, limit)
        return os.pread(descriptor, 1 << 20, 0)
    finally:
        os.close(descriptor)


def _read(raw: bytes, limit: int = 1 << 20) -> tuple[bytes, bytes]:
    async def work() -> tuple[bytes, bytes]:
        stream = asyncio.StreamReader()
        stream.feed_data(raw)
        stream.feed_eof()
        return await host.read(stream, limit)

    return asyncio.run(work())


def _reply(**changes: object) -> dict[str, object]:
    header, _ = pack(Result(artifacts={"a": b"xy"}))
    return {**header, "id": 7, "nonce": "n", "diff": "", "cpu_seconds": 0.0, "resident_bytes": 0, **changes}


@given(facts=st.dictionaries(st.text(), JSON, max_size=4), blob=st.binary(max_size=64))
def test_what_a_worker_writes_the_host_reads(facts: dict[str, object], blob: bytes) -> None:
    result = Result("ok", result=facts, artifacts={"blob": blob, "none": b""})
    header, body = pack(result)
    own = {"id": 0, "nonce": "n", "diff": "", "cpu_seconds": 0.0, "resident_bytes": 0}
    text, raw = _read(_written(header | own, body))
    reply = host.check(text, raw, 0, "n")

    assert (reply.result, raw) == (facts, blob)


@given(blobs=st.dictionaries(st.text(), st.binary(max_size=16), max_size=4))
def test_a_result_survives_packing(blobs: dict[str, bytes]) -> None:
    result = Result("nonzero", exit_code=3, files={"a": None, "b": "x"}, artifacts=blobs)

    assert unpack(*pack(result)) == result


@given(raw=st.binary(max_size=64))
def test_no_bytes_from_the_pipe_raise_anything_but_a_sandbox_error(raw: bytes) -> None:
    try:
        host.check(*_read(raw, 64), 0, "n")
    except (JailDiedError, ProtocolError):
        return
    pytest.fail("random bytes were taken for a reply")


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": 8},
        {"nonce": "m"},
        {"status": "perfect"},
        {"extra": 1},
        {"exit_code": "0"},
        {"files": {"a": 1}},
        {"artifacts": [["a", 3]]},
        {"artifacts": [["a", -1], ["b", 3]]},
    ],
)
def test_a_reply_that_is_not_the_one_asked_for_is_a_protocol_violation(wrong: dict[str, object]) -> None:
    text, body = _read(_written(_reply(**wrong), b"xy"))

    with pytest.raises(ProtocolError, match="protocol violation"):
        host.check(text, body, 7, "n")


def test_a_reply_that_says_it_is_huge_is_refused_before_it_is_read() -> None:
    with pytest.raises(ProtocolError, match="at most 100"):
        _read(struct.pack(">II", 50, 51), limit=100)


def test_a_pipe_that_ends_within_a_frame_is_a_dead_worker() -> None:
    with pytest.raises(JailDiedError):
        _read(_written(_reply(), b"xy")[:-1])


def test_a_worker_does_not_send_what_the_host_would_refuse() -> None:
    with pytest.raises(ValueError, match="at most 10 can be sent"):
        _written(_reply(), limit=10)


def test_half_a_character_does_not_break_the_pipe() -> None:
    assert _read(_written({"text": "\ud800"}))[0] == b'{"text": "?"}'


def test_both_ends_agree_on_the_lengths() -> None:
    assert worker.LENGTHS.format == host.LENGTHS.format
