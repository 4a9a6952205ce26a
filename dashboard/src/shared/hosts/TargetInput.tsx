import { SegmentedControl, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { count, counted } from "~/shared/format/numbers";
import { HostsInput } from "./HostsInput";
import { groups, matching } from "./queries";
import type { Target } from "./target";

interface Props {
  value: Target;
  onChange: (target: Target) => void;
  /** What the control plane or the form has against it. */
  error?: string | null;
}

/** Chooses hosts by name, by group or by their labels, and says how many are meant. */
export function TargetInput({ value, onChange, error }: Props) {
  return (
    <Stack gap="xs">
      <SegmentedControl
        aria-label="How hosts are chosen"
        value={value.by}
        onChange={(by) => onChange({ ...value, by: by as Target["by"] })}
        data={[
          { value: "hosts", label: "Hosts" },
          { value: "group", label: "Group" },
          { value: "selector", label: "Labels" },
        ]}
      />
      {value.by === "hosts" ? (
        <HostsInput value={value.hosts} onChange={(hosts) => onChange({ ...value, hosts })} error={error} />
      ) : value.by === "group" ? (
        <GroupInput group={value.group} onChange={(group) => onChange({ ...value, group })} error={error} />
      ) : (
        <SelectorInput selector={value.selector} onChange={(selector) => onChange({ ...value, selector })} error={error} />
      )}
    </Stack>
  );
}

function GroupInput({ group, onChange, error }: { group: string; onChange: (group: string) => void; error?: string | null }) {
  const known = useQuery(groups);
  const chosen = known.data?.find((g) => g.name === group);
  return (
    <Select
      label="Group"
      description={
        chosen === undefined
          ? "Who belongs to a group follows from the labels."
          : `${chosen.selector}: ${counted(chosen.hosts, "host")} now`
      }
      data={(known.data ?? []).map((g) => ({ value: g.name, label: `${g.name} (${count(g.hosts)})` }))}
      value={group === "" ? null : group}
      onChange={(name) => onChange(name ?? "")}
      searchable
      nothingFoundMessage="There is no such group. Groups are defined on the fleet page."
      error={error}
    />
  );
}

function SelectorInput({ selector, onChange, error }: { selector: string; onChange: (selector: string) => void; error?: string | null }) {
  const [asked] = useDebouncedValue(selector.trim(), 300);
  const found = useQuery({ ...matching(asked), enabled: asked !== "", placeholderData: keepPreviousData });
  return (
    <Stack gap={4}>
      <TextInput
        label="Label selector"
        description="As role=web,env in (staging,test),!legacy"
        value={selector}
        onChange={(e) => onChange(e.currentTarget.value)}
        error={error ?? (found.isError && asked !== "" ? found.error.message : null)}
      />
      {asked !== "" && found.data !== undefined && !found.isError && (
        <Text size="sm" c="dimmed" role="status">
          {found.data.andMore ? "More than " : ""}
          {counted(found.data.hosts, "host")} with these labels now.
        </Text>
      )}
    </Stack>
  );
}
