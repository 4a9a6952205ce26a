import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { read } from "../model/configuration";
import { graphOf } from "../model/graph";
import { checked } from "../queries";

const PAUSE_MS = 350;

/** A text that is written, with what it says and what the control plane has against it. */
export function useDraft(initial: string) {
  const [text, setText] = useState(initial);
  const [asked] = useDebouncedValue(text, PAUSE_MS);
  const check = useQuery({ ...checked(asked), placeholderData: keepPreviousData });
  const configuration = useMemo(() => read(text), [text]);
  const isChecked = check.data !== undefined && !check.isPlaceholderData && asked === text;
  // What the control plane said of the text before stands until it has looked at this one; that this is no YAML is known at once.
  const { errors, warnings } = useMemo(
    () => ({
      errors: isChecked || configuration.broken.length === 0 ? (check.data?.errors ?? []) : configuration.broken,
      warnings: check.data?.warnings ?? [],
    }),
    [check.data, configuration, isChecked],
  );
  const graph = useMemo(() => graphOf(configuration, errors, warnings), [configuration, errors, warnings]);
  return {
    text,
    setText,
    configuration,
    graph,
    errors,
    warnings,
    check,
    isChecked,
    isGood: isChecked && errors.length === 0,
    isDirty: text !== initial,
  };
}

export type Draft = ReturnType<typeof useDraft>;
