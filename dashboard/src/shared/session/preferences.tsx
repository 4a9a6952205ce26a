import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { isTimeZone, type TimeZone } from "~/shared/format/times";

interface Preferences {
  timeZone: TimeZone;
  setTimeZone: (zone: TimeZone) => void;
}

const STORED = "phoenix.timeZone";

const Context = createContext<Preferences | null>(null);

/** What this browser was told to show times in. */
export function PreferencesProvider({ children }: { children: ReactNode }) {
  const [timeZone, setZone] = useState<TimeZone>(() => {
    const stored = localStorage.getItem(STORED);
    return stored !== null && isTimeZone(stored) ? stored : "local";
  });
  const value = useMemo(
    () => ({
      timeZone,
      setTimeZone: (zone: TimeZone) => {
        localStorage.setItem(STORED, zone);
        setZone(zone);
      },
    }),
    [timeZone],
  );
  return <Context value={value}>{children}</Context>;
}

export function usePreferences(): Preferences {
  const preferences = useContext(Context);
  if (preferences === null) throw new Error("usePreferences needs a PreferencesProvider above it.");
  return preferences;
}
