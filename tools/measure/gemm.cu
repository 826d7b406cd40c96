/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GEMM through cuBLASLt, in the schema of gemm.csv: C[m][n] = A[m][k] B[n][k]^T, B the weight, fp32 or int32 accumulation, the library's first
 * choice of kernel. Weights rotate through copies that exceed L2; activations and results stay where they are. Formats that the GPU or
 * the library does not have are told and left out. Quantization kernels are not in the time.
 */
#include <cublasLt.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include "measure.cuh"

#define LT_CHECK(call)                                                                          \
    do {                                                                                        \
        cublasStatus_t status_ = (call);                                                        \
        if (status_ != CUBLAS_STATUS_SUCCESS) {                                                 \
            fprintf(stderr, "%s:%d: %s: status %d\n", __FILE__, __LINE__, #call, (int)status_); \
            exit(1);                                                                            \
        }                                                                                       \
    } while (0)

namespace {

struct Format {
    const char *name, *accumulator;
    cudaDataType_t operand, result, scale;
    cublasComputeType_t compute;
    int bits;              /* of an operand */
    int multiple;          /* of m, n, k that the library asks for */
    bool block_scales;     /* a scale of UE4M3 for each 16 elements along k (nvfp4) */
};

const Format formats[] = {
    { "fp16", "fp32", CUDA_R_16F, CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F, 16, 1, false },
    { "bf16", "fp32", CUDA_R_16BF, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F, 16, 1, false },
    { "tf32", "fp32", CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, 32, 1, false },
    { "fp8_e4m3", "fp32", CUDA_R_8F_E4M3, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F, 8, 16, false },
    { "int8", "int32", CUDA_R_8I, CUDA_R_32I, CUDA_R_32I, CUBLAS_COMPUTE_32I, 8, 4, false },
#if CUDART_VERSION >= 12080
    { "nvfp4", "fp32", CUDA_R_4F_E2M1, CUDA_R_16BF, CUDA_R_32F, CUBLAS_COMPUTE_32F, 4, 32, true },
#endif
};

struct Shape { int64_t m, n, k; };

/* Llama 7B, 8B and 70B at tensor parallel 1 to 8, and squares; m around the edges of 128-row tiles. */
std::vector<Shape> shapes(bool quick)
{
    static const int64_t rows[] = { 1, 8, 16, 32, 64, 128, 136, 256, 264, 512, 1024, 2048, 4096 }, quick_rows[] = { 1, 64, 256, 264, 2048 };
    static const int64_t weights[][2] = { { 4096, 4096 }, { 12288, 4096 }, { 22016, 4096 }, { 4096, 11008 }, { 6144, 4096 }, { 28672, 4096 },
                                          { 4096, 14336 }, { 10240, 8192 }, { 8192, 8192 }, { 57344, 8192 }, { 8192, 28672 }, { 1280, 8192 },
                                          { 8192, 1024 }, { 7168, 8192 }, { 8192, 3584 } };
    std::vector<Shape> list;

    for (const auto &w : weights)
        for (int64_t m : quick ? std::vector<int64_t>(std::begin(quick_rows), std::end(quick_rows)) : std::vector<int64_t>(std::begin(rows), std::end(rows)))
            list.push_back({ m, w[0], w[1] });
    return list;
}

size_t bytes_of(const Format &f, int64_t rows, int64_t cols)
{
    return (size_t)(rows * cols) * (size_t)f.bits / 8;
}

/* Bytes of block scales: tiles of 128 rows by 4 scales, padded (cuBLASLt documentation, "1D block scaling"). */
size_t scale_bytes(const Format &f, int64_t rows, int64_t k)
{
    return f.block_scales ? (size_t)((rows + 127) / 128 * 128 * ((k / 16 + 3) / 4 * 4)) : 0;
}

/* Any byte is a value of int8, and two of fp4: the number's low bits. */
struct Bits {
    __device__ explicit Bits(float x) : byte((unsigned char)((int)(x * 65536.0f) & 0xff)) {}
    unsigned char byte;
};

void fill_operand(const Format &f, const Buffer &b, uint32_t seed)
{
    switch (f.operand) {
    case CUDA_R_32F: fill<float>(b, seed); break;
    case CUDA_R_16F: fill<__half>(b, seed); break;
    case CUDA_R_16BF: fill<__nv_bfloat16>(b, seed); break;
    case CUDA_R_8F_E4M3: fill<__nv_fp8_e4m3>(b, seed); break;
    default: fill<Bits>(b, seed); break;
    }
}

/* One shape in one format, ready to be launched. */
class Product {
public:
    Product(cublasLtHandle_t handle, const Format &f, const Shape &s)
        : handle_(handle), format_(f), shape_(s), copies_(rotating_copies(bytes_of(f, s.n, s.k))), a_(bytes_of(f, s.m, s.k)),
          c_((size_t)(s.m * s.n) * (f.result == CUDA_R_32F || f.result == CUDA_R_32I ? 4 : 2)), a_scales_(scale_bytes(f, s.m, s.k)),
          b_scales_(scale_bytes(f, s.n, s.k)), workspace_(workspace_bytes)
    {
        fill_operand(f, a_, 1);
        CUDA_CHECK(cudaMemset(a_scales_.data(), 0x38, a_scales_.bytes())); /* 1.0 in UE4M3 */
        CUDA_CHECK(cudaMemset(b_scales_.data(), 0x38, b_scales_.bytes()));
        for (int i = 0; i < copies_; i++) {
            b_.push_back(new Buffer(bytes_of(f, s.n, s.k)));
            fill_operand(f, *b_.back(), (uint32_t)i + 2);
        }
        describe();
    }
    ~Product()
    {
        for (Buffer *b : b_)
            delete b;
        cublasLtMatrixLayoutDestroy(layout_c_);
        cublasLtMatrixLayoutDestroy(layout_a_);
        cublasLtMatrixLayoutDestroy(layout_b_);
        cublasLtMatmulDescDestroy(operation_);
    }
    Product(const Product &) = delete;
    Product &operator=(const Product &) = delete;

    /* The library's first choice; false: it has none. */
    bool choose()
    {
        cublasLtMatmulPreference_t preference;
        cublasLtMatmulHeuristicResult_t result;
        int found = 0;
        size_t room = workspace_bytes;

        LT_CHECK(cublasLtMatmulPreferenceCreate(&preference));
        LT_CHECK(cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &room, sizeof room));
        cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(handle_, operation_, layout_b_, layout_a_, layout_c_, layout_c_, preference, 1, &result, &found);
        cublasLtMatmulPreferenceDestroy(preference);
        algorithm_ = result.algo;
        return status == CUBLAS_STATUS_SUCCESS && found > 0;
    }

    void launch(cudaStream_t stream, int i)
    {
        const float one = 1, zero = 0;
        const int32_t one_i = 1, zero_i = 0;
        bool integers = format_.scale == CUDA_R_32I;

        LT_CHECK(cublasLtMatmul(handle_, operation_, integers ? (const void *)&one_i : &one, b_[(size_t)i]->data(), layout_b_, a_.data(), layout_a_,
                                integers ? (const void *)&zero_i : &zero, c_.data(), layout_c_, c_.data(), layout_c_, &algorithm_, workspace_.data(),
                                workspace_bytes, stream));
    }

    int copies() const { return copies_; }

private:
    static constexpr size_t workspace_bytes = 32u << 20;

    /* In cuBLAS's columns: C^T[n][m] = B[n][k] A[m][k]^T, B transposed. */
    void describe()
    {
        cublasOperation_t transposed = CUBLAS_OP_T;

        LT_CHECK(cublasLtMatmulDescCreate(&operation_, format_.compute, format_.scale));
        LT_CHECK(cublasLtMatmulDescSetAttribute(operation_, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed));
#if CUDART_VERSION >= 12080
        if (format_.block_scales) {
            cublasLtMatmulMatrixScale_t mode = CUBLASLT_MATMUL_MATRIX_SCALE_VEC16_UE4M3;
            void *of_b = b_scales_.data(), *of_a = a_scales_.data();

            LT_CHECK(cublasLtMatmulDescSetAttribute(operation_, CUBLASLT_MATMUL_DESC_A_SCALE_MODE, &mode, sizeof mode));
            LT_CHECK(cublasLtMatmulDescSetAttribute(operation_, CUBLASLT_MATMUL_DESC_B_SCALE_MODE, &mode, sizeof mode));
            LT_CHECK(cublasLtMatmulDescSetAttribute(operation_, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, &of_b, sizeof of_b));
            LT_CHECK(cublasLtMatmulDescSetAttribute(operation_, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, &of_a, sizeof of_a));
        }
#endif
        LT_CHECK(cublasLtMatrixLayoutCreate(&layout_b_, format_.operand, (uint64_t)shape_.k, (uint64_t)shape_.n, shape_.k));
        LT_CHECK(cublasLtMatrixLayoutCreate(&layout_a_, format_.operand, (uint64_t)shape_.k, (uint64_t)shape_.m, shape_.k));
        LT_CHECK(cublasLtMatrixLayoutCreate(&layout_c_, format_.result, (uint64_t)shape_.n, (uint64_t)shape_.m, shape_.n));
    }

    cublasLtHandle_t handle_;
    const Format &format_;
    Shape shape_;
    int copies_;
    Buffer a_, c_, a_scales_, b_scales_, workspace_;
    std::vector<Buffer *> b_;
    cublasLtMatmulDesc_t operation_;
    cublasLtMatrixLayout_t layout_a_, layout_b_, layout_c_;
    cublasLtMatmulAlgo_t algorithm_;
};

bool fits(const Format &f, const Shape &s)
{
    return s.m % f.multiple == 0 && s.n % f.multiple == 0 && s.k % f.multiple == 0;
}

} // namespace

int main(int argc, char **argv)
{
    Options o = parse_options(argc, argv, "GEMM through cuBLASLt in every format that this GPU and library have (gemm.csv).");
    cublasLtHandle_t handle;
    Timer timer;

    LT_CHECK(cublasLtCreate(&handle));
    printf("device,dtype_a,dtype_b,dtype_acc,m,n,k,batch,time_us,label,source\n");
    for (const Format &f : formats) {
        bool told = false;

        for (const Shape &s : shapes(o.quick)) {
            if (!wanted(o, f.name) || !fits(f, s))
                continue;
            Product p(handle, f, s);
            if (!p.choose()) {
                if (!told)
                    fprintf(stderr, "%s: cuBLASLt has no kernel on this GPU\n", f.name);
                told = true;
                continue;
            }
            double s_each = timer.graph_s(o, p.copies(), [&](cudaStream_t stream, int i) { p.launch(stream, i); });
            printf("%s,%s,%s,%s,%lld,%lld,%lld,1,%.4g,cublaslt,llmsim-measure:gemm\n", o.device.c_str(), f.name, f.name, f.accumulator, (long long)s.m,
                   (long long)s.n, (long long)s.k, 1e6 * s_each);
            fflush(stdout);
        }
    }
    LT_CHECK(cublasLtDestroy(handle));
    return 0;
}
