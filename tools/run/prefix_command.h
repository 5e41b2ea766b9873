// SPDX-License-Identifier: MIT
/*
 * Commands that set something and then execute another one, which they are given as arguments:
 * env(1), nice(1), setarch(8). Which engine is right depends on the other one.
 */
#pragma once

#include <stdbool.h>

#include "program_file.h"

/* Looks for the program that argv[0], such a command, will execute in the end, through any number
 * of them. False: argv[0] is none, or the program is not found among its arguments; file is then
 * not filled in for certain. */
bool prefix_command_look(char *const argv[], struct program_file *file);
