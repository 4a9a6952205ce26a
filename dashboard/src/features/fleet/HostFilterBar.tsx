import { Button, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconFilterOff } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { groups } from "~/shared/hosts/queries";
import { fleetSummary } from "./queries";
import { type FleetSearch, type HostFilters, hostFilters, isFiltered } from "./search";
import { HOST_STATE, HOST_STATES, type HostState } from "./states";

const NOTHING: HostFilters = {
  search: undefined,
  selector: undefined,
  group: undefined,
  state: undefined,
  version: undefined,
  drift: undefined,
  unhealthy: undefined,
};

/** What the control plane filters hosts by; all that is given must hold. */
export function HostFilterBar({ search, onChange }: { search: FleetSearch; onChange: (filters: HostFilters) => void }) {
  const known = useQuery(groups);
  const versions = Object.keys(useQuery(fleetSummary(search.at)).data?.versions ?? {});
  return (
    <Group gap="xs" mb="sm" align="flex-end">
      <TextFilter label="Host id" placeholder="A part of it" value={search.search} onChange={(part) => onChange({ search: part })} />
      <TextFilter
        label="Labels"
        placeholder="role=web,env in (staging,test)"
        value={search.selector}
        onChange={(selector) => onChange({ selector })}
      />
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
        data={HOST_STATES.filter((state) => search.at === undefined || state !== "stopped").map((state) => ({
          value: state,
          label: HOST_STATE[state].label,
        }))}
        value={hostFilters(search).state ?? null}
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
        <>
          <YesNoFilter label="Drift" yes="Drifts" no="Runs what it should" value={search.drift} onChange={(drift) => onChange({ drift })} />
          <YesNoFilter
            label="Collectors"
            yes="Some unhealthy"
            no="None unhealthy"
            value={search.unhealthy}
            onChange={(unhealthy) => onChange({ unhealthy })}
          />
        </>
      )}
      {isFiltered(search) && (
        <Button size="xs" variant="subtle" leftSection={<IconFilterOff size={14} />} onClick={() => onChange(NOTHING)}>
          Show all
        </Button>
      )}
    </Group>
  );
}

interface YesNoFilterProps {
  label: string;
  yes: string;
  no: string;
  value: boolean | undefined;
  onChange: (value: boolean | undefined) => void;
}

function YesNoFilter({ label, yes, no, value, onChange }: YesNoFilterProps) {
  return (
    <Select
      label={label}
      size="xs"
      w={150}
      clearable
      placeholder="Any"
      data={[
        { value: "true", label: yes },
        { value: "false", label: no },
      ]}
      value={value === undefined ? null : String(value)}
      onChange={(chosen) => onChange(chosen === null ? undefined : chosen === "true")}
    />
  );
}

interface TextFilterProps {
  label: string;
  placeholder: string;
  value: string | undefined;
  onChange: (text: string | undefined) => void;
}

/** A filter that is asked for once nobody types any more. */
function TextFilter({ label, placeholder, value = "", onChange }: TextFilterProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const soon = useDebouncedCallback((text: string) => onChange(text.trim() === "" ? undefined : text.trim()), 400);
  return (
    <TextInput
      label={label}
      size="xs"
      w={{ base: "100%", xs: 200 }}
      placeholder={placeholder}
      value={typed}
      onChange={(e) => {
        setTyped(e.currentTarget.value);
        soon(e.currentTarget.value);
      }}
    />
  );
}
