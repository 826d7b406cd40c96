/* SPDX-License-Identifier: Apache-2.0 */
/** Resolving a description: `extends:` chains, included DRAM timings, `--set` overrides. Shared by hardware and stacks. */
#ifndef LLMSIM_ARCH_RESOLVE_H
#define LLMSIM_ARCH_RESOLVE_H

#include "arch/arch.h"

enum { EXTENDS_MAX = 16 };

/**
 * Reads `path`, lays it over what it extends (a path relative to the file that says so), then lays the overrides over all.
 *
 * - Mappings are merged by key, everything else is replaced; a null value removes what was inherited.
 * - `name`, `aliases` and `summary` are a file's own: they are not inherited.
 * - `calibration: FILE` (relative to the file that says so) lays that file's fitted values over the file's own (docs/calibration.md).
 *   The override "calibration=none" leaves such files out, wherever in the chain they are named: the generation as it is without data.
 * - `dram.timing: FILE` (relative to the file that says so) is replaced by that file's contents; it displaces an inherited timing.
 * - An override's value is YAML ("1500 MHz", "{a: 1}"); its place in messages is "--set KEY".
 */
enum status arch_resolve(struct yaml_node **out, const char *path, const struct arch_override *overrides, int64_t overrides_count,
                         struct arena *arena, struct error *err);

/** A file under many sets of overrides: what it says with all that it names, read when it is first asked for. */
struct arch_base {
    const char *path;
    struct yaml_node *trees[2];  /* with what calibration files say, and without; NULL: not read yet. Never changed once read */
    struct arena *arena;         /* of the trees; borrowed */
};

/** That of a shipped or given file: name and errors as in arch_find_file(). */
enum status arch_base_find(struct arch_base **out, const char *name_or_path, const char *const *dirs, const char *what, struct arena *arena,
                           struct error *err);

/** arch_resolve() of base->path. The result shares nodes with the base's trees: it must not outlive them. */
enum status arch_resolve_base(struct yaml_node **out, struct arch_base *base, const struct arch_override *overrides, int64_t overrides_count,
                              struct arena *arena, struct error *err);

/** The same for a document that was read already, without overrides. `doc` becomes part of the result. */
enum status arch_resolve_document(struct yaml_node **out, struct yaml_node *doc, const char *path, struct arena *arena, struct error *err);

/** Lays overrides over a resolved tree. "calibration=none" is refused: the tree does not tell what was fitted. */
enum status arch_lay_over(struct yaml_node **tree, const struct arch_override *overrides, int64_t overrides_count, struct arena *arena, struct error *err);

/** Prints a resolved tree as YAML; behind each value its place and source. */
void arch_print_tree(FILE *out, const struct yaml_node *tree);

/** Source of a mapping's value: its own comment, or that of the flow mapping on whose line it stands; NULL none. */
const char *arch_source_of(const struct yaml_node *value, const struct yaml_node *map);

/** Text of a path as it stands in messages and reports: from the data directory on when it lies there, else as given. */
const char *arch_display_path(const char *path, struct arena *arena);

/** Shipped file of a kind by stem, name or alias (ASCII case ignored): path in arena. `dirs`: NULL-ended, relative to the data directory.
 *  A text with '/' or ending in .yaml is a path and is returned as it is when it exists, else looked up in the data directory. */
enum status arch_find_file(const char **out, const char *name_or_path, const char *const *dirs, const char *what, struct arena *arena,
                           struct error *err);

/** Name, summary and aliases of every *.yaml in the directories, sorted by name. */
enum status arch_scan(const struct arch_entry **out, int64_t *count, const char *const *dirs, struct arena *arena, struct error *err);

#endif
