import { Autocomplete, Chip, Group, Select, Switch, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { ExperimentCounts } from "~/api/schema";
import { EXPERIMENT_STATES, stateLabel } from "~/shared/experiments/StateBadge";
import { count } from "~/shared/format/numbers";
import { useHostsFound } from "~/shared/hosts/useHostsFound";
import { pipelines } from "~/shared/pipelines/queries";
import { type ListSearch, statesOf } from "./listSearch";

interface Props {
  search: ListSearch;
  counts: ExperimentCounts | undefined;
  onChange: (part: Partial<ListSearch>) => void;
}

/** States that pass within moments are offered only where something is in them. */
const PASSING = new Set(["starting", "completing", "rollingBack", "stopping", "promoting", "warmingUp"]);

export function Filters({ search, counts, onChange }: Props) {
  const states = statesOf(search);
  const known = useQuery(pipelines()).data?.items ?? [];
  const of = (state: string) => counts?.byState[state];
  return (
    <>
      <Group align="flex-end" wrap="wrap" gap="sm">
        <Typed
          label="Name or pipeline"
          value={search.search}
          onChange={(text) => onChange({ search: text })}
          render={(props) => <TextInput {...props} leftSection={<IconSearch size={16} />} style={{ flex: "2 1 220px" }} type="search" />}
        />
        <Typed label="Host" value={search.host} onChange={(host) => onChange({ host })} render={(props) => <HostInput {...props} />} />
        <Select
          label="Pipeline"
          searchable
          clearable
          data={known.map((p) => ({ value: p.id, label: p.name }))}
          value={search.pipeline ?? null}
          onChange={(pipeline) => onChange({ pipeline: pipeline ?? undefined })}
          style={{ flex: "1 1 160px" }}
        />
        <Switch
          label={counts === undefined ? "Archived" : `Archived (${count(counts.archived)})`}
          checked={search.archived === true}
          onChange={(event) => onChange({ archived: event.currentTarget.checked || undefined })}
          mb={8}
        />
      </Group>
      <Chip.Group multiple value={states} onChange={(chosen) => onChange({ state: chosen.length === 0 ? undefined : chosen.join(",") })}>
        <Group gap={6} role="group" aria-label="States">
          {EXPERIMENT_STATES.filter((s) => !PASSING.has(s) || states.includes(s) || (of(s) ?? 0) > 0).map((state) => (
            <Chip key={state} value={state} size="xs">
              {stateLabel(state)}
              {search.archived !== true && of(state) !== undefined && ` ${count(of(state))}`}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
    </>
  );
}

interface TypedProps {
  label: string;
  value: string;
  onChange: (event: { currentTarget: { value: string } }) => void;
}

function HostInput({ value, onChange, ...props }: TypedProps) {
  return (
    <Autocomplete
      {...props}
      data={useHostsFound(value)}
      value={value}
      onChange={(chosen) => onChange({ currentTarget: { value: chosen } })}
      clearable
      style={{ flex: "1 1 160px" }}
    />
  );
}

/** A text that is looked for when its writer pauses; the address may change it too. */
function Typed({
  label,
  value,
  onChange,
  render,
}: {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  render: (props: TypedProps) => React.ReactNode;
}) {
  const [text, setText] = useState(value ?? "");
  const tell = useDebouncedCallback((typed: string) => onChange(typed.trim() === "" ? undefined : typed.trim()), 300);
  useEffect(() => setText((now) => (now.trim() === (value ?? "") ? now : (value ?? ""))), [value]);
  return render({
    label,
    value: text,
    onChange: (event) => {
      setText(event.currentTarget.value);
      tell(event.currentTarget.value);
    },
  });
}
