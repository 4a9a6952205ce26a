using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Phoenix.Collector.Http;

/// <summary>
/// TLS between the socket and Kestrel's HTTP. Kestrel's own needs a service container, which would cost an idle collector
/// more memory than the listener itself.
/// </summary>
internal static class TlsConnection
{
    private static readonly TimeSpan HandshakeLimit = TimeSpan.FromSeconds(10);

    /// <param name="certificates">Null takes connections without TLS: the choice is made as each one comes.</param>
    public static void UseTls(this ListenOptions listen, Func<ServerCertificates?> certificates) =>
        listen.Use(next => connection => certificates() is { } current ? RunAsync(connection, current, next) : next(connection));

    private static async Task RunAsync(ConnectionContext connection, ServerCertificates certificates, ConnectionDelegate next)
    {
        var plain = connection.Transport;
        await using var tls = new SslStream(new DuplexStream(plain.Input.AsStream(), plain.Output.AsStream()));
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed);
            limit.CancelAfter(HandshakeLimit);
            await tls.AuthenticateAsServerAsync(certificates.Current(), limit.Token);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException)
        {
            Log.Warn("TLS handshake failed", ("client", connection.RemoteEndPoint), ("reason", e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message));
            return;
        }

        var pool = connection.Features.Get<IMemoryPoolFeature>()?.MemoryPool;
        var negotiated = new Negotiated(tls);
        connection.Features.Set<ITlsConnectionFeature>(negotiated);
        connection.Features.Set<ITlsApplicationProtocolFeature>(negotiated);
        var secured = new Duplex(
            PipeReader.Create(tls, new StreamPipeReaderOptions(pool, leaveOpen: true)),
            PipeWriter.Create(tls, new StreamPipeWriterOptions(pool, leaveOpen: true)));
        connection.Transport = secured;
        try
        {
            await next(connection);
        }
        finally
        {
            await secured.Input.CompleteAsync();
            await secured.Output.CompleteAsync();
            connection.Transport = plain;
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    /// <summary>Tells Kestrel what was agreed on, so that it speaks HTTP/2 where that was it.</summary>
    private sealed class Negotiated(SslStream tls) : ITlsConnectionFeature, ITlsApplicationProtocolFeature
    {
        public ReadOnlyMemory<byte> ApplicationProtocol { get; } = tls.NegotiatedApplicationProtocol.Protocol;

        public X509Certificate2? ClientCertificate { get; set; } = tls.RemoteCertificate as X509Certificate2;

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
    }
}
