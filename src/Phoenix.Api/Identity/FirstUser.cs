using Marten;
using Phoenix.Api.Infrastructure;
using Phoenix.Domain.Users;

namespace Phoenix.Api.Identity;

/// <summary>
/// At the very first start: one administrator and a secret that can be turned into a token once. The secret goes to the
/// file named by <c>PHOENIX_FIRST_USER_SECRET_FILE</c>, readable by its owner alone, or where none is named to the log.
/// Who lost every token starts once with <c>PHOENIX_REISSUE_FIRST_SECRET=1</c>, which makes a secret for the first user who can administer: who can
/// do that owns the database anyway.
/// </summary>
public sealed class FirstUser(IDocumentStore store, IConfiguration configuration, ILogger<FirstUser> log) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var session = store.LightweightSession();
        // One node after the other, until the commit: of two that start at the same moment on an empty database the second finds
        // the first one's user, and does not overwrite a secret in a file that they share.
        var users = await session.LockUsers(cancellationToken);
        if (users.Count > 0 && configuration["PHOENIX_REISSUE_FIRST_SECRET"] != "1") return;

        var secret = Secrets.New();
        session.LastModifiedBy = EventMetadata.System;
        Guid userId;
        if (users.Count == 0)
        {
            var user = new User { Id = userId = Guid.CreateVersion7(), Name = "admin", Role = Roles.Admin };
            session.Insert(user);
            session.Events.StartStream(user.Id, new UserRegistered(user.Role));
        }
        else
        {
            // The first user may be disabled by now; of those who can administer there is always one.
            userId = users.First(u => u is { Role: Roles.Admin, Disabled: false }).Id;
            session.Events.Append(userId, new FirstSecretReissued());
        }
        await session.PutSecret(userId, secret, expiresAt: null, cancellationToken);
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
