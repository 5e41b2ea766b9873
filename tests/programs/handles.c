// SPDX-License-Identifier: MIT
/*
 *     handles [fault | above | accept]
 *
 * Leaks in its handler of SIGUSR1, which the tracer's own handler calls, and ends. fault: leaks
 * instead in a handler of SIGILL, raised by the first instruction of a function that another one
 * calls as its last act. above: in a handler whose stack lies at higher addresses than the
 * interrupted one. accept: in a handler that interrupts accept, the last call of the function that
 * makes it.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "frame.h"

static char stack[1 << 16];

FRAME static void opens_in_handler(int number)
{
	if (number && open("/dev/null", O_RDONLY) < 0)
		_exit(2);
	if (number == SIGILL || number == SIGALRM)
		exit(0);
}

FRAME static void raises(int number)
{
	raise(number);
	__asm__ volatile("" ::: "memory");
}

FRAME static _Noreturn void faults(void)
{
	__builtin_trap();
}

FRAME static _Noreturn void calls_at_last(void)
{
	faults();
}

FRAME static _Noreturn void accepts_at_last(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int server = socket(AF_UNIX, SOCK_STREAM, 0);

	bind(server, (struct sockaddr *)&address, sizeof(sa_family_t));
	listen(server, 1);
	alarm(1);
	accept(server, NULL, NULL);
	__builtin_unreachable();
}

/* Sets the handler for number, on a stack of its own. */
static void handle(int number, char *at, size_t size)
{
	struct sigaction action = {.sa_handler = opens_in_handler, .sa_flags = SA_ONSTACK};

	sigaltstack(&(stack_t){.ss_sp = at, .ss_size = size}, NULL);
	sigaction(number, &action, NULL);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	char above[1 << 16];

	if (strcmp(how, "fault") == 0) {
		handle(SIGILL, stack, sizeof(stack));
		calls_at_last();
	} else if (strcmp(how, "accept") == 0) {
		handle(SIGALRM, stack, sizeof(stack));
		accepts_at_last();
	} else if (strcmp(how, "above") == 0) {
		handle(SIGUSR2, above, sizeof(above));
		raises(SIGUSR2);
	} else {
		signal(SIGUSR1, opens_in_handler);
		raises(SIGUSR1);
	}
	return 0;
}
