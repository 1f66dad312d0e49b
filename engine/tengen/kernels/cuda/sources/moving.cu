// Channels of up to four arrays put together in any order.
//
// A thread makes a pack of the result. Channels-last: neighbouring channels of one position, each
// read where the table says; plain: neighbouring positions of one channel. The table comes by value
// and is copied to shared memory, since lanes that read different entries of a parameter wait for
// each other.
//
// Definitions: TYPE, of so many bytes; LAST; VECTOR, elements of a pack; MOST, entries of the table.
#include "device.cuh"

typedef TYPE T;
constexpr int V = VECTOR;

struct Table {
    const T* from[4];
    int channels[4];
    unsigned short wanted[MOST]; // the array in the two highest bits, its channel in the others
};

KERNEL __launch_bounds__(256) run(TABLE table, T* y, int64 images, int64 channels, int64 size) {
    SHARED(unsigned short, wanted, MOST);
    for (int at = threadIdx.x; at < channels; at += blockDim.x) wanted[at] = table.wanted[at];
    __syncthreads();
    int64 packs = images * channels * size / V;
    bool whole = aligned(V * sizeof(T), y);
    for (int k = 0; k < 4; k++) whole = whole && aligned(V * sizeof(T), table.from[k]);
    for (int64 pack = (int64)blockIdx.x * blockDim.x + threadIdx.x; pack < packs;
         pack += (int64)gridDim.x * blockDim.x) {
        int64 at = pack * V;
        Pack<T, V> made;
        if (LAST) {
            int64 position = at / channels, channel = at % channels;
            for (int i = 0; i < V; i++) {
                int entry = wanted[channel + i], from = entry >> 14;
                made.at[i] = table.from[from][position * table.channels[from] + (entry & 16383)];
            }
        } else {
            int64 row = at / size, image = row / channels;
            int entry = wanted[row % channels], from = entry >> 14;
            int64 source = image * table.channels[from] + (entry & 16383);
            made = read_if<T, V>(whole, table.from[from] + source * size + at % size);
        }
        write_if(whole, y + at, made);
    }
}
