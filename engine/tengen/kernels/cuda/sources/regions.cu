// Means over the bins of regions of an image, by bilinear samples, and the transpose of that.
//
// A thread has one bin of one region and channel. The transpose adds with atomics: which regions
// overlap is known to the data alone.
//
// Definitions: TYPE; OP.
#include "device.cuh"

#define MEAN 1
#define TRANSPOSE 2

typedef TYPE T;
typedef Wide<T>::type A;

struct Geometry {
    int images, channels, height, width, regions, rows, columns, points_h, points_w;
    double scale, offset;
};

// Where the samples of a bin lie along an axis: start + (i + 0.5) * step for i below count.
struct Line {
    double start, step;
    int count;

    INLINE Line(double low, double high, int bins, int bin, int points, const Geometry& g) {
        double first = low * g.scale - g.offset, extent = high * g.scale - g.offset - first;
        double size = (extent > 0 ? extent : 0) / bins;
        int needed = (int)ceil(size);
        count = points ? points : needed > 1 ? needed : 1;
        start = first + size * bin;
        step = size / count;
    }

    // The two pixels around sample i and their shares; shares are 0 outside of `size` pixels.
    INLINE void taps(int i, int size, int* pixel, A* share) const {
        double at = start + (i + 0.5) * step, below = floor(at);
        A part = A(at - below);
        pixel[0] = (int)below;
        pixel[1] = pixel[0] + 1;
        share[0] = pixel[0] >= 0 && pixel[0] < size ? A(1) - part : A(0);
        share[1] = pixel[1] >= 0 && pixel[1] < size ? part : A(0);
    }
};

#if OP == MEAN
KERNEL run(const T* x, const T* regions, T* y, Geometry g) {
#else
KERNEL run(const T* dy, const T* regions, A* total, Geometry g) {
#endif
    int64 number = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (number >= (int64)g.regions * g.channels * g.rows * g.columns) return;
    int column = number % g.columns, row = number / g.columns % g.rows;
    int64 turn = number / g.columns / g.rows;
    int channel = turn % g.channels;
    const T* region = regions + turn / g.channels * 5;
    int image = (int)wide(region[0]);
    bool known = image >= 0 && image < g.images;
    Line across(wide(region[1]), wide(region[3]), g.columns, column, g.points_w, g);
    Line down(wide(region[2]), wide(region[4]), g.rows, row, g.points_h, g);
    int64 plane = ((int64)(known ? image : 0) * g.channels + channel) * g.height * g.width;
    A even = A(1) / A(across.count * down.count);
#if OP == MEAN
    A sum = 0;
#else
    A given = wide(dy[number]) * even;
#endif
    for (int i = 0; known && i < down.count; i++) {
        int h[2];
        A share_h[2];
        down.taps(i, g.height, h, share_h);
        for (int j = 0; j < across.count; j++) {
            int w[2];
            A share_w[2];
            across.taps(j, g.width, w, share_w);
            for (int a = 0; a < 4; a++) {
                A share = share_h[a / 2] * share_w[a % 2];
                if (share == A(0)) continue;
                int64 at = plane + (int64)h[a / 2] * g.width + w[a % 2];
#if OP == MEAN
                sum += share * wide(x[at]);
#else
                atomicAdd(total + at, share * given);
#endif
            }
        }
    }
#if OP == MEAN
    y[number] = narrow<T>(known ? sum * even : A(0) / A(0));
#endif
}

#if OP == TRANSPOSE
KERNEL clear(A* total, int64 all) {
    int64 at = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (at < all) total[at] = 0;
}

KERNEL finish(const A* total, T* dx, int64 all) {
    int64 at = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (at < all) dx[at] = narrow<T>(total[at]);
}
#endif
