#!/usr/bin/env escript
%% -*- erlang -*-
%%! -name bench@127.0.0.1 -start_epmd false
%% Messages between processes of one Erlang node, and of two.
-mode(compile).
-export([echo/0]).

main([Arg]) ->
    Size = list_to_integer(Arg),
    Messages = 1000000 * Size,
    report("one-way tell", "messages/s", rates(Messages, fun() -> tell(Messages) end)),
    report("ping-pong", "messages/s", rates(Messages, fun() -> ping_pong(Messages) end)),
    Asks = 200000 * Size,
    report("ask", "asks/s", rates(Asks, fun() -> asks(Asks) end)),
    Spawns = 100000 * Size,
    report("spawn and stop", "actors/s", rates(Spawns, fun() -> spawns(Spawns) end)),
    two_nodes(Size),
    halt(0).

report(Name, Unit, Values) ->
    Texts = [io_lib:format("~.3f", [V]) || V <- Values],
    io:format("{\"name\":\"~s\",\"unit\":\"~s\",\"values\":[~s]}~n", [Name, Unit, lists:join(",", Texts)]).

rates(Count, Work) ->
    Work(),
    [begin
         {Us, _} = timer:tc(Work),
         Count * 1.0e6 / Us
     end || _ <- lists:seq(1, 3)].

%% In bursts, as the others: an unbounded mailbox would measure the garbage collector.
tell(Messages) ->
    Burst = 4096,
    Self = self(),
    Counter = spawn_link(fun() -> count(Self, 0, Burst) end),
    bursts(Counter, Messages div Burst, Burst),
    unlink(Counter),
    exit(Counter, kill).

bursts(_, 0, _) -> ok;
bursts(Counter, Left, Burst) ->
    send(Counter, Burst),
    receive drained -> ok end,
    bursts(Counter, Left - 1, Burst).

send(_, 0) -> ok;
send(To, Left) -> To ! {add, 1}, send(To, Left - 1).

count(Parent, Total, Burst) ->
    receive
        {add, By} when (Total + By) rem Burst =:= 0 -> Parent ! drained, count(Parent, Total + By, Burst);
        {add, By} -> count(Parent, Total + By, Burst)
    end.

ping_pong(Messages) ->
    Self = self(),
    Other = spawn_link(fun() -> pong() end),
    spawn_link(fun() -> ping(Other, Messages div 2), Self ! done end),
    receive done -> ok end,
    unlink(Other),
    exit(Other, kill).

ping(_, 0) -> ok;
ping(Other, Left) -> Other ! {ball, self()}, receive {ball, _} -> ping(Other, Left - 1) end.

pong() -> receive {ball, From} -> From ! {ball, self()}, pong() end.

asks(Asks) ->
    Server = spawn_link(fun() -> answer() end),
    ask(Server, Asks),
    unlink(Server),
    exit(Server, kill).

%% What gen_server:call does: a monitor as the reference of the answer, and a deadline.
ask(_, 0) -> ok;
ask(Server, Left) ->
    Ref = monitor(process, Server),
    Server ! {question, self(), Ref, Left},
    receive {Ref, _} -> demonitor(Ref, [flush]) after 60000 -> exit(timeout) end,
    ask(Server, Left - 1).

answer() -> receive {question, From, Ref, Value} -> From ! {Ref, Value + 1}, answer() end.

spawns(0) -> ok;
spawns(Left) ->
    {Pid, Ref} = spawn_monitor(fun() -> receive stop -> ok end end),
    Pid ! stop,
    receive {'DOWN', Ref, process, Pid, _} -> ok end,
    spawns(Left - 1).

two_nodes(Size) ->
    {module, Module, Binary} = dynamic_echo(),
    {ok, Peer, Node} = peer:start_link(#{name => bench_peer, host => "127.0.0.1", longnames => true,
                                         args => ["-start_epmd", "false", "-setcookie", atom_to_list(erlang:get_cookie())]}),
    {module, Module} = erpc:call(Node, code, load_binary, [Module, "echo", Binary]),
    Echo = spawn(Node, Module, echo, []),
    Trips = 20000 * Size,
    report("round trips to another process, 64 in flight", "round trips/s", rates(Trips, fun() -> trips(Echo, Trips, 64) end)),
    Data = binary:copy(<<42>>, 1024 * 1024),
    report("1 MiB there and back, another process", "MiB/s", rates(100 * Size, fun() -> echoes(Echo, Data, 100 * Size) end)),
    {P50, P99} = latencies(Echo, 1000 * Size),
    report("one task at a time through another process, p50", "ms", [P50]),
    report("one task at a time through another process, p99", "ms", [P99]),
    peer:stop(Peer).

%% The other node needs a module; this script has none that can be sent.
dynamic_echo() ->
    Forms = [scan("-module(bench_echo)."), scan("-export([echo/0])."),
             scan("echo() -> receive {From, Data} -> From ! {back, Data}, echo() end.")],
    {ok, Module, Binary} = compile:forms(Forms),
    {module, Module} = code:load_binary(Module, "echo", Binary),
    {module, Module, Binary}.

scan(Text) ->
    {ok, Tokens, _} = erl_scan:string(Text),
    {ok, Form} = erl_parse:parse_form(Tokens),
    Form.

echo() -> ok.

trips(Echo, Count, InFlight) ->
    [Echo ! {self(), 0} || _ <- lists:seq(1, InFlight)],
    trip(Echo, Count - InFlight),
    [receive {back, _} -> ok end || _ <- lists:seq(1, InFlight)].

trip(_, 0) -> ok;
trip(Echo, Left) -> receive {back, _} -> ok end, Echo ! {self(), Left}, trip(Echo, Left - 1).

echoes(_, _, 0) -> ok;
echoes(Echo, Data, Left) -> Echo ! {self(), Data}, receive {back, _} -> ok end, echoes(Echo, Data, Left - 1).

latencies(Echo, Count) ->
    Samples = lists:sort([begin
                              {Us, _} = timer:tc(fun() -> echoes(Echo, 0, 1) end),
                              Us / 1000
                          end || _ <- lists:seq(1, Count)]),
    {lists:nth(Count div 2, Samples), lists:nth(Count * 99 div 100, Samples)}.
