using System.Globalization;

namespace Phoenix.Collector;

/// <summary>
/// Gives pages of program files back that only the start needed. The kernel maps sixteen at a time, so that of what stays in
/// the resident set most was never looked at; what is needed again comes back from the page cache in about a microsecond.
/// </summary>
internal static class StartUpMemory
{
    // A private page that was swapped out is not dirty any more, and one that came back is clean.
    private static readonly string[] TellsOfOwnPages = ["Private_Dirty:", "Anonymous:", "Swap:"];

    /// <summary>Best effort: where /proc cannot be read nothing is given back.</summary>
    public static void GiveBack()
    {
        try
        {
            foreach (var (start, length) in Mappings(File.ReadLines("/proc/self/smaps")))
            {
                Libc.DoNotNeed(start, length);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.Info("what only the start needed stays resident", ("reason", e.Message));
        }
    }

    /// <summary>
    /// Mappings of files that cannot be written and hold no page of their own: the kernel has the same bytes in the file. One
    /// with a private page, as of relocated constants, would lose it.
    /// </summary>
    internal static IEnumerable<(nint Start, nint Length)> Mappings(IEnumerable<string> smaps)
    {
        // 55b1faa04000-55b1fb318000 r-xp 00019000 fe:00 11837513    /usr/bin/phoenix-collector
        (nint Start, nint Length)? candidate = null;
        foreach (var line in smaps)
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0 || line[space - 1] != ':')
            {
                if (candidate is { } whole)
                {
                    yield return whole;
                }

                var bounds = line[..Math.Max(space, 0)].Split('-');
                candidate = null;
                if (bounds.Length == 2 && line.AsSpan(space + 1) is ['r', '-', _, 'p', ..] && line.Contains(" /", StringComparison.Ordinal)
                    && long.TryParse(bounds[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var start)
                    && long.TryParse(bounds[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var end))
                {
                    candidate = ((nint)start, (nint)(end - start));
                }
            }
            else if (TellsOfOwnPages.Contains(line[..space]) && line.AsSpan(space).Trim() is not "0 kB")
            {
                candidate = null;
            }
        }

        if (candidate is { } last)
        {
            yield return last;
        }
    }
}
