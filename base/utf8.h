/* SPDX-License-Identifier: Apache-2.0 */
/** One character of UTF-8. Source: RFC 3629 (no overlong forms, no surrogates, nothing above U+10FFFF). */
#ifndef LLMSIM_BASE_UTF8_H
#define LLMSIM_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/** Decodes the character at p[0 .. bytes). @return its length in bytes, or 0 when it is malformed or cut off. */
static inline size_t utf8_decode(uint32_t *code, const unsigned char *p, size_t bytes)
{
    static const uint32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t length;
    uint32_t c;

    if (bytes == 0)
        return 0;
    if (p[0] < 0x80) {
        *code = p[0];
        return 1;
    }
    length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || length > bytes)
        return 0;
    c = p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    if (c < smallest[length] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *code = c;
    return length;
}

#endif
