using System.Text;
using System.Text.Json;
using CsCheck;
using Phoenix.Contracts;

namespace Phoenix.Agent.Tests;

/// <summary>What of a log line leaves the host.</summary>
public sealed class LogRedactionTests
{
    private static readonly LogRedaction Nothing = new([]);

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Characters that JSON, addresses or patterns spell in a way of their own.</summary>
    private static readonly string[] Special = ["+", "/", "\"", "&", "é", "'", "\\", "%", "=", "]", ""];

    [Theory]
    [InlineData("GET https://alice:s3cr3t@metrics.example.org/push failed", "s3cr3t")]
    [InlineData("GET https://alice:p@ss@metrics.example.org/push failed", "ss@")]
    [InlineData("GET https://glpat-123@metrics.example.org/push failed", "glpat-123")]
    [InlineData("header Authorization: Bearer abc.def-123~x+y/z= was refused", "abc.def")]
    [InlineData("header Authorization: Basic YWxpY2U6c2VjcmV0 was refused", "YWxp")]
    [InlineData("sent with Bearer 0123456789abcdef", "0123456789abcdef")]
    [InlineData("{\"message\":\"x\",\"apiKey\":\"k-123\",\"next\":1}", "k-123")]
    [InlineData("{\"error\":\"header \\u0022Authorization: Bearer abc\\u002Bdef123456\\u0022 refused\"}", "def123456")]
    [InlineData("{\"error\":\"password=\\\"hunter2\\\" is wrong\"}", "hunter2")]
    [InlineData("POST /write?db=x&token=tok123&u=y", "tok123")]
    [InlineData("POST /write?key=AIza123456&u=y", "AIza")]
    [InlineData("POST /write?a=b\\u0026sig=AIza123456", "AIza")]
    [InlineData("BACKEND_TOKEN=abc was read", "abc")]
    [InlineData("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.sflKxwRJSMeKKF2QT4fw is over", "eyJ")]
    [InlineData("x-scope: 1, X-Api-Key: abcdef", "abcdef")]
    public void what_looks_like_a_secret_by_where_it_stands_is_taken_out(string line, string secret)
    {
        var redacted = Nothing.Apply(line);
        redacted.ShouldNotContain(secret, Case.Sensitive);
        redacted.ShouldContain(LogRedaction.Mark);
    }

    [Theory]
    [InlineData("{\"time\":\"2026-11-01T12:00:00Z\",\"level\":\"warn\",\"message\":\"Work could not be fetched.\",\"status\":503,\"code\":\"database-unavailable\"}")]
    [InlineData("dial tcp 127.0.0.1:4318: connect: connection refused; https://metrics.example.org:443/api/v1/write?db=x&precision=ms")]
    [InlineData("a user@example.org wrote about https://example.org/a")]
    [InlineData("bearer_token_file: /etc/phoenix/token cannot be read")]
    public void what_is_none_stays(string line) => Nothing.Apply(line).ShouldBe(line);

    [Theory]
    [InlineData("Authorization: Bearer abcdefghijkl was refused", "Authorization: Bearer [redacted] was refused")]
    [InlineData("{\"password\":\"x\",\"next\":1}", "{\"password\":\"[redacted]\",\"next\":1}")]
    [InlineData("https://u:p@example.org/x?token=abc&y=1", "https://[redacted]@example.org/x?token=[redacted]&y=1")]
    public void the_rest_of_the_line_stays_to_be_read(string line, string redacted) => Nothing.Apply(line).ShouldBe(redacted);

    [Fact]
    public void a_line_is_cut_only_after_its_secrets_are_out()
    {
        const string Secret = "0123456789abcdefghij";
        var redaction = new LogRedaction([Secret]);
        var lines = redaction.Apply([new string('x', 1990) + Secret + new string('y', 100), "short"]);
        lines[0].Length.ShouldBe(2000);
        lines[0].ShouldEndWith(LogRedaction.Mark);
        lines[1].ShouldBe("short");
        var failed = new TaskResult(1, TaskOutcome.Failed, [], new TaskError("not-healthy", "Collector 'production' did not become healthy.", true, ["said " + Secret]));
        redaction.Apply(failed).Error!.LogTail.ShouldBe(["said [redacted]"]);
    }

    [Fact]
    public void a_short_value_counts_where_it_stands_for_itself_alone()
    {
        var redaction = new LogRedaction(["prod", "abc"]);
        redaction.Apply("production in prod, prod: abc").ShouldBe("production in [redacted], [redacted]: abc");
        new LogRedaction(["a.b.c"]).Apply("a.b.c xa.b.c a.b.c").ShouldBe("[redacted] xa.b.c [redacted]");
    }

    /// <summary>Whatever the secret and however it is written, nothing of its text is left.</summary>
    [Fact]
    public void a_known_secret_is_found_in_text_in_json_and_in_an_address()
    {
        var secrets = Gen.String[Gen.Char.AlphaNumeric, 6, 30].Select(Gen.Int[0, Special.Length - 1].Select(i => Special[i]), (text, special) => text[..3] + special + text[3..] + special + "Z9");
        Gen.Select(secrets, Gen.String[Gen.Char.AlphaNumeric, 0, 20], Gen.Int[0, 3]).Sample((secret, around, form) =>
        {
            var written = form switch
            {
                0 => secret,
                1 => JsonSerializer.Serialize(secret)[1..^1],
                2 => JsonSerializer.Serialize(secret, Relaxed)[1..^1],
                _ => Uri.EscapeDataString(secret),
            };
            var redacted = new LogRedaction([secret, "another-one-of-many"]).Apply($"{around} {written} {around}");
            redacted.ShouldNotContain(written, Case.Sensitive);
            redacted.ShouldContain(LogRedaction.Mark);
        });
    }

    [Fact]
    public void a_secret_of_several_lines_is_found_line_by_line()
    {
        var redaction = new LogRedaction(["-----BEGIN-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END-----\n"]);
        redaction.Apply("read hkiG9w0BAQEFAASC there").ShouldBe("read [redacted] there");
    }

    [Fact]
    public void lines_are_bounded_after_the_secrets_are_out_and_the_newest_stay()
    {
        var secret = new string('s', 40);
        // A cut before would have left the first half of the secret.
        var lines = new[] { "oldest", new string('x', HostLogLimits.LineLength - 20) + secret + "tail", "newest" };
        var (kept, bytes, cut) = LogsJob.Bound(lines, new LogRedaction([secret]), HostLogLimits.Bytes);
        (kept.Count, cut).ShouldBe((3, false));
        kept[1].ShouldNotContain("sss");
        bytes.ShouldBe(kept.Sum(Encoding.UTF8.GetByteCount));

        var (few, _, fewCut) = LogsJob.Bound(lines, new LogRedaction([]), 10);
        few.ShouldBe(["newest"]);
        fewCut.ShouldBeTrue();
        var (longest, _, longestCut) = LogsJob.Bound([new string('x', 2 * HostLogLimits.LineLength)], new LogRedaction([]), HostLogLimits.Bytes);
        (longest[0].Length, longestCut).ShouldBe((HostLogLimits.LineLength, true));
    }

    [Fact]
    public void the_last_lines_of_a_file_go_on_from_the_one_before_it()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("pl-").FullName, "collector.log");
        try
        {
            LogFile.Last(path, 10, 1000).Lines.ShouldBeEmpty();
            File.WriteAllText(path + ".1", string.Concat(Enumerable.Range(1, 50).Select(n => $"old {n}\n")));
            File.WriteAllText(path, "new 1\r\nnew 2\nunfinished");
            LogFile.Last(path, 2, 1000).ShouldSatisfyAllConditions(l => l.Lines.ShouldBe(["new 2", "unfinished"]), l => l.More.ShouldBeTrue());
            LogFile.Last(path, 5, 1000).Lines.ShouldBe(["old 49", "old 50", "new 1", "new 2", "unfinished"]);
            LogFile.Last(path, 1000, 1000).ShouldSatisfyAllConditions(l => l.Lines.Count.ShouldBe(53), l => l.More.ShouldBeFalse());
            // Of a line whose beginning was not read nobody knows whether it holds half of a secret.
            LogFile.Last(path, 10, 12).ShouldSatisfyAllConditions(l => l.Lines.ShouldBe(["unfinished"]), l => l.More.ShouldBeTrue());
            LogFile.Last(path, 10, 35).Lines.ShouldBe(["old 50", "new 1", "new 2", "unfinished"]);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }
}
