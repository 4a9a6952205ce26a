namespace Phoenix.EndToEnd;

/// <summary>What must hold of tasks whatever was killed, read from the event log alone.</summary>
internal static class TaskLog
{
    private static readonly string[] Ends = ["task_succeeded", "task_dead_lettered", "task_cancelled"];

    /// <summary>Every task has exactly one accepted end, leases only rise, and no lease was given twice.</summary>
    public static void ShouldBeSound(IReadOnlyList<AuditEntry> log)
    {
        var tasks = log.Where(e => e.Type.StartsWith("task_", StringComparison.Ordinal)).GroupBy(e => e.StreamId).ToList();
        tasks.ShouldNotBeEmpty();
        foreach (var task in tasks)
        {
            var events = task.OrderBy(e => e.Sequence).ToList();
            var history = string.Join(", ", events.Select(e => e.Type));
            events[0].Type.ShouldBe("task_queued", history);
            events.Count(e => Ends.Contains(e.Type)).ShouldBe(1, history);
            Ends.ShouldContain(events[^1].Type, history);
            var leases = Leases(events);
            leases.ShouldBeInOrder(SortDirection.Ascending, history);
            var end = events[^1];
            if (end.Type == "task_succeeded")
            {
                end.Data.GetProperty("lease").GetInt64().ShouldBe(leases[^1], "the accepted result is of the newest lease");
            }
        }

        var all = tasks.SelectMany(Leases).ToList();
        all.Distinct().Count().ShouldBe(all.Count, "a lease was given twice");
    }

    private static List<long> Leases(IEnumerable<AuditEntry> events) =>
        [.. events.Where(e => e.Type == "task_assigned").Select(e => e.Data.GetProperty("lease").GetInt64())];
}
