import { NumberInput, Select, SimpleGrid, TagsInput, TextInput } from "@mantine/core";
import type { TemplateParameterView } from "~/api/schema";
import { boundsOf } from "./bounds";
import type { ParameterValue, ParameterValues } from "./parameters";

interface Props {
  parameters: readonly TemplateParameterView[];
  values: ParameterValues;
  errors: Record<string, string>;
  onChange: (name: string, value: ParameterValue) => void;
}

/** One field for each parameter, as its type asks. What is wrong says the control plane, which renders. */
export function TemplateForm({ parameters, values, errors, onChange }: Props) {
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      {parameters.map((parameter) => (
        <ParameterField
          key={parameter.name}
          parameter={parameter}
          value={values[parameter.name]}
          error={errors[parameter.name]}
          onChange={(value) => onChange(parameter.name, value)}
        />
      ))}
    </SimpleGrid>
  );
}

function ParameterField({
  parameter,
  value,
  error,
  onChange,
}: {
  parameter: TemplateParameterView;
  value: ParameterValue | undefined;
  error: string | undefined;
  onChange: (value: ParameterValue) => void;
}) {
  const { name, type, help, unit, minimum, maximum } = parameter;
  const description = `${help} ${boundsOf(parameter)}`.trim();
  const allowed = (parameter.allowed ?? []).map(String);
  const common = { label: name, description, error, name: `parameter-${name}` };
  switch (type) {
    case "integer":
    case "number":
      return (
        <NumberInput
          {...common}
          value={typeof value === "object" ? "" : value}
          onChange={onChange}
          min={minimum}
          max={maximum}
          clampBehavior="none"
          allowDecimal={type === "number"}
          suffix={unit ? ` ${unit}` : undefined}
        />
      );
    case "enum":
      return (
        <Select
          {...common}
          data={allowed}
          value={String(value ?? "")}
          onChange={(chosen) => onChange(chosen ?? "")}
          allowDeselect={false}
        />
      );
    case "list":
    case "metrics":
      return (
        <TagsInput
          {...common}
          data={allowed}
          value={Array.isArray(value) ? value : []}
          onChange={onChange}
          splitChars={[",", " "]}
          placeholder={type === "metrics" ? "A name, or a pattern with *" : undefined}
          acceptValueOnBlur
        />
      );
    default:
      return <TextInput {...common} value={String(value ?? "")} onChange={(event) => onChange(event.currentTarget.value)} />;
  }
}
