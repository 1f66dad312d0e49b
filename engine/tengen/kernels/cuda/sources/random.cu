// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, 2011): uniforms, normals and dropout, word for word
// the numbers of kernels/numpy/philox.py. Block b of a state gives the words 4 b to 4 b + 3; a
// thread works on one block at a time, so that a warp writes 128 neighbouring elements.
//
// Definitions: TYPE; OP.
#include "device.cuh"

#define UNIFORM 1
#define NORMAL 2
#define DROPOUT 3

typedef TYPE T;
typedef Wide<T>::type A;
constexpr bool WIDE = sizeof(T) == 8;

struct Words {
    uint32 at[4];
};

INLINE Words philox(uint64 key, uint64 number) {
    uint32 c0 = (uint32)number, c1 = (uint32)(number >> 32), c2 = 0, c3 = 0;
    uint32 k0 = (uint32)key, k1 = (uint32)(key >> 32);
    for (int round = 0; round < 10; round++) {
        uint32 high0 = __umulhi(c0, 0xD2511F53u), low0 = c0 * 0xD2511F53u;
        uint32 high1 = __umulhi(c2, 0xCD9E8D57u), low1 = c2 * 0xCD9E8D57u;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return {{c0, c1, c2, c3}};
}

INLINE double unit64(uint32 first, uint32 second) {
    return ((double)(first >> 5) * 67108864.0 + (double)(second >> 6)) * 0x1p-53;
}

// Leaves the state behind what was used. The first thread alone writes it.
INLINE void advance(const uint64* state, uint64* after, int64 used) {
    if (blockIdx.x || threadIdx.x) return;
    after[0] = state[0];
    after[1] = state[1] + (uint64)used;
}

INLINE void normal_pair(double first, double second, double* made) {
    double radius = sqrt(-2.0 * log1p(-first)), angle = 6.283185307179586476925 * second;
    made[0] = radius * cos(angle);
    made[1] = radius * sin(angle);
}

#define EACH_BLOCK                                                                                 \
    for (int64 b = (int64)blockIdx.x * blockDim.x + threadIdx.x; b < count;                        \
         b += (int64)gridDim.x * blockDim.x)

#if OP == DROPOUT
KERNEL run(const T* x, const uint64* state, T* y, uint64* after, int64 size, int64 limit,
           double scale) {
    int64 count = (size + 3) / 4;
    bool whole = aligned(4 * sizeof(T) > 16 ? 16 : 4 * sizeof(T), x, y);
    EACH_BLOCK {
        Words words = philox(state[0], state[1] + (uint64)b);
        if (!WIDE && whole && b * 4 + 4 <= size) {
            Pack<T, WIDE ? 2 : 4> pack = read<T, WIDE ? 2 : 4>(x + b * 4);
            for (int i = 0; i < (WIDE ? 2 : 4); i++) {
                A kept = wide(pack.at[i]) * A(scale);
                pack.at[i] = narrow<T>((int64)words.at[i] >= limit ? kept : A(0));
            }
            write(y + b * 4, pack);
            continue;
        }
        for (int64 i = b * 4; i < size && i < b * 4 + 4; i++) {
            A kept = wide(x[i]) * A(scale);
            y[i] = narrow<T>((int64)words.at[i - b * 4] >= limit ? kept : A(0));
        }
    }
    advance(state, after, count);
}
#else
KERNEL run(const uint64* state, T* y, uint64* after, int64 size) {
    constexpr int EACH = WIDE ? 2 : 4;
    int64 count = (size + EACH - 1) / EACH;
    EACH_BLOCK {
        Words words = philox(state[0], state[1] + (uint64)b);
        A made[4];
#if OP == UNIFORM
        constexpr int DROPPED = sizeof(T) == 4 ? 8 : DIGITS;
        for (int i = 0; i < EACH; i++) {
            if (WIDE)
                made[i] = A(unit64(words.at[2 * i & 3], words.at[(2 * i + 1) & 3]));
            else
                made[i] = A(words.at[i] >> DROPPED) * A(1.0 / (1u << (32 - DROPPED)));
        }
#else
        double pair[4];
        if (WIDE) {
            double first = unit64(words.at[0], words.at[1]);
            normal_pair(first, unit64(words.at[2], words.at[3]), pair);
        } else {
            for (int i = 0; i < 4; i += 2)
                normal_pair(words.at[i] * 0x1p-32, words.at[i + 1] * 0x1p-32, pair + i);
        }
        for (int i = 0; i < EACH; i++) made[i] = A(pair[i]);
#endif
        for (int i = 0; i < EACH && b * EACH + i < size; i++)
            y[b * EACH + i] = narrow<T>(made[i]);
    }
    advance(state, after, count);
}
#endif
