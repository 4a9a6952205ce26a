import { MergeView, unifiedMergeView } from "@codemirror/merge";
import { EditorView } from "@codemirror/view";
import { Box } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import { readOnlyText, yamlLook } from "./yamlView";

const collapseUnchanged = { margin: 3, minSize: 8 };

/** Two texts beside each other, or below each other where there is no room. What is equal is folded. */
export function YamlDiff({
  before,
  after,
  beforeLabel,
  afterLabel,
}: {
  before: string;
  after: string;
  beforeLabel: string;
  afterLabel: string;
}) {
  const host = useRef<HTMLDivElement>(null);
  const narrow = useMediaQuery("(max-width: 62em)") ?? false;
  useEffect(() => {
    if (host.current === null) return;
    if (narrow) {
      const view = new EditorView({
        parent: host.current,
        doc: after,
        extensions: [yamlLook(afterLabel), readOnlyText, unifiedMergeView({ original: before, mergeControls: false, collapseUnchanged })],
      });
      return () => view.destroy();
    }
    const view = new MergeView({
      parent: host.current,
      a: { doc: before, extensions: [yamlLook(beforeLabel), readOnlyText] },
      b: { doc: after, extensions: [yamlLook(afterLabel), readOnlyText] },
      collapseUnchanged,
    });
    return () => view.destroy();
  }, [before, after, beforeLabel, afterLabel, narrow]);
  return (
    <Box
      ref={host}
      style={{
        maxHeight: 600,
        overflow: "auto",
        border: "1px solid var(--mantine-color-default-border)",
        borderRadius: "var(--mantine-radius-md)",
      }}
    />
  );
}
