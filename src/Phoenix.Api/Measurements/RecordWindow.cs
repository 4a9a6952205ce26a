using Marten;
using Npgsql;
using Phoenix.Api.Experiments;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Pricing;
using Phoenix.Contracts;
using Phoenix.Domain;
using Phoenix.Domain.Experiments;
using Wolverine;

namespace Phoenix.Api.Measurements;

/// <summary>A host reported a window of the experiment.</summary>
public sealed record WindowReported(Guid ExperimentId, int Number);

/// <summary>Timer: hosts that have not reported the window by now are left out of it.</summary>
public sealed record CloseWindow(Guid ExperimentId, int Number);

public static class RecordWindowHandler
{
    public static async Task<OutgoingMessages> Handle(WindowReported message, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellation)
    {
        if (await session.LoadAsync<Experiment>(message.ExperimentId, cancellation) is not { } experiment) return [];
        var reports = await WindowStore.Read(database, message.ExperimentId, message.Number, cancellation);
        return reports.Count >= experiment.Hosts.Count
            ? await Record(message.ExperimentId, message.Number, reports, session, clock, cancellation)
            // Two window lengths: a host that lost its connection for a moment still counts.
            : [new CloseWindow(message.ExperimentId, message.Number).DelayedFor(experiment.Plan.Window * 2)];
    }

    public static async Task<OutgoingMessages> Handle(CloseWindow message, IDocumentSession session, NpgsqlDataSource database, TimeProvider clock, CancellationToken cancellation) =>
        await Record(message.ExperimentId, message.Number,
            await WindowStore.Read(database, message.ExperimentId, message.Number, cancellation), session, clock, cancellation, closing: true);

    static async Task<OutgoingMessages> Record(
        Guid experimentId, int number, IReadOnlyDictionary<string, WindowReport> reports, IDocumentSession session, TimeProvider clock, CancellationToken cancellation,
        bool closing = false)
    {
        session.StampDecision();
        var (measured, voided) = WindowSums.Over(number, reports);
        // The window may be the last one that was needed, and then its verdict is priced.
        var prices = await session.PriceBook(cancellation);
        return await ExperimentProcess.Decide(experimentId, session, x =>
        {
            // Who did not report in time is named, not left out in silence.
            var missing = closing ? x.Hosts.Where(h => !reports.ContainsKey(h)).Select(h => new WindowVoided(number, h, "not-reported")) : [];
            List<WindowVoided> all = [.. voided, .. missing];
            return measured is null && all.Count == 0 ? Decision.Nothing : ExperimentDecisions.Record(x, measured, all, prices.PriceOf(x.PriceEntry, clock.Today()).Price);
        }, cancellation);
    }
}
