/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Fuzz target of the smaller YAML and JSON files that users may give: technologies, prices, scoreboards, clocks, harnesses, intervals, runs (`llmsim diff`),
 * iterations of training. The
 * same bytes go to each reader; at most one likes them. Seeds: tests/fuzz/data/, one of each.
 */
#define _GNU_SOURCE
#include "arch/prices.h"
#include "reports/run_report.h"
#include "reports/training_report.h"
#include "tests/fuzz/bytes.h"
#include "validate/harness.h"
#include "validate/interval.h"
#include "validate/scoreboard.h"

static void silicon(const char *path, struct arena *arena)
{
    const struct technology *t;
    const struct prices *p;
    struct error err = { 0 };
    enum status st = technology_load(&t, path, arena, &err);

    require_told(st, &err);
    require(st != STATUS_OK || (t->nodes_count > 0 && t->utilization.low <= t->utilization.high));
    st = prices_load(&p, path, arena, &err);
    require_told(st, &err);
    require(st != STATUS_OK || p->lifetime_years.low > 0);
}

static void accuracy(const char *path, struct arena *arena)
{
    struct harness_clock_list clocks = { 0 };
    struct scoreboard board = { 0 };
    struct residual_library residuals = { 0 };
    struct harness harness = { 0 };
    struct error err = { 0 };
    enum status st;

    require_told(scoreboard_read(&board, path, arena, &err), &err);
    require_told(harness_clocks_read(&clocks, path, arena, &err), &err);
    st = residual_library_read(&residuals, path, arena, &err);
    require_told(st, &err);
    for (int64_t i = 0; st == STATUS_OK && i < residuals.count; i++)
        require(residuals.items[i].rows > 0 && residuals.items[i].low >= 0);
    st = harness_read(&harness, path, arena, &err);
    require_told(st, &err);
    require(st != STATUS_OK || (harness.weight_copies >= 1 && harness.overheads_count <= HARNESS_OVERHEADS_MAX));
}

static void finished_run(const char *path, struct arena *arena)
{
    struct report_head head = { 0 };
    struct result r = { 0 };
    struct error err = { 0 };
    enum status st = report_run_read(&r, &head, path, arena, &err);
    int64_t sum = 0;

    require_told(st, &err);
    for (int64_t i = 0; st == STATUS_OK && i < r.rows_count; i++)
        sum += r.rows[i].time_ps;
    require(st != STATUS_OK || sum == r.time_ps);
}

static void training_iteration(const char *path, struct arena *arena)
{
    struct training_head head = { 0 };
    struct training_result r = { 0 };
    struct training_schedule s;
    struct error err = { 0 };
    enum status st = report_training_read(&r, &head, path, arena, &err);

    require_told(st, &err);
    if (st == STATUS_OK && !(st = training_schedule(&s, &r.pipeline, arena, &err)))
        require(s.count > 0 && !(s.time_s < 0));
    require_told(st, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes_file f = bytes_open(data, size);
    struct arena arena = { .limit_bytes = (size_t)64 << 20 };

    silicon(f.path, &arena);
    accuracy(f.path, &arena);
    finished_run(f.path, &arena);
    training_iteration(f.path, &arena);
    arena_free(&arena);
    close(f.fd);
    return 0;
}
