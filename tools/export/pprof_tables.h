// SPDX-License-Identifier: MIT
/*
 * The tables of a profile that samples refer to by number: strings, functions, mappings, locations.
 * Each thing is in once, however often it is asked for. Ids are given at once; what a location and
 * a mapping say is encoded at the end, since whether pprof may look for names itself depends on all
 * frames of a module.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tools/model/model.h"
#include "protobuf.h"

struct pprof_tables;

/* NULL: no memory. */
struct pprof_tables *pprof_tables_create(void);
void pprof_tables_destroy(struct pprof_tables *tables);

/* Index of text in the string table, cleaned as clean_text.h says; "" and NULL are 0. */
uint64_t pprof_string(struct pprof_tables *tables, const char *text);

/* Begins with a snapshot: frames that follow are its. It must stay until pprof_tables_encode(). The
 * program's own mapping will be the first one, which is the main one for pprof. */
void pprof_begin_snapshot(struct pprof_tables *tables, const struct model_snapshot *snapshot);

/* Id of the location of a frame of the snapshot at hand. */
uint64_t pprof_location(struct pprof_tables *tables, const struct model_frame *frame);

/* Id of a location that is no place in a program but only a name, as "[inherited]". */
uint64_t pprof_marker(struct pprof_tables *tables, const char *name);

/* Adds all tables to profile, once, at the end. Returns false if at any time there was no memory.
 */
bool pprof_tables_encode(struct pprof_tables *tables, struct protobuf *profile);
