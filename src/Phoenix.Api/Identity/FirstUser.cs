using Marten;
using Npgsql;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Identity;

/// <summary>
/// At the very first start: one administrator and a secret that can be turned into a token once. The secret goes to the
/// file named by <c>PHOENIX_FIRST_USER_SECRET_FILE</c>, readable by its owner alone, or where none is named to the log.
/// Who lost every token starts once with <c>PHOENIX_REISSUE_FIRST_SECRET=1</c>: who can do that owns the database anyway.
/// </summary>
public sealed class FirstUser(IDocumentStore store, IConfiguration configuration, ILogger<FirstUser> log) : IHostedService
{
    const long LockId = 0x50484F_454E4958;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var session = store.LightweightSession();
        // One node after the other, until the commit: of two that start at the same moment on an empty database the second finds
        // the first one's user, and does not overwrite a secret in a file that they share.
        await session.BeginTransactionAsync(cancellationToken);
        await session.ExecuteAsync(new NpgsqlCommand($"select pg_advisory_xact_lock({LockId})"), cancellationToken);
        var known = await session.Query<User>().FirstOrDefaultAsync(cancellationToken);
        if (known is not null && configuration["PHOENIX_REISSUE_FIRST_SECRET"] != "1") return;

        var secret = Secrets.New();
        session.LastModifiedBy = EventMetadata.System;
        if (known is null)
        {
            var user = new User { Id = Guid.CreateVersion7(), Name = "admin", Role = "admin" };
            session.Insert(user);
            session.Insert(new FirstSecret { Hash = Secrets.Hash(secret), UserId = user.Id });
            session.Events.StartStream(user.Id, new UserRegistered(user.Role));
        }
        else
        {
            session.Store(new FirstSecret { Hash = Secrets.Hash(secret), UserId = known.Id });
            session.Events.Append(known.Id, new FirstSecretReissued());
        }
        // Written before it counts: a crash in between leaves a secret that means nothing, never a user nobody can be.
        if (configuration["PHOENIX_FIRST_USER_SECRET_FILE"] is { Length: > 0 } path)
        {
            Write(path, secret);
            log.LogInformation("First start: the one-time secret of the first user is in {Path}. POST /api/v2/auth/tokens turns it into a token.", path);
        }
        else
        {
            log.LogWarning("First start: one-time secret of the first user: {Secret}. POST /api/v2/auth/tokens turns it into a token.", secret);
        }
        await session.SaveChangesAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    static void Write(string path, string secret)
    {
        var partial = path + ".new";
        File.Delete(partial);
        var create = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) create.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var file = new FileStream(partial, create))
        using (var text = new StreamWriter(file))
        {
            text.WriteLine(secret);
            text.Flush();
            file.Flush(flushToDisk: true);
        }
        File.Move(partial, path, overwrite: true);
    }
}
