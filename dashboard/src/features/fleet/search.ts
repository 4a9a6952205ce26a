import { type AtSearch, atSearch } from "~/shared/as-of/moments";
import { flag, oneOf, text } from "~/shared/search/read";
import { HOST_STATES, type HostState } from "./states";

export const FLEET_TABS = ["hosts", "groups", "upgrades", "incidents"] as const;
export const FLEET_DIALOGS = ["enrol", "incident", "upgrade", "group"] as const;

/** What the address of the fleet says. */
export interface FleetSearch extends AtSearch {
  tab?: (typeof FLEET_TABS)[number];
  selector?: string;
  group?: string;
  state?: HostState;
  version?: string;
  drift?: boolean;
  /** Whether a collector says that it is unhealthy. */
  unhealthy?: boolean;
  /** A part of the host id. */
  search?: string;
  /** Ids of the hosts that are ticked, between commas. */
  hosts?: string;
  /** The upgrade whose hosts are shown. */
  upgrade?: string;
  dialog?: (typeof FLEET_DIALOGS)[number];
}

export function fleetSearch(search: Record<string, unknown>): FleetSearch {
  const read: FleetSearch = {
    tab: oneOf(search.tab, FLEET_TABS),
    selector: text(search.selector),
    group: text(search.group),
    state: oneOf(search.state, HOST_STATES),
    version: text(search.version),
    drift: flag(search.drift),
    unhealthy: flag(search.unhealthy),
    search: text(search.search),
    hosts: text(search.hosts),
    upgrade: text(search.upgrade),
    dialog: oneOf(search.dialog, FLEET_DIALOGS),
    ...atSearch(search),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

export type HostFilters = Pick<FleetSearch, "search" | "selector" | "group" | "state" | "version" | "drift" | "unhealthy">;

/** What hosts are asked by. Drift, health, and that an agent has stopped, only heartbeats tell: of a past moment nothing can be asked by them. */
export const hostFilters = ({ search, selector, group, state, version, drift, unhealthy, at }: FleetSearch): HostFilters => ({
  search,
  selector,
  group,
  state: at !== undefined && state === "stopped" ? undefined : state,
  version,
  drift: at === undefined ? drift : undefined,
  unhealthy: at === undefined ? unhealthy : undefined,
});

export const isFiltered = (search: FleetSearch): boolean => Object.values(hostFilters(search)).some((value) => value !== undefined);

export const HOST_TABS = ["overview", "collectors", "tasks", "versions", "events", "logs"] as const;

/** What the address of a host says. */
export interface HostSearch extends AtSearch {
  tab?: (typeof HOST_TABS)[number];
  /** Whose log is shown, such as `agent` or `production`. */
  log?: string;
  /** The request that log lines were asked for with. */
  request?: string;
}

export function hostSearch(search: Record<string, unknown>): HostSearch {
  const read: HostSearch = { tab: oneOf(search.tab, HOST_TABS), log: text(search.log), request: text(search.request), ...atSearch(search) };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}
