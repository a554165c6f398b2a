from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrbox.errors import SealError
from ivrbox.recordings import sodium


def sealed(clear: bytes, key: bytes, number: int) -> bytes:
    source, secret = np.frombuffer(clear, np.uint8), np.frombuffer(key, np.uint8)
    out = np.zeros(len(clear) + sodium.TAG_BYTES, np.uint8)
    sodium.seal(secret.ctypes.data, number, source.ctypes.data, len(clear), out.ctypes.data)
    return out.tobytes()


def opened(text: bytes, key: bytes, number: int) -> bytes:
    source, secret = np.frombuffer(text, np.uint8), np.frombuffer(key, np.uint8)
    out = np.zeros(len(text), np.uint8)
    sodium.unseal(secret.ctypes.data, number, source.ctypes.data, len(text), out.ctypes.data)
    return out[: len(text) - sodium.TAG_BYTES].tobytes()


@settings(max_examples=25)
@given(st.binary(max_size=700), st.binary(min_size=32, max_size=32), st.integers(0, 2**40))
def test_what_was_sealed_opens_and_only_unchanged(clear: bytes, key: bytes, number: int) -> None:
    text = sealed(clear, key, number)
    assert opened(text, key, number) == clear
    with pytest.raises(SealError, match="does not open"):
        opened(text[:-1] + bytes([text[-1] ^ 1]), key, number)
    with pytest.raises(SealError, match=f"chunk {number + 1}"):
        opened(text, key, number + 1)


def test_keys_differ() -> None:
    made = np.zeros((2, 32), np.uint8)
    for key in made:
        sodium.make_key(key.ctypes.data)
    assert made.any(axis=1).all()
    assert (made[0] != made[1]).any()


def test_a_missing_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(name)

    sodium._library.cache_clear()
    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(SealError, match="install the package libsodium23"):
        sodium.load()
    monkeypatch.undo()
    sodium.load()
