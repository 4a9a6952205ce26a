import { useMantineColorScheme } from "@mantine/core";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { api, call } from "~/api/client";
import type { ColourScheme } from "~/api/schema";
import { isTimeZone, type TimeZone } from "~/shared/format/times";

interface Preferences {
  timeZone: TimeZone;
  setTimeZone: (zone: TimeZone) => void;
}

const STORED = "phoenix.timeZone";

const Context = createContext<Preferences | null>(null);

const preferences = queryOptions({
  queryKey: ["preferences"],
  queryFn: ({ signal }) => call(api.GET("/api/v2/users/me/preferences", { signal })),
  staleTime: Number.POSITIVE_INFINITY,
});

/** The time zone of this browser: what is shown before it is known who is signed in. */
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

function useContextual(): Preferences {
  const found = useContext(Context);
  if (found === null) throw new Error("Preferences need a PreferencesProvider above them.");
  return found;
}

export const usePreferences = (): Pick<Preferences, "timeZone"> => useContextual();

/** Changes how the dashboard looks: at once here, and for the user in every browser that signs in. */
export function useSetPreferences(): { setTimeZone: (zone: TimeZone) => void; setColourScheme: (scheme: ColourScheme) => void } {
  const { timeZone, setTimeZone } = useContextual();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const queries = useQueryClient();
  const keep = useMutation({
    mutationFn: (body: { colourScheme: ColourScheme; timeZone: TimeZone }) =>
      call(api.PUT("/api/v2/users/me/preferences", { body: { ...body, density: null } })),
    onSuccess: (kept) => queries.setQueryData(preferences.queryKey, kept),
  });
  return {
    setTimeZone: (zone) => {
      setTimeZone(zone);
      keep.mutate({ colourScheme: colorScheme, timeZone: zone });
    },
    setColourScheme: (scheme) => {
      setColorScheme(scheme);
      keep.mutate({ colourScheme: scheme, timeZone });
    },
  };
}

/** Takes over what the signed-in user has chosen elsewhere. */
export function useKeptPreferences(): void {
  const { setTimeZone } = useContextual();
  const { setColorScheme } = useMantineColorScheme();
  const kept = useQuery(preferences).data;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only what was kept counts, once it is known.
  useEffect(() => {
    if (kept === undefined) return;
    setColorScheme(kept.colourScheme);
    if (isTimeZone(kept.timeZone)) setTimeZone(kept.timeZone);
  }, [kept]);
}
