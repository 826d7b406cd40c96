/* SPDX-License-Identifier: Apache-2.0 */
/** Reading, resolving and listing hardware and stack descriptions. docs/arch_files.md */
#ifndef LLMSIM_ARCH_ARCH_H
#define LLMSIM_ARCH_ARCH_H

#include <stdio.h>

#include <stddef.h>
#include <stdio.h>

#include "arch/hardware.h"
#include "arch/stack.h"
#include "base/arena.h"

/**
 * Where shipped files are: $LLMSIM_DATA, else the installed data directory, else the source tree (compiled in for an
 * uninstalled build, relative to the executable). ARCH may be a path, or a name or alias of a shipped device ("A100-80GB").
 */

/** "a.b.c=value" override, laid over the resolved tree before it is read (`--set`). "calibration=none" leaves fitted values out instead. */
struct arch_override { const char *key, *value; };

/** Reads "a.b=v c.d=3 TB/s", as runs keep what `--set` changed: at most `room` settings, in `arena`; `text` NULL: none. */
enum status arch_overrides_read(struct arch_override *out, int64_t *count, int64_t room, const char *text, struct arena *arena, struct error *err);

/** Loads, resolves `extends:` (cycles are errors), applies overrides, checks every key, unit and range. Result lives in `arena`. */
enum status arch_load(const struct hardware **out, const char *name_or_path, const struct arch_override *overrides, int64_t overrides_count,
                      struct arena *arena, struct error *err);

/**
 * A description under many sets of overrides: its files are found once and read once. Loading from it gives what arch_load() of its name gives, the
 * same errors too; what was loaded shares the base's tree, so the base's arena must live on.
 */
struct arch_base;
enum status arch_base_open(struct arch_base **out, const char *name_or_path, struct arena *arena, struct error *err);
enum status arch_load_from(const struct hardware **out, struct arch_base *base, const struct arch_override *overrides, int64_t overrides_count,
                           struct arena *arena, struct error *err);

/** The same from memory, for tests and fuzzing: `name` stands for the file in messages, and paths in it are relative to it. */
enum status arch_load_memory(const struct hardware **out, const char *name, const void *data, size_t bytes, struct arena *arena,
                             struct error *err);

/** A description as arch_show() printed it, with overrides laid over. What it says of its files (`extends`, `calibration`) is resolved there already. */
enum status arch_load_shown(const struct hardware **out, const char *name, const char *text, const struct arch_override *overrides, int64_t overrides_count,
                            struct arena *arena, struct error *err);

struct arch_entry { const char *name, *path, *summary, *aliases; };
/** Shipped devices, sorted by name. */
enum status arch_list(const struct arch_entry **out, int64_t *count, struct arena *arena, struct error *err);

/** Prints the resolved description with the place and source of each value, as YAML. */
void arch_show(FILE *out, const struct hardware *hw);
/** The same of a stack. */
void stack_show(FILE *out, const struct stack *stack);

/** Stack by name or path ("cutlass-graph", "arch/stacks/x.yaml"). */
enum status stack_load(const struct stack **out, const char *name_or_path, const struct arch_override *overrides, int64_t overrides_count,
                       struct arena *arena, struct error *err);
/** The same of a stack. */
enum status stack_base_open(struct arch_base **out, const char *name_or_path, struct arena *arena, struct error *err);
enum status stack_load_from(const struct stack **out, struct arch_base *base, const struct arch_override *overrides, int64_t overrides_count,
                            struct arena *arena, struct error *err);
enum status stack_list(const struct arch_entry **out, int64_t *count, struct arena *arena, struct error *err);

/** Finds a shipped data file ("workloads/llama70b.trace"): path in arena or NULL. */
const char *data_path(const char *relative, struct arena *arena);

#endif
