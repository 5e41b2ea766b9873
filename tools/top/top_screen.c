// SPDX-License-Identifier: MIT
/*
 * See top_screen.h. Signals that end the program are blocked and read from a descriptor, because
 * only then the terminal can be restored outside a signal handler. ncurses itself handles SIGWINCH
 * and SIGTSTP.
 */
#include "top_screen.h"

#include <errno.h>
#include <langinfo.h>
#include <ncurses.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "preload/core/base/monotonic.h"
#include "tools/arguments/verb.h"
#include "tools/process/ending_signals.h"
#include "kept_stderr.h"
#include "top_view.h"

enum { ESCAPE_MS = 50 }; /* to tell the key Esc from the beginning of another key */

struct screen {
	const struct top_arguments *asked;
	struct top_watch *watch;
	struct top_view view;
	struct kept_stderr messages;
	sigset_t before; /* the signal mask */
	int signals;     /* a signalfd */
	int64_t looks, next_ms;
	bool good; /* the last look */
};

static void look(struct screen *screen)
{
	time_t now = time(NULL);
	struct tm local;

	screen->good = top_watch_look(screen->watch);
	kept_stderr_last(&screen->messages, screen->view.message, sizeof(screen->view.message));
	if (localtime_r(&now, &local))
		strftime(screen->view.when, sizeof(screen->view.when), "%H:%M:%S", &local);
	screen->looks++;
	screen->next_ms = monotonic_ms() + (int64_t)(screen->asked->interval * 1000);
}

/* Waits for a key, a signal or the time of the next look. Returns the signal that ends the program;
 * 0: none has come. *quit: the user ends it. */
static int wait_once(struct screen *screen, bool *quit)
{
	struct pollfd ready[] = {
		{.fd = STDIN_FILENO, .events = POLLIN},
		{.fd = screen->signals, .events = POLLIN},
	};
	int64_t left = screen->next_ms - monotonic_ms();
	struct signalfd_siginfo info;
	int key;

	poll(ready, 2, screen->view.paused ? -1 : left > 0 ? (int)left : 0);
	if (read(screen->signals, &info, sizeof(info)) == sizeof(info))
		return (int)info.ssi_signo;
	if (ready[0].revents & (POLLHUP | POLLERR | POLLNVAL) && !(ready[0].revents & POLLIN))
		return SIGHUP; /* the terminal is gone */
	/* A resize comes as a key, too. */
	while ((key = getch()) != ERR && !*quit)
		*quit = !top_view_key(&screen->view, key);
	return 0;
}

static int run(struct screen *screen)
{
	bool quit = false;
	int signal_number = 0;

	look(screen);
	for (;;) {
		top_view_draw(&screen->view);
		if (screen->asked->count && screen->looks >= screen->asked->count)
			return 0;
		signal_number = wait_once(screen, &quit);
		if (signal_number || quit)
			return signal_number;
		if (!screen->view.paused && monotonic_ms() >= screen->next_ms)
			look(screen);
	}
}

/* Blocks the signals that end the program. Returns false after a message. */
static bool hold_signals(struct screen *screen)
{
	screen->signals = ending_signals_hold(&screen->before);
	if (screen->signals >= 0)
		return true;
	fprintf(stderr, "fdtrail top: can't wait for signals: %s\n", strerror(-screen->signals));
	sigprocmask(SIG_SETMASK, &screen->before, NULL);
	return false;
}

/* Begins to draw on the terminal. Returns NULL after a message. */
static SCREEN *begin(void)
{
	const char *terminal = getenv("TERM");
	SCREEN *drawn = newterm(NULL, stdout, stdin);

	if (!drawn) {
		fprintf(stderr, "fdtrail top: can't draw on this terminal (TERM=%s): use --plain\n",
			terminal ? terminal : "");
		return NULL;
	}
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	return drawn;
}

int top_screen(struct top_watch *watch, const struct top_arguments *asked)
{
	struct report_options report = view_for(&asked->view, stdout);
	struct screen screen = {
		.asked = asked,
		.watch = watch,
		.view =
			{
				.watch = watch,
				.report = &report,
				.order = asked->order,
				.blocks = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
				.interval = asked->interval,
			},
	};
	int ended_by = 0;

	if (!hold_signals(&screen))
		return EXIT_TROUBLE;
	SCREEN *drawn = begin();
	if (drawn && !kept_stderr_hold(&screen.messages)) {
		endwin();
		fprintf(stderr, "fdtrail top: can't keep messages off the screen: %s\n",
			strerror(errno));
		delscreen(drawn);
		drawn = NULL;
	}
	if (drawn) {
		ended_by = run(&screen);
		endwin();
		delscreen(drawn);
		kept_stderr_release(&screen.messages);
	}
	close(screen.signals);
	if (ended_by)
		signal(ended_by, SIG_DFL);
	if (ended_by)
		raise(ended_by); /* it ends the process once it is not blocked any more */
	sigprocmask(SIG_SETMASK, &screen.before, NULL);
	return drawn && screen.good ? EXIT_CLEAN : EXIT_TROUBLE;
}
