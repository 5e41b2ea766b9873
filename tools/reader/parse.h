// SPDX-License-Identifier: MIT
/*
 * Parses single lines of a snapshot: one function for each rule of the grammar
 * (preload/core/snapshot/README.md). assembly.c knows which lines may follow which. Each function
 * returns false if the line does not have that form; a group or peak that has been begun is
 * unchanged then.
 */
#pragma once

#include "tools/model/model.h"
#include "scan.h"

/* The memory for the strings of the snapshot that is being read. */
struct parse {
	struct obstack *memory;
	struct strings *strings; /* strings that occur often are stored here once */
};

/* A header line, as written. Only names of the grammar are accepted. */
bool parse_field(struct parse *parse, struct scan line, struct model_field *field);

/* Fills in the header's values from snapshot->fields. */
void parse_header(struct parse *parse, struct model_snapshot *snapshot);

/* "group 1: 3 tcp sockets (2 in CLOSE_WAIT, 1 in ESTABLISHED), opened in main" */
bool parse_heading(struct parse *parse, struct scan line, struct model_group *group);

/* "peak 1: at most 100 open at once, opened in main", and the lines that only peaks have: "reached:
 * 0.3s after the start", "until the end: 100", both indented by two blanks */
bool parse_peak_heading(struct parse *parse, struct scan line, struct model_peak *peak);
bool parse_peak_line(struct parse *parse, struct scan line, struct model_peak *peak);

/* "misuse 1: double close of 3, in main", and the lines that only misuses have: "call: close",
 * "times: 9", "first: 0.3s after the start", "closed before: by an untraced call, ...", indented by
 * two blanks */
bool parse_misuse_heading(struct parse *parse, struct scan line, struct model_misuse *misuse);
bool parse_misuse_line(struct parse *parse, struct scan line, struct model_misuse *misuse);

/* "  ages: 0.3s to 4m02s" and "  stack: 9 opened, 1 closed, 8 live, +3 since the last snapshot;
 * peak 8" */
bool parse_ages(struct parse *parse, struct scan line, struct model_group *group);
/* "  generation: 1 of 3" */
bool parse_generation(struct scan line, struct model_group *group);
bool parse_figures(struct scan line, struct model_group *group);

/* "connected at (3 of 5, 1 other stack):", indented by two blanks. Fills in role and share. Sets
 * *ancestor if the line is "created by:" or "asked for by:", which have no role of their own. */
bool parse_stack(struct parse *parse, struct scan line, struct model_stack *stack, bool *ancestor);

/* "  closed at (9):", and the lines about other closes: "  closed at other stacks: 9 at 2",
 * "  closed by untraced calls: 9", "  closed at unknown places: 9" */
bool parse_closer(struct scan line, struct model_stack *stack);
bool parse_closed_elsewhere(struct scan line, struct model_group *group);

/* "    #0 0x55d1c4a8e1a9 in main (/srv/app+0x11a9)" */
bool parse_frame(struct parse *parse, struct scan line, struct model_frame *frame);

/* "    7 tcp 10.0.0.1:5000 -> 10.0.0.2:80, CLOSE_WAIT, age 3.1s" */
bool parse_descriptor(struct parse *parse, struct scan line, struct model_descriptor *descriptor);

/* "  3, 12.1s after the start, 2 open: test_fetch" */
bool parse_mark(struct parse *parse, struct scan line, struct model_mark *mark);

/* "    and 12 more (FDTRAIL_SHOW=all lists them)" */
bool parse_more(struct scan line, int64_t *more);

/* "  0x55d1c4a8d000-0x55d1c4a91010 /srv/app, BuildId 25c3..., unloaded" */
bool parse_module(struct parse *parse, struct scan line, struct model_module *module);
