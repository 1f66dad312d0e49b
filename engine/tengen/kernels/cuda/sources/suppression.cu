// Non-maximum suppression: the order of the boxes, which of them overlap, as bits, and then which
// of them stay.
//
// `ranks` counts for each box how many stand before it: as much work as the overlaps are, and equal
// scores keep their order. `overlaps` gives a word of 64 bits for each box and 64 later boxes, both
// by falling score; `keep` goes through the boxes in that order, in one block, so that nothing is
// sent to the host. All share one workspace.
//
// Definitions: TYPE.
#include "device.cuh"

typedef TYPE T;
typedef Wide<T>::type A;

struct Work {
    uint64* total; // how many boxes stay
    uint64* gone;  // a bit for each box
    uint64* words; // (count, columns)
    int* order;    // the numbers of the boxes by falling score
    int64 columns;

    INLINE Work(uint64* start, int64 count) {
        columns = (count + 63) / 64;
        total = start;
        gone = total + 1;
        words = gone + columns;
        order = (int*)(words + count * columns);
    }
};

// Whether score a, of box i, stands before score b, of box j; those that are no number come last.
INLINE bool before(A a, int64 i, A b, int64 j) {
    if (b != b) return a == a || i < j;
    return a > b || (a == b && i < j);
}

KERNEL __launch_bounds__(64) ranks(const T* scores, uint64* start, int64 count) {
    SHARED(A, others, 64);
    Work work(start, count);
    int64 mine = (int64)blockIdx.x * 64 + threadIdx.x, rank = 0;
    A score = mine < count ? wide(scores[mine]) : A(0);
    for (int64 first = 0; first < count; first += 64) {
        if (first + threadIdx.x < count) others[threadIdx.x] = wide(scores[first + threadIdx.x]);
        __syncthreads();
        int many = count - first < 64 ? (int)(count - first) : 64;
        for (int i = 0; i < many; i++) rank += before(others[i], first + i, score, mine);
        __syncthreads(); // everybody has read before anybody writes
    }
    if (mine < count) work.order[rank] = (int)mine;
}

KERNEL __launch_bounds__(64) overlaps(const T* boxes, uint64* start, int64 count,
                                      double threshold) {
    SHARED(A, others, 64 * 4);
    Work work(start, count);
    int64 mine = (int64)blockIdx.y * 64 + threadIdx.x, first = (int64)blockIdx.x * 64;
    if (blockIdx.x < blockIdx.y) return;
    int many = count - first < 64 ? (int)(count - first) : 64;
    if (threadIdx.x < many) {
        const T* other = boxes + (int64)work.order[first + threadIdx.x] * 4;
        for (int i = 0; i < 4; i++) others[threadIdx.x * 4 + i] = wide(other[i]);
    }
    __syncthreads();
    if (mine >= count) return;
    const T* box = boxes + (int64)work.order[mine] * 4;
    A left = wide(box[0]), top = wide(box[1]), right = wide(box[2]), bottom = wide(box[3]);
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
    work.words[mine * work.columns + blockIdx.x] = word;
}

KERNEL __launch_bounds__(256) keep(uint64* start, int* kept, int64 count, int64 limit) {
    Work work(start, count);
    int64 stay = 0;
    for (int64 i = threadIdx.x; i < work.columns; i += blockDim.x) work.gone[i] = 0;
    __syncthreads();
    for (int64 box = 0; box < count && stay != limit; box++) {
        bool stays = !(work.gone[box / 64] >> (box % 64) & 1);
        __syncthreads(); // everybody has read before anybody writes
        if (!stays) continue;
        if (threadIdx.x == 0) kept[stay] = work.order[box];
        stay++;
        for (int64 i = box / 64 + threadIdx.x; i < work.columns; i += blockDim.x)
            work.gone[i] |= work.words[box * work.columns + i];
        __syncthreads();
    }
    if (threadIdx.x == 0) *work.total = stay;
}
