"""A disk that remembers: one file of a fixed size over FUSE, every write and flush of it logged in order.

    python fuse_disk.py MOUNTPOINT MEGABYTES LOG

A loop device over MOUNTPOINT/disk then is a block device whose whole life can be replayed to any moment. Speaks the
kernel's protocol itself (linux/fuse.h, version 7.31), as much of it as a loop device asks for. Needs root.

The log is a row of records: kind (W write, F flush), offset and length as u64, then the data.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import sys
from collections.abc import Callable
from pathlib import Path

ROOT, DISK = 1, 2
LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, RELEASE, FSYNC = 1, 2, 3, 4, 14, 15, 16, 18, 20
FLUSH, INIT, OPENDIR, RELEASEDIR, DESTROY, BATCH_FORGET = 25, 26, 27, 29, 38, 42
BIG_WRITES, MAX_PAGES = 1 << 5, 1 << 22
MAX_WRITE = 1 << 20
HEADER = struct.Struct("<IIQQIIIHH")
RECORD = struct.Struct("<cQQ")


Answer = Callable[[int, bytes], bytes | int]


class Disk:
    """Answers the kernel's requests for one mounted file system: with a body, or an errno."""

    def __init__(self, size: int, log: Path) -> None:
        self.content = bytearray(size)
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.answers: dict[int, Answer] = {
            LOOKUP: lambda _, body: self.entry() if body == b"disk\0" else errno.ENOENT,
            GETATTR: lambda node, _: struct.pack("<QII", 3600, 0, 0) + self.attributes(node),
            SETATTR: lambda node, _: struct.pack("<QII", 3600, 0, 0) + self.attributes(node),
            INIT: lambda _, body: self.agree(body),
            OPEN: lambda *_: struct.pack("<QIi", 0, 0, 0),
            OPENDIR: lambda *_: struct.pack("<QIi", 0, 0, 0),
            READ: lambda _, body: self.read(body),
            WRITE: lambda _, body: self.write(body),
            FSYNC: lambda *_: self.flush(),
        } | dict.fromkeys((FLUSH, RELEASE, RELEASEDIR, DESTROY), lambda *_: b"")

    def answer(self, opcode: int, node: int, body: bytes) -> bytes | int:
        return self.answers[opcode](node, body) if opcode in self.answers else errno.ENOSYS

    def agree(self, body: bytes) -> bytes:
        flags = struct.unpack_from("<I", body, 12)[0] & (BIG_WRITES | MAX_PAGES)
        return struct.pack("<IIIIHHIIHHI28x", 7, 31, 1 << 17, flags, 12, 9, MAX_WRITE, 1, MAX_WRITE >> 12, 0, 0)

    def read(self, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        return bytes(self.content[offset : offset + size])

    def write(self, body: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        data = body[40 : 40 + size]
        self.content[offset : offset + size] = data
        os.write(self.log, RECORD.pack(b"W", offset, size) + data)
        return struct.pack("<II", size, 0)

    def flush(self) -> bytes:
        os.write(self.log, RECORD.pack(b"F", 0, 0))
        return b""

    def entry(self) -> bytes:
        return struct.pack("<QQQQII", DISK, 0, 3600, 3600, 0, 0) + self.attributes(DISK)

    def attributes(self, node: int) -> bytes:
        size = len(self.content) if node == DISK else 0
        mode = stat.S_IFREG | 0o600 if node == DISK else stat.S_IFDIR | 0o700
        return struct.pack("<6Q10I", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def serve(device: int, disk: Disk) -> None:
    """Answer until the file system is unmounted."""
    while True:
        try:
            request = os.read(device, MAX_WRITE + 4096)
        except OSError as error:
            if error.errno == errno.ENODEV:
                return
            if error.errno in {errno.EINTR, errno.ENOENT}:
                continue
            raise
        _, opcode, unique, node, *_ = HEADER.unpack_from(request)
        if opcode in {FORGET, BATCH_FORGET}:  # the kernel expects no answer
            continue
        answer = disk.answer(opcode, node, request[HEADER.size :])
        body, code = (b"", -answer) if isinstance(answer, int) else (answer, 0)
        os.write(device, struct.pack("<IiQ", 16 + len(body), code, unique) + body)


def main() -> None:
    mountpoint, megabytes, log = sys.argv[1:]
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"remembering-disk", mountpoint.encode(), b"fuse", 0, options):
        raise OSError(ctypes.get_errno(), "mount of /dev/fuse")
    print("mounted", flush=True)  # noqa: T201 - the test waits for this line
    serve(device, Disk(int(megabytes) << 20, Path(log)))


if __name__ == "__main__":
    main()
