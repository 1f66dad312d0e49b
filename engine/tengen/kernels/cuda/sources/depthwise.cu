// Depthwise convolution and its gradients: one filter a channel, plain or channels-last.
//
// Channels-last, a thread has V neighbouring channels (16 bytes) and TILE results next to each
// other in a row. With STEP (a stride of 1 or 2, no dilation, a kernel of up to 7) an input pack is
// read once for all of them and a row of the filter stays in registers: 6 reads instead of 12 for
// 3 x 3. Others, such as 31 x 31, read again from L1, without unrolling, which would spill.
// Filters come as (taps, channels), turned by `arrange`, so that their packs lie together too.
//
// Definitions: TYPE; LAST; VECTOR; TILE; KERNEL_H, KERNEL_W; STEP, or 0; OP.
#include "device.cuh"

#define FORWARD 1
#define BACKWARD_DATA 2
#define BACKWARD_WEIGHT 3

typedef TYPE T;
typedef Wide<T>::type A;
constexpr int V = VECTOR, TAPS = KERNEL_H * KERNEL_W;

struct Geometry {
    int images, channels, height, width, rows, columns; // of the data, then of the results
    int stride_h, stride_w, padding_h, padding_w, dilation_h, dilation_w;
};

INLINE int64 place(const Geometry& g, int64 n, int c, int h, int w, int height, int width) {
    return LAST ? ((n * height + h) * width + w) * g.channels + c
                : ((n * g.channels + c) * height + h) * width + w;
}

// (channels, taps) to (taps, channels).
KERNEL arrange(const T* weight, T* turned, int64 channels) {
    int64 i = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < channels * TAPS) turned[i % TAPS * channels + i / TAPS] = weight[i];
}

// This thread's image, channels, row, and first column of `each` neighbours.
struct Place {
    int64 n;
    int c, h, w;
    bool inside;

    INLINE Place(const Geometry& g, int height, int width, int each) {
        int64 number = (int64)blockIdx.x * blockDim.x + threadIdx.x;
        int packs = g.channels / V, tiles = (width + each - 1) / each;
        if (LAST) {
            c = number % packs * V;
            number /= packs;
        }
        w = number % tiles * each;
        number /= tiles;
        h = number % height;
        number /= height;
        if (!LAST) {
            c = number % g.channels;
            number /= g.channels;
        }
        n = number;
        inside = n < g.images;
    }
};

template <int N>
INLINE void add_product(A (&sum)[N], const Pack<T, N>& x, const Pack<T, N>& filter) {
#pragma unroll
    for (int i = 0; i < N; i++) sum[i] += wide(x.at[i]) * wide(filter.at[i]);
}

#if OP == FORWARD
KERNEL __launch_bounds__(128) run(const T* x, const T* turned, T* y, Geometry g) {
    Place at(g, g.rows, g.columns, TILE);
    if (!at.inside) return;
    bool whole = aligned(V * sizeof(T), x, turned, y);
    A sum[TILE][V];
#pragma unroll
    for (int t = 0; t < TILE; t++)
#pragma unroll
        for (int i = 0; i < V; i++) sum[t][i] = 0;
    int left = at.w * g.stride_w - g.padding_w;
    for (int kh = 0; kh < KERNEL_H; kh++) {
        int h = at.h * g.stride_h - g.padding_h + kh * g.dilation_h;
        if (h < 0 || h >= g.height) continue;
        const T* taps = turned + (int64)kh * KERNEL_W * g.channels + at.c;
#if STEP
        Pack<T, V> filter[KERNEL_W];
#pragma unroll
        for (int kw = 0; kw < KERNEL_W; kw++)
            filter[kw] = read_if<T, V>(whole, taps + (int64)kw * g.channels);
#pragma unroll
        for (int s = 0; s < (TILE - 1) * STEP + KERNEL_W; s++) {
            if (left + s < 0 || left + s >= g.width) continue;
            Pack<T, V> pack =
                read_if<T, V>(whole, x + place(g, at.n, at.c, h, left + s, g.height, g.width));
#pragma unroll
            for (int t = 0; t < TILE; t++) {
                int kw = s - t * STEP;
                if (kw >= 0 && kw < KERNEL_W) add_product(sum[t], pack, filter[kw]);
            }
        }
#else
        for (int kw = 0; kw < KERNEL_W; kw++) {
            Pack<T, V> filter = read_if<T, V>(whole, taps + (int64)kw * g.channels);
#pragma unroll
            for (int t = 0; t < TILE; t++) {
                int w = left + kw * g.dilation_w + t * g.stride_w;
                if (w < 0 || w >= g.width) continue;
                Pack<T, V> pack =
                    read_if<T, V>(whole, x + place(g, at.n, at.c, h, w, g.height, g.width));
                add_product(sum[t], pack, filter);
            }
        }
#endif
    }
#pragma unroll
    for (int t = 0; t < TILE; t++) {
        if (at.w + t >= g.columns) break;
        Pack<T, V> made;
        for (int i = 0; i < V; i++) made.at[i] = narrow<T>(sum[t][i]);
        write_if(whole, y + place(g, at.n, at.c, at.h, at.w + t, g.rows, g.columns), made);
    }
}

#elif OP == BACKWARD_DATA
// Each element gathers from the results that it went into: no atomics.
KERNEL __launch_bounds__(128) run(const T* dy, const T* turned, T* dx, Geometry g) {
    Place at(g, g.height, g.width, 1);
    if (!at.inside) return;
    bool whole = aligned(V * sizeof(T), dy, turned, dx);
    A sum[V];
#pragma unroll
    for (int i = 0; i < V; i++) sum[i] = 0;
    for (int kh = 0; kh < KERNEL_H; kh++) {
        int row = at.h + g.padding_h - kh * g.dilation_h;
        if (row < 0 || row % g.stride_h || row / g.stride_h >= g.rows) continue;
        for (int kw = 0; kw < KERNEL_W; kw++) {
            int column = at.w + g.padding_w - kw * g.dilation_w;
            if (column < 0 || column % g.stride_w || column / g.stride_w >= g.columns) continue;
            Pack<T, V> filter =
                read_if<T, V>(whole, turned + (int64)(kh * KERNEL_W + kw) * g.channels + at.c);
            int64 from = place(g, at.n, at.c, row / g.stride_h, column / g.stride_w, g.rows, g.columns);
            Pack<T, V> pack = read_if<T, V>(whole, dy + from);
            add_product(sum, pack, filter);
        }
    }
    Pack<T, V> made;
    for (int i = 0; i < V; i++) made.at[i] = narrow<T>(sum[i]);
    write_if(whole, dx + place(g, at.n, at.c, at.h, at.w, g.height, g.width), made);
}

#elif OP == BACKWARD_WEIGHT
// A block takes one row of the filters of its channels, over a piece of the results' rows: each
// thread keeps KERNEL_W sums for its V channels. parts is (pieces, taps, channels).
//
// Channels-last, 32 lanes have neighbouring channels and 8 lines take columns in turn; plain, a
// block has one channel and 256 columns.
KERNEL __launch_bounds__(256) run(const T* x, const T* dy, A* parts, Geometry g, int64 pieces) {
    SHARED(A, sums, 256);
    int lane = LAST ? threadIdx.x % 32 : 0, line = LAST ? threadIdx.x / 32 : threadIdx.x;
    int lines = LAST ? 8 : 256, lanes = LAST ? 32 : 1;
    int c = LAST ? (blockIdx.x * 32 + lane) * V : blockIdx.x, kh = blockIdx.z;
    bool mine = c < g.channels, whole = aligned(V * sizeof(T), x, dy);
    int64 total = (int64)g.images * g.rows, each = (total + pieces - 1) / pieces;
    int64 from = blockIdx.y * each, to = from + each < total ? from + each : total;
    A sum[KERNEL_W][V];
#pragma unroll
    for (int kw = 0; kw < KERNEL_W; kw++)
#pragma unroll
        for (int i = 0; i < V; i++) sum[kw][i] = 0;
    // positions (row, column) of the piece, `lines` apart
    for (int64 p = from * g.columns + line; mine && p < to * g.columns; p += lines) {
        int64 turn = p / g.columns;
        int column = p % g.columns, row = turn % g.rows;
        int64 n = turn / g.rows;
        int h = row * g.stride_h - g.padding_h + kh * g.dilation_h;
        if (h < 0 || h >= g.height) continue;
        Pack<T, V> given = read_if<T, V>(whole, dy + place(g, n, c, row, column, g.rows, g.columns));
#pragma unroll
        for (int kw = 0; kw < KERNEL_W; kw++) {
            int w = column * g.stride_w - g.padding_w + kw * g.dilation_w;
            if (w < 0 || w >= g.width) continue;
            Pack<T, V> pack = read_if<T, V>(whole, x + place(g, n, c, h, w, g.height, g.width));
            add_product(sum[kw], pack, given);
        }
    }
#pragma unroll
    for (int kw = 0; kw < KERNEL_W; kw++)
#pragma unroll
        for (int i = 0; i < V; i++) {
            A all = sum[kw][i];
            if (LAST) {
                __syncthreads();
                sums[threadIdx.x] = all;
                __syncthreads();
                all = 0;
                if (line == 0)
                    for (int other = 0; other < 8; other++) all += sums[other * lanes + lane];
            } else {
                all = over_block<Sum>(all);
            }
            int64 tap = kh * KERNEL_W + kw;
            if (line == 0 && mine)
                parts[((int64)blockIdx.y * TAPS + tap) * g.channels + c + i] = all;
        }
}

KERNEL finish(const A* parts, T* dweight, int64 channels, int64 pieces) {
    int64 i = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= channels * TAPS) return;
    A sum = 0;
    for (int64 piece = 0; piece < pieces; piece++) sum += parts[piece * TAPS * channels + i];
    dweight[i % channels * TAPS + i / channels] = narrow<T>(sum);
}
#endif
