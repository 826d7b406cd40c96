/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Readers of tensor files. Files are made here byte by byte from the formats' own descriptions (safetensors README; numpy.lib.format; ggml docs/gguf.md); values of
 * GGUF's blocks by hand; the real files of the shared folder against what Python's struct found in them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/tensor_file.h"
#include "tests/harness.h"

struct bytes {
    uint8_t data[4096];
    size_t n;
};

static void add(struct bytes *b, const void *data, size_t n)
{
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

static void number(struct bytes *b, uint64_t v, int n)
{
    for (int i = 0; i < n; i++)
        b->data[b->n++] = (uint8_t)(i < 8 ? v >> 8 * i : 0);
}

static void text(struct bytes *b, const char *s)
{
    number(b, strlen(s), 8);
    add(b, s, strlen(s));
}

static const char *saved(const struct bytes *b)
{
    static const char path[] = "tensor_files.tmp";
    FILE *out = fopen(path, "wb");

    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_EQUAL(fwrite(b->data, 1, b->n, out), b->n);
    fclose(out);
    return path;
}

static struct bytes safetensors(const char *header, const void *data, size_t n)
{
    struct bytes b = { .n = 0 };

    number(&b, strlen(header), 8);
    add(&b, header, strlen(header));
    add(&b, data, n);
    return b;
}

static void expect(const struct bytes *b, const char *name, const float *want, int64_t n, int64_t rows)
{
    struct tensor_file *f = NULL;
    const struct tensor *t = NULL;
    struct error err = { 0 };
    float got[64];
    int64_t r, c;

    CHECK_ROW(name, tensor_file_open(&f, saved(b), &err) == STATUS_OK);
    if (f == NULL) {
        printf("# %s\n", err.message);
        return;
    }
    CHECK_ROW(name, tensor_file_find(&t, f, name, &err) == STATUS_OK && t->count == n);
    if (t != NULL && t->count == n) {
        tensor_matrix(t, &r, &c);
        CHECK_ROW(name, r == rows && r * c == n);
        CHECK_ROW(name, tensor_read(got, f, t, 0, n, &err) == STATUS_OK && memcmp(got, want, (size_t)n * sizeof *got) == 0);
        for (int64_t first = 0; first < n; first++) /* any piece is the same */
            CHECK_ROW(name, tensor_read(got, f, t, first, n - first, &err) == STATUS_OK && memcmp(got, want + first, (size_t)(n - first) * sizeof *got) == 0);
    }
    tensor_file_close(f);
}

static void safetensors_are_read(void)
{
    const float six[6] = { 1, -2, 0.5f, 3, 1e9f, -0.0f };
    const uint8_t half[4] = { 0x00, 0x3c, 0x01, 0x80 }, brain[4] = { 0xc0, 0x3f, 0x80, 0xff }, eight[2] = { 0x7e, 0xb8 };
    const float halves[2] = { 1, -0x1p-24f }, brains[2] = { 1.5f, -INFINITY }, eights[2] = { 448, -1 };
    uint8_t data[34];
    struct bytes b;

    memcpy(data, six, 24);
    memcpy(data + 24, half, 4);
    memcpy(data + 28, brain, 4);
    memcpy(data + 32, eight, 2);
    b = safetensors("{\"__metadata__\":{\"format\":\"pt\"}, \"a\\u0041\\/x\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                    "\"h\":{\"shape\":[2],\"data_offsets\":[24,28],\"dtype\":\"F16\"},\"b\":{\"dtype\":\"BF16\",\"shape\":[2,1],\"data_offsets\":[28,32]},"
                    "\"e\":{\"dtype\":\"F8_E4M3\",\"shape\":[1,1,2],\"data_offsets\":[32,34]},\"none\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}} ", data, 34);
    expect(&b, "a?/x", six, 6, 2);
    expect(&b, "h", halves, 2, 1);
    expect(&b, "b", brains, 2, 2);
    expect(&b, "e", eights, 2, 1);
}

static struct bytes npy(const char *header, int version, const void *data, size_t n)
{
    struct bytes b = { .n = 0 };

    add(&b, "\x93NUMPY", 6);
    number(&b, (uint64_t)version, 2);
    number(&b, strlen(header), version == 1 ? 2 : 4);
    add(&b, header, strlen(header));
    add(&b, data, n);
    return b;
}

static void npy_is_read(void)
{
    const double four[4] = { 1, 2, -3, 0.25 };
    const float want[4] = { 1, 2, -3, 0.25f }, bytes_want[3] = { -1, 0, 127 };
    struct bytes b = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }   \n", 1, four, sizeof four);

    expect(&b, "array", want, 4, 2);
    b = npy("{'shape': (3,), 'fortran_order': False, 'descr': '|i1'}\n", 2, "\xff\x00\x7f", 3);
    expect(&b, "array", bytes_want, 3, 1);
}

/* One tensor of a type, 32 x 1 elements (ne = {32}), after two pairs of metadata. */
static struct bytes gguf(uint32_t type, uint64_t elements, const void *data, size_t n)
{
    struct bytes b = { .n = 0 };

    add(&b, "GGUF", 4);
    number(&b, 3, 4);
    number(&b, 1, 8);
    number(&b, 3, 8);
    text(&b, "general.alignment");
    number(&b, 4, 4);
    number(&b, 64, 4);
    text(&b, "names");
    number(&b, 9, 4);
    number(&b, 8, 4);
    number(&b, 2, 8);
    text(&b, "one");
    text(&b, "two");
    text(&b, "list");
    number(&b, 9, 4);
    number(&b, 6, 4);
    number(&b, 3, 8);
    number(&b, 0, 12);
    text(&b, "w");
    number(&b, 2, 4);
    number(&b, elements, 8);
    number(&b, 1, 8);
    number(&b, type, 4);
    number(&b, 0, 8);
    while (b.n % 64 != 0)
        b.data[b.n++] = 0;
    add(&b, data, n);
    return b;
}

static void gguf_is_read(void)
{
    uint8_t q4[18] = { 0x00, 0x38 }, q8[34] = { 0x00, 0x40 }, q5[24] = { 0x00, 0x3c, 0x00, 0xc2, 0x01, 0, 0, 0x80 }; /* d = 0.5, 2, 1; m = -3 */
    float want[32], two[2] = { 3, -7 };
    struct bytes b;

    for (int i = 0; i < 16; i++) {
        q4[2 + i] = (uint8_t)(i | (15 - i) << 4);
        want[i] = 0.5f * (float)(i - 8);
        want[16 + i] = 0.5f * (float)(15 - i - 8);
    }
    b = gguf(2, 32, q4, sizeof q4);
    expect(&b, "w", want, 32, 1);
    for (int i = 0; i < 32; i++) {
        q8[2 + i] = (uint8_t)(i - 16);
        want[i] = 2.0f * (float)(i - 16);
    }
    b = gguf(8, 32, q8, sizeof q8);
    expect(&b, "w", want, 32, 1);
    for (int i = 0; i < 32; i++) /* nibbles 0: the fifth bit of the first and the last element is set */
        want[i] = (i == 0 || i == 31 ? 16 : 0) - 3;
    b = gguf(7, 32, q5, sizeof q5);
    expect(&b, "w", want, 32, 1);
    b = gguf(0, 2, two, sizeof two);
    expect(&b, "w", two, 2, 1);
}

static const struct { const char *header, *part; } bad_headers[] = {
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}", ":61: the header ends" },
    { "{\"a\":{\"dtype\":\"F99\",\"shape\":[2],\"data_offsets\":[0,8]}}", "dtype 'F99' of tensor 'a'" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,7]}}", "7 bytes by its data_offsets, expected 8" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}", "ends beyond the file" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "expected them in order" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "without data_offsets" },
    { "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", "once each" },
    { "{\"a\":{\"kind\":1}}", "key 'kind'" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,8]}}", ":37: '-' in the header, expected a count" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}", "below 2^63" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}", "more than 2^63 elements" },
    { "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}}", "at most 8" },
    { "{} x", "the end of the header" },
    { "{\"a\\q\":{}}", "unknown escape" },
};

static void bad_files_say_where(void)
{
    struct tensor_file *f;
    const float data[2] = { 1, 2 };
    struct error err;
    struct bytes b;

    for (size_t i = 0; i < sizeof bad_headers / sizeof bad_headers[0]; i++) {
        b = safetensors(bad_headers[i].header, data, 8);
        CHECK_ROW(bad_headers[i].header, tensor_file_open(&f, saved(&b), &err) == STATUS_BAD_INPUT);
        CHECK_ROW(bad_headers[i].header, strstr(err.message, bad_headers[i].part) != NULL && strncmp(err.message, "tensor_files.tmp:", 17) == 0);
    }
    b = npy("{'descr': '>f8', 'fortran_order': False, 'shape': (1,), }\n", 1, data, 8);
    CU_ASSERT(tensor_file_open(&f, saved(&b), &err) == STATUS_BAD_INPUT && strstr(err.message, ":10: 'descr'") != NULL);
    b = npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }\n", 1, data, 8);
    CU_ASSERT(tensor_file_open(&f, saved(&b), &err) == STATUS_BAD_INPUT && strstr(err.message, "'fortran_order'") != NULL);
    b = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }\n", 1, data, 8);
    CU_ASSERT(tensor_file_open(&f, saved(&b), &err) == STATUS_BAD_INPUT && strstr(err.message, "ends beyond the file") != NULL);
    b = gguf(2, 33, data, 8);
    CU_ASSERT(tensor_file_open(&f, saved(&b), &err) == STATUS_BAD_INPUT && strstr(err.message, "a multiple of 32") != NULL);
    b = gguf(99, 32, data, 8);
    CU_ASSERT(tensor_file_open(&f, saved(&b), &err) == STATUS_BAD_INPUT && strstr(err.message, "of type 99") != NULL);
    b.n = 51; /* within the kind of the first pair */
    CU_ASSERT(tensor_file_open(&f, saved(&b), &err) == STATUS_BAD_INPUT && strstr(err.message, "the file ends at byte 51") != NULL);
    b = (struct bytes){ .data = "what is this?", .n = 13 };
    CU_ASSERT(tensor_file_open(&f, saved(&b), &err) == STATUS_BAD_INPUT && strstr(err.message, ":0: neither GGUF nor .npy nor safetensors") != NULL);
    CU_ASSERT(tensor_file_open(&f, "no such file", &err) == STATUS_BAD_INPUT);
    remove("tensor_files.tmp");
}

/* A file cut short at each byte, and each byte turned round: told or read, never a crash. */
static void every_cut_is_told(void)
{
    uint8_t q8[34] = { 0x00, 0x40 };
    const float data[2] = { 1, 2 };
    struct bytes whole[3] = { gguf(8, 32, q8, sizeof q8), npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", 1, data, 8),
                              safetensors("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", data, 8) };
    bool ok = true;

    for (int k = 0; k < 3; k++)
        for (size_t n = 0; n < 2 * whole[k].n; n++) {
            struct bytes b = whole[k];
            struct tensor_file *f = NULL;
            struct error err = { 0 };
            if (n < b.n)
                b.n = n;
            else
                b.data[n - b.n] ^= 0xff;
            enum status st = tensor_file_open(&f, saved(&b), &err);
            ok = ok && (n >= whole[k].n || st == STATUS_BAD_INPUT) && (st == STATUS_OK) == (f != NULL) && (st == STATUS_OK || err.message[0] != '\0');
            if (st == STATUS_OK)
                tensor_file_close(f);
        }
    CU_ASSERT_TRUE(ok);
    remove("tensor_files.tmp");
}

static const struct { const char *name; int64_t rows, cols; double low, high, mean, rms, first; } real[] = {
    { "stft_conv.weight", 258, 256, -1, 1, 0.00096899225, 0.4330127, 0 },
    { "lstm_cell.weight_ih", 512, 128, -2.2182117, 2.6203511, 0.010226284, 0.26822279, -0.038845249 },
    { "conv1.weight", 128, 387, -10.660643, 1.7404811, -0.017849485, 0.27379668, 0.055235814 },
    { "conv4.weight", 128, 192, -2.1366496, 36.702232, -0.00055245839, 0.28267962, -0.0014653549 },
};

static void real_weights_are_as_published(void)
{
    const char *dir = shared_dir();
    char path[4096];
    struct tensor_file *f;
    const struct tensor *t;
    struct error err;
    static float x[258 * 256];
    int64_t count;

    if (dir == NULL)
        return;
    snprintf(path, sizeof path, "%s/weights/silero_vad_16k.safetensors", dir);
    FILE *there = fopen(path, "rb");
    if (there == NULL) {
        skip("no weights in the shared folder");
        return;
    }
    fclose(there);
    CU_ASSERT_EQUAL_FATAL(tensor_file_open(&f, path, &err), STATUS_OK);
    tensor_file_list(f, &count);
    CU_ASSERT_EQUAL(count, 15);
    for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
        double low = INFINITY, high = -INFINITY, sum = 0, squares = 0;
        int64_t rows = 0, cols = 0;

        CHECK_ROW(real[i].name, tensor_file_find(&t, f, real[i].name, &err) == STATUS_OK);
        tensor_matrix(t, &rows, &cols);
        CHECK_ROW(real[i].name, rows == real[i].rows && cols == real[i].cols && tensor_read(x, f, t, 0, t->count, &err) == STATUS_OK);
        for (int64_t k = 0; k < t->count; k++) {
            low = fmin(low, x[k]);
            high = fmax(high, x[k]);
            sum += x[k];
            squares += (double)x[k] * x[k];
        }
        CHECK_ROW(real[i].name, fabs(low - real[i].low) < 1e-6 && fabs(high - real[i].high) < 1e-5 && fabs(x[0] - real[i].first) < 1e-8);
        CHECK_ROW(real[i].name, fabs(sum / (double)t->count - real[i].mean) < 1e-8 && fabs(sqrt(squares / (double)t->count) - real[i].rms) < 1e-7);
    }
    tensor_file_close(f);
}

static void real_integers_are_as_published(void)
{
    const char *dir = shared_dir();
    char path[4096];
    struct tensor_file *f;
    const struct tensor *t;
    struct error err;
    static float x[982 * 33];
    double sum = 0;

    if (dir == NULL)
        return;
    snprintf(path, sizeof path, "%s/weights/voices_i64_u8.safetensors", dir);
    FILE *there = fopen(path, "rb");
    if (there == NULL) {
        skip("no weights in the shared folder");
        return;
    }
    fclose(there);
    CU_ASSERT_EQUAL_FATAL(tensor_file_open(&f, path, &err), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(tensor_file_find(&t, f, "tokens", &err), STATUS_OK);
    CU_ASSERT_EQUAL_FATAL(t->count, 982 * 33);
    CU_ASSERT_EQUAL(tensor_read(x, f, t, 0, t->count, &err), STATUS_OK);
    for (int64_t i = 0; i < t->count; i++)
        sum += x[i];
    CU_ASSERT_EQUAL(sum, 25768678);
    tensor_file_close(f);
    snprintf(path, sizeof path, "%s/weights/vocab_llama_spm.gguf", dir);
    CU_ASSERT_EQUAL_FATAL(tensor_file_open(&f, path, &err), STATUS_OK);
    int64_t count;
    tensor_file_list(f, &count);
    CU_ASSERT_EQUAL(count, 0);
    tensor_file_close(f);
}

static const struct test tests[] = {
    { "safetensors", safetensors_are_read },
    { "npy", npy_is_read },
    { "GGUF", gguf_is_read },
    { "bad files say where", bad_files_say_where },
    { "every cut and every turned byte is told or read", every_cut_is_told },
    { "real weights are as published", real_weights_are_as_published },
    { "real integers and a vocabulary", real_integers_are_as_published },
};
TEST_MAIN("tensor_files", tests)
