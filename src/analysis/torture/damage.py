"""Bytes flipped, inserted, taken out, doubled and cut off, as transfers, editors and bad disks do it."""

import random

_PIECES = (
    b'"', b",", b"\n", b"\r", b"\0", b"\xff", b"{", b"}", b"[", b"=", b"'", b"\xc3", b"\\", b"\xef\xbb\xbf", b"\x1a", b";", b"\t",
    b"nan", b"2020-13-45", b"[[files]]\n", b"\xed\xa0\x80", b"<", b">", b"&", b"/",
)  # fmt: skip


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Return content with one to four pieces of damage."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at, act = chance.randrange(len(data) + 1), chance.random()
        if act < 0.4:
            data[at : at + 1] = bytes([chance.randrange(256)])
        elif act < 0.7:
            data[at:at] = chance.choice(_PIECES) * chance.choice((1, 1, 1, 30))
        elif act < 0.85:
            del data[at : at + chance.randint(1, 20)]
        elif act < 0.95:
            data[at:at] = data[at : at + chance.randint(1, 40)]
        else:
            del data[at:]
    return bytes(data)
