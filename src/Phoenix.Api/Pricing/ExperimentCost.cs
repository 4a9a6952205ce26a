using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Api.Measurements;
using Phoenix.Api.Reading;
using Phoenix.Domain;
using Phoenix.Domain.Experiments;
using Phoenix.Domain.Pricing;
using Phoenix.Projections;
using Phoenix.Projections.Experiments;
using Wolverine.Http;

namespace Phoenix.Api.Pricing;

/// <param name="On">Day of the prices and rates.</param>
/// <param name="Windows">Counted windows that the figures rest on.</param>
/// <param name="RanHours">How long candidates ran; until the moment where they still did.</param>
/// <param name="Candidates">Mean of what the candidates' collectors of all hosts took together.</param>
/// <param name="EvaluationBytes">What the windows that had been reported take in the database, as far as they are kept.</param>
/// <param name="Cost">What the experiment costs by itself, once.</param>
/// <param name="VerdictSaving">As the verdict priced it on its day; null where there is none.</param>
/// <param name="Saving">The marginal saving by the prices of <paramref name="On"/>; null where nothing can be priced.</param>
/// <param name="Running">What the candidate's pipeline takes more than the baseline's; negative where less.</param>
/// <param name="Net">What is left of the saving; null where there is no saving to tell.</param>
/// <param name="WhyNoNet">Why there is none.</param>
/// <param name="Gaps">What the figures do not know.</param>
public sealed record ExperimentCostView(
    DateOnly On, int Windows, double RanHours, OperatorRates Rates, ResourceUse Candidates, double EvaluationBytes, ExperimentCost Cost, Saving? VerdictSaving,
    MarginalSaving? Saving, ResourceUse Running, NetSaving? Net, Rejection? WhyNoNet, IReadOnlyList<string> Gaps);

public static class ExperimentCostEndpoint
{
    /// <summary>
    /// What the experiment itself costs at the operator's rates, and what is left of its saving. Computed from the windows measured. 409
    /// <c>operator-rates-missing</c> where nobody has said what own resources cost, 409 <c>nothing-measured</c> before the first window counts.
    /// </summary>
    /// <param name="on">Day of the prices and rates, as they are written down now; that of the moment where left out.</param>
    /// <param name="at">A past moment: of what had been measured then. Now where left out.</param>
    [WolverineGet("/api/v2/experiments/{id}/cost"), Tags("Prices"), ProducesResponseType<ExperimentCostView>(200), ProducesResponseType(404), ProducesResponseType(409), ProducesResponseType(422)]
    public static async Task<IResult> Get(
        Guid id, IQuerySession session, ExperimentHistories histories, NpgsqlDataSource database, IConfiguration configuration, TimeProvider clock, DateOnly? on, DateTimeOffset? at,
        CancellationToken cancellation)
    {
        if (AsOf.Refused(at) is { } refused) return refused;
        if (await histories.Load(session, id, at, cancellation) is not { } x) return Problems.NotFound("experiment", id);
        if (x.Evidence.Windows == 0 || x.StartedAt is not { } started)
            return Problems.Of(409, "nothing-measured", "No window counts as evidence yet; ask again after the warm-up.");
        var moment = (at ?? clock.GetUtcNow()).ToUniversalTime();
        var day = on ?? DateOnly.FromDateTime(moment.UtcDateTime);
        var book = await session.PriceBook(cancellation);
        var (rates, missing) = book.OwnRatesOn(day);
        if (missing is not null) return missing.ToProblem();

        // Of now everything counts, by whichever clock.
        var seen = at is null ? DateTimeOffset.MaxValue : moment;
        var until = await CandidatesGone(database, id, seen, cancellation);
        var ran = (until ?? moment) - started;
        var bytes = await EvaluationBytes(database, id, seen, cancellation);
        var kept = TimeSpan.FromDays(WindowPartitions.Retention(configuration));
        var footprint = MeasuredCost.Footprint(x.Evidence, ran, bytes, kept);
        var (cost, wrong) = ExperimentCost.Of(footprint, rates!, null, null, null, book.Rates, day);
        if (wrong is not null) return wrong.ToProblem();

        var (price, unpriced) = book.PriceOf(x.PriceEntry, day);
        var claim = x.Verdict is null ? null : Verdicts.Claims(x).FirstOrDefault(c => c.Claim == VerdictClaim.Hosts);
        var (saving, unsaved) = price is null ? (null, unpriced) : MeasuredCost.Saving(price, x.Evidence, x.Hosts.Count, claim);
        var running = MeasuredCost.Running(x.Evidence);
        var (net, unreckoned) = saving is null ? (null, unsaved) : NetSaving.Of(saving, running, rates!, cost!, book.Rates, day);
        return TypedResults.Ok(new ExperimentCostView(
            day, x.Evidence.Windows, ran.TotalHours, rates!, footprint.Candidates, bytes, cost!, x.Verdict?.Saving, saving, running, net, unreckoned, [.. Gaps(x, until, kept)]));
    }

    /// <summary>When the last host had ended its candidate the first time; null while one runs.</summary>
    static async Task<DateTimeOffset?> CandidatesGone(NpgsqlDataSource database, Guid id, DateTimeOffset moment, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"select min(timestamp) from {EventStoreOptions.Schema}.mt_events where stream_id = $1 and type in ({ExperimentSummaries.CandidateEnds}) and timestamp <= $2");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = moment });
        return await command.ExecuteScalarAsync(cancellation) is DateTime gone ? new DateTimeOffset(gone, TimeSpan.Zero) : null;
    }

    static async Task<double> EvaluationBytes(NpgsqlDataSource database, Guid id, DateTimeOffset moment, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand($"select coalesce(sum(pg_column_size(w.*)), 0)::float8 from {WindowStore.TableName} w where experiment_id = $1 and reported_at <= $2");
        command.Parameters.Add(new() { Value = id });
        command.Parameters.Add(new() { Value = moment });
        return (double)(await command.ExecuteScalarAsync(cancellation))!;
    }

    static IEnumerable<string> Gaps(Experiment x, DateTimeOffset? until, TimeSpan kept)
    {
        yield return "what the production collectors take more to feed the candidates is in the baseline's figure and not told apart";
        yield return $"kept windows are those that the database holds now; they go after {kept.TotalDays:0} days, events stay";
        if (until is null) yield return "candidates still run: the cost goes on";
        if (x.VoidWindows > 0) yield return $"{x.VoidWindows} windows of single hosts said nothing; the mean of the others stands for them";
    }
}
