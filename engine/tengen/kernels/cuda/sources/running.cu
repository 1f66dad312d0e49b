// Running statistics of many batch norms at once: old * keep + new * share, a block a piece.
//
// Definitions: TYPE, of the running ones; STATISTIC, of the batch's; MOST, items of a table.
#include "device.cuh"

typedef TYPE T;
typedef Wide<T>::type A;
constexpr int PIECE = 256;

struct Item {
    const T* old;
    const STATISTIC* fresh;
    T* result;
    double keep, share;
    int64 size;
};

struct Table {
    Item item[MOST];
    int first[MOST + 1]; // the first block of each item
    int count;
};

KERNEL __launch_bounds__(256) run(TABLE table) {
    int low = 0, high = table.count - 1, block = blockIdx.x;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (table.first[middle] <= block) low = middle;
        else high = middle - 1;
    }
    const Item& item = table.item[low];
    int64 at = (int64)(block - table.first[low]) * PIECE + threadIdx.x;
    if (at >= item.size) return;
    A made = wide(item.old[at]) * A(item.keep) + A(wide(item.fresh[at])) * A(item.share);
    item.result[at] = narrow<T>(made);
}
