<?php
// Each job opens a connection and keeps it. Another function closes its own.
$server = stream_socket_server('tcp://127.0.0.1:0');
$kept = [];

class Worker
{
    public function job(): void
    {
        $GLOBALS['kept'][] = stream_socket_client('tcp://' . stream_socket_get_name($GLOBALS['server'], false)); // LEAK
    }

    public static function closes(): void
    {
        fclose(stream_socket_client('tcp://' . stream_socket_get_name($GLOBALS['server'], false)));
    }
}

for ($i = 0; $i < 6; $i++) {
    (new Worker)->job();
    Worker::closes();
}
