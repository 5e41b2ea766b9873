# What an END block closes is no leak; what it opens and leaves to Perl is one, as is what an object's DESTROY closes.
use strict;
use warnings;

package Closes;
sub new { my ($class) = @_; open(my $file, '<', '/etc/hosts') or die $!; return bless { file => $file }, $class } # LEAK
sub DESTROY { my ($self) = @_; close($self->{file}); return }

package main;
our @kept;
our $object = $ENV{OBJECT} ? Closes->new : undef;
open(my $closed, '<', '/etc/passwd') or die $!; # CLOSED

END {
    close($closed);
    open($kept[@kept], '<', '/etc/group') if $ENV{LATE}; # LATE
}
