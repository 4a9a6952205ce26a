import { Group, Pill, Select, TextInput } from "@mantine/core";
import { DateTimePicker } from "@mantine/dates";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { streamNamed } from "~/shared/events/sentences";
import { dateTime, momentOf, zoneId } from "~/shared/format/times";
import { STREAM_TYPES } from "~/shared/live/topics";
import { users } from "~/shared/people/people";
import { usePreferences } from "~/shared/session/preferences";
import type { AuditSearch } from "./search";
import "@mantine/dates/styles.css";

const IDS = [
  ["experimentId", "experiment"],
  ["streamId", "stream"],
  ["correlationId", "request"],
  ["type", "type"],
] as const;

export function AuditFilters({ search, onChange }: { search: AuditSearch; onChange: (change: Partial<AuditSearch>) => void }) {
  const people = useQuery(users).data ?? [];
  const [text, setText] = useState(search.text ?? "");
  const ask = useDebouncedCallback((value: string) => onChange({ text: value.trim() || undefined }), 400);
  useEffect(() => setText(search.text ?? ""), [search.text]);
  const { timeZone } = usePreferences();
  const zone = zoneId(timeZone);
  // The picker knows days and hours and no zone: it is given what a clock of the chosen one shows.
  const shown = (at: string | undefined): string | null => (at === undefined ? null : dateTime(at, timeZone));
  const picked = (text: string | null): string | undefined => (text === null ? undefined : momentOf(text, timeZone));

  return (
    <Group align="flex-end" gap="sm">
      <TextInput
        label="Text"
        description="In reason, type and data"
        leftSection={<IconSearch size={16} />}
        value={text}
        onChange={(e) => {
          setText(e.currentTarget.value);
          ask(e.currentTarget.value);
        }}
        w={220}
      />
      <Select
        label="Of"
        placeholder="Anything"
        clearable
        searchable
        data={STREAM_TYPES.map((value) => ({ value, label: streamNamed(value) }))}
        value={search.streamType ?? null}
        onChange={(v) => onChange({ streamType: v ?? undefined })}
        w={170}
      />
      <Select
        label="Who"
        placeholder="Anybody"
        clearable
        searchable
        data={[
          { value: "system", label: "Phoenix itself" },
          ...people.map((u) => ({ value: u.id, label: u.name || u.id })),
          ...(search.actor?.startsWith("agent:") ? [{ value: search.actor, label: search.actor }] : []),
        ]}
        value={search.actor ?? null}
        onChange={(v) => onChange({ actor: v ?? undefined })}
        w={170}
      />
      <DateTimePicker
        label={`From (${zone})`}
        clearable
        withSeconds
        valueFormat="YYYY-MM-DD HH:mm:ss"
        value={shown(search.from)}
        onChange={(v) => onChange({ from: picked(v) })}
        w={230}
      />
      <DateTimePicker
        label={`Until (${zone})`}
        clearable
        withSeconds
        valueFormat="YYYY-MM-DD HH:mm:ss"
        value={shown(search.until)}
        onChange={(v) => onChange({ until: picked(v) })}
        w={230}
      />
      {IDS.map(([key, label]) =>
        search[key] === undefined ? null : (
          <Pill
            key={key}
            size="md"
            withRemoveButton
            onRemove={() => onChange({ [key]: undefined })}
            removeButtonProps={{ "aria-label": `Remove the filter by ${label}`, tabIndex: 0 }}
          >
            {label}: {search[key]}
          </Pill>
        ),
      )}
    </Group>
  );
}
