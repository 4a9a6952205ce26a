using Marten;
using Microsoft.AspNetCore.Authorization;
using Phoenix.Api.Identity;
using Phoenix.Api.Infrastructure;
using Phoenix.Contracts;
using Phoenix.Domain.Users;
using Wolverine.Http;

namespace Phoenix.Api.Signing;

public static class SigningKeysEndpoint
{
    /// <summary>The public keys whose configurations hosts run, newest first. Public, since they prove and do not permit.</summary>
    [WolverineGet("/api/v2/signing-keys"), AllowAnonymous, Tags("Agent protocol"), ProducesResponseType<SigningKeys>(200)]
    public static async Task<SigningKeys> Get(ConfigurationSigner signer, CancellationToken cancellation) => new(await signer.PublicKeys(cancellation));
}

public static class RotateSigningKeyEndpoint
{
    /// <summary>
    /// Makes a new signing key, endorsed by the one before it. Hosts follow by themselves; the one before is good until the next
    /// rotation. Keys in a file are rotated there: a new key is put before the others.
    /// </summary>
    [WolverinePost("/api/v2/signing-keys"), RequireRole(Roles.Admin), Tags("Identity"), ProducesResponseType<SigningKeys>(201)]
    public static async Task<IResult> Post(IDocumentStore store, ConfigurationSigner signer, HttpContext http, TimeProvider clock, CancellationToken cancellation)
    {
        if (signer.KeysAreInFile)
            return Problems.Of(409, "signing-key-in-file", $"The signing keys come from the file that {SigningKeyFile.Variable} names. Put a new key before the others in it.");
        await using (var session = store.LightweightSession())
        {
            var newest = await session.Query<StoredSigningKey>().OrderByDescending(key => key.Id).FirstAsync(cancellation);
            var made = StoredSigningKey.After(newest, clock.GetUtcNow());
            session.Stamp(http);
            // Two at the same moment collide on the id, and the second is told so.
            session.Insert(made);
            session.Events.Append(Guid.Parse(http.User.Identity!.Name!), new SigningKeyRotated(made.PublicId(), newest.PublicId()));
            await session.SaveChangesAsync(cancellation);
        }
        return TypedResults.Json(new SigningKeys(await signer.Reload(cancellation)), statusCode: 201);
    }
}
