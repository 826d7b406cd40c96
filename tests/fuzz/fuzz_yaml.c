/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Fuzz target of the YAML reader: whatever the bytes, reading ends with a tree or one clear line, every node of the tree has
 * its place, lookups and merges hold. Seeds: tests/fuzz/yaml/.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition)
        abort();
}

static void use(const struct yaml_node *node)
{
    struct error err = { 0 };
    double value = 0;

    require(node->at.line >= 1 && node->at.column >= 1);
    if (node->kind == YAML_SCALAR)
        require(node->text && strlen(node->text) < (size_t)1 << 24);
    for (size_t i = 0; node->kind != YAML_SCALAR && i < node->count; i++) {
        if (node->kind == YAML_MAPPING) {
            require(yaml_find(node, node->keys[i]) == node->items[i]);
            if (yaml_get_quantity(&value, node, node->keys[i], true, Q_BYTES, 0, 1e18, &err))
                require(err.message[0] != '\0');
        }
        use(node->items[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = { .limit_bytes = (size_t)256 << 20 };
    struct error err = { 0 };
    struct yaml_node *root = NULL;
    enum status st = yaml_read_memory(&root, "fuzz", data, size, &arena, &err);

    if (st == STATUS_OK) {
        use(root);
        struct yaml_node *merged = yaml_merge(root, root, &arena);
        if (merged)
            use(merged);
    } else {
        require(err.status == st && err.message[0] != '\0' && !strchr(err.message, '\n'));
    }
    arena_free(&arena);
    return 0;
}
