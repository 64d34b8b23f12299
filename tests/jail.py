"""Says whether this machine has a jail, so that a test that needs one skips with its reason."""

from __future__ import annotations

import shutil

import pytest

needs_jail = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed (apt-get install bubblewrap)"
)
