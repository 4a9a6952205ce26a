using Phoenix.Fuzz;

if (args.Length == 0 || FuzzTarget.All.FirstOrDefault(target => target.Name == args[0]) is not { } target)
{
    Console.Error.WriteLine($"usage: Phoenix.Fuzz TARGET [FILE...]   TARGET: {string.Join(", ", FuzzTarget.All.Select(t => t.Name))}");
    Console.Error.WriteLine("With files it runs each of them once; without, it is driven by afl-fuzz (see build/fuzz).");
    return 2;
}

if (args.Length > 1)
{
    foreach (var file in args[1..])
        target.Run(File.ReadAllBytes(file));
    return 0;
}

SharpFuzz.Fuzzer.OutOfProcess.Run(stream =>
{
    using var copy = new MemoryStream();
    stream.CopyTo(copy);
    target.Run(copy.ToArray());
});
return 0;
