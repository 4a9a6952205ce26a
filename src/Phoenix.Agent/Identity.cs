using System.Buffers.Text;
using System.Security.Cryptography;

namespace Phoenix.Agent;

/// <summary>
/// The host's credential. It is stored before the control plane hears of it, so that a lost answer or a killed agent only
/// means the same request again.
/// </summary>
/// <param name="Credential">256 random bits, base64url.</param>
internal sealed record Identity(string Credential, bool Enrolled)
{
    public static Identity LoadOrCreate(string path)
    {
        if (DurableFile.Read(path, AgentJson.Default.Identity) is { } known)
            return known;

        var made = new Identity(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)), Enrolled: false);
        DurableFile.Write(path, made, AgentJson.Default.Identity);
        return made;
    }

    /// <summary>Keeps the credential out of any log or exception that prints the record.</summary>
    public override string ToString() => $"Identity {{ Enrolled = {Enrolled} }}";
}
