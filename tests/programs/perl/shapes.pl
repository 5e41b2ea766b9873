# Frames of all shapes: closures, blocks called from C, objects' magic, eval, a regex, a library's function.
use strict;
use warnings;
use FindBin;
use List::Util qw(first);
use lib "$FindBin::Bin/site_perl";

our @kept;

sub keeps {
    open(my $file, '<', '/etc/passwd') or die $!; # LINE keeps
    push @kept, $file;
    return 1;
}

my $closure = sub {
    open($kept[@kept], '<', '/etc/passwd'); # LINE __ANON__
};

package Tied;
sub TIESCALAR { return bless [], shift }
sub FETCH { open($main::kept[@main::kept], '<', '/etc/passwd') } # LINE Tied::FETCH

package Names;
our $AUTOLOAD;
use overload '""' => sub { open($main::kept[@main::kept], '<', '/etc/passwd'); 'text' }; # LINE Names::__ANON__
sub AUTOLOAD { open($main::kept[@main::kept], '<', '/etc/passwd') } # LINE Names::AUTOLOAD
sub DESTROY { open($main::kept[@main::kept], '<', '/etc/passwd') } # LINE Names::DESTROY

package main;

BEGIN {
    open($main::kept[@main::kept], '<', '/etc/passwd'); # LINE BEGIN
}

sub in_eval {
    eval { # the function's own code
        open($kept[@kept], '<', '/etc/passwd'); # LINE in_eval
        die 'anything';
    };
    return;
}

sub in_sort {
    my @sorted = sort { open($kept[@kept], '<', '/etc/passwd'); $a <=> $b } 2, 1; # LINE in_sort
    return;
}

sub in_regex {
    'text' =~ m{t(?{ open($kept[@kept], '<', '/etc/passwd') })}; # LINE in_regex
    return;
}

sub from_c {
    first { open($kept[@kept], '<', '/etc/passwd') } 1; # LINE __ANON__
    return;
}

sub from_text {
    eval "\n" . q{open($kept[@kept], '<', '/etc/passwd')}; # LINE from_text
    eval qq{\n# line 8 "made here: now"\n} . q{open($kept[@kept], '<', '/etc/passwd')};
    return;
}

keeps();
$closure->();
tie(my $tied, 'Tied');
my $read = $tied;
$read = '' . bless([], 'Names');
in_eval();
in_sort();
in_regex();
from_c();
from_text();
Names->missing;
$SIG{USR2} = sub { open($kept[@kept], '<', '/etc/passwd') }; # LINE __ANON__
kill USR2 => $$;
*{main::renamed} = \&keeps;
main::renamed();
require Library;
Library::opens(); # LINE (main)
open($kept[@kept], '<', '/etc/passwd'); # LINE (main)
