namespace Phoenix.Api.Tests;

[Collection(nameof(ControlPlane))]
public sealed class BufferedWindowsTests(ControlPlane plane)
{
    [Fact]
    public async Task windows_that_an_agent_had_to_keep_for_long_are_all_recorded_when_they_arrive_at_once()
    {
        const int Windows = 60;
        var (id, agent) = await plane.Running(windows: Windows);
        await agent.Report(id, [.. Enumerable.Range(1, Windows + 1).Select(n => Tests.Windows.Good(n))]);
        var completing = await plane.UntilState(id, "completing");
        completing.GetProperty("windows").GetInt32().ShouldBe(Windows);
        completing.GetProperty("verdict").GetProperty("outcome").GetString().ShouldBe("promote");
    }
}
