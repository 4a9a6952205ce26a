import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { hostsFound } from "./queries";

const PAUSE_MS = 200;

/** Hosts to propose to who types a part of an id; those that were found before stand until the next are there. */
export function useHostsFound(typed: string): string[] {
  const [part] = useDebouncedValue(typed.trim(), PAUSE_MS);
  return useQuery({ ...hostsFound(part), placeholderData: keepPreviousData }).data ?? [];
}
