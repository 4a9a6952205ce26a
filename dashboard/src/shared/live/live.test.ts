import { readFileSync } from "node:fs";
import { InfiniteQueryObserver, QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api } from "~/api/client";
import { LiveFeed } from "./live";
import { STREAM_TYPES } from "./topics";

const ONE = "0192aaaa-0000-7000-8000-000000000001";
const OTHER = "0192bbbb-0000-7000-8000-000000000002";
const message = (streamType: string, id = ONE) => ({ type: "x", streamType, id, version: 1 });
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Connections that were built. */
let built = 0;
/** What a connection does; refused, as one of a session that has ended is, where a test does not say otherwise. */
const refused = {
  state: "Disconnected",
  start: (): Promise<void> => Promise.reject(new Error("401")),
  invoke: (_method: string, _reads: number | null): Promise<void> => Promise.reject(new Error("closed")),
};
let connection = refused;
let reconnected: () => void = () => undefined;

vi.mock("@microsoft/signalr", async (original) => ({
  ...(await original<typeof import("@microsoft/signalr")>()),
  HubConnectionBuilder: class {
    withUrl = () => this;
    configureLogging = () => this;
    withAutomaticReconnect = () => this;
    build = () => ({
      number: built++,
      on: () => undefined,
      onreconnecting: () => undefined,
      onreconnected: (then: () => void) => {
        reconnected = then;
      },
      onclose: () => undefined,
      stop: () => Promise.resolve(),
      ...connection,
    });
  },
}));

describe("the live feed", () => {
  let queries: QueryClient;
  let feed: LiveFeed;

  beforeEach(() => {
    vi.useFakeTimers();
    queries = new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: 60_000 } } });
    queries.mount();
    feed = new LiveFeed(queries);
  });

  afterEach(() => {
    feed.stop();
    queries.clear();
    queries.unmount();
    connection = refused;
    vi.useRealTimers();
  });

  /** A read that a page shows, with when it was asked and when it answered. */
  async function shown(queryKey: unknown[], tookMs = 10) {
    const read = { asked: 0, answered: 0 };
    const observer = new QueryObserver(queries, {
      queryKey,
      queryFn: async ({ signal }) => {
        read.asked++;
        await new Promise((done, cancelled) => {
          setTimeout(done, tookMs);
          signal.addEventListener("abort", cancelled);
        });
        return ++read.answered;
      },
    });
    const leave = observer.subscribe(() => undefined);
    await pass(tookMs);
    // So that what follows does not have to wait for its rest.
    await pass(60_000);
    return Object.assign(read, { leave });
  }

  it("asks once for what comes together", async () => {
    const read = await shown(["budgets"]);
    for (let i = 0; i < 50; i++) feed.hear(message("Budget"));
    await pass(100);
    expect(read.asked).toBe(2);
  });

  it("asks again for what comes afterwards, the last too", async () => {
    const read = await shown(["audit", "list"]);
    feed.hear(message("Budget"));
    await pass(100);
    feed.hear(message("Budget"));
    await pass(100);
    expect(read.asked).toBe(2);
    await pass(1_000);
    expect(read.asked).toBe(3);
  });

  it("asks lists at most once a second, whatever happens", async () => {
    const read = await shown(["experiments", "list"]);
    for (let i = 0; i < 100; i++) {
      feed.hear(message("Experiment"));
      await pass(50);
    }
    expect(read.asked - 1).toBeGreaterThanOrEqual(4);
    expect(read.asked - 1).toBeLessThanOrEqual(6);
  });

  it("asks of one thing only what names it, and what names nothing", async () => {
    const [mine, theirs, list] = [
      await shown(["experiments", "one", ONE, null]),
      await shown(["experiments", "one", OTHER, null]),
      await shown(["experiments", "list"]),
    ];
    const [ours, stranger] = [
      await shown(["audit", "histogram", { streamId: ONE }]),
      await shown(["audit", "histogram", { streamId: OTHER }]),
    ];
    feed.hear(message("Experiment", ONE.toUpperCase()));
    await pass(1_000);
    expect([mine.asked, theirs.asked, list.asked]).toEqual([2, 1, 2]);
    expect([ours.asked, stranger.asked]).toEqual([2, 1]);
  });

  it("asks what names something else than the stream", async () => {
    const promotion = await shown(["deployments", "of-experiment", OTHER]);
    const uses = await shown(["fleet", "pipelines", OTHER]);
    feed.hear(message("Deployment"));
    await pass(1_000);
    expect([promotion.asked, uses.asked]).toEqual([2, 2]);
  });

  it("lets a slow read end, and asks it again for what changed meanwhile", async () => {
    const read = await shown(["experiments", "windows", ONE], 800);
    for (let i = 0; i < 100; i++) {
      feed.hear(message("Experiment"));
      await pass(100);
    }
    // Each takes 0.8 s and rests four times as long.
    expect(read.answered - 1).toBeGreaterThanOrEqual(2);
    expect(read.asked - 1).toBeLessThanOrEqual(4);
    await pass(10_000);
    const { asked } = read;
    expect(read.answered).toBe(asked);
    feed.hear(message("Experiment"));
    await pass(200);
    feed.hear(message("Experiment"));
    await pass(10_000);
    expect(read.answered).toBe(asked + 2);
  });

  it("asks a first read again that was on its way at the change", async () => {
    const begun = shown(["budgets"], 500);
    await pass(100);
    feed.hear(message("Budget"));
    expect((await begun).answered).toBe(2);
  });

  it("is not ended by somebody who asks for the next page meanwhile", async () => {
    let firsts = 0;
    const observer = new InfiniteQueryObserver(queries, {
      queryKey: ["audit", "list"],
      queryFn: async ({ pageParam }) => {
        if (pageParam === 0) firsts++;
        await new Promise((done) => setTimeout(done, 300));
        return pageParam;
      },
      initialPageParam: 0,
      getNextPageParam: (_last, pages) => pages.length,
    });
    observer.subscribe(() => undefined);
    await pass(60_000);
    feed.hear(message("Budget"));
    await pass(100);
    expect(firsts).toBe(2);
    void observer.fetchNextPage();
    await pass(10_000);
    expect(firsts).toBe(3);
    expect(observer.getCurrentResult().data?.pages).toEqual([0, 1]);
  });

  it("leaves what nobody looks at until somebody does", async () => {
    const read = await shown(["budgets"]);
    read.leave();
    feed.hear(message("Budget"));
    await pass(2_000);
    expect(read.asked).toBe(1);
    expect(queries.getQueryState(["budgets"])?.isInvalidated).toBe(true);
  });

  it("reads later again what a projection builds", async () => {
    const read = await shown(["savings", "ledger"]);
    feed.hear(message("Experiment"));
    await pass(1_000);
    expect(read.asked).toBe(2);
    await pass(1_500);
    expect(read.asked).toBe(3);
  });

  it("reads everything again where it cannot know what has changed", async () => {
    const [one, list] = [await shown(["experiments", "one", OTHER]), await shown(["views"])];
    feed.hear({ type: "everything", streamType: "", id: ONE, version: 0 });
    await pass(2_000);
    expect([one.asked, list.asked]).toEqual([2, 2]);
    feed.hear(message("SomethingNew"));
    await pass(2_000);
    expect([one.asked, list.asked]).toEqual([3, 3]);
  });

  it("connects once, where it is begun twice, and not where it has stopped before", async () => {
    built = 0;
    feed.start();
    feed.stop();
    await pass(2_000);
    expect(built).toBe(0);
    feed.start();
    feed.stop();
    feed.start();
    await pass(2_000);
    expect(built).toBe(1);
  });

  describe("when it connects", () => {
    const begun: (number | null)[] = [];
    const answersAfter = (ms: number) => {
      begun.length = 0;
      connection = {
        state: "Connected",
        start: () => Promise.resolve(),
        invoke: (_method, reads) => {
          begun.push(reads);
          return new Promise((done) => void setTimeout(done, ms));
        },
      };
    };

    it("says since when the page reads, and reads nothing twice", async () => {
      answersAfter(10);
      const read = await shown(["experiments"]);
      const before = performance.now() / 1000;
      feed.start();
      await pass(5_000);
      expect(begun).toHaveLength(1);
      expect(begun[0]).toBeGreaterThanOrEqual(before);
      expect(begun[0]).toBeLessThan(before + 3);
      expect(read.asked).toBe(1);
    });

    it("counts the time that a computer slept", async () => {
      answersAfter(10);
      // Its clock went on for an hour, while the page's own stood still.
      vi.spyOn(performance, "now").mockReturnValue(2_000);
      vi.setSystemTime(performance.timeOrigin + 3_602_000);
      feed.start();
      await pass(2_000);
      expect(begun[0]).toBeGreaterThanOrEqual(3_602);
      expect(begun[0]).toBeLessThan(3_606);
      vi.mocked(performance.now).mockRestore();
    });

    it("knows nothing of the time in between when it connects again", async () => {
      answersAfter(10);
      feed.start();
      await pass(1_000);
      reconnected();
      await pass(1_000);
      expect(begun).toEqual([expect.any(Number), null]);
    });

    it("reads everything where it was heard late", async () => {
      answersAfter(4_000);
      const read = await shown(["experiments"]);
      feed.start();
      await pass(7_000);
      expect(read.asked).toBe(2);
    });
  });

  it("tells money anew when a price changes", async () => {
    const reads = await Promise.all([
      shown(["budgets"]),
      shown(["experiments", "cost", OTHER]),
      shown(["flow", "metric", "p"]),
      shown(["savings", "usual-price"]),
      shown(["previews", "saving", "p", ONE]),
    ]);
    feed.hear(message("PriceBook"));
    await pass(2_000);
    for (const read of reads) expect(read.asked).toBe(2);
  });

  it("asks who is signed in when it is refused, and not once it has stopped", async () => {
    const asked: unknown[] = [];
    const get = vi.spyOn(api, "GET").mockImplementation((async (path: unknown) => {
      asked.push(path);
      return { response: new Response(null, { status: 401 }) };
    }) as never);
    const who = () => asked.filter((path) => path === "/api/v2/users/me").length;
    feed.start();
    await pass(5_000);
    expect(who()).toBeGreaterThanOrEqual(2);
    feed.stop();
    await pass(1_000);
    const times = who();
    await pass(10_000);
    expect(who()).toBe(times);
    get.mockRestore();
  });

  it("knows every kind of stream that there is", () => {
    // Generated from the control plane's code, and kept current by its tests.
    const catalogue = readFileSync("../docs/event-catalogue.md", "utf8");
    const kinds = [...catalogue.matchAll(/^## (\w+)$/gm)].map(([, kind]) => kind);
    expect(kinds).toContain("Experiment");
    expect([...STREAM_TYPES].sort()).toEqual(kinds.sort());
  });
});
