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

#ifdef __cplusplus
}
#endif

#endif
