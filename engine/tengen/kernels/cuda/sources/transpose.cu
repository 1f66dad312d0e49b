// Turns matrices (count, rows, columns) into (count, columns, rows): between plain and channels-last
// images. A block moves a tile of 32 x 32 through shared memory, so that reads and writes both run
// along memory; the tile's rows are one element longer, so that its columns lie in other banks.
//
// Definitions: TYPE, an unsigned type of the elements' size.
#include "device.cuh"

typedef TYPE T;

KERNEL __launch_bounds__(256) run(const T* x, T* y, int64 rows, int64 columns) {
    SHARED(T, tile, 32 * 33);
    int64 start = (int64)blockIdx.z * rows * columns;
    int lane = threadIdx.x % 32, line = threadIdx.x / 32;
    int64 left = (int64)blockIdx.x * 32, top = (int64)blockIdx.y * 32;
    for (int i = line; i < 32; i += 8)
        if (top + i < rows && left + lane < columns)
            tile[i * 33 + lane] = x[start + (top + i) * columns + left + lane];
    __syncthreads();
    for (int i = line; i < 32; i += 8)
        if (left + i < columns && top + lane < rows)
            y[start + (left + i) * rows + top + lane] = tile[lane * 33 + i];
}
