// How blocks walk through the channels of an image: (N, C, S), or with LAST (N, S, C).
//
// A thread keeps its channels from first to last, so that their numbers stay in registers. Plain
// memory: a block has one channel and a piece of the positions, in packs of V along them.
// Channels-last: a thread has V neighbouring channels and every blockDim.y-th position of a piece;
// the host makes blockDim.x a power of two that the channels fill.
//
// Definitions: TYPE; LAST; VECTOR, elements of a pack.
#pragma once
#include "device.cuh"

typedef TYPE T;
constexpr int V = VECTOR;
typedef Wide<T>::type A;
constexpr int K = LAST ? V : 1; // channels of a thread
#define CHANNEL(i) (LAST ? i : 0)

struct Walk {
    int64 channel, channels, from, to, step, inner;
    bool mine;

    INLINE Walk(int64 images, int64 count, int64 size, int64 pieces) {
        int64 positions = images * size, each = (positions + pieces - 1) / pieces;
        channels = count;
        inner = size;
        if (LAST) {
            channel = ((int64)blockIdx.x * blockDim.x + threadIdx.x) * V;
            from = blockIdx.y * each + threadIdx.y;
            step = blockDim.y;
        } else {
            each = (each + V - 1) / V * V;
            channel = blockIdx.x;
            from = blockIdx.y * each + (int64)threadIdx.x * V;
            step = (int64)blockDim.x * V;
        }
        to = (blockIdx.y + 1) * each < positions ? (blockIdx.y + 1) * each : positions;
        mine = channel < channels;
    }

    // Calls f(place) for each of this thread's packs.
    template <typename F> INLINE void each(F f) const {
        if (!mine) return;
        for (int64 p = from; p < to; p += step)
            f(LAST ? p * channels + channel : (p / inner * channels + channel) * inner + p % inner);
    }
};

INLINE bool fits(const void* a) { return aligned(sizeof(T) * V, a); }

// A sum over all threads that have the same channels; right in the threads that `leads` says.
INLINE bool leads() { return LAST ? threadIdx.y == 0 : threadIdx.x == 0; }

template <int M> INLINE void add_up(A (&value)[M]) {
    if (!LAST) {
        for (int i = 0; i < M; i++) value[i] = over_block<Sum>(value[i]);
        return;
    }
    SHARED(A, sums, 256);
    for (int i = 0; i < M; i++) {
        __syncthreads();
        sums[threadIdx.y * blockDim.x + threadIdx.x] = value[i];
        __syncthreads();
        if (threadIdx.y == 0) {
            A total = 0;
            for (int line = 0; line < blockDim.y; line++) total += sums[line * blockDim.x + threadIdx.x];
            value[i] = total;
        }
    }
}

enum Activation { NONE, RELU, RELU6 };

template <int HOW> INLINE A activated(A x) {
    if (HOW == RELU) return larger(x, A(0));
    return HOW == RELU6 ? smaller(larger(x, A(0)), A(6)) : x;
}

// Whether the gradient passes where the activation gave y.
template <int HOW> INLINE bool open(A y) {
    return HOW == NONE || (y > A(0) && (HOW == RELU || y < A(6)));
}

// The normalised value as it is stored. Forward and backward share this text, rounding for
// rounding, so that the mask that the gradient works out is the activation's own.
INLINE T normalised(A x, A mean, A scale, A bias) {
    return narrow<T>(fused(x - mean, scale, bias));
}
