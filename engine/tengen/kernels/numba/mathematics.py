"""Transcendental functions over vectors, for generated kernels.

float32 uses short polynomials (fitted by weighted least squares to near-minimax) and stays within a
few units in the last place; float64 calls the C library lane by lane. Infinities, NaN and arguments
out of range give what the C library gives. Imported by generated kernels only.
"""

from numba import types
from numba.extending import overload

from .simd import (
    Vec,
    absolute,
    each_lane,
    exponent_of,
    mantissa_of,
    nearest,
    power_of_two,
    select,
    with_sign,
)

_LN2_HIGH = 0.693359375  # ln 2 with few bits, so that multiples of it are exact
_LN2_LOW = -2.12194440e-4
_INFINITY = float("inf")
_NAN = float("nan")


def exp(x):
    """e ** x."""
    raise TypeError("only for compiled kernels")


def expm1(x):
    """e ** x - 1, exact near zero."""
    raise TypeError("only for compiled kernels")


def log(x):
    """The natural logarithm."""
    raise TypeError("only for compiled kernels")


def log1p(x):
    """log(1 + x), exact near zero."""
    raise TypeError("only for compiled kernels")


def tanh(x):
    """The hyperbolic tangent."""
    raise TypeError("only for compiled kernels")


def erf(x):
    """The error function."""
    raise TypeError("only for compiled kernels")


_PER_LANE = {
    exp: lambda x: each_lane("exp", x),
    expm1: lambda x: each_lane("expm1", x),
    log: lambda x: each_lane("log", x),
    log1p: lambda x: each_lane("log1p", x),
    tanh: lambda x: each_lane("tanh", x),
    erf: lambda x: each_lane("erf", x),
}


def _implements(function):
    """Makes the decorated body the float32 form of `function`; float64 goes to the C library."""

    def register(body):
        @overload(function, inline="never")
        def choose(x):
            if not isinstance(x, Vec):
                return None
            return body if x.dtype is types.float32 else _PER_LANE[function]

        return body

    return register


@_implements(exp)
def _exp(x):
    low = select(x > -104.0, x, -104.0)  # below lies zero, above 89 infinity; NaN goes to -104
    inside = select(low < 89.0, low, 89.0)
    k = nearest(inside * 1.4426950408889634)
    r = (inside - k * _LN2_HIGH) - k * _LN2_LOW
    p = r * 0.00019907570094801486 + 0.0013933642767369747
    p = p * r + 0.00833328627049923
    p = p * r + 0.04166646674275398
    p = p * r + 0.1666666716337204
    p = p * r + 0.5
    p = p * (r * r) + r + 1.0
    half = nearest(k * 0.5)  # two factors reach subnormal results and overflow to infinity
    return select(x != x, x, p * power_of_two(half) * power_of_two(k - half))


@_implements(expm1)
def _expm1(x):
    p = x * 0.00019907570094801486 + 0.0013933642767369747
    p = p * x + 0.00833328627049923
    p = p * x + 0.04166646674275398
    p = p * x + 0.1666666716337204
    p = p * x + 0.5
    near = p * (x * x) + x
    return select(absolute(x) < 0.34657359, near, exp(x) - 1.0)


@_implements(log)
def _log(x):
    tiny = x < 1.17549435e-38
    normal = select(tiny, x * 8388608.0, x)
    e = exponent_of(normal)
    e = select(tiny, e - 23.0, e)
    m = mantissa_of(normal)
    above = m > 1.41421356
    m = select(above, m * 0.5, m)
    e = select(above, e + 1.0, e)
    f = m - 1.0
    p = f * 0.06917984038591385 - 0.11779666692018509
    p = p * f + 0.1186603531241417
    p = p * f - 0.12385798245668411
    p = p * f + 0.14219918847084045
    p = p * f - 0.16669197380542755
    p = p * f + 0.20002152025699615
    p = p * f - 0.24999986588954926
    p = p * f + 0.3333331048488617
    z = f * f
    y = p * z * f + e * _LN2_LOW - z * 0.5 + f + e * _LN2_HIGH
    y = select(x < _INFINITY, y, x)  # infinity and NaN stay
    y = select(x < 0.0, _NAN, y)
    return select(x == 0.0, -_INFINITY, y)


@_implements(log1p)
def _log1p(x):
    u = x + 1.0
    d = u - 1.0
    near = (u == 1.0) | (u == _INFINITY)
    return select(near, x, log(u) * (x / select(near, 1.0, d)))


@_implements(tanh)
def _tanh(x):
    z = x * x
    p = z * -0.005665325094014406 + 0.020606698468327522
    p = p * z - 0.05373093858361244
    p = p * z + 0.13331353664398193
    p = p * z - 0.3333328068256378
    near = p * z * x + x
    a = absolute(x)
    far = 1.0 - 2.0 / (exp(a + a) + 1.0)
    return select(a < 0.625, near, with_sign(far, x))


@_implements(erf)
def _erf(x):
    z = x * x
    p = z * 7.889119297033176e-05 - 0.0008020841050893068
    p = p * z + 0.005189535208046436
    p = p * z - 0.026854444295167923
    p = p * z + 0.11283600330352783
    p = p * z - 0.3761262595653534
    near = (p * z + 1.1283791065216064) * x
    a = absolute(x)
    b = select(a < 4.0, a, 4.0)
    q = b * -6.625023161177523e-07 - 1.2333958693488967e-05
    q = q * b + 0.00038480726652778685
    q = q * b - 0.004013463389128447
    q = q * b + 0.02481292001903057
    q = q * b - 0.10790584981441498
    q = q * b - 0.6336272358894348
    q = q * b - 1.1293971538543701
    q = q * b + 0.00015338986122515053
    far = select(x != x, x, with_sign(1.0 - exp(q), x))
    return select(a < 1.0, near, far)
