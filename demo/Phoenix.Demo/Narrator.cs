using System.Diagnostics;
using System.Globalization;

namespace Phoenix.Demo;

/// <summary>Tells on standard error what happens while it happens; standard output is for the result alone.</summary>
internal sealed class Narrator
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();

    public double Seconds => _clock.Elapsed.TotalSeconds;

    public void Scene(string title) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n[{Seconds,4:0}s] {title}"));

    public void Say(FormattableString text) =>
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{Seconds,4:0}s]   {text.ToString(CultureInfo.InvariantCulture)}"));
}
