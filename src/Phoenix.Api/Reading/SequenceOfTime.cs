using Phoenix.Projections;

namespace Phoenix.Api.Reading;

/// <summary>
/// Which numbers the events of a span of time have, by the index on time. Numbers rise with time but for a little, and nearly every index of the log ends with the number: a
/// span that is said in numbers as well is gone to at once, where a condition on time alone is tried on every event before it.
/// </summary>
static class SequenceOfTime
{
    /// <summary>Appends overtake each other, and nodes' clocks differ, by less than this.</summary>
    const string Slack = "5 minutes";

    /// <summary>One event of those at the edge could be out of order; so many are not.</summary>
    const int Looked = 1000;

    const string Events = EventStoreOptions.Schema + ".mt_events";

    /// <summary>SQL of a number that no event from the moment on lies below; null where there is no such event.</summary>
    /// <param name="from">SQL of the moment.</param>
    public static string First(string from) =>
        $"""(select min(edge.seq_id) from (select seq_id from {Events} where "timestamp" >= {from} - interval '{Slack}' order by "timestamp" limit {Looked}) edge)""";

    /// <summary>SQL of a number that no event before the moment lies above; null where there is no such event.</summary>
    /// <param name="until">SQL of the moment.</param>
    public static string Last(string until) =>
        $"""(select max(edge.seq_id) from (select seq_id from {Events} where "timestamp" < {until} + interval '{Slack}' order by "timestamp" desc limit {Looked}) edge)""";
}
