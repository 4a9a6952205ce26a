import { createContext, useContext } from "react";
import type { LiveFeed } from "./live";

const Context = createContext<LiveFeed | null>(null);

export const LiveProvider = Context.Provider;

export function useLiveFeed(): LiveFeed {
  const feed = useContext(Context);
  if (feed === null) throw new Error("useLiveFeed needs a LiveProvider above it.");
  return feed;
}
