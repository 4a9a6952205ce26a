namespace Phoenix.Pipelines.Components;

/// <summary><c>file_storage</c>: a directory in which the collector keeps what has to outlive its process.</summary>
/// <param name="CreateDirectory">Whether to make it where it is not there.</param>
public sealed record FileStorageExtensionSettings(string Id, string Directory, bool CreateDirectory) : ExtensionSettings(Id)
{
    public const string Type = "file_storage";

    internal static FileStorageExtensionSettings Read(string id, SectionReader section)
    {
        // The directory; every collector of a host needs its own. Default /var/lib/otelcol/file_storage.
        var directory = section.Text("directory") ?? "/var/lib/otelcol/file_storage";
        if (!section.Unresolved && !Path.IsPathRooted(directory))
        {
            section.Error("directory", $"`{section.Written("directory")}` is no absolute path", "write the path from / on: it must not depend on where the collector is started");
        }

        // Make it with mode 0700 where it is not there. Default true.
        var create = section.Flag("create_directory", true);
        section.RejectUnknown();
        return new(id, directory, create);
    }
}
