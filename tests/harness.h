/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A test program: a list of named CUnit tests, one TAP line each.
 *
 *     static void peak_is_exact(void) { CU_ASSERT_EQUAL(peak(), 312); }
 *     static const struct test tests[] = { { "the peak is exact", peak_is_exact } };
 *     TEST_MAIN("units", tests)
 *
 * A suite is tests/NAME.c and one line in tests/local.mk; `make check TESTS=tests/NAME` runs it alone.
 * Checks are CUnit's; in a loop over rows CHECK_ROW says which row failed. A test that cannot run here calls skip() and returns.
 */
#ifndef LLMSIM_TESTS_HARNESS_H
#define LLMSIM_TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>

#include <CUnit/CUnit.h>

#ifdef __cplusplus
extern "C" {
#endif

struct test {
    const char *name;
    void (*run)(void);
};

/** A check whose failure is reported under `label` (borrowed; it must outlive the program's report). */
#define CHECK_ROW(label, cond) CU_assertImplementation((cond), __LINE__, (label), __FILE__, "", CU_FALSE)

/** Marks the running test as skipped, with the reason. */
void skip(const char *reason);

/** The directory of published data: env LLMSIM_SHARED, else "../shared" beside the source tree. NULL (and the running test
 *  marked as skipped) where it does not exist. */
const char *shared_dir(void);

/** The top of the source tree: env TOP_SRCDIR, which `make check` sets, else ".". */
const char *source_dir(void);

/** Runs the tests in order; the exit code of main(): 0 once every test has its line, because a failure is in that line and
 *  the driver would count a bad exit as one error more. A test that neither checks anything nor skips fails. */
int run_tests(const char *suite, const struct test *tests, size_t count);

#ifdef __cplusplus
}
#endif

#define TEST_MAIN(suite, tests) \
    int main(void) { return run_tests(suite, tests, sizeof(tests) / sizeof(tests)[0]); }

#endif
