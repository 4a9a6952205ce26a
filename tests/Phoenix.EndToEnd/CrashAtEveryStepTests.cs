using System.Text.Json.Nodes;
using Npgsql;

namespace Phoenix.EndToEnd;

/// <summary>
/// The control plane is killed before every step of an experiment, from its start over its promotion to its rollback: the database holds the transaction that would
/// append the next event until the process that sent it is dead. Each step is then done once, by a process that was not there when it was due.
/// </summary>
public sealed class CrashAtEveryStepTests : EndToEndTest
{
    /// <summary>Ten windows, of which the first few are killed at: the deadline comes after a hundred seconds.</summary>
    private static readonly Plan Plan = new(2, 20, 2);

    private const string WindowsKilledAt = "2";

    /// <summary>A transaction waits before its first event of an experiment or a deployment, unless it was killed there before.</summary>
    private const string Gate =
        $$"""
        create table public.killed_at(stream uuid, version bigint, type text, primary key (stream, version, type));
        create function public.wait_to_be_killed() returns trigger language plpgsql as $body$
        begin
            if coalesce(current_setting('test.passed', true), '') <> '' then return null; end if;
            if not exists (select from public.killed_at k where k.stream = new.stream_id and k.version = new.version and k.type = new.type)
                and not (new.type in ('window_measured', 'window_voided') and (select count(*) from public.killed_at k where k.type = new.type) >= {{WindowsKilledAt}}) then
                perform set_config('application_name', 'waits ' || replace(new.stream_id::text, '-', '') || ' ' || new.version || ' ' || new.type, false);
                perform pg_sleep(600);
            end if;
            perform set_config('test.passed', 'yes', true);
            return null;
        end $body$;
        create trigger wait_to_be_killed after insert on phoenix.mt_events for each row
            when (new.type in ('experiment_started', 'variants_applied', 'warm_up_ended', 'window_measured', 'window_voided', 'verdict_reached', 'candidate_removed', 'experiment_completed',
                'promotion_requested', 'deployment_requested', 'wave_started', 'hosts_deployed', 'wave_completed', 'wave_judged', 'variant_promoted', 'experiment_promoted',
                'rollback_requested', 'baseline_restored', 'experiment_rolled_back'))
            execute function public.wait_to_be_killed();
        """;

    [Fact(Timeout = 600_000)]
    public async Task an_experiment_comes_to_its_end_although_the_control_plane_is_killed_before_every_step()
    {
        var everything = await GoLiveAsync();
        var topK = await Api.PublishAsync("top-k", Stack.Pipelines.Folding);
        var drafted = await Api.PostAsync("experiments", new
        {
            name = "killed at every step", baseline = new { pipelineId = everything, version = 1 }, candidate = new { pipelineId = topK, version = 1 },
            hosts = new[] { Stack.Host }, plan = Plan, criteria = new { minSeriesReductionPct = 10, claim = "observed" },
            protectedMetrics = new[] { PipelineTexts.Protected }, priceEntry = "signoz-cloud-samples",
        });
        var id = drafted!["id"]!.GetValue<Guid>();
        await Stack.Database.ExecuteAsync(Gate);

        using var ended = new CancellationTokenSource();
        var killing = KillBeforeEveryStepAsync(ended.Token);
        try
        {
            await UntilAsync(id, "start", "completed");
            (await ReadAsync(id))["verdict"]!["outcome"]!.GetValue<string>().ShouldBe("promote");
            await UntilAsync(id, "promote", "promoted");
            await UntilAsync(id, "rollback", "rolledBack");
        }
        finally
        {
            await ended.CancelAsync();
        }

        var killed = await killing;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', killed));
        // Every step was killed at, and each was done once all the same.
        foreach (var type in (string[])["experiment_started", "variants_applied", "warm_up_ended", "window_measured", "candidate_removed", "promotion_requested",
            "wave_started", "hosts_deployed", "wave_judged", "variant_promoted", "experiment_promoted", "rollback_requested", "baseline_restored"])
        {
            killed.ShouldContain(type);
        }

        var story = await Eventually.GetAsync(() => Api.AuditAsync(id), s => s.Any(e => e.Type == "experiment_rolled_back"), "the audit log", 60);
        foreach (var type in (string[])["experiment_started", "variants_applied", "warm_up_ended", "verdict_reached", "candidate_removed", "experiment_completed", "promotion_requested",
            "deployment_requested", "wave_started", "hosts_deployed", "wave_completed", "wave_judged", "deployment_completed", "variant_promoted", "experiment_promoted",
            "rollback_requested", "baseline_restored", "experiment_rolled_back"])
        {
            story.Count(e => e.Type == type).ShouldBe(1, type);
        }

        // One task for each purpose, each with one accepted end.
        story.Count(e => e.Type == "task_queued").ShouldBe(4);
        story.Count(e => e.Type == "task_succeeded").ShouldBe(4);
        var status = (await Stack.StatusAsync(Stack.Production)).ShouldNotBeNull();
        status["configurationHash"]!.GetValue<string>().ShouldBe((await ReadAsync(id))["baseline"]!["configurationHash"]!.GetValue<string>());
        Stack.Collectors.Count.ShouldBe(1);
        await ShouldHaveNoGapAsync();
    }

    /// <summary>Types of the events before which the control plane was killed.</summary>
    private async Task<List<string>> KillBeforeEveryStepAsync(CancellationToken ended)
    {
        List<string> killed = [];
        await using var connection = new NpgsqlConnection(Stack.Database.ConnectionString);
        await connection.OpenAsync(CancellationToken.None);
        while (!ended.IsCancellationRequested)
        {
            await using var waiting = new NpgsqlCommand("select application_name from pg_stat_activity where datname = current_database() and application_name like 'waits %' limit 1", connection);
            if (await waiting.ExecuteScalarAsync(CancellationToken.None) is not string where)
            {
                await Task.Delay(50, CancellationToken.None);
                continue;
            }

            await Stack.ApiProcess.KillAsync();
            var step = where.Split(' ');
            await using var note = new NpgsqlCommand("insert into public.killed_at values ($1, $2, $3)", connection)
            {
                Parameters = { new() { Value = Guid.Parse(step[1]) }, new() { Value = long.Parse(step[2], System.Globalization.CultureInfo.InvariantCulture) }, new() { Value = step[3] } },
            };
            await note.ExecuteNonQueryAsync(CancellationToken.None);
            await using var end = new NpgsqlCommand("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'waits %'", connection);
            await end.ExecuteNonQueryAsync(CancellationToken.None);
            killed.Add(step[3]);
            await Stack.StartApiAsync();
        }

        return killed;
    }

    /// <summary>Says it until it is so, as a person would who gets no answer.</summary>
    private async Task UntilAsync(Guid id, string command, string state)
    {
        await Eventually.GetAsync(async () =>
        {
            try
            {
                using var answer = await Api.PostRawAsync($"/api/v2/experiments/{id}/{command}", command == "promote" ? new { reason = "", rollout = new { soakSeconds = 3 } } : new { reason = "" });
                // Accepted, or accepted before without an answer.
                return answer.StatusCode is System.Net.HttpStatusCode.Accepted or System.Net.HttpStatusCode.Conflict;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        }, said => said, command, 120);
        await Eventually.GetAsync(() => TryReadAsync(id), x => x?["state"]!.GetValue<string>() == state, $"state {state}", 300);
    }

    private async Task<JsonNode?> TryReadAsync(Guid id)
    {
        try
        {
            return await Api.TryReadAsync($"experiments/{id}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or InvalidOperationException)
        {
            return null;
        }
    }

    private async Task<JsonNode> ReadAsync(Guid id) => await Eventually.GetAsync(() => TryReadAsync(id), x => x is not null, "the experiment", 120) ?? throw new InvalidOperationException();
}
