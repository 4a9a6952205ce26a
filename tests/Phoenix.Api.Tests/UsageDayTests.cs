using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Api.Usage;
using Phoenix.Contracts;
using Phoenix.Domain;
using Phoenix.Domain.Usage;
using static Phoenix.Api.Tests.UsageReports;

namespace Phoenix.Api.Tests;

/// <summary>How reports become days. On a database of its own: adding up goes over everything.</summary>
public sealed class UsageDayTests(ControlPlane plane) : IClassFixture<ControlPlane>
{
    async Task Execute(string sql, params object[] values)
    {
        await using var command = plane.Host.Services.GetRequiredService<Npgsql.NpgsqlDataSource>().CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task an_older_day_is_added_up_anew_for_late_reports_alone()
    {
        var agent = await TestAgent.Enrol(plane);
        var (hash, at) = ($"late-{Guid.NewGuid():N}", Day.AddDays(-4));
        async Task<IReadOnlyList<UsageDay>> Days()
        {
            await using var session = plane.Host.Services.GetRequiredService<IDocumentStore>().QuerySession();
            return [.. (await session.Query<UsageDay>().ToListAsync()).Where(d => d.Pipeline.ConfigurationHash == hash)];
        }
        await agent.Report(Period(hash, 1, at: at));
        // As if it had been an hour ago: what came within a few minutes is looked at twice.
        await Execute($"update {UsageStore.TableName} set reported_at = reported_at - interval '1 hour' where configuration_hash = $1", hash);
        await Record(plane);
        (await Days()).ShouldHaveSingleItem().Cells.ShouldHaveSingleItem().Team.ShouldBe(UsageCell.None);
        // What a host is called now it was not called then.
        (await plane.User.PutAsJsonAsync($"/api/v2/agents/{agent.HostId}/labels", new { labels = new { team = "new" } })).EnsureSuccessStatusCode();
        await Record(plane);
        (await Days()).ShouldHaveSingleItem().Corrections.ShouldBe(0);
        await agent.Report(Period(hash, 11, at: at));
        await Record(plane);
        var corrected = (await Days()).ShouldHaveSingleItem();
        (corrected.Corrections, corrected.Cells.Sum(c => c.Input.Samples)).ShouldBe((1, 2_000_000));
    }

    [Fact]
    public async Task a_day_that_cannot_be_added_up_stops_no_other()
    {
        var agent = await TestAgent.Enrol(plane);
        var hash = $"beside-{Guid.NewGuid():N}";
        // No host could report this; it stands for whatever a day may have.
        await Execute(
            $"insert into {UsageStore.TableName}(started_on, host_id, collector, epoch, first_window, last_window, configuration_hash, reported_at, period) values ($1, 'odd', 'c', 'e', 1, 1, 'h', now(), '{{\"seconds\": \"many\"}}')",
            DateOnly.FromDateTime(Day.AddDays(-9).Date));
        await agent.Report(Period(hash, 1, at: Day.AddDays(-8)));
        try
        {
            await Record(plane);
        }
        finally
        {
            await Execute($"delete from {UsageStore.TableName} where host_id = 'odd'");
        }
        await using var session = plane.Host.Services.GetRequiredService<IDocumentStore>().QuerySession();
        (await session.Query<UsageDay>().ToListAsync()).ShouldContain(d => d.Pipeline.ConfigurationHash == hash);
    }

    [Fact]
    public async Task windows_that_two_periods_have_count_once()
    {
        var agent = await TestAgent.Enrol(plane);
        var (hash, at) = ($"twice-{Guid.NewGuid():N}", Day.AddDays(-6));
        // Windows 1 to 5, then 3 to 7 and 2 to 4 as an agent tells them that forgot what it had told.
        await agent.Report(Period(hash, 1, at: at));
        await agent.Report(Period(hash, 3, at: at), Period(hash, 2, last: 4, at: at));
        var day = await UsageStore.Day(plane.Host.Services.GetRequiredService<Npgsql.NpgsqlDataSource>(), DateOnly.FromDateTime(at.Date), CancellationToken.None);
        day.Single(d => d.Hash == hash).Input.Samples.ShouldBe(1_400_000);
    }

    [Fact]
    public void reports_are_kept_until_their_day_is_surely_added_up()
    {
        static int Kept(string days) =>
            UsagePartitions.Retention(new ConfigurationBuilder().AddInMemoryCollection([new(UsagePartitions.RetentionVariable, days)]).Build());
        Kept("3").ShouldBe(3);
        Should.Throw<FormatException>(() => Kept("2")).Message.ShouldContain("between 3 and 3650");
    }

    [Fact]
    public async Task days_without_a_price_are_named_beside_what_can_be_priced()
    {
        await using (var session = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession())
        {
            var day = new DateOnly(2001, 2, 3);
            session.Events.StartStream<UsageDay>(StreamIds.Usage(day, null, 0, "old"), new UsageRecorded(
                day, new(null, 0, "(unknown)", "old"), [new(null, UsageCell.None, UsageCell.None, [], 1, 86_400, 0, new(1, 1, 1, 1), new(1, 1, 1, 1), 1, null)]));
            await session.SaveChangesAsync();
        }
        var ledger = await plane.Get("/api/v2/savings/ledger?price=signoz-cloud-samples");
        ledger.GetProperty("gaps").EnumerateArray().Select(g => g.GetString()!).ShouldContain(g => g.Contains("2001-02-03"));
        // What is asked for is priced in full, or not at all.
        await (await plane.User.GetAsync("/api/v2/savings/ledger?from=2001-01-01&price=signoz-cloud-samples")).ShouldBeProblem(HttpStatusCode.NotFound, "price-entry-unknown");
    }

    [Fact]
    public async Task what_was_promoted_against_its_verdict_is_in_the_ledger_too()
    {
        var (id, agent) = await plane.Running();
        for (var n = 1; n <= 4; n++) await agent.Report(id, Windows.Good(n, candidateSeries: 900));
        await agent.DoNext();
        await plane.UntilState(id, "completed");
        var forced = await plane.User.PostAsJsonAsync($"/api/v2/experiments/{id}/promote", new { reason = "we know better", rollout = Scenario.Unwatched, force = true });
        forced.StatusCode.ShouldBe(HttpStatusCode.Accepted, await forced.Content.ReadAsStringAsync());
        var hash = (await agent.DoNext()).Desired.Collectors.Single().ConfigurationHash;
        await plane.UntilState(id, "promoted");
        await agent.Report(Period(hash, 1, at: Day.AddDays(-5)));
        await Record(plane);
        await using var session = plane.Host.Services.GetRequiredService<IDocumentStore>().QuerySession();
        (await session.Query<UsageDay>().ToListAsync()).Where(d => d.Pipeline.ConfigurationHash == hash).SelectMany(d => d.Cells).ShouldContain(c => c.Experiment != null && c.Experiment.Id == id);
    }

    [Fact]
    public async Task reports_that_nobody_could_have_counted_are_refused_by_name_and_the_others_taken()
    {
        var agent = await TestAgent.Enrol(plane);
        UsagePeriod good = Period("h", 1), late = Period("h", 1, at: DateTimeOffset.UtcNow.AddDays(-60)), early = Period("h", 1, at: DateTimeOffset.UtcNow.AddDays(2));
        foreach (var period in new[]
        {
            good with { Input = good.Input with { Samples = -1 } }, good with { Output = good.Output with { Points = long.MaxValue } }, good with { LastWindow = 0 }, good with { WireBytes = 3_000_000_000_000 },
            good with { EndedAt = good.StartedAt }, good with { EndedAt = good.StartedAt.AddHours(4) }, good with { Collector = "" }, good with { Epoch = new('x', 201) }, late, early,
        })
        {
            var answer = await Post(agent, period, good);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            var refused = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("refused").EnumerateArray().ShouldHaveSingleItem();
            refused.GetProperty("period").GetInt32().ShouldBe(0);
            refused.GetProperty("detail").GetString()!.Length.ShouldBeGreaterThan(10);
        }
        await (await Post(agent)).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "usage-report-invalid");
        (await plane.Anonymous().PostAsJsonAsync("/api/v2/usage", new UsageReport([good]))).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        await using var rows = plane.Host.Services.GetRequiredService<Npgsql.NpgsqlDataSource>().CreateCommand($"select count(*) from {UsageStore.TableName} where host_id = $1");
        rows.Parameters.Add(new() { Value = agent.HostId });
        (await rows.ExecuteScalarAsync()).ShouldBe(1L);
    }
}
