<?php
// Frames of all shapes: a generator, a closure behind array_map, a method called by name, an include's function.
$kept = [];

function generator()
{
    global $kept;
    while (true) {
        $kept[] = fopen('/etc/passwd', 'r'); // LINE generator
        yield;
    }
}

class Names
{
    public function __get($name)
    {
        global $kept;
        $kept[] = fopen('/etc/passwd', 'r'); // LINE Names::__get
        return $name;
    }
}

generator()->current();
$names = new Names;
$names->missing;
array_map(function ($i) use (&$kept) {
    $kept[] = fopen('/etc/passwd', 'r'); // LINE {closure}
}, [1]);
eval('$kept[] = fopen("/etc/passwd", "r");');
require __DIR__ . '/vendor/library.php';
library_opens(); // LINE {main}
