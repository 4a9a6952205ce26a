import { Button, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconFilterOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { groups } from "~/shared/hosts/queries";
import { fleetSummary } from "./queries";
import { type FleetSearch, type HostFilters, isFiltered } from "./search";
import { HOST_STATE, HOST_STATES, type HostState } from "./states";

const NOTHING: HostFilters = { selector: undefined, group: undefined, state: undefined, version: undefined, drift: undefined };

/** What the control plane filters hosts by; all that is given must hold. */
export function HostFilterBar({ search, onChange }: { search: FleetSearch; onChange: (filters: HostFilters) => void }) {
  const known = useQuery(groups);
  const versions = Object.keys(useQuery(fleetSummary(search.at)).data?.versions ?? {});
  return (
    <Group gap="xs" mb="sm" align="flex-end">
      <SelectorFilter value={search.selector ?? ""} onChange={(selector) => onChange({ selector })} />
      <Select
        label="Group"
        size="xs"
        w={150}
        clearable
        searchable
        placeholder="Any"
        data={[...new Set([...(known.data ?? []).map((g) => g.name), ...(search.group === undefined ? [] : [search.group])])]}
        value={search.group ?? null}
        onChange={(group) => onChange({ group: group ?? undefined })}
      />
      <Select
        label="State"
        size="xs"
        w={150}
        clearable
        placeholder="Any"
        data={HOST_STATES.map((state) => ({ value: state, label: HOST_STATE[state].label }))}
        value={search.state ?? null}
        onChange={(state) => onChange({ state: (state as HostState | null) ?? undefined })}
      />
      <Select
        label="Version"
        size="xs"
        w={130}
        clearable
        searchable
        placeholder="Any"
        data={[...new Set([...versions, ...(search.version === undefined ? [] : [search.version])])]}
        value={search.version ?? null}
        onChange={(version) => onChange({ version: version ?? undefined })}
      />
      {search.at === undefined && (
        <Select
          label="Drift"
          size="xs"
          w={150}
          clearable
          placeholder="Any"
          data={[
            { value: "true", label: "Drifts" },
            { value: "false", label: "Runs what it should" },
          ]}
          value={search.drift === undefined ? null : String(search.drift)}
          onChange={(drift) => onChange({ drift: drift === null ? undefined : drift === "true" })}
        />
      )}
      {isFiltered(search) && (
        <Button size="xs" variant="subtle" leftSection={<IconFilterOff size={14} />} onClick={() => onChange(NOTHING)}>
          Show all
        </Button>
      )}
    </Group>
  );
}

function SelectorFilter({ value, onChange }: { value: string; onChange: (selector: string | undefined) => void }) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const soon = useDebouncedCallback((text: string) => onChange(text.trim() === "" ? undefined : text.trim()), 400);
  return (
    <TextInput
      label="Labels"
      size="xs"
      w={{ base: "100%", xs: 240 }}
      placeholder="role=web,env in (staging,test)"
      value={typed}
      onChange={(e) => {
        setTyped(e.currentTarget.value);
        soon(e.currentTarget.value);
      }}
    />
  );
}
