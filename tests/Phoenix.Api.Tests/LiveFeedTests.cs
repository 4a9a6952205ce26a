using System.Collections.Concurrent;
using CsCheck;
using Marten;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Phoenix.Api.Live;
using Phoenix.Api.Tasks;
using Phoenix.Domain.Tasks;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class LiveFeedTests(ControlPlane plane)
{
    [Fact]
    public async Task every_node_tells_of_what_any_node_appends()
    {
        var secretFile = Path.Combine(Path.GetTempPath(), $"phoenix-second-{Guid.NewGuid():N}");
        await using var second = await ControlPlane.Start(plane.ConnectionString, secretFile);
        await using var here = await Listen(plane.Host);
        await using var there = await Listen(second);
        // Again and again until both feeds have begun: what was appended before that is not theirs to tell.
        var told = await Eventually.Get(async () =>
        {
            await Queue(plane.Host, Guid.CreateVersion7());
            return here.Heard.Keys.Intersect(there.Heard.Keys).ToList();
        }, common => common.Count > 0, "both nodes to tell of the same task");
        foreach (var id in told) (here.Heard[id], there.Heard[id]).ShouldBe((1, 1));
    }

    [Fact]
    public void what_many_streams_do_at_once_is_told_as_one()
    {
        var few = Enumerable.Range(1, 3).Select(n => ("task_queued", Guid.NewGuid(), (long)n)).ToList();
        LiveMessages.Of(few).Count.ShouldBe(3);
        var stream = Guid.NewGuid();
        LiveMessages.Of([("window_measured", stream, 4), ("window_measured", stream, 6), ("window_measured", stream, 5)]).ShouldHaveSingleItem().ShouldBe(new("window_measured", stream, 6));
        var many = Enumerable.Range(0, LiveMessages.MostOfAType + 1).Select(_ => ("task_queued", Guid.NewGuid(), 1L));
        LiveMessages.Of(many.Append(("verdict_reached", stream, 7))).ShouldBe([new("task_queued", Guid.Empty, 0), new("verdict_reached", stream, 7)]);
    }

    /// <summary>Whatever the order in which numbers become visible within its patience: each is read once, and none is left out.</summary>
    [Fact]
    public void a_reader_of_a_log_with_gaps_sees_every_number_once() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int[0, 1000]).Sample((count, seed) =>
        {
            var random = new Random(seed);
            // Each number becomes visible at some tick after its turn; one in twenty never does.
            var visible = Enumerable.Range(1, count).Where(_ => random.Next(20) > 0).ToDictionary(n => (long)n, n => n / 10 + random.Next(8));
            var (cursor, now, read) = (new LiveCursor(0), DateTimeOffset.UnixEpoch, new List<long>());
            for (var tick = 0; tick < count / 10 + 400; tick++, now += TimeSpan.FromSeconds(1))
            {
                var page = visible.Where(v => v.Value <= tick && v.Key > cursor.Settled && !cursor.Ahead.Contains(v.Key)).Select(v => v.Key).Order().ToList();
                read.AddRange(page);
                cursor.See(page, now);
            }
            read.Count.ShouldBe(read.Distinct().Count(), "each once");
            read.Order().ShouldBe(visible.Keys.Order(), "all of them");
        }, iter: 300);

    async Task Queue(Alba.IAlbaHost host, Guid id)
    {
        await using var session = host.Services.GetRequiredService<IDocumentStore>().LightweightSession();
        await host.Services.GetRequiredService<TaskQueue>().Begin(session, [(id, new TaskQueued($"nobody-{id:N}", TaskPurpose.RemoveCandidate, 0, Guid.Empty, new([], ["candidate-x"], null)))], CancellationToken.None);
        await session.SaveChangesAsync();
    }

    async Task<Listener> Listen(Alba.IAlbaHost host)
    {
        var connection = new HubConnectionBuilder().WithUrl(new Uri(host.Server.BaseAddress, LiveHub.Path), options =>
        {
            options.HttpMessageHandlerFactory = _ => host.Server.CreateHandler();
            options.Transports = HttpTransportType.LongPolling;
            options.AccessTokenProvider = () => Task.FromResult<string?>(plane.Token);
        }).Build();
        var listener = new Listener(connection);
        connection.On<LiveMessage>(LiveHub.Method, message => listener.Heard.AddOrUpdate(message.Id, 1, (_, n) => n + 1));
        await connection.StartAsync();
        return listener;
    }

    sealed class Listener(HubConnection connection) : IAsyncDisposable
    {
        public ConcurrentDictionary<Guid, int> Heard { get; } = new();

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
