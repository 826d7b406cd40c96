/* SPDX-License-Identifier: Apache-2.0 */
/* Running gnuplot (reports/gnuplot.h). Script, picture and complaints are unlinked temporary files: no pipe can fill up, nothing is left behind. */
#include "reports/gnuplot.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { WORDS_MAX = 200, COPY_BYTES = 1 << 16 };

/* Runs it to its end; *ended is wait's status. The files become its standard input, output and error. */
static int spawn(int *ended, const char *option, FILE *script, FILE *picture, FILE *talk)
{
    char *argv[] = { (char *)"gnuplot", (char *)option, NULL };
    posix_spawn_file_actions_t files;
    pid_t child;
    int failure;

    if ((failure = posix_spawn_file_actions_init(&files)))
        return failure;
    if (!(failure = posix_spawn_file_actions_adddup2(&files, fileno(script), STDIN_FILENO)) &&
        !(failure = posix_spawn_file_actions_adddup2(&files, fileno(picture), STDOUT_FILENO)) &&
        !(failure = posix_spawn_file_actions_adddup2(&files, fileno(talk), STDERR_FILENO)))
        failure = posix_spawnp(&child, argv[0], &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    while (!failure && waitpid(child, ended, 0) < 0)
        if (errno != EINTR)
            failure = errno;
    return failure;
}

/* First line that says more than a place ("line 0: warning: ..." tells nothing of a failure). */
static void first_words(char *out, size_t bytes, FILE *talk)
{
    char line[WORDS_MAX];

    snprintf(out, bytes, "no reason given");
    rewind(talk);
    while (fgets(line, sizeof line, talk)) {
        char *text = line + strspn(line, " \t\n^");

        text[strcspn(text, "\r\n")] = '\0';
        if (*text && !strstr(text, "warning:")) {
            snprintf(out, bytes, "%s", text);
            if (strchr(text, ':'))
                return;
        }
    }
}

static enum status tell(int failure, int ended, FILE *talk, struct error *err)
{
    char words[WORDS_MAX];

    if (failure == ENOENT || failure == EACCES || failure == ENOTDIR)
        return error_plain(err, STATUS_BAD_INPUT, "gnuplot not found, expected it in PATH: plots are drawn by it (Debian package gnuplot-nox)");
    if (failure)
        return error_plain(err, STATUS_INTERNAL, "cannot run gnuplot: %s", strerror(failure));
    if (WIFEXITED(ended) && WEXITSTATUS(ended) == 0)
        return STATUS_OK;
    first_words(words, sizeof words, talk);
    return error_plain(err, STATUS_INTERNAL, "gnuplot failed: %s", words);
}

static enum status append(struct outfile *out, FILE *picture, struct error *err)
{
    char bytes[COPY_BYTES];
    size_t n, all = 0;

    rewind(picture);
    while ((n = fread(bytes, 1, sizeof bytes, picture)) > 0) {
        outfile_write(out, bytes, n);
        all += n;
    }
    if (ferror(picture))
        return error_plain(err, STATUS_INTERNAL, "cannot read what gnuplot drew: %m");
    return all ? STATUS_OK : error_plain(err, STATUS_INTERNAL, "gnuplot drew nothing");
}

/* out NULL: only asks for its version. */
static enum status run(struct outfile *out, const char *option, FILE *script, struct error *err)
{
    FILE *picture = tmpfile(), *talk = tmpfile();
    int failure, ended = 0;
    enum status st;

    if (!picture || !talk || fflush(script) != 0 || fseek(script, 0, SEEK_SET) != 0 || lseek(fileno(script), 0, SEEK_SET) < 0)
        st = error_plain(err, STATUS_INTERNAL, "cannot write a temporary file: %m");
    else {
        failure = spawn(&ended, option, script, picture, talk);
        st = tell(failure, ended, talk, err);
    }
    if (!st && out)
        st = append(out, picture, err);
    if (picture)
        fclose(picture);
    if (talk)
        fclose(talk);
    return st;
}

enum status gnuplot_find(struct error *err)
{
    FILE *nothing = tmpfile();
    enum status st;

    if (!nothing)
        return error_plain(err, STATUS_INTERNAL, "cannot write a temporary file: %m");
    st = run(NULL, "--version", nothing, err);
    fclose(nothing);
    return st;
}

enum status gnuplot_run(struct outfile *out, FILE *script, struct error *err) { return run(out, "--default-settings", script, err); }
