using Phoenix.Domain.Agents;
using Phoenix.Domain.Pipelines;

namespace Phoenix.Domain.Tests;

public sealed class PipelineAndAgentTests
{
    [Fact]
    public void the_text_of_the_newest_version_again_is_no_change()
    {
        var pipeline = new Pipeline(Guid.NewGuid(), "p", [new(1, PipelineDecisions.Hash("a"), "s")], false);
        PipelineDecisions.Publish(pipeline, "a", "s").Events.ShouldBeEmpty();
        PipelineDecisions.Publish(pipeline, "b", "s").Events.ShouldHaveSingleItem().ShouldBeOfType<PipelineVersionPublished>().Version.ShouldBe(2);
        PipelineDecisions.Publish(pipeline with { Deprecated = true }, "b", "s").Rejection!.Code.ShouldBe("pipeline-deprecated");
    }

    [Fact]
    public void a_pipeline_needs_a_name_and_a_text()
    {
        PipelineDecisions.Draft(" ", "", "a", "s").Rejection!.Field.ShouldBe("name");
        PipelineDecisions.Draft("p", "", "", "s").Rejection!.Field.ShouldBe("configuration");
        PipelineDecisions.Draft("p", "", new string('a', PipelineDecisions.MaxConfigurationLength + 1), "s").Rejection!.Code.ShouldBe("configuration-too-long");
    }

    [Theory]
    [InlineData("web-1.example", true)]
    [InlineData("", false)]
    [InlineData("a b", false)]
    [InlineData("ü", false)]
    [InlineData("a/b", false)]
    public void a_host_id_is_what_a_dns_name_may_be(string id, bool good) => AgentDecisions.IsHostId(id).ShouldBe(good);

    [Fact]
    public void a_host_id_has_an_end() => AgentDecisions.IsHostId(new string('a', 254)).ShouldBeFalse();

    [Fact]
    public void stream_ids_follow_from_names_and_differ_between_kinds()
    {
        StreamIds.Agent("h").ShouldBe(StreamIds.Agent("h"));
        StreamIds.Agent("h").ShouldNotBe(StreamIds.Agent("g"));
        StreamIds.Agent("h").ToString()[14].ShouldBe('8');
    }
}
