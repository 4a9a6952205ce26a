namespace Phoenix.Fuzz;

/// <summary>
/// A decoder under fuzzing. It must read whatever it is given or refuse it with its own exception; what it reads must hold the
/// laws that its readers rely on. Anything else that is thrown is a finding.
/// </summary>
public sealed class FuzzTarget(string name, Action<byte[]> run)
{
    // A decoder may copy its input some times and keep tables of its own; it may not grow with what the input only claims.
    private const long AllowedBytes = 64L << 20;
    private const long AllowedBytesPerByte = 4096;

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("otlp", OtlpLaws.Run),
        new("otlp-json", OtlpJsonLaws.Run),
        new("remote-write", RemoteWriteLaws.RunRequest),
        new("remote-write-body", RemoteWriteLaws.RunBody),
        new("text", ExpositionLaws.RunText),
        new("open-metrics", ExpositionLaws.RunOpenMetrics),
        new("configuration", ConfigurationLaws.Run),
    ];

    public string Name { get; } = name;

    /// <exception cref="LawBrokenException">The input was read, and a law does not hold of what came out.</exception>
    public void Run(byte[] input)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        run(input);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > AllowedBytes + AllowedBytesPerByte * input.Length)
            throw new LawBrokenException($"{input.Length} bytes of input took {allocated} bytes of memory");
    }
}

/// <summary>What a decoder made of an input is not what its readers may rely on.</summary>
public sealed class LawBrokenException(string message) : Exception(message)
{
    public static void Unless(bool holds, string law)
    {
        if (!holds)
            throw new LawBrokenException(law);
    }
}
