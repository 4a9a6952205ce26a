import { NumberInput, Select, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import { parseDocument } from "yaml";
import { type Field, helpOf } from "../model/fields";
import { printValue } from "../model/text";

interface Props {
  field: Field;
  error: string | undefined;
  onChange: (value: unknown) => void;
}

/** One key of a component; what is typed goes into the text when the input is left. */
export function FieldInput({ field, error, onChange }: Props) {
  const label = field.name;
  const description = helpOf(field.described);
  switch (field.input) {
    case "flag":
      return (
        <Switch
          label={label}
          description={description}
          error={error}
          checked={field.value === true}
          onChange={(e) => onChange(e.currentTarget.checked)}
        />
      );
    case "choice":
      return (
        <Select
          label={label}
          description={description}
          error={error}
          allowDeselect={false}
          data={[...new Set([...(field.described?.allowed ?? []), String(field.value ?? "")])].filter((v) => v !== "")}
          value={field.value === null ? null : String(field.value)}
          onChange={(value) => onChange(value)}
        />
      );
    case "list":
      return (
        <TagsInput
          label={label}
          description={description}
          error={error}
          data={field.described?.allowed ?? []}
          splitChars={["\n"]}
          acceptValueOnBlur
          value={Array.isArray(field.value) ? field.value.map(String) : []}
          onChange={onChange}
        />
      );
    case "yaml":
      return <Typed field={field} error={error} description={description} onChange={onChange} multiline />;
    case "number":
      return <TypedNumber field={field} error={error} description={description} onChange={onChange} />;
    default:
      return <Typed field={field} error={error} description={description} onChange={onChange} />;
  }
}

/** The number that a value is, also between quotes; empty for a key without a value, and for what is no number. */
function numberIn(value: unknown): number | "" {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : "";
}

function TypedNumber({ field, error, description, onChange }: Props & { description: string | undefined }) {
  const written = numberIn(field.value);
  const [typed, setTyped] = useState<number | string>(written);
  useEffect(() => setTyped(written), [written]);
  const commit = () => {
    // What was not edited stays as it is written, such as between quotes; an emptied field is no value, for which there is the button beside it.
    const next = numberIn(typed);
    if (next === "") setTyped(written);
    else if (next !== written) onChange(next);
  };
  return (
    <NumberInput
      label={field.name}
      description={description}
      error={error}
      allowDecimal={field.described?.type !== "wholeNumber"}
      value={typed}
      onChange={setTyped}
      onBlur={commit}
      onKeyDown={(e) => e.key === "Enter" && commit()}
    />
  );
}

function Typed({
  field,
  error,
  description,
  onChange,
  multiline = false,
}: Props & { description: string | undefined; multiline?: boolean }) {
  const written = multiline ? printValue(field.value, false) : String(field.value ?? "");
  const [typed, setTyped] = useState(written);
  const [wrong, setWrong] = useState<string | null>(null);
  useEffect(() => setTyped(written), [written]);
  const commit = () => {
    if (typed === written) return;
    if (!multiline) {
      onChange(typed);
      return;
    }
    const doc = parseDocument(typed);
    const [problem] = doc.errors;
    setWrong(problem === undefined ? null : (problem.message.split("\n")[0] ?? problem.message));
    if (problem === undefined) onChange(doc.toJS());
  };
  const common = { label: field.name, error: wrong ?? error, value: typed, onBlur: commit } as const;
  return multiline ? (
    <Textarea
      {...common}
      description={description ?? "As YAML"}
      autosize
      maxRows={12}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "12px" } }}
      onChange={(e) => setTyped(e.currentTarget.value)}
    />
  ) : (
    <TextInput
      {...common}
      description={description}
      onChange={(e) => setTyped(e.currentTarget.value)}
      onKeyDown={(e) => e.key === "Enter" && commit()}
    />
  );
}
