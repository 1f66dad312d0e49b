// What every kernel here shares: storage types and their wide arithmetic, packs of 16 bytes, sums
// over a warp or a block. It needs no header of the toolkit, so that a kernel compiles in a tenth
// of a second. Every size comes as `int64` and every number as `double`, as `program.py` packs them.
#pragma once

#ifdef TENGEN_EMULATED
#include "emulated.h"
#else
#define SHARED(T, name, count) __shared__ T name[count]
#define TABLE const __grid_constant__ Table // read where the launch put it, without a copy
#endif
#define KERNEL extern "C" __global__ void
#define INLINE __device__ __forceinline__

typedef long long int64;
typedef unsigned int uint32;
typedef unsigned long long uint64;
typedef unsigned char byte;

#define WHOLE_WARP 0xffffffffu

struct half {
    unsigned short bits;
};

struct bfloat16 {
    unsigned short bits;
};

// The type in which values of a storage type are computed.
template <typename T> struct Wide {
    typedef float type;
};
template <> struct Wide<double> {
    typedef double type;
};

INLINE float wide(float x) { return x; }
INLINE double wide(double x) { return x; }
INLINE float wide(bfloat16 x) { return __uint_as_float((uint32)x.bits << 16); }

#ifdef TENGEN_EMULATED
INLINE float wide(half x) { return half_value(x.bits); }
#else
INLINE float wide(half x) {
    float made;
    asm("cvt.f32.f16 %0, %1;" : "=f"(made) : "h"(x.bits));
    return made;
}

INLINE unsigned short half_bits(float x) {
    unsigned short made;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(made) : "f"(x));
    return made;
}

INLINE unsigned short bfloat16_bits(float x) {
    unsigned short made;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(made) : "f"(x));
    return made;
}
#endif

template <typename T> INLINE T narrow(typename Wide<T>::type x) { return x; }
template <> INLINE half narrow<half>(float x) { return {half_bits(x)}; }
template <> INLINE bfloat16 narrow<bfloat16>(float x) { return {bfloat16_bits(x)}; }

// Several elements that are read or written by one instruction; 16 bytes is the widest there is.
template <typename T, int N> struct alignas(sizeof(T) * N) Pack {
    T at[N];
};

template <typename T, int N> INLINE Pack<T, N> read(const T* from) {
    return *reinterpret_cast<const Pack<T, N>*>(from);
}

template <typename T, int N> INLINE void write(T* to, const Pack<T, N>& pack) {
    *reinterpret_cast<Pack<T, N>*>(to) = pack;
}

// Whether a pointer, or all of several, may be read in packs of `bytes`. Null pointers may.
INLINE bool aligned(int bytes, const void* a) { return ((uint64)a & (bytes - 1)) == 0; }
INLINE bool aligned(int bytes, const void* a, const void* b) {
    return (((uint64)a | (uint64)b) & (bytes - 1)) == 0;
}
INLINE bool aligned(int bytes, const void* a, const void* b, const void* c) {
    return (((uint64)a | (uint64)b | (uint64)c) & (bytes - 1)) == 0;
}

INLINE float square_root(float x) { return sqrtf(x); }
INLINE double square_root(double x) { return sqrt(x); }
INLINE float exponential(float x) { return expf(x); }
INLINE double exponential(double x) { return exp(x); }
INLINE float logarithm(float x) { return logf(x); }
INLINE double logarithm(double x) { return log(x); }
template <typename A> INLINE A lowest();
template <> INLINE float lowest<float>() { return __uint_as_float(0xff800000u); }
template <> INLINE double lowest<double>() { return -__longlong_as_double(0x7ff0000000000000ll); }

// The larger of two, or NaN where one is NaN, as NumPy's maximum.
template <typename A> INLINE A larger(A a, A b) { return a != a || a > b ? a : b; }
template <typename A> INLINE A smaller(A a, A b) { return a != a || a < b ? a : b; }

struct Sum {
    template <typename A> static INLINE A start() { return A(0); }
    template <typename A> static INLINE A join(A a, A b) { return a + b; }
};

struct Largest {
    template <typename A> static INLINE A start() { return lowest<A>(); }
    template <typename A> static INLINE A join(A a, A b) { return larger(a, b); }
};

// Every lane gets the combination of all lanes; the order is the same in every run.
template <typename F, typename A> INLINE A over_warp(A value) {
    for (int step = 16; step; step >>= 1)
        value = F::join(value, __shfl_xor_sync(WHOLE_WARP, value, step));
    return value;
}

// Every thread of the block gets the combination of all. The block is whole warps; every thread
// calls it, the same number of times.
template <typename F, typename A> INLINE A over_block(A value) {
    SHARED(A, parts, 32);
    int warps = (blockDim.x + 31) / 32, lane = threadIdx.x % 32;
    value = over_warp<F>(value);
    __syncthreads(); // the parts of an earlier call have been read
    if (lane == 0) parts[threadIdx.x / 32] = value;
    __syncthreads();
    value = lane < warps ? parts[lane] : F::template start<A>();
    return over_warp<F>(value);
}

// The combination over a row's threads: a block, or a warp where a block holds several rows.
template <typename F, bool BLOCK, typename A> INLINE A over_row(A value) {
    return BLOCK ? over_block<F>(value) : over_warp<F>(value);
}

// N elements in one piece if `fits`, else one by one.
template <typename T, int N> INLINE Pack<T, N> read_if(bool fits, const T* from) {
    if (fits) return read<T, N>(from);
    Pack<T, N> made;
    for (int i = 0; i < N; i++) made.at[i] = from[i];
    return made;
}

template <typename T, int N> INLINE void write_if(bool fits, T* to, const Pack<T, N>& pack) {
    if (fits) {
        write(to, pack);
        return;
    }
    for (int i = 0; i < N; i++) to[i] = pack.at[i];
}

INLINE float fused(float a, float b, float c) { return fmaf(a, b, c); }
INLINE double fused(double a, double b, double c) { return fma(a, b, c); }
