import type { HostVersionView } from "~/api/schema";
import { toMicros } from "~/shared/as-of/moments";

/** A version as it was at a moment (now where left out): undefined where it came later, without an end where it ended later. */
export function versionThen(version: HostVersionView, at?: string): HostVersionView | undefined {
  if (at === undefined) return version;
  const moment = toMicros(at);
  if (toMicros(version.since) > moment) return undefined;
  return version.until !== null && toMicros(version.until) > moment ? { ...version, until: null } : version;
}
