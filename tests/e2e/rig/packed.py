"""Bodies in each content coding: whole, and bombs."""

import gzip
import zlib

import brotli

MIB = 1024 * 1024


def deflated(body):
    return zlib.compress(body)


def raw_deflated(body):
    packer = zlib.compressobj(9, wbits=-15)
    return packer.compress(body) + packer.flush()


def zstd_frame(*blocks, window_bits=20):
    """RFC 8878: a frame that says its window and no size. A block is bytes as they are, or (byte, times)."""
    frame = b"\x28\xb5\x2f\xfd\x00" + bytes([(window_bits - 10) << 3])
    for number, block in enumerate(blocks):
        is_run = isinstance(block, tuple)
        size = block[1] if is_run else len(block)
        head = size << 3 | (1 if is_run else 0) << 1 | (number == len(blocks) - 1)
        frame += head.to_bytes(3, "little") + (block[0] if is_run else block)
    return frame


def zstd(body):
    pieces = [body[start:start + 128 * 1024] for start in range(0, len(body), 128 * 1024)]
    return zstd_frame(*(pieces or [b""]))


# The name in Content-Encoding, and what packs.
PACKERS = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", deflated),
    "raw": ("deflate", raw_deflated),
    "br": ("br", lambda body: brotli.compress(body, quality=5)),
    "zstd": ("zstd", zstd),
}


def gzip_bomb(size):
    """1 to 1000. The same zeros again and again, each time packed on their own; its end is not of interest."""
    packer = zlib.compressobj(9, wbits=-15)
    piece = packer.compress(bytes(16 * MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + piece * max(1, size // (16 * MIB))


def double_gzip_bomb(size):
    """1 to 500,000 and more."""
    return gzip.compress(gzip_bomb(size), 9)


def brotli_bomb(size):
    packer = brotli.Compressor(quality=5, lgwin=24)
    return b"".join(packer.process(bytes(MIB)) for _ in range(size // MIB)) + packer.finish()


def zstd_bomb(size):
    """1 to 32,000: runs of 128 KiB in four bytes each."""
    return zstd_frame(*[(b"\0", 128 * 1024)] * (size // (128 * 1024)), window_bits=23)
