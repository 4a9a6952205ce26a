using System.IO.Compression;
using System.Text.RegularExpressions;

namespace Phoenix.Bench.Pages;

/// <summary>What every page of the built dashboard loads before its own part: the entry script, what it imports statically, and the styles; in bytes.</summary>
/// <param name="ScriptGzipped">As gzip sends it by default (level 6).</param>
sealed record MainBundle(IReadOnlyList<string> Scripts, long Script, long ScriptGzipped, long StylesGzipped)
{
    public static MainBundle Of(string folder)
    {
        var index = File.ReadAllText(Path.Combine(folder, "index.html"));
        var waiting = new Queue<string>(Tags(index, "script", "src").Concat(Tags(index, "link", "href").Where(link => link.EndsWith(".js", StringComparison.Ordinal))));
        if (waiting.Count == 0) throw new InvalidOperationException($"{folder}/index.html loads no script.");
        SortedSet<string> scripts = [];
        while (waiting.TryDequeue(out var script))
        {
            var path = Path.GetFullPath(Path.Combine(folder, script.TrimStart('/')));
            if (!scripts.Add(path)) continue;
            // import … from "./x.js", import "./x.js", export … from "./x.js"; import("./x.js") waits until it is needed.
            foreach (Match import in StaticImports.Matches(File.ReadAllText(path)))
                waiting.Enqueue(Path.GetRelativePath(folder, Path.Combine(Path.GetDirectoryName(path)!, import.Groups[1].Value)));
        }
        var styles = Tags(index, "link", "href").Where(link => link.EndsWith(".css", StringComparison.Ordinal)).Select(link => Path.Combine(folder, link.TrimStart('/')));
        return new([.. scripts], scripts.Sum(s => new FileInfo(s).Length), scripts.Sum(Gzipped), styles.Sum(Gzipped));
    }

    static readonly Regex StaticImports = new("""\b(?:from|import)\s*["'](\.{1,2}/[^"']+\.js)["']""", RegexOptions.Compiled);

    static IEnumerable<string> Tags(string html, string tag, string attribute) =>
        Regex.Matches(html, $"""<{tag}\b[^>]*\b{attribute}="(/[^"]+)"[^>]*>""").Select(match => match.Groups[1].Value);

    static long Gzipped(string path)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        using (var file = File.OpenRead(path)) file.CopyTo(gzip);
        return compressed.Length;
    }
}
