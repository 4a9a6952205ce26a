using Phoenix.Fuzz;

namespace Phoenix.Telemetry.Tests;

/// <summary>Runs what fuzzing begins with and what it has found (see build/fuzz) through the same laws.</summary>
public class FuzzReplayTests
{
    private static readonly string Seeds = Path.Combine(AppContext.BaseDirectory, "seeds");

    public static TheoryData<string> Targets => [.. FuzzTarget.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void every_seed_and_every_finding_holds(string name)
    {
        var target = FuzzTarget.All.Single(t => t.Name == name);
        var files = Directory.GetFiles(Path.Combine(Seeds, name));
        files.ShouldNotBeEmpty();
        foreach (var file in files)
            Should.NotThrow(() => target.Run(File.ReadAllBytes(file)), Path.GetFileName(file));
    }

    [Fact]
    public void a_broken_law_is_a_finding() =>
        Should.Throw<LawBrokenException>(() => new FuzzTarget("grows", static input => GC.KeepAlive(new byte[100 << 20])).Run([1]));
}
