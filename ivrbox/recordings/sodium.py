"""ChaCha20-Poly1305 (RFC 8439) from libsodium, in place: memory in, memory out, the key never leaves its page.

The usual Python libraries take the key as `bytes`, or keep an expanded copy on the heap, where it can be neither
locked nor wiped. libsodium's functions take addresses and clear what they put on the stack.
"""

from __future__ import annotations

import ctypes
from functools import cache

from ivrbox.errors import SealError

KEY_BYTES = 32
TAG_BYTES = 16
_NONCE_BYTES = 12
_NAMES = ("libsodium.so.23", "libsodium.so.26", "libsodium.so", "libsodium.dylib")


def load() -> None:
    """Load the library now rather than in a call.

    Raises:
        SealError: libsodium is not installed.
    """
    _library()


@cache
def _library() -> ctypes.CDLL:
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        if library.sodium_init() >= 0:
            return _declared(library)
    raise SealError("recording needs libsodium, which is not there: install the package libsodium23")


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, length = ctypes.c_void_p, ctypes.c_ulonglong
    library.randombytes_buf.argtypes = [pointer, ctypes.c_size_t]
    library.randombytes_buf.restype = None
    span = pointer, length
    encrypt = pointer, pointer, *span, *span, pointer, pointer, pointer
    decrypt = pointer, pointer, pointer, *span, *span, pointer, pointer
    library.crypto_aead_chacha20poly1305_ietf_encrypt.argtypes = encrypt
    library.crypto_aead_chacha20poly1305_ietf_decrypt.argtypes = decrypt
    return library


def make_key(address: int) -> None:
    """Fill the 32 bytes at `address` with a new random key."""
    _library().randombytes_buf(address, KEY_BYTES)


def seal(key: int, number: int, clear: int, size: int, out: int) -> None:
    """Seal `size` bytes at `clear` into size + 16 bytes at `out`. A number is used once under a key."""
    nonce = number.to_bytes(_NONCE_BYTES, "little")
    _library().crypto_aead_chacha20poly1305_ietf_encrypt(out, None, clear, size, None, 0, None, nonce, key)


def unseal(key: int, number: int, sealed: int, size: int, out: int) -> None:
    """Open `size` bytes at `sealed` (tag included) into size - 16 bytes at `out`.

    Raises:
        SealError: the bytes are not what was sealed under this key and number.
    """
    nonce = number.to_bytes(_NONCE_BYTES, "little")
    if _library().crypto_aead_chacha20poly1305_ietf_decrypt(out, None, None, sealed, size, None, 0, nonce, key):
        raise SealError(f"recording: chunk {number} does not open: it was changed, or its key is gone")
