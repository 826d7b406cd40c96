/* SPDX-License-Identifier: Apache-2.0 */
/** Text files in and out, and CSV: plain, gzip and zstd; damaged archives; full disks; the target whole or untouched. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>

#include "base/csv.h"
#include "base/textfile.h"
#include "tests/harness.h"

static char folder[] = "files-test-XXXXXX";

/* Path of a file in the test's folder; good until the fourth call after. */
static const char *in_folder(const char *name)
{
    static char paths[4][300];
    static int next;

    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
    return paths[next];
}

/* A wrong text is reported beside the label. */
static void check_text(const char *label, const char *got, const char *expected)
{
    CHECK_ROW(label, strcmp(got, expected) == 0);
    if (strcmp(got, expected) != 0)
        CHECK_ROW(got, false);
}

static int entries(void)
{
    DIR *d = opendir(folder);
    int n = 0;

    while (d && readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void write_raw(const char *path, const void *data, size_t bytes)
{
    FILE *f = fopen(path, "wb");

    CU_ASSERT_FATAL(f && fwrite(data, 1, bytes, f) == bytes && fclose(f) == 0);
}

static size_t read_raw(const char *path, char *data, size_t room)
{
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(data, 1, room, f) : 0;

    if (f)
        fclose(f);
    return n;
}

/* All lines joined by '|', or the message after "!". */
static const char *lines_of(struct textfile *f)
{
    static char text[8192];
    struct error err;
    size_t used = 0;
    char *line;

    text[0] = '\0';
    for (;;) {
        if (textfile_next(f, &line, &err)) {
            snprintf(text + used, sizeof text - used, "!%s", err.message);
            break;
        }
        if (!line)
            break;
        used += (size_t)snprintf(text + used, sizeof text - used, "%.100s|", line);
    }
    textfile_close(f);
    return text;
}

static const char *lines_of_memory(const void *data, size_t bytes)
{
    struct textfile *f = NULL;
    struct error err;

    if (textfile_open_memory(&f, "m", data, bytes, &err))
        return "cannot open";
    return lines_of(f);
}

#define TEXT(s) s, sizeof(s) - 1

static void plain_lines(void)
{
    static const struct {
        const char *label, *data;
        size_t bytes;
        const char *expected;
    } rows[] = {
        { "empty", TEXT(""), "" },
        { "one line", TEXT("a\n"), "a|" },
        { "no newline at the end", TEXT("a\nb"), "a|b|" },
        { "blank lines", TEXT("\n\na\n\n"), "||a||" },
        { "CR LF", TEXT("a\r\nb\r\n"), "a|b|" },
        { "CR at the very end", TEXT("a\r"), "a|" },
        { "CR inside", TEXT("a\rb\n"), "a\rb|" },
        { "NUL", TEXT("ab\nc\0d\n"), "ab|!m:2:2: a NUL byte, expected text" },
        { "short start of gzip", TEXT("\x1f\x8b"), "!m: damaged gzip data after line 0: cut short, expected a complete archive" },
        { "short start of zstd", TEXT("\x28\xb5\x2f\xfd"), "!m: damaged zstd data after line 0: cut short, expected a complete archive" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = lines_of_memory(rows[i].data, rows[i].bytes);

        check_text(rows[i].label, got, rows[i].expected);
    }
}

/* A line of exactly the limit is read, one byte more is refused; with every line end. */
static void longest_line(void)
{
    static const char *const ends[] = { "", "\n", "\r\n" };
    static char data[TEXTFILE_LINE_MAX + 16];

    for (size_t extra = 0; extra < 2; extra++) {
        for (size_t e = 0; e < 3; e++) {
            struct textfile *f = NULL;
            struct error err = { 0 };
            char *line = NULL;
            size_t n = TEXTFILE_LINE_MAX + extra;
            enum status st;

            memset(data, 'x', n);
            strcpy(data + n, ends[e]);
            CU_ASSERT_FATAL(textfile_open_memory(&f, "m", data, strlen(data), &err) == STATUS_OK);
            st = textfile_next(f, &line, &err);
            if (extra == 0)
                CHECK_ROW("the longest line", st == STATUS_OK && line && strlen(line) == n);
            else
                CHECK_ROW("one byte more", st == STATUS_BAD_INPUT &&
                          strcmp(err.message, "m:1:1: a line of more than 1048576 bytes, expected a shorter one") == 0);
            textfile_close(f);
        }
    }
}

enum { MANY = 50000 };

static void write_many(const char *path)
{
    struct outfile *out = NULL;
    struct error err;

    CU_ASSERT_FATAL(outfile_open(&out, path, &err) == STATUS_OK);
    for (int i = 0; i < MANY; i++)
        outfile_printf(out, "line %d of many %.1f\n", i, i / 2.0);
    CHECK_ROW(path, outfile_commit(out, &err) == STATUS_OK);
}

static void round_trip(void)
{
    static const char *const names[] = { "many.txt", "many.gz", "many.zst" };

    for (size_t k = 0; k < 3; k++) {
        const char *path = in_folder(names[k]);
        struct textfile *in = NULL;
        char expected[64], *line, head[4] = "";
        struct error err;
        int i = 0;

        write_many(path);
        read_raw(path, head, 4);
        CHECK_ROW(path, memcmp(head, k == 0 ? "line" : k == 1 ? "\x1f\x8b" : "\x28\xb5\x2f\xfd", k == 1 ? 2 : 4) == 0);
        CU_ASSERT_FATAL(textfile_open(&in, path, &err) == STATUS_OK);
        for (; textfile_next(in, &line, &err) == STATUS_OK && line; i++) {
            snprintf(expected, sizeof expected, "line %d of many %.1f", i, i / 2.0);
            CU_ASSERT_FATAL(strcmp(line, expected) == 0 && textfile_pos(in).line == i + 1);
        }
        CHECK_ROW(path, i == MANY);
        CHECK_ROW(path, strcmp(textfile_pos(in).file, path) == 0);
        textfile_close(in);
    }
}

/* The same text gives the same bytes (no time, no name in the header). */
static void same_bytes(void)
{
    static char one[1 << 20], two[1 << 20];
    static const char *const endings[] = { "gz", "zst" };

    for (size_t k = 0; k < 2; k++) {
        char a[20], b[20];
        size_t n, m;

        snprintf(a, sizeof a, "a.%s", endings[k]);
        snprintf(b, sizeof b, "bb.%s", endings[k]);
        write_many(in_folder(a));
        write_many(in_folder(b));
        n = read_raw(in_folder(a), one, sizeof one);
        m = read_raw(in_folder(b), two, sizeof two);
        CHECK_ROW(endings[k], n > 100 && n == m && memcmp(one, two, n) == 0);
        if (k == 0) /* RFC 1952: MTIME at 4 is 0, no FNAME flag at 3 */
            CU_ASSERT(one[3] == 0 && memcmp(one + 4, "\0\0\0\0", 4) == 0);
    }
}

/* Archives made by the libraries themselves: several members or frames one after the other are one text. */
static void joined_archives(void)
{
    char data[2000];
    size_t n = 0;
    gzFile gz = gzopen(in_folder("j.gz"), "wb");

    gzputs(gz, "one\ntw");
    gzclose(gz);
    gz = gzopen(in_folder("j.gz"), "ab");
    gzputs(gz, "o\nthree\n");
    gzclose(gz);
    n = read_raw(in_folder("j.gz"), data, sizeof data);
    CU_ASSERT_STRING_EQUAL(lines_of_memory(data, n), "one|two|three|");
    n = ZSTD_compress(data, sizeof data, "one\ntw", 6, 1);
    n += ZSTD_compress(data + n, sizeof data - n, "o\nthree\n", 8, 1);
    CU_ASSERT_STRING_EQUAL(lines_of_memory(data, n), "one|two|three|");
    memcpy(data + n, "junk", 4);
    CU_ASSERT(strstr(lines_of_memory(data, n + 4), "one|two|three|!m: damaged zstd data") != NULL);
}

/* Every cut of an archive is told, and so is every flipped byte of its content or checksum. */
static void damaged_archives(void)
{
    static const char *const endings[] = { "d.gz", "d.zst" };
    char data[4000], copy[4000];

    for (size_t k = 0; k < 2; k++) {
        struct outfile *out = NULL;
        size_t n;
        struct error err;

        CU_ASSERT_FATAL(outfile_open(&out, in_folder(endings[k]), &err) == STATUS_OK);
        for (int i = 0; i < 60; i++)
            outfile_printf(out, "%d %d\n", i, i * i);
        CU_ASSERT_FATAL(outfile_commit(out, &err) == STATUS_OK);
        n = read_raw(in_folder(endings[k]), data, sizeof data);
        CU_ASSERT_FATAL(n > 50 && n < sizeof data);
        for (size_t cut = 4; cut < n; cut++) {
            const char *got = lines_of_memory(data, cut);

            CHECK_ROW(endings[k], strstr(got, "!m: damaged") && strstr(got, "cut short"));
        }
        for (size_t at = 10; at < n; at++) {
            memcpy(copy, data, n);
            copy[at] ^= 0x15;
            CHECK_ROW(endings[k], strstr(lines_of_memory(copy, n), "!m: damaged") != NULL);
        }
    }
}

/* 64 MiB of text in a small archive: the memory taken is that of the buffers. */
static void bomb(void)
{
    struct rusage use_before, use_after;
    struct textfile *in = NULL;
    struct error err;
    gzFile gz = gzopen(in_folder("bomb.gz"), "wb9");
    static char zeros[1 << 20];
    char *line;
    int lines = 0;

    memset(zeros, 'z', sizeof zeros);
    zeros[sizeof zeros - 1] = '\n';
    for (int i = 0; i < 64; i++)
        gzwrite(gz, zeros, sizeof zeros);
    gzclose(gz);
    getrusage(RUSAGE_SELF, &use_before);
    CU_ASSERT_FATAL(textfile_open(&in, in_folder("bomb.gz"), &err) == STATUS_OK);
    while (textfile_next(in, &line, &err) == STATUS_OK && line)
        lines++;
    textfile_close(in);
    getrusage(RUSAGE_SELF, &use_after);
    CU_ASSERT_EQUAL(lines, 64);
    CU_ASSERT(use_after.ru_maxrss - use_before.ru_maxrss < 32 << 10); /* KiB */
}

static void unreadable(void)
{
    struct textfile *f = NULL;
    struct error err;

    CU_ASSERT(textfile_open(&f, "no/such", &err) == STATUS_BAD_INPUT);
    CU_ASSERT_STRING_EQUAL(err.message, "no/such: cannot open: No such file or directory, expected a readable file");
    CU_ASSERT(textfile_open(&f, "/", &err) == STATUS_BAD_INPUT);
    CU_ASSERT_STRING_EQUAL(err.message, "/: cannot read: Is a directory, expected a readable file");
    textfile_close(NULL);
}

static void write_text(const char *path, const char *text, enum status expected, const char *message)
{
    struct outfile *out = NULL;
    struct error err = { 0 };
    enum status st = outfile_open(&out, path, &err);

    if (!st) {
        outfile_printf(out, "%s", text);
        st = outfile_commit(out, &err);
    }
    CHECK_ROW(path, st == expected);
    check_text(path, err.message, message);
}

static const char *content(const char *path)
{
    static char text[200];

    text[read_raw(path, text, sizeof text - 1)] = '\0';
    return text;
}

static void writing(void)
{
    const char *path = in_folder("w.txt"), *link_path = in_folder("link.txt");
    struct outfile *out = NULL;
    struct stat s;
    int before;

    write_text(path, "first\n", STATUS_OK, "");
    CU_ASSERT_STRING_EQUAL(content(path), "first\n");
    before = entries();
    chmod(path, 0640);
    CU_ASSERT_FATAL(outfile_open(&out, path, NULL) == STATUS_OK);
    outfile_printf(out, "%5000s", "x");
    CU_ASSERT_STRING_EQUAL(content(path), "first\n"); /* until the commit */
    CU_ASSERT_EQUAL(entries(), before + 1);
    outfile_abandon(out);
    CU_ASSERT_STRING_EQUAL(content(path), "first\n");
    CU_ASSERT_EQUAL(entries(), before);
    outfile_abandon(NULL);
    CU_ASSERT(symlink("w.txt", link_path) == 0);
    write_text(link_path, "through the link\n", STATUS_OK, "");
    CU_ASSERT_STRING_EQUAL(content(path), "through the link\n");
    CU_ASSERT(lstat(link_path, &s) == 0 && S_ISLNK(s.st_mode));
    CU_ASSERT(stat(path, &s) == 0 && (s.st_mode & 0777) == 0640);
}

static void writing_fails(void)
{
    struct stat s;

    write_text("no/such/folder/x", "x", STATUS_BAD_INPUT,
               "no/such/folder/x: cannot write: No such file or directory, expected a writable place");
    write_text("/", "x", STATUS_BAD_INPUT, "/: cannot write: Is a directory, expected a writable place");
    write_text("/dev/full", "x", STATUS_INTERNAL,
               "/dev/full: cannot write: No space left on device, expected room and a writable place");
    CU_ASSERT(stat("/dev/full", &s) == 0 && S_ISCHR(s.st_mode)); /* a device is written, never replaced */
    write_text("/dev/null", "x", STATUS_OK, "");
    CU_ASSERT(stat("/dev/null", &s) == 0 && S_ISCHR(s.st_mode));
}

/* A disk that is full after some bytes, by way of a limit on file sizes: plain and packed. */
static void disk_full(void)
{
    static const char *const names[] = { "full.txt", "full.gz", "full.zst" };
    struct rlimit before, small;

    for (size_t k = 0; k < 3; k++) {
        const char *path = in_folder(names[k]);
        struct outfile *out = NULL;
        struct error err = { 0 };
        enum status st;
        uint64_t noise = 1;
        int count;

        write_raw(path, "old", 3);
        count = entries();
        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &before);
        small = before;
        small.rlim_cur = 10000;
        CU_ASSERT_FATAL(outfile_open(&out, path, &err) == STATUS_OK);
        setrlimit(RLIMIT_FSIZE, &small);
        for (int i = 0; i < 30000; i++) {
            noise = noise * 6364136223846793005u + 1442695040888963407u;
            outfile_printf(out, "%llx\n", (unsigned long long)noise);
        }
        st = outfile_commit(out, &err);
        setrlimit(RLIMIT_FSIZE, &before);
        signal(SIGXFSZ, SIG_DFL);
        CHECK_ROW(names[k], st == STATUS_INTERNAL && strstr(err.message, "cannot write: File too large") != NULL);
        CHECK_ROW(names[k], strcmp(content(path), "old") == 0);
        CHECK_ROW(names[k], entries() == count); /* no temporary is left */
    }
}

/* Rows as "a;b|c;d|", or the message after "!". */
static const char *csv_text(const char *data, size_t bytes)
{
    static char text[4096];
    const char *path = in_folder("t.csv");
    const char *const *row;
    struct csv *c = NULL;
    struct error err = { 0 };
    size_t used = 0;
    enum status st;

    write_raw(path, data, bytes);
    st = csv_open(&c, path, &err);
    for (int i = 0; !st && i < csv_columns(c); i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", csv_name(c, i), i + 1 < csv_columns(c) ? ";" : "|");
    while (!st && !(st = csv_next(c, &row, &err)) && row)
        for (int i = 0; i < csv_columns(c); i++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", row[i], i + 1 < csv_columns(c) ? ";" : "|");
    if (st)
        snprintf(text + used, sizeof text - used, "!%s", strrchr(err.message, '/') + 1);
    csv_close(c);
    return text;
}

static void csv_rows(void)
{
    static const struct {
        const char *label, *data;
        size_t bytes;
        const char *expected;
    } rows[] = {
        { "plain", TEXT("a,b\n1,2\n3,4\n"), "a;b|1;2|3;4|" },
        { "CR LF, no end", TEXT("a,b\r\n1,2"), "a;b|1;2|" },
        { "empty fields", TEXT("a,b,c\n,,\n"), "a;b;c|;;|" },
        { "quotes", TEXT("a,b\n\"x, y\",\"say \"\"hi\"\"\"\n"), "a;b|x, y;say \"hi\"|" },
        { "empty quotes", TEXT("a,b\n\"\",\"\"\"\"\n"), "a;b|;\"|" },
        { "line end in quotes", TEXT("a,b\n\"x\r\n\r\ny\",2\n3,4\n"), "a;b|x\n\ny;2|3;4|" },
        { "quoted header", TEXT("\"a,1\",b\n1,2\n"), "a,1;b|1;2|" },
        { "byte order mark", TEXT("\xef\xbb\xbf" "a\n1\n"), "a|1|" },
        { "blank lines", TEXT("\na,b\n\n1,2\n\n"), "a;b|1;2|" },
        { "only a header", TEXT("a,b\n"), "a;b|" },
        { "blanks are kept", TEXT("a, b\n 1 ,2\n"), "a; b| 1 ;2|" },
        { "empty", TEXT(""), "!t.csv:1:1: an empty file, expected a header line" },
        { "too few", TEXT("a,b\n1\n"), "a;b|!t.csv:2:1: a row of 1 fields, expected 2 as in the header" },
        { "too many", TEXT("a,b\n1,2\n1,2,\n"), "a;b|1;2|!t.csv:3:1: a row of 3 fields, expected 2 as in the header" },
        { "same name", TEXT("a,b,a\n"), "!t.csv:1:1: column 'a' again, expected each name once" },
        { "open quote", TEXT("a\n1\n\"x\ny\n"), "a|1|!t.csv:3:1: a quote left open at the end of the file, expected it closed" },
        { "text after a quote", TEXT("a\n\"x\"y\n"), "a|!t.csv:2:4: text after a closing quote, expected a comma" },
        { "quote inside", TEXT("a\nx\"y\n"), "a|!t.csv:2:2: a quote inside a field, expected the whole field in quotes" },
        { "NUL", TEXT("a\n\0\n"), "a|!t.csv:2:1: a NUL byte, expected text" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = csv_text(rows[i].data, rows[i].bytes);

        check_text(rows[i].label, got, rows[i].expected);
    }
}

static void csv_columns_by_name(void)
{
    struct csv *c = NULL;
    const char *const *row;
    struct error err;

    write_raw(in_folder("n.csv"), "m,n,k\n1,2,3\n", 12);
    CU_ASSERT_FATAL(csv_open(&c, in_folder("n.csv"), &err) == STATUS_OK);
    CU_ASSERT(csv_column(c, "k") == 2 && csv_column(c, "m") == 0 && csv_column(c, "x") == -1);
    CU_ASSERT(csv_next(c, &row, &err) == STATUS_OK && row && csv_pos(c).line == 2);
    csv_close(c);
    csv_close(NULL);
    CU_ASSERT(csv_open(&c, "no/such.csv", &err) == STATUS_BAD_INPUT);
}

/* A quote that is never closed must not take the memory of the whole file. */
static void csv_open_quote_is_bounded(void)
{
    static char data[3 << 20];
    const char *got;

    memset(data, 'x', sizeof data);
    for (size_t i = 100; i < sizeof data; i += 100)
        data[i] = '\n';
    memcpy(data, "a\n\"", 3);
    got = csv_text(data, sizeof data);
    CU_ASSERT(strstr(got, "!t.csv:2:1: a row of more than 1048576 bytes") != NULL);
}

static void make_folder(void)
{
    CU_ASSERT_FATAL(mkdtemp(folder) != NULL);
}

static void remove_folder(void)
{
    DIR *d = opendir(folder);
    const struct dirent *e;

    CU_ASSERT_FATAL(d != NULL);
    while ((e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            CHECK_ROW(e->d_name, unlink(in_folder(e->d_name)) == 0 && !strstr(e->d_name, ".tmp-"));
    closedir(d);
    CU_ASSERT(rmdir(folder) == 0);
}

static const struct test tests[] = {
    { "a folder for the files", make_folder },
    { "lines", plain_lines },
    { "the longest line", longest_line },
    { "what is written can be read", round_trip },
    { "the same text gives the same bytes", same_bytes },
    { "archives joined", joined_archives },
    { "damaged archives", damaged_archives },
    { "a compressed bomb takes no memory", bomb },
    { "files that cannot be read", unreadable },
    { "writing is all or nothing", writing },
    { "writing that fails", writing_fails },
    { "a full disk", disk_full },
    { "rows of CSV", csv_rows },
    { "columns by name", csv_columns_by_name },
    { "a quote left open", csv_open_quote_is_bounded },
    { "no temporary is left", remove_folder },
};

TEST_MAIN("base_files", tests)
