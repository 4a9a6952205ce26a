import { Alert, Badge, Button, Card, Group, Progress, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconFlask, IconPencil, IconPlus, IconTargetArrow, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, call } from "~/api/client";
import type { BudgetView } from "~/api/schema";
import { budgets } from "~/shared/budgets/queries";
import { EmptyState } from "~/shared/components/EmptyState";
import { QueryView } from "~/shared/components/QueryView";
import { ReasonModal } from "~/shared/components/ReasonModal";
import { money, percent } from "~/shared/format/numbers";
import { useMay } from "~/shared/session/session";
import { BudgetModal } from "./BudgetModal";
import { type BudgetLevel, budgetLevel } from "./budgetLevel";

/** Money a month that a part of the cost must stay under, and how far it is. */
export function BudgetsTab() {
  const mayOperate = useMay("operator");
  const [editing, setEditing] = useState<BudgetView | null>(null);
  const [removing, setRemoving] = useState<BudgetView | null>(null);
  const [opened, form] = useDisclosure(false);
  const open = (budget: BudgetView | null) => {
    setEditing(budget);
    form.open();
  };
  const add = mayOperate && (
    <Button leftSection={<IconPlus size={16} />} onClick={() => open(null)}>
      Set a budget
    </Button>
  );

  return (
    <Stack>
      <Group justify="flex-end">{add}</Group>
      <QueryView query={useQuery(budgets)}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={<IconTargetArrow />} title="There is no budget yet">
              A budget says what a team, service, group or pipeline may cost a month. Who comes near it is told, and an experiment that
              would help is proposed.
            </EmptyState>
          ) : (
            <SimpleGrid cols={{ base: 1, md: 2 }}>
              {all.map((budget) => (
                <BudgetCard
                  key={budget.id}
                  budget={budget}
                  onEdit={mayOperate ? () => open(budget) : undefined}
                  onRemove={mayOperate ? () => setRemoving(budget) : undefined}
                />
              ))}
            </SimpleGrid>
          )
        }
      </QueryView>
      {opened && <BudgetModal budget={editing} onClose={form.close} />}
      <ReasonModal
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={`Remove the budget ${removing?.terms.name ?? ""}`}
        confirm="Remove"
        danger
        done="The budget was removed."
        action={(reason) => call(api.DELETE("/api/v2/budgets/{id}", { params: { path: { id: removing?.id ?? "" }, query: { reason } } }))}
      >
        Nobody is told any more when it is reached. What was told stays in the audit log.
      </ReasonModal>
    </Stack>
  );
}

const LEVELS: Record<BudgetLevel, { label: string; color: string }> = {
  unknown: { label: "Not known", color: "gray" },
  within: { label: "Within", color: "teal" },
  reached: { label: "Level reached", color: "yellow" },
  exceeded: { label: "Exceeded", color: "red" },
};

function BudgetCard({ budget, onEdit, onRemove }: { budget: BudgetView; onEdit?: () => void; onRemove?: () => void }) {
  const { terms, spentPct } = budget;
  const navigate = useNavigate();
  const draft = useMutation({
    mutationFn: () =>
      call(
        api.POST("/api/v2/budgets/{id}/draft", {
          params: { path: { id: budget.id } },
          body: { reason: `The budget ${terms.name} asks for it.` },
        }),
      ),
    onSuccess: (made) => navigate({ to: "/experiments/$id", params: { id: made.id } }),
  });
  const level = LEVELS[budgetLevel(spentPct, terms.thresholdsPct)];
  const proposal = budget.proposed?.proposal;
  return (
    <Card>
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap">
          <Title order={3}>{terms.name}</Title>
          <Badge color={level.color} variant="light">
            {level.label}
          </Badge>
        </Group>
        <Text size="sm" c="dimmed">
          {terms.scope === "all" ? "Everything" : `${terms.scope} ${terms.of}`}, by price {terms.priceEntry}
        </Text>
        {budget.problem !== null && (
          <Alert color="red" title="It cannot be reckoned">
            {budget.problem.detail}
          </Alert>
        )}
        {spentPct !== null && (
          <Progress
            value={Math.min(100, spentPct)}
            color={level.color}
            aria-label={`${percent(spentPct)} of the budget ${terms.name} is spent`}
          />
        )}
        <Group justify="space-between">
          <Text size="sm" className="numeric">
            {money(budget.spent, terms.currency)} of {money(terms.amountPerMonth, terms.currency)} ({percent(spentPct)})
          </Text>
          <Text size="xs" c="dimmed">
            {budget.month.slice(0, 7)}
            {budget.through != null && `, until ${budget.through}`}
          </Text>
        </Group>
        <Text size="sm">
          {budget.forecast !== null
            ? `Forecast for the month: ${money(budget.forecast.estimate, terms.currency)} (95 %: ${money(budget.forecast.lower, terms.currency)} to ${money(budget.forecast.upper, terms.currency)}).`
            : `No forecast: ${budget.noForecast ?? "nothing is added up yet"}.`}
        </Text>
        {proposal != null && (
          <Alert color="blue" icon={<IconFlask />} title="An experiment would help">
            <Stack gap="xs" align="flex-start">
              <Text size="sm">
                It has {proposal.hosts.length} hosts, whose pipeline cost {money(proposal.cost, terms.currency)} this month. The candidate
                kept {percent(100 - proposal.reductionPct)} of the series where it was measured.
              </Text>
              {onEdit !== undefined && (
                <Button size="xs" loading={draft.isPending} onClick={() => draft.mutate()}>
                  Draft it
                </Button>
              )}
            </Stack>
          </Alert>
        )}
        {onEdit !== undefined && (
          <Group gap="xs">
            <Button size="xs" variant="default" leftSection={<IconPencil size={14} />} onClick={onEdit}>
              Change
            </Button>
            <Button size="xs" variant="default" leftSection={<IconTrash size={14} />} onClick={onRemove}>
              Remove
            </Button>
          </Group>
        )}
      </Stack>
    </Card>
  );
}
