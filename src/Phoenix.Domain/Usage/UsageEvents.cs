using Phoenix.Domain.Experiments;

namespace Phoenix.Domain.Usage;

/// <summary>What hosts that ran one pipeline version as production took in and sent on one day (UTC), added up when the day was over.</summary>
/// <param name="Cells">By experiment, team, service and groups; in a fixed order.</param>
public sealed record UsageRecorded(DateOnly Day, UsagePipeline Pipeline, IReadOnlyList<UsageCell> Cells);

/// <summary>
/// The day was added up anew, because reports came late or hosts were said to be somebody else's. In full: what was recorded before counts no more;
/// without cells where nothing of it is this pipeline's any more.
/// </summary>
public sealed record UsageCorrected(DateOnly Day, UsagePipeline Pipeline, IReadOnlyList<UsageCell> Cells);

/// <param name="Name">And version; <c>(unknown)</c> where the configuration is of no published version.</param>
/// <param name="ConfigurationHash">What ran; empty where the agent did not know it any more.</param>
public sealed record UsagePipeline(Guid? PipelineId, int Version, string Name, string ConfigurationHash);

/// <summary>Hosts that are alike in everything that the ledger tells apart, each host in one cell of a pipeline and day.</summary>
/// <param name="Experiment">The experiment that made the pipeline these hosts' production; null where none did.</param>
/// <param name="Team">The hosts' label; <see cref="None"/> where they have none.</param>
/// <param name="Service">The hosts' label; <see cref="None"/> where they have none.</param>
/// <param name="Groups">Every group that the hosts belong to, sorted.</param>
/// <param name="Hosts">That reported anything.</param>
/// <param name="Seconds">Sum over hosts of what their windows covered.</param>
/// <param name="MissedWindows">Windows that agents came too late for: nothing stands for them.</param>
/// <param name="Before">What the experiment's windows said of the pipeline before; null where there was no experiment, or its windows did not tell what came in.</param>
public sealed record UsageCell(
    UsageExperiment? Experiment, string Team, string Service, IReadOnlyList<string> Groups, int Hosts, double Seconds, long MissedWindows,
    UsageTotals Input, UsageTotals Output, long WireBytes, BaselineShare? Before)
{
    /// <summary>What stands where hosts have no label, or belong to no group.</summary>
    public const string None = "(none)";

    /// <summary>Records compare lists by reference; the same cell told again is the same.</summary>
    public bool SameAs(UsageCell other) => this with { Groups = other.Groups } == other && Groups.SequenceEqual(other.Groups, StringComparer.Ordinal);
}

/// <param name="PriceEntry">What valued the experiment.</param>
public sealed record UsageExperiment(Guid Id, string Name, string PriceEntry);

/// <param name="SeriesSeconds">Live classic Prometheus series times the seconds that they were.</param>
public sealed record UsageTotals(long Points, long Samples, long Bytes, double SeriesSeconds)
{
    public static readonly UsageTotals Zero = new(0, 0, 0, 0);

    /// <exception cref="OverflowException">The sum is no number that an event could hold.</exception>
    public static UsageTotals operator +(UsageTotals a, UsageTotals b) => checked(
        new(a.Points + b.Points, a.Samples + b.Samples, a.Bytes + b.Bytes, a.SeriesSeconds + b.SeriesSeconds));
}

/// <summary>How much of its input the pipeline before sent, by the counted windows of the experiment: 1 where it reduced nothing.</summary>
/// <param name="WirePerInputByte">Bytes on the wire for a byte that came in, encoding and compression included.</param>
public sealed record BaselineShare(double Series, double Samples, double WirePerInputByte)
{
    /// <summary>Null where windows did not tell what came in, or nothing did.</summary>
    public static BaselineShare? Of(Evidence evidence) =>
        evidence is { Input: { SeriesActive: > 0, Samples: > 0, Bytes: > 0 } input }
            ? new((double)evidence.Baseline.SeriesActive / input.SeriesActive, (double)evidence.Baseline.Samples / input.Samples,
                (double)evidence.Baseline.WireBytes / input.Bytes)
            : null;
}
