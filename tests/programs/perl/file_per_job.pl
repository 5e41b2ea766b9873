# Each job opens a file and keeps it; another function closes its own. Perl closes all at its end.
use strict;
use warnings;

package Worker;

my @kept;

sub job {
    my ($class, $path) = @_;
    open(my $file, '<', $path) or die "$path: $!"; # LEAK
    push @kept, $file;
    return;
}

sub closes {
    my ($class, $path) = @_;
    open(my $file, '<', $path) or die "$path: $!";
    close($file);
    return;
}

package main;

for (1 .. 6) {
    Worker->job('/etc/passwd');
    Worker->closes('/etc/passwd');
}
