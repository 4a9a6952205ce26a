using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using CsCheck;
using Marten;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Live;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class LiveFeedTests(ControlPlane plane)
{
    [Fact]
    public async Task events_that_commit_late_are_told_and_those_rolled_back_hold_nothing_up()
    {
        ConcurrentDictionary<Guid, long> told = new();
        await using var live = new HubConnectionBuilder().WithUrl(new Uri(plane.Host.Server.BaseAddress, $"/live?access_token={plane.Token}"), options =>
        {
            options.Transports = HttpTransportType.LongPolling;
            options.HttpMessageHandlerFactory = _ => plane.Host.Server.CreateHandler();
        }).Build();
        live.On<JsonObject>("changed", m => told[m["id"]!.GetValue<Guid>()] = m["version"]!.GetValue<long>());
        await live.StartAsync();
        await Eventually.Get(() => Task.FromResult(told.ContainsKey(Guid.Empty)), seen => seen, "to be asked to read everything");
        var (late, never, soon) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        await using var first = await database.OpenConnectionAsync();
        await using var committed = await first.BeginTransactionAsync();
        await Append(committed, late);
        await using var second = await database.OpenConnectionAsync();
        await using (var abandoned = await second.BeginTransactionAsync())
        {
            await Append(abandoned, never);
            await abandoned.RollbackAsync();
        }
        await using (var session = Store.LightweightSession())
        {
            session.Events.StartStream(soon, new UserRegistered("admin"));
            await session.SaveChangesAsync();
        }
        await Eventually.Get(() => Task.FromResult(told.ContainsKey(soon)), seen => seen, "what was committed meanwhile to be told");
        told.ShouldNotContainKey(late);

        await committed.CommitAsync();

        await Eventually.Get(() => Task.FromResult(told.ContainsKey(late)), seen => seen, "what was committed late to be told");
        told.ShouldNotContainKey(never);
    }

    [Fact]
    public async Task an_event_is_told_with_the_audit_logs_name_of_its_stream_and_one_of_another_tool_holds_nothing_up()
    {
        ConcurrentDictionary<Guid, JsonObject> told = new();
        await using var live = new HubConnectionBuilder().WithUrl(new Uri(plane.Host.Server.BaseAddress, $"/live?access_token={plane.Token}"), options =>
        {
            options.Transports = HttpTransportType.LongPolling;
            options.HttpMessageHandlerFactory = _ => plane.Host.Server.CreateHandler();
        }).Build();
        live.On<JsonObject>("changed", m => told[m["id"]!.GetValue<Guid>()] = m);
        await live.StartAsync();
        await Eventually.Get(() => Task.FromResult(told.ContainsKey(Guid.Empty)), seen => seen, "to be asked to read everything");
        var bare = Guid.CreateVersion7();
        await using (var database = NpgsqlDataSource.Create(plane.ConnectionString))
        await using (var connection = await database.OpenConnectionAsync())
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await Append(transaction, bare);
            // Without the name of a .NET type, as a tool in another language would write it.
            await using var command = new NpgsqlCommand("update phoenix.mt_events set mt_dotnet_type = null where stream_id = $1", connection, transaction) { Parameters = { new() { Value = bare } } };
            (await command.ExecuteNonQueryAsync()).ShouldBe(1);
            await transaction.CommitAsync();
        }
        await Eventually.Get(() => Task.FromResult(told.ContainsKey(bare)), seen => seen, "it to be told");
        (told[bare]["type"]!.GetValue<string>(), told[bare]["streamType"]!.GetValue<string>()).ShouldBe(("user_registered", "User"));
        var entry = (await plane.Get($"/api/v2/audit?streamId={bare}")).GetProperty("items")[0];
        entry.GetProperty("streamType").GetString().ShouldBe(told[bare]["streamType"]!.GetValue<string>(), "one name in both");
    }

    /// <summary>Transactions get numbers, then commit or roll back in any order; the reader looks now and then.</summary>
    [Fact]
    public void every_number_that_is_committed_is_found_once_and_no_other_is_waited_for() =>
        Gen.Select(Gen.Int[0, 2].Array[1, 60], Gen.Int[0, 1000]).Sample((steps, seed) =>
        {
            var random = new Random(seed);
            var cursor = new LogCursor(0);
            HashSet<long> log = [];
            List<(string Id, long[] Numbers)> open = [];
            List<long> found = [];
            var next = 1L;
            foreach (var step in steps)
            {
                if (step == 0) open.Add(($"{next}", [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => next++)]));
                else if (step == 1 && open.Count > 0) End();
                else Look();
            }
            while (open.Count > 0) End();
            Look();
            // What was rolled back is known to be so once nobody is left who could bring it.
            Look();
            Look();
            found.Count.ShouldBe(found.Distinct().Count());
            found.Order().ShouldBe(log.Order());
            cursor.Gaps.ShouldBeEmpty();

            void End()
            {
                var i = random.Next(open.Count);
                if (random.Next(3) > 0) log.UnionWith(open[i].Numbers);
                open.RemoveAt(i);
            }

            void Look()
            {
                var running = cursor.HasGaps ? open.Select(o => o.Id).ToHashSet() : null;
                List<long> seen = [.. log.Where(n => n > cursor.Head || cursor.Gaps.Any(g => n >= g.From && n <= g.To))];
                found.AddRange(seen);
                cursor.Seen(running, seen);
            }
        });

    [Fact]
    public void a_dashboard_is_told_of_each_stream_once_and_of_too_many_at_all_in_one_message()
    {
        var waiting = new Waiting();
        var id = Guid.CreateVersion7();
        for (var version = 1; version <= 50; version++) waiting.Add(new("task_progressed", "AgentTask", id, version));
        waiting.Take().ShouldHaveSingleItem().Version.ShouldBe(50);
        waiting.Take().ShouldBeEmpty();
        for (var i = 0; i < 2; i++) waiting.Welcome();
        waiting.Take().ShouldHaveSingleItem().Type.ShouldBe(LiveMessage.Everything);
        waiting.Welcome();
        waiting.Take().ShouldBeEmpty();
        for (var i = 0; i <= LiveClients.MaxWaiting; i++) waiting.Add(new("task_queued", "AgentTask", Guid.CreateVersion7(), 1));
        waiting.Take().ShouldHaveSingleItem().Type.ShouldBe(LiveMessage.Everything);
        for (var i = 0; i < LiveClients.PerTick + 1; i++) waiting.Add(new("task_queued", "AgentTask", Guid.CreateVersion7(), 1));
        waiting.Take().Count.ShouldBe(LiveClients.PerTick);
        waiting.Take().Count.ShouldBe(1);
    }

    IDocumentStore Store => plane.Host.Services.GetRequiredService<IDocumentStore>();

    async Task Append(NpgsqlTransaction transaction, Guid stream)
    {
        await using var session = Store.OpenSession(Marten.Services.SessionOptions.ForTransaction(transaction));
        session.Events.StartStream(stream, new UserRegistered("admin"));
        await session.SaveChangesAsync();
    }
}
