/* SPDX-License-Identifier: Apache-2.0 */
/** CUnit with Test Anything Protocol output (testanything.org, version 12), which Automake's driver reads. */
#include "tests/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>

/* CUnit's handlers take no argument: the state of the one run of the program. */
static struct {
    unsigned number;
    unsigned asserts_before;
    const char *skipped;
} state;

void skip(const char *reason)
{
    state.skipped = reason;
}

const char *source_dir(void)
{
    const char *top = getenv("TOP_SRCDIR");

    return top && *top ? top : ".";
}

const char *shared_dir(void)
{
    const char *path = getenv("LLMSIM_SHARED");
    static char beside[4096];
    struct stat s;

    if (!path) {
        snprintf(beside, sizeof beside, "%s/../shared", source_dir());
        path = beside;
    }
    if (stat(path, &s) == 0 && S_ISDIR(s.st_mode))
        return path;
    skip("no published data (LLMSIM_SHARED)");
    return NULL;
}

static void on_test_start(const CU_pTest test, const CU_pSuite suite)
{
    (void)test;
    (void)suite;
    state.skipped = NULL;
    state.asserts_before = CU_get_number_of_asserts();
}

static void on_test_complete(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failures)
{
    bool empty = !state.skipped && CU_get_number_of_asserts() == state.asserts_before;

    (void)suite;
    state.number++;
    if (failures || empty)
        printf("not ok %u - %s\n", state.number, test->pName);
    else if (state.skipped)
        printf("ok %u - %s # SKIP %s\n", state.number, test->pName, state.skipped);
    else
        printf("ok %u - %s\n", state.number, test->pName);
    for (CU_pFailureRecord f = failures; f; f = f->pNext)
        printf("# %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
    if (empty)
        puts("# the test checked nothing");
    fflush(stdout);
}

int run_tests(const char *suite_name, const struct test *tests, size_t count)
{
    CU_pSuite suite;

    if (CU_initialize_registry() != CUE_SUCCESS || !(suite = CU_add_suite(suite_name, NULL, NULL)))
        goto bail;
    for (size_t i = 0; i < count; i++)
        if (!CU_add_test(suite, tests[i].name, tests[i].run))
            goto bail;
    printf("1..%zu\n", count);
    CU_set_test_start_handler(on_test_start);
    CU_set_test_complete_handler(on_test_complete);
    if (CU_run_all_tests() != CUE_SUCCESS)
        goto bail;
    CU_cleanup_registry();
    return 0;
bail:
    printf("Bail out! CUnit: %s\n", CU_get_error_msg());
    return 99;
}
