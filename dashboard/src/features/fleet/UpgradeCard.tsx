import { Anchor, Badge, Button, Card, Group, Progress, Text, Title, Tooltip } from "@mantine/core";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { UpgradeView } from "~/api/schema";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { TimeText } from "~/shared/components/TimeText";
import { count } from "~/shared/format/numbers";
import { UPGRADE_STATE, type UpgradeAction, upgradeActions } from "./upgradeStates";

const ACTIONS: Record<UpgradeAction, { label: string; danger?: boolean; done: string; says: string }> = {
  pause: {
    label: "Pause",
    done: "The upgrade is held.",
    says: "No further host is asked; what was asked and has not ended is taken back. Hosts that were upgraded stay so.",
  },
  resume: {
    label: "Resume",
    done: "The upgrade goes on.",
    says: "It goes on where it was held. What has failed until now is no longer held against it.",
  },
  abort: {
    label: "Abort",
    danger: true,
    done: "The upgrade has ended.",
    says: "The upgrade ends for good; hosts that were upgraded stay so, and can still be rolled back.",
  },
  rollback: {
    label: "Roll back",
    danger: true,
    done: "The hosts return.",
    says: "Every host that was asked returns at once to the version it had before.",
  },
};

/** One upgrade: how far it is, and what can be done with it. */
export function UpgradeCard({ upgrade, mayChange, onOpen }: { upgrade: UpgradeView; mayChange: boolean; onOpen?: () => void }) {
  const [asking, setAsking] = useState<UpgradeAction | null>(null);
  const { counts } = upgrade;
  const path = { params: { path: { id: upgrade.id } } };
  const run: Record<UpgradeAction, (reason: string) => Promise<unknown>> = {
    pause: (reason) => call(api.POST("/api/v2/upgrades/{id}/pause", { ...path, body: { reason } })),
    resume: (reason) => call(api.POST("/api/v2/upgrades/{id}/resume", { ...path, body: { reason } })),
    abort: (reason) => call(api.POST("/api/v2/upgrades/{id}/abort", { ...path, body: { reason } })),
    rollback: (reason) => call(api.POST("/api/v2/upgrades/{id}/rollback", { ...path, body: { reason } })),
  };
  return (
    <Card>
      <Group justify="space-between" mb={6}>
        <Group gap="sm">
          <Title order={3}>To {upgrade.release}</Title>
          <Badge variant="default" tt="none">
            {UPGRADE_STATE[upgrade.state]}
          </Badge>
          <Text size="sm" c="dimmed">
            stage {upgrade.stage} of {upgrade.stages.length}, asked for <TimeText at={upgrade.requestedAt} from="now" />
          </Text>
        </Group>
        <Group gap="xs">
          {mayChange &&
            upgradeActions(upgrade).map((action) => (
              <Button key={action} size="compact-sm" variant="default" onClick={() => setAsking(action)}>
                {ACTIONS[action].label}
              </Button>
            ))}
        </Group>
      </Group>
      <Progress.Root size="lg">
        <Part n={counts.upgraded} of={counts.hosts} color="teal.7" label="upgraded" />
        <Part n={counts.returned} of={counts.hosts} color="grape.6" label="returned" />
        <Part n={counts.failed} of={counts.hosts} color="red.7" label="failed" />
        <Part n={counts.waiting} of={counts.hosts} color="blue.6" label="asked" />
      </Progress.Root>
      <Group justify="space-between" mt={6}>
        <Text size="sm">
          {count(counts.upgraded)} of {count(counts.hosts)} hosts upgraded, {count(counts.waiting)} asked, {count(counts.pending)} not
          begun, {count(counts.failed)} failed, {count(counts.unreached)} did not call in, {count(counts.returned)} returned.
        </Text>
        {onOpen !== undefined && (
          <Anchor component="button" type="button" size="sm" onClick={onOpen}>
            Hosts of this upgrade
          </Anchor>
        )}
      </Group>
      {upgrade.detail && (
        <Text size="sm" mt={4}>
          {upgrade.detail}
        </Text>
      )}
      {asking !== null && (
        <ReasonModal
          opened
          onClose={() => setAsking(null)}
          title={`${ACTIONS[asking].label}: upgrade to ${upgrade.release}`}
          confirm={ACTIONS[asking].label}
          danger={ACTIONS[asking].danger}
          done={ACTIONS[asking].done}
          action={run[asking]}
        >
          {ACTIONS[asking].says}
        </ReasonModal>
      )}
    </Card>
  );
}

function Part({ n, of, color, label }: { n: number; of: number; color: string; label: string }) {
  if (n === 0) return null;
  return (
    <Tooltip label={`${count(n)} ${label}`}>
      <Progress.Section value={(100 * n) / of} color={color} aria-label={`${count(n)} of ${count(of)} hosts ${label}`} />
    </Tooltip>
  );
}
