// One step of an optimizer on many tensors at once: a launch takes a table of addresses by value,
// and each block a piece of one tensor. Gradients are multiplied by *factor where it is given.
//
// The scalars of a step are worked out from `hyper`, which lies on the device, in float64 by one
// thread of each block: nothing of them is baked into a captured graph.
//
// Definitions: TYPE, of parameters and gradients; STATES, how many arrays of the computing type go
// with each; MOST, tensors of a table; RULE.
#include "device.cuh"

#define SGD 1
#define MOMENTUM 2
#define NESTEROV 3
#define ADAM 4
#define ADAMW 5
#define ADAGRAD 6
#define ADADELTA 7

typedef TYPE T;
typedef Wide<T>::type A;
constexpr int PIECE = 4096; // elements of a block: 4 packs of 4 for each of 256 threads

struct Item {
    const T* param;
    const T* gradient;
    T* result;
    const A* step; // the count of steps before this one, or null
    A* next_step;
    const A* state[STATES + 1];
    A* next[STATES + 1];
    int64 size;
};

struct Table {
    Item item[MOST];
    int first[MOST + 1]; // the first block of each item
    int count;
};

INLINE int item_of(const Table& table, int block) {
    int low = 0, high = table.count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (table.first[middle] <= block) low = middle;
        else high = middle - 1;
    }
    return low;
}

#define SCALARS 8

INLINE void scalars_of(const double* hyper, double step, double* s) {
#if RULE == SGD
    s[0] = hyper[0], s[1] = hyper[1];
#elif RULE == MOMENTUM || RULE == NESTEROV
    s[0] = hyper[0], s[1] = hyper[2], s[2] = hyper[1];
#elif RULE == ADAM || RULE == ADAMW
    s[0] = hyper[0], s[1] = hyper[4], s[2] = hyper[1], s[3] = hyper[2], s[4] = hyper[3];
    s[5] = 1 / (1 - pow(hyper[1], step)), s[6] = 1 / (1 - pow(hyper[2], step));
#elif RULE == ADAGRAD
    s[0] = hyper[0] / (1 + (step - 1) * hyper[1]), s[1] = hyper[3], s[2] = hyper[2];
#elif RULE == ADADELTA
    s[0] = hyper[0], s[1] = hyper[3], s[2] = hyper[1], s[3] = hyper[2];
#endif
}

// s[0] is the learning rate, s[1] the weight decay.
INLINE A updated(A p, A g, const A* state, A* next, const A* s) {
#if RULE == SGD
    return p - s[0] * (g + s[1] * p);
#elif RULE == MOMENTUM || RULE == NESTEROV
    g += s[1] * p;
    next[0] = s[2] * state[0] + g;
    return p - s[0] * (RULE == NESTEROV ? g + s[2] * next[0] : next[0]);
#elif RULE == ADAM || RULE == ADAMW
    if (RULE == ADAM) g += s[1] * p;
    next[0] = s[2] * state[0] + (A(1) - s[2]) * g;
    next[1] = s[3] * state[1] + (A(1) - s[3]) * (g * g);
    A delta = next[0] * s[5] / (square_root(next[1] * s[6]) + s[4]);
    if (RULE == ADAMW) delta += s[1] * p;
    return p - s[0] * delta;
#elif RULE == ADAGRAD
    g += s[1] * p;
    next[0] = state[0] + g * g;
    return p - s[0] * (g / square_root(next[0] + s[2]));
#elif RULE == ADADELTA
    g += s[1] * p;
    next[0] = s[2] * state[0] + (A(1) - s[2]) * (g * g);
    A delta = square_root(state[1] + s[3]) / square_root(next[0] + s[3]) * g;
    next[1] = s[2] * state[1] + (A(1) - s[2]) * (delta * delta);
    return p - s[0] * delta;
#endif
}

template <int N> INLINE void work(const Item& item, int64 from, int64 to, A factor, const A* s) {
    for (int64 at = from + (int64)threadIdx.x * N; at < to; at += (int64)blockDim.x * N) {
        Pack<T, N> p = read<T, N>(item.param + at), g = read<T, N>(item.gradient + at);
        Pack<A, N> state[STATES + 1];
        for (int k = 0; k < STATES; k++) state[k] = read<A, N>(item.state[k] + at);
        for (int i = 0; i < N; i++) {
            A old[STATES + 1], made[STATES + 1];
            for (int k = 0; k < STATES; k++) old[k] = state[k].at[i];
            A value = updated(wide(p.at[i]), wide(g.at[i]) * factor, old, made, s);
            p.at[i] = narrow<T>(value);
            for (int k = 0; k < STATES; k++) state[k].at[i] = made[k];
        }
        write(item.result + at, p);
        for (int k = 0; k < STATES; k++) write(item.next[k] + at, state[k]);
    }
}

KERNEL __launch_bounds__(256) run(TABLE table, const double* hyper, const float* factor) {
    SHARED(double, wide_scalars, SCALARS);
    const Item& item = table.item[item_of(table, blockIdx.x)];
    if (threadIdx.x == 0)
        scalars_of(hyper, item.step ? double(*item.step) + 1 : 0, wide_scalars);
    __syncthreads();
    A s[SCALARS];
    for (int i = 0; i < SCALARS; i++) s[i] = A(wide_scalars[i]);
    int64 from = (int64)(blockIdx.x - table.first[item_of(table, blockIdx.x)]) * PIECE;
    int64 to = from + PIECE < item.size ? from + PIECE : item.size;
    A scale = factor ? A(*factor) : A(1);
    uint64 places = (uint64)item.result | (uint64)item.param | (uint64)item.gradient;
    for (int k = 0; k < STATES; k++) places |= (uint64)item.state[k] | (uint64)item.next[k];
    constexpr int N = sizeof(A) == 4 ? 4 : 2;
    if (places % 16 == 0) {
        int64 whole = from + (to - from) / N * N;
        work<N>(item, from, whole, scale, s);
        work<1>(item, whole, to, scale, s);
    } else {
        work<1>(item, from, to, scale, s);
    }
}

// Counts the step, once every block has read the old count: a launch of its own.
KERNEL advance(TABLE table) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < table.count) *table.item[i].next_step = *table.item[i].step + A(1);
}
