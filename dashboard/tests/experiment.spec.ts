import { axe, expect, shot, signIn, test, userWith } from "./fixtures";
import { type Stack, topK, until } from "./stack";

interface Shown {
  state: string;
  windows: number;
  version: number;
  startedAt: string | null;
}

/** A draft of what folding the light customers saves on the hosts of the stack. */
async function draft(stack: Stack, name: string): Promise<string> {
  const { items } = await stack.api<{ items: { id: string; name: string }[] }>("GET", "pipelines");
  const baseline = items.find((p) => p.name === "everything");
  if (baseline === undefined) throw new Error("The stack has no pipeline 'everything'.");
  const candidate = await stack.api<{ id: string; version: number }>("POST", "pipelines", {
    name: `fold ${name}`,
    configuration: topK,
    reason: "fewer series",
  });
  const { id } = await stack.api<{ id: string }>("POST", "experiments", {
    name,
    hypothesis: "Light customers are seldom looked at.",
    baseline: { pipelineId: baseline.id, version: 1 },
    candidate: { pipelineId: candidate.id, version: candidate.version },
    hosts: stack.hosts,
    plan: { warmUpSeconds: 5, durationSeconds: 20, windowSeconds: 5 },
    criteria: { minSeriesReductionPct: 10, claim: "observed" },
    priceEntry: "signoz-cloud-samples",
    reason: "will it save anything?",
  });
  return id;
}

const shown = (stack: Stack, id: string) => stack.api<Shown>("GET", `experiments/${id}`);

test("an experiment is started, followed to its verdict, shown as it was, reported, promoted and rolled back", async ({ page, stack }) => {
  test.setTimeout(600_000);
  const id = await draft(stack, "light customers");
  await page.goto(`/experiments/${id}`);
  await expect(page.getByRole("heading", { level: 1, name: "light customers" })).toBeVisible();
  await expect(page.getByText("Nothing is measured before the start")).toBeVisible();

  await page.getByRole("button", { name: "Start", exact: true }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("let us see");
  await page.getByRole("dialog").getByRole("button", { name: "Start", exact: true }).click();
  await expect(page.getByText("The experiment is starting.")).toBeVisible();

  // It follows what happens without being told to.
  const criteria = page.getByRole("region", { name: "Success criteria" });
  await expect(criteria).toContainText("as observed", { timeout: 120_000 });
  await expect(page.getByRole("region", { name: "Guardrails" }).getByRole("row")).toHaveCount(9, { timeout: 120_000 });
  await expect(page.getByRole("img", { name: /Live series of both arms over \d+ windows/ })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("Completed", { exact: true }).first()).toBeVisible({ timeout: 180_000 });
  await expect(criteria.getByText("Met", { exact: true }).first()).toBeVisible();
  await expect(page.getByRole("region", { name: "What the evidence says" })).toContainText("Observed (asked)");
  await expect(page.getByRole("img", { name: /^Reduction of live series over/ })).toBeVisible();
  await expect(page.getByRole("region", { name: "Visibility" })).toContainText("Increments compared");
  await shot(page, "experiment");
  await axe(page);

  // Tabs stand in the address.
  await page.getByRole("tab", { name: "Hosts" }).click();
  await expect(page).toHaveURL(/tab=hosts/);
  await expect(page.getByRole("table", { name: "Hosts of the experiment" })).toContainText(stack.hosts[0] as string);
  await shot(page, "experiment-hosts");
  await page.getByRole("tab", { name: "Events" }).click();
  await expect(page.getByText("Verdict: promote", { exact: false }).first()).toBeVisible();
  await expect(page.getByText("let us see", { exact: false })).toBeVisible();
  await axe(page);

  // As it was when it had just started: no verdict, and nothing can be done.
  await page.getByText("Started on", { exact: false }).locator("xpath=..").getByRole("button", { name: "Show as of then" }).click();
  await expect(page).toHaveURL(/at=/);
  await expect(page.getByText("The experiment as it was, not as it is")).toBeVisible();
  await expect(page.getByText("Starting", { exact: true }).first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Promote" })).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "What changed around here" })).toBeVisible();
  await shot(page, "experiment-as-of");
  await axe(page);
  const before = new URL(page.url()).searchParams.get("at");
  await page.getByRole("button", { name: "To the event after" }).click();
  await expect.poll(() => new URL(page.url()).searchParams.get("at")).not.toBe(before);
  await page.getByRole("button", { name: "Back to now" }).click();
  await expect(page).not.toHaveURL(/at=/);

  // Hosts and guardrails too are of then: when the first window had been measured.
  const events = await stack.api<{ items: { type: string; timestamp: string; data: { number: number } }[] }>(
    "GET",
    `experiments/${id}/timeline?limit=1000`,
  );
  const first = events.items.find((e) => e.type === "window_measured");
  const at = encodeURIComponent(first?.timestamp ?? "");
  const then = await stack.api<{ guardrail: string; worstWindow: number }[]>("GET", `experiments/${id}/guardrails?at=${at}`);
  expect(Math.max(...then.map((g) => g.worstWindow))).toBeLessThanOrEqual(first?.data.number ?? 0);
  await page.goto(`/experiments/${id}?at=${at}`);
  const guardrails = page.getByRole("region", { name: "Guardrails" });
  await expect(guardrails.getByText(/^window \d+$/)).toHaveText(then.map((g) => `window ${g.worstWindow}`));
  await shot(page, "experiment-as-of-measured");
  const hosts = await stack.api<{ items: { hostId: string; windows: number }[] }>("GET", `experiments/${id}/hosts?at=${at}`);
  await page.getByRole("tab", { name: "Hosts" }).click();
  for (const { hostId, windows } of hosts.items)
    await expect(page.getByRole("row").filter({ hasText: hostId }).getByRole("cell").nth(5)).toHaveText(`${windows}`);
  await page
    .getByRole("row")
    .filter({ hasText: stack.hosts[0] as string })
    .getByRole("link", { name: "show" })
    .click();
  await expect(page).toHaveURL(/at=.*tab=decisions|tab=decisions.*at=/);

  // The report has everything, on paper too.
  await page.goto(`/experiments/${id}/report`);
  await expect(page.getByRole("heading", { level: 1, name: "Report: light customers" })).toBeVisible();
  for (const part of ["Question and plan", "What the evidence says", "Price and assumptions", "Guardrails", "Hosts", "Who, when and why"])
    await expect(page.getByRole("region", { name: part, exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "Print or save as PDF" })).toBeEnabled();
  await axe(page);
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("button", { name: "Print or save as PDF" })).toBeHidden();
  await expect(page.getByRole("region", { name: "Question and plan" })).toBeVisible();
  await page.emulateMedia({ media: null });
  await shot(page, "experiment-report");

  // Refusals are shown where they are made, in the control plane's words.
  await page.goto(`/experiments/${id}`);
  await page.getByRole("button", { name: "Promote", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Waves and limits" }).click();
  await dialog.getByLabel("Waves", { exact: true }).fill("nonsense!");
  await page.keyboard.press("Enter");
  await dialog.getByRole("button", { name: "Promote", exact: true }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();

  await page.getByRole("button", { name: "Promote", exact: true }).click();
  await dialog.getByRole("button", { name: "Waves and limits" }).click();
  const waves = dialog.getByLabel("Waves", { exact: true });
  await waves.focus();
  for (let i = 0; i < 4; i++) await page.keyboard.press("Backspace");
  await waves.fill("100%");
  await page.keyboard.press("Enter");
  await dialog.getByLabel("Watch each wave for").fill("5 s");
  await dialog.getByLabel("Reason").fill("it saves enough");
  await shot(page, "experiment-promote");
  await dialog.getByRole("button", { name: "Promote", exact: true }).click();
  await expect(page.getByRole("region", { name: "Promotion", exact: true })).toContainText("Wave 1", { timeout: 60_000 });
  await expect(page.getByText("Promoted", { exact: true }).first()).toBeVisible({ timeout: 240_000 });
  await shot(page, "experiment-promoted");

  await page.getByRole("button", { name: "Roll back" }).click();
  await dialog.getByLabel("Reason").fill("the test is over");
  await dialog.getByRole("button", { name: "Roll back" }).click();
  await expect(page.getByText("Rolled back", { exact: true }).first()).toBeVisible({ timeout: 120_000 });
  expect((await shown(stack, id)).state).toBe("rolledBack");
});

test("what is measured can be taken away as files", async ({ page, stack }) => {
  const { items } = await stack.api<{ items: { id: string }[] }>("GET", "experiments");
  const id = items[0]?.id ?? (await draft(stack, "for files"));
  await page.goto(`/experiments/${id}`);
  for (const [item, begins] of [
    ["Windows as CSV", "number,"],
    ["Everything as JSON", "{"],
  ] as const) {
    await page.getByRole("button", { name: "Export" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: item }).click()]);
    let text = "";
    for await (const chunk of await download.createReadStream()) text += chunk;
    expect(text.startsWith(begins), text.slice(0, 80)).toBe(true);
  }
});

test("a viewer sees an experiment and can do nothing with it", async ({ page, stack }) => {
  const id = await draft(stack, "only to look at");
  await signIn(page, stack, await userWith(stack, "viewer", "somebody who looks"));
  await page.goto(`/experiments/${id}`);
  await expect(page.getByRole("heading", { level: 1, name: "only to look at" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Export" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Start", exact: true })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "More actions" })).toHaveCount(0);
});

test("an experiment that is extended and stopped says so", async ({ page, stack }) => {
  const id = await draft(stack, "stopped early");
  await stack.api("POST", `experiments/${id}/start`, { reason: "to be stopped" });
  await page.goto(`/experiments/${id}`);
  await until("it warms up or runs", async () => ["warmingUp", "running"].includes((await shown(stack, id)).state));
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Extend" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Longer by").fill("10 min");
  await dialog.getByLabel("Reason").fill("too short");
  await dialog.getByRole("button", { name: "Extend" }).click();
  await expect(page.getByText("It measures for longer", { exact: false })).toBeVisible();
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Stop" }).click();
  await dialog.getByLabel("Reason").fill("enough seen");
  await dialog.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByText("Stopped", { exact: true }).first()).toBeVisible({ timeout: 120_000 });
});
