namespace Phoenix.Demo;

/// <summary>A table of text on standard output, each column as wide as its widest cell.</summary>
internal static class TextTable
{
    public static void Print(string[] header, List<string[]> rows)
    {
        var widths = header.Select((title, i) => Math.Max(title.Length, rows.Count == 0 ? 0 : rows.Max(r => r[i].Length))).ToArray();
        Console.WriteLine();
        Console.WriteLine(Line(header));
        Console.WriteLine(string.Join("  ", widths.Select(w => new string('-', w))));
        foreach (var row in rows)
        {
            Console.WriteLine(Line(row));
        }

        string Line(string[] cells) => string.Join("  ", cells.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd();
    }
}
