using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Phoenix.Contracts;

namespace Phoenix.Bench.Agent;

/// <summary>
/// Speaks the agent protocol over TLS, with a certificate of an authority of its own, and signs configurations. It stands in for
/// the control plane, which gives no host a hundred collectors.
/// </summary>
sealed class StandIn : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly Channel<AssignedTask> _tasks = Channel.CreateUnbounded<AssignedTask>();
    readonly ConcurrentDictionary<Guid, TaskResult> _results = new();
    readonly ECDsa _signing = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    volatile Heartbeat? _heartbeat;
    int _polls, _heartbeats;

    /// <param name="authority">Where to write the certificate of the authority that the agent is to trust (PEM).</param>
    public static async Task<StandIn> StartAsync(string authority)
    {
        var standIn = new StandIn(Certificate(authority));
        await standIn._app.StartAsync();
        return standIn;
    }

    StandIn(X509Certificate2 certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        _app = builder.Build();
        var publicKey = Convert.ToBase64String(_signing.ExportSubjectPublicKeyInfo());
        IReadOnlyList<SigningKey> keys = [new(ConfigurationSignature.KeyId(publicKey), publicKey)];
        _app.MapPost("/api/v2/agents/enrol", async (HttpRequest request) =>
        {
            var enrolment = await Read(request, WireJson.Default.EnrolmentRequest);
            return Results.Json(new EnrolmentResponse(enrolment.HostId, "verified", keys), WireJson.Default.EnrolmentResponse);
        });
        _app.MapGet("/api/v2/signing-keys", () => Results.Json(new SigningKeys(keys), WireJson.Default.SigningKeys));
        _app.MapGet("/api/v2/tasks/poll", Poll);
        _app.MapPost("/api/v2/tasks/{id:guid}/progress", (Guid id) =>
            Results.Json(new TaskProgressAccepted(DateTimeOffset.UtcNow.AddMinutes(1)), WireJson.Default.TaskProgressAccepted));
        _app.MapPost("/api/v2/tasks/{id:guid}/result", async (Guid id, HttpRequest request) =>
        {
            _results[id] = await Read(request, WireJson.Default.TaskResult);
            return Results.Ok();
        });
        _app.MapPost("/api/v2/agents/heartbeat", async (HttpRequest request) =>
        {
            _heartbeat = await Read(request, WireJson.Default.Heartbeat);
            Interlocked.Increment(ref _heartbeats);
            return Results.Json(new HeartbeatAccepted(15), WireJson.Default.HeartbeatAccepted);
        });
    }

    public Uri Address => new(_app.Urls.First());

    /// <summary>What the agent last said of itself and of its collectors.</summary>
    public Heartbeat? LastHeartbeat => _heartbeat;

    public int Polls => _polls;

    public int Heartbeats => _heartbeats;

    public TaskResult? ResultOf(Guid task) => _results.GetValueOrDefault(task);

    public void Deliver(AssignedTask task) => _tasks.Writer.TryWrite(task);

    /// <summary>A production collector with its signed configuration.</summary>
    public DesiredCollector Signed(string name, string configuration)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(configuration)));
        return new(name, CollectorArm.Production, "bench", 1, configuration, hash, null, Signature: ConfigurationSignature.Sign(_signing, ConfigurationSignature.OfConfiguration(hash)));
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
        _signing.Dispose();
    }

    async Task<IResult> Poll(HttpContext context, double waitSeconds)
    {
        Interlocked.Increment(ref _polls);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        limit.CancelAfter(TimeSpan.FromSeconds(waitSeconds));
        try
        {
            return Results.Json(new PollResponse([await _tasks.Reader.ReadAsync(limit.Token)]), WireJson.Default.PollResponse);
        }
        catch (OperationCanceledException)
        {
            return Results.NoContent();
        }
    }

    static async Task<T> Read<T>(HttpRequest request, JsonTypeInfo<T> type) => (await JsonSerializer.DeserializeAsync(request.Body, type))!;

    static X509Certificate2 Certificate(string authority)
    {
        var (from, until) = (DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=Phoenix bench authority", rootKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        root.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        using var issuer = root.CreateSelfSigned(from, until);
        File.WriteAllText(authority, issuer.ExportCertificatePem());

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1")], critical: false)); // serverAuth
        using var issued = request.Create(issuer, from, until.AddMinutes(-1), RandomNumberGenerator.GetBytes(16));
        return issued.CopyWithPrivateKey(key);
    }
}
