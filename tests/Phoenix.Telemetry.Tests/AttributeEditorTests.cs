using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Phoenix.Telemetry.Tests;

public class AttributeEditorTests
{
    private const long Second = 1_000_000_000;
    private readonly Written output = new();

    [Fact]
    public void actions_do_what_they_are_called()
    {
        Edit(
            new AttributeAction(AttributeActionKind.Insert, "new") { Value = AttributeAction.Number(7) },
            new AttributeAction(AttributeActionKind.Insert, "route") { Value = AttributeAction.Text("not this") },
            new AttributeAction(AttributeActionKind.Update, "code") { Value = AttributeAction.Text("2xx") },
            new AttributeAction(AttributeActionKind.Update, "absent") { Value = AttributeAction.Text("x") },
            new AttributeAction(AttributeActionKind.Upsert, "copy") { FromAttribute = "route" },
            new AttributeAction(AttributeActionKind.Upsert, "nothing") { FromAttribute = "absent" },
            new AttributeAction(AttributeActionKind.Extract, "route") { Pattern = new Regex("^/(?<area>[^/]+)/(?<page>.*)$", RegexOptions.NonBacktracking) },
            new AttributeAction(AttributeActionKind.Hash, "user"),
            new AttributeAction(AttributeActionKind.Convert, "size") { Type = AttributeType.WholeNumber },
            new AttributeAction(AttributeActionKind.Delete, "secret"));

        var hash = Convert.ToHexStringLower(SHA256.HashData("anna"u8));
        output.Texts.ShouldHaveSingleItem().ShouldBe($"route=/shop/cart code=2xx user={hash} size=int:42 new=int:7 copy=/shop/cart area=shop page=cart");
        output.Values.ShouldBe([1]);
    }

    [Fact]
    public void a_batch_that_no_action_changes_goes_on_as_it_is()
    {
        var batch = Batch(("shop", "a"));

        Process(Editor(new AttributeAction(AttributeActionKind.Delete, "absent")), batch, 0);

        output.Bytes.ShouldHaveSingleItem().ShouldBe(batch);
    }

    [Fact]
    public void unknown_fields_survive_an_edit()
    {
        // Field 1999 of the resource and of the data point, as a later version of the protocol may have them.
        var writer = new ProtoBuffer();
        var all = writer.Begin(1);
        var resource = writer.Begin(1);
        KeyValue.Write(writer, 1, "service.name", "shop");
        writer.Fixed64(1999, 5);
        writer.End(resource);
        var scope = writer.Begin(2);
        var metric = writer.Begin(2);
        writer.Text(1, "requests");
        var gauge = writer.Begin(5);
        var point = writer.Begin(1);
        KeyValue.Write(writer, 7, "user", "anna");
        writer.Fixed64(3, 1);
        writer.Fixed64(1999, 6);
        writer.End(point);
        writer.End(gauge);
        writer.End(metric);
        writer.End(scope);
        writer.End(all);

        Process(Editor(new AttributeAction(AttributeActionKind.Delete, "user")), writer.Span.ToArray(), 0);

        var reader = new OtlpReader(output.Bytes.ShouldHaveSingleItem());
        (reader.NextResource() && reader.NextScope() && reader.NextMetric() && reader.NextPoint()).ShouldBeTrue();
        Has(reader.Resource, 5).ShouldBeTrue();
        Has(reader.Point, 6).ShouldBeTrue();

        static bool Has(ReadOnlySpan<byte> message, ulong value)
        {
            var cursor = new ProtoCursor(message, 0);
            var found = false;
            while (cursor.Next())
                found |= cursor.Field == 1999 && cursor.Scalar == value;
            return found;
        }
    }

    [Fact]
    public void of_streams_that_an_edit_makes_one_only_the_first_is_written_and_the_others_are_counted()
    {
        var editor = Editor(new AttributeAction(AttributeActionKind.Delete, "user"));

        for (var i = 0; i < 3; i++)
            Process(editor, Batch(("shop", "anna"), ("shop", "bert"), ("shop", "anna")), i * Second);

        output.Values.ShouldBe([1, 3, 1, 3, 1, 3]);
        editor.Dropped.ShouldBe([new DroppedPoints("attributes: collision", 3)]);
        (editor.Counters.PointsIn, editor.Counters.PointsOut).ShouldBe((9, 6));
    }

    [Fact]
    public void a_stream_takes_over_from_one_that_has_fallen_silent()
    {
        var editor = Editor(new AttributeAction(AttributeActionKind.Delete, "user"));
        Process(editor, Batch(("shop", "anna")), 0);
        Process(editor, Batch(("shop", "anna")), 10 * Second);
        Process(editor, Batch(("shop", "bert")), 29 * Second);
        output.Bytes.Count.ShouldBe(2, "anna comes every 10 s");

        Process(editor, Batch(("shop", "bert")), 31 * Second);

        output.Bytes.Count.ShouldBe(3);
    }

    [Fact]
    public void resources_that_become_one_are_watched_and_others_cost_nothing()
    {
        var editor = new AttributeEditor(new AttributeEditorOptions { Name = "resource", OfResource = true, Actions = [new(AttributeActionKind.Delete, "service.name")] });

        Process(editor, Batch(("shop", "anna")), 0);
        Process(editor, Batch(("store", "bert")), 0);
        Process(editor, Batch(("store", "anna"), ("shop", "anna")), Second);

        // Which of two known from before owns the stream is decided by who comes first once both are known.
        editor.Dropped.ShouldBe([new DroppedPoints("resource: collision", 1)]);
        output.Values.Count.ShouldBe(3);
        output.Resources.ShouldAllBe(r => r == "");
    }

    [Fact]
    public void an_attribute_added_to_every_resource_makes_nothing_collide()
    {
        var editor = new AttributeEditor(new AttributeEditorOptions { Name = "resource", OfResource = true, Actions = [new(AttributeActionKind.Upsert, "env") { Value = AttributeAction.Text("prod") }] });

        for (var i = 0; i < 2; i++)
            Process(editor, Batch(("shop", "anna"), ("store", "anna")), i * Second);

        editor.Dropped.ShouldBe([new DroppedPoints("resource: collision", 0)]);
        output.Values.Count.ShouldBe(4);
        output.Resources.ShouldBe(["service.name=shop env=prod", "service.name=store env=prod", "service.name=shop env=prod", "service.name=store env=prod"]);
    }

    [Fact]
    public void only_selected_metrics_are_edited()
    {
        var editor = new AttributeEditor(new AttributeEditorOptions { Name = "attributes", Actions = [new(AttributeActionKind.Delete, "user")], Selects = name => name != "requests" });
        var batch = Batch(("shop", "anna"));

        Process(editor, batch, 0);

        output.Bytes.ShouldHaveSingleItem().ShouldBe(batch);
    }

    [Fact]
    public void editing_allocates_nothing_once_it_is_warm()
    {
        var editor = Editor(new AttributeAction(AttributeActionKind.Upsert, "env") { Value = AttributeAction.Text("prod") }, new AttributeAction(AttributeActionKind.Hash, "user"));
        var batch = Batch([.. Enumerable.Range(0, 500).Select(i => ("shop", $"u{i}"))]);
        var decoder = new BatchDecoder();
        var nothing = new Nothing();
        editor.Process(decoder.Decode(batch), 0, nothing);
        editor.Process(decoder.Decode(batch), 1, nothing);
        var before = GC.GetAllocatedBytesForCurrentThread();

        editor.Process(decoder.Decode(batch), 2, nothing);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(500, "fewer bytes than points");
    }

    private static AttributeEditor Editor(params AttributeAction[] actions) => new(new AttributeEditorOptions { Name = "attributes", Actions = actions });

    private void Process(AttributeEditor editor, byte[] batch, long at) => editor.Process(new BatchDecoder().Decode(batch), at, output);

    private void Edit(params AttributeAction[] actions)
    {
        var writer = new OtlpWriter();
        Begin(writer, "shop");
        writer.BeginPoint(0, 1);
        writer.Attribute("route", "/shop/cart");
        writer.Attribute("code", "200");
        writer.Attribute("user", "anna");
        writer.Attribute("size", "42");
        writer.Attribute("secret", "s");
        writer.EndPoint(1.0);
        End(writer);
        Process(Editor(actions), writer.WrittenSpan.ToArray(), 0);
    }

    /// <summary>One gauge point for each service and user; its value is its place.</summary>
    private static byte[] Batch(params (string Service, string User)[] points)
    {
        var writer = new OtlpWriter();
        foreach (var group in points.Select((point, at) => (point, at)).GroupBy(p => p.point.Service))
        {
            Begin(writer, group.Key);
            foreach (var (point, at) in group)
            {
                writer.BeginPoint(0, 1);
                writer.Attribute("user", point.User);
                writer.EndPoint((double)at + 1);
            }

            End(writer);
        }

        return writer.WrittenSpan.ToArray();
    }

    private static void Begin(OtlpWriter writer, string service)
    {
        writer.BeginResource();
        writer.ResourceAttribute("service.name", service);
        writer.BeginScope("test", "");
        writer.BeginGauge("requests", "1", "");
    }

    private static void End(OtlpWriter writer)
    {
        writer.EndMetric();
        writer.EndScope();
        writer.EndResource();
    }

    private static string Text(ReadOnlySpan<byte> owner, int field)
    {
        var text = new List<string>();
        var attributes = new Attributes(owner, field);
        while (attributes.Next())
        {
            var value = new ProtoCursor(attributes.Current.Value, 0);
            value.Next().ShouldBeTrue();
            text.Add($"{Encoding.UTF8.GetString(attributes.Current.Key)}={(value.Field == 1 ? Encoding.UTF8.GetString(value.Content) : $"int:{value.Scalar}")}");
        }

        return string.Join(' ', text);
    }

    private sealed class Nothing : IBatchSink
    {
        public void Write(ReadOnlySpan<byte> batch) => batch.Length.ShouldBePositive();
    }

    private sealed class Written : IBatchSink
    {
        public List<byte[]> Bytes { get; } = [];

        public List<double> Values { get; } = [];

        public List<string> Texts { get; } = [];

        public List<string> Resources { get; } = [];

        public void Write(ReadOnlySpan<byte> batch)
        {
            OtlpReader.Validate(batch);
            Bytes.Add(batch.ToArray());
            var reader = new OtlpReader(batch);
            while (reader.NextResource())
            {
                Resources.Add(Text(reader.Resource, Attributes.OfResource));
                while (reader.NextScope())
                {
                    while (reader.NextMetric())
                    {
                        while (reader.NextPoint())
                        {
                            Values.Add(reader.ReadPoint().Number);
                            Texts.Add(Text(reader.Point, 7));
                        }
                    }
                }
            }
        }
    }
}
