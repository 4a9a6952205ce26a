using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Receivers.Prometheus;

/// <summary>Asks the targets of one job, with its credentials and TLS.</summary>
internal sealed class ScrapeClient : IDisposable
{
    // As Prometheus asks: OpenMetrics, which has exemplars and times of creation, before the older text.
    private const string Accept = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    private const string OpenMetrics = "application/openmetrics-text";

    private readonly ScrapeJob _job;
    private readonly HttpClient _client;
    private readonly string _timeoutSeconds;

    /// <exception cref="IOException">A certificate cannot be read.</exception>
    public ScrapeClient(ScrapeJob job)
    {
        _job = job;
        _timeoutSeconds = job.Timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AutomaticDecompression = job.Client.Compressed ? DecompressionMethods.GZip : DecompressionMethods.None,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            UseCookies = false,
            // Targets are near, most often on this machine: a proxy for the way out would answer in their place.
            UseProxy = false,
            AllowAutoRedirect = job.Client.FollowRedirects,
            SslOptions = Tls(job.Client.Tls),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    /// <summary>Asks once; the answer's body is still to be read.</summary>
    /// <exception cref="InvalidDataException">The target answered something else than 200.</exception>
    /// <exception cref="HttpRequestException">The target cannot be reached.</exception>
    /// <exception cref="IOException">A file of credentials cannot be read.</exception>
    public async Task<HttpResponseMessage> GetAsync(Uri url, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (_job.Client.Http2 && url.Scheme == "https")
        {
            (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower);
        }

        request.Headers.TryAddWithoutValidation("Accept", Accept);
        request.Headers.TryAddWithoutValidation("X-Prometheus-Scrape-Timeout-Seconds", _timeoutSeconds);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("phoenix-collector", Collector.Version));
        request.Headers.Authorization = await AuthorizationAsync(stop);
        var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            using (response)
            {
                throw new InvalidDataException($"the target answered {(int)response.StatusCode}");
            }
        }

        return response;
    }

    /// <summary>What the answer is written in, by its content type; all that is not OpenMetrics is read as text, as Prometheus does.</summary>
    public static ExpositionFormat FormatOf(HttpResponseMessage response) =>
        OpenMetrics.Equals(response.Content.Headers.ContentType?.MediaType, StringComparison.OrdinalIgnoreCase) ? ExpositionFormat.OpenMetrics : ExpositionFormat.Text;

    public void Dispose() => _client.Dispose();

    /// <summary>Files are read at each scrape: what writes them renews them.</summary>
    private async ValueTask<AuthenticationHeaderValue?> AuthorizationAsync(CancellationToken stop)
    {
        var client = _job.Client;
        if (client.Authorization is null)
        {
            return null;
        }

        var secret = client.CredentialsFile is { } file ? (await ReadAsync(file, stop)).Trim() : client.Credentials!;
        return new(client.Authorization, client.BasicUser is { } user ? Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{secret}")) : secret);
    }

    private static async Task<string> ReadAsync(string file, CancellationToken stop)
    {
        try
        {
            return await File.ReadAllTextAsync(file, stop);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    [SuppressMessage("Security", "CA5359:Do Not Disable Certificate Validation", Justification = "Only where the configuration asks for it by name.")]
    private static SslClientAuthenticationOptions Tls(ScrapeTlsSettings settings)
    {
        var tls = new SslClientAuthenticationOptions { EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13 };
        try
        {
            if (settings.CaFile is { } authorities)
            {
                tls.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                tls.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(authorities);
            }

            if (settings.CertFile is { } certificate)
            {
                tls.ClientCertificates = [X509Certificate2.CreateFromPemFile(certificate, settings.KeyFile)];
            }
        }
        catch (Exception e) when (e is CryptographicException or UnauthorizedAccessException)
        {
            throw new IOException($"tls_config cannot be used: {e.Message}", e);
        }

        if (settings.ServerName is { } name)
        {
            tls.TargetHost = name;
        }

        if (settings.InsecureSkipVerify)
        {
            tls.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
        }

        return tls;
    }
}
