/* SPDX-License-Identifier: Apache-2.0 */
/**
 * libllmsim: the simulator for other programs.    pkg-config --cflags --libs llmsim
 *
 * The library never prints, exits or keeps state between calls.
 */
#ifndef LLMSIM_LLMSIM_H
#define LLMSIM_LLMSIM_H

#ifdef __cplusplus
extern "C" {
#endif

/** Release of the library, "0.1.0". Static storage. */
const char *llmsim_version(void);

/** Version of the models; results of different model versions are not comparable row by row. Static storage. */
const char *llmsim_model_version(void);

/** What to run. A zeroed struct with arch and trace set is complete: every other member has the default of `llmsim run`. */
struct llmsim_run_options {
    const char *arch;      /* shipped name or path of a YAML file */
    const char *trace;     /* path */
    const char *stack;     /* name or path; NULL: the hardware's default */
    const char *recipe;    /* "w=int4g128,a=fp16,kv=fp8"; NULL: the hardware's default, else fp16 */
    const char *fidelity;  /* "roofline", "analytic", "cycle"; NULL: "cycle" */
    int tensor_parallel;   /* devices that share every layer; 0 counts as 1 */
    int best_mapping;      /* not 0: the best legal kernels, in place of those that the library picks */
};

/**
 * Replays a trace; no database is involved.
 *
 * @param json     on success the result as JSON text, schema "llmsim.run/1" (docs/results.md); give it to llmsim_free()
 * @param message  on failure what went wrong, one line; give it to llmsim_free(). May be NULL. NULL is set on success, or when out of memory
 * @return 0, or the exit code that `llmsim run` would have: 1 internal failure, 2 bad input, 3 infeasible
 */
int llmsim_run(const struct llmsim_run_options *options, char **json, char **message);

/** Frees a text of llmsim_run(). NULL is allowed. */
void llmsim_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
