"""Columns whose bytes say what they hold and nothing else: under a null lies whatever was in memory before."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def settled(table: pa.Table) -> pa.Table:
    """Return an equal table, in one chunk, with zeros where nothing is told."""
    columns = [_settled(column.combine_chunks()) for column in table.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _settled(column: Any) -> Any:
    if isinstance(column, pa.ChunkedArray):
        # What a column has no chunks of is empty.
        return pa.array([], column.type) if column.num_chunks == 0 else _settled(pa.concat_arrays(column.chunks))
    if isinstance(column, pa.ExtensionArray):
        return pa.ExtensionArray.from_storage(column.type, _settled(column.storage))
    if isinstance(column, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(_settled(column.indices), column.dictionary)
    if pa.types.is_boolean(column.type):
        return _filled(column, pa.scalar(False)) if len(column) else column
    if pa.types.is_nested(column.type) or pa.types.is_interval(column.type):
        return _built(column)
    if not column.null_count:
        return column
    if not column.offset and (pa.types.is_string(column.type) or pa.types.is_binary(column.type)):
        # An engine gives no text to a null, so that only its bits are to be looked at.
        return pa.Array.from_buffers(
            column.type, len(column), [_known(column), *column.buffers()[1:]], column.null_count
        )
    if not pa.types.is_primitive(column.type) and not pa.types.is_decimal(column.type):
        return _built(column)
    nothing = pa.py_buffer(bytes(column.type.bit_width // 8))
    [zero] = pa.Array.from_buffers(column.type, 1, [None, nothing])
    return _filled(column, zero)


def _filled(column: Any, nothing: Any) -> Any:
    """Put a value under the nulls of a column of fixed width, and no bits behind its last."""
    values = pc.if_else(pc.is_valid(column), column, nothing)
    data = values.buffers()[1]
    if pa.types.is_boolean(column.type):
        data = _bits(values)
    return pa.Array.from_buffers(column.type, len(column), [_known(column), data], column.null_count)


def _known(column: Any) -> pa.Buffer | None:
    return _bits(pc.if_else(pc.is_valid(column), True, False)) if column.null_count else None


def _bits(truths: Any) -> pa.Buffer:
    """Return the bits of a fresh column of truths, with none behind the last."""
    count = len(truths)
    packed = bytearray(truths.buffers()[1].to_pybytes()[: (count + 7) // 8])
    if count % 8:
        packed[-1] &= (1 << count % 8) - 1
    return pa.py_buffer(bytes(packed))


def _built(column: Any) -> Any:
    """Build a column anew from its values, which leaves nothing of what was in memory."""
    try:
        return pa.array(column.to_pylist(), column.type)
    except (pa.ArrowException, ValueError, OverflowError):
        # A moment that Python has no value for; such a column stays as the engine gave it.
        return column
