using System.Collections.Concurrent;
using Marten;
using Marten.Services;
using Npgsql;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Identity;

/// <summary>Whose a token is and what they may do.</summary>
public sealed record TokenHolder(Guid UserId, string Role, DateTimeOffset ExpiresAt);

/// <summary>
/// What tokens permit, kept in memory for a while: it keeps the database out of every request. A change that is made on this node counts at once, one
/// that is made on another within <see cref="CacheFor"/>.
/// </summary>
public sealed class AccessTokens(NpgsqlDataSource database)
{
    public static readonly TimeSpan CacheFor = TimeSpan.FromSeconds(5);

    const int MostKept = 10_000;

    const string Holder =
        """
        select u.id, u.data->>'role', (t.data->>'expiresAt')::timestamptz
        from phoenix.mt_doc_accesstoken t join phoenix.mt_doc_user u on u.id = (t.data->>'userId')::uuid
        where t.id = $1 and not coalesce((u.data->>'disabled')::boolean, false)
        """;

    readonly ConcurrentDictionary<string, (TokenHolder Holder, long ReadAt)> _cache = new();
    long _changes;

    /// <summary>Null where nobody has the token, and where its user is disabled.</summary>
    /// <param name="hash">SHA-256 of the token, hex.</param>
    public async Task<TokenHolder?> Of(string hash, CancellationToken cancellation) =>
        _cache.TryGetValue(hash, out var cached) && TimeProvider.System.GetElapsedTime(cached.ReadAt) < CacheFor ? cached.Holder : await Fresh(hash, cancellation);

    /// <summary>As it is in the database now.</summary>
    public async Task<TokenHolder?> Fresh(string hash, CancellationToken cancellation)
    {
        var seen = Interlocked.Read(ref _changes);
        var readAt = TimeProvider.System.GetTimestamp();
        var holder = await Read(hash, cancellation);
        if (_cache.Count > MostKept) _cache.Clear();
        if (holder is null) _cache.TryRemove(hash, out _);
        else _cache[hash] = (holder, readAt);
        // It may have been read before a change and kept after it.
        if (Interlocked.Read(ref _changes) != seen) _cache.TryRemove(hash, out _);
        return holder;
    }

    /// <summary>Some user or token has changed.</summary>
    public void Forget()
    {
        Interlocked.Increment(ref _changes);
        _cache.Clear();
    }

    async Task<TokenHolder?> Read(string hash, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(Holder);
        command.Parameters.Add(new() { Value = hash });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation)
            ? new(reader.GetGuid(0), reader.GetString(1), await reader.GetFieldValueAsync<DateTimeOffset>(2, cancellation))
            : null;
    }
}

/// <summary>What is remembered of users and tokens is forgotten once a change is committed.</summary>
public sealed class ForgetAccessTokens(AccessTokens tokens) : DocumentSessionListenerBase
{
    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        if (commit.GetEvents().Any(e => e.Data is UserRoleChanged or UserDisabled or UserEnabled or AccessTokenRevoked)) tokens.Forget();
        return Task.CompletedTask;
    }
}
