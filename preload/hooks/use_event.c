// SPDX-License-Identifier: MIT
/* Wrappers of the functions that wait for events. epoll_ctl(2) uses the descriptor that is to be
 * watched; epoll_wait(2) uses the epoll instance. poll(2) and select(2) have no wrapper, because a
 * program waits so for everything that it has. use_wrapper.h says how they come to be called. */
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>

#include "use_wrapper.h"

USE int use_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	note_use(fd, HERE);
	return use_real.epoll_ctl(epfd, op, fd, event);
}

USE int use_epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)
{
	note_use(epfd, HERE);
	return use_real.epoll_wait(epfd, events, maxevents, timeout);
}

USE int use_epoll_pwait(int epfd, struct epoll_event *events, int maxevents, int timeout,
			const sigset_t *sigmask)
{
	note_use(epfd, HERE);
	return use_real.epoll_pwait(epfd, events, maxevents, timeout, sigmask);
}

USE int use_epoll_pwait2(int epfd, struct epoll_event *events, int maxevents,
			 const struct timespec *timeout, const sigset_t *sigmask)
{
	note_use(epfd, HERE);
	return use_real.epoll_pwait2(epfd, events, maxevents, timeout, sigmask);
}

USE int use_eventfd_read(int fd, eventfd_t *value)
{
	note_use(fd, HERE);
	return use_real.eventfd_read(fd, value);
}

USE int use_eventfd_write(int fd, eventfd_t value)
{
	note_use(fd, HERE);
	return use_real.eventfd_write(fd, value);
}

USE int use_timerfd_settime(int fd, int flags, const struct itimerspec *new_value,
			    struct itimerspec *old_value)
{
	note_use(fd, HERE);
	return use_real.timerfd_settime(fd, flags, new_value, old_value);
}

USE int use_inotify_add_watch(int fd, const char *pathname, uint32_t mask)
{
	note_use(fd, HERE);
	return use_real.inotify_add_watch(fd, pathname, mask);
}
