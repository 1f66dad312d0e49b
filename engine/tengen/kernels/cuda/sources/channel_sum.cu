// The sum over all but the channels, as a bias's gradient is: pieces, then all of them in order.
//
// Definitions: those of channels.cuh.
#include "channels.cuh"

KERNEL __launch_bounds__(256) part(const T* x, A* parts, int64 images, int64 channels, int64 size,
                                   int64 pieces) {
    Walk walk(images, channels, size, pieces);
    A sum[K];
    for (int k = 0; k < K; k++) sum[k] = 0;
    bool whole = fits(x);
    walk.each([&](int64 place) {
        Pack<T, V> pack = read_if<T, V>(whole, x + place);
        for (int i = 0; i < V; i++) sum[CHANNEL(i)] += wide(pack.at[i]);
    });
    add_up(sum);
    if (!leads() || !walk.mine) return;
    for (int k = 0; k < K; k++) parts[(int64)blockIdx.y * channels + walk.channel + k] = sum[k];
}

KERNEL finish(const A* parts, T* y, int64 channels, int64 pieces) {
    int64 channel = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (channel >= channels) return;
    A sum = 0;
    for (int64 i = 0; i < pieces; i++) sum += parts[i * channels + channel];
    y[channel] = narrow<T>(sum);
}
