namespace Phoenix.Domain.Usage;

public enum LedgerDimension
{
    Day,
    Experiment,
    Pipeline,

    /// <summary>A host counts in every group that it belongs to: rows overlap, and their sum can be more than the total.</summary>
    Group,

    Team,
    Service,
}

/// <summary>What the cells of one row of the ledger come to.</summary>
/// <param name="Key">What the row is of: a day, a name and version, a label's value; <c>(none)</c> where there is none.</param>
/// <param name="Id">Of the experiment or pipeline; null for everything else.</param>
/// <param name="Before">Sums over days of what would have been sent; series are the days' means, added.</param>
/// <param name="After">The same of what was sent.</param>
/// <param name="HostDays">Hosts, each day and pipeline anew.</param>
public sealed record LedgerRow(string Key, Guid? Id, int Days, int HostDays, Sent Before, Sent After, decimal Cost, decimal Saved, long MissedWindows)
{
    /// <summary>Both together.</summary>
    /// <param name="other">Of other days.</param>
    public LedgerRow And(LedgerRow other) => this with
    {
        Days = Days + other.Days, HostDays = HostDays + other.HostDays, Before = Before + other.Before, After = After + other.After,
        Cost = Cost + other.Cost, Saved = Saved + other.Saved, MissedWindows = MissedWindows + other.MissedWindows,
    };
}

/// <summary>Adds cells of the ledger up. A cell counts once in the total, whatever the dimension, and once in each row that it belongs to.</summary>
public static class LedgerTotals
{
    public static LedgerRow Total(IReadOnlyCollection<LedgerCell> cells) => Row("total", null, cells);

    /// <summary>Rows by key.</summary>
    public static IReadOnlyList<LedgerRow> By(LedgerDimension dimension, IEnumerable<LedgerCell> cells) =>
    [
        .. cells.SelectMany(c => Keys(dimension, c).Select(key => (key.Key, key.Id, Cell: c)))
            .GroupBy(c => (c.Key, c.Id), (of, all) => Row(of.Key, of.Id, [.. all.Select(c => c.Cell)]))
            .OrderBy(r => r.Key, StringComparer.Ordinal).ThenBy(r => r.Id),
    ];

    static IEnumerable<(string Key, Guid? Id)> Keys(LedgerDimension dimension, LedgerCell c) => dimension switch
    {
        LedgerDimension.Day => [(c.Day.ToString("yyyy-MM-dd", null), null)],
        LedgerDimension.Experiment => [(c.Cell.Experiment?.Name ?? UsageCell.None, c.Cell.Experiment?.Id)],
        LedgerDimension.Pipeline => [(c.Pipeline.PipelineId is null ? c.Pipeline.Name : $"{c.Pipeline.Name} v{c.Pipeline.Version}", c.Pipeline.PipelineId)],
        LedgerDimension.Team => [(c.Cell.Team, null)],
        LedgerDimension.Service => [(c.Cell.Service, null)],
        _ => c.Cell.Groups.Count == 0 ? [(UsageCell.None, null)] : c.Cell.Groups.Select(g => (g, (Guid?)null)),
    };

    static LedgerRow Row(string key, Guid? id, IReadOnlyCollection<LedgerCell> cells) => new(
        key, id, cells.Select(c => c.Day).Distinct().Count(), cells.Sum(c => c.Cell.Hosts), cells.Aggregate(Sent.Nothing, (sum, c) => sum + c.Before),
        cells.Aggregate(Sent.Nothing, (sum, c) => sum + c.After), cells.Sum(c => c.Cost), cells.Sum(c => c.Saved), cells.Sum(c => c.Cell.MissedWindows));
}
