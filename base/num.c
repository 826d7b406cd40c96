/* SPDX-License-Identifier: Apache-2.0 */
/** Numbers as text: shortest round-trip doubles by trial (15, 16, 17 digits), exact decimal times, strict parsing. */
#include "base/num.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clocale.h"

const char *num_format_double(char out[NUM_TEXT_MAX], double value)
{
    struct clocale locale;

    if (value != value)
        return strcpy(out, "nan");
    if (value - value != 0.0)
        return strcpy(out, value > 0 ? "inf" : "-inf");
    locale = clocale_enter();
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, NUM_TEXT_MAX, "%.*g", digits, value);
        if (strtod(out, NULL) == value)
            break;
    }
    clocale_leave(locale);
    return out;
}

const char *num_format_ps(char out[NUM_TEXT_MAX], int64_t time_ps)
{
    enum { DECIMALS = 12 };
    uint64_t rest = time_ps < 0 ? 0 - (uint64_t)time_ps : (uint64_t)time_ps;
    char *p = out + NUM_TEXT_MAX - 1; /* written from the end */
    bool shown = false;               /* a decimal that is no trailing zero was written */

    *p = '\0';
    for (int i = 0; i < DECIMALS; i++, rest /= 10) {
        shown = shown || rest % 10 != 0;
        if (shown)
            *--p = (char)('0' + rest % 10);
    }
    if (shown)
        *--p = '.';
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (time_ps < 0)
        *--p = '-';
    return memmove(out, p, (size_t)(out + NUM_TEXT_MAX - p));
}

int num_parse_ps(int64_t *out, const char *text)
{
    bool negative = *text == '-', point = false;
    const char *p = text + negative;
    int64_t value = 0;
    int decimals = 0, digits = 0;

    for (; *p; p++) {
        if (*p == '.' && !point && digits > 0) {
            point = true;
            continue;
        }
        if (*p < '0' || *p > '9' || (point && ++decimals > 12) || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *p - '0', &value))
            return -1;
        digits++;
    }
    if (digits == 0 || (point && decimals == 0))
        return -1;
    for (; decimals < 12; decimals++)
        if (__builtin_mul_overflow(value, 10, &value))
            return -1;
    *out = negative ? -value : value;
    return 0;
}

size_t num_decimal_length(const char *text)
{
    const char *p = text + (*text == '+' || *text == '-');
    size_t whole = strspn(p, "0123456789"), fraction = 0;
    const char *e;

    p += whole;
    if (*p == '.') {
        fraction = strspn(p + 1, "0123456789");
        if (whole + fraction > 0)
            p += 1 + fraction;
    }
    if (whole + fraction == 0)
        return 0;
    if (*p == 'e' || *p == 'E') {
        e = p + 1 + (p[1] == '+' || p[1] == '-');
        if (strspn(e, "0123456789") > 0)
            p = e + strspn(e, "0123456789");
    }
    return (size_t)(p - text);
}

int num_parse_double(double *out, const char *text)
{
    size_t length = num_decimal_length(text);
    struct clocale locale;
    double value;

    if (length == 0 || text[length] != '\0')
        return -1;
    locale = clocale_enter();
    value = strtod(text, NULL);
    clocale_leave(locale);
    if (value - value != 0.0)
        return -1; /* overflow to infinity */
    *out = value;
    return 0;
}

int64_t num_ps(double seconds)
{
    double ps = seconds * 1e12, rest;
    int64_t whole;

    if (!(ps >= 0.0 && ps <= 0x1p62))
        return -1;
    whole = (int64_t)ps;
    rest = ps - (double)whole;
    if (rest > 0.5 || (rest == 0.5 && whole % 2 == 1))
        whole++;
    return whole;
}
