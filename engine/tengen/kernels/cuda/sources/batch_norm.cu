// Batch norm of the batch's own or given statistics, with a residual and an activation.
//
// A thread sums differences from the first element that it meets and their squares, which cannot
// cancel unless the data drift; threads and blocks are joined by Chan's formula (Chan, Golub and
// LeVeque, 1983), in an order that never changes.
//
// Definitions: those of channels.cuh; ACTIVATION; STATISTIC, the type of given mean and variance.
#include "channels.cuh"

struct Moments {
    A count, mean, squares;
};

INLINE Moments join(Moments a, Moments b) {
    A count = a.count + b.count;
    if (count == A(0)) return a;
    A apart = b.mean - a.mean, share = b.count / count;
    return {count, a.mean + apart * share, a.squares + b.squares + apart * apart * a.count * share};
}

// parts is (pieces, channels) of three numbers.
KERNEL __launch_bounds__(256) statistics(const T* x, A* parts, int64 images, int64 channels,
                                         int64 size, int64 pieces) {
    Walk walk(images, channels, size, pieces);
    A first[K], sum[K], squares[K], count = 0;
    for (int k = 0; k < K; k++) first[k] = sum[k] = squares[k] = 0;
    bool whole = fits(x);
    walk.each([&](int64 place) {
        Pack<T, V> pack = read_if<T, V>(whole, x + place);
        if (count == A(0))
            for (int k = 0; k < K; k++) first[k] = wide(pack.at[k]);
        for (int i = 0; i < V; i++) {
            A apart = wide(pack.at[i]) - first[CHANNEL(i)];
            sum[CHANNEL(i)] += apart;
            squares[CHANNEL(i)] += apart * apart;
        }
        count += A(LAST ? 1 : V);
    });
    SHARED(Moments, joined, 256);
    int threads = blockDim.x * blockDim.y, width = LAST ? blockDim.x : 1;
    int number = threadIdx.y * blockDim.x + threadIdx.x;
    for (int k = 0; k < K; k++) {
        A mean = count == A(0) ? A(0) : sum[k] / count;
        __syncthreads();
        joined[number] = {count, first[k] + mean, squares[k] - sum[k] * mean};
        for (int half = threads / 2; half >= width; half /= 2) {
            __syncthreads();
            if (number < half) joined[number] = join(joined[number], joined[number + half]);
        }
        __syncthreads();
        if (number < width && walk.mine) {
            A* to = parts + ((int64)blockIdx.y * channels + walk.channel + k) * 3;
            to[0] = joined[number].count;
            to[1] = joined[number].mean;
            to[2] = joined[number].squares;
        }
    }
}

KERNEL finish(const A* parts, A* mean, A* variance, A* inverse, int64 channels, int64 pieces,
              double eps) {
    int64 channel = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (channel >= channels) return;
    Moments all = {0, 0, 0};
    for (int64 i = 0; i < pieces; i++) {
        const A* from = parts + (i * channels + channel) * 3;
        all = join(all, {from[0], from[1], from[2]});
    }
    A spread = larger(all.squares / all.count, A(0));
    mean[channel] = all.mean;
    variance[channel] = spread;
    inverse[channel] = A(1) / square_root(spread + A(eps));
}

// Mean and variance from sums of the elements and of their squares.
KERNEL from_sums(const A* sums, const A* squares, A* mean, A* variance, int64 channels,
                 int64 count) {
    int64 channel = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (channel >= channels) return;
    A middle = sums[channel] / count;
    mean[channel] = middle;
    variance[channel] = larger(fused(-middle, middle, squares[channel] / count), A(0));
}

// The inverse deviation and the mean in the computing type, from given statistics.
KERNEL given(const STATISTIC* mean, const STATISTIC* variance, A* wide_mean, A* inverse,
             int64 channels, double eps) {
    int64 channel = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (channel >= channels) return;
    wide_mean[channel] = wide(mean[channel]);
    inverse[channel] = A(1) / square_root(A(wide(variance[channel])) + A(eps));
}

// Weight and bias, and the residual, may be null.
KERNEL __launch_bounds__(256) apply(const T* x, const A* mean, const A* inverse, const T* weight,
                                    const T* bias, const T* residual, T* y, int64 images,
                                    int64 channels, int64 size, int64 pieces) {
    Walk walk(images, channels, size, pieces);
    if (!walk.mine) return;
    A middle[K], scale[K], shift[K];
    for (int k = 0; k < K; k++) {
        int64 channel = walk.channel + k;
        middle[k] = mean[channel];
        scale[k] = weight ? wide(weight[channel]) * inverse[channel] : inverse[channel];
        shift[k] = bias ? wide(bias[channel]) : A(0);
    }
    bool whole = fits(x) && fits(y) && fits(residual);
    walk.each([&](int64 place) {
        Pack<T, V> pack = read_if<T, V>(whole, x + place), other;
        if (residual) other = read_if<T, V>(whole, residual + place);
        for (int i = 0; i < V; i++) {
            int k = CHANNEL(i);
            A made = wide(normalised(wide(pack.at[i]), middle[k], scale[k], shift[k]));
            if (residual) made += wide(other.at[i]);
            pack.at[i] = narrow<T>(activated<ACTIVATION>(made));
        }
        write_if(whole, y + place, pack);
    });
}
