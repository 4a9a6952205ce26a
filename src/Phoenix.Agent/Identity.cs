using System.Buffers.Text;
using System.Security.Cryptography;

namespace Phoenix.Agent;

/// <summary>
/// The host's credential. It is stored before the control plane hears of it, so that a lost answer or a killed agent only
/// means the same request again.
/// </summary>
/// <param name="Credential">256 random bits, base64url.</param>
/// <param name="SigningKeys">Public keys whose configurations run here, pinned at the first contact, as base64 of the SubjectPublicKeyInfo; null before it, and from an agent that knew none.</param>
internal sealed record Identity(string Credential, bool Enrolled, IReadOnlyList<string>? SigningKeys = null)
{
    /// <summary>Keeps the credential out of any log or exception that prints the record.</summary>
    public override string ToString() => $"Identity {{ Enrolled = {Enrolled} }}";
}

/// <summary>The identity as it is on disk, for all who change a part of it.</summary>
internal sealed class IdentityFile
{
    private readonly string _path;
    private readonly Lock _gate = new();

    private IdentityFile(string path, Identity identity)
    {
        _path = path;
        Current = identity;
    }

    public Identity Current { get; private set; }

    public static IdentityFile LoadOrCreate(string path)
    {
        if (DurableFile.Read(path, AgentJson.Default.Identity) is { } known)
            return new IdentityFile(path, known);

        var made = new Identity(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)), Enrolled: false);
        DurableFile.Write(path, made, AgentJson.Default.Identity);
        return new IdentityFile(path, made);
    }

    public void Change(Func<Identity, Identity> change)
    {
        lock (_gate)
        {
            var next = change(Current);
            DurableFile.Write(_path, next, AgentJson.Default.Identity);
            Current = next;
        }
    }
}
