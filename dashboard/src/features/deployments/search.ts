import type { DeploymentHostState, DeploymentState } from "~/api/schema";
import { oneOf, text, whole } from "~/shared/search/read";
import { HOST_STATES, STATES } from "./states";

export const TABS = ["deployments", "policy", "drift"] as const;

export interface DeploymentsSearch {
  tab?: (typeof TABS)[number];
  state?: DeploymentState;
}

export interface DeploymentSearch {
  /** Hosts in this state alone. */
  hosts?: DeploymentHostState;
}

export interface NewDeploymentSearch {
  pipeline?: string;
  version?: number;
  hosts?: string[];
  group?: string;
  selector?: string;
}

export const deploymentsSearch = (search: Record<string, unknown>): DeploymentsSearch => ({
  tab: oneOf(search.tab, TABS),
  state: oneOf(search.state, Object.keys(STATES) as DeploymentState[]),
});

export const deploymentSearch = (search: Record<string, unknown>): DeploymentSearch => ({
  hosts: oneOf(search.hosts, Object.keys(HOST_STATES) as DeploymentHostState[]),
});

export const newDeploymentSearch = (search: Record<string, unknown>): NewDeploymentSearch => {
  const hosts = Array.isArray(search.hosts) ? search.hosts.filter((h): h is string => typeof h === "string") : undefined;
  const version = whole(search.version);
  return {
    pipeline: text(search.pipeline),
    version: version !== undefined && version > 0 ? version : undefined,
    hosts: hosts === undefined || hosts.length === 0 ? undefined : hosts,
    group: text(search.group),
    selector: text(search.selector),
  };
};
