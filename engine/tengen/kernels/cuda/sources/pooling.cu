// Max and average pooling in two dimensions and their gradients, plain or channels-last.
//
// A thread makes V results that are neighbours in memory: channels-last they are channels, and
// every read is a pack. Gradients gather from the windows that hold an element, in a fixed order:
// no atomics, the same bits in every run.
//
// Definitions: TYPE; LAST; VECTOR, which is V; INDEX, the type of an element's number in its window; OP.
#include "device.cuh"

#define MAX_POOL 1
#define MAX_POOL_BACKWARD 2
#define MAX_POOL_TAKE 3
#define AVERAGE_POOL 4
#define AVERAGE_POOL_BACKWARD 5

typedef TYPE T;
constexpr int V = VECTOR;
typedef Wide<T>::type A;

struct Geometry {
    int images, channels, height, width, rows, columns; // of the input, then of the windows
    int kernel_h, kernel_w, stride_h, stride_w, padding_h, padding_w;
    int inclusive; // whether padding counts for the mean
};

// The place of an element of an array (images, channels, h, w).
INLINE int64 place(const Geometry& g, int64 n, int c, int h, int w, int height, int width) {
    return LAST ? ((n * height + h) * width + w) * g.channels + c
                : ((n * g.channels + c) * height + h) * width + w;
}

struct Place {
    int64 n;
    int c, h, w;
    bool inside;

    INLINE Place(const Geometry& g, int height, int width) {
        int64 number = (int64)blockIdx.x * blockDim.x + threadIdx.x;
        int packs = g.channels / V;
        if (LAST) {
            c = number % packs * V;
            number /= packs;
        }
        w = number % width;
        number /= width;
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

// The part of a window that lies within the input: kernel rows and columns [from, to).
struct Inside {
    int top, left, from_h, to_h, from_w, to_w;

    INLINE Inside(const Geometry& g, int row, int column) {
        top = row * g.stride_h - g.padding_h;
        left = column * g.stride_w - g.padding_w;
        from_h = top < 0 ? -top : 0;
        from_w = left < 0 ? -left : 0;
        to_h = g.height - top < g.kernel_h ? g.height - top : g.kernel_h;
        to_w = g.width - left < g.kernel_w ? g.width - left : g.kernel_w;
    }

    INLINE int count(const Geometry& g) const {
        return g.inclusive ? g.kernel_h * g.kernel_w : (to_h - from_h) * (to_w - from_w);
    }
};

// The windows that hold input row (or column) h: [from, to).
INLINE void windows(int h, int kernel, int stride, int padding, int count, int* from, int* to) {
    int reach = h + padding - kernel + 1;
    *from = reach <= 0 ? 0 : (reach + stride - 1) / stride;
    int last = (h + padding) / stride + 1;
    *to = last < count ? last : count;
}

#if OP == MAX_POOL
KERNEL run(const T* x, T* y, INDEX* index, Geometry g) {
    Place at(g, g.rows, g.columns);
    if (!at.inside) return;
    Inside window(g, at.h, at.w);
    bool whole = aligned(V * sizeof(T), x, y);
    A best[V];
    int taken[V];
    for (int i = 0; i < V; i++) taken[i] = -1;
    for (int kh = window.from_h; kh < window.to_h; kh++)
        for (int kw = window.from_w; kw < window.to_w; kw++) {
            int64 from = place(g, at.n, at.c, window.top + kh, window.left + kw, g.height, g.width);
            Pack<T, V> pack = read_if<T, V>(whole, x + from);
            for (int i = 0; i < V; i++) {
                A value = wide(pack.at[i]);
                bool more = taken[i] < 0 || value > best[i] || (value != value && best[i] == best[i]);
                if (more) best[i] = value, taken[i] = kh * g.kernel_w + kw;
            }
        }
    int64 to = place(g, at.n, at.c, at.h, at.w, g.rows, g.columns);
    Pack<T, V> made;
    for (int i = 0; i < V; i++) {
        made.at[i] = narrow<T>(best[i]);
        index[to + i] = (INDEX)taken[i];
    }
    write_if(whole, y + to, made);
}

#elif OP == MAX_POOL_TAKE
KERNEL run(const T* x, const INDEX* index, T* y, Geometry g) {
    Place at(g, g.rows, g.columns);
    if (!at.inside) return;
    int64 to = place(g, at.n, at.c, at.h, at.w, g.rows, g.columns);
    for (int i = 0; i < V; i++) {
        int number = index[to + i];
        int h = at.h * g.stride_h - g.padding_h + number / g.kernel_w;
        int w = at.w * g.stride_w - g.padding_w + number % g.kernel_w;
        bool inside = h >= 0 && h < g.height && w >= 0 && w < g.width;
        y[to + i] = inside ? x[place(g, at.n, at.c + i, h, w, g.height, g.width)] : narrow<T>(A(0));
    }
}

#elif OP == AVERAGE_POOL
KERNEL run(const T* x, T* y, Geometry g) {
    Place at(g, g.rows, g.columns);
    if (!at.inside) return;
    Inside window(g, at.h, at.w);
    bool whole = aligned(V * sizeof(T), x, y);
    A sum[V];
    for (int i = 0; i < V; i++) sum[i] = 0;
    for (int kh = window.from_h; kh < window.to_h; kh++)
        for (int kw = window.from_w; kw < window.to_w; kw++) {
            int64 from = place(g, at.n, at.c, window.top + kh, window.left + kw, g.height, g.width);
            Pack<T, V> pack = read_if<T, V>(whole, x + from);
            for (int i = 0; i < V; i++) sum[i] += wide(pack.at[i]);
        }
    Pack<T, V> made;
    for (int i = 0; i < V; i++) made.at[i] = narrow<T>(sum[i] / A(window.count(g)));
    write_if(whole, y + place(g, at.n, at.c, at.h, at.w, g.rows, g.columns), made);
}

#else
#if OP == MAX_POOL_BACKWARD
KERNEL run(const T* dy, const INDEX* index, T* dx, Geometry g) {
#else
KERNEL run(const T* dy, T* dx, Geometry g) {
#endif
    Place at(g, g.height, g.width);
    if (!at.inside) return;
    bool whole = aligned(V * sizeof(T), dy, dx);
    int top, bottom, left, right;
    windows(at.h, g.kernel_h, g.stride_h, g.padding_h, g.rows, &top, &bottom);
    windows(at.w, g.kernel_w, g.stride_w, g.padding_w, g.columns, &left, &right);
    A sum[V];
    for (int i = 0; i < V; i++) sum[i] = 0;
    for (int row = top; row < bottom; row++)
        for (int column = left; column < right; column++) {
            int64 from = place(g, at.n, at.c, row, column, g.rows, g.columns);
            Pack<T, V> pack = read_if<T, V>(whole, dy + from);
#if OP == MAX_POOL_BACKWARD
            int number = (at.h + g.padding_h - row * g.stride_h) * g.kernel_w + at.w + g.padding_w -
                         column * g.stride_w;
            for (int i = 0; i < V; i++)
                if ((int)index[from + i] == number) sum[i] += wide(pack.at[i]);
#else
            A share = A(1) / A(Inside(g, row, column).count(g));
            for (int i = 0; i < V; i++) sum[i] += wide(pack.at[i]) * share;
#endif
        }
    Pack<T, V> made;
    for (int i = 0; i < V; i++) made.at[i] = narrow<T>(sum[i]);
    write_if(whole, dx + place(g, at.n, at.c, at.h, at.w, g.height, g.width), made);
}
#endif
