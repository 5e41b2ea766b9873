// SPDX-License-Identifier: MIT
/*
 * Descriptors by test: by the mark that they were opened under
 * (preload/include/fdtrail.h).
 */
#pragma once

#include "tools/model/model.h"
#include "page.h"

/* Writes the tests that have opened descriptors of the group: a line, or nothing if there are no
 * marks. */
void text_tests_of(const struct page *page, const struct model_group *group);

/* Writes a paragraph for each test, the one with the most open descriptors first, with what it has
 * opened, and a line about descriptors that the snapshot doesn't list. */
void text_tests(const struct page *page, const struct model_snapshot *snapshot);
