import { type HubConnection, HubConnectionBuilder, HubConnectionState, LogLevel } from "@microsoft/signalr";
import type { Query, QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { me } from "~/shared/session/session";
import { streamOf, TOPICS } from "./topics";

/** What the control plane tells: that a stream has changed, not how. */
export interface LiveMessage {
  type: string;
  streamType: string;
  id: string;
  version: number;
}

export type LiveState = "connecting" | "live" | "away";

const EVERYTHING = "everything";
/** Who takes longer to be heard may have missed something: the control plane tells of so much more than it was asked for, and of what projections lag (`LiveClients.Slack`). */
const HEARD_BY_MS = 3_000;
/** By then a page that never rests is heard of all the same. */
const OPENED_BY_MS = 1_500;
/** Gathers what comes together, so that a read is asked once for it. */
const GATHER_MS = 60;
/** By then a projection that follows the events has taken them up. */
const LATER_MS = 1_500;
/** Between two readings of what names its stream, and of lists and sums, which every stream of their kind changes. */
const REST_OF_ONE_MS = 250;
const REST_OF_MANY_MS = 1_000;
/** What takes long to read rests for as long as that so many times over, so that no page keeps the control plane busy by being looked at. */
const RESTS = 4;
const LONGEST_REST_MS = 5_000;

/** What has changed: of a topic the streams, or all that it has; or everything. */
type Changes = Map<string, Set<string> | "all"> | typeof EVERYTHING;

/** How a read stands that was asked again. */
interface Reading {
  /** It is to be asked again, and something leads there already. */
  due: boolean;
  timer: ReturnType<typeof setTimeout> | null;
  tookMs: number;
}

/**
 * Follows the event log for a page: each message makes the reads that it concerns stale, and those that are shown are asked again. A lost message costs
 * freshness only: who connects hears what has changed since the page began to read, and who connects again reads everything again.
 */
export class LiveFeed {
  readonly #listeners = new Set<() => void>();
  readonly #readings = new Map<Query, Reading>();
  readonly #laters = new Set<ReturnType<typeof setTimeout>>();
  #gathered: { now: Changes; later: Map<string, "all">; timer: ReturnType<typeof setTimeout> } | null = null;
  #connection: HubConnection | null = null;
  #state: LiveState = "connecting";
  /** What was begun last; none once it has stopped. */
  #run: object | null = null;
  #hasBegun = false;

  constructor(private readonly queries: QueryClient) {}

  get state(): LiveState {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    this.#run = {};
    void this.#open(this.#run);
  }

  /** The page itself comes first: what changes before it hears is told afterwards. */
  async #open(run: object): Promise<void> {
    await rest();
    if (this.#run !== run) return;
    const connection = new HubConnectionBuilder()
      .withUrl("/live")
      .configureLogging(LogLevel.None)
      .withAutomaticReconnect({
        nextRetryDelayInMilliseconds: ({ previousRetryCount }) => {
          this.#askWhoIsSignedIn();
          return Math.min(5_000, 250 * 2 ** previousRetryCount);
        },
      })
      .build();
    connection.on("changed", (message: LiveMessage) => this.hear(message));
    connection.onreconnecting(() => this.#become("away"));
    connection.onreconnected(() => {
      this.#become("live");
      void this.#begin(connection);
    });
    connection.onclose(() => {
      this.#become("away");
      this.#retry(connection);
    });
    this.#connection = connection;
    void this.#connect(connection);
  }

  stop(): void {
    this.#run = null;
    if (this.#gathered !== null) clearTimeout(this.#gathered.timer);
    this.#gathered = null;
    for (const timer of this.#laters) clearTimeout(timer);
    this.#laters.clear();
    for (const { timer } of this.#readings.values()) if (timer !== null) clearTimeout(timer);
    this.#readings.clear();
    const connection = this.#connection;
    this.#connection = null;
    void connection?.stop();
  }

  hear(message: LiveMessage): void {
    this.#gathered ??= { now: new Map(), later: new Map(), timer: setTimeout(() => this.#flush(), GATHER_MS) };
    const gathered = this.#gathered;
    const topics = message.type === EVERYTHING ? undefined : TOPICS[message.streamType];
    // Also for a stream that this version of the page does not know: anything may have changed.
    if (topics === undefined) gathered.now = EVERYTHING;
    for (const topic of topics?.later ?? []) gathered.later.set(topic, "all");
    const { now } = gathered;
    if (topics === undefined || now === EVERYTHING) return;
    for (const topic of [...(topics.now ?? []), ...(topics.later ?? [])]) now.set(topic, "all");
    for (const topic of topics.own === undefined ? ["audit"] : [topics.own, "audit"]) {
      const streams = now.get(topic) ?? new Set();
      if (streams !== "all") now.set(topic, streams.add(message.id.toLowerCase()));
    }
  }

  #flush(): void {
    if (this.#gathered === null) return;
    const { now, later } = this.#gathered;
    this.#gathered = null;
    this.#tell(now);
    if (later.size === 0) return;
    const timer = setTimeout(() => {
      this.#laters.delete(timer);
      this.#tell(later);
    }, LATER_MS);
    this.#laters.add(timer);
  }

  #tell(changes: Changes): void {
    const cache = this.queries.getQueryCache();
    for (const query of this.#readings.keys()) if (cache.get(query.queryHash) !== query) this.#readings.delete(query);
    for (const query of cache.getAll()) if (concerns(changes, query)) this.#outdate(query);
  }

  /** Who comes to see it reads it again, and where it is seen now it is asked soon. */
  #outdate(query: Query): void {
    query.invalidate();
    const reading = this.#readings.get(query) ?? { due: false, timer: null, tookMs: 0 };
    if (reading.due) return;
    this.#readings.set(query, reading);
    reading.due = true;
    this.#wait(query, reading);
  }

  #wait(query: Query, reading: Reading): void {
    const least = streamOf(query.queryKey) === null ? REST_OF_MANY_MS : REST_OF_ONE_MS;
    const rest = Math.max(least, Math.min(LONGEST_REST_MS, RESTS * reading.tookMs));
    const ended = Math.max(query.state.dataUpdatedAt, query.state.errorUpdatedAt);
    reading.timer = setTimeout(() => void this.#read(query, reading), Math.max(0, ended + rest - Date.now()));
  }

  async #read(query: Query, reading: Reading): Promise<void> {
    reading.timer = null;
    // One that waits for its next try is begun anew: what it asked for is asked again either way.
    if (query.state.fetchStatus !== "idle" && query.state.fetchFailureCount === 0) {
      // What is on its way may have been read before the change. Cancelled at each change, what is slow would never end: it ends, and is asked again.
      await settled(query.fetch(undefined, { cancelRefetch: false }));
      query.invalidate();
      if (this.#readings.get(query) === reading) this.#wait(query, reading);
      return;
    }
    reading.due = false;
    if (!query.isActive() || query.isStatic()) return;
    const begun = Date.now();
    await settled(query.fetch(undefined, { cancelRefetch: true }));
    reading.tookMs = Date.now() - begun;
    // Somebody who asked for the next page meanwhile ended this reading, and what was read before it is as old as it was.
    if (query.state.fetchMeta?.fetchMore !== undefined && this.#readings.get(query) === reading) this.#outdate(query);
  }

  async #connect(connection: HubConnection): Promise<void> {
    try {
      await connection.start();
      if (connection.state === HubConnectionState.Connected) {
        this.#become("live");
        void this.#begin(connection);
      }
    } catch {
      // The state says so on the page, and the next try follows.
      this.#become("away");
      this.#askWhoIsSignedIn();
      this.#retry(connection);
    }
  }

  /** Says since when the page reads, so that it hears what has changed since then and need not read everything twice. */
  async #begin(connection: HubConnection): Promise<void> {
    // Clocks that stand still while a computer sleeps, or are put back, say too little: the longer time counts.
    const reads = this.#hasBegun ? null : Math.max(performance.now(), Date.now() - performance.timeOrigin) / 1000;
    this.#hasBegun = true;
    const asked = Date.now();
    // What ends the call unanswered is the end of the connection, or a control plane that does not know it and asks to read everything.
    await settled(connection.invoke("Begin", reads));
    if (Date.now() - asked > HEARD_BY_MS && this.#run !== null) this.hear({ type: EVERYTHING, streamType: "", id: "", version: 0 });
  }

  #retry(connection: HubConnection): void {
    if (this.#run === null || this.#connection !== connection) return;
    setTimeout(() => {
      if (this.#run !== null && this.#connection === connection && connection.state === HubConnectionState.Disconnected)
        void this.#connect(connection);
    }, 1_000);
  }

  /** A connection that is refused does not say why: a session that has ended leads to the sign-in by the read that is refused for it. */
  #askWhoIsSignedIn(): void {
    if (this.#run !== null) void settled(this.queries.fetchQuery({ ...me, staleTime: 0 }));
  }

  #become(state: LiveState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

function concerns(changes: Changes, { queryKey }: Query): boolean {
  if (changes === EVERYTHING) return true;
  const streams = changes.get(String(queryKey[0]));
  if (streams === undefined || streams === "all") return streams !== undefined;
  const stream = streamOf(queryKey);
  return stream === null || streams.has(stream);
}

/** Until the browser has nothing else to do. Safari cannot say when that is. */
const rest = (): Promise<void> =>
  new Promise((done) => {
    if (typeof requestIdleCallback === "function") requestIdleCallback(() => done(), { timeout: OPENED_BY_MS });
    else setTimeout(done, OPENED_BY_MS / 3);
  });

/** The read has ended, well or not: why not stands in the query, which the page shows. */
const settled = (reading: Promise<unknown>): Promise<void> =>
  reading.then(
    () => undefined,
    () => undefined,
  );

export const useLiveState = (feed: LiveFeed): LiveState => useSyncExternalStore(feed.subscribe, () => feed.state);
