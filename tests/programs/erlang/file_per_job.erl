%% Each job opens a file and keeps it; another function closes its own.
-module(file_per_job).
-export([main/0]).

job(Path) ->
    {ok, File} = file:open(Path, [read, raw]), % LEAK
    put(make_ref(), File).

closes(Path) ->
    {ok, File} = file:open(Path, [read, raw]),
    ok = file:close(File).

main() ->
    [begin job("/etc/passwd"), closes("/etc/passwd") end || _ <- lists:seq(1, 6)],
    halt(0).
