import { Card, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { IconCircle, IconCircleCheck, IconPlayerPlay } from "@tabler/icons-react";
import type { DeploymentView } from "~/api/schema";
import { count } from "~/shared/format/numbers";
import { STATES, type Wave, wavesOf } from "./states";

/** The waves in their order, each with how many of its hosts have ended. */
export function WavesCard({ deployment }: { deployment: DeploymentView }) {
  const words = (wave: Wave) =>
    wave.state === "pending"
      ? "has not begun"
      : wave.state === "done"
        ? "done"
        : `${STATES[deployment.state].label.toLowerCase()}, ${count(wave.ended)} of ${count(wave.size)} hosts ended`;
  return (
    <Card component="section" aria-label="Waves" h="100%">
      <Title order={2} mb="sm">
        Waves
      </Title>
      <Stack gap="sm">
        {wavesOf(deployment).map((wave) => (
          <div key={wave.number}>
            <Group gap="xs" wrap="nowrap">
              {wave.state === "done" ? (
                <IconCircleCheck size={18} color="var(--mantine-color-teal-6)" aria-hidden />
              ) : wave.state === "current" ? (
                <IconPlayerPlay size={18} color="var(--mantine-color-blue-6)" aria-hidden />
              ) : (
                <IconCircle size={18} color="var(--mantine-color-gray-6)" aria-hidden />
              )}
              <Text size="sm" fw={600}>
                Wave {wave.number}
              </Text>
              <Text size="sm" c="dimmed">
                {wave.size === 1 ? `host ${wave.first}` : `hosts ${count(wave.first)} to ${count(wave.last)}`}, {words(wave)}
              </Text>
            </Group>
            <Progress
              mt={4}
              value={(100 * wave.ended) / wave.size}
              color={wave.state === "done" ? "teal" : "blue"}
              striped={wave.state === "current"}
              aria-label={`Hosts of wave ${wave.number} that have ended`}
            />
          </div>
        ))}
      </Stack>
    </Card>
  );
}
