// SPDX-License-Identifier: MIT
/*
 * The lines of a snapshot, one by one: what each rule of the grammar
 * (preload/core/snapshot/README.md) makes of a line. reader.c knows which lines may come where. All
 * return false when the line is not of that form, and have then changed nothing but memory.
 */
#pragma once

#include "tools/model/model.h"
#include "scan.h"

/* Where the strings of the snapshot that is being read go. */
struct parse {
	struct obstack *memory;
	struct strings *strings; /* for those that come often */
};

/* A header line, as it is written. Its name is one of the grammar's. */
bool parse_field(struct parse *parse, struct scan line, struct model_field *field);

/* Fills in what the header's lines say, from snapshot->fields. */
void parse_header(struct parse *parse, struct model_snapshot *snapshot);

/* "group 1: 3 tcp sockets (2 in CLOSE_WAIT, 1 in ESTABLISHED), opened in main" */
bool parse_heading(struct parse *parse, struct scan line, struct model_group *group);

/* "peak 1: at most 100 open at once, opened in main", and the lines that only a peak has: "
 * reached: 0.3s after the start", "  until the end: 100" */
bool parse_peak_heading(struct parse *parse, struct scan line, struct model_peak *peak);
bool parse_peak_line(struct parse *parse, struct scan line, struct model_peak *peak);

/* "  ages: 0.3s to 4m02s" and "  stack: 9 opened, 1 closed, 8 live, +3 since the last snapshot;
 * peak 8" */
bool parse_ages(struct parse *parse, struct scan line, struct model_group *group);
bool parse_figures(struct scan line, struct model_group *group);

/* "  connected at (3 of 5, 1 other stack):". Fills in role and share; *ancestor is whether it is
 * "  created by:", which has no role of its own. */
bool parse_stack(struct parse *parse, struct scan line, struct model_stack *stack, bool *ancestor);

/* "    #0 0x55d1c4a8e1a9 in main (/srv/app+0x11a9)" */
bool parse_frame(struct parse *parse, struct scan line, struct model_frame *frame);

/* "    7 tcp 10.0.0.1:5000 -> 10.0.0.2:80, CLOSE_WAIT, age 3.1s" */
bool parse_descriptor(struct parse *parse, struct scan line, struct model_descriptor *descriptor);

/* "    and 12 more (FDTRAIL_SHOW=all lists them)" */
bool parse_more(struct scan line, int64_t *more);

/* "  0x55d1c4a8d000-0x55d1c4a91010 /srv/app, BuildId 25c3..., unloaded" */
bool parse_module(struct parse *parse, struct scan line, struct model_module *module);
