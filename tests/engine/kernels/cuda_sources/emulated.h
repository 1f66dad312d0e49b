// Lets a C++ compiler build the CUDA kernels for the CPU, one block at a time, each thread a fiber.
//
// A fiber runs until it meets a barrier or a warp's exchange, so that the order of threads between
// barriers is chosen by the scheduler: forward, backward or shuffled. Shared memory is filled with
// NaN before each block and has guard words around it. A fault at an address is reported.
#pragma once
#include <csetjmp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <math.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <utility>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define TABLE const Table

namespace emulated {

struct Index {
    unsigned x, y, z;
};

enum State { READY, AT_BARRIER, AT_WARP, DONE };

struct Fiber {
    ucontext_t context;
    Index index;
    unsigned number;
    State state;
    int place;          // the source line of the barrier that it waits at
    int exchange;       // how many exchanges of the warp it has made
};

struct Shared {
    const void* key;
    size_t start, bytes;
};

const size_t STACK = 128 << 10, MOST_SHARED = 227 << 10, GUARD = 64;
const int MOST_THREADS = 1024;

static Fiber fibers[MOST_THREADS];
static Fiber* thread;
static ucontext_t scheduler;
static Index grid_size, block_size, block_index;
static char* stacks;
static char memory[MOST_SHARED + 64 * GUARD] __attribute__((aligned(128)));
static Shared pieces[64];
static int piece_count;
static size_t used, dynamic_bytes;
static uint64_t exchanged[MOST_THREADS / 32][2][32];
static void (*entry)(void**);
static void** arguments;
static char trouble[512];
static sigjmp_buf escape;

template <typename... Words> inline void fail(const char* form, Words... words) {
    if (!trouble[0]) snprintf(trouble, sizeof trouble, form, words...);
    siglongjmp(escape, 1);
}

inline void wait(State state, int place) {
    thread->state = state;
    thread->place = place;
    swapcontext(&thread->context, &scheduler);
}

inline void* shared(const void* key, size_t bytes) {
    for (int i = 0; i < piece_count; i++)
        if (pieces[i].key == key) return memory + pieces[i].start;
    size_t start = (used + GUARD + 127) / 128 * 128;
    if (piece_count == 64 || start + bytes > MOST_SHARED)
        fail("more than %d KB of shared memory are asked for", (int)(MOST_SHARED >> 10));
    pieces[piece_count++] = {key, start, bytes};
    used = start + bytes;
    return memory + start;
}

inline void check_guards() {
    size_t from = 0;
    for (int i = 0; i <= piece_count; i++) {
        size_t to = i < piece_count ? pieces[i].start : (used + GUARD);
        for (size_t at = from; at < to; at++)
            if (memory[at] != (char)0xff) fail("a write outside shared memory, at byte %zu", at);
        if (i < piece_count) from = pieces[i].start + pieces[i].bytes;
    }
}

// Every lane of the warp gives a value and gets that of lane `from`.
template <typename V> inline V exchange(V value, unsigned from) {
    static_assert(sizeof(V) <= 8, "an exchange moves 8 bytes at most");
    unsigned warp = thread->number / 32, lane = thread->number % 32;
    uint64_t(&slots)[32] = exchanged[warp][thread->exchange++ & 1];
    memcpy(&slots[lane], &value, sizeof value);
    wait(AT_WARP, thread->exchange);
    V made = value;
    if (from < 32) memcpy(&made, &slots[from], sizeof made);
    return made;
}

inline unsigned gather(bool vote) {
    unsigned warp = thread->number / 32, lane = thread->number % 32, made = 0;
    uint64_t(&slots)[32] = exchanged[warp][thread->exchange++ & 1];
    slots[lane] = vote;
    wait(AT_WARP, thread->exchange);
    for (int i = 0; i < 32; i++) made |= (slots[i] ? 1u : 0u) << i;
    return made;
}

inline void start_fiber() {
    entry(arguments);
    thread->state = DONE;
    swapcontext(&thread->context, &scheduler);
}

inline void release_warps(int count) {
    for (int first = 0; first < count; first += 32) {
        int waiting = 0, place = -1;
        for (int i = first; i < first + 32 && i < count; i++)
            if (fibers[i].state == AT_WARP) {
                waiting++;
                if (place >= 0 && place != fibers[i].place) fail("a warp's exchanges fall apart");
                place = fibers[i].place;
            }
        int lanes = count - first < 32 ? count - first : 32;
        if (waiting == lanes && lanes == 32)
            for (int i = first; i < first + lanes; i++) fibers[i].state = READY;
    }
}

inline bool release_block(int count) {
    int place = -1, waiting = 0, done = 0;
    for (int i = 0; i < count; i++) {
        if (fibers[i].state == DONE) done++;
        if (fibers[i].state != AT_BARRIER) continue;
        if (place >= 0 && place != fibers[i].place)
            fail("threads wait at the barriers of lines %d and %d", place, fibers[i].place);
        place = fibers[i].place;
        waiting++;
    }
    if (waiting && waiting + done == count) {
        if (done) fail("%d threads have left before the barrier of line %d", done, place);
        for (int i = 0; i < count; i++) fibers[i].state = READY;
    }
    return done == count;
}

inline void run_block(int count, unsigned order) {
    memset(memory, 0xff, sizeof memory);
    piece_count = 0;
    used = dynamic_bytes;
    for (int i = 0; i < count; i++) {
        Fiber& fiber = fibers[i];
        fiber.number = i;
        fiber.exchange = 0;
        fiber.state = READY;
        fiber.index = {i % block_size.x, i / block_size.x % block_size.y,
                       i / block_size.x / block_size.y};
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = stacks + STACK * i;
        fiber.context.uc_stack.ss_size = STACK;
        fiber.context.uc_link = &scheduler;
        makecontext(&fiber.context, (void (*)())start_fiber, 0);
    }
    unsigned random = order * 2654435761u + 12345u;
    while (!release_block(count)) {
        bool moved = false;
        random = random * 1664525u + 1013904223u;
        unsigned shift = order > 1 ? random % count : 0;
        for (int step = 0; step < count; step++) {
            int i = order == 1 ? count - 1 - step : (step + shift) % count;
            if (order > 1 && (random >> 16 & 1)) i = count - 1 - i;
            if (fibers[i].state != READY) continue;
            thread = &fibers[i];
            swapcontext(&scheduler, &thread->context);
            moved = true;
        }
        release_warps(count);
        if (!moved) {
            bool ready = false;
            for (int i = 0; i < count; i++) ready |= fibers[i].state == READY;
            if (!ready) {
                int waiting[4] = {0, 0, 0, 0};
                for (int i = 0; i < count; i++) waiting[fibers[i].state]++;
                if (waiting[AT_WARP] || waiting[DONE])
                    fail("stuck: %d threads at a barrier, %d at an exchange, %d gone",
                         waiting[AT_BARRIER], waiting[AT_WARP], waiting[DONE]);
            }
        }
    }
    check_guards();
}

inline void fault(int, siginfo_t* about, void*) {
    unsigned lane = thread ? thread->number : 0;
    snprintf(trouble, sizeof trouble, "fault at address %p, block (%u, %u, %u), thread %u",
             about->si_addr, block_index.x, block_index.y, block_index.z, lane);
    siglongjmp(escape, 1);
}

template <typename... A, size_t... I>
inline void call(void (*function)(A...), void** given, std::index_sequence<I...>) {
    function(*(A*)given[I]...);
}

template <typename... A> inline void call(void (*function)(A...), void** given) {
    call(function, given, std::index_sequence_for<A...>());
}

inline const char* launch(void (*what)(void**), void** given, const unsigned* shape,
                          size_t dynamic, unsigned order) {
    if (!stacks) {
        stacks = (char*)mmap(0, STACK * MOST_THREADS, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    static char spare[64 << 10];
    stack_t own = {spare, 0, sizeof spare}, before_stack;
    struct sigaction action, before[2];
    memset(&action, 0, sizeof action);
    action.sa_sigaction = fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaltstack(&own, &before_stack);
    sigaction(SIGSEGV, &action, &before[0]);
    sigaction(SIGBUS, &action, &before[1]);
    trouble[0] = 0;
    entry = what;
    arguments = given;
    dynamic_bytes = dynamic;
    grid_size = {shape[0], shape[1], shape[2]};
    block_size = {shape[3], shape[4], shape[5]};
    int count = shape[3] * shape[4] * shape[5];
    if (!sigsetjmp(escape, 1)) {
        if (count > MOST_THREADS) fail("a block of %d threads", count);
        unsigned blocks = shape[0] * shape[1] * shape[2];
        for (unsigned step = 0; step < blocks; step++) {
            unsigned i = order == 1 ? blocks - 1 - step : step;
            block_index = {i % shape[0], i / shape[0] % shape[1], i / shape[0] / shape[1]};
            run_block(count, order);
        }
    }
    sigaction(SIGSEGV, &before[0], 0);
    sigaction(SIGBUS, &before[1], 0);
    sigaltstack(&before_stack, 0);
    return trouble[0] ? trouble : 0;
}

template <typename V> inline V exchange_add(V* at, V value) {
    V before = *at;
    *at = before + value;
    return before;
}

} // namespace emulated

#define threadIdx (emulated::thread->index)
#define blockIdx emulated::block_index
#define blockDim emulated::block_size
#define gridDim emulated::grid_size
#define __syncthreads() emulated::wait(emulated::AT_BARRIER, __LINE__)
#define __syncwarp() emulated::gather(true)
#define SHARED(T, name, count)                                                                     \
    static const char name##_key = 0;                                                              \
    T* name = (T*)emulated::shared(&name##_key, sizeof(T) * (count))

template <typename V> inline V __shfl_sync(unsigned, V value, int from) {
    return emulated::exchange(value, from & 31);
}
template <typename V> inline V __shfl_xor_sync(unsigned, V value, int bits) {
    return emulated::exchange(value, (emulated::thread->number % 32) ^ bits);
}
template <typename V> inline V __shfl_down_sync(unsigned, V value, int by) {
    return emulated::exchange(value, emulated::thread->number % 32 + by);
}
template <typename V> inline V __shfl_up_sync(unsigned, V value, int by) {
    return emulated::exchange(value, emulated::thread->number % 32 - by);
}
inline unsigned __ballot_sync(unsigned, bool vote) { return emulated::gather(vote); }
inline int __any_sync(unsigned, bool vote) { return emulated::gather(vote) != 0; }

inline float atomicAdd(float* at, float value) { return emulated::exchange_add(at, value); }
inline double atomicAdd(double* at, double value) { return emulated::exchange_add(at, value); }
inline int atomicAdd(int* at, int value) { return emulated::exchange_add(at, value); }
inline unsigned atomicAdd(unsigned* at, unsigned v) { return emulated::exchange_add(at, v); }
inline unsigned long long atomicAdd(unsigned long long* at, unsigned long long value) {
    return emulated::exchange_add(at, value);
}

inline float __uint_as_float(unsigned bits) {
    float made;
    memcpy(&made, &bits, 4);
    return made;
}
inline unsigned __float_as_uint(float x) {
    unsigned made;
    memcpy(&made, &x, 4);
    return made;
}
inline double __longlong_as_double(long long bits) {
    double made;
    memcpy(&made, &bits, 8);
    return made;
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __umulhi(unsigned a, unsigned b) { return (uint64_t)a * b >> 32; }
inline float rsqrtf(float x) { return 1 / sqrtf(x); }
inline double rsqrt(double x) { return 1 / sqrt(x); }
#define __ldg(at) (*(at))
template <typename V> inline V min(V a, V b) { return a < b ? a : b; }
template <typename V> inline V max(V a, V b) { return a > b ? a : b; }

// float16 and bfloat16 by arithmetic on their bits, to the nearest, halves to even.
struct half;
struct bfloat16;
inline unsigned short bfloat16_bits(float x) {
    unsigned bits = __float_as_uint(x);
    if (x != x) return 0x7fff;
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}
inline unsigned short half_bits(float x) {
    unsigned short sign = __float_as_uint(x) >> 16 & 0x8000;
    float size = fabsf(x);
    if (x != x) return 0x7fff;
    if (size >= 65520.0f) return sign | 0x7c00;
    if (size < 6.103515625e-05f) return sign | (unsigned short)nearbyintf(size * 16777216.0f);
    unsigned bits = __float_as_uint(size) - (112u << 23);
    return sign | (bits + 0xfff + (bits >> 13 & 1)) >> 13;
}
inline float half_value(unsigned short bits) {
    unsigned exponent = bits >> 10 & 31, rest = bits & 1023;
    float size = exponent == 31  ? (rest ? NAN : INFINITY)
                 : exponent == 0 ? rest * 5.9604644775390625e-08f
                                 : ldexpf(1024 + rest, exponent - 25);
    return bits & 0x8000 ? -size : size;
}
