/* SPDX-License-Identifier: Apache-2.0 */
/* Plays the seeds of a fuzz target through it, one TAP line each: the targets as tests, with any compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_CHARS = 4096, SEED_BYTES_MAX = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int not_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int play(const char *folder, const char *name)
{
    char path[PATH_CHARS];
    FILE *in;

    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return 0;
    if (!(in = fopen(path, "rb")))
        return 0;
    uint8_t *data = malloc(SEED_BYTES_MAX);
    size_t size = data ? fread(data, 1, SEED_BYTES_MAX, in) : 0;
    fclose(in);
    uint8_t *exact = data ? realloc(data, size ? size : 1) : NULL; /* the sanitizer then sees one byte too far */
    if (exact)
        LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return exact != NULL;
}

int main(int argc, char **argv)
{
    const char *top = getenv("TOP_SRCDIR"), *base = strrchr(argv[0], '_');
    char folder[PATH_CHARS];
    struct dirent **seeds;

    snprintf(folder, sizeof folder, "%s/tests/fuzz/%s", top ? top : ".", base ? base + 1 : "");
    int count = scandir(argc > 1 ? argv[1] : folder, &seeds, not_hidden, alphasort);
    if (count <= 0) {
        printf("Bail out! no seeds in %s\n", folder);
        return 99;
    }
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        printf("%s %d - %s\n", play(argc > 1 ? argv[1] : folder, seeds[i]->d_name) ? "ok" : "not ok", i + 1, seeds[i]->d_name);
        fflush(stdout);
        free(seeds[i]);
    }
    free(seeds);
    return 0;
}
