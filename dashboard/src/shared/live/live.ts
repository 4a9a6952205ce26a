import { type HubConnection, HubConnectionBuilder, HubConnectionState, LogLevel } from "@microsoft/signalr";
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { SLOW_TOPICS, TOPICS } from "./topics";

/** What the control plane tells: that a stream has changed, not how. */
export interface LiveMessage {
  type: string;
  streamType: string;
  id: string;
  version: number;
}

export type LiveState = "connecting" | "live" | "away";

const EVERYTHING = "everything";
/** Gathers what comes together, so that a read is asked once for it. */
const GATHER_MS = 60;
/** By then a projection that follows the events has taken them up. */
const LATER_MS = 1_500;

/**
 * Follows the event log for a page: each message makes the reads that it concerns stale, and those that are shown are asked again. A lost message costs
 * freshness only: who connects again reads everything again.
 */
export class LiveFeed {
  readonly #listeners = new Set<() => void>();
  readonly #due = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #asked = new Map<string, number>();
  readonly #observers = new Set<(message: LiveMessage) => void>();
  #connection: HubConnection | null = null;
  #state: LiveState = "connecting";
  #stopped = false;

  constructor(private readonly queries: QueryClient) {}

  get state(): LiveState {
    return this.#state;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Hears every message as it comes, such as for notices. */
  observe(observer: (message: LiveMessage) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  start(): void {
    this.#stopped = false;
    const connection = new HubConnectionBuilder()
      .withUrl("/live")
      .configureLogging(LogLevel.None)
      .withAutomaticReconnect({ nextRetryDelayInMilliseconds: ({ previousRetryCount }) => Math.min(5_000, 250 * 2 ** previousRetryCount) })
      .build();
    connection.on("changed", (message: LiveMessage) => this.hear(message));
    connection.onreconnecting(() => this.#become("away"));
    connection.onreconnected(() => this.#become("live"));
    connection.onclose(() => {
      this.#become("away");
      this.#retry(connection);
    });
    this.#connection = connection;
    void this.#connect(connection);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#due.values()) clearTimeout(timer);
    this.#due.clear();
    const connection = this.#connection;
    this.#connection = null;
    void connection?.stop();
  }

  hear(message: LiveMessage): void {
    for (const observer of this.#observers) observer(message);
    if (message.type === EVERYTHING) {
      void this.queries.invalidateQueries();
      return;
    }
    const topics = TOPICS[message.streamType];
    // A stream that this version of the page does not know: anything may have changed.
    if (topics === undefined) {
      void this.queries.invalidateQueries();
      return;
    }
    for (const topic of topics.now) this.#invalidate(topic, GATHER_MS);
    for (const topic of topics.later ?? []) {
      this.#invalidate(topic, GATHER_MS);
      this.#invalidate(topic, LATER_MS, `${topic} later`);
    }
  }

  #invalidate(topic: string, soon: number, key = topic): void {
    if (this.#due.has(key)) return;
    const wait = Math.max(soon, (this.#asked.get(key) ?? 0) + (SLOW_TOPICS[topic] ?? 0) - Date.now());
    this.#due.set(
      key,
      setTimeout(() => {
        this.#due.delete(key);
        this.#asked.set(key, Date.now());
        // What is on its way may have been read before the change: it is asked again, not joined.
        void this.queries.invalidateQueries({ queryKey: [topic] });
      }, wait),
    );
  }

  async #connect(connection: HubConnection): Promise<void> {
    try {
      await connection.start();
      if (connection.state === HubConnectionState.Connected) this.#become("live");
    } catch {
      // The state says so on the page, and the next try follows.
      this.#become("away");
      this.#retry(connection);
    }
  }

  #retry(connection: HubConnection): void {
    if (this.#stopped || this.#connection !== connection) return;
    setTimeout(() => {
      if (!this.#stopped && this.#connection === connection && connection.state === HubConnectionState.Disconnected)
        void this.#connect(connection);
    }, 1_000);
  }

  #become(state: LiveState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

export const useLiveState = (feed: LiveFeed): LiveState => useSyncExternalStore(feed.subscribe, () => feed.state);
