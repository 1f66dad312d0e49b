// Rows of a table by their numbers (an embedding), and rows added to those of a table.
//
// x is (outer, count, inner), the numbers (m,), the result (outer, m, inner); negative numbers count
// from the end, and a number outside the table reads zeros and adds nothing.
//
// Definitions: TYPE, for reading an unsigned type or `Vector`, 16 bytes; INDEX; OP.
#include "device.cuh"

#define READ 1
#define ADD 2
#define ADD_IN_ORDER 3
#define ROUND 4

struct alignas(16) Vector {
    uint32 at[4];
};

typedef TYPE T;

INLINE int64 row_of(const INDEX* numbers, int64 i, int64 count) {
    int64 number = (int64)numbers[i];
    if (number < 0) number += count;
    return number >= 0 && number < count ? number : -1;
}

#if OP == READ
// A warp walks along a row, as long as there is one; short rows share it.
KERNEL run(const T* x, const INDEX* numbers, T* y, int64 outer, int64 count, int64 inner, int64 m) {
    int64 all = outer * m * inner;
    for (int64 at = (int64)blockIdx.x * blockDim.x + threadIdx.x; at < all;
         at += (int64)gridDim.x * blockDim.x) {
        int64 turn = at / inner, k = at % inner;
        int64 row = row_of(numbers, turn % m, count);
        T made = {};
        if (row >= 0) made = x[(turn / m * count + row) * inner + k];
        y[at] = made;
    }
}

#elif OP == ADD
typedef Wide<T>::type A;
// `total` starts as zeros. The order of additions to a row is the scheduler's.
KERNEL run(const T* x, const INDEX* numbers, A* total, int64 outer, int64 count, int64 inner,
           int64 m) {
    int64 all = outer * m * inner;
    for (int64 at = (int64)blockIdx.x * blockDim.x + threadIdx.x; at < all;
         at += (int64)gridDim.x * blockDim.x) {
        int64 turn = at / inner, row = row_of(numbers, turn % m, count);
        if (row >= 0) atomicAdd(total + (turn / m * count + row) * inner + at % inner, A(wide(x[at])));
    }
}

KERNEL clear(A* total, int64 all) {
    int64 at = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (at < all) total[at] = 0;
}

KERNEL finish(const A* total, T* y, int64 all) {
    int64 at = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (at < all) y[at] = narrow<T>(total[at]);
}

#elif OP == ADD_IN_ORDER
typedef Wide<T>::type A;
// A block for each row of the table looks through all numbers, so that a row's additions have one
// order: for small tables and few numbers, where that costs less than a second pass.
KERNEL __launch_bounds__(128) run(const T* x, const INDEX* numbers, T* y, int64 outer, int64 count,
                                  int64 inner, int64 m) {
    int64 turn = blockIdx.x / count, row = blockIdx.x % count;
    for (int64 first = 0; first < inner; first += blockDim.x) {
        int64 k = first + threadIdx.x;
        A sum = 0;
        for (int64 i = 0; i < m; i++)
            if (row_of(numbers, i, count) == row && k < inner) sum += wide(x[(turn * m + i) * inner + k]);
        if (k < inner) y[(turn * count + row) * inner + k] = narrow<T>(sum);
    }
}
#endif
