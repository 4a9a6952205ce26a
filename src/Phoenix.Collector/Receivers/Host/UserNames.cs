using System.Globalization;

namespace Phoenix.Collector.Receivers.Host;

/// <summary>User names of /etc/passwd, read again when an id is met that it did not have.</summary>
internal sealed class UserNames
{
    private readonly Dictionary<long, string> _names = [];

    public string Name(long uid)
    {
        if (_names.TryGetValue(uid, out var name))
        {
            return name;
        }

        if (File.Exists("/etc/passwd"))
        {
            foreach (var line in File.ReadLines("/etc/passwd"))
            {
                var fields = line.Split(':');
                if (fields.Length > 2 && long.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                {
                    _names.TryAdd(id, fields[0]);
                }
            }
        }

        return _names[uid] = _names.TryGetValue(uid, out name) ? name : uid.ToString(CultureInfo.InvariantCulture);
    }
}
