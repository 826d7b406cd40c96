/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts for Slurm, PBS, Grid Engine and LSF. A task writes its shard on node-local storage under a temporary name, and moves it to the
 * folder of shards when it is complete; the same task may run twice (a node that was thought dead), so a shard replaces its like.
 */
#include "sweep/queue.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/nearest.h"

/* '...' for the shell. */
static void quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (const char *c = text; *c; c++)
        *c == '\'' ? fputs("'\\''", out) : fputc(*c, out);
    fputc('\'', out);
}

/* " --output=FOLDER/NAME" of a directive: in double quotes where the folder holds a blank or the like, which all four read as their shell would. */
static void put_path(FILE *out, const char *folder, const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=@,";
    bool quotes = strspn(folder, plain) != strlen(folder);

    fprintf(out, quotes ? "\"%s%s\"" : "%s%s", folder, name);
}

enum status queue_check(const struct queue_job *job, struct error *err)
{
    size_t n = strcspn(job->folder, "\"\\%$`:");

    for (const char *c = job->folder; *c && !(job->folder[n]); c++)
        if ((unsigned char)*c < ' ')
            n = (size_t)(c - job->folder);
    if (!job->folder[n])
        return STATUS_OK;
    return error_plain(err, STATUS_BAD_INPUT, "--folder '%s': the directives of batch queues cannot name a folder with %s in it", job->folder,
                       (unsigned char)job->folder[n] < ' ' ? "a control character" : (const char[]){ job->folder[n], '\0' });
}

static void slurm_array(FILE *out, const struct queue_type *q, const struct queue_job *j)
{
    fprintf(out, "#SBATCH --job-name=%s\n#SBATCH --array=%lld-%lld", j->name, (long long)q->first_index, (long long)(q->first_index + j->count - 1));
    fprintf(out, j->concurrent ? "%%%lld\n" : "\n", (long long)j->concurrent);
    /* a warning two minutes before the end; a preempted task comes back */
    fprintf(out, "#SBATCH --time=%lld\n#SBATCH --mem=%lldM\n#SBATCH --signal=B:USR1@120\n#SBATCH --requeue\n#SBATCH --open-mode=append\n#SBATCH --output=",
            (long long)j->minutes, (long long)j->memory_mib);
    put_path(out, j->folder, "/%A_%a.log");
    fputc('\n', out);
    if (j->options)
        fprintf(out, "#SBATCH %s\n", j->options);
}

static void slurm_merge(FILE *out, const struct queue_type *q, const struct queue_job *j, const char *id)
{
    (void)q;
    fprintf(out, "#SBATCH --job-name=%s-merge\n#SBATCH --dependency=afterany:%s\n#SBATCH --time=%lld\n#SBATCH --output=", j->name, id, (long long)j->minutes);
    put_path(out, j->folder, "/merge.log");
    fputc('\n', out);
    if (j->options)
        fprintf(out, "#SBATCH %s\n", j->options);
}

static void pbs_array(FILE *out, const struct queue_type *q, const struct queue_job *j)
{
    fprintf(out, "#PBS -N %s\n", j->name);
    if (j->count > 1) { /* an array of one is refused: a plain job, without an index */
        fprintf(out, "#PBS -J %lld-%lld", (long long)q->first_index, (long long)(q->first_index + j->count - 1));
        fprintf(out, j->concurrent ? "%%%lld\n" : "\n", (long long)j->concurrent);
    }
    fprintf(out, "#PBS -l select=1:ncpus=1:mem=%lldmb\n#PBS -l walltime=%lld:%02lld:00\n#PBS -r y\n#PBS -j oe\n#PBS -o ", (long long)j->memory_mib,
            (long long)(j->minutes / 60), (long long)(j->minutes % 60));
    put_path(out, j->folder, "/");
    fputc('\n', out);
    if (j->options)
        fprintf(out, "#PBS %s\n", j->options);
}

static void pbs_merge(FILE *out, const struct queue_type *q, const struct queue_job *j, const char *id)
{
    (void)q;
    fprintf(out, "#PBS -N %s-merge\n#PBS -W depend=afterany:%s\n#PBS -l walltime=%lld:%02lld:00\n#PBS -j oe\n#PBS -o ", j->name, id,
            (long long)(j->minutes / 60), (long long)(j->minutes % 60));
    put_path(out, j->folder, "/merge.log");
    fputc('\n', out);
    if (j->options)
        fprintf(out, "#PBS %s\n", j->options);
}

static void sge_array(FILE *out, const struct queue_type *q, const struct queue_job *j)
{
    fprintf(out, "#$ -N %s\n#$ -t %lld-%lld\n", j->name, (long long)q->first_index, (long long)(q->first_index + j->count - 1));
    if (j->concurrent)
        fprintf(out, "#$ -tc %lld\n", (long long)j->concurrent);
    fprintf(out, "#$ -l h_rt=%lld:%02lld:00,s_rt=%lld:%02lld:00,h_vmem=%lldM\n#$ -r y\n#$ -notify\n#$ -j y\n#$ -o ",
            (long long)((j->minutes + 2) / 60), (long long)((j->minutes + 2) % 60), (long long)(j->minutes / 60), (long long)(j->minutes % 60),
            (long long)j->memory_mib);
    put_path(out, j->folder, "");
    fputs("\n#$ -S /bin/sh\n", out);
    if (j->options)
        fprintf(out, "#$ %s\n", j->options);
}

static void sge_merge(FILE *out, const struct queue_type *q, const struct queue_job *j, const char *id)
{
    (void)q;
    fprintf(out, "#$ -N %s-merge\n#$ -hold_jid %s\n#$ -j y\n#$ -o ", j->name, id);
    put_path(out, j->folder, "/merge.log");
    fputs("\n#$ -S /bin/sh\n", out);
    if (j->options)
        fprintf(out, "#$ %s\n", j->options);
}

static void lsf_array(FILE *out, const struct queue_type *q, const struct queue_job *j)
{
    fprintf(out, "#BSUB -J \"%s[%lld-%lld]", j->name, (long long)q->first_index, (long long)(q->first_index + j->count - 1));
    fprintf(out, j->concurrent ? "%%%lld\"\n" : "\"\n", (long long)j->concurrent);
    fprintf(out, "#BSUB -W %lld\n#BSUB -M %lldMB\n#BSUB -wa USR1 -wt 2\n#BSUB -r\n#BSUB -o ", (long long)j->minutes, (long long)j->memory_mib);
    put_path(out, j->folder, "/%J_%I.log");
    fputc('\n', out);
    if (j->options)
        fprintf(out, "#BSUB %s\n", j->options);
}

static void lsf_merge(FILE *out, const struct queue_type *q, const struct queue_job *j, const char *id)
{
    (void)q;
    fprintf(out, "#BSUB -J %s-merge\n#BSUB -w \"ended(%s)\"\n#BSUB -W %lld\n#BSUB -o ", j->name, id, (long long)j->minutes);
    put_path(out, j->folder, "/merge.log");
    fputc('\n', out);
    if (j->options)
        fprintf(out, "#BSUB %s\n", j->options);
}

static const struct queue_type lsf = { "lsf", "bsub", "LSB_JOBINDEX", 1, lsf_array, lsf_merge, "<" },
                               pbs = { "pbs", "qsub", "${PBS_ARRAY_INDEX:-0}", 0, pbs_array, pbs_merge, "" },
                               sge = { "sge", "qsub -terse", "SGE_TASK_ID", 1, sge_array, sge_merge, "" },
                               slurm = { "slurm", "sbatch --parsable", "SLURM_ARRAY_TASK_ID", 0, slurm_array, slurm_merge, "" };

const struct queue_type *const queues[] = { &lsf, &pbs, &sge, &slurm, NULL };

enum status queue_find(const struct queue_type **out, const char *name, struct error *err)
{
    const char *names[sizeof queues / sizeof queues[0]];
    size_t n = 0;

    for (; queues[n]; n++) {
        names[n] = queues[n]->name;
        if (strcmp(names[n], name) == 0) {
            *out = queues[n];
            return STATUS_OK;
        }
    }
    const char *near = nearest_name(name, names, n);
    return error_plain(err, STATUS_BAD_INPUT, "unknown queue '%s', expected lsf, pbs, sge or slurm%s%s", name, near ? "; nearest is " : "", near ? near : "");
}

/* Signals of the queue reach the shell alone, which `wait` lets hand them on. */
void queue_print_array(FILE *out, const struct queue_type *q, const struct queue_job *j)
{
    fputs("#!/bin/sh\n", out);
    q->array_head(out, q, j);
    fprintf(out, "set -u\nslices='");
    for (int64_t i = 0; i < j->count; i++)
        fprintf(out, "%s%lld", i ? " " : "", (long long)j->slices[i]);
    fprintf(out, "'\nat=$((%s - %lld))\nset -- $slices\nshift \"$at\"\nslice=$1\nshard=$slice-of-%lld-%s\n", q->index_variable, (long long)q->first_index,
            (long long)j->of, j->sweep);
    fputs("scratch=$(mktemp -d \"${TMPDIR:-/tmp}/llmsim.XXXXXX\") || exit 1\ntrap 'rm -rf \"$scratch\"' EXIT\nfolder=", out);
    quoted(out, j->folder);
    fputs("\n# a slice that was stopped goes on where it was\ntest ! -f \"$folder/$shard.partial\" || cp \"$folder/$shard.partial\" \"$scratch/shard.db\"\n", out);
    quoted(out, j->program);
    fputs(" sweep run ", out);
    quoted(out, j->file);
    fprintf(out, " --task \"$slice\" --of %lld --db \"$scratch/shard.db\"%s &\nchild=$!\n", (long long)j->of, j->detail ? " --detail" : "");
    fputs("trap 'kill -USR1 \"$child\"' USR1 USR2 TERM XCPU\nwait \"$child\"; code=$?\nwhile kill -0 \"$child\" 2>/dev/null; do wait \"$child\"; code=$?; done\n"
          "end=db; case $code in 0) ;; 5) end=partial ;; *) exit \"$code\" ;; esac\n"
          "cp \"$scratch/shard.db\" \"$folder/.$shard.$$.tmp\" && sync \"$folder/.$shard.$$.tmp\" && mv \"$folder/.$shard.$$.tmp\" \"$folder/$shard.$end\" || exit 1\n"
          "test \"$end\" = partial || rm -f \"$folder/$shard.partial\"\nexit \"$code\"\n", out);
}

void queue_print_merge(FILE *out, const struct queue_type *q, const struct queue_job *j, const char *array_id)
{
    fputs("#!/bin/sh\n", out);
    q->merge_head(out, q, j, array_id ? array_id : "ARRAY");
    quoted(out, j->program);
    fputs(" sweep merge ", out);
    quoted(out, j->folder);
    fputs(" --db ", out);
    quoted(out, j->database);
    fputs("\n", out);
}

static enum status write_script(const char *path, const struct queue_type *q, const struct queue_job *j, const char *array_id, bool merge, struct error *err)
{
    FILE *f = fopen(path, "w");

    if (!f)
        return error_plain(err, STATUS_BAD_INPUT, "%s: cannot be written", path);
    merge ? queue_print_merge(f, q, j, array_id) : queue_print_array(f, q, j);
    return fclose(f) ? error_plain(err, STATUS_INTERNAL, "%s: cannot be written", path) : STATUS_OK;
}

/* The id in what the command says: "Job <123> is submitted" (LSF), "12[].host" (PBS), "12.1-5:1" (SGE), "12" (Slurm). */
static void find_id(char *id, size_t room, const char *said, const struct queue_type *q)
{
    const char *p = strchr(said, '<') ? strchr(said, '<') + 1 : said;
    size_t n = strcmp(q->name, "pbs") == 0 ? strcspn(p, " \r\n") : strspn(p, "0123456789");

    snprintf(id, room, "%.*s", (int)(n < room ? n : room - 1), p);
}

static enum status submit(char *id, size_t room, const struct queue_type *q, const char *script, struct error *err)
{
    char said[256] = "", *command = NULL;
    size_t bytes;
    FILE *f = open_memstream(&command, &bytes);

    if (!f)
        return error_no_memory(err);
    fprintf(f, "%s %s ", q->submit, q->input);
    quoted(f, script);
    fclose(f);
    FILE *pipe = popen(command, "r");
    bool read = pipe && fgets(said, sizeof said, pipe);
    int code = pipe ? pclose(pipe) : -1;
    enum status st = read && code == 0 ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "'%s' failed: no job was submitted (the script stays)", command);

    free(command);
    find_id(id, room, said, q);
    return st ? st : *id ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "%s said '%s', expected the id of a job", q->submit, said);
}

enum status queue_submit(const struct queue_type *q, const struct queue_job *job, struct error *err)
{
    char path[4096], id[64];
    enum status st;

    snprintf(path, sizeof path, "%s/array.sh", job->folder);
    if ((st = write_script(path, q, job, NULL, false, err)) || (st = submit(id, sizeof id, q, path, err)))
        return st;
    fprintf(stderr, "array of %lld tasks: %s\n", (long long)job->count, id);
    snprintf(path, sizeof path, "%s/merge.sh", job->folder);
    if ((st = write_script(path, q, job, id, true, err)) || (st = submit(id, sizeof id, q, path, err)))
        return st;
    fprintf(stderr, "merge when they have ended: %s\n", id);
    return STATUS_OK;
}
