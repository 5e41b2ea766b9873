# Each thread has an interpreter of its own. Descriptors of POSIX::open stay open when a thread ends.
use strict;
use warnings;
use threads;
use POSIX ();

sub in_thread {
    return POSIX::open('/etc/passwd', POSIX::O_RDONLY()); # LEAK
}

sub starts {
    return threads->create(sub { in_thread() }); # STARTS
}

$_->join for map { starts() } 1 .. 4;
