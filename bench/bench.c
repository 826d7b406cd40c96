/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Benchmarks of llmsim itself: each row is a command, run a number of times as a process of its own; the table has the
 * median of wall time, the least CPU time and the peak memory. A row of CSV is appended for each, so that changes show over time.
 *
 *     bench LLMSIM SOURCE DATE CSV
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 21, ARGS_MAX = 12, PATH_CHARS = 4096, ROWS_COUNT = 100000 };

#define ROWS "bench_gemm.csv" /* written by write_rows */

static const struct bench {
    const char *name;
    int runs;
    int cold;             /* the database is removed before each run */
    double goal_s;        /* limit that the project sets itself; 0: none */
    int points;           /* designs of a sweep, told per second of CPU time too; 0: no sweep */
    const char *args[ARGS_MAX];
} benches[] = {
    { "version", 21, 0, 0.005, 0, { "--version" } },
    { "main job, analytic, cold", 11, 1, 0.050, 0, { "run", "@arch/lut_tc.yaml", "@workloads/llama70b.trace", "--fidelity", "analytic", "--db", "bench.db" } },
    { "main job, cycle, cold", 5, 1, 2.0, 0, { "run", "@arch/lut_tc.yaml", "@workloads/llama70b.trace", "--fidelity", "cycle", "--db", "bench.db" } },
    { "main job, cycle, row exists", 11, 0, 0.1, 0, { "run", "@arch/lut_tc.yaml", "@workloads/llama70b.trace", "--fidelity", "cycle", "--db", "bench.db" } },
    { "100000 GEMM rows, analytic", 3, 0, 0, 0, { "validate", ROWS, "--by", "device" } },
    { "sweep of recipes", 3, 1, 2048 / 20000.0, 2048, { "sweep", "run", "@bench/sweep_recipes.yaml", "--db", "bench.db" } },
    { "sweep of hardware", 3, 1, 416 / 2000.0, 416, { "sweep", "run", "@bench/sweep_hardware.yaml", "--db", "bench.db" } },
    { "sweep of many recipes", 1, 1, 102400 / 20000.0, 102400, { "sweep", "run", "@bench/sweep_many.yaml", "--db", "bench.db" } },
    { "its 204800 rows merged", 1, 0, 204800 / 100000.0, 0, { "sweep", "merge", "bench.db", "--db", "bench_merged.db" } },
    { "its designs ranked", 3, 0, 102400 * 2e-6, 0, { "rank", "bench.db" } },
};

struct sample { double wall_s, cpu_s, memory_mb; int code; };

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

static struct sample run_once(const char *program, char **argv)
{
    struct sample s = { .code = -1 };
    struct rusage use;
    double start_s = now_s();
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execv(program, argv);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &use) != pid)
        return s;
    s.wall_s = now_s() - start_s;
    s.cpu_s = seconds(use.ru_utime) + seconds(use.ru_stime);
    s.memory_mb = (double)use.ru_maxrss * 1024 / 1e6;
    s.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return s;
}

static int by_wall(const void *a, const void *b)
{
    double x = ((const struct sample *)a)->wall_s, y = ((const struct sample *)b)->wall_s;

    return (x > y) - (x < y);
}

static void remove_database(void)
{
    static const char *const files[] = { "bench.db", "bench.db-wal", "bench.db-shm", "bench_merged.db", "bench_merged.db-wal", "bench_merged.db-shm" };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        remove(files[i]);
}

/*
 * Products without a measured time, all different: m and n step through sizes of their own, the device and the depth with them. Columns are those of
 * measured rows (docs/validation.md).
 */
static int write_rows(void)
{
    static const char *const devices[] = { "A100-80GB-SXM", "H100-80GB-SXM" };
    FILE *f = fopen(ROWS, "w");

    if (!f)
        return 1;
    fputs("device,dtype_a,dtype_b,dtype_acc,m,n,k,batch,time_us,label,source\n", f);
    for (int i = 0; i < ROWS_COUNT; i++)
        fprintf(f, "%s,bf16,bf16,fp32,%d,%d,%d,1,,bench,aic:bench/gemm/1\n", devices[i % 2], 1 + i / 250, 128 * (1 + i / 2 % 125), 1024 << (i % 2));
    return fclose(f) != 0;
}

/* Median wall time, least CPU time, greatest memory; the code of the first run that failed. */
static struct sample measure(const struct bench *b, const char *program, const char *source)
{
    static char paths[ARGS_MAX][PATH_CHARS];
    char *argv[ARGS_MAX + 2] = { (char *)program };
    struct sample runs[RUNS_MAX], sum;

    for (int i = 0; i < ARGS_MAX && b->args[i]; i++) {
        int shipped = b->args[i][0] == '@';
        snprintf(paths[i], PATH_CHARS, "%s%s%s", shipped ? source : "", shipped ? "/" : "", b->args[i] + shipped);
        argv[i + 1] = paths[i];
    }
    sum = (struct sample){ .cpu_s = 1e30 };
    for (int i = 0; i < b->runs; i++) {
        if (b->cold)
            remove_database();
        runs[i] = run_once(program, argv);
        sum.cpu_s = runs[i].cpu_s < sum.cpu_s ? runs[i].cpu_s : sum.cpu_s;
        sum.memory_mb = runs[i].memory_mb > sum.memory_mb ? runs[i].memory_mb : sum.memory_mb;
        sum.code = sum.code ? sum.code : runs[i].code;
    }
    qsort(runs, (size_t)b->runs, sizeof runs[0], by_wall);
    sum.wall_s = runs[b->runs / 2].wall_s;
    return sum;
}

int main(int argc, char **argv)
{
    int bad = 0;

    if (argc != 5) {
        fputs("usage: bench LLMSIM SOURCE DATE CSV\n", stderr);
        return 2;
    }
    if (write_rows()) {
        fprintf(stderr, "bench: cannot write %s: %s\n", ROWS, strerror(errno));
        return 1;
    }
    FILE *csv = fopen(argv[4], "a");
    if (!csv) {
        fprintf(stderr, "bench: cannot append to %s: %s\n", argv[4], strerror(errno));
        return 1;
    }
    if (fseek(csv, 0, SEEK_END) == 0 && ftell(csv) == 0)
        fputs("date,benchmark,runs,wall_median_s,cpu_min_s,memory_peak_mb,exit_code\n", csv);
    printf("%-28s %5s %12s %12s %10s %12s\n", "", "runs", "wall ms", "CPU ms", "MB", "goal ms");
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++) {
        const struct bench *b = &benches[i];
        struct sample s = measure(b, argv[1], argv[2]);

        printf("%-28s %5d %12.2f %12.2f %10.1f %12.0f%s", b->name, b->runs, s.wall_s * 1e3, s.cpu_s * 1e3, s.memory_mb,
               b->goal_s * 1e3, s.code ? "   FAILED" : b->goal_s > 0 && s.wall_s > b->goal_s ? "   above" : "");
        if (b->points > 0)
            printf("   %.0f designs a CPU second", b->points / s.cpu_s);
        putchar('\n');
        fprintf(csv, "%s,\"%s\",%d,%.6f,%.6f,%.3f,%d\n", argv[3], b->name, b->runs, s.wall_s, s.cpu_s, s.memory_mb, s.code);
        bad |= s.code != 0;
    }
    remove_database();
    remove(ROWS);
    return fclose(csv) != 0 || bad;
}
