/* SPDX-License-Identifier: Apache-2.0 */
/* Report of a training iteration (reports/training_report.h). Members of the JSON are one table: what is written is what is read. */
#include "reports/training_report.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"
#include "base/textfile.h"
#include "base/yaml.h"
#include "reports/text.h"

static const char schema[] = "llmsim.training/1";

struct member { const char *object, *name; enum { MEMBER_TEXT, MEMBER_COUNT, MEMBER_NUMBER } kind; bool of_head; size_t offset; };

#define HEAD(kind, name) { "inputs", #name, kind, true, offsetof(struct training_head, name) }
#define RESULT(object, name, field) { object, name, MEMBER_NUMBER, false, offsetof(struct training_result, field) }

/* In the order of the file; members of one object follow one another. */
static const struct member members[] = {
    HEAD(MEMBER_TEXT, system), HEAD(MEMBER_TEXT, device), HEAD(MEMBER_TEXT, model), HEAD(MEMBER_TEXT, stack), HEAD(MEMBER_TEXT, recipe),
    HEAD(MEMBER_TEXT, fidelity), HEAD(MEMBER_TEXT, recompute), HEAD(MEMBER_TEXT, sharding), HEAD(MEMBER_COUNT, tp), HEAD(MEMBER_COUNT, pp),
    HEAD(MEMBER_COUNT, dp), HEAD(MEMBER_COUNT, ep), HEAD(MEMBER_COUNT, cp), HEAD(MEMBER_COUNT, chunks), HEAD(MEMBER_COUNT, micro_batch),
    HEAD(MEMBER_COUNT, global_batch), HEAD(MEMBER_COUNT, seq), HEAD(MEMBER_COUNT, capacity_bytes),
    RESULT("time_s", "iteration", iteration_s), RESULT("time_s", "forward", forward_s), RESULT("time_s", "backward", backward_s),
    RESULT("time_s", "bubble", bubble_s), RESULT("time_s", "exchange", exchange_s), RESULT("time_s", "optimizer", optimizer_s),
    { "pipeline", "stages", MEMBER_COUNT, false, offsetof(struct training_result, pipeline.stages) },
    { "pipeline", "chunks", MEMBER_COUNT, false, offsetof(struct training_result, pipeline.chunks) },
    { "pipeline", "micro_batches", MEMBER_COUNT, false, offsetof(struct training_result, pipeline.micro_batches) },
    RESULT("pipeline", "forward_s", pipeline.forward_s), RESULT("pipeline", "backward_s", pipeline.backward_s),
    RESULT("pipeline", "head_forward_s", pipeline.head_forward_s), RESULT("pipeline", "head_backward_s", pipeline.head_backward_s),
    RESULT("memory_bytes", "parameters", memory.parameters), RESULT("memory_bytes", "gradients", memory.gradients),
    RESULT("memory_bytes", "optimizer", memory.optimizer), RESULT("memory_bytes", "activations", memory.activations),
    RESULT("memory_bytes", "temporary", memory.temporary), RESULT("memory_bytes", "total", memory.total),
    RESULT("memory_bytes", "pass_activations", memory.pass_activations),
    RESULT("rates", "tokens", tokens), RESULT("rates", "flops_per_token", flops_per_token), RESULT("rates", "parameters", parameters),
};
static const double number_max = 1e30; /* no iteration comes near: sums of what is read stay finite */
enum { MEMBERS = sizeof members / sizeof members[0] };

/* ---- JSON ---- */

static void put_member(struct json *j, const struct member *m, const void *from)
{
    const char *at = (const char *)from + m->offset;

    if (m->kind == MEMBER_TEXT)
        json_text(j, m->name, *(const char *const *)(const void *)at);
    else if (m->kind == MEMBER_COUNT)
        json_i64(j, m->name, *(const int64_t *)(const void *)at);
    else
        json_double(j, m->name, *(const double *)(const void *)at);
}

enum status report_training_json(FILE *out, const struct training_result *r, const struct training_head *head, struct error *err)
{
    const char *object = NULL;
    struct json j;

    json_open(&j, out);
    json_object_begin(&j, NULL);
    json_text(&j, "schema", schema);
    for (int i = 0; i < MEMBERS; i++) {
        if (!object || strcmp(object, members[i].object) != 0) {
            if (object)
                json_object_end(&j);
            json_object_begin(&j, object = members[i].object);
        }
        put_member(&j, &members[i], members[i].of_head ? (const void *)head : (const void *)r);
    }
    json_object_end(&j);
    json_object_end(&j);
    return json_close(&j) ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "cannot write the JSON of the training iteration: %m");
}

bool report_training_is(const char *path)
{
    char head[256] = "";
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(head, 1, sizeof head - 1, f) : 0;

    if (f)
        fclose(f);
    head[n] = '\0';
    return strstr(head, schema) != NULL;
}

static enum status get_number(double *out, const struct yaml_node *map, const char *name, struct error *err)
{
    const struct yaml_node *node = yaml_find(map, name);

    if (!node || node->kind != YAML_SCALAR || num_parse_double(out, node->text) || !(*out >= 0 && *out <= number_max))
        return error_set(err, STATUS_BAD_INPUT, node ? node->at : map->at, "%s: expected a number from 0 to %g", name, number_max);
    return STATUS_OK;
}

static enum status get_member(void *to, const struct member *m, const struct yaml_node *root, struct error *err)
{
    const struct yaml_node *map = yaml_find(root, m->object);
    char *at = (char *)to + m->offset;

    if (!map || map->kind != YAML_MAPPING)
        return error_set(err, STATUS_BAD_INPUT, map ? map->at : root->at, "%s: expected an object (is this the output of 'llmsim train --json'?)", m->object);
    if (m->kind == MEMBER_TEXT)
        return yaml_get_text((const char **)(void *)at, map, m->name, true, err);
    if (m->kind == MEMBER_COUNT)
        return yaml_get_i64((int64_t *)(void *)at, map, m->name, true, 1, INT64_MAX, err);
    return get_number((double *)(void *)at, map, m->name, err);
}

enum status report_training_read(struct training_result *out, struct training_head *head, const char *path, struct arena *arena, struct error *err)
{
    struct training_result r = { 0 };
    struct training_head h = { 0 };
    struct yaml_node *root;
    const char *found;
    enum status st = yaml_read_file(&root, path, arena, err);

    if (st || (st = yaml_get_text(&found, root, "schema", true, err)))
        return st;
    if (strcmp(found, schema) != 0)
        return error_set(err, STATUS_BAD_INPUT, root->at, "schema: found '%s', expected '%s' (the output of 'llmsim train --json')", found, schema);
    for (int i = 0; i < MEMBERS; i++)
        if ((st = get_member(members[i].of_head ? (void *)&h : (void *)&r, &members[i], root, err)))
            return st;
    if (!(r.iteration_s > 0) || !(r.pipeline.forward_s + r.pipeline.backward_s > 0))
        return error_set(err, STATUS_BAD_INPUT, root->at, "iteration, forward_s and backward_s: expected times above 0");
    *out = r;
    *head = h;
    return STATUS_OK;
}

/* ---- text ---- */

static void put_times(FILE *out, const struct text_style *style, const struct training_result *r)
{
    double n = (double)r->pipeline.micro_batches;
    const struct { const char *name; double time_s; } rows[] = {
        { "forward passes", n * r->forward_s }, { "backward passes", n * r->backward_s }, { "pipeline bubble", r->bubble_s },
        { "exchange that nothing hides", r->iteration_s - n * (r->forward_s + r->backward_s) - r->bubble_s - r->optimizer_s },
        { "optimizer", r->optimizer_s },
    };
    char time[40];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double share = r->iteration_s > 0 ? rows[i].time_s / r->iteration_s : 0;

        if (!(share > 1e-12))
            continue;
        text_si(time, sizeof time, rows[i].time_s, "s");
        fputs("  ", out);
        text_cell(out, style, TEXT_PLAIN, 30, rows[i].name);
        text_cell(out, style, TEXT_PLAIN, -12, time);
        fprintf(out, " %5.1f %%  ", 100 * share);
        text_bar(out, style, TEXT_BLUE, share, style->columns - 56);
        fputc('\n', out);
    }
}

static void put_memory(FILE *out, const struct text_style *style, const struct training_memory *m, int64_t capacity)
{
    const struct { const char *name; double bytes; } rows[] = {
        { "parameters", m->parameters }, { "gradients", m->gradients }, { "optimizer states", m->optimizer }, { "activations", m->activations },
        { "temporary", m->temporary },
    };
    char bytes[40], whole[40], all[40];

    text_bytes(whole, sizeof whole, m->total);
    text_bytes(all, sizeof all, (double)capacity);
    fprintf(out, "\nMemory of the fullest device: %s of %s, %.1f %%%s\n", whole, all, 100 * m->total / (double)capacity,
            m->total > (double)capacity ? ": does not fit" : "");
    text_rule(out, style);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!(rows[i].bytes > 0))
            continue;
        text_bytes(bytes, sizeof bytes, rows[i].bytes);
        fputs("  ", out);
        text_cell(out, style, TEXT_PLAIN, 30, rows[i].name);
        text_cell(out, style, TEXT_PLAIN, -12, bytes);
        fprintf(out, " %5.1f %%  ", 100 * rows[i].bytes / (double)capacity);
        text_bar(out, style, TEXT_BLUE, rows[i].bytes / (double)capacity, style->columns - 56);
        fputc('\n', out);
    }
}

static void whole_text(FILE *out, const struct training_result *r, const struct training_head *h, const struct report_style *style)
{
    struct text_style text = text_style_within(style, 60, 100);
    int64_t devices = h->tp * h->pp * h->dp * h->cp;
    double rate = r->tokens / r->iteration_s / (double)devices;
    char time[40], tokens[40], flops[40];

    fprintf(out, "%s on %" PRId64 " devices of %s\n", h->model, devices, h->system);
    text_rule(out, &text);
    fprintf(out, "  layout      tp=%" PRId64 ", pp=%" PRId64 ", dp=%" PRId64 ", ep=%" PRId64 ", cp=%" PRId64 ", %" PRId64 " chunk%s a stage\n", h->tp, h->pp, h->dp,
            h->ep, h->cp, h->chunks, h->chunks == 1 ? "" : "s");
    fprintf(out, "  batch       %" PRId64 " sequences of %" PRId64 " tokens, %" PRId64 " micro-batches of %" PRId64 "\n", h->global_batch, h->seq,
            r->pipeline.micro_batches, h->micro_batch);
    fprintf(out, "  recipe      ");
    text_wrap(out, &text, TEXT_PLAIN, 14, h->recipe);
    fprintf(out, "  software    %s, recompute %s, sharding %s, %s\n", h->stack, h->recompute, h->sharding, h->fidelity);
    text_si(time, sizeof time, r->iteration_s, "s");
    text_si(tokens, sizeof tokens, rate, "tokens/s");
    text_si(flops, sizeof flops, rate * r->flops_per_token, "FLOP/s");
    fprintf(out, "\nIteration: %s; a device: %s, %s of the model's\n", time, tokens, flops);
    text_rule(out, &text);
    put_times(out, &text, r);
    put_memory(out, &text, &r->memory, h->capacity_bytes);
}

void report_training_text(FILE *out, const struct training_result *r, const struct training_head *head, const struct report_style *style)
{
    const struct text_style s = text_style_within(style, 40, 100);
    struct text_page page;

    whole_text(text_page_begin(&page), r, head, style);
    text_page_end(&page, out, &s);
}
