import { Group, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { dateTime } from "~/shared/format/times";
import { pipelines } from "~/shared/pipelines/queries";
import { usePreferences } from "~/shared/session/preferences";
import { useDesign } from "./form";

interface Props {
  name: "baseline" | "candidate";
  label: string;
  description: string;
  /** Deprecated pipelines may be what hosts still run, and become no candidate. */
  deprecatedToo: boolean;
  onChange?: () => void;
}

/** A published version of a pipeline. */
export function VersionField({ name, label, description, deprecatedToo, onChange }: Props) {
  const form = useDesign();
  const { timeZone } = usePreferences();
  const known = useQuery(pipelines()).data?.items ?? [];
  const chosen = form.values[name];
  const pipeline = known.find((p) => p.id === chosen?.pipelineId);
  const choose = (pipelineId: string | null, version?: number) => {
    const latest = known.find((p) => p.id === pipelineId)?.latestVersion;
    const next = pipelineId === null || latest === undefined ? null : { pipelineId, version: version ?? latest };
    form.setFieldValue(name, next);
    form.clearFieldError(name);
    onChange?.();
  };
  return (
    <Group align="flex-end" wrap="wrap" gap="sm">
      <Select
        label={label}
        description={description}
        searchable
        style={{ flex: "1 1 220px" }}
        data={known
          .filter((p) => deprecatedToo || !p.deprecated || p.id === chosen?.pipelineId)
          .map((p) => ({ value: p.id, label: p.deprecated ? `${p.name} (deprecated)` : p.name }))}
        value={chosen?.pipelineId ?? null}
        onChange={(id) => choose(id)}
        nothingFoundMessage="There is no such pipeline. Publish one on the Pipelines page."
        error={form.errors[name]}
      />
      <Select
        label="Version"
        aria-label={`Version of the ${name}`}
        style={{ flex: "0 1 220px" }}
        allowDeselect={false}
        disabled={pipeline === undefined}
        data={[...(pipeline?.versions ?? [])].reverse().map((v) => ({
          value: String(v.version),
          label: `v${v.version}, ${dateTime(v.publishedAt, timeZone, false)}${v.template ? `, ${v.template}` : ""}`,
        }))}
        value={chosen === null ? null : String(chosen.version)}
        onChange={(version) => choose(chosen?.pipelineId ?? null, Number(version))}
      />
    </Group>
  );
}
