/* SPDX-License-Identifier: Apache-2.0 */
/* llmsim trace stored: the trace of a run in the database, as text. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/textfile.h"
#include "cli/job.h"
#include "cli/trace_info.h"
#include "store/store.h"

struct stored_options { const char *db, *output; };

static const struct option_spec stored_table[] = {
    { .name = "output", .letter = 'o', .kind = OPTION_TEXT, .offset = offsetof(struct stored_options, output), .value = "FILE", .otherwise = "-",
      .help = "where the trace goes; a name in .gz or .zst compresses" },
    { .name = "db", .kind = OPTION_TEXT, .offset = offsetof(struct stored_options, db), .value = "FILE",
      .help = "database of results [default: $LLMSIM_DB, else llmsim.db in the current folder]" },
    { 0 }
};

static enum status write_text(const char *path, const char *text, size_t bytes, struct error *err)
{
    struct outfile *out;
    enum status st = outfile_open(&out, path, err);

    if (st)
        return st;
    outfile_write(out, text, bytes);
    return outfile_commit(out, err);
}

static enum status stored(const struct stored_options *o, const char *run, struct arena *arena, struct error *err)
{
    const char *path = job_database(o->db);
    struct run_inputs names;
    struct store *store;
    struct hash128 key;
    char *text = NULL;
    size_t bytes;
    enum status st;

    if (access(path, F_OK))
        return error_plain(err, STATUS_BAD_INPUT, "%s: no such database", path);
    if ((st = store_open(&store, path, err)))
        return st;
    if (!(st = store_find(&key, &names, store, run, arena, err)) && !(st = store_trace(&text, &bytes, store, key, err)))
        st = text ? write_text(o->output, text, bytes, err)
                  : error_plain(err, STATUS_BAD_INPUT, "%s: the text of %s is not kept (over %d MiB, or stored by an older llmsim)", path,
                                names.trace_name ? names.trace_name : "the trace", STORE_TRACE_BYTES_MAX >> 20);
    store_close(store);
    free(text);
    return st;
}

static int stored_main(const struct command *self, int argc, char **argv)
{
    struct arena arena = { 0 };
    struct stored_options o = { 0 };
    struct text_list operands;
    struct error err = { 0 };
    enum status st = options_parse(&o, &operands, self, argc, argv, &arena, &err);

    if (!st)
        st = stored(&o, operands.items[0], &arena, &err);
    arena_free(&arena);
    return st ? command_fail(&err) : STATUS_OK;
}

const struct command trace_stored_command = {
    .name = "stored",
    .summary = "the trace of a run in the database",
    .operands = "RUN",
    .operands_min = 1,
    .operands_max = 1,
    .about = "Writes the trace that a stored run replayed. RUN is the first digits of its key, or #ID.",
    .options = stored_table,
    .examples = "  llmsim trace stored a84621ba >again.trace\n",
    .run = stored_main,
};
