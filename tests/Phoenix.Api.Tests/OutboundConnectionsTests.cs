using System.Net;
using Microsoft.Extensions.Configuration;
using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Tests;

/// <summary>Where a user may have the control plane connect.</summary>
public sealed class OutboundConnectionsTests
{
    static OutboundConnections With(string? networks) => new(new ConfigurationBuilder().AddInMemoryCollection([new(OutboundConnections.Variable, networks)]).Build());

    [Theory]
    [InlineData("169.254.169.254", "metadata of most clouds")]
    [InlineData("168.63.129.16", "Azure's WireServer")]
    [InlineData("100.100.100.200", "metadata of Alibaba Cloud")]
    [InlineData("fd00:ec2::254", "metadata of EC2")]
    [InlineData("fd00:ec2::23", "Pod Identity of EKS")]
    [InlineData("fd20:ce::254", "metadata of Google Cloud")]
    [InlineData("fe80::1", "link-local")]
    [InlineData("::ffff:169.254.169.254", "IPv4 in IPv6")]
    [InlineData("64:ff9b::a9fe:a9fe", "169.254.169.254 behind NAT64")]
    [InlineData("64:ff9b::168.63.129.16", "behind NAT64")]
    [InlineData("2002:a9fe:a9fe::1", "169.254.169.254 behind 6to4")]
    [InlineData("2002:e000:1::", "multicast behind 6to4")]
    public void credentials_of_a_machine_are_out_of_reach_by_every_spelling(string address, string what)
    {
        With(null).IsAllowed(IPAddress.Parse(address)).ShouldBeFalse(what);
        With("0.0.0.0/0,::/0").IsAllowed(IPAddress.Parse(address)).ShouldBeFalse(what);
    }

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("::ffff:10.1.2.3", true)]
    [InlineData("64:ff9b::10.1.2.3", true)]
    [InlineData("64:ff9b::11.1.2.3", false)]
    [InlineData("2002:0b01:203::1", false)]
    [InlineData("11.1.2.3", false)]
    [InlineData("2001:db8::1", true)]
    [InlineData("2001:db9::1", false)]
    public void only_the_networks_that_are_named_are_reached(string address, bool allowed)
    {
        With("10.0.0.0/8, 2001:db8::/32").IsAllowed(IPAddress.Parse(address)).ShouldBe(allowed);
        With(null).IsAllowed(IPAddress.Parse(address)).ShouldBeTrue();
    }
}
