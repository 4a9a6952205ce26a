import { Alert, Anchor, Code, Group, List, Text } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from "@tabler/icons-react";
import type { Issue } from "../model/configuration";

interface Props {
  errors: readonly Issue[];
  warnings: readonly Issue[];
  /** Whether the control plane has looked at this very text. */
  upToDate: boolean;
  onReveal: (line: number) => void;
}

/** What the control plane says of the text; each place leads to its line. */
export function IssueList({ errors, warnings, upToDate, onReveal }: Props) {
  if (errors.length === 0 && warnings.length === 0)
    return (
      <Group gap={6} role="status">
        {upToDate ? (
          <>
            <IconCircleCheck size={18} color="var(--mantine-color-teal-6)" aria-hidden />
            <Text size="sm">A collector would start with this text.</Text>
          </>
        ) : (
          <Text size="sm" c="dimmed">
            Checking the text…
          </Text>
        )}
      </Group>
    );
  const list = (issues: readonly Issue[]) => (
    <List size="sm" spacing={2} listStyleType="none">
      {issues.map((issue) => (
        <List.Item key={`${issue.line}${issue.key}${issue.message}`}>
          <Anchor component="button" type="button" size="sm" underline="always" onClick={() => onReveal(issue.line)}>
            {issue.line > 0 ? `Line ${issue.line}` : "The file"}
          </Anchor>
          {": "}
          <Code>{issue.key}</Code>
          {` ${issue.message}; ${issue.remedy}`}
        </List.Item>
      ))}
    </List>
  );
  return (
    <div role="status">
      {errors.length > 0 && (
        <Alert
          color="red"
          icon={<IconCircleX />}
          title={
            errors.length === 1
              ? "One error: no collector would start with it"
              : `${errors.length} errors: no collector would start with it`
          }
        >
          {list(errors)}
        </Alert>
      )}
      {warnings.length > 0 && (
        <Alert mt={errors.length > 0 ? "xs" : 0} color="yellow" icon={<IconAlertTriangle />} title="Legal, and probably not meant">
          {list(warnings)}
        </Alert>
      )}
    </div>
  );
}
