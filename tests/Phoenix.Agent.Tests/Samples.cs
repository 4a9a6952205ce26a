using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

internal static class Samples
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static ArmWindow Window(long number, string epoch, string source = "p1", bool complete = true, long missed = 0, string? checksum = null, long first = 0, double? endsAt = null, int generation = 1, long untracked = 0)
    {
        var counts = new StreamCounts(1, 1, 1, 1, 1, 1, 1);
        var ended = Noon.AddSeconds((endsAt ?? number) * 10);
        return new ArmWindow(
            epoch, source, number, ended.AddSeconds(-10), ended, first, first + 9, 10, missed, complete,
            new ArmInput(counts, checksum ?? $"sum-{source}-{number}", 0), new ArmOutput(counts, 1, 0, 0), new ArmCost(1, 1),
            new LedgerWindow(0, 0, 0, 0, 0, null, null, 0, []), new ProtectedWindow(0, 0, []), [], generation, untracked);
    }

    public static CollectorStatus Status(CollectorArm arm = CollectorArm.Production, bool healthy = true, string hash = "h1", bool tee = true, DateTimeOffset? flow = null) =>
        new("e", 1, arm, hash, healthy, healthy ? null : "no batch came", Noon, flow ?? Noon, flow ?? Noon, 0, tee, 1, 1);

    public static CollectorState State(CollectorArm arm = CollectorArm.Production, string hash = "h1", DateTimeOffset? expiresAt = null, ProcessIdentity? process = null) =>
        new(arm is CollectorArm.Production ? "production" : "candidate-1", arm, hash, null, false, expiresAt, "production", null, process);
}
