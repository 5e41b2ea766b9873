// SPDX-License-Identifier: MIT
/*
 * Commands that set something and then execute the command in their arguments: env(1), nice(1),
 * setarch(8). That command decides which engine is right.
 */
#pragma once

#include <stdbool.h>

#include "program_file.h"

/* Finds the program that argv[0], such a command, will execute in the end, through any number of
 * them, and fills in file. False: argv[0] isn't such a command, or the program isn't found among
 * its arguments; then file isn't valid. */
bool prefix_command_look(char *const argv[], struct program_file *file);
