import type { VerdictClaim } from "~/api/schema";

/** The three claims in words: of what each speaks. They are never mixed. */
export const CLAIMS = {
  observed: {
    name: "Observed",
    short: "as observed",
    scope: "these hosts, these windows",
    says: "What was saved. Both arms saw the same input, so it has no sampling noise and no interval; it proves nothing of another hour or another host.",
  },
  hosts: {
    name: "These hosts from now on",
    short: "for these hosts from now on",
    scope: "these hosts, the hours of the day that were seen",
    says: "An interval for the mean reduction that holds at every look: one may look after each window and stop whenever one likes.",
  },
  fleet: {
    name: "The fleet",
    short: "for the fleet",
    scope: "all hosts that the draw was from, the same hours",
    says: "An interval for the fleet's mean reduction, from hosts that were drawn at random before anything was measured.",
  },
} as const;

/** The words of a claim; the hosts' where none is named, as the control plane takes it. */
export const claimWords = (claim: VerdictClaim | undefined) => CLAIMS[claim ?? "hosts"];
