// Gradients of a whole model at once: the sum of their squares, and taking a loss scale out of
// them while looking for infinities and NaN.
//
// Definitions: TYPE; MOST, tensors of a table.
#include "device.cuh"

typedef TYPE T;
typedef Wide<T>::type A;
constexpr int PIECE = 8192, N = 16 / sizeof(T);

struct Table {
    const T* at[MOST];
    T* to[MOST];
    int64 size[MOST];
    int first[MOST + 1];
    int count;
};

struct Part {
    const T* at;
    T* result;
    int64 from, to;
    bool whole;

    INLINE Part(const Table& table) {
        int low = 0, high = table.count - 1;
        while (low < high) {
            int middle = (low + high + 1) / 2;
            if (table.first[middle] <= (int)blockIdx.x) low = middle;
            else high = middle - 1;
        }
        at = table.at[low];
        result = table.to[low];
        from = (int64)((int)blockIdx.x - table.first[low]) * PIECE;
        to = from + PIECE < table.size[low] ? from + PIECE : table.size[low];
        whole = aligned(16, at, result);
    }

    // Calls f(place, count) for this thread's elements, `count` neighbours at a time.
    template <typename F> INLINE void each(F f) const {
        int64 last = whole ? from + (to - from) / N * N : from;
        for (int64 i = from + (int64)threadIdx.x * N; i < last; i += (int64)blockDim.x * N) f(i, N);
        for (int64 i = last + threadIdx.x; i < to; i += blockDim.x) f(i, 1);
    }
};

// parts has a number for each block, from `offset` on.
KERNEL __launch_bounds__(256) squares(TABLE table, A* parts, int64 offset) {
    Part part(table);
    A sum = 0;
    part.each([&](int64 place, int count) {
        Pack<T, N> pack;
        if (count == N) pack = read<T, N>(part.at + place);
        else pack.at[0] = part.at[place];
        for (int i = 0; i < count; i++) sum += wide(pack.at[i]) * wide(pack.at[i]);
    });
    sum = over_block<Sum>(sum);
    if (threadIdx.x == 0) parts[offset + blockIdx.x] = sum;
}

// The length of everything, from all parts.
KERNEL length(const A* parts, A* result, int64 count) {
    A sum = 0;
    for (int64 i = threadIdx.x; i < count; i += blockDim.x) sum += parts[i];
    sum = over_block<Sum>(sum);
    if (threadIdx.x == 0) *result = square_root(sum);
}

KERNEL clear(float* found) { *found = 0; }

// Multiplies by 1 / *scale; *found becomes 1 where anything is not finite then.
KERNEL __launch_bounds__(256) unscale(TABLE table, const double* scale, float* found) {
    Part part(table);
    A factor = A(1) / A(*scale);
    bool bad = false;
    part.each([&](int64 place, int count) {
        Pack<T, N> pack;
        if (count == N) pack = read<T, N>(part.at + place);
        else pack.at[0] = part.at[place];
        for (int i = 0; i < count; i++) {
            pack.at[i] = narrow<T>(wide(pack.at[i]) * factor);
            A value = wide(pack.at[i]);
            bad |= value - value != A(0);
        }
        if (count == N) write(part.result + place, pack);
        else part.result[place] = pack.at[0];
    });
    if (bad) *found = 1; // every thread that writes, writes the same
}
