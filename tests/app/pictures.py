"""Pictures that the tests of the program make: small ones, and large ones in files that are small."""

import struct
import zlib

GREY = bytes([90, 120, 100])


def ppm(file, width=320, height=320):
    file.write_bytes(b"P6\n%d %d\n255\n" % (width, height) + GREY * (width * height))
    return file


def png(file, width, height):
    """Of 8 bits a channel, black, written without the pixels in memory."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * width)
    packed = b"".join([*(packer.compress(row) for _ in range(height)), packer.flush()])
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b""))
    return file
