using System.Buffers;
using System.Text;
using CsCheck;
using Google.Protobuf;
using Phoenix.Telemetry.Tests.Oracle;

namespace Phoenix.Telemetry.Tests;

public class OtlpJsonTests
{
    private const string Whole = """
        {"resourceMetrics":[{"resource":{"attributes":[
            {"key":"s","value":{"stringValue":"ü\n"}},{"key":"i","value":{"intValue":"-9223372036854775808"}},{"key":"j","value":{"intValue":7}},
            {"key":"b","value":{"boolValue":true}},{"key":"d","value":{"doubleValue":"NaN"}},{"key":"y","value":{"bytesValue":"_-8="}},
            {"key":"a","value":{"arrayValue":{"values":[{"stringValue":"x"},{"kvlistValue":{"values":[{"key":"k","value":{"intValue":1e3}}]}}]}}}]},
          "futureField":{"deep":[1,{"x":null}]},
          "scopeMetrics":[{"scope":{"name":"lib","version":"1"},"metrics":[
            {"name":"sum","unit":"By","sum":{"dataPoints":[{"startTimeUnixNano":"1","timeUnixNano":1700000000000000001,"asInt":"-5","flags":1,
                "exemplars":[{"timeUnixNano":"2","asDouble":0.5,"spanId":"0102030405060708","traceId":"000102030405060708090A0B0C0D0E0F","filteredAttributes":[{"key":"u","value":{"stringValue":"v"}}]}]}],
              "aggregationTemporality":2,"isMonotonic":true}},
            {"name":"gauge","gauge":{"data_points":[{"time_unix_nano":"3","as_double":-Infinity_}]}},
            {"name":"histogram","histogram":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA","dataPoints":[{"count":"3","sum":1.5,"bucketCounts":["1",2],"explicitBounds":[0.25],"min":null,"max":9}]}},
            {"name":"exponential","exponentialHistogram":{"aggregationTemporality":2,"dataPoints":[{"count":3,"scale":-2,"zeroCount":"1","positive":{"offset":-3,"bucketCounts":["1","0","1"]},"zeroThreshold":1e-9}]}},
            {"name":"summary","summary":{"dataPoints":[{"count":"3","sum":4,"quantileValues":[{"quantile":0.5,"value":2}]}]}}]}]}]}
        """;

    [Fact]
    public void everything_is_read_in_all_its_spellings()
    {
        var reader = new OtlpJsonReader();
        reader.Read(Encoding.UTF8.GetBytes(Whole.Replace("-Infinity_", "\"-Infinity\"", StringComparison.Ordinal))).ShouldBe(5);
        OtlpReader.Validate(reader.Batch).ShouldBe(5);
        var resource = Request.Parser.ParseFrom(reader.Batch).ResourceMetrics.ShouldHaveSingleItem();
        var values = resource.Resource.Attributes.ToDictionary(a => a.Key, a => a.Value);
        values["s"].StringValue.ShouldBe("ü\n");
        (values["i"].IntValue, values["j"].IntValue, values["b"].BoolValue, values["d"].DoubleValue).ShouldBe((long.MinValue, 7L, true, double.NaN));
        values["y"].BytesValue.ToByteArray().ShouldBe([0xFF, 0xEF]);
        values["a"].ArrayValue.Values[1].KvlistValue.Values[0].Value.IntValue.ShouldBe(1000);

        var metrics = resource.ScopeMetrics.ShouldHaveSingleItem().Metrics;
        var sum = metrics[0].Sum.DataPoints[0];
        (sum.AsInt, sum.StartTimeUnixNano, sum.TimeUnixNano, sum.Flags, metrics[0].Sum.IsMonotonic, metrics[0].Sum.AggregationTemporality)
            .ShouldBe((-5L, 1ul, 1_700_000_000_000_000_001ul, 1u, true, 2));
        Convert.ToHexString(sum.Exemplars[0].TraceId.Span).ShouldBe("000102030405060708090A0B0C0D0E0F");
        metrics[1].Gauge.DataPoints[0].AsDouble.ShouldBe(double.NegativeInfinity);
        var histogram = metrics[2].Histogram;
        (histogram.AggregationTemporality, histogram.DataPoints[0].HasMin, histogram.DataPoints[0].Max, string.Join(' ', histogram.DataPoints[0].BucketCounts)).ShouldBe((1, false, 9.0, "1 2"));
        var exponential = metrics[3].ExponentialHistogram.DataPoints[0];
        (exponential.Scale, exponential.Positive.Offset, string.Join(' ', exponential.Positive.BucketCounts), exponential.ZeroThreshold).ShouldBe((-2, -3, "1 0 1", 1e-9));
        metrics[4].Summary.DataPoints[0].QuantileValues[0].Value.ShouldBe(2);
    }

    [Theory]
    [InlineData("", "line 1, column 1")]
    [InlineData("[]", "an object is expected")]
    [InlineData("{\n \"resourceMetrics\": {}}", "line 2, column 21, in resourceMetrics: an array is expected")]
    [InlineData("{\"resourceMetrics\":[{\"schemaUrl\":1}]}", "in resourceMetrics.schemaUrl: a string is expected")]
    [InlineData("{\"resourceMetrics\":[{\"resource\":{},\"resource\":{}}]}", "in resourceMetrics.resource: the field stands twice")]
    [InlineData("{\"resourceMetrics\":[{\"schema_url\":\"a\",\"schemaUrl\":\"b\"}]}", "the field stands twice")]
    [InlineData("{\"resourceMetrics\":[]} x", "line 1, column 24")]
    [InlineData("{\"resourceMetrics\":[", "line 1")]
    public void a_malformed_text_is_refused_with_its_place(string json, string expected) =>
        Should.Throw<OtlpJsonFormatException>(() => new OtlpJsonReader().Read(Encoding.UTF8.GetBytes(json))).Message.ShouldContain(expected);

    [Theory]
    [InlineData("\"timeUnixNano\":\"-1\"", "-1 is outside of 0 to 18446744073709551615")]
    [InlineData("\"timeUnixNano\":1.5", "a whole number is expected, not 1.5")]
    [InlineData("\"asInt\":\"9223372036854775808\"", "outside of")]
    [InlineData("\"asDouble\":\"1e999\"", "a number, or")]
    [InlineData("\"asDouble\":true", "a number is expected")]
    [InlineData("\"flags\":4294967296", "outside of")]
    [InlineData("\"asInt\":1,\"asDouble\":2", "a second choice")]
    [InlineData("\"exemplars\":[{\"traceId\":\"00\"}]", "an id of 32 hexadecimal digits")]
    [InlineData("\"attributes\":[{\"key\":\"\\ud800\"}]", "no valid Unicode")]
    [InlineData("\"attributes\":[{\"key\":\"a\",\"value\":{\"bytesValue\":\"a*\"}}]", "base64 is expected")]
    [InlineData("\"attributes\":[{\"key\":\"a\",\"value\":{\"boolValue\":1}}]", "true or false")]
    public void a_value_that_does_not_fit_is_refused(string field, string expected)
    {
        var json = """{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"gauge":{"dataPoints":[{""" + field + "}]}}]}]}]}";
        var reader = new OtlpJsonReader();
        Should.Throw<OtlpJsonFormatException>(() => reader.Read(Encoding.UTF8.GetBytes(json))).Message.ShouldContain(expected);
        reader.Batch.Length.ShouldBe(0);
    }

    [Fact]
    public void an_attribute_value_nested_too_deeply_is_refused()
    {
        static string Nested(int depth) =>
            """{"resourceMetrics":[{"resource":{"attributes":[{"key":"a","value":""" + string.Concat(Enumerable.Repeat("{\"arrayValue\":{\"values\":[", depth)) + "{}"
            + string.Concat(Enumerable.Repeat("]}}", depth)) + "}]}}]}";
        var reader = new OtlpJsonReader();
        reader.Read(Encoding.UTF8.GetBytes(Nested(30))).ShouldBe(0);
        OtlpReader.Validate(reader.Batch);
        foreach (var depth in new[] { 40, 10_000 })
            Should.Throw<OtlpJsonFormatException>(() => reader.Read(Encoding.UTF8.GetBytes(Nested(depth))));
    }

    [Fact]
    public void what_is_written_is_read_back_to_the_byte_by_both_decoders() => OtlpCodecTests.Requests.Sample(
        request =>
        {
            var json = Json(request.ToByteArray());
            json.ShouldNotContain('\n');
            var reader = new OtlpJsonReader();
            reader.Read(Encoding.UTF8.GetBytes(json));
            Request.Parser.ParseFrom(reader.Batch).ShouldBe(request);

            // protobuf's own JSON mapping agrees but for ids, which these requests have none of.
            JsonParser.Default.Parse<Request>(json).ShouldBe(request);
            reader.Read(Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(request)));
            Request.Parser.ParseFrom(reader.Batch).ShouldBe(request);
        },
        iter: 300);

    [Fact]
    public void ids_are_hexadecimal_and_text_that_is_no_utf8_is_replaced()
    {
        var exemplar = new Exemplar { TraceId = ByteString.CopyFrom([.. Enumerable.Range(160, 16).Select(i => (byte)i)]), AsInt = -1 };
        var request = new Request
        {
            ResourceMetrics = { new ResourceMetrics { ScopeMetrics = { new ScopeMetrics { Metrics = { new Metric { Name = "m", Gauge = new Gauge { DataPoints = { new NumberPoint { Exemplars = { exemplar } } } } } } } } } },
        };
        Json(request.ToByteArray()).ShouldBe(
            """{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"exemplars":[{"asInt":"-1","traceId":"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"}]}]}}]}]}]}""");
        Json([0x0A, 0x03, 0x1A, 0x01, 0xFF]).ShouldBe("{\"resourceMetrics\":[{\"schemaUrl\":\"\uFFFD\"}]}");
    }

    private static string Json(byte[] batch)
    {
        var target = new ArrayBufferWriter<byte>();
        using var writer = new OtlpJsonWriter();
        writer.Write(batch, target);
        return Encoding.UTF8.GetString(target.WrittenSpan);
    }
}
