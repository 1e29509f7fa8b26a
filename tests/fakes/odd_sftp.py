#!/usr/bin/env python3
"""An SFTP server without files that answers, to "remove", what nobody asked, and nothing at all about "silent"."""
import struct
import sys

INIT, VERSION, OPEN, LSTAT, FSTAT, REMOVE, STATUS, HANDLE, ATTRS = 1, 2, 3, 7, 8, 13, 101, 102, 105


def text(value):
    return struct.pack(">I", len(value)) + value


def answer(kind, request):
    if kind == INIT:
        return bytes([VERSION]) + struct.pack(">I", 3)
    if kind == OPEN:
        return bytes([HANDLE]) + request + text(b"handle")
    if kind in (LSTAT, FSTAT, REMOVE):
        # An empty file: size and permissions.
        return bytes([ATTRS]) + request + struct.pack(">IQI", 0x5, 0, 0o100600)
    return bytes([STATUS]) + request + struct.pack(">I", 0) + text(b"") + text(b"")


def main():
    heard, said = sys.stdin.buffer, sys.stdout.buffer
    while True:
        length = heard.read(4)
        if len(length) < 4:
            return
        packet = heard.read(struct.unpack(">I", length)[0])
        if packet.endswith(b"/silent"):
            continue
        said.write(text(answer(packet[0], packet[1:5])))
        said.flush()


main()
