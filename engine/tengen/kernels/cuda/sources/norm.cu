// Layer norm over rows, and with a weight that lies in another way group and instance norm.
//
// A row belongs to a warp (up to 1024 elements) or a block. Mean and then squared deviations are
// summed in two passes: the row of a transformer (up to 16 KB) comes from L1 the second time, and
// the variance has no cancellation. Element i meets weight (i / inner) % count.
//
// Definitions: TYPE; WEIGHT, how the weight lies (a `Lie`); HAS_WEIGHT; ROWS_BY_BLOCK; OP.
#include "elementwise.cuh"

#define FORWARD 1
#define BACKWARD 2
#define WEIGHTS_ALONG 3
#define WEIGHTS_SPREAD 4

typedef TYPE T;
typedef Wide<T>::type A;
constexpr int LANES = 16 / sizeof(T);
constexpr bool BLOCK = ROWS_BY_BLOCK;

struct Row {
    int64 row, start;
    int lane, lanes;

    INLINE Row(int64 columns) {
        row = BLOCK ? blockIdx.x : ((int64)blockIdx.x * blockDim.x + threadIdx.x) / 32;
        lane = BLOCK ? threadIdx.x : threadIdx.x % 32;
        lanes = BLOCK ? blockDim.x : 32;
        start = row * columns;
    }

    template <int N, typename F> INLINE void each(int64 columns, F f) const {
        for (int64 k = (int64)lane * N; k < columns; k += (int64)lanes * N) f(start + k);
    }
};

template <int N> INLINE Pack<T, N> weight_at(const T* weight, int64 place, int64 inner, int64 count) {
    return operand<T, N, WEIGHT, int64>(weight, place, inner, count);
}

#if OP == FORWARD
template <int N>
INLINE void forward(const T* x, const T* weight, const T* bias, T* y, A* mean, A* variance,
                    int64 rows, int64 columns, int64 inner, int64 count, double eps) {
    Row row(columns);
    if (row.row >= rows) return;
    A sum = 0;
    row.each<N>(columns, [&](int64 place) {
        Pack<T, N> pack = read<T, N>(x + place);
        for (int i = 0; i < N; i++) sum += wide(pack.at[i]);
    });
    A middle = over_row<Sum, BLOCK>(sum) / A(columns), squares = 0;
    row.each<N>(columns, [&](int64 place) {
        Pack<T, N> pack = read<T, N>(x + place);
        for (int i = 0; i < N; i++) {
            A apart = wide(pack.at[i]) - middle;
            squares += apart * apart;
        }
    });
    A spread = over_row<Sum, BLOCK>(squares) / A(columns);
    A inverse = A(1) / square_root(spread + A(eps));
    row.each<N>(columns, [&](int64 place) {
        Pack<T, N> pack = read<T, N>(x + place), w, b;
        if (HAS_WEIGHT) {
            w = weight_at<N>(weight, place, inner, count);
            b = weight_at<N>(bias, place, inner, count);
        }
        for (int i = 0; i < N; i++) {
            A made = (wide(pack.at[i]) - middle) * inverse;
            if (HAS_WEIGHT) made = made * wide(w.at[i]) + wide(b.at[i]);
            pack.at[i] = narrow<T>(made);
        }
        write(y + place, pack);
    });
    if (row.lane == 0) {
        mean[row.row] = middle;
        variance[row.row] = spread;
    }
}

KERNEL run(const T* x, const T* weight, const T* bias, T* y, A* mean, A* variance, int64 rows,
           int64 columns, int64 inner, int64 count, double eps) {
    if (columns % LANES == 0 && aligned(16, x, y) && aligned(16, weight, bias))
        forward<LANES>(x, weight, bias, y, mean, variance, rows, columns, inner, count, eps);
    else
        forward<1>(x, weight, bias, y, mean, variance, rows, columns, inner, count, eps);
}

#elif OP == BACKWARD
template <int N>
INLINE void backward(const T* x, const T* dy, const A* mean, const A* variance, const T* weight,
                     T* dx, int64 rows, int64 columns, int64 inner, int64 count, double eps) {
    Row row(columns);
    if (row.row >= rows) return;
    A middle = mean[row.row], inverse = A(1) / square_root(variance[row.row] + A(eps));
    A plain = 0, along = 0;
    row.each<N>(columns, [&](int64 place) {
        Pack<T, N> pack = read<T, N>(x + place), given = read<T, N>(dy + place), w;
        if (HAS_WEIGHT) w = weight_at<N>(weight, place, inner, count);
        for (int i = 0; i < N; i++) {
            A g = HAS_WEIGHT ? wide(given.at[i]) * wide(w.at[i]) : wide(given.at[i]);
            plain += g;
            along += g * (wide(pack.at[i]) - middle);
        }
    });
    plain = over_row<Sum, BLOCK>(plain) / A(columns);
    along = over_row<Sum, BLOCK>(along) * inverse / A(columns);
    row.each<N>(columns, [&](int64 place) {
        Pack<T, N> pack = read<T, N>(x + place), given = read<T, N>(dy + place), w;
        if (HAS_WEIGHT) w = weight_at<N>(weight, place, inner, count);
        for (int i = 0; i < N; i++) {
            A g = HAS_WEIGHT ? wide(given.at[i]) * wide(w.at[i]) : wide(given.at[i]);
            A hat = (wide(pack.at[i]) - middle) * inverse;
            pack.at[i] = narrow<T>((g - plain - hat * along) * inverse);
        }
        write(dx + place, pack);
    });
}

KERNEL run(const T* x, const T* dy, const A* mean, const A* variance, const T* weight, T* dx,
           int64 rows, int64 columns, int64 inner, int64 count, double eps) {
    if (columns % LANES == 0 && aligned(16, x, dy) && aligned(16, weight, dx))
        backward<LANES>(x, dy, mean, variance, weight, dx, rows, columns, inner, count, eps);
    else
        backward<1>(x, dy, mean, variance, weight, dx, rows, columns, inner, count, eps);
}

#else
// The weight's and bias's gradients of a piece of the rows: parts is (pieces, 2, count).
#if OP == WEIGHTS_ALONG
// Weight k is met by every element k of `count`: 32 neighbouring columns and 8 rows a block.
KERNEL run(const T* x, const T* dy, const A* mean, const A* variance, A* parts, int64 size,
           int64 columns, int64 inner, int64 count, int64 pieces, double eps) {
    SHARED(A, sums, 2 * 8 * 32);
    int lane = threadIdx.x % 32, line = threadIdx.x / 32;
    int64 k = (int64)blockIdx.x * 32 + lane, lines = size / count;
    int64 each = (lines + pieces - 1) / pieces, from = blockIdx.y * each;
    int64 to = from + each < lines ? from + each : lines;
    A along = 0, plain = 0;
    if (k < count) {
        for (int64 i = from + line; i < to; i += 8) {
            int64 place = i * count + k, row = place / columns;
            A inverse = A(1) / square_root(variance[row] + A(eps)), g = wide(dy[place]);
            along += g * (wide(x[place]) - mean[row]) * inverse;
            plain += g;
        }
    }
    sums[threadIdx.x] = along;
    sums[256 + threadIdx.x] = plain;
    __syncthreads();
    if (line < 2 && k < count) {
        A total = 0;
        for (int i = 0; i < 8; i++) total += sums[line * 256 + i * 32 + lane];
        parts[(blockIdx.y * 2 + line) * count + k] = total;
    }
}
#else
// Weight k is met by `inner` neighbours, again in each of the outer turns: a block a piece of them.
KERNEL run(const T* x, const T* dy, const A* mean, const A* variance, A* parts, int64 size,
           int64 columns, int64 inner, int64 count, int64 pieces, double eps) {
    int64 k = blockIdx.x, turns = size / (inner * count);
    int64 each = (turns + pieces - 1) / pieces, from = blockIdx.y * each;
    int64 to = from + each < turns ? from + each : turns;
    A along = 0, plain = 0;
    for (int64 turn = from; turn < to; turn++) {
        int64 start = (turn * count + k) * inner;
        for (int64 place = start + threadIdx.x; place < start + inner; place += blockDim.x) {
            int64 row = place / columns;
            A inverse = A(1) / square_root(variance[row] + A(eps)), g = wide(dy[place]);
            along += g * (wide(x[place]) - mean[row]) * inverse;
            plain += g;
        }
    }
    along = over_block<Sum>(along);
    plain = over_block<Sum>(plain);
    if (threadIdx.x == 0) {
        parts[(blockIdx.y * 2) * count + k] = along;
        parts[(blockIdx.y * 2 + 1) * count + k] = plain;
    }
}
#endif

KERNEL finish(const A* parts, T* dweight, T* dbias, int64 count, int64 pieces) {
    int64 k = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (k >= count) return;
    A along = 0, plain = 0;
    for (int64 i = 0; i < pieces; i++) {
        along += parts[(i * 2) * count + k];
        plain += parts[(i * 2 + 1) * count + k];
    }
    dweight[k] = narrow<T>(along);
    dbias[k] = narrow<T>(plain);
}
#endif
