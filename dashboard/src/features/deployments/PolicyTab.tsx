import { Button, Card, Group, List, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCheck, IconMinus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { ChangePolicyView } from "~/api/schema";
import { QueryView } from "~/shared/components/QueryView";
import { changePolicy } from "~/shared/deployments/queries";
import { usePreferences } from "~/shared/session/preferences";
import { useMay } from "~/shared/session/session";
import { freezeText } from "./freezes";
import { PolicyModal } from "./PolicyModal";

/** What is asked of every change of what runs as production. */
export function PolicyTab() {
  return <QueryView query={useQuery(changePolicy)}>{(policy) => <Policy policy={policy} />}</QueryView>;
}

function Policy({ policy }: { policy: ChangePolicyView }) {
  const maySet = useMay("admin");
  const { timeZone } = usePreferences();
  const [editing, setEditing] = useState(false);
  return (
    <Card maw={760}>
      <Group justify="space-between" mb="sm">
        <Title order={2}>Change policy</Title>
        {maySet && (
          <Button variant="default" onClick={() => setEditing(true)}>
            Change it
          </Button>
        )}
      </Group>
      <Stack gap="xs">
        <Rule
          on={policy.approvalRequired}
          yes="A second person approves every promotion and deployment."
          no="Nobody has to approve a promotion or a deployment."
        />
        <Rule on={policy.ticketRequired} yes="Every change says where it was asked for, by a ticket." no="A change needs no ticket." />
        <Rule
          on={policy.mendDrift}
          yes="Where a host runs something else than it should, that is put back by itself."
          no="Drift is shown, and mended by a person."
        />
      </Stack>
      <Title order={3} mt="md" mb="xs">
        Change freezes
      </Title>
      {policy.freezes.length === 0 ? (
        <Text size="sm" c="dimmed">
          There is none: changes may begin at any time.
        </Text>
      ) : (
        <List size="sm" spacing="xs">
          {policy.freezes.map((freeze) => (
            <List.Item key={`${freeze.name}${freeze.from}${freeze.weekly?.day}${freeze.weekly?.start}`}>
              <b>{freeze.name}</b>: {freezeText(freeze, timeZone)}
              {policy.frozen?.name === freeze.name && " (in force now)"}
            </List.Item>
          ))}
        </List>
      )}
      <Text size="sm" c="dimmed" mt="md">
        Rollbacks and an incident's full detail are never held. An admin goes over a freeze with a reason.
      </Text>
      {editing && <PolicyModal policy={policy} onClose={() => setEditing(false)} />}
    </Card>
  );
}

function Rule({ on, yes, no }: { on: boolean; yes: string; no: string }) {
  return (
    <Group gap="xs" wrap="nowrap">
      <ThemeIcon size="sm" variant="light" color={on ? "teal" : "gray"} aria-hidden>
        {on ? <IconCheck size={14} /> : <IconMinus size={14} />}
      </ThemeIcon>
      <Text size="sm">{on ? yes : no}</Text>
    </Group>
  );
}
