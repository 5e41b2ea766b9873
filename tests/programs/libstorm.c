// SPDX-License-Identifier: MIT
/*
 * For attach_storm.cpp. The loader fills in this table, whose first words lead to functions that
 * fdtrail has hooks for, and makes its pages read-only after that.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

extern void *const storm_table[];
#define F(name) (void *)name
void *const storm_table[] = {
	F(open),     F(close),       F(dup),        F(pipe),    F(socket),   F(accept),
	F(fopen),    F(fclose),      F(abort),      F(abs),     F(access),   F(alarm),
	F(asctime),  F(atof),        F(atoi),       F(atol),    F(bind),     F(bsearch),
	F(btowc),    F(calloc),      F(chdir),      F(chmod),   F(chown),    F(clearerr),
	F(clock),    F(confstr),     F(connect),    F(ctermid), F(ctime),    F(difftime),
	F(div),      F(execv),       F(execve),     F(exit),    F(fchdir),   F(fchmod),
	F(fchown),   F(fdatasync),   F(feof),       F(ferror),  F(fflush),   F(fgetc),
	F(fgetpos),  F(fgets),       F(fgetwc),     F(fgetws),  F(fileno),   F(flockfile),
	F(fprintf),  F(fputc),       F(fputs),      F(fputwc),  F(fputws),   F(fread),
	F(free),     F(fscanf),      F(fseek),      F(fseeko),  F(fsetpos),  F(fsync),
	F(ftell),    F(ftello),      F(ftruncate),  F(fwide),   F(fwprintf), F(fwrite),
	F(getc),     F(getchar),     F(getcwd),     F(getegid), F(getenv),   F(geteuid),
	F(getgid),   F(gethostname), F(getlogin),   F(getopt),  F(getpgid),  F(getpid),
	F(getppid),  F(getsid),      F(getsockopt), F(getuid),  F(getwc),    F(gmtime),
	F(isalnum),  F(isalpha),     F(isatty),     F(isblank), F(iscntrl),  F(isdigit),
	F(isgraph),  F(islower),     F(isprint),    F(ispunct), F(isspace),  F(isupper),
	F(isxdigit),
};
