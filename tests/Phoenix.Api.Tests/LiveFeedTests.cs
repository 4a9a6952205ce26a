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
        await using var live = Connection(m => told[m["id"]!.GetValue<Guid>()] = m["version"]!.GetValue<long>());
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
        await using var live = Connection(m => told[m["id"]!.GetValue<Guid>()] = m);
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
        var entry = (await Eventually.Get(() => plane.Get($"/api/v2/audit?streamId={bare}"), log => log.GetProperty("items").GetArrayLength() > 0, "it to be in the log")).GetProperty("items")[0];
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
    public async Task who_says_since_when_it_reads_hears_what_has_changed_since_and_not_everything()
    {
        await Eventually.Get(() => Connected(0), told => !told.Contains(Guid.Empty), "the feed to have followed the log for long enough");

        var changed = await Told();
        // Again where the words of a page were on their way for too long.
        (await Eventually.Get(() => Connected(0), told => !told.Contains(Guid.Empty), "to be heard in time")).ShouldContain(changed);
        // Longer ago than is remembered.
        (await Connected(600)).ShouldContain(Guid.Empty);
        (await Connected(null)).ShouldContain(Guid.Empty);
        (await Connected(-1)).ShouldContain(Guid.Empty);

        async Task<Guid> Told()
        {
            var stream = Guid.CreateVersion7();
            await using var session = Store.LightweightSession();
            session.Events.StartStream(stream, new UserRegistered("admin"));
            await session.SaveChangesAsync();
            return stream;
        }

        async Task<List<Guid>> Connected(double? reads)
        {
            ConcurrentQueue<Guid> told = [];
            await using var live = Connection(m => told.Enqueue(m["id"]!.GetValue<Guid>()));
            await live.StartAsync();
            await live.InvokeAsync("Begin", reads);
            var last = await Told();
            await Eventually.Get(() => Task.FromResult(told.Contains(last)), seen => seen, "the last change to be told");
            return [.. told];
        }
    }

    [Fact]
    public void a_page_hears_all_that_was_told_since_it_began_to_read_or_that_it_is_not_known() =>
        Gen.Select(Gen.Int[0, 12_000].Array[1, 60], Gen.Int[0, 5].Array[60], Gen.Int[0, 40_000]).Sample((waits, streams, reads) =>
        {
            var clock = new Clock();
            var recently = new RecentlyTold(clock);
            recently.Within(TimeSpan.Zero).ShouldBeNull("nobody follows the log yet");
            recently.Begin();
            Guid[] ids = [.. Enumerable.Range(0, 6).Select(_ => Guid.CreateVersion7())];
            List<(long At, LiveMessage Message)> all = [];
            for (var i = 0; i < waits.Length; i++)
            {
                clock.Now += waits[i];
                var message = new LiveMessage("x", "AgentTask", ids[streams[i]], i + 1);
                recently.Add(message);
                all.Add((clock.Now, message));
            }
            var found = recently.Within(TimeSpan.FromMilliseconds(reads));
            if (reads > RecentlyTold.Kept.TotalMilliseconds || reads > clock.Now) found.ShouldBeNull();
            else
                found.ShouldNotBeNull().ShouldBe(all.Where(t => clock.Now - t.At <= reads).GroupBy(t => t.Message.Id).Select(g => g.Last()).OrderBy(t => t.At).ThenBy(t => t.Message.Version).Select(t => t.Message));
        });

    [Fact]
    public void more_than_is_remembered_is_not_known()
    {
        var clock = new Clock();
        var recently = new RecentlyTold(clock);
        recently.Begin();
        for (var i = 0; i <= RecentlyTold.Most; i++)
        {
            clock.Now += 1;
            recently.Add(new("x", "AgentTask", Guid.CreateVersion7(), 1));
        }
        recently.Within(TimeSpan.FromMilliseconds(RecentlyTold.Most)).ShouldBeNull();
        recently.Within(TimeSpan.FromMilliseconds(RecentlyTold.Most - 1)).ShouldNotBeNull().Count.ShouldBe(RecentlyTold.Most);
    }

    [Fact]
    public void the_newest_version_is_told_where_an_older_one_was_committed_later()
    {
        var recently = new RecentlyTold(new Clock());
        recently.Begin();
        var stream = Guid.CreateVersion7();
        recently.Add(new("x", "AgentTask", stream, 2));
        recently.Add(new("x", "AgentTask", stream, 1));
        recently.Within(TimeSpan.Zero).ShouldNotBeNull().ShouldHaveSingleItem().Version.ShouldBe(2);
    }

    /// <summary>Goes on in milliseconds when it is told to.</summary>
    sealed class Clock : TimeProvider
    {
        public long Now { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Now;
    }

    HubConnection Connection(Action<JsonObject> told)
    {
        var live = new HubConnectionBuilder().WithUrl(new Uri(plane.Host.Server.BaseAddress, $"/live?access_token={plane.Token}"), options =>
        {
            options.Transports = HttpTransportType.LongPolling;
            options.HttpMessageHandlerFactory = _ => plane.Host.Server.CreateHandler();
        }).Build();
        live.On("changed", told);
        return live;
    }

    [Fact]
    public void a_dashboard_is_told_of_each_stream_once_and_of_too_many_at_all_in_one_message()
    {
        var waiting = new Waiting();
        var id = Guid.CreateVersion7();
        for (var version = 1; version <= 50; version++) waiting.Add(new("task_progressed", "AgentTask", id, version));
        waiting.Take().ShouldHaveSingleItem().Version.ShouldBe(50);
        waiting.Take().ShouldBeEmpty();
        for (var i = 0; i < 2; i++) waiting.Begin(null);
        waiting.Take().ShouldHaveSingleItem().Type.ShouldBe(LiveMessage.Everything);
        waiting.Begin([new("task_queued", "AgentTask", Guid.CreateVersion7(), 1)]);
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
