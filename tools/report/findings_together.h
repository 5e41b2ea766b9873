// SPDX-License-Identifier: MIT
/*
 * Descriptors that are opened together every time are one leak: an event loop is an epoll instance,
 * an eventfd and a timerfd, and whoever forgets to close the loop forgets all three.
 */
#pragma once

#include "findings.h"

/* Joins findings whose culprits are lines of one function with the same callers, if each path has
 * opened and left open so many descriptors as those of the others, or pairs, and they were opened
 * by turns. items: sorted by findings_sort, and sorted again. */
void findings_together(struct finding_item *items, size_t count);
