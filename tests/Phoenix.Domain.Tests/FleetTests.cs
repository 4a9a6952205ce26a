using CsCheck;
using Phoenix.Domain.Agents;
using Phoenix.Domain.Tasks;

namespace Phoenix.Domain.Tests;

public sealed class FleetTests
{
    static readonly Agent Web = new(StreamIds.Agent("web-1"), "web-1", false, new Dictionary<string, string>());

    static readonly AgentEnrolled Enrolment = new("web-1", "1.0", "linux", "x64", "verified");

    [Fact]
    public void a_host_that_joins_may_propose_labels_and_one_that_is_known_may_not()
    {
        var labels = new Dictionary<string, string> { ["role"] = "web" };
        AgentDecisions.Enrol(null, Enrolment, false, labels).Events.ShouldBe([Enrolment, new AgentLabelled("web-1", labels)]);
        AgentDecisions.Enrol(null, Enrolment, false).Events.ShouldBe([Enrolment]);
        AgentDecisions.Enrol(Web, Enrolment, true, labels).Events.ShouldBeEmpty();
        AgentDecisions.Enrol(Web with { MayEnrolAgain = true }, Enrolment, false, labels).Events.ShouldBe([new AgentCredentialRotated("web-1")]);
        AgentDecisions.Enrol(null, Enrolment, false, new Dictionary<string, string> { ["a b"] = "" }).Rejection!.Code.ShouldBe("label-key-invalid");
    }

    [Fact]
    public void a_decommissioned_host_joins_again_only_when_it_is_allowed_whatever_it_presents()
    {
        var gone = Web with { Decommissioned = true };
        AgentDecisions.Enrol(gone, Enrolment, false).Rejection!.Code.ShouldBe("host-decommissioned");
        AgentDecisions.Enrol(gone, Enrolment, true).Rejection!.Code.ShouldBe("host-decommissioned");
        AgentDecisions.Enrol(gone with { MayEnrolAgain = true }, Enrolment, false).Events
            .ShouldBe([new AgentCredentialRotated("web-1"), new AgentRecommissioned("web-1", "1.0", "linux", "x64", "verified")]);
        gone.Apply(new AgentRecommissioned("web-1", "1.0", "linux", "x64", "verified")).Decommissioned.ShouldBeFalse();
    }

    [Fact]
    public void draining_and_decommissioning_are_done_once()
    {
        AgentDecisions.Drain(Web).Events.ShouldBe([new AgentDrained("web-1")]);
        var drained = Web.Apply(new AgentDrained("web-1"));
        AgentDecisions.Drain(drained).ShouldBe(Decision.Nothing);
        AgentDecisions.EndDrain(drained).Events.ShouldBe([new AgentDrainEnded("web-1")]);
        AgentDecisions.EndDrain(Web).ShouldBe(Decision.Nothing);
        AgentDecisions.Decommission(drained).Events.ShouldBe([new AgentDecommissioned("web-1")]);
        var gone = drained.Apply(new AgentDecommissioned("web-1"));
        AgentDecisions.Decommission(gone).ShouldBe(Decision.Nothing);
        AgentDecisions.Drain(gone).Rejection!.Code.ShouldBe("host-decommissioned");
        AgentDecisions.EndDrain(gone).Rejection!.Code.ShouldBe("host-decommissioned");
    }

    [Fact]
    public void the_same_labels_again_are_no_change()
    {
        var labels = new Dictionary<string, string> { ["role"] = "web", ["env"] = "" };
        AgentDecisions.Label(Web, labels).Events.ShouldBe([new AgentLabelled("web-1", labels)]);
        var labelled = Web.Apply(new AgentLabelled("web-1", labels));
        AgentDecisions.Label(labelled, new Dictionary<string, string> { ["env"] = "", ["role"] = "web" }).ShouldBe(Decision.Nothing);
        AgentDecisions.Label(labelled, new Dictionary<string, string> { ["role"] = "web" }).Events.ShouldHaveSingleItem();
        AgentDecisions.Label(labelled, new Dictionary<string, string> { ["role"] = "web", ["zone"] = "" }).Events.ShouldHaveSingleItem();
    }

    [Fact]
    public void what_is_put_back_is_what_the_last_task_left_and_never_under_an_experiment()
    {
        var production = new RunningCollector("production", Arm.Production, Guid.Parse("00000000-0000-0000-0000-000000000001"), 3, "hash", true);
        AgentDecisions.Reapply("web-1", null, false).Rejection!.Code.ShouldBe("nothing-to-reapply");
        AgentDecisions.Reapply("web-1", production, true).Rejection!.Code.ShouldBe("host-in-experiment");
        var task = AgentDecisions.Reapply("web-1", production, false).Task!;
        task.Purpose.ShouldBe(TaskPurpose.Reapply);
        task.Desired.Collectors.ShouldBe([new CollectorOfPipeline("production", Arm.Production, production.PipelineId, 3, "hash", null)]);
        task.Desired.Remove.ShouldBeEmpty();
        // What was right once may be wrong when it is tried again one day.
        var dead = new AgentTask(Guid.Empty, "web-1", TaskPurpose.Reapply, 0, Guid.Empty, task.Desired, TaskState.DeadLettered, 5, 1, 1, "error");
        AgentTaskDecisions.Revive(dead).Rejection!.Code.ShouldBe("task-outdated");
        AgentTaskDecisions.Revive(dead with { Purpose = TaskPurpose.RemoveCandidate }).Events.ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("role", true)]
    [InlineData("example.com/role", true)]
    [InlineData("a.b-c_D9", true)]
    [InlineData("", false)]
    [InlineData("/role", false)]
    [InlineData("example.com/", false)]
    [InlineData("Example.com/role", false)]
    [InlineData("a..b/role", false)]
    [InlineData("-a.b/role", false)]
    [InlineData("a/b/c", false)]
    [InlineData("-role", false)]
    [InlineData("role-", false)]
    [InlineData("ro le", false)]
    [InlineData("rôle", false)]
    public void a_label_key_is_what_kubernetes_takes(string key, bool good) => HostLabels.IsKey(key).ShouldBe(good);

    [Fact]
    public void labels_have_bounds()
    {
        HostLabels.IsKey(new string('a', 63)).ShouldBeTrue();
        HostLabels.IsKey(new string('a', 64)).ShouldBeFalse();
        HostLabels.IsKey(new string('a', 253) + "/a").ShouldBeTrue();
        HostLabels.IsKey(new string('a', 254) + "/a").ShouldBeFalse();
        HostLabels.IsValue("").ShouldBeTrue();
        HostLabels.IsValue(new string('a', 64)).ShouldBeFalse();
        HostLabels.Problem(Enumerable.Range(0, 64).ToDictionary(i => $"k{i}", _ => "v")).ShouldBeNull();
        HostLabels.Problem(Enumerable.Range(0, 65).ToDictionary(i => $"k{i}", _ => "v"))!.Code.ShouldBe("labels-too-many");
        HostLabels.Problem(new Dictionary<string, string> { ["k"] = null! })!.Code.ShouldBe("label-value-invalid");
    }

    [Fact]
    public void a_group_is_a_name_and_a_selector_that_says_something()
    {
        HostGroupDecisions.Define(null, "web", "role = web", null).Events.ShouldBe([new GroupDefined("web", "role=web", "")]);
        HostGroupDecisions.Define(null, "a/b", "role=web", null).Rejection!.Code.ShouldBe("group-name-invalid");
        HostGroupDecisions.Define(null, "", "role=web", null).Rejection!.Code.ShouldBe("group-name-invalid");
        HostGroupDecisions.Define(null, "web", " ", null).Rejection!.Code.ShouldBe("selector-missing");
        HostGroupDecisions.Define(null, "web", "role=", new string('d', 1001)).Rejection!.Code.ShouldBe("description-too-long");
        var group = new HostGroup { Name = "web", Selector = "role=web" };
        HostGroupDecisions.Define(group, "web", "role==web", "").ShouldBe(Decision.Nothing);
        HostGroupDecisions.Define(group, "web", "role=db", "").Events.ShouldHaveSingleItem();
        HostGroupDecisions.Delete(group).Events.ShouldBe([new GroupDeleted("web")]);
        HostGroupDecisions.Delete(null).ShouldBe(Decision.Nothing);
    }
}

public sealed class LabelSelectorTests
{
    static readonly Gen<string> Key = Gen.OneOf(Gen.Const("role"), Gen.Const("env"), Gen.Const("example.com/zone"), Gen.Const("in"), Gen.Const("notin"));
    static readonly Gen<string> Value = Gen.OneOf(Gen.Const(""), Gen.Const("a"), Gen.Const("b"), Gen.Const("web-1"), Gen.Const("in"));

    static readonly Gen<LabelRequirement> Requirement = Gen.Select(Key, Gen.Enum<LabelOperator>(), Value.HashSet[1, 4], (key, op, values) =>
        new LabelRequirement(key, op, op is LabelOperator.Exists or LabelOperator.NotExists ? [] : [.. values.Order(StringComparer.Ordinal)]));

    static readonly Gen<LabelSelector> Selector = Requirement.List[0, 5].Select(r => new LabelSelector(r));

    static readonly Gen<Dictionary<string, string>> Labels = Gen.Dictionary(Key, Value)[0, 4];

    [Fact]
    public void what_is_printed_reads_as_what_it_was() => Selector.Sample(selector =>
    {
        var (again, rejection) = LabelSelector.Parse(selector.ToString());
        rejection.ShouldBeNull();
        again!.Requirements.Select(r => (r.Key, r.Operator, string.Join(",", r.Values))).ShouldBe(selector.Requirements.Select(r => (r.Key, r.Operator, string.Join(",", r.Values))));
    });

    [Fact]
    public void a_requirement_and_its_opposite_share_the_hosts_out() => Gen.Select(Requirement, Labels).Sample((requirement, labels) =>
    {
        var opposite = requirement with
        {
            Operator = requirement.Operator switch
            {
                LabelOperator.In => LabelOperator.NotIn,
                LabelOperator.NotIn => LabelOperator.In,
                LabelOperator.Exists => LabelOperator.NotExists,
                _ => LabelOperator.Exists,
            },
        };
        requirement.Matches(labels).ShouldBe(!opposite.Matches(labels));
    });

    [Fact]
    public void no_text_breaks_the_parser() => Gen.OneOf(Gen.String, Gen.String[Gen.Char["abin(),=! /.-"], 0, 30]).Sample(text =>
    {
        var (selector, rejection) = LabelSelector.Parse(text);
        (selector is null).ShouldBe(rejection is not null);
        if (selector is not null) LabelSelector.Parse(selector.ToString()).Selector!.ToString().ShouldBe(selector.ToString());
    });

    [Theory]
    [InlineData("role=web", true)]
    [InlineData("role == web", true)]
    [InlineData("role!=web", false)]
    [InlineData("role in (db, web)", true)]
    [InlineData("role notin (db,web)", false)]
    [InlineData("absent notin (x)", true)]
    [InlineData("absent!=x", true)]
    [InlineData("role", true)]
    [InlineData("!role", false)]
    [InlineData("! absent", true)]
    [InlineData("role=web,env=", true)]
    [InlineData("role=web,env=test", false)]
    [InlineData("", true)]
    public void selectors_choose_as_in_kubernetes(string text, bool chosen) =>
        LabelSelector.Parse(text).Selector!.Matches(new Dictionary<string, string> { ["role"] = "web", ["env"] = "" }).ShouldBe(chosen);

    [Theory]
    [InlineData("role=we b", 9)]
    [InlineData("role=web,", 10)]
    [InlineData(",role", 1)]
    [InlineData("role in web", 9)]
    [InlineData("role in (web", 13)]
    [InlineData("role like web", 6)]
    [InlineData("role!web", 6)]
    [InlineData("role>5", 5)]
    [InlineData("-role", 1)]
    [InlineData("role=web;drop", 9)]
    public void a_refusal_says_where_the_text_stops_to_be_a_selector(string text, int character)
    {
        var rejection = LabelSelector.Parse(text).Rejection!;
        rejection.Code.ShouldBe("selector-invalid");
        rejection.Detail.ShouldStartWith($"At character {character} ");
    }

    [Fact]
    public void a_selector_has_bounds()
    {
        LabelSelector.Parse(string.Join(",", Enumerable.Repeat("a", 32))).Rejection.ShouldBeNull();
        LabelSelector.Parse(string.Join(",", Enumerable.Repeat("a", 33))).Rejection!.Code.ShouldBe("selector-invalid");
        LabelSelector.Parse(new string('a', 2001)).Rejection!.Code.ShouldBe("selector-invalid");
    }
}
