"""Norm files, and SAS transport files, made for tests."""

from __future__ import annotations

import math
import struct

from spinegrade.norms.files import read_norm

HEADER = """\
# format = "spinegrade-norm/1"
# id = "made"
# revision = 2
# form = "{form}"
# title = "Made for a test"
# citation = "nobody"
# licence = "none"
"""

MEAN_SD = "measure,level,sex,age_from,age_to,mean,sd\n"
LMS = "measure,level,sex,age,l,m,s\n"


def norm_text(rows, form="mean-sd", columns=None):
    """Return the text of a norm with these rows."""
    head = columns or {"mean-sd": MEAN_SD, "lms": LMS}[form]
    return HEADER.format(form=form) + head + "".join(f"{row}\n" for row in rows)


def norm(rows, form="mean-sd", columns=None):
    """Return the norm with these rows."""
    return read_norm(norm_text(rows, form, columns).encode(), "made.csv")


def ibm(number):
    """Return a number as the 8 bytes of an IBM double, which transport files hold; NaN is their missing."""
    if math.isnan(number):
        return b"." + bytes(7)
    if number == 0:
        return bytes(8)
    sign = 0x80 if number < 0 else 0
    fraction, power = math.frexp(abs(number))
    exponent = -(-power // 4)
    fraction *= 2.0 ** (power - 4 * exponent)
    return bytes([sign | (exponent + 64)]) + int(fraction * 2**56).to_bytes(7, "big")


def write_xpt(path, columns):
    """Write a SAS transport file (version 5) of numbers, by its published layout."""

    def padded(content):
        return content + b" " * (-len(content) % 80)

    def header(name, tail="0" * 30):
        return f"HEADER RECORD*******{name:<8}HEADER RECORD!!!!!!!{tail}  ".encode()

    stamp = b"01JAN24:00:00:00"
    members = header("MEMBER", "000000000000000001600000000140")
    names = b"".join(
        struct.pack(">hhhh8s40s8shhh2s8shhl52s", 1, 0, 8, place + 1, name.encode().ljust(8), b" " * 40,
                    b" " * 8, 0, 0, 0, b"  ", b" " * 8, 0, 0, 8 * place, b"\0" * 52)
        for place, name in enumerate(columns)
    )  # fmt: skip
    content = header("LIBRARY") + b"SAS     SAS     SASLIB  9.1     ".ljust(64) + stamp + stamp.ljust(80)
    content += members + header("DSCRPTR")
    content += b"SAS     DATA    SASDATA 9.1     ".ljust(64) + stamp + (stamp + b" " * 64)
    content += header("NAMESTR", f"000000{len(columns):04d}00000000000000000000") + padded(names)
    rows = zip(*columns.values(), strict=True)
    content += header("OBS") + padded(b"".join(ibm(float(cell)) for row in rows for cell in row))
    path.write_bytes(content)
