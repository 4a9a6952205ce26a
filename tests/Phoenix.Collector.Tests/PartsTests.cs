using Phoenix.Collector.Control;
using Phoenix.Collector.Exporters;
using Phoenix.Collector.Pipeline;
using Phoenix.Collector.Receivers;
using Phoenix.Collector.Receivers.Host;
using Phoenix.Collector.Tee;
using Phoenix.Contracts;
using Phoenix.Pipelines.Components;
using Phoenix.Telemetry;

namespace Phoenix.Collector.Tests;

public class PartsTests
{
    private const long Second = 1_000_000_000;

    [Fact]
    public void decoders_on_their_way_and_at_rest_are_bounded()
    {
        const int MiB = 1 << 20;
        var pool = new DecoderPool();
        var batch = Batches.Requests(20_000, 1);
        var away = new List<BatchDecoder>();
        BatchDecoder decoder;
        while (true)
        {
            decoder = pool.Rent();
            decoder.Decode(batch).PointCount.ShouldBe(20_000);
            if (!pool.TrySend(decoder))
            {
                break;
            }

            away.Add(decoder);
        }

        away.Sum(d => d.TableBytes).ShouldBeInRange(8 * MiB, 16 * MiB);
        pool.Arrived(away[0]);
        var again = pool.Rent();
        again.ShouldBeSameAs(away[0], "what arrived is used again");
        pool.TrySend(decoder).ShouldBeTrue("there is room for one more now");
        pool.Return(again);
        pool.Arrived(decoder);
        away.Skip(1).ToList().ForEach(pool.Arrived);

        var idle = new List<BatchDecoder>();
        for (var rented = pool.Rent(); rented.TableBytes > 0; rented = pool.Rent())
        {
            idle.Add(rented);
        }

        idle.ShouldBeUnique();
        idle.Sum(d => d.TableBytes).ShouldBeInRange(1, 4 * MiB);
        away.Count(d => d.TableBytes == 0).ShouldBeGreaterThan(0, "beyond that their tables are freed");
        pool.TrySend(away[^1]).ShouldBeTrue("nothing counts as on its way any more");
    }

    [Theory]
    [InlineData(100, 50, 0, 150)]
    [InlineData(120, 50, 0, 150)]
    [InlineData(120, 50, 25, 125)]
    [InlineData(125, 50, 25, 175)]
    [InlineData(10, 50, 25, 25)]
    public void marks_are_the_same_instants_in_every_process(long after, long period, long phase, long mark) =>
        Clock.NextMark(after, period, phase).ShouldBe(mark);

    [Theory]
    [InlineData(1000, 990, 1000)]
    [InlineData(1000, 950, 1000)]
    [InlineData(1000, 1700, 1000)]
    [InlineData(1000, 640, 675)]
    public void a_tick_follows_a_clock_that_is_set_back_and_waits_for_none_that_jumps_ahead(long tick, long now, long followed) =>
        Ticker.Follow(tick, now, period: 50, phase: 25).ShouldBe(followed);

    [Fact]
    public void a_mark_stands_before_items_that_came_after_it_and_behind_those_before()
    {
        var queue = new InputQueue(10, 1000);
        queue.TryEnqueue(SharedBytes.Rent(1), 100).ShouldBeTrue();
        queue.TryEnqueue(SharedBytes.Rent(1), 200).ShouldBeTrue();

        queue.Take(150, null, out _).ShouldNotBeNull().UnixNanos.ShouldBe(100);
        queue.Take(150, null, out _).ShouldBeNull("the mark at 150 comes first");
        queue.Take(250, null, out _).ShouldNotBeNull().UnixNanos.ShouldBe(200);
    }

    [Fact]
    public async Task a_sender_waits_while_the_queue_is_full_and_goes_on_once_a_batch_is_taken()
    {
        var queue = new InputQueue(1, 1000);
        queue.TryEnqueue(SharedBytes.Rent(1), 100).ShouldBeTrue();

        var room = queue.RoomAsync(1, TimeSpan.FromMinutes(5)).AsTask();
        room.IsCompleted.ShouldBeFalse("the one place is taken");
        queue.Take(200, null, out _).ShouldNotBeNull();

        await room.WaitAsync(TimeSpan.FromMinutes(1));
        queue.TryEnqueue(SharedBytes.Rent(1), 300).ShouldBeTrue();
        await queue.RoomAsync(1, TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void only_pages_that_a_file_has_unchanged_are_given_back()
    {
        string[] smaps =
        [
            "00010000-00020000 r-xp 00000000 fe:00 1                   /usr/bin/program", "Rss:                  64 kB", "Private_Dirty:         0 kB", "VmFlags: rd ex mr mw me sd ",
            "00020000-00030000 r--p 00010000 fe:00 1                   /usr/bin/program", "Private_Dirty:         8 kB",
            "00030000-00040000 rw-p 00020000 fe:00 1                   /usr/bin/program", "Private_Dirty:         0 kB",
            "00040000-00050000 r--p 00000000 00:00 0 ", "Private_Dirty:         0 kB",
            "00050000-00070000 r--p 00000000 fe:00 2                   /usr/lib/libc.so.6", "Private_Dirty:         0 kB",
            "00070000-00080000 r--p 00000000 fe:00 2                   /usr/lib/libc.so.6", "Private_Dirty:         0 kB", "Anonymous:             4 kB", "Swap:                  0 kB",
            "00080000-00090000 r--p 00000000 fe:00 2                   /usr/lib/libc.so.6", "Private_Dirty:         0 kB", "Anonymous:             0 kB", "Swap:                  4 kB",
            "7ffd0000-7ffd2000 r-xp 00000000 00:00 0                   [vdso]", "Private_Dirty:         0 kB",
        ];

        StartUpMemory.Mappings(smaps).ShouldBe([(0x10000, 0x10000), (0x50000, 0x20000)]);
    }

    [Fact]
    public void an_item_from_before_the_clock_was_set_back_waits_for_no_mark_that_is_not_due()
    {
        var queue = new InputQueue(10, 1000);
        var now = Clock.UnixNanos();
        queue.TryEnqueue(SharedBytes.Rent(1), now + 7200 * Second).ShouldBeTrue();

        queue.Take(now + 3600 * Second, null, out _).ShouldNotBeNull();
    }

    [Fact]
    public void a_mark_far_ahead_lets_the_caller_look_at_the_clock_again()
    {
        queue_returns(new InputQueue(10, 1000)).ShouldBeTrue("within a bounded wait, not at the mark");

        static bool queue_returns(InputQueue queue) =>
            Task.Run(() => queue.Take(Clock.UnixNanos() + 3600 * Second, null, out _)).Wait(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void the_queue_refuses_beyond_batches_and_bytes_and_never_an_action()
    {
        var queue = new InputQueue(2, 10);
        queue.TryEnqueue(SharedBytes.Rent(8), 1).ShouldBeTrue();
        queue.TryEnqueue(SharedBytes.Rent(8), 1).ShouldBeFalse("bytes");
        queue.TryEnqueue(SharedBytes.Rent(2), 1).ShouldBeTrue();
        queue.TryEnqueue(SharedBytes.Rent(0), 1).ShouldBeFalse("batches");
        queue.Enqueue(() => { }, 1).ShouldBeTrue();

        queue.Complete();

        queue.Enqueue(() => { }, 1).ShouldBeFalse();
        for (var i = 0; i < 3; i++)
        {
            queue.Take(2, null, out var early).ShouldNotBeNull();
            early.ShouldBeFalse();
        }

        queue.Take(2, null, out var drained).ShouldBeNull();
        drained.ShouldBeTrue();
    }

    [Fact]
    public void a_byte_budget_takes_the_first_whatever_its_size_and_then_only_what_fits()
    {
        var budget = new ByteBudget(100);

        budget.TryTake(150).ShouldBeTrue("or it could never be sent");
        budget.TryTake(1).ShouldBeFalse();
        budget.Return(150);
        budget.TryTake(60).ShouldBeTrue();
        budget.TryTake(41).ShouldBeFalse();
        budget.TryTake(40).ShouldBeTrue();
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task a_body_is_refused_while_others_hold_the_budget_and_gives_its_share_back(string name)
    {
        var bytes = new byte[200_000];
        var coding = ContentCodings.Parse(name).ShouldNotBeNull();
        var content = Compressed.As(name, bytes);
        var budget = new ByteBudget(1_000_000);
        budget.TryTake(999_000).ShouldBeTrue();
        using (var refused = new BoundedBody(300_000, budget))
        {
            (await refused.ReadAsync(new MemoryStream(content), null, coding, TestContext.Current.CancellationToken)).ShouldBe(BodyOutcome.NoRoom);
        }

        budget.Return(999_000);
        using (var taken = new BoundedBody(300_000, budget))
        {
            (await taken.ReadAsync(new MemoryStream(content), null, coding, TestContext.Current.CancellationToken)).ShouldBe(BodyOutcome.Whole);
            taken.Content.Length.ShouldBe(bytes.Length);
        }

        budget.TryTake(1_000_000).ShouldBeTrue("everything was given back");
        budget.TryTake(1).ShouldBeFalse();
    }

    [Theory]
    [InlineData(new byte[] { }, 0)]
    [InlineData(new byte[] { 0x0a, 2, 0x08, 7 }, 7)]
    [InlineData(new byte[] { 0x0a, 3, 0x08, 0x80, 1 }, 128)]
    [InlineData(new byte[] { 0x0a, 3, 0x12, 1, 65 }, 0)]
    [InlineData(new byte[] { 0x0a, 9, 0x08, 7 }, 0)]
    [InlineData(new byte[] { 0xff, 0xff }, 0)]
    public void rejected_points_are_read_from_an_answer_and_other_bytes_reject_none(byte[] answer, long rejected) =>
        PartialSuccess.Rejected(answer).ShouldBe(rejected);

    [Fact]
    public void tee_frames_are_read_as_they_were_written()
    {
        var epoch = Guid.NewGuid();
        var hello = TeeFrame.Hello(epoch, 42);
        TeeFrame.ReadHeader(hello).ShouldBe((TeeFrameType.Hello, 24));
        TeeFrame.ReadHello(hello.AsSpan(TeeFrame.HeaderLength)).ShouldBe((epoch, 42));

        var cut = new TeeCut(1, 2, 3, 4, 5);
        TeeFrame.ReadHeader(TeeFrame.Cut(cut)).ShouldBe((TeeFrameType.Cut, 40));
        TeeFrame.ReadCut(TeeFrame.Cut(cut).AsSpan(TeeFrame.HeaderLength)).ShouldBe(cut);

        TeeFrame.ReadHeader(TeeFrame.BatchHeader(7, 8, 100)).ShouldBe((TeeFrameType.Batch, 116));
    }

    [Theory]
    [InlineData(new byte[] { 25, 0, 0, 0, 9 })]
    [InlineData(new byte[] { 24, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 1, 0, 0, 0, 2 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 2 })]
    public void other_bytes_are_no_tee_frame(byte[] header) => Should.Throw<InvalidDataException>(() => TeeFrame.ReadHeader(header));

    [Fact]
    public void an_arm_is_healthy_only_while_data_flows()
    {
        var idle = new ExporterCounters();
        var working = new ExporterCounters();
        working.Succeeded(1);
        var failing = new ExporterCounters();
        failing.Succeeded(1);
        failing.Failed("the backend answered 503");

        Reason(lastInput: 0, working).ShouldNotBeNull().ShouldContain("no input has come");
        Reason(lastInput: 1000 * Second, idle).ShouldNotBeNull().ShouldContain("nothing has been exported");
        Reason(lastInput: 1000 * Second, failing).ShouldNotBeNull().ShouldContain("503");
        Reason(lastInput: 1000 * Second, working).ShouldBeNull();
        Reason(lastInput: 986 * Second, working, interval: 1).ShouldBeNull("15 s of grace");
        Reason(lastInput: 984 * Second, working, interval: 1).ShouldNotBeNull().ShouldContain("16 s");
        Reason(lastInput: 984 * Second, working, interval: 10).ShouldBeNull("three intervals");
        Reason(lastInput: 851 * Second, working).ShouldBeNull("an SDK exports every 60 s");
        Reason(lastInput: 849 * Second, working).ShouldNotBeNull().ShouldContain("151 s");
        ArmHealth.Unhealthy(CollectorArm.Candidate, 1000 * Second, 1000 * Second, null, teeConnected: false, [working]).ShouldNotBeNull().ShouldContain("tee");

        static string? Reason(long lastInput, ExporterCounters exporter, double? interval = null) => ArmHealth.Unhealthy(
            CollectorArm.Production, 1000 * Second, lastInput, interval is { } seconds ? TimeSpan.FromSeconds(seconds) : null, teeConnected: false, [exporter]);
    }

    [Fact]
    public void this_process_is_read_from_proc_as_the_system_knows_it()
    {
        var table = new ProcessTable(NameFilter.All, creationTime: true);

        var self = table.Read().Single(p => p.Pid == Environment.ProcessId);

        using var known = System.Diagnostics.Process.GetCurrentProcess();
        ((double)self.ResidentBytes).ShouldBe(known.WorkingSet64, known.WorkingSet64 * 0.5);
        self.Threads.ShouldBeGreaterThan(1);
        (self.UserTicks + self.SystemTicks).ShouldBeGreaterThan(0);
        Clock.Time((long)self.StartUnixNanos).ShouldBe(known.StartTime.ToUniversalTime(), TimeSpan.FromSeconds(2));
        var attributes = self.Attributes.ToDictionary(a => System.Text.Encoding.UTF8.GetString(a.Key), a => System.Text.Encoding.UTF8.GetString(a.Value));
        attributes["process.executable.path"].ShouldBe(Environment.ProcessPath);
        attributes["process.owner"].ShouldBe(Environment.UserName);
        DateTimeOffset.Parse(attributes["process.creation.time"], System.Globalization.CultureInfo.InvariantCulture).ShouldBe(known.StartTime.ToUniversalTime(), TimeSpan.FromSeconds(2));
        table.Statuses.Values.Sum().ShouldBeGreaterThan(1);
        table.Statuses["unknown"].ShouldBe(0);
    }

    [Fact]
    public void reading_known_processes_again_allocates_next_to_nothing()
    {
        var table = new ProcessTable(NameFilter.All, creationTime: true);
        table.Read().Count().ShouldBeGreaterThan(0);
        table.Read().Count().ShouldBeGreaterThan(0);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var again = table.Read().Count();

        // Processes that began meanwhile may be described; a table that allocates per process needs far more than this.
        ((GC.GetAllocatedBytesForCurrentThread() - before) / (double)again).ShouldBeLessThan(200);
    }
}
