namespace Phoenix.Agent.Tests;

public sealed class FlowReporterTests
{
    /// <summary>How long the control plane counts a report, and how long it asks agents to be quiet at most.</summary>
    static readonly TimeSpan Counted = TimeSpan.FromSeconds(200), Quiet = TimeSpan.FromSeconds(165);

    [Theory]
    [InlineData("new", "old", 0, true)]
    [InlineData("same", "same", 0, false)]
    [InlineData("same", "same", 119, false)]
    [InlineData("same", "same", 120, true)]
    [InlineData("", "", 9_999, false)]
    [InlineData("", "gone", 0, true)]
    public void what_was_told_is_told_again_while_it_stands_and_nothing_is_not(string newest, string told, double seconds, bool due) =>
        FlowReporter.IsDue(newest, told, TimeSpan.FromSeconds(seconds)).ShouldBe(due);

    [Fact]
    public void a_host_with_windows_of_an_hour_is_never_silent_for_longer_than_its_report_counts()
    {
        foreach (var asked in (double[])[0, 27, 150, 165, 9_999])
        {
            var pause = FlowReporter.Pause(new(Math.Min(asked, Quiet.TotalSeconds)));
            // It looks when the pause is over, and then each ten seconds.
            var looks = Enumerable.Range(1, 100).Select(n => pause + n * FlowReporter.Look);
            looks.First(after => FlowReporter.IsDue("same", "same", after)).ShouldBeLessThan(Counted - TimeSpan.FromSeconds(15));
        }
    }
}
