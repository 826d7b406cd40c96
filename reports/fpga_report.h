/* SPDX-License-Identifier: Apache-2.0 */
/** What an FPGA design takes of its fabric: as a table, as JSON (schema "llmsim.fpga-resources.1"). docs/datapaths.md, 4 */
#ifndef LLMSIM_REPORTS_FPGA_REPORT_H
#define LLMSIM_REPORTS_FPGA_REPORT_H

#include "base/json.h"
#include "sim/fpga_budget.h"

void report_fpga_text(FILE *out, const struct hardware *hw, const struct fpga_budget *b);
void report_fpga_json(struct json *j, const struct hardware *hw, const struct fpga_budget *b);

#endif
