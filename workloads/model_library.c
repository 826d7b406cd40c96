/* SPDX-License-Identifier: Apache-2.0 */
/* Shipped model descriptions by name or alias. See model_library.h. */
#include "workloads/model_library.h"

#include "arch/resolve.h"

static const char *const model_dirs[] = { "workloads/models", NULL };

enum status model_find(const char **path, const char *name, struct arena *arena, struct error *err)
{
    return arch_find_file(path, name, model_dirs, "model", arena, err);
}

enum status model_load(struct llm *out, const char *name, struct arena *arena, struct error *err)
{
    const char *path;
    enum status st = model_find(&path, name, arena, err);

    return st ? st : llm_read(out, path, NULL, arena, err);
}
