<?php
function library_opens()
{
    $GLOBALS['kept'][] = fopen('/etc/passwd', 'r');
}
