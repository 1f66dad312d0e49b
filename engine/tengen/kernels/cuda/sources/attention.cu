// Attention that keeps no matrix of weights, and its gradients (Dao, "FlashAttention-2", 2023,
// section 3.1): rows of queries meet the keys tile by tile, with a running greatest score and sum.
//
// A block of 256 threads has 16 * ROWS rows of one head. Its threads are a square of 16 by 16:
// thread (x, y) has the rows y, y + 16, ... and the columns x, x + 16, ... of a tile of scores and
// of the result, which stays in its registers. Tiles of scores come through shared memory a strip
// of DEEP features at a time, so that any width of heads will do; the sixteen threads of a row are
// half a warp. Sums come in one order: nothing is added in memory.
//
// The gradients form the weights again from what the forward pass leaves of each row: the
// logarithm of its sum of exponentials.
//
// Definitions: TYPE; ROWS; ACROSS, sixteenths of the widest head; OP, the kernel.
#include "device.cuh"

#define FORWARD 1
#define DOTS 2
#define QUERIES 3
#define KEYS 4
#define KERNEL_IS(name) (OP == name)

typedef TYPE T;
typedef Wide<T>::type A;
constexpr bool DOUBLE = sizeof(A) == 8;
constexpr int R = ROWS, C = DOUBLE ? 2 : 4, N = ACROSS;
constexpr int TALL = 16 * R, BROAD = 16 * C, DEEP = 16, DOWN = DOUBLE ? 8 : 16;
constexpr int THREADS = 256;

// Rows from `first` on of a matrix of `rows` rows.
struct Tile {
    const T* data;
    int64 first, rows, width;

    INLINE A at(int64 row, int64 column) const {
        row += first;
        return row < rows && column < width ? wide(data[row * width + column]) : A(0);
    }
};

INLINE int column_of(int j) { return threadIdx.x % 16 + 16 * j; }
INLINE int row_of(int i) { return threadIdx.x / 16 + 16 * i; }
INLINE int weight_at(int i, int column) { return row_of(i) * (BROAD + 1) + column; }

// The combination over the threads of a row.
template <typename F> INLINE A over_half(A value) {
    for (int step = 8; step; step >>= 1)
        value = F::join(value, __shfl_xor_sync(WHOLE_WARP, value, step));
    return value;
}

INLINE A finite_or_zero(A x) { return x - x == A(0) ? x : A(0); }

template <int HEIGHT> INLINE void strip(A* to, const Tile& from, int64 feature) {
    for (int at = threadIdx.x; at < HEIGHT * DEEP; at += THREADS)
        to[at / DEEP * (DEEP + 1) + at % DEEP] = from.at(at / DEEP, feature + at % DEEP);
}

// The products of the rows of two tiles, by way of two strips in shared memory.
INLINE void products(const Tile& left, const Tile& right, A (&made)[R][C], A* a, A* b) {
    for (int i = 0; i < R; i++)
        for (int j = 0; j < C; j++) made[i][j] = 0;
    for (int64 feature = 0; feature < left.width; feature += DEEP) {
        __syncthreads(); // the strips have been read, as have weights from before
        strip<TALL>(a, left, feature);
        strip<BROAD>(b, right, feature);
        __syncthreads();
        for (int k = 0; k < DEEP; k++) {
            A down[R];
            for (int i = 0; i < R; i++) down[i] = a[row_of(i) * (DEEP + 1) + k];
            for (int j = 0; j < C; j++) {
                A along = b[column_of(j) * (DEEP + 1) + k];
                for (int i = 0; i < R; i++) made[i][j] = fused(down[i], along, made[i][j]);
            }
        }
    }
}

// Adds to `sum` the rows of a tile, weighted.
INLINE void weigh(const A* weights, const Tile& tile, A (&sum)[R][N], A* space) {
    for (int begin = 0; begin < BROAD; begin += DOWN) {
        __syncthreads(); // the weights are there, and what lay in the space has been read
        for (int at = threadIdx.x; at < DOWN * N * 16; at += THREADS)
            space[at] = tile.at(begin + at / (N * 16), at % (N * 16));
        __syncthreads();
        for (int k = 0; k < DOWN; k++) {
            A weight[R];
            for (int i = 0; i < R; i++) weight[i] = weights[weight_at(i, begin + k)];
            for (int j = 0; j < N; j++) {
                A value = space[k * N * 16 + column_of(j)];
                for (int i = 0; i < R; i++) sum[i][j] = fused(weight[i], value, sum[i][j]);
            }
        }
    }
}

INLINE void put(T* to, int64 first, int64 rows, int64 width, const A (&sum)[R][N]) {
    for (int i = 0; i < R; i++)
        for (int j = 0; j < N; j++) {
            int64 row = first + row_of(i);
            if (row < rows && column_of(j) < width)
                to[row * width + column_of(j)] = narrow<T>(sum[i][j]);
        }
}

#define SPACES                                                                                     \
    SHARED(A, weights, TALL * (BROAD + 1));                                                        \
    SHARED(A, a, TALL * (DEEP + 1));                                                               \
    SHARED(A, b, BROAD * (DEEP + 1));                                                              \
    SHARED(A, space, DOWN * N * 16)
#define SIZES int64 queries, int64 keys, int64 width, int64 result, double scale, int64 causal

#if KERNEL_IS(FORWARD)
KERNEL run(const T* q, const T* k, const T* v, T* y, A* kept, SIZES) {
    SPACES;
    int64 head = blockIdx.x, first = (int64)blockIdx.y * TALL, ahead = keys - queries;
    Tile rows = {q + head * queries * width, first, queries, width};
    Tile columns = {k + head * keys * width, 0, keys, width};
    Tile values = {v + head * keys * result, 0, keys, result};
    int64 end = causal && first + TALL + ahead < keys ? first + TALL + ahead : keys;
    A top[R], total[R], sum[R][N];
    for (int i = 0; i < R; i++) {
        top[i] = lowest<A>();
        total[i] = 0;
        for (int j = 0; j < N; j++) sum[i][j] = 0;
    }
    for (int64 begin = 0; begin < end; begin += BROAD) {
        A scores[R][C];
        columns.first = values.first = begin;
        products(rows, columns, scores, a, b);
        for (int i = 0; i < R; i++) {
            int64 last = causal ? first + row_of(i) + ahead : keys - 1;
            A most = top[i], part = 0;
            for (int j = 0; j < C; j++) {
                int64 column = begin + column_of(j);
                bool hidden = column >= keys || column > last;
                scores[i][j] = hidden ? lowest<A>() : scores[i][j] * A(scale);
                most = larger(most, scores[i][j]);
            }
            most = over_half<Largest>(most);
            A safe = finite_or_zero(most);
            A factor = top[i] == lowest<A>() ? A(0) : exponential(top[i] - safe);
            for (int j = 0; j < C; j++) {
                A weight = exponential(scores[i][j] - safe);
                part += weight;
                weights[weight_at(i, column_of(j))] = weight;
            }
            total[i] = fused(total[i], factor, over_half<Sum>(part));
            top[i] = most;
            for (int j = 0; j < N; j++) sum[i][j] *= factor;
        }
        weigh(weights, values, sum, space);
    }
    for (int i = 0; i < R; i++) {
        int64 row = first + row_of(i);
        for (int j = 0; j < N; j++) sum[i][j] /= total[i];
        if (kept && row < queries && threadIdx.x % 16 == 0)
            kept[head * queries + row] = finite_or_zero(top[i]) + logarithm(total[i]);
    }
    put(y + head * queries * result, first, queries, result, sum);
}
#elif KERNEL_IS(DOTS)
// The product of a row of the result and its gradient; a warp has a row.
KERNEL run(const T* y, const T* dy, A* dots, int64 rows, int64 width) {
    int64 row = ((int64)blockIdx.x * blockDim.x + threadIdx.x) / 32;
    if (row >= rows) return;
    A sum = 0;
    for (int64 at = row * width + threadIdx.x % 32; at < (row + 1) * width; at += 32)
        sum = fused(wide(y[at]), wide(dy[at]), sum);
    sum = over_warp<Sum>(sum);
    if (threadIdx.x % 32 == 0) dots[row] = sum;
}
#elif KERNEL_IS(QUERIES)
KERNEL run(const T* q, const T* k, const T* v, const T* dy, const A* kept, const A* dots, T* dq,
           SIZES) {
    SPACES;
    int64 head = blockIdx.x, first = (int64)blockIdx.y * TALL, ahead = keys - queries;
    Tile rows = {q + head * queries * width, first, queries, width};
    Tile columns = {k + head * keys * width, 0, keys, width};
    Tile values = {v + head * keys * result, 0, keys, result};
    Tile given = {dy + head * queries * result, first, queries, result};
    int64 end = causal && first + TALL + ahead < keys ? first + TALL + ahead : keys;
    A sum[R][N], sums[R], parts[R];
    for (int i = 0; i < R; i++) {
        int64 row = first + row_of(i), at = head * queries + row;
        sums[i] = row < queries ? kept[at] : A(0);
        parts[i] = row < queries ? dots[at] : A(0);
        for (int j = 0; j < N; j++) sum[i][j] = 0;
    }
    for (int64 begin = 0; begin < end; begin += BROAD) {
        A scores[R][C], slopes[R][C];
        columns.first = values.first = begin;
        products(rows, columns, scores, a, b);
        products(given, values, slopes, a, b);
        for (int i = 0; i < R; i++) {
            int64 last = causal ? first + row_of(i) + ahead : keys - 1;
            for (int j = 0; j < C; j++) {
                int64 column = begin + column_of(j);
                bool hidden = column >= keys || column > last;
                A weight = hidden ? A(0) : exponential(fused(scores[i][j], A(scale), -sums[i]));
                weights[weight_at(i, column_of(j))] = weight * (slopes[i][j] - parts[i]) * A(scale);
            }
        }
        weigh(weights, columns, sum, space);
    }
    put(dq + head * queries * width, first, queries, width, sum);
}
#elif KERNEL_IS(KEYS)
KERNEL run(const T* q, const T* k, const T* v, const T* dy, const A* kept, const A* dots, T* dk,
           T* dv, SIZES) {
    SPACES;
    int64 head = blockIdx.x, first = (int64)blockIdx.y * TALL, ahead = keys - queries;
    Tile rows = {k + head * keys * width, first, keys, width};
    Tile values = {v + head * keys * result, first, keys, result};
    Tile columns = {q + head * queries * width, 0, queries, width};
    Tile given = {dy + head * queries * result, 0, queries, result};
    int64 start = causal && first > ahead ? (first - ahead) / BROAD * BROAD : 0;
    A for_keys[R][N], for_values[R][N];
    for (int i = 0; i < R; i++)
        for (int j = 0; j < N; j++) for_keys[i][j] = for_values[i][j] = 0;
    for (int64 begin = start; begin < queries; begin += BROAD) {
        A shares[R][C], slopes[R][C], parts[C];
        columns.first = given.first = begin;
        products(rows, columns, shares, a, b);
        for (int j = 0; j < C; j++) {
            int64 query = begin + column_of(j), at = head * queries + query;
            A sums = query < queries ? kept[at] : A(0);
            parts[j] = query < queries ? dots[at] : A(0);
            for (int i = 0; i < R; i++) {
                int64 key = first + row_of(i);
                bool hidden = query >= queries || key >= keys || (causal && key > query + ahead);
                shares[i][j] = hidden ? A(0) : exponential(fused(shares[i][j], A(scale), -sums));
                weights[weight_at(i, column_of(j))] = shares[i][j];
            }
        }
        weigh(weights, given, for_values, space);
        products(values, given, slopes, a, b);
        for (int i = 0; i < R; i++)
            for (int j = 0; j < C; j++)
                weights[weight_at(i, column_of(j))] =
                    shares[i][j] * (slopes[i][j] - parts[j]) * A(scale);
        weigh(weights, columns, for_keys, space);
    }
    put(dk + head * keys * width, first, keys, width, for_keys);
    put(dv + head * keys * result, first, keys, result, for_values);
}
#endif
