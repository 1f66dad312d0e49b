// The operations of generated kernels that are more than an operator of the language.
#pragma once
#include "device.cuh"

#define ROOT_HALF 0.70710678118654752440
#define ROOT_TWO_PI_INVERSE 0.39894228040143267794
#define TANH_SCALE 0.79788456080286535588
#define TANH_CUBE 0.044715

template <typename A> INLINE A absolute(A x) { return x < A(0) ? A(-x) : x; }
INLINE float absolute(float x) { return fabsf(x); }
INLINE double absolute(double x) { return fabs(x); }
template <typename A> INLINE A sign(A x) { return x != x ? x : A((x > A(0)) - (x < A(0))); }
template <typename A> INLINE A sigmoid(A x) {
    A z = exponential(x < A(0) ? x : -x);
    return (x < A(0) ? z : A(1)) / (A(1) + z);
}
template <typename A> INLINE A sigmoid_backward(A dy, A y) { return dy * y * (A(1) - y); }
template <typename A> INLINE A silu(A x) { return x * sigmoid(x); }
template <typename A> INLINE A silu_backward(A dy, A x) {
    A s = sigmoid(x);
    return dy * s * (A(1) + x * (A(1) - s));
}
INLINE float error_function(float x) { return erff(x); }
INLINE double error_function(double x) { return erf(x); }
INLINE float hyperbolic_tangent(float x) { return tanhf(x); }
INLINE double hyperbolic_tangent(double x) { return tanh(x); }
INLINE float log_one_plus(float x) { return log1pf(x); }
INLINE double log_one_plus(double x) { return log1p(x); }
template <typename A> INLINE A cumulative(A x) {
    return A(0.5) * (A(1) + error_function(x * A(ROOT_HALF)));
}
template <typename A> INLINE A gelu(A x) { return x * cumulative(x); }
template <typename A> INLINE A gelu_backward(A dy, A x) {
    return dy * (cumulative(x) + x * exponential(A(-0.5) * x * x) * A(ROOT_TWO_PI_INVERSE));
}
template <typename A> INLINE A gelu_tanh_of(A x) {
    return hyperbolic_tangent(x * (A(TANH_SCALE) + A(TANH_SCALE * TANH_CUBE) * x * x));
}
template <typename A> INLINE A gelu_tanh(A x) { return A(0.5) * x * (A(1) + gelu_tanh_of(x)); }
template <typename A> INLINE A gelu_tanh_backward(A dy, A x) {
    A t = gelu_tanh_of(x), slope = A(TANH_SCALE) + A(3 * TANH_SCALE * TANH_CUBE) * x * x;
    return dy * (A(0.5) * (A(1) + t) + A(0.5) * x * (A(1) - t * t) * slope);
}
template <typename A> INLINE A softplus_tail(A x) {
    return log_one_plus(exponential(-absolute(x)));
}
template <typename A> INLINE A clipped(A x, A low, A high) { return smaller(larger(x, low), high); }
template <typename A> INLINE A relu(A x) { return larger(x, A(0)); }
template <typename A> INLINE A relu6(A x) { return clipped(x, A(0), A(6)); }
template <typename A> INLINE A hard_sigmoid(A x) { return relu6(x + A(3)) / A(6); }
template <typename A> INLINE A hard_swish(A x) { return x * relu6(x + A(3)) / A(6); }
template <typename A> INLINE A hard_swish_backward(A dy, A x) {
    A inner = x > A(-3) ? dy * (x / A(3) + A(0.5)) : A(0);
    return x >= A(3) ? dy : inner;
}
INLINE float power(float x, float y) { return powf(x, y); }
INLINE double power(double x, double y) { return pow(x, y); }
INLINE float remainder_of(float x, float y) { return fmodf(x, y); }
INLINE double remainder_of(double x, double y) { return fmod(x, y); }
INLINE float whole_below(float x) { return floorf(x); }
INLINE double whole_below(double x) { return floor(x); }

// The remainder with the divisor's sign, and the quotient rounded down, as in Python.
template <typename A> INLINE A modulo(A x, A y) {
    A made = y == A(0) ? A(0) : A(x % y);
    return made != A(0) && (made < A(0)) != (y < A(0)) ? A(made + y) : made;
}
template <typename A> INLINE A float_modulo(A x, A y) {
    A made = remainder_of(x, y);
    if (made != A(0)) return (y < A(0)) != (made < A(0)) ? made + y : made;
    return y < A(0) ? A(-0.0) : A(0);
}
template <> INLINE float modulo<float>(float x, float y) { return float_modulo(x, y); }
template <> INLINE double modulo<double>(double x, double y) { return float_modulo(x, y); }
template <typename A> INLINE A quotient_below(A x, A y) {
    if (y == A(0)) return A(0);
    A made = x / y;
    return x % y != A(0) && (x < A(0)) != (y < A(0)) ? A(made - A(1)) : made;
}
template <typename A> INLINE A float_quotient_below(A x, A y) {
    if (y == A(0)) return x / y;
    A made = (x - float_modulo(x, y)) / y, whole = whole_below(made);
    return made - whole > A(0.5) ? whole + A(1) : whole;
}
template <> INLINE float quotient_below<float>(float x, float y) {
    return float_quotient_below(x, y);
}
template <> INLINE double quotient_below<double>(double x, double y) {
    return float_quotient_below(x, y);
}
template <typename A> INLINE A shift_left(A x, A by) {
    return by >= A(0) && by < A(8 * sizeof(A)) ? A(x << by) : A(0);
}
template <typename A> INLINE A shift_right(A x, A by) {
    return by >= A(0) && by < A(8 * sizeof(A)) ? A(x >> by) : x < A(0) ? A(-1) : A(0);
}
template <typename A> INLINE A log_add_exp(A x, A y) {
    if (x == y) return x + A(0.69314718055994530942);
    A gap = x - y;
    return gap > A(0) ? x + log_one_plus(exponential(-gap))
         : gap <= A(0) ? y + log_one_plus(exponential(gap)) : gap;
}

// How an operand smaller than the result lies over it: element i meets (i / inner) % count.
enum Lie { FULL, NUMBER, SPREAD, ALONG, ANYHOW };

// N neighbouring elements of an operand, from the result's element `at` on. SPREAD promises that
// they are one, ALONG that they are neighbours in the operand too.
template <typename T, int N, int LIE, typename Index>
INLINE Pack<T, N> operand(const T* from, Index at, Index inner, Index count) {
    Pack<T, N> made;
    if (LIE == FULL) return read<T, N>(from + at);
    if (LIE == ALONG && N > 1) return read<T, N>(from + at % count);
    if (LIE == NUMBER || LIE == SPREAD) {
        T one = from[LIE == NUMBER ? Index(0) : at / inner % count];
        for (int i = 0; i < N; i++) made.at[i] = one;
        return made;
    }
    for (int i = 0; i < N; i++) made.at[i] = from[(at + i) / inner % count];
    return made;
}
