using System.Text;

namespace Phoenix.Api.Notifications;

/// <summary>A notification as incoming webhooks of Slack take it: <c>text</c> for where blocks are not shown, and blocks.</summary>
static class SlackMessage
{
    /// <summary>Of the text of a section; that of a message may be longer. Counted after escaping.</summary>
    const int MaxSection = 3_000;

    const int MaxContext = 1_000;

    public static object Of(NotificationBody body) => new
    {
        text = Escaped(body.Text, MaxSection),
        blocks = new object[]
        {
            new { type = "section", text = new { type = "mrkdwn", text = Escaped(body.Text, MaxSection) } },
            new { type = "context", elements = new[] { new { type = "mrkdwn", text = Escaped($"{body.Kind} · {body.OccurredAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC · event {body.Sequence} · {body.Link}", MaxContext) } } },
        },
    };

    /// <summary>The three characters that Slack asks to be escaped, so that no name becomes a link or calls a channel; never cut within an escape.</summary>
    static string Escaped(string text, int most)
    {
        var escaped = new StringBuilder(Math.Min(text.Length, most));
        foreach (var rune in text.EnumerateRunes())
        {
            var piece = rune.Value switch { '&' => "&amp;", '<' => "&lt;", '>' => "&gt;", _ => rune.ToString() };
            if (escaped.Length + piece.Length > most - 1) return escaped.Append('…').ToString();
            escaped.Append(piece);
        }
        return escaped.ToString();
    }
}
