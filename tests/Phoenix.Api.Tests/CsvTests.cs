using Phoenix.Api.Infrastructure;

namespace Phoenix.Api.Tests;

public sealed class CsvTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"no\"", "\"say \"\"no\"\"\"")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@sum(a1)", "'@sum(a1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("=hyperlink(\"x\",\"y\")", "\"'=hyperlink(\"\"x\"\",\"\"y\"\")\"")]
    [InlineData("a=1", "a=1")]
    public void text_is_quoted_where_it_must_be_and_is_no_formula(string text, string value) => Csv.Row(text).ShouldBe(value + "\r\n");

    [Fact]
    public void numbers_and_times_are_what_they_are() =>
        Csv.Row(-1.5, 0.1m, 3, 4L, true, null, new DateOnly(2026, 2, 3), new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.FromHours(1)))
            .ShouldBe("-1.5,0.1,3,4,true,,2026-02-03,2026-02-03T03:05:06Z\r\n");
}
