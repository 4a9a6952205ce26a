import { Select } from "@mantine/core";
import type { PipelineView } from "~/api/schema";
import { dateTime } from "~/shared/format/times";
import { usePreferences } from "~/shared/session/preferences";

interface Props {
  label: string;
  pipeline: PipelineView;
  value: number | null;
  onChange: (version: number | null) => void;
  /** Offers all of them too. */
  allLabel?: string;
}

/** A version of a pipeline, the newest first. */
export function VersionSelect({ label, pipeline, value, onChange, allLabel }: Props) {
  const { timeZone } = usePreferences();
  return (
    <Select
      label={label}
      allowDeselect={false}
      searchable={pipeline.versions.length > 10}
      w={{ base: "100%", xs: 360 }}
      data={[
        ...(allLabel === undefined ? [] : [{ value: "all", label: allLabel }]),
        ...pipeline.versions.toReversed().map((v) => ({
          value: String(v.version),
          label: `v${v.version}, published ${dateTime(v.publishedAt, timeZone, false)}${v.template ? `, from ${v.template}` : ""}`,
        })),
      ]}
      value={value === null ? "all" : String(value)}
      onChange={(v) => v !== null && onChange(v === "all" ? null : Number(v))}
    />
  );
}
