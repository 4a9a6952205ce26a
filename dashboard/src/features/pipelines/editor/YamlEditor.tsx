import { Box } from "@mantine/core";
import { useEffect, useRef } from "react";
import type { Issue } from "../model/configuration";
import { createYamlView, revealLine, showIssues, showText } from "./yamlView";

interface Props {
  value: string;
  /** What the text is, for those who do not see it. */
  label: string;
  /** Without it the text can be read only. */
  onChange?: (text: string) => void;
  errors?: readonly Issue[];
  warnings?: readonly Issue[];
  /** A line to come into sight, from 1; another object shows it again. */
  reveal?: { line: number } | null;
  height?: number | string;
}

const NONE: readonly Issue[] = [];

/** YAML with its errors at their lines. A change from outside is one step that can be undone, and leaves the cursor where it is. */
export function YamlEditor({ value, label, onChange, errors = NONE, warnings = NONE, reveal, height = 480 }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<ReturnType<typeof createYamlView> | null>(null);
  const changed = useRef(onChange);
  const first = useRef(value);
  changed.current = onChange;
  const readOnly = onChange === undefined;

  useEffect(() => {
    if (host.current === null) return;
    const made = createYamlView(host.current, first.current, label, readOnly, (text) => {
      first.current = text;
      changed.current?.(text);
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
  }, [label, readOnly]);

  useEffect(() => {
    first.current = value;
    if (view.current !== null) showText(view.current, value);
  }, [value]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new view or text shows the same issues.
  useEffect(() => {
    if (view.current !== null) showIssues(view.current, errors, warnings);
  }, [errors, warnings, value, readOnly, label]);

  useEffect(() => {
    if (view.current !== null && reveal) revealLine(view.current, reveal.line);
  }, [reveal]);

  return (
    <Box
      ref={host}
      style={{
        height,
        overflow: "hidden",
        border: "1px solid var(--mantine-color-default-border)",
        borderRadius: "var(--mantine-radius-md)",
      }}
    />
  );
}
