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
/// Every node does this at its start and every hour, for the days that need it; they take turns by a lock. Killed in between or done twice, the same reports give
/// the same events.
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
        do
        {
            try
            {
                await Record(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                log.LogError(e, "What collectors took in could not be added up; the next attempt is in {Minutes} minutes", Every.TotalMinutes);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <summary>
    /// Records the last two days that are over, and those before of which reports came since. A day that cannot be added up is logged and tried again in an hour;
    /// the others, and budgets, go on.
    /// </summary>
    public async Task Record(CancellationToken cancellation)
    {
        var today = DateOnly.FromDateTime((clock.GetUtcNow() - Patience).UtcDateTime);
        try
        {
            foreach (var day in await UsageStore.DaysToAdd(database, today, settings.RetentionDays, cancellation))
                try
                {
                    await InTurn(() => AddUp(day, cancellation), cancellation);
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    log.LogError(e, "What collectors took in on {Day} could not be added up; the next attempt is in {Minutes} minutes", day, Every.TotalMinutes);
                }
        }
        finally
        {
            await budgets.Evaluate(today, cancellation);
        }
    }

    async Task AddUp(DateOnly day, CancellationToken cancellation)
    {
        var until = await UsageStore.SeenUntil(database, cancellation);
        await RecordDay(day, cancellation);
        await UsageStore.Added(database, day, until, settings.RetentionDays, cancellation);
    }

    /// <summary>One day at a time over all nodes. The lock's transaction waits meanwhile, which the server must allow for; it holds nothing else.</summary>
    async Task InTurn(Func<Task> work, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var turn = await connection.BeginTransactionAsync(cancellation);
        await using (var alone = new NpgsqlCommand("set local idle_in_transaction_session_timeout = '30min'; select pg_advisory_xact_lock(hashtext('phoenix.record_usage'))", connection))
        {
            // Another node may be adding up a long day.
            alone.CommandTimeout = 1_800;
            await alone.ExecuteNonQueryAsync(cancellation);
        }
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
            // By what was done, not by the verdict: some are promoted against it.
            .Where(x => x.PromotedFrom is not null).OrderByDescending(x => x.StartedAt)
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
