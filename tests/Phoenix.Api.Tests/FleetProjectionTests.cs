using JasperFx.Events;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Tasks;
using Phoenix.Projections.Fleet;

namespace Phoenix.Api.Tests;

/// <summary>On a database of its own: what it writes has no streams behind it.</summary>
public sealed class FleetProjectionTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    readonly string _prefix = $"fleet-{Guid.NewGuid():N}-";

    [Fact]
    public async Task of_several_ends_of_one_host_the_last_one_counts_and_the_others_keep_their_own()
    {
        var (a, b) = (_prefix + "a", _prefix + "b");
        await Apply([Enrolled(a, 0), Enrolled(b, 1), Succeeded(a, "one", 2), Succeeded(b, "two", 3), Succeeded(a, "three", 4)]);
        await using var session = Store.QuerySession();
        (await session.ProductionHashes([a, b, _prefix + "nobody"], Cancellation)).ShouldBe(
            new Dictionary<string, string> { [a] = "three", [b] = "two" }, ignoreOrder: true);
        (await plane.Get($"/api/v2/agents/{a}")).GetProperty("productionSince").GetDateTimeOffset().ShouldBe(Start.AddSeconds(4));
    }

    [Fact]
    public async Task an_end_that_leaves_no_production_collector_changes_nothing()
    {
        var a = _prefix + "a";
        await Apply([Enrolled(a, 0), Succeeded(a, "one", 1), Succeeded(a, null, 2)]);
        await using var session = Store.QuerySession();
        (await session.ProductionHashes([a], Cancellation))[a].ShouldBe("one");
    }

    [Fact]
    public async Task ten_thousand_hosts_are_written_and_asked_for_at_once()
    {
        var hosts = Enumerable.Range(0, 10_000).Select(i => $"{_prefix}{i}").ToArray();
        await Apply([.. hosts.Select(h => Enrolled(h, 0)), .. hosts.Select(h => Succeeded(h, "hash-of-" + h, 1))]);
        await using var session = Store.QuerySession();
        (await session.Known([.. hosts, _prefix + "nobody"], Cancellation)).Count.ShouldBe(hosts.Length);
        var production = await session.ProductionHashes(hosts, Cancellation);
        hosts.ShouldAllBe(h => production[h] == "hash-of-" + h);
    }

    IDocumentStore Store => plane.Host.Services.GetRequiredService<IDocumentStore>();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>As events come that were not appended through Marten: with a stream, a time and their data, and nothing else.</summary>
    async Task Apply(IReadOnlyList<IEvent> events)
    {
        await using var session = Store.LightweightSession();
        await new FleetProjection().ApplyAsync(session, events, Cancellation);
        await session.SaveChangesAsync(Cancellation);
    }

    static Event<AgentEnrolled> Enrolled(string host, int second) =>
        new(new AgentEnrolled(host, "1.0", "linux", "x64", "verified")) { StreamId = Guid.NewGuid(), Timestamp = Start.AddSeconds(second) };

    static Event<TaskSucceeded> Succeeded(string host, string? hash, int second) =>
        new(new TaskSucceeded(1, host, TaskPurpose.ApplyVariants,
            hash is null ? [] : [new RunningCollector("production", Arm.Production, Guid.Empty, 1, hash, true)], [])) { StreamId = Guid.NewGuid(), Timestamp = Start.AddSeconds(second) };
}
