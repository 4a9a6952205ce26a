import { MultiSelect, NumberInput, Select, TagsInput, TextInput } from "@mantine/core";
import type { TemplateParameterView } from "~/api/schema";
import { boundsOf, type ParameterInput } from "./parameters";

interface Props {
  parameter: TemplateParameterView;
  value: ParameterInput;
  error: string | undefined;
  onChange: (value: ParameterInput) => void;
}

/** An input for what a template's parameter takes; whether it is right the control plane says. */
export function ParameterField({ parameter: p, value, error, onChange }: Props) {
  const common = { label: p.name, description: `${p.help} ${boundsOf(p)}`.trim(), error };
  const allowed = p.allowed.map(String);
  switch (p.type) {
    case "integer":
    case "number":
      return (
        <NumberInput
          {...common}
          allowDecimal={p.type === "number"}
          suffix={p.unit ? ` ${p.unit}` : undefined}
          value={value as number}
          onChange={onChange}
        />
      );
    case "enum":
      return <Select {...common} allowDeselect={false} data={allowed} value={String(value)} onChange={(v) => v !== null && onChange(v)} />;
    case "list":
    case "metrics": {
      const items = Array.isArray(value) ? value : [];
      return allowed.length > 0 ? (
        <MultiSelect {...common} data={allowed} value={items} onChange={onChange} />
      ) : (
        <TagsInput {...common} value={items} onChange={onChange} acceptValueOnBlur />
      );
    }
    default:
      return <TextInput {...common} value={String(value)} onChange={(e) => onChange(e.currentTarget.value)} />;
  }
}
