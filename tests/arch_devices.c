/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shipped devices against vendors' datasheets: dense peaks, memory, registers, as collected from public tables
 * (github stas00/ml-engineering 744d01e, ai-dynamo/aiconfigurator 095f58a, and recalled cells), typed in apart from the YAML files.
 * Left out, because the tables contradict themselves: L40S int4 (printed as int8), B300 fp4 (12600 to 15000 by page), the int8 of
 * V100 (vector lanes), the int4 of CDNA2 (printed as int8: no rate of its own). L40S fp8, int8, tf32 belong to 2520 MHz, 1.2 % above
 * the clock of its fp16 figure.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "arch/arch.h"
#include "tests/harness.h"

static const struct {
    const char *device, *format, *accumulator;
    double tera;      /* dense, 10^12 operations a second */
    double percent;   /* allowed */
} peaks[] = {
    { "V100-16GB-SXM2", "fp16", "fp32", 125, 1.0 },
    { "V100-16GB-SXM2", "fp16", "fp16", 125, 1.0 },
    { "V100-32GB-SXM2", "fp16", "fp32", 125, 1.0 },
    { "V100-32GB-SXM2", "fp16", "fp16", 125, 1.0 },
    { "A100-40GB-SXM", "fp16", "fp32", 312, 1.0 },
    { "A100-40GB-SXM", "fp16", "fp16", 312, 1.0 },
    { "A100-40GB-SXM", "bf16", "fp32", 312, 1.0 },
    { "A100-40GB-SXM", "tf32", "fp32", 156, 1.0 },
    { "A100-40GB-SXM", "int8", "int32", 624, 1.0 },
    { "A100-40GB-SXM", "int4", "int32", 1248, 1.0 },
    { "A100-80GB-SXM", "fp16", "fp32", 312, 1.0 },
    { "A100-80GB-SXM", "fp16", "fp16", 312, 1.0 },
    { "A100-80GB-SXM", "bf16", "fp32", 312, 1.0 },
    { "A100-80GB-SXM", "tf32", "fp32", 156, 1.0 },
    { "A100-80GB-SXM", "int8", "int32", 624, 1.0 },
    { "A100-80GB-SXM", "int4", "int32", 1248, 1.0 },
    { "A100-40GB-PCIe", "fp16", "fp32", 312, 1.0 },
    { "A100-40GB-PCIe", "fp16", "fp16", 312, 1.0 },
    { "A100-40GB-PCIe", "bf16", "fp32", 312, 1.0 },
    { "A100-40GB-PCIe", "tf32", "fp32", 156, 1.0 },
    { "A100-40GB-PCIe", "int8", "int32", 624, 1.0 },
    { "A100-40GB-PCIe", "int4", "int32", 1248, 1.0 },
    { "A100-80GB-PCIe", "fp16", "fp32", 312, 1.0 },
    { "A100-80GB-PCIe", "fp16", "fp16", 312, 1.0 },
    { "A100-80GB-PCIe", "bf16", "fp32", 312, 1.0 },
    { "A100-80GB-PCIe", "tf32", "fp32", 156, 1.0 },
    { "A100-80GB-PCIe", "int8", "int32", 624, 1.0 },
    { "A100-80GB-PCIe", "int4", "int32", 1248, 1.0 },
    { "A40", "fp16", "fp32", 149.7, 1.0 },
    { "A40", "fp16", "fp16", 149.7, 1.0 },
    { "A40", "bf16", "fp32", 149.7, 1.0 },
    { "A40", "tf32", "fp32", 74.8, 1.0 },
    { "A40", "int8", "int32", 299.3, 1.0 },
    { "A40", "int4", "int32", 598.7, 1.0 },
    { "RTX-A6000", "fp16", "fp32", 154.8, 1.0 },
    { "RTX-A6000", "fp16", "fp16", 154.8, 1.0 },
    { "RTX-A6000", "bf16", "fp32", 154.8, 1.0 },
    { "RTX-A6000", "tf32", "fp32", 77.4, 1.0 },
    { "RTX-A6000", "int8", "int32", 309.7, 1.0 },
    { "RTX-A6000", "int4", "int32", 619.4, 1.0 },
    { "A10G", "fp16", "fp32", 70, 1.0 },
    { "A10G", "fp16", "fp16", 140, 1.0 },
    { "A10G", "bf16", "fp32", 70, 1.0 },
    { "A10G", "tf32", "fp32", 35, 1.0 },
    { "A10G", "int8", "int32", 140, 1.0 },
    { "A10G", "int4", "int32", 280, 1.0 },
    { "L4", "fp16", "fp32", 121, 1.0 },
    { "L4", "fp16", "fp16", 121, 1.0 },
    { "L4", "bf16", "fp32", 121, 1.0 },
    { "L4", "tf32", "fp32", 60.6, 1.0 },
    { "L4", "fp8_e4m3", "fp32", 242.5, 1.0 },
    { "L4", "int8", "int32", 242.5, 1.0 },
    { "L4", "int4", "int32", 485, 1.0 },
    { "L40S", "fp16", "fp32", 362, 1.0 },
    { "L40S", "fp16", "fp16", 362, 1.0 },
    { "L40S", "bf16", "fp32", 362, 1.0 },
    { "L40S", "tf32", "fp32", 183, 1.3 },
    { "L40S", "fp8_e4m3", "fp32", 733, 1.3 },
    { "L40S", "int8", "int32", 733, 1.3 },
    { "L40", "fp16", "fp32", 181, 1.0 },
    { "L40", "fp16", "fp16", 362, 1.0 },
    { "L40", "bf16", "fp32", 181, 1.0 },
    { "L40", "tf32", "fp32", 90.5, 1.0 },
    { "L40", "fp8_e4m3", "fp32", 362, 1.0 },
    { "L40", "int8", "int32", 362, 1.0 },
    { "L40", "int4", "int32", 724, 1.0 },
    { "RTX-3090", "fp16", "fp32", 71.2, 1.0 },
    { "RTX-3090", "fp16", "fp16", 142.3, 1.0 },
    { "RTX-3090", "bf16", "fp32", 71.2, 1.0 },
    { "RTX-3090", "tf32", "fp32", 35.6, 1.0 },
    { "RTX-3090", "int8", "int32", 284.7, 1.0 },
    { "RTX-3090", "int4", "int32", 569.3, 1.0 },
    { "RTX-4090", "fp16", "fp32", 165.2, 1.0 },
    { "RTX-4090", "fp16", "fp16", 330.3, 1.0 },
    { "RTX-4090", "bf16", "fp32", 165.2, 1.0 },
    { "RTX-4090", "tf32", "fp32", 82.6, 1.0 },
    { "RTX-4090", "fp8_e4m3", "fp32", 330.3, 1.0 },
    { "RTX-4090", "fp8_e4m3", "fp16", 660.6, 1.0 },
    { "RTX-4090", "int8", "int32", 660.6, 1.0 },
    { "RTX-4090", "int4", "int32", 1321.2, 1.0 },
    { "RTX-PRO-6000-BSE", "fp16", "fp32", 467.8, 1.0 },
    { "RTX-PRO-6000-BSE", "fp16", "fp16", 467.8, 1.0 },
    { "RTX-PRO-6000-BSE", "bf16", "fp32", 467.8, 1.0 },
    { "RTX-PRO-6000-BSE", "tf32", "fp32", 233.9, 1.0 },
    { "RTX-PRO-6000-BSE", "fp8_e4m3", "fp32", 935.6, 1.0 },
    { "RTX-PRO-6000-BSE", "fp6_e2m3", "fp32", 935.6, 1.0 },
    { "RTX-PRO-6000-BSE", "fp4_e2m1", "fp32", 1871.2, 1.0 },
    { "RTX-PRO-6000-BSE", "int8", "int32", 935.6, 1.0 },
    { "H100-80GB-SXM", "fp16", "fp32", 989.4, 1.0 },
    { "H100-80GB-SXM", "fp16", "fp16", 989.4, 1.0 },
    { "H100-80GB-SXM", "bf16", "fp32", 989.4, 1.0 },
    { "H100-80GB-SXM", "tf32", "fp32", 494.7, 1.0 },
    { "H100-80GB-SXM", "fp8_e4m3", "fp32", 1978.9, 1.0 },
    { "H100-80GB-SXM", "fp8_e4m3", "fp16", 1978.9, 1.0 },
    { "H100-80GB-SXM", "int8", "int32", 1978.9, 1.0 },
    { "H100-80GB-PCIe", "fp16", "fp32", 756.4, 1.0 },
    { "H100-80GB-PCIe", "fp16", "fp16", 756.4, 1.0 },
    { "H100-80GB-PCIe", "bf16", "fp32", 756.4, 1.0 },
    { "H100-80GB-PCIe", "tf32", "fp32", 378, 1.0 },
    { "H100-80GB-PCIe", "fp8_e4m3", "fp32", 1513, 1.0 },
    { "H100-80GB-PCIe", "int8", "int32", 1513, 1.0 },
    { "H100-94GB-NVL", "fp16", "fp32", 835, 1.0 },
    { "H100-94GB-NVL", "fp16", "fp16", 835, 1.0 },
    { "H100-94GB-NVL", "bf16", "fp32", 835, 1.0 },
    { "H100-94GB-NVL", "tf32", "fp32", 417.5, 1.0 },
    { "H100-94GB-NVL", "fp8_e4m3", "fp32", 1671, 1.0 },
    { "H100-94GB-NVL", "int8", "int32", 1671, 1.0 },
    { "GH200-96GB", "fp16", "fp32", 989.4, 1.0 },
    { "GH200-96GB", "fp16", "fp16", 989.4, 1.0 },
    { "GH200-96GB", "bf16", "fp32", 989.4, 1.0 },
    { "GH200-96GB", "tf32", "fp32", 494.7, 1.0 },
    { "GH200-96GB", "fp8_e4m3", "fp32", 1978.9, 1.0 },
    { "GH200-96GB", "fp8_e4m3", "fp16", 1978.9, 1.0 },
    { "GH200-96GB", "int8", "int32", 1978.9, 1.0 },
    { "GH200-144GB", "fp16", "fp32", 989.4, 1.0 },
    { "GH200-144GB", "fp16", "fp16", 989.4, 1.0 },
    { "GH200-144GB", "bf16", "fp32", 989.4, 1.0 },
    { "GH200-144GB", "tf32", "fp32", 494.7, 1.0 },
    { "GH200-144GB", "fp8_e4m3", "fp32", 1978.9, 1.0 },
    { "GH200-144GB", "fp8_e4m3", "fp16", 1978.9, 1.0 },
    { "GH200-144GB", "int8", "int32", 1978.9, 1.0 },
    { "H200-141GB-SXM", "fp16", "fp32", 989.4, 1.0 },
    { "H200-141GB-SXM", "fp16", "fp16", 989.4, 1.0 },
    { "H200-141GB-SXM", "bf16", "fp32", 989.4, 1.0 },
    { "H200-141GB-SXM", "tf32", "fp32", 494.7, 1.0 },
    { "H200-141GB-SXM", "fp8_e4m3", "fp32", 1978.9, 1.0 },
    { "H200-141GB-SXM", "fp8_e4m3", "fp16", 1978.9, 1.0 },
    { "H200-141GB-SXM", "int8", "int32", 1978.9, 1.0 },
    { "H800-80GB-SXM", "fp16", "fp32", 989.4, 1.0 },
    { "H800-80GB-SXM", "fp16", "fp16", 989.4, 1.0 },
    { "H800-80GB-SXM", "bf16", "fp32", 989.4, 1.0 },
    { "H800-80GB-SXM", "tf32", "fp32", 494.7, 1.0 },
    { "H800-80GB-SXM", "fp8_e4m3", "fp32", 1978.9, 1.0 },
    { "H800-80GB-SXM", "fp8_e4m3", "fp16", 1978.9, 1.0 },
    { "H800-80GB-SXM", "int8", "int32", 1978.9, 1.0 },
    { "H20-96GB", "fp16", "fp32", 148, 1.0 },
    { "H20-96GB", "fp16", "fp16", 148, 1.0 },
    { "H20-96GB", "bf16", "fp32", 148, 1.0 },
    { "H20-96GB", "tf32", "fp32", 74, 1.0 },
    { "H20-96GB", "fp8_e4m3", "fp32", 296, 1.0 },
    { "H20-96GB", "int8", "int32", 296, 1.0 },
    { "B200-180GB-SXM", "fp16", "fp32", 2250, 1.0 },
    { "B200-180GB-SXM", "fp16", "fp16", 2250, 1.0 },
    { "B200-180GB-SXM", "bf16", "fp32", 2250, 1.0 },
    { "B200-180GB-SXM", "tf32", "fp32", 1125, 1.0 },
    { "B200-180GB-SXM", "fp8_e4m3", "fp32", 4500, 1.0 },
    { "B200-180GB-SXM", "fp8_e4m3", "fp16", 4500, 1.0 },
    { "B200-180GB-SXM", "fp6_e2m3", "fp32", 4500, 1.0 },
    { "B200-180GB-SXM", "fp4_e2m1", "fp32", 9000, 1.0 },
    { "B200-180GB-SXM", "int8", "int32", 4500, 1.0 },
    { "GB200-186GB", "fp16", "fp32", 2500, 1.0 },
    { "GB200-186GB", "fp16", "fp16", 2500, 1.0 },
    { "GB200-186GB", "bf16", "fp32", 2500, 1.0 },
    { "GB200-186GB", "tf32", "fp32", 1250, 1.0 },
    { "GB200-186GB", "fp8_e4m3", "fp32", 5000, 1.0 },
    { "GB200-186GB", "fp8_e4m3", "fp16", 5000, 1.0 },
    { "GB200-186GB", "fp6_e2m3", "fp32", 5000, 1.0 },
    { "GB200-186GB", "fp4_e2m1", "fp32", 10000, 1.0 },
    { "GB200-186GB", "int8", "int32", 5000, 1.0 },
    { "B300-288GB-SXM", "fp16", "fp32", 2250, 1.0 },
    { "B300-288GB-SXM", "fp16", "fp16", 2250, 1.0 },
    { "B300-288GB-SXM", "bf16", "fp32", 2250, 1.0 },
    { "B300-288GB-SXM", "tf32", "fp32", 1125, 1.0 },
    { "B300-288GB-SXM", "fp8_e4m3", "fp32", 4500, 1.0 },
    { "B300-288GB-SXM", "fp8_e4m3", "fp16", 4500, 1.0 },
    { "B300-288GB-SXM", "fp6_e2m3", "fp32", 4500, 1.0 },
    { "B300-288GB-SXM", "int8", "int32", 150, 1.0 },
    { "GB300-288GB", "fp16", "fp32", 2500, 1.0 },
    { "GB300-288GB", "fp16", "fp16", 2500, 1.0 },
    { "GB300-288GB", "bf16", "fp32", 2500, 1.0 },
    { "GB300-288GB", "tf32", "fp32", 1250, 1.0 },
    { "GB300-288GB", "fp8_e4m3", "fp32", 5000, 1.0 },
    { "GB300-288GB", "fp8_e4m3", "fp16", 5000, 1.0 },
    { "GB300-288GB", "fp6_e2m3", "fp32", 5000, 1.0 },
    { "GB300-288GB", "fp4_e2m1", "fp32", 15000, 1.0 },
    { "GB300-288GB", "int8", "int32", 165, 1.0 },
    { "MI210", "fp16", "fp32", 181, 1.0 },
    { "MI210", "bf16", "fp32", 181, 1.0 },
    { "MI210", "int8", "int32", 181, 1.0 },
    { "MI250", "fp16", "fp32", 362, 1.0 },
    { "MI250", "bf16", "fp32", 362, 1.0 },
    { "MI250", "int8", "int32", 362, 1.0 },
    { "MI250X", "fp16", "fp32", 383, 1.0 },
    { "MI250X", "bf16", "fp32", 383, 1.0 },
    { "MI250X", "int8", "int32", 383, 1.0 },
    { "MI300X", "fp16", "fp32", 1307.4, 1.0 },
    { "MI300X", "bf16", "fp32", 1307.4, 1.0 },
    { "MI300X", "tf32", "fp32", 653.7, 1.0 },
    { "MI300X", "fp8_e4m3", "fp32", 2614.9, 1.0 },
    { "MI300X", "int8", "int32", 2614.9, 1.0 },
};

static const struct {
    const char *device;
    int64_t sms, bus_bits;
    double gb_per_s, gib, link_gb_per_s, tdp_w;
    int64_t registers_kib, shared_kib, shared_block_kib;
    double fp32_tera; /* vector lanes at boost */
} devices[] = {
    { "V100-16GB-SXM2", 80, 4096, 900, 16, 150, 300, 256, 96, 96, 15.7 },
    { "V100-32GB-SXM2", 80, 4096, 900, 32, 150, 300, 256, 96, 96, 15.7 },
    { "A100-40GB-SXM", 108, 5120, 1555, 40, 300, 400, 256, 164, 163, 19.5 },
    { "A100-80GB-SXM", 108, 5120, 2039, 80, 300, 400, 256, 164, 163, 19.5 },
    { "A100-40GB-PCIe", 108, 5120, 1555, 40, 300, 250, 256, 164, 163, 19.5 },
    { "A100-80GB-PCIe", 108, 5120, 1935, 80, 300, 300, 256, 164, 163, 19.5 },
    { "A40", 84, 384, 696, 48, 56.25, 300, 256, 100, 99, 37.4 },
    { "RTX-A6000", 84, 384, 768, 48, 56.25, 300, 256, 100, 99, 38.7 },
    { "A10G", 80, 384, 600, 24, 0, 300, 256, 100, 99, 35 },
    { "L4", 58, 192, 300, 24, 0, 72, 256, 100, 99, 30.3 },
    { "L40S", 142, 384, 864, 48, 0, 350, 256, 100, 99, 91.6 },
    { "L40", 142, 384, 864, 48, 0, 300, 256, 100, 99, 90.5 },
    { "RTX-3090", 82, 384, 936, 24, 56.25, 350, 256, 100, 99, 35.6 },
    { "RTX-4090", 128, 384, 1008, 24, 0, 450, 256, 100, 99, 82.6 },
    { "RTX-PRO-6000-BSE", 188, 512, 1597, 96, 0, 600, 256, 100, 99, 117 },
    { "H100-80GB-SXM", 132, 5120, 3352, 80, 450, 700, 256, 228, 227, 66.9 },
    { "H100-80GB-PCIe", 114, 5120, 2039, 80, 300, 350, 256, 228, 227, 51.2 },
    { "H100-94GB-NVL", 132, 6144, 3938, 94, 300, 400, 256, 228, 227, 60.3 },
    { "GH200-96GB", 132, 6144, 4000, 96, 450, 900, 256, 228, 227, 66.9 },
    { "GH200-144GB", 132, 6144, 4900, 141, 450, 900, 256, 228, 227, 66.9 },
    { "H200-141GB-SXM", 132, 6144, 4800, 141, 450, 700, 256, 228, 227, 66.9 },
    { "H800-80GB-SXM", 132, 5120, 3352, 80, 200, 700, 256, 228, 227, 66.9 },
    { "H20-96GB", 78, 6144, 4000, 96, 450, 400, 256, 228, 227, 44 },
    { "B200-180GB-SXM", 148, 8192, 7700, 180, 900, 1000, 256, 228, 227, 75 },
    { "GB200-186GB", 152, 8192, 8000, 186, 900, 1200, 256, 228, 227, 80 },
    { "B300-288GB-SXM", 148, 8192, 7700, 270, 900, 1100, 256, 228, 227, 75 },
    { "GB300-288GB", 152, 8192, 8000, 279, 900, 1400, 256, 228, 227, 80 },
    { "MI210", 104, 4096, 1638, 64, 150, 300, 512, 64, 64, 22.6 },
    { "MI250", 208, 8192, 3277, 128, 300, 560, 512, 64, 64, 45.3 },
    { "MI250X", 220, 8192, 3277, 128, 400, 560, 512, 64, 64, 47.9 },
    { "MI300X", 304, 8192, 5325, 192, 448, 750, 512, 64, 64, 163.4 },
};

/* Names that tables of measurements use for a device. */
static const struct { const char *alias, *device; } aliases[] = {
    { "A100-80GB", "A100-80GB-SXM" }, { "a100", "A100-80GB-SXM" }, { "DGX-A100", "A100-80GB-SXM" }, { "A100-40GB", "A100-40GB-SXM" },
    { "H100-80GB", "H100-80GB-SXM" }, { "H100", "H100-80GB-SXM" }, { "GH200", "GH200-96GB" }, { "B200", "B200-180GB-SXM" },
    { "GB200", "GB200-186GB" }, { "B300", "B300-288GB-SXM" }, { "GB300", "GB300-288GB" }, { "rtx_pro_6000_server", "RTX-PRO-6000-BSE" },
    { "rtx4090", "RTX-4090" }, { "V100", "V100-32GB-SXM2" }, { "h200", "H200-141GB-SXM" }, { "LUT-TC-8X", "LUT-TC-8X" },
    { "lut_tc_8x", "LUT-TC-8X" }, { "MI300X", "MI300X" }, { "a40", "A40" },
};

/* Table 1 of LUT Tensor Core, arXiv 2408.06003: 2 x 256 x X x 4 x SMs x 1.41 GHz at two weight bits, in its own digits by hand. */
static const struct { const char *device, *format; double tera; } lut_peaks[] = {
    { "lut_tc", "int8", 1247.47392 },           /* 2 x 256 x 4 x 4 x 108 x 1.41e9 */
    { "lut_tc_8x", "int8", 2494.94784 },
    { "lut_tc_conventional", "int8", 1247.47392 },
    { "h100_lut_tc", "fp8_e4m3", 1524.69 },     /* 2 x 256 x 4 x 4 x 132 x 1.41e9 = 1524.69035 */
    { "h100_lut_tc_8x", "fp8_e4m3", 3049.38 },
};

static struct arena arena;
static struct error err;

static const struct hardware *load(const char *name)
{
    const struct hardware *hw = NULL;

    arena_reset(&arena);
    if (arch_load(&hw, name, NULL, 0, &arena, &err))
        printf("# %s\n", err.message);
    return hw;
}

static bool near(double a, double b, double percent)
{
    return fabs(a - b) <= percent / 100 * fabs(b);
}

static void peaks_are_the_datasheets(void)
{
    static char labels[sizeof peaks / sizeof peaks[0]][96];

    for (size_t i = 0; i < sizeof peaks / sizeof peaks[0]; i++) {
        const struct hardware *hw = load(peaks[i].device);
        const struct format *f = format_find(peaks[i].format), *acc = format_find(peaks[i].accumulator);
        double peak = hw && f && acc ? hardware_peak_ops_per_s(hw, hardware_unit(hw, "tensor_core"), f, acc) * 1e-12 : 0;

        snprintf(labels[i], sizeof labels[i], "%s %s/%s %g, datasheet %g", peaks[i].device, peaks[i].format, peaks[i].accumulator, peak,
                 peaks[i].tera);
        CHECK_ROW(labels[i], near(peak, peaks[i].tera, peaks[i].percent));
    }
}

static void figures_are_the_datasheets(void)
{
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        const char *name = devices[i].device;
        const struct hardware *hw = load(name);
        const struct arch_unit *vector = hw ? hardware_unit(hw, "vector") : NULL;

        CHECK_ROW(name, vector != NULL);
        if (!vector)
            continue;
        CHECK_ROW(name, hw->sm.count == devices[i].sms);
        CHECK_ROW(name, near(hw->dram.bandwidth_bytes_per_s, devices[i].gb_per_s * 1e9, 1e-6));
        CHECK_ROW(name, near((double)hw->dram.bytes, devices[i].gib * (1 << 30), 1e-6));
        CHECK_ROW(name, near(hw->power.tdp_w, devices[i].tdp_w, 1e-6));
        CHECK_ROW(name, hw->sm.register_bytes == devices[i].registers_kib * 1024);
        CHECK_ROW(name, hw->sm.shared_bytes == devices[i].shared_kib * 1024);
        CHECK_ROW(name, hw->sm.shared_block_bytes == devices[i].shared_block_kib * 1024);
        if (devices[i].link_gb_per_s > 0)
            CHECK_ROW(name, near(hw->link.bytes_per_s, devices[i].link_gb_per_s * 1e9, 1e-6));
        /* H20's 44 does not follow from its SMs and clock (39.5); B200's and GB200's 75 and 80 are rounded */
        CHECK_ROW(name, near(2 * vector->fma_fp32_per_cycle_sm * (double)hw->sm.count * hw->clock.boost_hz, devices[i].fp32_tera * 1e12,
                             strcmp(name, "H20-96GB") == 0 ? 11 : 2.5));
    }
}

/* Half the datasheet's bandwidth is the commonest slip of memory models: pins times rate of a pin, on every memory type. */
static void pins_give_the_bandwidth(void)
{
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        const struct hardware *hw = load(devices[i].device);
        const struct dram_timing *t = hw ? &hw->dram.timing : NULL;
        double pin_rate, file_rate;

        CHECK_ROW(devices[i].device, t && t->bus_bits > 0);
        if (!t || t->bus_bits == 0)
            continue;
        CHECK_ROW(devices[i].device, hw->dram.channels * t->bus_bits == devices[i].bus_bits);
        pin_rate = devices[i].gb_per_s * 8e9 / (double)devices[i].bus_bits;
        file_rate = (double)t->beats_per_clock / t->tCK_s;
        CHECK_ROW(devices[i].device, pin_rate > 0.6 * file_rate && pin_rate < 1.5 * file_rate);
    }
}

static void aliases_find_their_device(void)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        const struct hardware *hw = load(aliases[i].alias);

        CHECK_ROW(aliases[i].alias, hw && strcmp(hw->name, aliases[i].device) == 0);
    }
}

static void lut_peaks_are_the_papers(void)
{
    for (size_t i = 0; i < sizeof lut_peaks / sizeof lut_peaks[0]; i++) {
        const struct hardware *hw = load(lut_peaks[i].device);
        const struct arch_unit *lut = hw ? hardware_unit(hw, "lut_mpgemm") : NULL;

        CHECK_ROW(lut_peaks[i].device, lut && near(hardware_peak_ops_per_s(hw, lut, format_find(lut_peaks[i].format), NULL) * 1e-12,
                                                   lut_peaks[i].tera, 0.01));
        /* what cannot be looked up has its tensor core beside it */
        CHECK_ROW(lut_peaks[i].device, hw && hardware_unit(hw, "tensor_core") != NULL);
    }
}

static void every_shipped_file_loads(void)
{
    const struct arch_entry *list;
    struct arena names = { 0 };
    int64_t count = 0;

    CU_ASSERT_EQUAL_FATAL(arch_list(&list, &count, &names, &err), STATUS_OK);
    CU_ASSERT(count >= (int64_t)(sizeof devices / sizeof devices[0]));
    for (int64_t i = 0; i < count; i++) {
        const struct hardware *hw = load(list[i].path);

        CHECK_ROW(list[i].name, hw != NULL);
        for (int64_t k = 0; k < i; k++) /* one name, one device */
            CHECK_ROW(list[i].name, strcmp(list[k].name, list[i].name) != 0);
        for (int64_t a = 0; hw && a < hw->aliases_count; a++) {
            char alias[128];
            const struct hardware *again;

            snprintf(alias, sizeof alias, "%s", hw->aliases[a]);
            again = load(alias);
            CHECK_ROW(list[i].name, again && strcmp(again->name, list[i].name) == 0);
            hw = load(list[i].path);
        }
    }
    CU_ASSERT_EQUAL_FATAL(stack_list(&list, &count, &names, &err), STATUS_OK);
    CU_ASSERT(count >= 4);
    for (int64_t i = 0; i < count; i++) {
        const struct stack *stack = NULL;

        arena_reset(&arena);
        CHECK_ROW(list[i].name, stack_load(&stack, list[i].path, NULL, 0, &arena, &err) == STATUS_OK && stack->gemm_kernels_count > 0);
    }
    CU_ASSERT_EQUAL(stack_list(&list, &count, &names, &err), STATUS_OK);
    arena_free(&names);
    arena_free(&arena);
}

static const struct test tests[] = {
    { "dense peaks are the datasheets'", peaks_are_the_datasheets },
    { "memory, registers, links and power are the datasheets'", figures_are_the_datasheets },
    { "pins times rate give the bandwidth", pins_give_the_bandwidth },
    { "names of measurement tables find their device", aliases_find_their_device },
    { "peaks of LUT tensor cores are the paper's", lut_peaks_are_the_papers },
    { "every shipped file loads under each of its names", every_shipped_file_loads },
};
TEST_MAIN("arch_devices", tests)
