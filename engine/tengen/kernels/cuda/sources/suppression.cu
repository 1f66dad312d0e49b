// Non-maximum suppression: which boxes overlap, as bits, and then which of them stay.
//
// Boxes (count, 4) come by falling score. `overlaps` gives a word of 64 bits for each box and 64
// later boxes; `keep` goes through the boxes in order, in one block, so that nothing is sent to the
// host. kept is (count,) bytes, and `total` how many there are.
//
// Definitions: TYPE.
#include "device.cuh"

typedef TYPE T;
typedef Wide<T>::type A;

KERNEL __launch_bounds__(64) overlaps(const T* boxes, uint64* words, int64 count, double threshold) {
    SHARED(A, others, 64 * 4);
    int64 mine = (int64)blockIdx.y * 64 + threadIdx.x, first = (int64)blockIdx.x * 64;
    if (blockIdx.x < blockIdx.y) return;
    int many = count - first < 64 ? (int)(count - first) : 64;
    if (threadIdx.x < many)
        for (int i = 0; i < 4; i++)
            others[threadIdx.x * 4 + i] = wide(boxes[(first + threadIdx.x) * 4 + i]);
    __syncthreads();
    if (mine >= count) return;
    A left = wide(boxes[mine * 4]), top = wide(boxes[mine * 4 + 1]);
    A right = wide(boxes[mine * 4 + 2]), bottom = wide(boxes[mine * 4 + 3]);
    A area = (right - left) * (bottom - top);
    uint64 word = 0;
    for (int i = 0; i < many; i++) {
        if (first + i <= mine) continue;
        const A* other = others + i * 4;
        A width = smaller(right, other[2]) - larger(left, other[0]);
        A height = smaller(bottom, other[3]) - larger(top, other[1]);
        A common = larger(width, A(0)) * larger(height, A(0));
        A both = area + (other[2] - other[0]) * (other[3] - other[1]) - common;
        if (common > both * A(threshold)) word |= uint64(1) << i;
    }
    words[mine * gridDim.x + blockIdx.x] = word;
}

// `gone` is a workspace of (count + 63) / 64 words.
KERNEL __launch_bounds__(256) keep(const uint64* words, uint64* gone, byte* kept, int64* total,
                                   int64 count, int64 limit) {
    int64 columns = (count + 63) / 64, stay = 0;
    for (int64 i = threadIdx.x; i < columns; i += blockDim.x) gone[i] = 0;
    __syncthreads();
    for (int64 box = 0; box < count; box++) {
        bool stays = !(gone[box / 64] >> (box % 64) & 1) && (limit < 0 || stay < limit);
        __syncthreads(); // everybody has read before anybody writes
        if (threadIdx.x == 0) kept[box] = stays;
        if (!stays) continue;
        stay++;
        for (int64 i = box / 64 + threadIdx.x; i < columns; i += blockDim.x)
            gone[i] |= words[box * columns + i];
        __syncthreads();
    }
    if (threadIdx.x == 0) *total = stay;
}
