import { UNKNOWN } from "~/shared/format/numbers";
import { dateTime, relative, zoneName } from "~/shared/format/times";
import { useNow } from "~/shared/format/useNow";
import { usePreferences } from "~/shared/session/preferences";

/** A moment, in the zone that was chosen: exact, or told from now with the exact one in its tooltip. */
export function TimeText({ at, from = "exact" }: { at: string | null | undefined; from?: "exact" | "now" }) {
  const { timeZone } = usePreferences();
  const now = useNow();
  if (!at) return <>{UNKNOWN}</>;
  const exact = dateTime(at, timeZone);
  return (
    // The browser's own element and tooltip: tables show hundreds of times.
    <time dateTime={at} title={`${exact} ${zoneName(timeZone, at)} · ${relative(at, now)}`} className="numeric" style={NO_BREAK}>
      {from === "now" ? relative(at, now) : exact}
    </time>
  );
}

const NO_BREAK = { whiteSpace: "nowrap" } as const;
