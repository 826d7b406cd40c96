/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema. Times are integer picoseconds, so that sums in SQL are exact; sizes are bytes; other figures are doubles
 * as they were computed. Tables have a rowid and a UNIQUE hash: a random hash as clustered key would halve the rate
 * of inserts. A published migration never changes: the next version is one more entry. docs/results.md
 */
#include "store/schema.h"

#include <stddef.h>

#include "store/settings.h"

static const char version_1[] =
    "CREATE TABLE input ("
    "  id INTEGER PRIMARY KEY,"
    "  kind TEXT NOT NULL CHECK (kind IN ('arch', 'stack', 'trace')),"
    "  hash TEXT NOT NULL CHECK (length(hash) = 32),"
    "  name TEXT,"
    "  body TEXT,"             /* resolved YAML; NULL for a trace, which may be huge: its hash identifies it */
    "  UNIQUE (kind, hash)"
    ") STRICT;"
    "CREATE TABLE run ("
    "  id INTEGER PRIMARY KEY,"
    "  key TEXT NOT NULL UNIQUE CHECK (length(key) = 32),"
    "  model_version TEXT NOT NULL,"
    "  arch_id INTEGER NOT NULL REFERENCES input (id),"
    "  stack_id INTEGER NOT NULL REFERENCES input (id),"
    "  trace_id INTEGER NOT NULL REFERENCES input (id),"
    "  recipe TEXT NOT NULL,"
    "  layout TEXT NOT NULL,"
    "  mapping TEXT,"
    "  overrides TEXT,"
    "  fidelity TEXT,"
    "  devices INTEGER NOT NULL,"
    "  time_ps INTEGER NOT NULL,"
    "  ttft_ps INTEGER NOT NULL,"
    "  tpot_ps INTEGER NOT NULL,"
    "  tokens_per_s REAL,"
    "  generated_tokens INTEGER NOT NULL,"
    "  memory_weights_bytes INTEGER NOT NULL,"
    "  memory_kv_bytes INTEGER NOT NULL,"
    "  memory_activations_bytes INTEGER NOT NULL,"
    "  memory_workspace_bytes INTEGER NOT NULL,"
    "  memory_total_bytes INTEGER NOT NULL,"
    "  memory_capacity_bytes INTEGER NOT NULL,"
    "  energy_j REAL, energy_static_j REAL, energy_matrix_j REAL, energy_vector_j REAL,"
    "  energy_onchip_j REAL, energy_dram_j REAL, energy_link_j REAL,"
    "  average_power_w REAL,"
    "  simulated_fraction REAL,"
    "  simulated_events INTEGER NOT NULL,"
    "  memo_hits INTEGER NOT NULL,"
    "  memo_misses INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX run_trace ON run (trace_id);"
    "CREATE INDEX run_arch ON run (arch_id);"
    "CREATE TABLE phase ("
    "  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  ordinal INTEGER NOT NULL,"
    "  phase TEXT NOT NULL,"
    "  steps INTEGER NOT NULL,"
    "  tokens INTEGER NOT NULL,"
    "  time_ps INTEGER NOT NULL,"
    "  flops REAL,"
    "  PRIMARY KEY (run_id, ordinal)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE breakdown ("
    "  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  ordinal INTEGER NOT NULL,"
    "  phase TEXT NOT NULL,"
    "  role TEXT,"
    "  note TEXT,"
    "  count INTEGER NOT NULL,"
    "  time_ps INTEGER NOT NULL,"
    "  bound TEXT NOT NULL,"
    "  matrix_ps INTEGER NOT NULL, vector_ps INTEGER NOT NULL, shared_ps INTEGER NOT NULL, l2_ps INTEGER NOT NULL,"
    "  dram_ps INTEGER NOT NULL, link_ps INTEGER NOT NULL, launch_ps INTEGER NOT NULL, stall_ps INTEGER NOT NULL,"
    "  flops REAL,"
    "  register_bytes REAL, shared_bytes REAL, l2_bytes REAL, llc_bytes REAL, dram_bytes REAL, link_bytes REAL,"
    "  table_bytes REAL, psum_bytes REAL,"
    "  fma REAL, fma_op TEXT, unit_ops REAL, vector_ops REAL, sfu_ops REAL, instructions REAL, table_entries REAL,"
    "  best_time_ps INTEGER NOT NULL,"
    "  roofline_time_ps INTEGER NOT NULL,"
    "  mapping TEXT NOT NULL,"
    "  simulated_fraction REAL,"
    "  simulated_events INTEGER NOT NULL,"
    "  voltage_scale REAL,"
    "  PRIMARY KEY (run_id, ordinal)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE warning ("
    "  run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,"
    "  ordinal INTEGER NOT NULL,"
    "  text TEXT NOT NULL,"
    "  PRIMARY KEY (run_id, ordinal)"
    ") STRICT, WITHOUT ROWID;"
    /* Views for the usual questions. */
    "CREATE VIEW run_summary AS SELECT"
    "  r.id, r.key, a.name AS arch, s.name AS stack, t.name AS trace, r.recipe, r.layout, r.mapping, r.fidelity, r.overrides,"
    "  r.devices, r.time_ps / 1e12 AS time_s, r.ttft_ps / 1e12 AS ttft_s, r.tpot_ps / 1e12 AS tpot_s, r.tokens_per_s,"
    "  r.generated_tokens, r.energy_j, r.energy_j / nullif(r.generated_tokens, 0) AS energy_j_per_token, r.average_power_w,"
    "  r.memory_total_bytes, 1.0 * r.memory_total_bytes / nullif(r.memory_capacity_bytes, 0) AS memory_share,"
    "  r.simulated_fraction, r.model_version"
    "  FROM run r JOIN input a ON a.id = r.arch_id JOIN input s ON s.id = r.stack_id JOIN input t ON t.id = r.trace_id;"
    "CREATE VIEW role_time AS SELECT"
    "  r.key, b.phase, b.role, sum(b.count) AS count, sum(b.time_ps) / 1e12 AS time_s,"
    "  1.0 * sum(b.time_ps) / nullif(r.time_ps, 0) AS share, sum(b.flops) AS flops, sum(b.dram_bytes) AS dram_bytes"
    "  FROM breakdown b JOIN run r ON r.id = b.run_id GROUP BY r.id, b.phase, b.role;"
    "CREATE VIEW bound_time AS SELECT"
    "  r.key, b.phase, b.bound, sum(b.time_ps) / 1e12 AS time_s, 1.0 * sum(b.time_ps) / nullif(r.time_ps, 0) AS share"
    "  FROM breakdown b JOIN run r ON r.id = b.run_id GROUP BY r.id, b.phase, b.bound;"
    "CREATE VIEW cause_time AS SELECT r.key,"
    "  sum(b.matrix_ps) / 1e12 AS matrix_s, sum(b.vector_ps) / 1e12 AS vector_s, sum(b.shared_ps) / 1e12 AS shared_s,"
    "  sum(b.l2_ps) / 1e12 AS l2_s, sum(b.dram_ps) / 1e12 AS dram_s, sum(b.link_ps) / 1e12 AS link_s,"
    "  sum(b.launch_ps) / 1e12 AS launch_s, sum(b.stall_ps) / 1e12 AS stall_s"
    "  FROM breakdown b JOIN run r ON r.id = b.run_id GROUP BY r.id;"
    "CREATE VIEW mapping_gap AS SELECT"
    "  r.key, b.phase, b.role, b.mapping, sum(b.time_ps) / 1e12 AS time_s, sum(b.best_time_ps) / 1e12 AS best_time_s,"
    "  sum(b.time_ps - b.best_time_ps) / 1e12 AS gap_s"
    "  FROM breakdown b JOIN run r ON r.id = b.run_id WHERE b.best_time_ps > 0 GROUP BY r.id, b.phase, b.role;";

/* The text of a trace in a zstd frame: rows of version 1 have none until the run is stored again. */
static const char version_2[] =
    "ALTER TABLE input ADD COLUMN packed BLOB;";

/* Of runs that extrapolate (cycle); NULL in older rows. */
static const char version_3[] =
    "ALTER TABLE run ADD COLUMN extrapolation_error REAL;"
    "ALTER TABLE breakdown ADD COLUMN extrapolation_error REAL;";

/* What runs in a row: NULL in older ones. */
static const char version_4[] =
    "ALTER TABLE breakdown ADD COLUMN kind TEXT;";

/*
 * Sweeps. A point is one design of a sweep: its run, or the reason why there is none. Runs of sweeps have breakdown rows on demand
 * only (`detail`). The run of a point may be replaced under the same id, hence the deferred reference.
 */
static const char version_5[] =
    "ALTER TABLE run ADD COLUMN detail INTEGER NOT NULL DEFAULT 1 CHECK (detail IN (0, 1));"
    "CREATE TABLE sweep ("
    "  id INTEGER PRIMARY KEY,"
    "  hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 32),"
    "  name TEXT NOT NULL,"
    "  body TEXT NOT NULL,"    /* the sweep file as it was */
    "  points INTEGER"         /* planned; NULL where results decide how many there are */
    ") STRICT;"
    "CREATE TABLE point ("
    "  sweep_id INTEGER NOT NULL REFERENCES sweep (id) ON DELETE CASCADE,"
    "  ordinal INTEGER NOT NULL CHECK (ordinal >= 0),"
    "  assignment TEXT NOT NULL," /* JSON object: the axes' values in the order of the file */
    "  status INTEGER NOT NULL,"  /* exit code that `llmsim run` would give: 0 done, 2 bad input, 3 infeasible */
    "  run_id INTEGER REFERENCES run (id) DEFERRABLE INITIALLY DEFERRED,"
    "  reason TEXT,"              /* message where status is not 0 */
    "  PRIMARY KEY (sweep_id, ordinal)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX point_run ON point (run_id);";

/*
 * What a run changes of a description: `settings`, a JSON object of path and value, is true of the input whoever wrote it. A description
 * with many variants is stored once: a variant has no body but `base_id`, the input that its settings are laid over.
 */
static const char version_6[] =
    "ALTER TABLE input ADD COLUMN base_id INTEGER REFERENCES input (id);"
    "ALTER TABLE input ADD COLUMN settings TEXT;";

const struct store_migration store_migrations[] = {
    { version_1, NULL },
    { version_2, NULL },
    { version_3, NULL },
    { version_4, NULL },
    { version_5, NULL },
    { version_6, settings_migrate },
};

int64_t store_schema_version(void)
{
    return sizeof store_migrations / sizeof store_migrations[0];
}
