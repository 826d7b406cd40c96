/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decode attention in the schema of attention.csv: one new token of each sequence against its cache, split over the keys as flash-decoding does
 * (Dao et al. 2023), fp16, head dimension 128, query heads of a KV head together. The kernel is this kit's own and simple: a warp takes a key at a
 * time. It is bound by reading the cache, and so shows what the memory gives to such a kernel; a tuned library may be 10 to 30 % faster. Prefill is
 * left to libraries: a simple kernel would say nothing about them (docs/measure.md shows how to time theirs).
 */
#include <cmath>

#include <cuda_fp16.h>

#include "measure.cuh"

namespace {

enum { DIM = 128, WARPS = 4, LANE_DIM = DIM / 32 };

/* State of one query head over some keys: running maximum, sum of exponentials, weighted values (a lane's four). */
struct Partial { float maximum, sum, out[LANE_DIM]; };

__device__ void merge(Partial &a, const Partial &b)
{
    float maximum = fmaxf(a.maximum, b.maximum), x = __expf(a.maximum - maximum), y = __expf(b.maximum - maximum);

    if (maximum == -INFINITY)
        return;
    a.sum = a.sum * x + b.sum * y;
    for (int d = 0; d < LANE_DIM; d++)
        a.out[d] = a.out[d] * x + b.out[d] * y;
    a.maximum = maximum;
}

__device__ void load4(float out[LANE_DIM], const __half *from)
{
    uint2 raw = *(const uint2 *)from;
    float2 low = __half22float2(*(const __half2 *)&raw.x), high = __half22float2(*(const __half2 *)&raw.y);

    out[0] = low.x;
    out[1] = low.y;
    out[2] = high.x;
    out[3] = high.y;
}

/* q[batch][kv_heads][GROUP][DIM], k and v[batch][kv_heads][kv][DIM]; parts[batch][kv_heads][splits][GROUP][32] */
template <int GROUP> __global__ void decode(const __half *q, const __half *k, const __half *v, Partial *parts, int kv, int splits)
{
    __shared__ Partial shared[WARPS][GROUP][32];
    int lane = (int)threadIdx.x % 32, warp = (int)threadIdx.x / 32, split = (int)blockIdx.y;
    size_t head = blockIdx.x;
    int first = (int)((long long)kv * split / splits), last = (int)((long long)kv * (split + 1) / splits);
    float query[GROUP][LANE_DIM];
    Partial state[GROUP];

    for (int g = 0; g < GROUP; g++) {
        load4(query[g], q + (head * GROUP + g) * DIM + lane * LANE_DIM);
        state[g] = { -INFINITY, 0, { 0, 0, 0, 0 } };
    }
    for (int t = first + warp; t < last; t += WARPS) {
        float key[LANE_DIM], value[LANE_DIM];

        load4(key, k + (head * kv + t) * DIM + lane * LANE_DIM);
        load4(value, v + (head * kv + t) * DIM + lane * LANE_DIM);
        for (int g = 0; g < GROUP; g++) {
            float score = 0;

            for (int d = 0; d < LANE_DIM; d++)
                score += query[g][d] * key[d];
            for (int step = 16; step > 0; step /= 2)
                score += __shfl_xor_sync(0xffffffffu, score, step);
            Partial one = { score * 0.08838834764831845f, 1, { value[0], value[1], value[2], value[3] } }; /* 1 / sqrt(128) */
            merge(state[g], one);
        }
    }
    for (int g = 0; g < GROUP; g++)
        shared[warp][g][lane] = state[g];
    __syncthreads();
    for (int g = warp; g < GROUP; g += WARPS) {
        Partial all = shared[0][g][lane];

        for (int w = 1; w < WARPS; w++)
            merge(all, shared[w][g][lane]);
        parts[((head * splits + split) * GROUP + g) * 32 + lane] = all;
    }
}

template <int GROUP> __global__ void combine(const Partial *parts, __half *out, int splits)
{
    int lane = (int)threadIdx.x % 32, g = (int)threadIdx.x / 32;
    size_t head = blockIdx.x;
    Partial all = parts[(head * splits * GROUP + g) * 32 + lane];

    for (int s = 1; s < splits; s++)
        merge(all, parts[((head * splits + s) * GROUP + g) * 32 + lane]);
    for (int d = 0; d < LANE_DIM; d++)
        out[(head * GROUP + g) * DIM + lane * LANE_DIM + d] = __float2half(all.out[d] / all.sum);
}

struct Shape { int batch, kv, heads, kv_heads; };

/* Splits that give each SM two blocks or more, of 64 keys at least. */
int splits_of(const Shape &s)
{
    int blocks = s.batch * s.kv_heads, wanted_blocks = 4 * device_properties().multiProcessorCount;

    return std::max(1, std::min((wanted_blocks + blocks - 1) / blocks, s.kv / 64));
}

template <int GROUP> void launch(const Shape &s, const __half *q, const __half *k, const __half *v, Partial *parts, __half *out, cudaStream_t stream)
{
    int splits = splits_of(s);

    decode<GROUP><<<dim3((unsigned)(s.batch * s.kv_heads), (unsigned)splits), WARPS * 32, 0, stream>>>(q, k, v, parts, s.kv, splits);
    combine<GROUP><<<(unsigned)(s.batch * s.kv_heads), GROUP * 32, 0, stream>>>(parts, out, splits);
}

struct Cache {
    Cache(const Shape &s, int count) : q((size_t)s.batch * s.heads * DIM * 2), out(q.bytes()),
        parts((size_t)s.batch * s.kv_heads * splits_of(s) * (s.heads / s.kv_heads) * 32 * sizeof(Partial))
    {
        fill<__half>(q, 1);
        for (int i = 0; i < 2 * count; i++) {
            kv.push_back(new Buffer((size_t)s.batch * s.kv_heads * s.kv * DIM * 2));
            fill<__half>(*kv.back(), (uint32_t)i + 2);
        }
    }
    ~Cache()
    {
        for (Buffer *b : kv)
            delete b;
    }
    Cache(const Cache &) = delete;
    Cache &operator=(const Cache &) = delete;
    Buffer q, out, parts;
    std::vector<Buffer *> kv; /* keys and values in turn */
};

void launch_any(const Shape &s, const Cache &c, int copy, cudaStream_t stream)
{
    const __half *q = (const __half *)c.q.data(), *k = (const __half *)c.kv[2 * (size_t)copy]->data(), *v = (const __half *)c.kv[2 * (size_t)copy + 1]->data();
    Partial *parts = (Partial *)c.parts.data();
    __half *out = (__half *)c.out.data();

    switch (s.heads / s.kv_heads) {
    case 1: launch<1>(s, q, k, v, parts, out, stream); break;
    case 4: launch<4>(s, q, k, v, parts, out, stream); break;
    default: launch<8>(s, q, k, v, parts, out, stream); break;
    }
}

std::vector<__half> to_host(const Buffer &b)
{
    std::vector<__half> host(b.bytes() / 2);

    CUDA_CHECK(cudaMemcpy(host.data(), b.data(), b.bytes(), cudaMemcpyDeviceToHost));
    return host;
}

/* Largest difference from the definition, in double on the host. */
double error_of(const Shape &s)
{
    Cache c(s, 1);
    int group = s.heads / s.kv_heads;
    double worst = 0;

    launch_any(s, c, 0, 0);
    CUDA_CHECK(cudaDeviceSynchronize());
    std::vector<__half> q = to_host(c.q), k = to_host(*c.kv[0]), v = to_host(*c.kv[1]), out = to_host(c.out);
    for (int h = 0; h < s.batch * s.heads; h++) {
        size_t cache = (size_t)(h / group) * s.kv * DIM;
        std::vector<double> weight((size_t)s.kv);
        double sum = 0;

        for (int t = 0; t < s.kv; t++) {
            double score = 0;
            for (int d = 0; d < DIM; d++)
                score += (double)__half2float(q[(size_t)h * DIM + d]) * (double)__half2float(k[cache + (size_t)t * DIM + d]);
            sum += weight[(size_t)t] = std::exp(score / std::sqrt((double)DIM));
        }
        for (int d = 0; d < DIM; d++) {
            double expected = 0;
            for (int t = 0; t < s.kv; t++)
                expected += weight[(size_t)t] / sum * (double)__half2float(v[cache + (size_t)t * DIM + d]);
            worst = std::max(worst, std::fabs(expected - (double)__half2float(out[(size_t)h * DIM + d])));
        }
    }
    return worst;
}

int check()
{
    static const Shape shapes[] = { { 2, 1000, 8, 8 }, { 3, 77, 8, 2 }, { 1, 4096, 16, 2 } };
    int failed = 0;

    for (const Shape &s : shapes) {
        double error = error_of(s);

        fprintf(stderr, "batch %d, %d keys, %d heads of %d: off by %.2g\n", s.batch, s.kv, s.heads, s.kv_heads, error);
        failed |= !(error < 2e-3);
    }
    return failed;
}

} // namespace

int main(int argc, char **argv)
{
    static const int heads[][2] = { { 32, 32 }, { 32, 8 }, { 64, 8 } }, batches[] = { 1, 4, 16, 64, 128 }, lengths[] = { 128, 512, 1024, 2048, 4096, 8192, 16384 };
    Options o = parse_options(argc, argv, "Decode attention by a simple kernel of this kit (attention.csv). --check holds it against the host.");
    Timer timer;

    if (o.check)
        return check();
    printf("device,phase,dtype,batch,q_len,kv_len,n_head,n_kv_head,head_dim,time_us,source\n");
    for (const auto &h : heads)
        for (int batch : batches)
            for (int kv : lengths) {
                Shape s = { batch, kv, h[0], h[1] };
                size_t bytes = (size_t)batch * h[1] * kv * DIM * 4;

                if (bytes > ((size_t)4 << 30) || (o.quick && (batch == 4 || batch == 64 || kv == 512 || kv == 2048 || kv == 8192)))
                    continue;
                int copies = rotating_copies(bytes, 16);
                Cache c(s, copies);
                double each_s = timer.graph_s(o, copies, [&](cudaStream_t stream, int i) { launch_any(s, c, i, stream); });
                printf("%s,decode,fp16,%d,1,%d,%d,%d,%d,%.4g,llmsim-measure:attention/simple\n", o.device.c_str(), batch, kv, h[0], h[1], (int)DIM, 1e6 * each_s);
                fflush(stdout);
            }
    return 0;
}
