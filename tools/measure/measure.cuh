/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the programs of the measuring kit share: errors, options, timing, CSV. docs/measure.md
 *
 * Timing: the calls of one point are captured into a CUDA graph, `copies` launches one after the other; the graph is replayed until the
 * wanted time has passed (after a warm-up of the same length, so that clock and temperature have settled) and timed by events over batches of
 * replays. The figure is the median over the batches, divided by the launches: start of a launch to start of the next, node gap included.
 */
#ifndef LLMSIM_TOOLS_MEASURE_MEASURE_CUH
#define LLMSIM_TOOLS_MEASURE_MEASURE_CUH

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <cuda_runtime.h>

#define CUDA_CHECK(call)                                                                                                  \
    do {                                                                                                                  \
        cudaError_t status_ = (call);                                                                                     \
        if (status_ != cudaSuccess) {                                                                                     \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorString(status_));                   \
            exit(1);                                                                                                      \
        }                                                                                                                 \
    } while (0)

struct Options {
    std::string device;            /* name for the CSV: llmsim's name or alias of this GPU */
    std::string only;              /* format or operation, "" all */
    double seconds = 0.2;          /* of measuring a point */
    bool quick = false, check = false, named = false; /* named: --device was given */
};

/* Device memory that goes with its scope. */
class Buffer {
public:
    explicit Buffer(size_t bytes) : bytes_(bytes) { CUDA_CHECK(cudaMalloc(&data_, bytes ? bytes : 1)); }
    ~Buffer() { cudaFree(data_); }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    void *data() const { return data_; }
    size_t bytes() const { return bytes_; }
private:
    void *data_ = nullptr;
    size_t bytes_;
};

inline cudaDeviceProp device_properties()
{
    cudaDeviceProp p;
    int device = 0;

    CUDA_CHECK(cudaGetDevice(&device));
    CUDA_CHECK(cudaGetDeviceProperties(&p, device));
    return p;
}

inline Options parse_options(int argc, char **argv, const char *about)
{
    Options o;
    bool help = argc > 1 && strcmp(argv[1], "--help") == 0; /* also where there is no GPU */

    o.device = help ? "this GPU" : device_properties().name;
    for (int i = 1; i < argc; i++) {
        std::string arg = argv[i];
        bool more = i + 1 < argc;

        if (arg == "--device" && more)
            o.device = argv[++i], o.named = true;
        else if (arg == "--only" && more)
            o.only = argv[++i];
        else if (arg == "--seconds" && more)
            o.seconds = std::max(1e-3, atof(argv[++i]));
        else if (arg == "--quick")
            o.quick = true;
        else if (arg == "--check")
            o.check = true;
        else {
            fprintf(stderr, "usage: %s [--device NAME] [--only NAME] [--seconds S] [--quick] [--check] >FILE.csv\n\n%s\n\n"
                    "  --device   name in the CSV [%s]; 'llmsim arch list' has the names that llmsim knows\n"
                    "  --seconds  of measuring each point [0.2]; longer ones see the sustained clock\n"
                    "  --quick    fewer points\n"
                    "  --check    compare results with the host's where the program can\n", argv[0], about, o.device.c_str());
            exit(arg == "--help" ? 0 : 2);
        }
    }
    return o;
}

inline bool wanted(const Options &o, const std::string &name)
{
    return o.only.empty() || o.only == name;
}

inline double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    size_t n = values.size();
    return n == 0 ? 0 : n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

/* Copies of a buffer that together exceed L2 twice, so that each launch finds its own in memory; at most `most`. */
inline int rotating_copies(size_t bytes, int most = 64)
{
    size_t l2 = (size_t)device_properties().l2CacheSize;
    size_t copies = bytes > 0 ? (2 * l2 + bytes - 1) / bytes + 1 : 1;

    return (int)std::min<size_t>(std::max<size_t>(copies, 2), (size_t)most);
}

class Timer {
public:
    Timer()
    {
        CUDA_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
        CUDA_CHECK(cudaEventCreate(&start_));
        CUDA_CHECK(cudaEventCreate(&stop_));
    }
    ~Timer()
    {
        cudaEventDestroy(start_);
        cudaEventDestroy(stop_);
        cudaStreamDestroy(stream_);
    }
    Timer(const Timer &) = delete;
    Timer &operator=(const Timer &) = delete;

    /** Seconds of one launch in a replayed graph; launch(stream, i) puts the i-th of `copies` onto the stream. */
    double graph_s(const Options &o, int copies, const std::function<void(cudaStream_t, int)> &launch)
    {
        cudaGraph_t graph;
        cudaGraphExec_t executable;

        launch(stream_, 0); /* first use may allocate, which a capture does not allow */
        CUDA_CHECK(cudaStreamSynchronize(stream_));
        CUDA_CHECK(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
        for (int i = 0; i < copies; i++)
            launch(stream_, i);
        CUDA_CHECK(cudaStreamEndCapture(stream_, &graph));
        CUDA_CHECK(cudaGraphInstantiate(&executable, graph, 0));
        double s = replay_s(o, [&] { CUDA_CHECK(cudaGraphLaunch(executable, stream_)); }) / copies;
        CUDA_CHECK(cudaGraphExecDestroy(executable));
        CUDA_CHECK(cudaGraphDestroy(graph));
        return s;
    }

    /** Seconds of one call of `once`, which launches onto stream(). */
    double replay_s(const Options &o, const std::function<void()> &once)
    {
        enum { BATCHES = 9 };
        std::vector<double> batches;
        double one_s = std::max(span_s(2, once) / 2, 1e-7);
        int count = (int)std::min(1e5, std::max(1.0, o.seconds / BATCHES / one_s));

        for (int i = 0; i < BATCHES; i++) /* warm-up of the same length */
            span_s(count, once);
        for (int i = 0; i < BATCHES; i++)
            batches.push_back(span_s(count, once) / count);
        return median(batches);
    }

    cudaStream_t stream() const { return stream_; }

private:
    double span_s(int count, const std::function<void()> &once)
    {
        float ms = 0;

        CUDA_CHECK(cudaEventRecord(start_, stream_));
        for (int i = 0; i < count; i++)
            once();
        CUDA_CHECK(cudaEventRecord(stop_, stream_));
        CUDA_CHECK(cudaEventSynchronize(stop_));
        CUDA_CHECK(cudaGetLastError());
        CUDA_CHECK(cudaEventElapsedTime(&ms, start_, stop_));
        return 1e-3 * ms;
    }

    cudaStream_t stream_;
    cudaEvent_t start_, stop_;
};

/* Values of about N(0, 1/16): real data switches more bits, and draws more power, than zeros. */
template <typename T> __global__ void fill_kernel(T *out, size_t count, uint32_t seed)
{
    for (size_t i = blockIdx.x * (size_t)blockDim.x + threadIdx.x; i < count; i += (size_t)gridDim.x * blockDim.x) {
        uint32_t x = (uint32_t)i * 2654435761u + seed;

        x ^= x >> 16;
        x *= 0x7feb352du;
        x ^= x >> 15;
        out[i] = T(((float)(x & 0xffff) / 65536.0f - 0.5f) * 0.5f);
    }
}

template <typename T> void fill(const Buffer &b, uint32_t seed)
{
    fill_kernel<T><<<1024, 256>>>((T *)b.data(), b.bytes() / sizeof(T), seed);
    CUDA_CHECK(cudaGetLastError());
    CUDA_CHECK(cudaDeviceSynchronize());
}

#endif
