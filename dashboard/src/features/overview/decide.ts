import type { BudgetView, DeploymentView, FleetSummary, UndecidedExperiment, UpgradeView } from "~/api/schema";
import { count, money, percent } from "~/shared/format/numbers";

export interface Decision {
  key: string;
  /** 0 is the gravest. */
  rank: number;
  kind: string;
  title: string;
  detail: string;
  to: string;
  params?: Record<string, string>;
  search?: Record<string, unknown>;
}

export interface Known {
  undecided?: readonly UndecidedExperiment[];
  awaiting?: readonly DeploymentView[];
  held?: readonly DeploymentView[];
  upgrades?: readonly UpgradeView[];
  budgets?: readonly BudgetView[];
  fleet?: FleetSummary;
  deadLetters?: number;
}

/** What waits for a person, the gravest first; each leads to where it is decided. */
export function decide(known: Known): Decision[] {
  const found = [
    ...(known.undecided ?? []).map(ofExperiment),
    ...(known.awaiting ?? []).map(
      (d): Decision => ({
        key: `awaiting ${d.id}`,
        rank: 2,
        kind: "Approval",
        title: `${d.pipeline.name} v${d.pipeline.version} to ${count(d.counts.hosts)} ${d.counts.hosts === 1 ? "host" : "hosts"}`,
        detail: "A deployment waits for another person to approve it.",
        to: "/deployments/$id",
        params: { id: d.id },
      }),
    ),
    // A freeze ends by itself.
    ...(known.held ?? [])
      .filter((d) => d.heldUntil === null)
      .map(
        (d): Decision => ({
          key: `held ${d.id}`,
          rank: 1,
          kind: "Deployment held",
          title: `${d.pipeline.name} v${d.pipeline.version}, wave ${d.wave} of ${d.waves.length}`,
          detail: d.detail || "Resume it, or roll it back.",
          to: "/deployments/$id",
          params: { id: d.id },
        }),
      ),
    ...(known.upgrades ?? [])
      .filter((u) => u.state === "held")
      .map(
        (u): Decision => ({
          key: `upgrade ${u.id}`,
          rank: 1,
          kind: "Upgrade held",
          title: `Agents to ${u.release}`,
          detail: u.detail || "Resume it, or roll it back.",
          to: "/fleet",
          search: { tab: "upgrades", upgrade: u.id },
        }),
      ),
    ...(known.budgets ?? []).flatMap(ofBudget),
    ...ofFleet(known.fleet),
    ...(known.deadLetters
      ? [
          {
            key: "dead letters",
            rank: 1,
            kind: "Dead letters",
            title: `${count(known.deadLetters)} ${known.deadLetters === 1 ? "task is" : "tasks are"} out of attempts`,
            detail: "Look at the errors, then give them new attempts or cancel them.",
            to: "/tasks",
            search: { status: "deadLettered" },
          },
        ]
      : []),
  ];
  return found.sort((a, b) => a.rank - b.rank);
}

function ofExperiment(x: UndecidedExperiment): Decision {
  const at = { title: x.name, to: "/experiments/$id", params: { id: x.id } };
  if (x.breach !== null)
    return {
      ...at,
      key: `breach ${x.id}`,
      rank: 1,
      kind: "Guardrail breached",
      detail: `${x.breach}. Decide for the baseline, or change the pipeline and try again.`,
    };
  const measured = x.reductionPct === null ? "" : ` ${percent(x.reductionPct)} fewer live series.`;
  return {
    ...at,
    key: `verdict ${x.id}`,
    rank: x.outcome === "promote" ? 2 : 3,
    kind: `Verdict: ${x.outcome}`,
    detail:
      x.outcome === "promote"
        ? `Proved for ${x.scope}.${measured} Promote it, or decide for the baseline.`
        : x.outcome === "reject"
          ? "A criterion is not met. Decide for the baseline, or archive it."
          : "The evidence does not decide. Clone it with more time, or archive it.",
  };
}

function ofBudget(b: BudgetView): Decision[] {
  const reached = b.reached.filter((r) => r.month === b.month).map((r) => r.thresholdPct);
  if (reached.length === 0) return [];
  const most = Math.max(...reached);
  return [
    {
      key: `budget ${b.id}`,
      rank: most >= 100 ? 1 : 2,
      kind: "Budget",
      title: `${b.terms.name} has reached ${percent(most, 0)}`,
      detail: `${money(b.spent, b.terms.currency)} of ${money(b.terms.amountPerMonth, b.terms.currency)} this month.`,
      to: "/savings",
      search: { tab: "budgets" },
    },
  ];
}

function ofFleet(fleet: FleetSummary | undefined): Decision[] {
  if (fleet === undefined) return [];
  const found: Decision[] = [];
  const lost = fleet.states.lost ?? 0;
  const drifted = fleet.drifted ?? 0;
  const unhealthy = fleet.collectors?.unhealthy ?? 0;
  if (drifted > 0)
    found.push({
      key: "drift",
      rank: 2,
      kind: "Drift",
      title: `${count(drifted)} ${drifted === 1 ? "host runs" : "hosts run"} something else than they should`,
      detail: "Put back what should run, or deploy what does.",
      to: "/fleet",
      search: { drift: true },
    });
  if (lost > 0)
    found.push({
      key: "lost",
      rank: 2,
      kind: "Lost hosts",
      title: `Nothing is heard of ${count(lost)} ${lost === 1 ? "host" : "hosts"}`,
      detail: "Look after the hosts, or take them out of the fleet.",
      to: "/fleet",
      search: { state: "lost" },
    });
  if (unhealthy > 0)
    found.push({
      key: "unhealthy",
      rank: 1,
      kind: "Collectors",
      title: `${count(unhealthy)} ${unhealthy === 1 ? "collector is" : "collectors are"} unhealthy`,
      detail: "Their hosts say why.",
      to: "/fleet",
      search: { unhealthy: true },
    });
  return found;
}
