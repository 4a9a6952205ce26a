using JasperFx;
using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;

namespace Phoenix.Api.Signing;

/// <summary>
/// Signs what hosts are told to run. Keys come from <see cref="SigningKeyFile.Variable"/>, or else are made once and kept in the
/// database; where both are there, the database's endorse the file's, so that hosts follow from one to the other.
/// </summary>
public sealed class ConfigurationSigner(IDocumentStore store, IConfiguration configuration, TimeProvider clock, ILogger<ConfigurationSigner> log) : BackgroundService
{
    /// <summary>How soon a key that another node made is signed with here. Until then hosts take the one before it, too.</summary>
    static readonly TimeSpan RereadEvery = TimeSpan.FromSeconds(30);

    /// <summary>Whoever asks for the keys makes the database be asked at most this often.</summary>
    static readonly TimeSpan Reread = TimeSpan.FromSeconds(1);

    volatile SigningKeyRing? _ring;
    long _readAt;

    public bool KeysAreInFile => KeyFile is not null;

    string? KeyFile => configuration[SigningKeyFile.Variable] is { Length: > 0 } path ? path : null;

    /// <summary>The signature of a configuration, in the form of <see cref="ConfigurationSignature"/>.</summary>
    public string Sign(string configurationHash) => Ring.Sign(configurationHash);

    /// <summary>The signature of another message, which says by its beginning what it is.</summary>
    public string Sign(byte[] message) => Ring.Sign(message);

    SigningKeyRing Ring => _ring ?? throw new InvalidOperationException("Nothing can be signed before the signing keys are read.");

    /// <summary>The public keys, newest first.</summary>
    public async Task<IReadOnlyList<SigningKey>> PublicKeys(CancellationToken cancellation)
    {
        if (_ring is null || clock.GetElapsedTime(Interlocked.Read(ref _readAt)) > Reread) await Reload(cancellation);
        return _ring!.PublicKeys;
    }

    /// <summary>Reads the file and the database again.</summary>
    public async Task<IReadOnlyList<SigningKey>> Reload(CancellationToken cancellation)
    {
        Interlocked.Exchange(ref _readAt, clock.GetTimestamp());
        var fromFile = KeyFile is { } path ? SigningKeyFile.Read(path) : [];
        var stored = await Stored(cancellation);
        if (fromFile.Count is 0 && stored.Count is 0)
        {
            await MakeFirst(cancellation);
            stored = await Stored(cancellation);
        }
        var ring = SigningKeyRing.Of([.. fromFile, .. stored.Select(key => key.Open())]);
        // Kept while nothing changed, with the signatures it remembers.
        if (_ring is null || !_ring.PublicKeys.Select(key => key.Id).SequenceEqual(ring.PublicKeys.Select(key => key.Id))) _ring = ring;
        return _ring!.PublicKeys;
    }

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await Reload(cancellationToken);
        log.LogInformation("Configurations are signed with key {Key}.", _ring!.PublicKeys[0].Id);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(RereadEvery, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await Reload(stoppingToken);
            }
            catch (Exception e) when (Problems.Transient(e) || e is FormatException)
            {
                log.LogWarning("The signing keys could not be read again, and those known go on: {Error}", e.Message);
            }
        }
    }

    async Task<IReadOnlyList<StoredSigningKey>> Stored(CancellationToken cancellation)
    {
        await using var session = store.QuerySession();
        return await session.Query<StoredSigningKey>().OrderByDescending(key => key.Id).ToListAsync(cancellation);
    }

    async Task MakeFirst(CancellationToken cancellation)
    {
        await using var session = store.LightweightSession();
        session.Insert(StoredSigningKey.After(null, clock.GetUtcNow()));
        try
        {
            await session.SaveChangesAsync(cancellation);
        }
        catch (DocumentAlreadyExistsException)
        {
            log.LogInformation("Another node made the first signing key at the same moment; it is used here, too.");
        }
    }
}
