// Softmax, log-softmax, their gradients, log-sum-exp and cross entropy with label smoothing.
//
// A row of K elements belongs to a warp (up to 1024 elements: no barrier, and the row stays in L1
// between its passes), to a block (longer), or to a thread (elements `inner` apart, as the classes
// of images have them: neighbouring threads read neighbouring addresses). Greatest and sum are
// found together in one pass, so that a long row is read twice, not three times.
//
// Definitions: TYPE, the storage type; LABEL, the labels' type; ROWS, to whom a row
// belongs; OP, the kernel.
#include "device.cuh"

#define SOFTMAX 1
#define LOG_SOFTMAX 2
#define SOFTMAX_BACKWARD 3
#define LOG_SOFTMAX_BACKWARD 4
#define LOGSUMEXP 5
#define CROSS_ENTROPY 6
#define CROSS_ENTROPY_BACKWARD 7
#define KERNEL_IS(name) (OP == name)

#ifndef LABEL
#define LABEL int
#endif

typedef TYPE T;
typedef Wide<T>::type A;
enum Mode { BY_WARP, BY_BLOCK, BY_THREAD };
constexpr Mode MODE = ROWS;
constexpr int LANES = 16 / sizeof(T);
constexpr int PACK = MODE == BY_THREAD ? 1 : LANES;

// Where this thread's row starts, and how it goes through it.
struct Row {
    int64 row, start, step;
    int lane, lanes;

    INLINE Row(int64 columns, int64 inner) {
        int64 number = (int64)blockIdx.x * blockDim.x + threadIdx.x;
        row = MODE == BY_BLOCK ? blockIdx.x : MODE == BY_WARP ? number / 32 : number;
        lanes = MODE == BY_BLOCK ? blockDim.x : MODE == BY_WARP ? 32 : 1;
        lane = MODE == BY_BLOCK ? threadIdx.x : MODE == BY_WARP ? threadIdx.x % 32 : 0;
        start = MODE == BY_THREAD ? row / inner * columns * inner + row % inner : row * columns;
        step = MODE == BY_THREAD ? inner : 1;
    }

    template <typename F, typename V> INLINE V over(V value) const {
        return MODE == BY_THREAD ? value : over_row<F, MODE == BY_BLOCK>(value);
    }

    // Calls f(k, place) for each pack of N elements that is this thread's.
    template <int N, typename F> INLINE void each(int64 columns, F f) const {
        for (int64 k = (int64)lane * N; k < columns; k += (int64)lanes * N) f(k, start + k * step);
    }
};

INLINE A finite_or_zero(A x) { return x - x == A(0) ? x : A(0); }

// The greatest element (0 if it is not finite), the sum of exp(x - greatest), and of x.
struct Total {
    A top, sum, plain;
};

template <int N> INLINE Total total_of(const Row& row, const T* x, int64 columns) {
    A top = lowest<A>(), sum = 0, plain = 0;
    row.each<N>(columns, [&](int64, int64 place) {
        Pack<T, N> pack = read<T, N>(x + place);
        A most = top;
        for (int i = 0; i < N; i++) most = larger(most, wide(pack.at[i]));
        A safe = finite_or_zero(most);
        sum = sum == A(0) ? sum : sum * exponential(finite_or_zero(top) - safe);
        for (int i = 0; i < N; i++) {
            sum += exponential(wide(pack.at[i]) - safe);
            plain += wide(pack.at[i]);
        }
        top = most;
    });
    A most = row.over<Largest>(top);
    A safe = finite_or_zero(most);
    sum = sum == A(0) ? sum : sum * exponential(finite_or_zero(top) - safe);
    return {safe, row.over<Sum>(sum), row.over<Sum>(plain)};
}

template <int N, bool LOG>
INLINE void softmax(const T* x, T* y, int64 rows, int64 columns, int64 inner) {
    Row row(columns, inner);
    if (row.row >= rows) return;
    Total total = total_of<N>(row, x, columns);
    A shift = LOG ? total.top + logarithm(total.sum) : total.top;
    A scale = A(1) / total.sum;
    row.each<N>(columns, [&](int64, int64 place) {
        Pack<T, N> pack = read<T, N>(x + place);
        for (int i = 0; i < N; i++) {
            A moved = wide(pack.at[i]) - shift;
            pack.at[i] = narrow<T>(LOG ? moved : exponential(moved) * scale);
        }
        write(y + place, pack);
    });
}

// y * (dy - sum(y * dy)), or with LOG dy - exp(y) * sum(dy).
template <int N, bool LOG>
INLINE void backward(const T* y, const T* dy, T* dx, int64 rows, int64 columns, int64 inner) {
    Row row(columns, inner);
    if (row.row >= rows) return;
    A sum = 0;
    row.each<N>(columns, [&](int64, int64 place) {
        Pack<T, N> given = read<T, N>(dy + place), made;
        if (!LOG) made = read<T, N>(y + place);
        for (int i = 0; i < N; i++)
            sum += LOG ? wide(given.at[i]) : wide(given.at[i]) * wide(made.at[i]);
    });
    sum = row.over<Sum>(sum);
    row.each<N>(columns, [&](int64, int64 place) {
        Pack<T, N> given = read<T, N>(dy + place), made = read<T, N>(y + place);
        for (int i = 0; i < N; i++) {
            A g = wide(given.at[i]), s = wide(made.at[i]);
            made.at[i] = narrow<T>(LOG ? g - exponential(s) * sum : s * (g - sum));
        }
        write(dx + place, made);
    });
}

template <int N>
INLINE void sum_exponentials(const T* x, T* y, int64 rows, int64 columns, int64 inner) {
    Row row(columns, inner);
    if (row.row >= rows) return;
    Total total = total_of<N>(row, x, columns);
    if (row.lane == 0) y[row.row] = narrow<T>(total.top + logarithm(total.sum));
}

INLINE A not_a_number() { return lowest<A>() - lowest<A>(); }

// A label outside the classes gives NaN: to raise, the host would have to wait.
template <int N>
INLINE void entropy(const T* x, const LABEL* labels, T* loss, int64 rows, int64 columns,
                    int64 inner, double smooth) {
    Row row(columns, inner);
    if (row.row >= rows) return;
    Total total = total_of<N>(row, x, columns);
    if (row.lane) return;
    int64 label = labels[row.row];
    bool known = label >= 0 && label < columns;
    A picked = known ? wide(x[row.start + label * row.step]) - total.top : not_a_number();
    A share = A(smooth);
    if (share != A(0))
        picked = (A(1) - share) * picked + share * (total.plain / columns - total.top);
    loss[row.row] = narrow<T>(logarithm(total.sum) - picked);
}

template <int N>
INLINE void entropy_backward(const T* x, const LABEL* labels, const T* dy, T* dx, int64 rows,
                             int64 columns, int64 inner, double smooth) {
    Row row(columns, inner);
    if (row.row >= rows) return;
    Total total = total_of<N>(row, x, columns);
    int64 label = labels[row.row];
    A given = label >= 0 && label < columns ? wide(dy[row.row]) : not_a_number();
    A scale = A(1) / total.sum, even = A(smooth) / columns, rest = A(1) - A(smooth);
    row.each<N>(columns, [&](int64 k, int64 place) {
        Pack<T, N> pack = read<T, N>(x + place);
        for (int i = 0; i < N; i++) {
            A e = exponential(wide(pack.at[i]) - total.top) * scale - even;
            pack.at[i] = narrow<T>((k + i == label ? e - rest : e) * given);
        }
        write(dx + place, pack);
    });
}

#define ARGUMENTS int64 rows, int64 columns, int64 inner
#define SIZES rows, columns, inner
// In packs of 16 bytes where the rows are whole packs and the arrays are aligned, else singly.
#define IN_PACKS(fits, packed, single)                                                             \
    if (MODE != BY_THREAD && columns % LANES == 0 && (fits))                                       \
        packed;                                                                                    \
    else                                                                                           \
        single

#if KERNEL_IS(SOFTMAX) || KERNEL_IS(LOG_SOFTMAX)
KERNEL run(const T* x, T* y, ARGUMENTS) {
    constexpr bool LOG = KERNEL_IS(LOG_SOFTMAX);
    IN_PACKS(aligned(16, x, y), (softmax<PACK, LOG>(x, y, SIZES)),
             (softmax<1, LOG>(x, y, SIZES)));
}
#elif KERNEL_IS(SOFTMAX_BACKWARD) || KERNEL_IS(LOG_SOFTMAX_BACKWARD)
KERNEL run(const T* y, const T* dy, T* dx, ARGUMENTS) {
    constexpr bool LOG = KERNEL_IS(LOG_SOFTMAX_BACKWARD);
    IN_PACKS(aligned(16, y, dy, dx), (backward<PACK, LOG>(y, dy, dx, SIZES)),
             (backward<1, LOG>(y, dy, dx, SIZES)));
}
#elif KERNEL_IS(LOGSUMEXP)
KERNEL run(const T* x, T* y, ARGUMENTS) {
    IN_PACKS(aligned(16, x), (sum_exponentials<PACK>(x, y, SIZES)),
             (sum_exponentials<1>(x, y, SIZES)));
}
#elif KERNEL_IS(CROSS_ENTROPY)
KERNEL run(const T* x, const LABEL* labels, T* loss, ARGUMENTS, double smooth) {
    IN_PACKS(aligned(16, x), (entropy<PACK>(x, labels, loss, SIZES, smooth)),
             (entropy<1>(x, labels, loss, SIZES, smooth)));
}
#elif KERNEL_IS(CROSS_ENTROPY_BACKWARD)
KERNEL run(const T* x, const LABEL* labels, const T* dy, T* dx, ARGUMENTS, double smooth) {
    IN_PACKS(aligned(16, x, dx), (entropy_backward<PACK>(x, labels, dy, dx, SIZES, smooth)),
             (entropy_backward<1>(x, labels, dy, dx, SIZES, smooth)));
}
#endif
