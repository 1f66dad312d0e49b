// The gradient of batch norm, of the activation behind it, and of a residual that joined.
//
// Two passes over x and the gradients. The activation's mask comes from the result y, or is worked
// out again from x where y was not kept: reading x is needed anyhow.
//
// Definitions: those of channels.cuh; ACTIVATION; GRADIENTS, how many are summed (1 to 4); FROM_Y.
#include "channels.cuh"

struct Given {
    const T* at[4];
};

struct Coefficients {
    A mean[K], inverse[K], scale[K], shift[K];

    INLINE Coefficients(const Walk& walk, const A* means, const A* spreads, const T* weight,
                        const T* bias, double eps) {
        for (int k = 0; k < K; k++) {
            int64 channel = walk.channel + k;
            mean[k] = inverse[k] = scale[k] = shift[k] = 0;
            if (!walk.mine) continue;
            mean[k] = means[channel];
            // eps below zero says that the inverse deviation itself is given
            A spread = spreads[channel];
            inverse[k] = eps < 0 ? spread : A(1) / square_root(spread + A(eps));
            scale[k] = weight ? wide(weight[channel]) * inverse[k] : inverse[k];
            shift[k] = bias ? wide(bias[channel]) : A(0);
        }
    }
};

// The summed gradient behind the mask, rounded as it is stored.
template <int N>
INLINE Pack<T, N> masked(bool whole, const Given& given, const T* y, const Pack<T, N>& x,
                         const Coefficients& c, int64 place) {
    Pack<T, N> made = read_if<T, N>(whole, given.at[0] + place), result;
    for (int number = 1; number < GRADIENTS; number++) {
        Pack<T, N> more = read_if<T, N>(whole, given.at[number] + place);
        for (int i = 0; i < N; i++) made.at[i] = narrow<T>(wide(made.at[i]) + wide(more.at[i]));
    }
    if (ACTIVATION == NONE) return made;
    if (FROM_Y) result = read_if<T, N>(whole, y + place);
    for (int i = 0; i < N; i++) {
        int k = CHANNEL(i);
        T out = FROM_Y ? result.at[i] : normalised(wide(x.at[i]), c.mean[k], c.scale[k], c.shift[k]);
        if (!open<ACTIVATION>(wide(out))) made.at[i] = narrow<T>(A(0));
    }
    return made;
}

#define SOURCES const T *x, const A *mean, const A *spread, const T *weight, const T *bias, const T *y
#define SIZES int64 images, int64 channels, int64 size, int64 pieces, double eps

// parts is (pieces, 2, channels): sums of g and of g * (x - mean). `kept`, if given, takes g.
KERNEL __launch_bounds__(256) reduce(SOURCES, const T* g0, const T* g1, const T* g2, const T* g3,
                                     T* kept, A* parts, SIZES) {
    Walk walk(images, channels, size, pieces);
    Coefficients c(walk, mean, spread, weight, bias, eps);
    Given given = {{g0, g1, g2, g3}};
    bool whole = fits(x) && fits(y) && fits(g0) && fits(g1) && fits(g2) && fits(g3) && fits(kept);
    A plain[K], along[K];
    for (int k = 0; k < K; k++) plain[k] = along[k] = 0;
    walk.each([&](int64 place) {
        Pack<T, V> pack = read_if<T, V>(whole, x + place);
        Pack<T, V> g = masked<V>(whole, given, y, pack, c, place);
        for (int i = 0; i < V; i++) {
            int k = CHANNEL(i);
            plain[k] += wide(g.at[i]);
            along[k] += wide(g.at[i]) * (wide(pack.at[i]) - c.mean[k]);
        }
        if (kept) write_if(whole, kept + place, g);
    });
    add_up(plain);
    add_up(along);
    if (!leads() || !walk.mine) return;
    for (int k = 0; k < K; k++) {
        parts[((int64)blockIdx.y * 2) * channels + walk.channel + k] = plain[k];
        parts[((int64)blockIdx.y * 2 + 1) * channels + walk.channel + k] = along[k];
    }
}

// totals is (2, channels).
KERNEL finish(const A* parts, const A* spread, T* dweight, T* dbias, A* totals, int64 channels,
              int64 pieces, double eps) {
    int64 channel = (int64)blockIdx.x * blockDim.x + threadIdx.x;
    if (channel >= channels) return;
    A plain = 0, along = 0;
    for (int64 i = 0; i < pieces; i++) {
        plain += parts[i * 2 * channels + channel];
        along += parts[(i * 2 + 1) * channels + channel];
    }
    A inverse = eps < 0 ? spread[channel] : A(1) / square_root(spread[channel] + A(eps));
    totals[channel] = plain;
    totals[channels + channel] = along;
    dweight[channel] = narrow<T>(along * inverse);
    dbias[channel] = narrow<T>(plain);
}

KERNEL __launch_bounds__(256) gradient(SOURCES, const T* g0, const T* g1, const T* g2, const T* g3,
                                       const T* kept, const A* totals, T* dx, SIZES) {
    Walk walk(images, channels, size, pieces);
    if (!walk.mine) return;
    Coefficients c(walk, mean, spread, weight, bias, eps);
    Given given = {{g0, g1, g2, g3}};
    A count = A(images * size), plain[K], along[K];
    for (int k = 0; k < K; k++) {
        plain[k] = totals[walk.channel + k] / count;
        along[k] = totals[channels + walk.channel + k] * c.inverse[k] * c.inverse[k] / count;
    }
    bool whole = fits(x) && fits(y) && fits(g0) && fits(g1) && fits(g2) && fits(g3) && fits(dx);
    whole = whole && fits(kept);
    walk.each([&](int64 place) {
        Pack<T, V> pack = read_if<T, V>(whole, x + place), g;
        if (kept)
            g = read_if<T, V>(whole, kept + place);
        else
            g = masked<V>(whole, given, y, pack, c, place);
        for (int i = 0; i < V; i++) {
            int k = CHANNEL(i);
            A centred = wide(pack.at[i]) - c.mean[k];
            pack.at[i] = narrow<T>(c.scale[k] * (wide(g.at[i]) - plain[k] - centred * along[k]));
        }
        write_if(whole, dx + place, pack);
    });
}
