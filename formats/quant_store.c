/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Codes to the bytes of quant_layout() and back. Bit streams start at the lowest bit of the first byte; numbers of 16 and 32 bits are little-endian.
 * docs/formats.md, 7.
 *
 * Row by row, but Tiled-CSL: there kept values go tile by tile (tiles in rows of tiles), in a tile row by row, the position is row x 64 + column in
 * the tile, and a tile's offset counts the kept values before it.
 */
#include <string.h>

#include "base/checked.h"
#include "formats/quant_parts.h"

bool quant_matrix_alloc(struct quant_matrix *m, const struct quant *q, int64_t rows, int64_t cols, struct arena *arena)
{
    size_t all = (size_t)(rows * cols), groups = (size_t)(rows * quant_groups(q, cols)), scales = (size_t)quant_scale_count(q, rows, cols);
    bool learned = q->format->family == FORMAT_CODEBOOK && q->format->codebook == NULL, places = q->two_of_four || q->sparsity > 0 || q->outliers > 0 || q->columns > 0;
    bool ok;

    *m = (struct quant_matrix){ .q = q, .rows = rows, .cols = cols, .groups = quant_groups(q, cols) };
    ok = (m->codes = arena_array(arena, all, sizeof *m->codes)) != NULL;
    ok = ok && (!places || (m->place = arena_array(arena, all, 1)) != NULL);
    ok = ok && (q->mixed == NULL || (m->wide = arena_array(arena, groups, 1)) != NULL);
    ok = ok && (q->scale == NULL || (m->scales = arena_array(arena, scales, sizeof *m->scales)) != NULL);
    ok = ok && (!q->zero_point || (m->zeros = arena_array(arena, scales, sizeof *m->zeros)) != NULL);
    ok = ok && (q->scale2 == NULL || (m->scales2 = arena_array(arena, (size_t)quant_scale2_count(q, rows, cols), sizeof *m->scales2)) != NULL);
    return ok && (!learned || (m->levels = arena_array(arena, (size_t)rows << q->format->bits, sizeof *m->levels)) != NULL);
}

/* ---- a cursor over bits: one code path writes and reads ------------------------------------------------------------------ */

struct stream {
    uint8_t *at;     /* reading never changes what it points to */
    int bit;
    bool writing;
};

static void bits(struct stream *s, uint32_t *value, int count)
{
    uint32_t got = 0;

    for (int i = 0; i < count; i++) {
        if (s->writing)
            *s->at |= (uint8_t)((*value >> i & 1) << s->bit);
        else
            got |= (uint32_t)(*s->at >> s->bit & 1) << i;
        if (++s->bit == 8) {
            s->bit = 0;
            s->at++;
        }
    }
    if (!s->writing)
        *value = got;
}

static void whole_byte(struct stream *s)
{
    if (s->bit > 0) {
        s->bit = 0;
        s->at++;
    }
}

static void number(struct stream *s, int64_t *value, int count)
{
    uint32_t v = (uint32_t)*value;

    bits(s, &v, count);
    *value = v;
}

/* Codes of one format together, starting on a byte. `list` has room for n. */
static void codes(struct stream *s, const struct format *f, uint32_t *list, int64_t n)
{
    if (s->writing)
        format_pack(s->at, f, list, n);
    else
        format_unpack(list, f, s->at, n);
    s->at += format_packed_bytes(f, n);
}

struct store {
    struct quant_matrix *m;
    uint8_t *bytes;
    struct quant_layout layout;
    bool writing;
    uint32_t *list;          /* codes that are not neighbours in the matrix: [rows x cols and a block] */
    const struct format *half;
};

static struct stream part(const struct store *s, enum quant_part p)
{
    return (struct stream){ .at = s->bytes + s->layout.offset[p], .writing = s->writing };
}

/* Bits that a reader finds outside what a writer could have written. */
static enum status corrupt(const char *what, struct error *err)
{
    return error_plain(err, STATUS_BAD_INPUT, "stored matrix: %s", what);
}

static void dense(struct store *s)
{
    struct stream e = part(s, PART_ELEMENTS);
    struct quant_matrix *m = s->m;

    for (int64_t row = 0; row < m->rows; row++) {
        uint32_t *of_row = m->codes + row * m->cols;
        int64_t n = 0;

        if (m->place == NULL) {
            codes(&e, m->q->format, of_row, m->cols);
            continue;
        }
        /* outliers have a code in the dense part that is not read: 0 */
        for (int64_t c = 0; c < m->cols; c++)
            if (m->place[row * m->cols + c] != PLACE_COLUMN)
                s->list[n++] = m->place[row * m->cols + c] == PLACE_DENSE ? of_row[c] : 0;
        codes(&e, m->q->format, s->list, n);
        n = 0;
        for (int64_t c = 0; c < m->cols; c++)
            if (m->place[row * m->cols + c] != PLACE_COLUMN) {
                if (m->place[row * m->cols + c] == PLACE_DENSE)
                    of_row[c] = s->list[n];
                n++;
            }
    }
}

static enum status outliers(struct store *s, struct error *err)
{
    struct stream values = part(s, PART_OUTLIER_VALUES), columns = part(s, PART_OUTLIER_COLUMNS), rows = part(s, PART_OUTLIER_ROWS);
    struct quant_matrix *m = s->m;
    int64_t count = s->layout.bytes[PART_OUTLIER_VALUES] / 2, done = 0, start = 0, end, last;

    number(&rows, &start, 32);
    for (int64_t row = 0; row < m->rows; row++) {
        end = start;
        for (int64_t c = 0; s->writing && c < m->cols; c++)
            end += m->place[row * m->cols + c] == PLACE_OUTSIDE;
        number(&rows, &end, 32);
        if (start != done || end < start || end > count)
            return corrupt("outlier rows out of order", err);
        for (last = -1; done < end; done++) {
            int64_t c = last + 1;
            while (s->writing && m->place[row * m->cols + c] != PLACE_OUTSIDE)
                c++;
            number(&columns, &c, 32);
            if (c <= last || c >= m->cols)
                return corrupt("outlier columns out of order", err);
            m->place[row * m->cols + c] = PLACE_OUTSIDE;
            codes(&values, s->half, &m->codes[row * m->cols + c], 1);
            last = c;
        }
        start = end;
    }
    return done == count ? STATUS_OK : corrupt("fewer outliers than values", err);
}

static enum status columns(struct store *s, struct error *err)
{
    struct stream values = part(s, PART_COLUMN_VALUES), numbers = part(s, PART_COLUMN_NUMBERS);
    struct quant_matrix *m = s->m;
    int64_t count = quant_outside_columns(m->q, m->cols), last = -1;

    for (int64_t i = 0; i < count; i++) {
        int64_t c = last + 1;
        while (s->writing && m->place[c] != PLACE_COLUMN)
            c++;
        number(&numbers, &c, 32);
        if (c <= last || c >= m->cols)
            return corrupt("column numbers out of order", err);
        for (int64_t row = 0; row < m->rows; row++)
            m->place[row * m->cols + c] = PLACE_COLUMN;
        last = c;
    }
    for (int64_t row = 0; row < m->rows; row++)
        for (int64_t c = 0; c < m->cols; c++)
            if (m->place[row * m->cols + c] == PLACE_COLUMN)
                codes(&values, s->half, &m->codes[row * m->cols + c], 1);
    return STATUS_OK;
}

/* N:M. A short last block, or one with fewer values than `keep`, is filled with zero codes at its last places. */
static enum status structured(struct store *s, struct error *err)
{
    struct stream e = part(s, PART_ELEMENTS), p = part(s, PART_PLACES);
    struct quant_matrix *m = s->m;
    const struct quant *q = m->q;
    int keep = q->two_of_four ? 2 : q->keep, of = q->two_of_four ? 4 : q->of, place_bits = quant_place_bits(q);
    int64_t kept = quant_kept_of_row(q, m->cols);

    for (int64_t row = 0; row < m->rows; row++) {
        uint8_t *place = m->place + row * m->cols;
        uint32_t *of_row = m->codes + row * m->cols, at[64] = { 0 };
        int64_t n = 0;

        if (!s->writing) {
            codes(&e, q->format, s->list, kept);
            memset(place, PLACE_ZERO, (size_t)m->cols);
        }
        for (int64_t start = 0; start < m->cols; start += of, n += keep) {
            int64_t size = start + of < m->cols ? of : m->cols - start, used = 0;
            for (int64_t i = 0; s->writing && i < size; i++)
                if (place[start + i] == PLACE_DENSE)
                    at[used++] = (uint32_t)i;
            for (int k = 0; k < keep; k++) {
                bool filler = s->writing && k >= used;
                uint32_t where = filler ? (uint32_t)(of - 1) : at[k];
                bits(&p, &where, place_bits);
                if (s->writing)
                    s->list[n + k] = filler ? 0 : of_row[start + where];
                else if (start + where < m->cols && k < size && where < (uint32_t)of) {
                    place[start + where] = PLACE_DENSE;
                    of_row[start + where] = s->list[n + k];
                } else if (where >= (uint32_t)of)
                    return corrupt("a place beyond its block", err);
            }
        }
        if (s->writing)
            codes(&e, q->format, s->list, kept);
        whole_byte(&p);
    }
    return STATUS_OK;
}

static enum status bitmask(struct store *s, struct error *err)
{
    struct stream e = part(s, PART_ELEMENTS), mask = part(s, PART_PLACES), offsets = part(s, PART_OFFSETS);
    struct quant_matrix *m = s->m;
    int64_t all = m->rows * m->cols, kept = all - quant_share_before(m->q->sparsity, m->rows, m->cols), n = 0, want;

    if (!s->writing)
        codes(&e, m->q->format, s->list, kept);
    for (int64_t i = 0; i < all; i++) {
        uint32_t bit = s->writing && m->place[i] == PLACE_DENSE;
        if (i % m->cols == 0) {
            whole_byte(&mask);
            want = n;
            number(&offsets, &want, 32);
            if (want != (int64_t)(uint32_t)n)
                return corrupt("row offsets that do not agree with the mask", err);
        }
        bits(&mask, &bit, 1);
        if (bit && n == kept)
            return corrupt("more places than values", err);
        if (bit && s->writing)
            s->list[n] = m->codes[i];
        else if (bit)
            m->codes[i] = s->list[n];
        m->place[i] = bit ? PLACE_DENSE : PLACE_ZERO;
        n += bit;
    }
    want = n;
    number(&offsets, &want, 32);
    if (n != kept)
        return corrupt("fewer places than values", err);
    if (s->writing)
        codes(&e, m->q->format, s->list, kept);
    return STATUS_OK;
}

/* One tile: its kept values from number `n` on. */
static enum status csl_tile(struct store *s, struct stream *positions, int64_t row0, int64_t col0, int64_t *n, int64_t end, struct error *err)
{
    struct quant_matrix *m = s->m;
    int64_t last = -1;

    for (int64_t k = 0; s->writing && k < (int64_t)CSL_TILE_ROWS * CSL_TILE_COLS; k++) {
        int64_t row = row0 + k / CSL_TILE_COLS, col = col0 + k % CSL_TILE_COLS, position = k;
        if (row >= m->rows || col >= m->cols || m->place[row * m->cols + col] != PLACE_DENSE)
            continue;
        number(positions, &position, 16);
        s->list[(*n)++] = m->codes[row * m->cols + col];
    }
    for (; !s->writing && *n < end; (*n)++) {
        int64_t position = 0;
        number(positions, &position, 16);
        int64_t row = row0 + position / CSL_TILE_COLS, col = col0 + position % CSL_TILE_COLS;
        if (position <= last || row >= m->rows || col >= m->cols || row >= row0 + CSL_TILE_ROWS)
            return corrupt("positions of a tile out of order", err);
        m->place[row * m->cols + col] = PLACE_DENSE;
        m->codes[row * m->cols + col] = s->list[*n];
        last = position;
    }
    return STATUS_OK;
}

static enum status tiled_csl(struct store *s, struct error *err)
{
    struct stream e = part(s, PART_ELEMENTS), positions = part(s, PART_PLACES), offsets = part(s, PART_OFFSETS);
    struct quant_matrix *m = s->m;
    int64_t kept = m->rows * m->cols - quant_share_before(m->q->sparsity, m->rows, m->cols), n = 0, start = 0;
    int64_t tile_cols = ceil_div_i64(m->cols, CSL_TILE_COLS), tiles = ceil_div_i64(m->rows, CSL_TILE_ROWS) * tile_cols;
    enum status st;

    if (!s->writing) {
        codes(&e, m->q->format, s->list, kept);
        memset(m->place, PLACE_ZERO, (size_t)(m->rows * m->cols));
        number(&offsets, &start, 32);
    }
    for (int64_t t = 0; t < tiles; t++) {
        int64_t end = kept;
        start = n;
        if (s->writing)
            number(&offsets, &start, 32);
        else if (t + 1 < tiles)
            number(&offsets, &end, 32);
        if (!s->writing && (end < n || end > kept))
            return corrupt("tile offsets out of order", err);
        if ((st = csl_tile(s, &positions, t / tile_cols * CSL_TILE_ROWS, t % tile_cols * CSL_TILE_COLS, &n, end, err)))
            return st;
    }
    if (s->writing)
        codes(&e, m->q->format, s->list, kept);
    return STATUS_OK;
}

static enum status mixed(struct store *s, struct error *err)
{
    struct stream narrow = part(s, PART_ELEMENTS), wide = part(s, PART_MIXED), flags = part(s, PART_MIXED_FLAGS);
    struct quant_matrix *m = s->m;
    int64_t want = quant_wide_groups(m->q, m->cols), size = m->q->group;

    for (int64_t row = 0; row < m->rows; row++) {
        int64_t found = 0;
        for (int64_t g = 0; g < m->groups; g++) {
            uint32_t flag = m->wide[row * m->groups + g];
            bits(&flags, &flag, 1);
            m->wide[row * m->groups + g] = (uint8_t)flag;
            found += flag;
        }
        whole_byte(&flags);
        if (found != want)
            return corrupt("flags of wide groups that do not add up", err);
        for (int64_t g = 0; g < m->groups; g++) {
            bool is_wide = m->wide[row * m->groups + g];
            int64_t n = (g + 1) * size <= m->cols ? size : m->cols - g * size;
            memset(s->list, 0, (size_t)size * sizeof *s->list);
            if (s->writing)
                memcpy(s->list, m->codes + row * m->cols + g * size, (size_t)n * sizeof *s->list);
            codes(is_wide ? &wide : &narrow, is_wide ? m->q->mixed : m->q->format, s->list, size);
            memcpy(m->codes + row * m->cols + g * size, s->list, (size_t)n * sizeof *s->list);
        }
    }
    return STATUS_OK;
}

static enum status elements(struct store *s, struct error *err)
{
    const struct quant *q = s->m->q;
    enum status st = STATUS_OK;

    if (q->two_of_four || (q->sparsity > 0 && q->sparse == SPARSE_N_OF_M))
        return structured(s, err);
    if (q->sparsity > 0)
        return (q->sparse == SPARSE_BITMASK ? bitmask : tiled_csl)(s, err);
    if (q->mixed != NULL)
        return mixed(s, err);
    if (q->outliers > 0)
        st = outliers(s, err);
    if (q->columns > 0)
        st = columns(s, err);
    if (st == STATUS_OK)
        dense(s);
    return st;
}

static enum status run(struct store *s, struct error *err)
{
    struct quant_matrix *m = s->m;
    const struct quant *q = m->q;
    struct stream t;

    if (q->scale != NULL) {
        t = part(s, PART_SCALES);
        codes(&t, q->scale, m->scales, quant_scale_count(q, m->rows, m->cols));
    }
    if (q->zero_point) {
        t = part(s, PART_ZEROS);
        codes(&t, q->format, m->zeros, quant_scale_count(q, m->rows, m->cols));
    }
    if (q->scale2 != NULL) {
        t = part(s, PART_SCALES2);
        codes(&t, q->scale2, m->scales2, quant_scale2_count(q, m->rows, m->cols));
    }
    if (m->levels != NULL) {
        t = part(s, PART_LEVELS);
        codes(&t, s->half, m->levels, m->rows << q->format->bits);
    }
    return elements(s, err);
}

static enum status prepare(struct store *s, struct quant_matrix *m, struct arena *arena, struct error *err)
{
    int64_t room = m->rows * m->cols + 64 * (m->cols + 64) + (m->q->group > 0 ? m->q->group : 0);

    s->m = m;
    s->half = format_find("fp16");
    if (!quant_layout(&s->layout, m->q, m->rows, m->cols))
        return error_plain(err, STATUS_BAD_INPUT, "%lld x %lld values are too many to store", (long long)m->rows, (long long)m->cols);
    s->list = arena_array(arena, (size_t)room, sizeof *s->list);
    return s->list != NULL ? STATUS_OK : error_no_memory(err);
}

enum status quant_pack(uint8_t *stored, const struct quant_matrix *m, struct error *err)
{
    struct arena arena = { 0 };
    struct quant_matrix copy = *m; /* writing leaves every code as it is */
    struct store s = { .bytes = stored, .writing = true };
    enum status st = prepare(&s, &copy, &arena, err);

    if (st == STATUS_OK) {
        memset(stored, 0, (size_t)s.layout.stored_bytes);
        st = run(&s, err);
    }
    arena_free(&arena);
    return st;
}

enum status quant_unpack(struct quant_matrix *out, const struct quant *q, const uint8_t *stored, int64_t rows, int64_t cols, struct arena *arena,
                         struct error *err)
{
    struct store s = { .bytes = (uint8_t *)(uintptr_t)stored };
    struct quant_layout l;
    int64_t all;
    enum status st;

    if (rows < 1 || cols < 1 || !checked_mul_i64(&all, rows, cols) || all > INT64_MAX / 64 || !quant_layout(&l, q, rows, cols))
        return error_plain(err, STATUS_BAD_INPUT, "%lld x %lld values, expected 1 x 1 and what fits in memory", (long long)rows, (long long)cols);
    if (!quant_matrix_alloc(out, q, rows, cols, arena))
        return error_no_memory(err);
    st = prepare(&s, out, arena, err);
    return st ? st : run(&s, err);
}
