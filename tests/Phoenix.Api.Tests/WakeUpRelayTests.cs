using CsCheck;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Phoenix.Api.Tasks;
using Phoenix.Domain.Tasks;

namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class WakeUpRelayTests(ControlPlane plane)
{
    IServiceProvider Services => plane.Host.Services;

    [Fact]
    public async Task work_that_one_node_queues_wakes_a_poll_that_another_has_parked()
    {
        var wakeUps = new WakeUps();
        using var relay = new WakeUpRelay(Services.GetRequiredService<NpgsqlDataSource>(), wakeUps, NullLogger<WakeUpRelay>.Instance);
        using var matchmaker = new Matchmaker(Services.GetRequiredService<TaskQueue>(), wakeUps, Services.GetRequiredService<IDocumentStore>(),
            Services.GetRequiredService<IServiceScopeFactory>(), Services.GetRequiredService<IHostApplicationLifetime>(), NullLogger<Matchmaker>.Instance);
        await relay.StartAsync(CancellationToken.None);
        await matchmaker.StartAsync(CancellationToken.None);
        await Eventually.Get(() => Task.FromResult(relay.Listens), listens => listens, "the other node to listen");
        var host = $"host-{Guid.NewGuid():N}";
        var poll = matchmaker.Poll(host, TimeSpan.FromSeconds(30), CancellationToken.None);

        var id = await Queue(host);

        (await poll).ShouldHaveSingleItem().Id.ShouldBe(id);
        await Eventually.Get(() => Task.FromResult(relay.Heard), heard => heard >= 1, "the other node to have heard of it");
        await matchmaker.StopAsync(CancellationToken.None);
        await relay.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task a_connection_that_is_cut_is_made_anew()
    {
        var relay = Services.GetRequiredService<WakeUpRelay>();
        await Eventually.Get(() => Task.FromResult(relay.Listens), listens => listens, "the node to listen");
        // Not from the node's pool: a connection that has listened before and was given back is ended too, and might be handed to the test.
        await using var database = NpgsqlDataSource.Create(plane.ConnectionString);
        const string Listener = "from pg_stat_activity where query = 'listen phoenix_wake_up' and datname = current_database()";
        var before = await Scalar<int[]>(database, $"select array_agg(pid) {Listener}");

        (await Scalar<bool>(database, $"select bool_or(pg_terminate_backend(pid)) {Listener}")).ShouldBeTrue();

        await Eventually.Get(() => Scalar<int[]?>(database, $"select array_agg(pid) {Listener}"), now => now is not null && !now.Intersect(before).Any(), "a new connection");
    }

    [Fact]
    public void every_host_is_told_of_once_in_payloads_that_postgresql_takes() =>
        Gen.Int[1, 253].Array[1, 2000].Sample(lengths =>
        {
            var hosts = lengths.Select((length, i) => $"{i}-".PadRight(length, 'x')).ToList();
            var payloads = WakeUpRelay.Payloads("node", hosts);
            payloads.ShouldAllBe(p => p.Length < 8000 && p.StartsWith("node\n"));
            payloads.SelectMany(p => p.Split('\n')[1..]).ShouldBe(hosts);
        }, iter: 200);

    async Task<Guid> Queue(string host)
    {
        await using var session = Services.GetRequiredService<IDocumentStore>().LightweightSession();
        var id = Guid.CreateVersion7();
        await Services.GetRequiredService<TaskQueue>().Begin(session,
            [(id, new TaskQueued(host, TaskPurpose.RemoveCandidate, 0, Guid.CreateVersion7(), new([], ["candidate-x"], null)))], CancellationToken.None);
        await session.SaveChangesAsync();
        return id;
    }

    static async Task<T> Scalar<T>(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        return (await command.ExecuteScalarAsync()) is T value ? value : default!;
    }
}
