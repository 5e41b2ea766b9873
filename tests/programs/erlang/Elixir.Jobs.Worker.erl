%% As Elixir's compiler names its modules and files: Jobs.Worker, of lib/worker.ex.
-module('Elixir.Jobs.Worker').
-export([main/0]).

-file("lib/worker.ex", 10).
job(Path) ->
    {ok, File} = file:open(Path, [read, raw]),
    put(make_ref(), File).

main() ->
    job("/etc/passwd"),
    halt(0).
