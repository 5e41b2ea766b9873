// SPDX-License-Identifier: MIT
/* See exec_env.h. */
#include "exec_env.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "preload/core/base/arena.h"
#include "preload/core/base/raw_syscall.h"
#include "preload/core/base/read_safely.h"
#include "preload/core/ledger/exec_stacks.h"
#include "runtime.h"

enum { VARIABLES_MOST = 4096, PRELOAD_MOST = 1024 };

static const char assignment[] = EXEC_ENV_NAME "=";
static const char preload[] = "LD_PRELOAD=", library[] = "libfdtrail";

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Whether an LD_PRELOAD variable names our library; false also if it can't be read. */
static bool preloads_us(const char *variable)
{
	char text[PRELOAD_MOST];

	return read_text_safely(text, sizeof(text), variable) >= 0 && strstr(text, library);
}

/* Copies the pointers of envp to list, but for an earlier variable of ours. Returns their number;
 * 0: the tracer won't start with this environment, or it can't be read. */
static size_t copy_variables(char *const envp[], char **list)
{
	size_t count = 0;
	char *variable, beginning[sizeof(assignment)];
	bool listed = false;

	for (size_t i = 0; count < VARIABLES_MOST; i++) {
		if (!read_safely(&variable, &envp[i], sizeof(variable)))
			return 0;
		if (!variable)
			return listed ? count : 0;
		if (read_text_safely(beginning, sizeof(beginning), variable) < 0)
			return 0;
		listed |= begins(beginning, preload) && preloads_us(variable);
		if (!begins(beginning, assignment))
			list[count++] = variable;
	}
	return 0;
}

/* The memory of an environment. */
struct room {
	char *list[VARIABLES_MOST + 2];
	char text[sizeof(assignment) + EXEC_STACKS_SIZE];
};

static bool is_wanted(char *const envp[], enum roster_reason reason)
{
	return runtime_on() && !thread_state.vforks && envp && reason == ROSTER_NO_REASON &&
	       runtime.options.exec_stacks && ledger_next(&runtime.ledger, 3) >= 0;
}

struct exec_env exec_env_before(char *const envp[], enum roster_reason reason)
{
	struct exec_env environment = {.variables = envp};
	int saved = errno;
	struct room *room = is_wanted(envp, reason) ? memory_map(sizeof(*room)) : NULL;
	size_t count;

	if (room) {
		memcpy(room->text, assignment, sizeof(assignment) - 1);
		if (exec_stacks_write(&runtime.ledger, (int)RAW(getpid),
				      room->text + sizeof(assignment) - 1) &&
		    (count = copy_variables(envp, room->list))) {
			room->list[count] = room->text;
			environment = (struct exec_env){room->list, room, sizeof(*room)};
		} else {
			memory_unmap(room, sizeof(*room));
		}
	}
	errno = saved;
	return environment;
}

void exec_env_after(const struct exec_env *environment)
{
	int saved = errno;

	memory_unmap(environment->memory, environment->size);
	errno = saved;
}

bool exec_env_too_large(const struct exec_env *environment)
{
	return environment->memory && errno == E2BIG;
}

const char *exec_env_take(char **environ)
{
	const char *value = NULL;
	char **to = environ;

	for (char **from = environ; from && *from; from++)
		if (strncmp(*from, assignment, sizeof(assignment) - 1) == 0)
			value = *from + sizeof(assignment) - 1;
		else
			*to++ = *from;
	if (value)
		*to = NULL;
	return value;
}
