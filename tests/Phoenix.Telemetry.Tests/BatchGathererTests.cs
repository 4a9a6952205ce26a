namespace Phoenix.Telemetry.Tests;

public class BatchGathererTests
{
    private const long Second = 1_000_000_000;
    private readonly Written output = new();

    [Fact]
    public void batches_wait_for_enough_points_and_go_on_as_one()
    {
        var gatherer = new BatchGatherer("batch", enough: 10, TimeSpan.FromSeconds(1), most: 0);

        Give(gatherer, 4, at: 0);
        Give(gatherer, 5, at: 0);
        output.Points.ShouldBeEmpty();
        Give(gatherer, 3, at: 0);

        output.Points.ShouldBe([12]);
        gatherer.Due.ShouldBe(long.MaxValue);
    }

    [Fact]
    public void what_waits_is_due_when_its_first_point_has_waited_long_enough()
    {
        var gatherer = new BatchGatherer("batch", enough: 100, TimeSpan.FromSeconds(1), most: 0);

        Give(gatherer, 1, at: 5 * Second);
        Give(gatherer, 1, at: (5 * Second) + 1);

        gatherer.Due.ShouldBe(6 * Second);
        gatherer.Flush(6 * Second, output);
        output.Points.ShouldBe([2]);
    }

    [Fact]
    public void too_many_points_are_split_and_every_one_goes_on_once_within_its_resource()
    {
        var gatherer = new BatchGatherer("batch", enough: 5, TimeSpan.FromSeconds(1), most: 4);

        Give(gatherer, 11, at: 0);

        output.Points.ShouldBe([4, 4, 3]);
        output.Values.Order().ShouldBe(Enumerable.Range(0, 11).Select(i => (double)i));
        output.Resources.ShouldAllBe(r => r == "shop");
    }

    [Fact]
    public void a_batch_that_is_large_enough_already_goes_on_as_it_is()
    {
        var gatherer = new BatchGatherer("batch", enough: 2, TimeSpan.FromSeconds(1), most: 0);
        var batch = Batch(3);

        gatherer.Process(new BatchDecoder().Decode(batch), 0, output);

        output.Bytes.ShouldHaveSingleItem().ShouldBe(batch);
    }

    [Fact]
    public void without_a_timeout_and_a_size_batches_are_only_split()
    {
        var gatherer = new BatchGatherer("batch", enough: 0, TimeSpan.Zero, most: 2);

        Give(gatherer, 3, at: 0);
        Give(gatherer, 1, at: 0);

        output.Points.ShouldBe([2, 1, 1]);
        (gatherer.Counters.PointsIn, gatherer.Counters.PointsOut).ShouldBe((4, 4));
    }

    private void Give(BatchGatherer gatherer, int points, long at) => gatherer.Process(new BatchDecoder().Decode(Batch(points)), at, output);

    private static byte[] Batch(int points)
    {
        var writer = new OtlpWriter();
        writer.BeginResource();
        writer.ResourceAttribute("service.name", "shop");
        writer.BeginScope("test", "");
        writer.BeginGauge("queue", "1", "");
        for (var i = 0; i < points; i++)
        {
            writer.BeginPoint(0, 1);
            writer.Attribute("n", $"{i}");
            writer.EndPoint((double)i);
        }

        writer.EndMetric();
        writer.EndScope();
        writer.EndResource();
        return writer.WrittenSpan.ToArray();
    }

    private sealed class Written : IBatchSink
    {
        public List<int> Points { get; } = [];

        public List<byte[]> Bytes { get; } = [];

        public List<double> Values { get; } = [];

        public List<string> Resources { get; } = [];

        public void Write(ReadOnlySpan<byte> batch)
        {
            Bytes.Add(batch.ToArray());
            var count = 0;
            var reader = new OtlpReader(batch);
            while (reader.NextResource())
            {
                var attributes = new Attributes(reader.Resource, Attributes.OfResource);
                attributes.Next().ShouldBeTrue();
                Resources.Add(System.Text.Encoding.UTF8.GetString(attributes.Current.Value[2..]));
                while (reader.NextScope())
                {
                    while (reader.NextMetric())
                    {
                        while (reader.NextPoint())
                        {
                            Values.Add(reader.ReadPoint().Number);
                            count++;
                        }
                    }
                }
            }

            Points.Add(count);
        }
    }
}
