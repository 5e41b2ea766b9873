// SPDX-License-Identifier: MIT
/* See metric_names.h. */
#include "metric_names.h"

static const struct {
	const char *name, *type, *help;
	enum metrics_merge merge;
} names[METRIC_NAMES] = {
	[METRIC_OPEN] = {"fdtrail_open_descriptors", "gauge",
			 "Open descriptors by the stack that opened them.", METRICS_SUM},
	[METRIC_OLDEST_AGE] = {"fdtrail_oldest_descriptor_age_seconds", "gauge",
			       "Age of the oldest listed descriptor of a stack.", METRICS_GREATEST},
	[METRIC_STACK_OPENED] = {"fdtrail_stack_opened_total", "counter",
				 "Descriptors that a stack has opened since the program started.",
				 METRICS_SUM},
	[METRIC_STACK_CLOSED] = {"fdtrail_stack_closed_total", "counter",
				 "Descriptors of a stack that have been closed since the program "
				 "started.",
				 METRICS_SUM},
	[METRIC_STACK_PEAK] = {"fdtrail_stack_peak_descriptors", "gauge",
			       "The most descriptors of a stack that a process had open at once.",
			       METRICS_GREATEST},
	[METRIC_PROCESS_OPEN] = {"fdtrail_process_open_descriptors", "gauge",
				 "Descriptors in use by the process, inherited ones included.",
				 METRICS_GREATEST},
	[METRIC_PROCESS_PEAK] = {"fdtrail_process_peak_descriptors", "gauge",
				 "The most descriptors that the process had open at once, "
				 "inherited ones included.",
				 METRICS_GREATEST},
	[METRIC_PROCESS_LIMIT] = {"fdtrail_process_max_descriptors", "gauge",
				  "Limit of descriptors of the process (RLIMIT_NOFILE).",
				  METRICS_GREATEST},
	[METRIC_PROCESS_UNCLOSED] = {"fdtrail_process_unclosed_descriptors", "gauge",
				     "Descriptors that the process has opened and not closed.",
				     METRICS_GREATEST},
	[METRIC_PROCESS_INHERITED] = {"fdtrail_process_inherited_descriptors", "gauge",
				      "Descriptors that were open when the process started.",
				      METRICS_GREATEST},
	[METRIC_PROCESS_UPTIME] = {"fdtrail_process_uptime_seconds", "gauge",
				   "Time that the tracer has been in the process.",
				   METRICS_GREATEST},
	[METRIC_PROCESS_TIMESTAMP] = {"fdtrail_snapshot_timestamp_seconds", "gauge",
				      "When the snapshot was taken, in seconds since 1970.",
				      METRICS_GREATEST},
	[METRIC_PROCESS_COMPLETE] = {"fdtrail_snapshot_complete", "gauge",
				     "1 when the snapshot was read whole, 0 when it was cut.",
				     METRICS_LEAST},
	[METRIC_PROCESS_UP] = {"fdtrail_process_up", "gauge",
			       "1 when the descriptors of the process could be read, 0 when not.",
			       METRICS_LEAST},
	[METRIC_PROCESS_ENDED] = {"fdtrail_process_ended", "gauge",
				  "1 when the process has ended, and none has taken its place.",
				  METRICS_GREATEST},
	[METRIC_PROCESS_TRACED] = {"fdtrail_process_traced", "gauge",
				   "1 when the tracer is in the process, 0 when there are no "
				   "stacks.",
				   METRICS_LEAST},
	[METRIC_GROWTH] = {"fdtrail_growth_descriptors", "gauge",
			   "Descriptors more than at first, in the groups that have grown.",
			   METRICS_SUM},
	[METRIC_GROWN_GROUPS] = {"fdtrail_grown_groups", "gauge",
				 "Groups that have more descriptors than at first.", METRICS_SUM},
	[METRIC_ENDS] = {"fdtrail_process_ends_total", "counter", "Processes that have ended.",
			 METRICS_SUM},
	[METRIC_STARTS] = {"fdtrail_process_starts_total", "counter",
			   "Processes that have started since the first look, in place of another "
			   "one or under a name, or have executed another program.",
			   METRICS_SUM},
	[METRIC_LOOK_FAILURES] = {"fdtrail_look_failures_total", "counter",
				  "Looks at a process that have failed.", METRICS_SUM},
	[METRIC_NAMED_PROCESSES] = {"fdtrail_named_processes", "gauge",
				    "Running processes of a name; absent if they can't be listed.",
				    METRICS_GREATEST},
	[METRIC_LOOK_COMPLETE] = {"fdtrail_look_complete", "gauge",
				  "1 when the last look saw all processes, 0 when it missed some.",
				  METRICS_LEAST},
	[METRIC_LOOK_DURATION] = {"fdtrail_look_duration_seconds", "gauge",
				  "Time that the last look took.", METRICS_GREATEST},
	[METRIC_WITHOUT_SERIES] = {"fdtrail_processes_without_series", "gauge",
				   "Processes that are only in the sums of their program, because "
				   "there are too many.",
				   METRICS_GREATEST},
	[METRIC_BUILD] = {"fdtrail_build_info", "gauge", "The version of fdtrail.",
			  METRICS_GREATEST},
};

void metric_names_begin(struct metric_family families[METRIC_NAMES])
{
	for (size_t i = 0; i < METRIC_NAMES; i++)
		families[i] = (struct metric_family){
			.name = names[i].name,
			.type = names[i].type,
			.help = names[i].help,
			.merge = names[i].merge,
		};
}

void metric_names_end(struct metric_family families[METRIC_NAMES], FILE *file)
{
	for (size_t i = 0; i < METRIC_NAMES; i++) {
		if (file)
			metrics_write(&families[i], file);
		metrics_finish(&families[i]);
	}
}
