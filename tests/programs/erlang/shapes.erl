%% Frames of all shapes: a fun, a fold of a library, a catch, a try, a recursive function, another process, sockets, a port.
-module(shapes).
-export([main/0]).

opens() ->
    {ok, File} = file:open("/etc/passwd", [read, raw]), % LINE shapes:opens/0
    put(make_ref(), File).

in_fun() ->
    Fun = fun(Path) ->
        {ok, File} = file:open(Path, [read, raw]), % LINE shapes:-in_fun/0-fun-0-/1
        put(make_ref(), File)
    end,
    lists:foreach(Fun, ["/etc/passwd"]), % LINE shapes:in_fun/0
    done.

in_catch() ->
    catch begin
        opens(), % LINE shapes:in_catch/0
        throw(anything)
    end.

in_try() ->
    try
        opens() % LINE shapes:in_try/0
    after
        put(tried, true)
    end.

deep(0) -> opens();
deep(N) -> {deep(N - 1)}. % LINE shapes:deep/1

in_socket() ->
    {ok, Socket} = socket:open(inet, stream, tcp), % LINE shapes:in_socket/0
    put(make_ref(), Socket).

connects() ->
    {ok, Listening} = gen_tcp:listen(0, []), % LINE shapes:connects/0
    {ok, Port} = inet:port(Listening),
    {ok, _} = gen_tcp:connect("127.0.0.1", Port, []), % LINE shapes:connects/0
    ok.

starts() ->
    Port = open_port({spawn, "cat"}, []), % LINE shapes:starts/0
    put(make_ref(), Port).

in_process() ->
    Me = self(),
    spawn(fun() ->
        opens(), % LINE shapes:-in_process/0-fun-0-/1
        Me ! done,
        receive never -> ok end
    end),
    receive done -> ok end.

main() ->
    in_fun(), % LINE shapes:main/0
    in_catch(),
    in_try(),
    deep(3),
    in_socket(),
    connects(),
    starts(),
    in_process(),
    halt(0).
