/* SPDX-License-Identifier: Apache-2.0 */
/* Width and abilities of standard output. See terminal.h. */
#include "cli/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/num.h"

enum { COLUMNS_LEAST = 40, COLUMNS_MOST = 1 << 20 };

int terminal_columns(FILE *out, int otherwise)
{
    const char *asked = getenv("COLUMNS");
    struct winsize size;
    double columns = 0;

    if (!asked || num_parse_double(&columns, asked) || !(columns >= 1)) {
        bool known = isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
        columns = known ? size.ws_col : otherwise;
    }
    return columns < COLUMNS_LEAST ? COLUMNS_LEAST : columns > COLUMNS_MOST ? COLUMNS_MOST : (int)columns;
}

struct report_style terminal_style(int64_t rows_max)
{
    struct report_style style = { .columns = terminal_columns(stdout, TERMINAL_PAGE_COLUMNS), .rows_max = (int)rows_max };
    bool terminal = isatty(STDOUT_FILENO) == 1;
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM"), *forced = getenv("CLICOLOR_FORCE");
    locale_t from_environment = newlocale(LC_CTYPE_MASK, "", (locale_t)0); /* only asked for its character set */

    style.colour = (terminal && !(term && strcmp(term, "dumb") == 0)) || (forced && *forced && strcmp(forced, "0") != 0);
    style.colour = style.colour && !(no_colour && *no_colour);
    style.utf8 = !terminal || (from_environment && strcmp(nl_langinfo_l(CODESET, from_environment), "UTF-8") == 0);
    if (from_environment)
        freelocale(from_environment);
    return style;
}

struct text_style terminal_text(void)
{
    struct report_style style = terminal_style(0);

    return (struct text_style){ .columns = terminal_columns(stdout, COLUMNS_MOST), .colour = style.colour, .utf8 = style.utf8 };
}

void terminal_printf(const char *format, ...)
{
    char text[4096];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    text_fitted(stdout, text, terminal_columns(stdout, COLUMNS_MOST));
}
