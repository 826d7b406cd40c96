/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory hierarchy and launches, in the form of `llmsim probe --csv` (probe,x_name,x,y_name,y), so that the two can be laid side by side:
 *   latency    one thread follows a random cycle of 128-byte lines; SM cycles a load, by footprint
 *   bandwidth  all SMs read one buffer again and again in 16-byte loads; bytes a second, by footprint
 *   launch     empty kernels one after the other in a stream, and in a graph; seconds from one to the next
 */
#include <numeric>
#include <random>

#include "measure.cuh"

namespace {

enum { LINE = 128 };

__global__ void chase(const uint64_t *next, int loads, uint64_t *out)
{
    uint64_t at = 0;
    long long start = clock64();

    for (int i = 0; i < loads; i++)
        at = next[at];
    out[0] = (uint64_t)(clock64() - start);
    out[1] = at; /* keeps the loads */
}

/* A cycle through all lines in random order, so that neither prefetch nor rows help. */
std::vector<uint64_t> random_cycle(size_t lines)
{
    std::vector<uint64_t> order(lines), next(lines * (LINE / 8));
    std::mt19937_64 random(1);

    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    for (size_t i = 0; i < lines; i++)
        next[order[i] * (LINE / 8)] = order[(i + 1) % lines] * (LINE / 8);
    return next;
}

double latency_cycles(size_t bytes)
{
    enum { LOADS = 1 << 16 };
    std::vector<uint64_t> host = random_cycle(bytes / LINE);
    Buffer next(host.size() * 8), out(16);
    uint64_t cycles[2];

    CUDA_CHECK(cudaMemcpy(next.data(), host.data(), next.bytes(), cudaMemcpyHostToDevice));
    for (int round = 0; round < 2; round++) { /* the first fills caches and page tables: one whole walk */
        int loads = round == 0 ? (int)std::max<size_t>(bytes / LINE, 1024) : LOADS;
        chase<<<1, 1>>>((const uint64_t *)next.data(), loads, (uint64_t *)out.data());
        CUDA_CHECK(cudaDeviceSynchronize());
    }
    CUDA_CHECK(cudaMemcpy(cycles, out.data(), 16, cudaMemcpyDeviceToHost));
    return (double)cycles[0] / LOADS;
}

__global__ void read_all(const uint4 *data, size_t count, int rounds, uint4 *out)
{
    uint4 sum = { 0, 0, 0, 0 };

    for (int r = 0; r < rounds; r++)
        for (size_t i = blockIdx.x * (size_t)blockDim.x + threadIdx.x; i < count; i += (size_t)gridDim.x * blockDim.x) {
            uint4 v = __ldcg(&data[i]); /* past L1, which belongs to one SM */

            sum.x ^= v.x;
            sum.y ^= v.y;
            sum.z ^= v.z;
            sum.w ^= v.w;
        }
    if (sum.x == 0x12345678u && sum.y == 1u) /* never: keeps the loads */
        *out = sum;
}

/* Each SM reads a share of the buffer, so what is measured is L2 or memory, not one SM's port alone. */
double read_bytes_per_s(const Options &o, Timer &timer, size_t bytes)
{
    Buffer data(bytes), out(16);
    int sms = device_properties().multiProcessorCount, rounds = (int)std::max<size_t>(1, ((size_t)256 << 20) / bytes);

    CUDA_CHECK(cudaMemset(data.data(), 1, bytes));
    double s = timer.replay_s(o, [&] { read_all<<<2 * sms, 1024, 0, timer.stream()>>>((const uint4 *)data.data(), bytes / 16, rounds, (uint4 *)out.data()); });
    return (double)bytes * rounds / s;
}

__global__ void empty() {}

void launches(const Options &o, Timer &timer)
{
    enum { COUNT = 64 };
    double stream_s = timer.replay_s(o, [&] { for (int i = 0; i < COUNT; i++) empty<<<1, 32, 0, timer.stream()>>>(); }) / COUNT;
    double graph_s = timer.graph_s(o, COUNT, [](cudaStream_t stream, int) { empty<<<1, 32, 0, stream>>>(); });

    printf("launch,graph,0,time_s,%.4g\nlaunch,graph,1,time_s,%.4g\n", stream_s, graph_s);
}

} // namespace

int main(int argc, char **argv)
{
    Options o = parse_options(argc, argv, "Latency and read bandwidth by footprint, and the gap between launches, as 'llmsim probe --csv' writes them.");
    size_t l2 = (size_t)device_properties().l2CacheSize, most = std::min<size_t>(16 * l2, (size_t)2 << 30);
    Timer timer;

    printf("probe,x_name,x,y_name,y\n");
    for (size_t bytes = 4096; bytes <= most && wanted(o, "latency"); bytes *= 2)
        for (size_t at : { bytes, bytes + bytes / 2 })
            if (!o.quick || at == bytes)
                printf("latency,footprint_bytes,%zu,latency_cycles,%.5g\n", at, latency_cycles(at));
    for (size_t bytes = (size_t)1 << 20; bytes <= most && wanted(o, "bandwidth"); bytes *= 2)
        for (size_t at : { bytes, bytes + bytes / 2 })
            if (!o.quick || at == bytes)
                printf("bandwidth,footprint_bytes,%zu,bytes_per_s,%.5g\n", at, read_bytes_per_s(o, timer, at));
    if (wanted(o, "launch"))
        launches(o, timer);
    return 0;
}
