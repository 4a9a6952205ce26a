using System.Text;
using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

public sealed class UpgradeDecisionTests
{
    private static readonly ProcessIdentity Me = new(100, 1), Other = new(100, 2);
    private static readonly UpgradeState Fresh = new("/usr/bin/phoenix-agent", "1.0.0", UpgradeState.Installed, null, null, null, null);

    private static UpgradeTrial Trial(string program, int attempts = 0, ProcessIdentity? process = null, bool returns = false) =>
        new(Guid.NewGuid(), 7, program, "1.0.0", returns, 60, attempts, process, []);

    [Fact]
    public void a_start_tries_the_version_on_trial_three_times_and_then_gives_it_up()
    {
        var state = Fresh with { Trial = Trial("2.0.0") };
        LaunchDecision.For(state, UpgradeState.Installed, Me).ShouldBe(LaunchStep.Try);
        state = Fresh with { Trial = Trial("2.0.0", 1, Me) };
        LaunchDecision.For(state, "2.0.0", Me).ShouldBe(LaunchStep.Run, "execve kept the process: this is the attempt that was counted");
        LaunchDecision.For(state, UpgradeState.Installed, Other).ShouldBe(LaunchStep.Try, "the service manager started it again");
        LaunchDecision.For(Fresh with { Trial = Trial("2.0.0", 3, Me) }, "2.0.0", Me).ShouldBe(LaunchStep.Run, "the last attempt may still succeed");
        LaunchDecision.For(Fresh with { Trial = Trial("2.0.0", 3, Me) }, UpgradeState.Installed, Other).ShouldBe(LaunchStep.FallBack);
    }

    [Fact]
    public void a_return_to_the_installed_program_is_counted_too_although_the_service_manager_starts_the_same()
    {
        var state = Fresh with { Current = "2.0.0", Trial = Trial(UpgradeState.Installed, 1, Me, returns: true) };
        LaunchDecision.For(state, UpgradeState.Installed, Me).ShouldBe(LaunchStep.Run);
        LaunchDecision.For(state, UpgradeState.Installed, Other).ShouldBe(LaunchStep.Try);
        LaunchDecision.For(state with { Trial = state.Trial! with { Attempts = 3 } }, UpgradeState.Installed, Other).ShouldBe(LaunchStep.FallBack);
        LaunchDecision.For(state.FallBack("crashed", []), UpgradeState.Installed, Other).ShouldBe(LaunchStep.Switch, "the version that ran goes on");
    }

    [Fact]
    public void what_proved_itself_runs_and_the_one_before_is_the_way_back()
    {
        var second = (Fresh with { Trial = Trial("2.0.0", 1, Me) }).Confirm();
        (second.Current, second.Previous, second.Trial).ShouldBe(("2.0.0", UpgradeState.Installed, null));
        second.Outcome!.Problem.ShouldBeNull();
        LaunchDecision.For(second, UpgradeState.Installed, Other).ShouldBe(LaunchStep.Switch);
        LaunchDecision.For(second, "2.0.0", Other).ShouldBe(LaunchStep.Run);

        var third = (second with { Trial = Trial("3.0.0", 1, Me) }).Confirm();
        (third.Current, third.Previous).ShouldBe(("3.0.0", "2.0.0"));
        var failed = (third with { Trial = Trial("4.0.0", 3, Me) }).FallBack("crashed", ["last words"]);
        (failed.Current, failed.Previous, failed.Outcome!.Problem).ShouldBe(("3.0.0", "2.0.0", "crashed"));

        var returned = (third with { Trial = Trial("2.0.0", 1, Me, returns: true) }).Confirm();
        (returned.Current, returned.Previous).ShouldBe(("2.0.0", null), "one does not return to what one has left");
        third.GiveUpCurrent().Current.ShouldBe("2.0.0");
        third.GiveUpCurrent().GiveUpCurrent().Current.ShouldBe(UpgradeState.Installed);
    }

    [Theory]
    [InlineData("1.0.0", "2.0.0")] // Nothing has changed.
    [InlineData("1.5.0", "2.0.0")] // Another package, but older than what runs.
    [InlineData("2.0.0", "installed")] // The package has caught up.
    [InlineData("2.1.0", "installed")]
    [InlineData("2.0.0-rc.1", "2.0.0")]
    public void a_package_that_was_installed_since_and_is_no_older_is_used(string package, string runs)
    {
        var state = (Fresh with { Trial = Trial("2.0.0", 1, Me) }).Confirm().WithPackage("/usr/bin/phoenix-agent", package);
        state.PreferPackage().Current.ShouldBe(runs);
        (state with { Trial = Trial("3.0.0") }).PreferPackage().Current.ShouldBe("2.0.0", "not in the middle of a trial");
    }

    [Fact]
    public void a_downgrade_that_an_operator_asked_for_is_not_undone_by_the_package_that_was_there()
    {
        var state = (Fresh.WithPackage("/usr/bin/phoenix-agent", "3.0.0") with { Trial = Trial("2.0.0", 1, Me) }).Confirm();
        state.PreferPackage().Current.ShouldBe("2.0.0");
        state.WithPackage("/usr/bin/phoenix-agent", "3.0.1").PreferPackage().Current.ShouldBe(UpgradeState.Installed, "somebody installed another one");
    }

    [Fact]
    public void a_person_ends_a_trial_or_goes_back_one_version()
    {
        var second = (Fresh with { Trial = Trial("2.0.0", 1, Me) }).Confirm();
        second.RollBack().Current.ShouldBe(UpgradeState.Installed);
        second.RollBack().RollBack().Current.ShouldBe(UpgradeState.Installed);
        var trying = second with { Trial = Trial("3.0.0", 1, Me) };
        (trying.RollBack().Current, trying.RollBack().Trial, trying.RollBack().Outcome!.Problem).ShouldBe(("2.0.0", null, "a person asked for the version before"));
    }

    [Fact]
    public void only_what_was_asked_for_is_taken()
    {
        ReleaseFile[] files = [new("linux-x64", "phoenix-agent", 10, new string('a', 64)), new("linux-x64", "phoenix-collector", 20, new string('b', 64))];
        var signed = new SignedRelease("2.0.0", "linux-x64", files, "sig");
        string? Refused(SignedRelease release, ReleaseFile[]? wanted = null) => UpgradeTrust.Refusal("2.0.0", "linux-x64", wanted ?? files, release)?.Code;

        Refused(signed).ShouldBeNull();
        Refused(signed with { Files = [files[1], files[0]] }).ShouldBeNull("order says nothing");
        Refused(signed with { Version = "2.0.1" }).ShouldBe("release-changed");
        Refused(signed with { Files = [files[0] with { Sha256 = new string('c', 64) }, files[1]] }).ShouldBe("release-changed");
        Refused(signed with { Files = [files[0]] }).ShouldBe("release-changed");
        ReleaseFile[] strange = [files[1] with { Name = "../x" }, files[0]];
        Refused(signed with { Files = strange }, strange).ShouldBe("upgrade-invalid");
    }

    [Fact]
    public void the_signed_text_says_everything_and_begins_with_its_purpose()
    {
        ReleaseFile[] files = [new("linux-x64", "phoenix-collector", 20, "bb"), new("linux-x64", "phoenix-agent", 10, "aa")];
        Encoding.UTF8.GetString(SignedRelease.SignedBytes("2.0.0", "linux-x64", files))
            .ShouldBe("phoenix-agent-release-v1\n2.0.0\nlinux-x64\nphoenix-agent 10 aa\nphoenix-collector 20 bb\n");
    }

    [Theory]
    [InlineData("1.0.0", true)]
    [InlineData("10.20.30-alpha.1.x-y", true)]
    [InlineData("1.0", false)]
    [InlineData("01.0.0", false)]
    [InlineData("1.0.0-", false)]
    [InlineData("1.0.0-01", false)]
    [InlineData("1.0.0+build", false)]
    [InlineData("1.0.0\n", false)]
    [InlineData("../1.0.0", false)]
    [InlineData("1.0.0/..", false)]
    [InlineData("installed", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void a_version_can_be_a_directory_and_nothing_else(string? text, bool isVersion) => ReleaseVersion.IsVersion(text).ShouldBe(isVersion);

    /// <summary>The example of semver.org §11, and numbers that no integer holds.</summary>
    [Fact]
    public void versions_have_the_order_of_semver()
    {
        string[] ordered =
        [
            "no version", "0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0",
            "2.0.0", "2.1.0", "2.1.1", "2.10.0", "99999999999999999999.0.0", "100000000000000000000.0.0",
        ];
        for (var i = 0; i < ordered.Length; i++)
        {
            for (var j = 0; j < ordered.Length; j++)
                Math.Sign(ReleaseVersion.Compare(ordered[i], ordered[j])).ShouldBe(i.CompareTo(j), $"{ordered[i]} and {ordered[j]}");
        }
    }
}
