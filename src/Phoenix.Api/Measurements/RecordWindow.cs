using Marten;
using Npgsql;
using Phoenix.Api.Experiments;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Domain;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Statistics;
using Wolverine;

namespace Phoenix.Api.Measurements;

/// <summary>A host reported a window of the experiment.</summary>
public sealed record WindowReported(Guid ExperimentId, int Number);

/// <summary>Timer: hosts that have not reported the window by now are left out of it.</summary>
public sealed record CloseWindow(Guid ExperimentId, int Number);

public static class RecordWindowHandler
{
    public static async Task<OutgoingMessages> Handle(
        WindowReported message, IDocumentSession session, MeasuredExperiments experiments, NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellation)
    {
        if (await experiments.Find(message.ExperimentId, session, cancellation) is not { } experiment) return [];
        return await WindowStore.Count(database, message.ExperimentId, message.Number, cancellation) >= experiment.Hosts.Count
            ? await Record(message.ExperimentId, message.Number, session, database, clock, closing: false, cancellation)
            // Two window lengths: a host that lost its connection for a moment still counts.
            : [new CloseWindow(message.ExperimentId, message.Number).DelayedFor(experiment.Window * 2)];
    }

    public static Task<OutgoingMessages> Handle(CloseWindow message, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellation) =>
        Record(message.ExperimentId, message.Number, session, database, clock, closing: true, cancellation);

    /// <summary>What each host of a sample adds up to; null where the hosts are no sample.</summary>
    public static async Task<IReadOnlyList<HostOutcome>?> Outcomes(Experiment x, NpgsqlDataSource database, CancellationToken cancellation) =>
        x is { Sample: not null, WarmUpWindow: { } warmUp } ? await WindowStore.Outcomes(database, x.Id, warmUp, cancellation) : null;

    static async Task<OutgoingMessages> Record(
        Guid experimentId, int number, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, bool closing, CancellationToken cancellation)
    {
        // Before the reports are read, which are many: most windows are complete when their time to be closed comes.
        if (await session.LoadAsync<Experiment>(experimentId, cancellation) is not { } now || now.RecordedWindows.Contains(number)) return [];
        session.StampDecision();
        // Hosts that were left out may have begun to measure.
        var reports = (await WindowStore.Read(database, experimentId, number, cancellation)).Where(r => !now.LeftOut.Contains(r.Key)).ToDictionary(r => r.Key, r => r.Value);
        var (measured, voided) = WindowSums.Over(number, reports, now.Hosts.Count);
        return await ExperimentProcess.Decide(experimentId, session, async x =>
        {
            // Who did not report in time is named, not left out in silence.
            var missing = closing ? x.Hosts.Where(h => !reports.ContainsKey(h)).Select(h => new WindowVoided(number, h, "not-reported")) : [];
            List<WindowVoided> all = [.. voided, .. missing];
            if (measured is null && all.Count == 0) return Decision.Nothing;
            var decision = ExperimentDecisions.Record(x, measured, all, null);
            // Book and hosts are asked where a verdict is due; of a fleet nothing is known before its hosts are looked at.
            return !decision.Events.Any(e => e is VerdictReached) ? decision
                : ExperimentDecisions.Record(x, measured, all, (await session.PriceBook(cancellation)).PriceOf(x.PriceEntry, clock.Today()).Price, await Outcomes(x, database, cancellation));
        }, cancellation);
    }
}
