using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Agents;

/// <summary>What is let in only at a bounded rate or number.</summary>
public enum Admission
{
    Enrolment,
    Heartbeat,
    Poll,
    Flow,
}

/// <summary>Puts an endpoint under <see cref="AdmissionControl"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AdmitAttribute(Admission what) : Attribute
{
    public Admission What => what;
}

/// <summary>
/// Refuses early what would be too much: 429 with <c>Retry-After</c>, spread at random so that those refused together do not come
/// back together. Bounds are of one node.
/// </summary>
public static class AdmissionControl
{
    public const string TrustedProxies = "PHOENIX_TRUSTED_PROXIES";

    public static void AddAdmissionControl(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(services => FleetSettings.From(services.GetRequiredService<IConfiguration>()));
        builder.Services.AddSingleton<AgentSessions>();
        builder.Services.AddRateLimiter(_ => { });
        builder.Services.AddOptions<RateLimiterOptions>().Configure<FleetSettings>((options, settings) =>
        {
            // An address before all of them: who floods uses up its own share, not everybody's.
            options.GlobalLimiter = PartitionedRateLimiter.CreateChained(
                PartitionedRateLimiter.Create<HttpContext, string>(http => OfAddress(http, settings)),
                PartitionedRateLimiter.Create<HttpContext, string>(http => OfNode(http, settings)));
            options.OnRejected = async (context, _) => await Refuse(context.HttpContext, context.Lease);
        });
        builder.Services.AddOptions<ForwardedHeadersOptions>().Configure<IConfiguration>((options, configuration) =>
        {
            options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            options.ForwardLimit = null;
            options.KnownProxies.Clear();
            options.KnownIPNetworks.Clear();
            foreach (var network in Proxies(configuration)) options.KnownIPNetworks.Add(network);
        });
    }

    /// <summary>
    /// Believes <c>X-Forwarded-For</c> and <c>X-Forwarded-Proto</c> of the proxies that are named, and of nobody else: else anybody could call himself any address. Not
    /// <c>X-Forwarded-Host</c>, which many proxies hand on as a client sent it: a proxy leaves <c>Host</c> as it is, or <see cref="PublicAddress"/> says it.
    /// </summary>
    public static void UseTrustedProxies(this WebApplication app)
    {
        if (Proxies(app.Configuration).Count > 0) app.UseForwardedHeaders();
    }

    public static async ValueTask Refuse(HttpContext http, string code, string detail, RateLimitLease lease, TimeSpan spread)
    {
        var wait = lease.TryGetMetadata(MetadataName.RetryAfter, out var due) ? due : TimeSpan.Zero;
        var seconds = Math.Max(1, Math.Ceiling(wait.TotalSeconds + spread.TotalSeconds * Random.Shared.NextDouble()));
        http.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        await Problems.Write(http, StatusCodes.Status429TooManyRequests, code, $"{detail} Wait for the {seconds} s of Retry-After.");
    }

    static ValueTask Refuse(HttpContext http, RateLimitLease lease) => What(http) switch
    {
        Admission.Enrolment => Refuse(http, "enrolments-limited",
            $"Too many enrolments, from {http.Connection.RemoteIpAddress?.ToString() ?? "this address"} or in total.", lease, TimeSpan.FromSeconds(20)),
        Admission.Heartbeat => Refuse(http, "heartbeats-limited", "More heartbeats arrive than this node takes.", lease, TimeSpan.FromSeconds(15)),
        Admission.Flow => Refuse(http, "flow-limited", "More reports of flow arrive than this node takes.", lease, TimeSpan.FromSeconds(30)),
        _ => Refuse(http, "polls-limited", "As many polls wait here as this node holds.", lease, TimeSpan.FromSeconds(10)),
    };

    static RateLimitPartition<string> OfAddress(HttpContext http, FleetSettings settings) => What(http) == Admission.Enrolment
        ? Bucket("enrolment " + Source(http.Connection.RemoteIpAddress), settings.EnrolmentsPerAddress, 10)
        : RateLimitPartition.GetNoLimiter("");

    static RateLimitPartition<string> OfNode(HttpContext http, FleetSettings settings) => What(http) switch
    {
        Admission.Enrolment => Bucket("enrolment", settings.EnrolmentsPerSecond, 5),
        Admission.Heartbeat => Bucket("heartbeat", settings.HeartbeatsPerSecond, 2),
        // Each is as large as several heartbeats, and none is missed: the next one says it better.
        Admission.Flow => Bucket("flow", Math.Max(1, settings.HeartbeatsPerSecond / 4), 5),
        Admission.Poll => RateLimitPartition.GetConcurrencyLimiter("poll", _ => new() { PermitLimit = settings.ParkedPolls, QueueLimit = 0 }),
        _ => RateLimitPartition.GetNoLimiter(""),
    };

    /// <param name="burst">Seconds' worth that may come at once after a quiet time.</param>
    static RateLimitPartition<string> Bucket(string key, int perSecond, int burst) => RateLimitPartition.GetTokenBucketLimiter(key, _ => new()
    {
        TokenLimit = perSecond * burst, TokensPerPeriod = perSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0,
    });

    static Admission? What(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<AdmitAttribute>()?.What;

    /// <summary>An IPv6 customer has a /64 to himself: its addresses are one source.</summary>
    static string Source(IPAddress? address)
    {
        if (address is null) return "unknown";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }

    static List<System.Net.IPNetwork> Proxies(IConfiguration configuration) =>
    [
        .. (configuration[TrustedProxies] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(text =>
            System.Net.IPNetwork.TryParse(text, out var network) ? network
            : IPAddress.TryParse(text, out var address) ? new System.Net.IPNetwork(address, address.GetAddressBytes().Length * 8)
            : throw new FormatException($"{TrustedProxies} has '{text}'. Use addresses and networks of your proxies between commas, as 10.0.0.5,10.1.0.0/16.")),
    ];
}
