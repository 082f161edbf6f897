#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Writes powers_of_ten.c: 10^q for q in -342..324 as the upper 128 bits of its binary expansion, normalised.

q < 0: the expansion is infinite, and the table holds it rounded up; q >= 0: cut off (exact up to 55). This is what
Lemire, "Number parsing at a gigabyte per second" (2021), section 5, asks for; Giulietti's "The Schubfach way to render
doubles" wants all of them rounded up, which its user does by adding one above 55.
"""

import sys

FIRST, LAST = -342, 324


def upper_bits(q):
    power = 5 ** abs(q)
    if q >= 0:
        shift = power.bit_length() - 128
        return power >> shift if shift >= 0 else power << -shift
    quotient = (1 << (power.bit_length() + 127)) // power
    if quotient.bit_length() > 128:
        quotient >>= 1
    return quotient + 1


with open(sys.argv[1], "w", encoding="ascii") as file:
    file.write('#include "runtime/json/powers_of_ten.h"\n\n')
    file.write(f"const PowerOfTen POWERS_OF_TEN[{LAST - FIRST + 1}] = {{\n")
    for q in range(FIRST, LAST + 1):
        bits = upper_bits(q)
        assert bits.bit_length() == 128
        file.write(f"    {{ UINT64_C({bits >> 64:#018x}), UINT64_C({bits & (1 << 64) - 1:#018x}) }}, /* {q} */\n")
    file.write("};\n")
