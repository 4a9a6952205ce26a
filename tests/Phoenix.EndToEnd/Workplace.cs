namespace Phoenix.EndToEnd;

/// <summary>What <c>./test</c> gives to the tests.</summary>
internal static class Workplace
{
    public static string ApiProgram => File("PHOENIX_API_DLL");

    public static string AgentProgram => File("PHOENIX_AGENT_BIN");

    /// <summary>The same agent, built as version 0.2.0.</summary>
    public static string NextAgentProgram => File("PHOENIX_NEXT_AGENT_BIN");

    public static string CollectorProgram => File("PHOENIX_COLLECTOR_BIN");

    public static string DatabaseUrl => Variable("PHOENIX_TEST_DATABASE_URL");

    /// <summary>Root of the clone: above the test's own assembly.</summary>
    public static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!folder!.EnumerateFiles("Phoenix.sln").Any())
            {
                folder = folder.Parent;
            }

            return folder.FullName;
        }
    }

    private static string File(string variable) =>
        System.IO.File.Exists(Variable(variable)) ? Variable(variable) : throw new FileNotFoundException($"{variable} names a file that is not there. Run ./test e2e.", Variable(variable));

    private static string Variable(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set. Run ./test e2e.");
}
