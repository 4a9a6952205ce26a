using System.Globalization;

namespace Phoenix.EndToEnd;

/// <summary>What an idle host pays for being looked after, by <c>VmRSS</c>.</summary>
public sealed class ResidentMemoryTests : EndToEndTest
{
    private const double Mega = 1_000_000;

    [Fact(Timeout = 300_000)]
    public async Task an_idle_agent_holds_at_most_28_MB_and_an_idle_collector_30_MB()
    {
        await GoLiveAsync();
        var tick = Stack.Sink.LastTick(Shop.ScrapeTicks);
        await Eventually.TrueAsync(() => Stack.Sink.LastTick(Shop.ScrapeTicks) >= tick + 10, "ten scrapes without an experiment", 60);

        var agent = Processes.ResidentBytes(Stack.Agent.Id);
        var collector = Processes.ResidentBytes(Stack.CollectorPid(Stack.Production)!.Value);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"resident: agent {agent / Mega:0.0} MB, production collector {collector / Mega:0.0} MB"));
        // Bounds against a relapse: two thirds of the agent are pages of its program and of libraries, which the system drops where it needs them.
        (agent / Mega).ShouldBeLessThanOrEqualTo(28);
        (collector / Mega).ShouldBeLessThanOrEqualTo(30);
    }
}
