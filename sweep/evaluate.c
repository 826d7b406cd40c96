/* SPDX-License-Identifier: Apache-2.0 */
/* Designs to runs, with caches by text. See evaluate.h. */
#include "sweep/evaluate.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/num.h"
#include "base/path.h"
#include "base/version.h"
#include "costmodel/energy.h"

enum { CHIPS_MAX = 256, OVERRIDES_MAX = PLAN_NAMES_MAX };

/* A thing under the text that made it; the arena holds the text and what was made. */
struct cached {
    struct cached *next;
    char *key;
    struct arena arena;
    const struct hardware *hw;
    const struct stack *stack;
    struct arch_base *base;         /* of a file */
    struct run_base stored;         /* of a file; yaml NULL: it is no description without what is changed */
    struct run_trace *trace;
    struct packed packed;
    struct runner *runner;
    char *body;                     /* of a chip or stack, as it is stored; of a file: with nothing changed; NULL: what is changed and the file say it */
    const char *settings, *name;    /* settings: JSON */
};

struct evaluator {
    const struct plan *plan;
    struct cached *files, *chips, *stacks, *traces, *runners;
    int64_t chips_count;
    struct quant_memo *schemes;     /* of recipes */
    struct arena rows;              /* of one design, where nobody asks for them */
};

/* What a design says, before anything is loaded. */
struct request {
    const char *arch, *stack, *recipe, *fidelity, *mapping, *trace;
    int64_t tp;
    struct arch_override arch_set[OVERRIDES_MAX], stack_set[OVERRIDES_MAX];
    int64_t arch_sets, stack_sets;
    char recipe_keys[512];
};

enum status evaluator_open(struct evaluator **out, const struct plan *plan, struct error *err)
{
    struct evaluator *e = calloc(1, sizeof *e);

    *out = NULL;
    if (!e || !(e->schemes = quant_memo_open())) {
        free(e);
        return error_no_memory(err);
    }
    e->plan = plan;
    *out = e;
    return STATUS_OK;
}

static void drop(struct cached **list)
{
    for (struct cached *c = *list, *next; c; c = next) {
        next = c->next;
        runner_close(c->runner);
        run_trace_close(c->trace);
        free(c->packed.data);
        free(c->body);
        free(c->key);
        arena_free(&c->arena);
        free(c);
    }
    *list = NULL;
}

bool evaluator_full(const struct evaluator *e)
{
    return e->chips_count >= CHIPS_MAX;
}

/* Lists have what was asked for last in front. */
static void keep_newest(struct cached **list, int64_t count)
{
    for (; *list && count > 0; count--)
        list = &(*list)->next;
    drop(list);
}

void evaluator_trim(struct evaluator *e)
{
    if (!evaluator_full(e))
        return;
    drop(&e->runners);
    drop(&e->chips);
    e->chips_count = 0;
}

void evaluator_close(struct evaluator *e)
{
    if (!e)
        return;
    drop(&e->runners);
    drop(&e->traces);
    drop(&e->stacks);
    drop(&e->chips);
    drop(&e->files);
    arena_free(&e->rows);
    quant_memo_close(e->schemes);
    free(e);
}

static struct cached *find(struct cached **list, const char *key)
{
    for (struct cached **at = list; *at; at = &(*at)->next)
        if (strcmp((*at)->key, key) == 0) { /* to the front: designs that follow one another are alike */
            struct cached *c = *at;
            *at = c->next;
            c->next = *list;
            *list = c;
            return c;
        }
    return NULL;
}

static struct cached *add(struct cached **list, const char *key, struct error *err)
{
    struct cached *c = calloc(1, sizeof *c);

    if (!c || !(c->key = strdup(key))) {
        free(c);
        error_no_memory(err);
        return NULL;
    }
    c->next = *list;
    *list = c;
    return c;
}

/* The one at the head could not be made. */
static enum status discard(struct cached **list, enum status st)
{
    struct cached *c = *list, *rest = c->next;

    c->next = NULL;
    drop(list);
    *list = rest;
    return st;
}

/* "arch\na.b=v ..." */
static const char *key_of(const char *name, const struct arch_override *set, int64_t count, char separator, struct arena *arena)
{
    const char *text = name;

    for (int64_t i = 0; i < count && text; i++)
        text = *text ? arena_printf(arena, "%s%c%s=%s", text, separator, set[i].key, set[i].value) : arena_printf(arena, "%s=%s", set[i].key, set[i].value);
    return text;
}

static enum status resolved_text(char **out, const struct hardware *hw, const struct stack *stack, struct error *err)
{
    size_t bytes;
    FILE *f = open_memstream(out, &bytes);

    if (!f)
        return error_no_memory(err);
    if (hw)
        arch_show(f, hw);
    else
        stack_show(f, stack);
    return fclose(f) ? error_no_memory(err) : STATUS_OK;
}

/* The override list lives as long as the chip: arch_load() keeps places that name it. */
static enum status copy_overrides(struct arch_override **out, const struct arch_override *set, int64_t count, struct arena *arena, struct error *err)
{
    *out = arena_array(arena, (size_t)count + 1, sizeof **out);
    for (int64_t i = 0; *out && i < count; i++) {
        (*out)[i].key = arena_strdup(arena, set[i].key);
        (*out)[i].value = arena_strdup(arena, set[i].value);
        if (!(*out)[i].key || !(*out)[i].value)
            return error_no_memory(err);
    }
    return *out ? STATUS_OK : error_no_memory(err);
}

/* The file as it is: what its variants are stored by. One that is complete only with what the sweep sets is not kept. */
static enum status read_stored(struct cached *file, bool chip, struct error *err)
{
    struct error unknown;
    enum status st;

    if (chip ? arch_load_from(&file->hw, file->base, NULL, 0, &file->arena, &unknown) : stack_load_from(&file->stack, file->base, NULL, 0, &file->arena, &unknown))
        return STATUS_OK;
    file->stored.hash = chip ? file->hw->hash : file->stack->hash;
    st = resolved_text(&file->body, file->hw, file->stack, err);
    file->stored.yaml = file->body;
    return st;
}

/* The files of a chip or stack, read once: designs lay their overrides over what they say. */
static enum status file_of(struct cached **out, struct evaluator *e, bool chip, const char *name, struct arena *arena, struct error *err)
{
    const char *key = arena_printf(arena, "%d %s", chip, name);
    enum status st;

    if (!key)
        return error_no_memory(err);
    if ((*out = find(&e->files, key)))
        return STATUS_OK;
    if (!(*out = add(&e->files, key, err)))
        return STATUS_INTERNAL;
    if ((st = chip ? arch_base_open(&(*out)->base, name, &(*out)->arena, err) : stack_base_open(&(*out)->base, name, &(*out)->arena, err)) ||
        (st = read_stored(*out, chip, err)))
        return discard(&e->files, st);
    return STATUS_OK;
}

/* What a chip or stack with settings is stored by; NULL: it stands for itself. */
static const struct run_base *stored_base(struct evaluator *e, bool chip, const char *name, const struct cached *variant, struct arena *arena)
{
    const char *key = variant->settings ? arena_printf(arena, "%d %s", chip, name) : NULL;
    const struct cached *file = key ? find(&e->files, key) : NULL;

    return file && file->stored.yaml ? &file->stored : NULL;
}

static enum status load(struct cached **out, struct evaluator *e, const char *name, const struct arch_override *set, int64_t count, bool chip,
                        struct arena *arena, struct error *err)
{
    struct cached **list = chip ? &e->chips : &e->stacks;
    const char *key = key_of(name, set, count, '\n', arena);
    struct arch_override *own;
    struct cached *file = NULL;
    enum status st;

    if (!key)
        return error_no_memory(err);
    if ((*out = find(list, key)))
        return STATUS_OK;
    if ((st = file_of(&file, e, chip, name, arena, err)))
        return st;
    struct cached *c = add(list, key, err);
    if (!c)
        return STATUS_INTERNAL;
    if ((st = copy_overrides(&own, set, count, &c->arena, err)) ||
        (st = chip ? arch_load_from(&c->hw, file->base, own, count, &c->arena, err) : stack_load_from(&c->stack, file->base, own, count, &c->arena, err)))
        return discard(list, st);
    if ((st = store_settings_text(&c->settings, set, count, &c->arena, err)) || (!c->settings && (st = resolved_text(&c->body, c->hw, c->stack, err))))
        return discard(list, st);
    *out = c;
    return STATUS_OK;
}

/* A path, or the name of a shipped trace. */
static const char *trace_path(const char *name, struct arena *arena)
{
    const char *shipped;

    if (access(name, F_OK) == 0)
        return name;
    if ((shipped = data_path(name, arena)))
        return shipped;
    shipped = arena_printf(arena, "workloads/%s%s", name, strstr(name, ".trace") ? "" : ".trace");
    shipped = shipped ? data_path(shipped, arena) : NULL;
    return shipped ? shipped : name;
}

static enum status load_trace(struct cached **out, struct evaluator *e, const char *name, struct error *err)
{
    if ((*out = find(&e->traces, name)))
        return STATUS_OK;
    struct cached *c = add(&e->traces, name, err);
    if (!c)
        return STATUS_INTERNAL;
    const char *path = trace_path(name, &c->arena);
    enum status st = run_trace_open(&c->trace, path, err);
    if (st || (st = pack_file(&c->packed, path, STORE_TRACE_BYTES_MAX, err)))
        return discard(&e->traces, st);
    if (!(c->name = arena_strdup(&c->arena, path_name(path))))
        return discard(&e->traces, error_no_memory(err));
    *out = c;
    return STATUS_OK;
}

static enum status load_runner(struct runner **out, struct evaluator *e, const struct cached *chip, const struct cached *stack, const struct cached *trace,
                               const struct request *q, struct arena *arena, struct error *err)
{
    const char *key = arena_printf(arena, "%p %p %p %s %s", (const void *)chip, (const void *)stack, (const void *)trace, q->fidelity, q->mapping);
    struct cached *c = key ? find(&e->runners, key) : NULL;
    enum status st;

    if (!c) {
        enum mapping_choice choice = strcmp(q->mapping, "best") == 0 ? MAPPING_BEST : MAPPING_PICKED;
        if (!key || !(c = add(&e->runners, key, err)))
            return key ? STATUS_INTERNAL : error_no_memory(err);
        if (strcmp(q->mapping, "best") != 0 && strcmp(q->mapping, "picked") != 0)
            return discard(&e->runners, error_plain(err, STATUS_BAD_INPUT, "mapping is '%s', expected picked or best", q->mapping));
        if ((st = runner_open(&c->runner, chip->hw, stack->stack, trace->trace, q->fidelity, choice, err)))
            return discard(&e->runners, st);
        keep_newest(&e->runners, EVALUATOR_AHEAD); /* the timed kernels of chips long past take more memory than all else */
    }
    *out = c->runner;
    return STATUS_OK;
}

static enum status set_value(struct request *q, const struct plan_name *n, const struct value *v, struct error *err)
{
    size_t used = strlen(q->recipe_keys);

    switch (n->target) {
    case TARGET_ARCH:       q->arch = v->text; break;
    case TARGET_STACK:      q->stack = v->text; break;
    case TARGET_RECIPE:     q->recipe = v->text; break;
    case TARGET_TRACE:      q->trace = v->text; break;
    case TARGET_FIDELITY:   q->fidelity = v->text; break;
    case TARGET_MAPPING:    q->mapping = v->text; break;
    case TARGET_ARCH_PATH:  q->arch_set[q->arch_sets++] = (struct arch_override){ n->path, v->text }; break;
    case TARGET_STACK_PATH: q->stack_set[q->stack_sets++] = (struct arch_override){ n->path, v->text }; break;
    case TARGET_RECIPE_KEY:
        if (snprintf(q->recipe_keys + used, sizeof q->recipe_keys - used, "%s%s=%s", used ? "," : "", n->path, v->text) >= (int)(sizeof q->recipe_keys - used))
            return error_set(err, STATUS_BAD_INPUT, n->at, "the recipe is too long");
        break;
    case TARGET_TP:
        if (!v->number || v->x < 1 || v->x > 65536 || (double)(int64_t)v->x != v->x)
            return error_set(err, STATUS_BAD_INPUT, n->at, "layout.tp is %s, expected a whole number from 1 to 65536", v->text);
        q->tp = (int64_t)v->x;
        break;
    case TARGET_VARIABLE: break;
    }
    return STATUS_OK;
}

static enum status read_request(struct request *q, const struct plan *plan, const struct value *values, struct error *err)
{
    enum status st = STATUS_OK;

    *q = (struct request){ .fidelity = "analytic", .mapping = "picked", .tp = 1 };
    for (int64_t i = 0; i < plan->names_count && !st; i++)
        if (values[i].text)
            st = set_value(q, &plan->names[i], &values[i], err);
    if (!st && (!q->arch || !q->trace))
        st = error_plain(err, STATUS_BAD_INPUT, "%s: a design without %s", plan->path, q->arch ? "trace" : "arch");
    return st;
}

static enum status read_recipe(struct prepared_point *out, struct evaluator *e, const struct request *q, const struct hardware *hw, struct arena *arena, struct error *err)
{
    const char *base = q->recipe ? q->recipe : q->recipe_keys[0] ? "" : hw->default_recipe;
    const char *text = base && *base && q->recipe_keys[0] ? arena_printf(arena, "%s,%s", base, q->recipe_keys) : q->recipe_keys[0] ? q->recipe_keys : base;
    enum { TEXT_MAX = 512 };
    char *canonical = arena_alloc(arena, TEXT_MAX);
    enum status st;

    if (!canonical)
        return error_no_memory(err);
    if ((st = recipe_parse_again(&out->recipe, text, e->schemes, (struct source_pos){ "recipe", 0, 0 }, err)))
        return st;
    out->inputs.recipe = recipe_format(canonical, TEXT_MAX, &out->recipe);
    out->inputs.layout = arena_printf(arena, "tp=%lld", (long long)q->tp);
    return out->inputs.layout ? STATUS_OK : error_no_memory(err);
}

/* As `llmsim run --set` has it: those of the stack begin with "stack.". */
static const char *all_overrides(const struct request *q, struct arena *arena)
{
    const char *text = key_of("", q->arch_set, q->arch_sets, ' ', arena);

    for (int64_t i = 0; i < q->stack_sets && text; i++)
        text = arena_printf(arena, "%s%sstack.%s=%s", text, *text ? " " : "", q->stack_set[i].key, q->stack_set[i].value);
    return text && *text ? text : NULL;
}

enum status evaluator_prepare(struct prepared_point *out, struct evaluator *e, const struct value *values, const char *fidelity, struct arena *arena,
                              struct error *err)
{
    struct cached *chip, *stack, *trace, *chips = e->chips;
    struct request q;
    enum status st = read_request(&q, e->plan, values, err);

    *out = (struct prepared_point){ 0 };
    if (st)
        return st;
    q.fidelity = fidelity ? fidelity : q.fidelity;
    if ((st = load(&chip, e, q.arch, q.arch_set, q.arch_sets, true, arena, err)))
        return st;
    e->chips_count += e->chips != chips && chip->next == chips;
    const char *name = q.stack ? q.stack : chip->hw->default_stack;
    if (!name)
        return error_plain(err, STATUS_BAD_INPUT, "%s names no default stack: give one with `stack`", chip->hw->name);
    if ((st = load(&stack, e, name, q.stack_set, q.stack_sets, false, arena, err)) || (st = load_trace(&trace, e, q.trace, err)) ||
        (st = load_runner(&out->runner, e, chip, stack, trace, &q, arena, err)) || (st = read_recipe(out, e, &q, chip->hw, arena, err)))
        return st;
    out->hw = chip->hw;
    out->layout.tp = q.tp;
    const char *recipe = out->inputs.recipe, *layout = out->inputs.layout;
    out->inputs = (struct run_inputs){
        .arch_name = chip->hw->name, .arch_yaml = chip->body, .stack_name = stack->stack->name, .stack_yaml = stack->body, .trace_name = trace->name,
        .recipe = recipe, .layout = layout, .mapping = strcmp(q.mapping, "best") == 0 ? "best" : "picked", .overrides = all_overrides(&q, arena),
        .arch_settings = chip->settings, .stack_settings = stack->settings,
        .arch_base = stored_base(e, true, q.arch, chip, arena), .stack_base = stored_base(e, false, name, stack, arena), .model_version = version_model(), .arch_hash = chip->hw->hash, .stack_hash = stack->stack->hash, .trace_hash = run_trace_hash(trace->trace),
        .trace_text = trace->packed };
    return runner_key(&out->key, out->runner, &out->recipe, &out->layout, err);
}

static enum status copy_warnings(struct result *r, struct arena *arena, struct error *err)
{
    const char **copy = arena_array(arena, (size_t)r->warnings_count + 1, sizeof *copy);

    for (int64_t i = 0; copy && i < r->warnings_count; i++)
        if (!(copy[i] = arena_strdup(arena, r->warnings[i])))
            return error_no_memory(err);
    r->warnings = copy;
    return copy ? STATUS_OK : error_no_memory(err);
}

enum status evaluator_run(struct result *out, struct evaluator *e, const struct prepared_point *p, bool rows, struct arena *arena,
                          const volatile sig_atomic_t *stop, struct error *err)
{
    arena_reset(&e->rows);
    enum status st = runner_run(out, p->runner, &p->key, &p->recipe, &p->layout, rows ? arena : &e->rows, stop, err);

    if (st)
        return st;
    energy_account(out, p->hw);
    if (rows)
        return STATUS_OK;
    out->rows = NULL;
    out->rows_count = 0;
    return copy_warnings(out, arena, err);
}
