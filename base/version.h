/* SPDX-License-Identifier: Apache-2.0 */
/** Versions: of the program, and of the models in it. */
#ifndef LLMSIM_BASE_VERSION_H
#define LLMSIM_BASE_VERSION_H

/** "0.1.0": the release, as `llmsim --version` prints it. */
const char *version_program(void);

/**
 * The models' version, part of every run's key: it changes with every change of a predicted number, so that results
 * of an older model are never taken for those of a newer one.
 */
const char *version_model(void);

#endif
