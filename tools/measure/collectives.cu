/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NCCL collectives over the GPUs of one node, one process, fp16 buffers, in the schema of collective.csv. `bytes` is the buffer of one rank before
 * the operation (all_gather: what a rank gives; reduce_scatter, all_to_all: what it holds). Time: rank 0's events around calls back to back.
 */
#include <memory>

#include <nccl.h>

#include "measure.cuh"

#define NCCL_CHECK(call)                                                                                          \
    do {                                                                                                          \
        ncclResult_t status_ = (call);                                                                            \
        if (status_ != ncclSuccess) {                                                                             \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, ncclGetErrorString(status_));           \
            exit(1);                                                                                              \
        }                                                                                                         \
    } while (0)

namespace {

struct Rank {
    int device;
    ncclComm_t comm;
    cudaStream_t stream;
    void *send, *receive;
};

struct Operation {
    const char *name;
    int receive_ranks;   /* 1: the receive buffer holds `ranks` times the bytes */
    void (*call)(const Rank &r, int rank, int ranks, size_t bytes);
};

void all_reduce(const Rank &r, int, int, size_t bytes)
{
    NCCL_CHECK(ncclAllReduce(r.send, r.receive, bytes / 2, ncclHalf, ncclSum, r.comm, r.stream));
}

void all_gather(const Rank &r, int, int, size_t bytes)
{
    NCCL_CHECK(ncclAllGather(r.send, r.receive, bytes / 2, ncclHalf, r.comm, r.stream));
}

void reduce_scatter(const Rank &r, int, int ranks, size_t bytes)
{
    NCCL_CHECK(ncclReduceScatter(r.send, r.receive, bytes / 2 / (size_t)ranks, ncclHalf, ncclSum, r.comm, r.stream));
}

void all_to_all(const Rank &r, int, int ranks, size_t bytes)
{
    size_t share = bytes / 2 / (size_t)ranks;

    for (int peer = 0; peer < ranks; peer++) {
        NCCL_CHECK(ncclSend((const char *)r.send + 2 * share * (size_t)peer, share, ncclHalf, peer, r.comm, r.stream));
        NCCL_CHECK(ncclRecv((char *)r.receive + 2 * share * (size_t)peer, share, ncclHalf, peer, r.comm, r.stream));
    }
}

/* Around the ring, every rank at once. */
void send_recv(const Rank &r, int rank, int ranks, size_t bytes)
{
    NCCL_CHECK(ncclSend(r.send, bytes / 2, ncclHalf, (rank + 1) % ranks, r.comm, r.stream));
    NCCL_CHECK(ncclRecv(r.receive, bytes / 2, ncclHalf, (rank + ranks - 1) % ranks, r.comm, r.stream));
}

const Operation operations[] = {
    { "all_reduce", 0, all_reduce }, { "all_gather", 1, all_gather }, { "reduce_scatter", 0, reduce_scatter },
    { "all_to_all", 0, all_to_all }, { "send_recv", 0, send_recv },
};

void once(const Operation &op, const std::vector<Rank> &ranks, size_t bytes)
{
    NCCL_CHECK(ncclGroupStart());
    for (size_t i = 0; i < ranks.size(); i++)
        op.call(ranks[i], (int)i, (int)ranks.size(), bytes);
    NCCL_CHECK(ncclGroupEnd());
}

void wait(const std::vector<Rank> &ranks)
{
    for (const Rank &r : ranks) {
        CUDA_CHECK(cudaSetDevice(r.device));
        CUDA_CHECK(cudaStreamSynchronize(r.stream));
    }
}

double time_s(const Options &o, const Operation &op, const std::vector<Rank> &ranks, size_t bytes)
{
    enum { REPEATS = 7 };
    int calls = bytes > ((size_t)64 << 20) ? 4 : o.quick ? 10 : 20;
    std::vector<double> times;
    cudaEvent_t start, stop;

    CUDA_CHECK(cudaSetDevice(ranks[0].device));
    CUDA_CHECK(cudaEventCreate(&start));
    CUDA_CHECK(cudaEventCreate(&stop));
    for (int repeat = -2; repeat < REPEATS; repeat++) { /* two to warm up */
        float ms = 0;

        CUDA_CHECK(cudaSetDevice(ranks[0].device));
        CUDA_CHECK(cudaEventRecord(start, ranks[0].stream));
        for (int i = 0; i < calls; i++)
            once(op, ranks, bytes);
        CUDA_CHECK(cudaSetDevice(ranks[0].device));
        CUDA_CHECK(cudaEventRecord(stop, ranks[0].stream));
        wait(ranks);
        CUDA_CHECK(cudaEventElapsedTime(&ms, start, stop));
        if (repeat >= 0)
            times.push_back(1e-3 * ms / calls);
    }
    CUDA_CHECK(cudaSetDevice(ranks[0].device));
    cudaEventDestroy(start);
    cudaEventDestroy(stop);
    return median(times);
}

void measure(const Options &o, const std::string &system, int count, size_t most)
{
    std::vector<Rank> ranks((size_t)count);
    std::vector<int> devices((size_t)count);
    std::vector<ncclComm_t> comms((size_t)count);

    for (int i = 0; i < count; i++)
        devices[(size_t)i] = i;
    NCCL_CHECK(ncclCommInitAll(comms.data(), count, devices.data()));
    for (int i = 0; i < count; i++) {
        Rank &r = ranks[(size_t)i];

        r.device = i;
        r.comm = comms[(size_t)i];
        CUDA_CHECK(cudaSetDevice(i));
        CUDA_CHECK(cudaStreamCreateWithFlags(&r.stream, cudaStreamNonBlocking));
        CUDA_CHECK(cudaMalloc(&r.send, most));
        CUDA_CHECK(cudaMalloc(&r.receive, most * (size_t)count));
        CUDA_CHECK(cudaMemset(r.send, 0, most));
    }
    for (const Operation &op : operations)
        for (size_t bytes = 1024; bytes <= (op.receive_ranks ? most / (size_t)count : most) && wanted(o, op.name); bytes *= o.quick ? 8 : 2) {
            printf("%s,%s,%d,%zu,%.4g,llmsim-measure:collectives\n", system.c_str(), op.name, count, bytes, 1e6 * time_s(o, op, ranks, bytes));
            fflush(stdout);
        }
    wait(ranks);
    for (Rank &r : ranks) {
        CUDA_CHECK(cudaSetDevice(r.device));
        cudaFree(r.send);
        cudaFree(r.receive);
        cudaStreamDestroy(r.stream);
        ncclCommDestroy(r.comm);
    }
}

} // namespace

int main(int argc, char **argv)
{
    Options o = parse_options(argc, argv, "NCCL collectives over 2, 4, 8 ... GPUs of this node (collective.csv).");
    int devices = 0;

    CUDA_CHECK(cudaGetDeviceCount(&devices));
    if (devices < 2) {
        fprintf(stderr, "found %d GPU, expected at least 2\n", devices);
        return 2;
    }
    printf("system,op,ranks,bytes,time_us,source\n");
    for (int count = 2; count <= devices; count *= 2)
        measure(o, o.named ? o.device : std::to_string(devices) + "x" + o.device, count, (size_t)(o.quick ? 64 : 1024) << 20);
    return 0;
}
