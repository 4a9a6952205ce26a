using Marten;
using Npgsql;
using Phoenix.Api.Budgets;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Usage;
using Phoenix.Projections.Fleet;
using Phoenix.Projections.Pipelines;

namespace Phoenix.Api.Usage;

/// <summary>
/// Adds the reports of each day that is over (UTC) up to one event for each pipeline version: what money rests on. A day of which reports came late is added up
/// anew, and corrected where that gives something else.
/// </summary>
/// <remarks>
/// Every node does this at its start, for all days that raw reports are kept of, and every hour for those of which reports came lately; they take turns by a lock.
/// Killed in between or done twice, the same reports give the same events.
/// </remarks>
public sealed class RecordUsage(
    IDocumentStore store, NpgsqlDataSource database, UsageSettings settings, EvaluateBudgets budgets, TimeProvider clock, ILogger<RecordUsage> log) : BackgroundService
{
    static readonly TimeSpan Every = TimeSpan.FromHours(1);

    /// <summary>After midnight (UTC): the last reports of a day come a little later than its end.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromHours(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        var since = DateTimeOffset.UnixEpoch;
        do
        {
            try
            {
                // Of what came while the last round ran, a little is looked at twice.
                var began = clock.GetUtcNow() - Every;
                await Record(since, stoppingToken);
                since = began;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogError(e, "What collectors took in could not be added up; the next attempt is in {Minutes} minutes", Every.TotalMinutes);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>Records the last two days that are over, and those before of which reports came since then.</summary>
    public async Task Record(DateTimeOffset since, CancellationToken cancellation)
    {
        var today = DateOnly.FromDateTime((clock.GetUtcNow() - Patience).UtcDateTime);
        foreach (var day in await UsageStore.DaysReported(database, since, today, cancellation))
            await InTurn(() => RecordDay(day, cancellation), cancellation);
        await InTurn(() => budgets.Evaluate(today, cancellation), cancellation);
    }

    /// <summary>One piece of work at a time over all nodes; each short enough for a transaction that waits meanwhile.</summary>
    async Task InTurn(Func<Task> work, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var turn = await connection.BeginTransactionAsync(cancellation);
        await using (var alone = new NpgsqlCommand("select pg_advisory_xact_lock(hashtext('phoenix.record_usage'))", connection))
            await alone.ExecuteNonQueryAsync(cancellation);
        await work();
        await turn.CommitAsync(cancellation);
    }

    async Task RecordDay(DateOnly day, CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        session.LastModifiedBy = EventMetadata.System;
        var hosts = await Known(session, await UsageStore.Day(database, day, cancellation), cancellation);
        var recorded = (await session.Query<UsageDay>().Where(d => d.Day == day).ToListAsync(cancellation)).Select(d => d.Pipeline);
        // A pipeline that was recorded and has no host any more is corrected too.
        foreach (var pipeline in recorded.Concat(hosts.Select(h => h.Pipeline)).Distinct())
        {
            var stream = await session.Events.FetchForExclusiveWriting<UsageDay>(
                StreamIds.Usage(day, pipeline.PipelineId, pipeline.Version, pipeline.ConfigurationHash), cancellation);
            stream.AppendMany(UsageDecisions.Record(stream.Aggregate, day, pipeline, [.. hosts.Where(h => h.Pipeline == pipeline)]).Events);
        }
        await session.SaveChangesAsync(cancellation);
    }

    /// <summary>What the hosts are by their labels and groups now, and which experiment gave them what they run.</summary>
    async Task<IReadOnlyList<HostUsage>> Known(
        IQuerySession session, IReadOnlyList<(string HostId, string Hash, double Seconds, long Missed, UsageTotals Input, UsageTotals Output, long WireBytes)> day, CancellationToken cancellation)
    {
        var labels = await database.Labels([.. day.Select(d => d.HostId).Distinct()], cancellation);
        var groups = (await session.Query<HostGroup>().ToListAsync(cancellation))
            .Select(g => (g.Name, Selector: LabelSelector.Parse(g.Selector).Selector!)).OrderBy(g => g.Name, StringComparer.Ordinal).ToList();
        var pipelines = (await session.Query<PipelineText>().OrderBy(p => p.Id).ToListAsync(cancellation))
            .SelectMany(p => p.Versions.Select(v => new UsagePipeline(p.Id, v.Version, p.Name, v.ConfigurationHash)))
            .DistinctBy(p => p.ConfigurationHash).ToDictionary(p => p.ConfigurationHash);
        var promoted = (await session.Query<Experiment>()
                .Where(x => x.State == ExperimentState.Promoting || x.State == ExperimentState.Promoted || x.State == ExperimentState.RollingBack || x.State == ExperimentState.RolledBack)
                .ToListAsync(cancellation))
            .Where(x => x.Verdict is { Outcome: VerdictOutcome.Promote }).OrderByDescending(x => x.StartedAt)
            .Select(x => (x.Candidate, Hosts: x.Hosts.ToHashSet(), Experiment: new UsageExperiment(x.Id, x.Name, x.PriceEntry), Before: BaselineShare.Of(x.Evidence))).ToList();
        return
        [
            .. day.Select(d =>
            {
                var of = labels.GetValueOrDefault(d.HostId) ?? new Dictionary<string, string>();
                var (candidate, _, experiment, before) = promoted.FirstOrDefault(p => p.Candidate.ConfigurationHash == d.Hash && p.Hosts.Contains(d.HostId));
                // Of pipelines with the same text, the one that an experiment put there; else the oldest.
                var pipeline = candidate is not null ? new(candidate.PipelineId, candidate.Version, candidate.Name, d.Hash)
                    : pipelines.GetValueOrDefault(d.Hash) ?? new UsagePipeline(null, 0, "(unknown)", d.Hash);
                return new HostUsage(d.HostId, pipeline, Label(of, settings.TeamLabel), Label(of, settings.ServiceLabel), [.. groups.Where(g => g.Selector.Matches(of)).Select(g => g.Name)],
                    experiment, before, d.Seconds, d.Missed, d.Input, d.Output, d.WireBytes);
            }),
        ];
    }

    internal static string Label(IReadOnlyDictionary<string, string> labels, string key) => labels.GetValueOrDefault(key) is { Length: > 0 } value ? value : UsageCell.None;
}
