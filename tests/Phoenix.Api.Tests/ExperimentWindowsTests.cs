using System.Net;
using System.Text.Json;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Phoenix.Domain.Experiments;

namespace Phoenix.Api.Tests;

/// <summary>An experiment window by window: what was claimed after each, how far each guardrail was, and all of it as a file.</summary>
[Collection(nameof(ControlPlane))]
public sealed class ExperimentWindowsTests(ControlPlane plane)
{
    static List<JsonElement> Items(JsonElement page) => [.. page.GetProperty("items").EnumerateArray()];

    /// <summary>Twenty-five windows of which the third is void and the others count.</summary>
    async Task<(Guid Id, TestAgent Agent)> Measured(string priceEntry)
    {
        var (id, agent) = await plane.Running(windows: 200, claim: "hosts", priceEntry: priceEntry);
        await agent.Report(id, [.. Enumerable.Range(1, 25).Select(n => n == 3 ? Windows.Void(n, "tee-dropped") : Windows.Good(n, 300 + n))]);
        await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}"), e => e.GetProperty("latestWindow").ValueKind != JsonValueKind.Null && e.GetProperty("latestWindow").GetProperty("number").GetInt32() == 25, "all windows");
        return (id, agent);
    }

    [Fact]
    public async Task each_window_says_what_could_be_claimed_after_it()
    {
        var (id, _) = await Measured("signoz-cloud-samples");
        var whole = await plane.Get($"/api/v2/experiments/{id}/windows");
        var items = Items(whole);
        items.Select(w => w.GetProperty("number").GetInt32()).Order().ShouldBe(Enumerable.Range(1, 25));
        (whole.GetProperty("windows").GetInt32(), whole.GetProperty("thinned").GetBoolean(), whole.GetProperty("next").GetString()).ShouldBe((25, false, null));
        var third = items.Single(w => w.GetProperty("number").GetInt32() == 3);
        (third.GetProperty("void").GetBoolean(), third.GetProperty("hosts").GetInt32(), third.GetProperty("voidHosts").GetInt32()).ShouldBe((true, 0, 1));
        third.GetProperty("baseline").ValueKind.ShouldBe(JsonValueKind.Null);
        var tenth = items.Single(w => w.GetProperty("number").GetInt32() == 10);
        tenth.GetProperty("reductionPct").GetDouble().ShouldBe(69, 1e-9);
        tenth.GetProperty("baseline").GetProperty("seriesActive").GetInt64().ShouldBe(1000);

        // The last stands as the experiment itself does.
        var now = await plane.Get($"/api/v2/experiments/{id}");
        var last = items[^1];
        last.GetProperty("claims").GetRawText().ShouldBe(now.GetProperty("claims").GetRawText());
        foreach (var same in (string[])["seriesReductionPct", "liveSeriesReductionPct", "pointsReductionPct"])
            last.GetProperty("evidence").GetProperty(same).GetDouble().ShouldBe(now.GetProperty("evidence").GetProperty(same).GetDouble());
        // Nothing is claimed of the warm-up.
        items.Where(w => !w.GetProperty("counts").GetBoolean()).Take(1).ShouldAllBe(w => w.GetProperty("claims").GetArrayLength() == 0);
        items.Count(w => w.GetProperty("counts").GetBoolean()).ShouldBe(now.GetProperty("windows").GetInt32());

        // Samples are priced and have no interval of their own, which is said.
        var saving = last.GetProperty("saving");
        saving.GetProperty("estimate").GetDecimal().ShouldBeGreaterThan(0);
        (saving.GetProperty("low").ValueKind, saving.GetProperty("currency").GetString()).ShouldBe((JsonValueKind.Null, "USD"));
        whole.GetProperty("noSaving").GetString().ShouldNotBeNullOrWhiteSpace();

        List<int> paged = [];
        for (string? after = ""; after is not null;)
        {
            var page = await plane.Get($"/api/v2/experiments/{id}/windows?limit=7&after={after}");
            paged.AddRange(Items(page).Select(w => w.GetProperty("number").GetInt32()));
            after = page.GetProperty("next").GetString();
        }
        paged.ShouldBe(items.Select(w => w.GetProperty("number").GetInt32()));
        var chart = await plane.Get($"/api/v2/experiments/{id}/windows?points=5");
        Items(chart).Select(w => w.GetRawText()).ShouldBe(((int[])[0, 6, 12, 18, 24]).Select(i => items[i].GetRawText()));
        chart.GetProperty("thinned").GetBoolean().ShouldBeTrue();

        await (await plane.User.GetAsync($"/api/v2/experiments/{Guid.NewGuid()}/windows")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
        await (await plane.User.GetAsync($"/api/v2/experiments/{id}/windows?points=1")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "points-invalid");
        await (await plane.User.GetAsync($"/api/v2/experiments/{id}/windows?after=x")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "cursor-invalid");
    }

    [Fact]
    public async Task two_thousand_windows_are_read_in_well_under_a_second_with_bounds_in_money()
    {
        var (id, _) = await Measured("signoz-cloud-samples");
        Guid large;
        await using (var session = plane.Host.Services.GetRequiredService<IDocumentStore>().LightweightSession())
        {
            // As many events as an experiment of days has; each after the other, as they were measured.
            var stream = await session.Events.FetchStreamAsync(id);
            var first = (WindowMeasured)stream.First(e => e.Data is WindowMeasured).Data;
            large = Guid.NewGuid();
            session.Events.StartStream<Experiment>(large, [
                (ExperimentDrafted)stream[0].Data with { PriceEntry = "datadog-pro-custom-metrics" }, new ExperimentStarted(["replayed"], DateTimeOffset.UtcNow.AddHours(1)),
                new VariantsApplied(["replayed"]), new WarmUpEnded(),
                .. Enumerable.Range(2, 2000).Select(n => (object)(first with { Number = n, Candidate = first.Candidate with { SeriesActive = 300 + n % 13 } })),
                new CandidateRemoved(["replayed"]), new ExperimentStopped()]);
            await session.SaveChangesAsync();
        }
        var items = Items(await plane.Get($"/api/v2/experiments/{large}/windows?points=300"));
        items.Count.ShouldBe(300);
        var saving = items[^1].GetProperty("saving");
        var (low, estimate, high) = (saving.GetProperty("low").GetDecimal(), saving.GetProperty("estimate").GetDecimal(), saving.GetProperty("high").GetDecimal());
        (low <= estimate && estimate <= high && low < high).ShouldBeTrue($"{low} {estimate} {high}");
        await WhatWasReadIsNotReadAgain(large);
        // More windows, less doubt.
        var claims = items.Select(w => w.GetProperty("claims").EnumerateArray().FirstOrDefault(c => c.GetProperty("claim").GetString() == "hosts")).Where(c => c.ValueKind == JsonValueKind.Object && c.GetProperty("lowerPct").ValueKind == JsonValueKind.Number).ToList();
        Width(claims[^1]).ShouldBeLessThan(Width(claims[0]));

        static double Width(JsonElement claim) => claim.GetProperty("upperPct").GetDouble() - claim.GetProperty("lowerPct").GetDouble();
    }

    /// <summary>Pages and charts, each the same while events that were read once are not there any more: what has come since is read alone.</summary>
    async Task WhatWasReadIsNotReadAgain(Guid id)
    {
        List<int> paged = [];
        for (string? after = ""; after is not null;)
        {
            var page = await plane.Get($"/api/v2/experiments/{id}/windows?limit=777&after={after}");
            paged.AddRange(Items(page).Select(w => w.GetProperty("number").GetInt32()));
            after = page.GetProperty("next").GetString();
        }
        paged.ShouldBe(Enumerable.Range(2, 2000));
        // Read in several parts, the experiment of a past moment is what it is.
        var now = await plane.Get($"/api/v2/experiments/{id}");
        await using var database = Npgsql.NpgsqlDataSource.Create(plane.ConnectionString);
        await database.CreateCommand($"update phoenix.mt_events set timestamp = timestamp + interval '1 second' where stream_id = '{id}' and version > 1900").ExecuteNonQueryAsync();
        var between = (DateTime)(await database.CreateCommand($"select timestamp from phoenix.mt_events where stream_id = '{id}' and version = 1900").ExecuteScalarAsync())!;
        var then = await plane.Get($"/api/v2/experiments/{id}?at={Uri.EscapeDataString(new DateTimeOffset(between, TimeSpan.Zero).ToString("O"))}");
        (then.GetProperty("version").GetInt32(), now.GetProperty("version").GetInt32()).ShouldBe((1900, 2006));
        then.GetProperty("windows").GetInt32().ShouldBe(1896);

        await database.CreateCommand($"insert into phoenix.mt_streams (id, type, version) values ('{Guid.Empty}', 'experiment', 0)").ExecuteNonQueryAsync();
        foreach (var path in (string[])["windows?points=300", "windows?after=1500&limit=100", "guardrails"])
        {
            var before = (await plane.Get($"/api/v2/experiments/{id}/{path}")).GetRawText();
            await database.CreateCommand($"update phoenix.mt_events set stream_id = '{Guid.Empty}' where stream_id = '{id}' and version between 5 and 1400").ExecuteNonQueryAsync();
            (await plane.Get($"/api/v2/experiments/{id}/{path}")).GetRawText().ShouldBe(before);
            await database.CreateCommand($"update phoenix.mt_events set stream_id = '{id}' where stream_id = '{Guid.Empty}'").ExecuteNonQueryAsync();
        }
        await database.CreateCommand($"delete from phoenix.mt_streams where id = '{Guid.Empty}'").ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task guardrails_say_how_far_they_are()
    {
        var (id, agent) = await plane.Running(windows: 10);
        (await plane.Get($"/api/v2/experiments/{id}/guardrails")).GetArrayLength().ShouldBe(0);
        await agent.Report(id, Windows.Good(1), Windows.Good(2));
        var rails = (await Eventually.Get(() => plane.Get($"/api/v2/experiments/{id}/guardrails"), g => g.GetArrayLength() > 0 && g[0].GetProperty("window").GetInt32() == 2, "two windows")).EnumerateArray().ToList();
        rails.Select(r => r.GetProperty("guardrail").GetString()).ShouldBe(
            ["protectedRetention", "conservation", "dataLoss", "exportErrors", "addedDelay", "candidateCpu", "candidateMemory", "inputMismatch"]);
        rails.ShouldAllBe(r => !r.GetProperty("breached").GetBoolean() && r.GetProperty("windowsInARow").GetInt32() == 0);
        var memory = rails.Single(r => r.GetProperty("guardrail").GetString() == "candidateMemory");
        (memory.GetProperty("value").GetDouble(), memory.GetProperty("limit").GetDouble(), memory.GetProperty("unit").GetString()).ShouldBe((30 << 20, 512 << 20, "bytes"));
        memory.GetProperty("usedPct").GetDouble().ShouldBe(100 * 30.0 / 512, 1e-9);
        // 40 ms in five seconds.
        rails.Single(r => r.GetProperty("guardrail").GetString() == "candidateCpu").GetProperty("value").GetDouble().ShouldBe(0.8, 1e-9);

        await agent.Report(id, Windows.Good(3, conservationErrorPct: 3));
        await plane.UntilState(id, "rollingBack");
        var broken = (await plane.Get($"/api/v2/experiments/{id}/guardrails")).EnumerateArray().Single(r => r.GetProperty("guardrail").GetString() == "conservation");
        (broken.GetProperty("breached").GetBoolean(), broken.GetProperty("windowsInARow").GetInt32(), broken.GetProperty("value").GetDouble(), broken.GetProperty("worstWindow").GetInt32()).ShouldBe((true, 1, 3, 3));
        broken.GetProperty("usedPct").GetDouble().ShouldBe(3000, 1e-6);
        await (await plane.User.GetAsync($"/api/v2/experiments/{Guid.NewGuid()}/guardrails")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task an_experiment_leaves_as_a_table_and_as_a_document()
    {
        var (id, _) = await Measured("signoz-cloud-samples");
        var answer = await plane.User.GetAsync($"/api/v2/experiments/{id}/export?format=csv");
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/csv");
        answer.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("attachment");
        var lines = (await answer.Content.ReadAsStringAsync()).Split("\r\n");
        lines.Length.ShouldBe(27);
        lines[^1].ShouldBeEmpty();
        var names = lines[0].Split(',');
        string Of(string line, string name) => line.Split(',')[Array.IndexOf(names, name)];
        lines.Skip(1).Take(25).Select(l => int.Parse(Of(l, "number"))).Order().ShouldBe(Enumerable.Range(1, 25));
        var tenth = lines.Single(l => l.StartsWith("10,", StringComparison.Ordinal));
        (Of(tenth, "baseline.seriesActive"), Of(tenth, "candidate.seriesActive"), Of(tenth, "void"), Of(tenth, "observed.outcome"), Of(tenth, "saving.currency")).ShouldBe(("1000", "310", "false", "promote", "USD"));

        var document = await plane.Get($"/api/v2/experiments/{id}/export?format=json");
        document.GetProperty("experiment").GetProperty("id").GetGuid().ShouldBe(id);
        document.GetProperty("windows").GetRawText().ShouldBe((await plane.Get($"/api/v2/experiments/{id}/windows")).GetProperty("items").GetRawText());
        var timeline = await plane.Get($"/api/v2/experiments/{id}/timeline?limit=1000");
        document.GetProperty("events").EnumerateArray().Select(e => e.GetProperty("sequence").GetInt64()).ShouldBe(Items(timeline).Select(e => e.GetProperty("sequence").GetInt64()));
        document.GetProperty("decisions").GetArrayLength().ShouldBe(0);
        await (await plane.User.GetAsync($"/api/v2/experiments/{id}/export")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "format-invalid");
        await (await plane.User.GetAsync($"/api/v2/experiments/{Guid.NewGuid()}/export?format=csv")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }
}
