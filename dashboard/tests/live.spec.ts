import { expect, signIn, test } from "./fixtures";
import { until } from "./stack";

const NAMES = ["first of the live test", "second of the live test"];

async function draft(
  stack: { hosts: string[]; api<T>(method: string, path: string, body?: unknown): Promise<T> },
  name: string,
): Promise<string> {
  const { items } = await stack.api<{ items: { id: string; name: string; latestVersion: number }[] }>("GET", "pipelines");
  const pipeline = items.find((p) => p.name === "everything");
  const reference = { pipelineId: pipeline?.id, version: 1 };
  const { id } = await stack.api<{ id: string }>("POST", "experiments", {
    name,
    hypothesis: "Two equal arms do not differ.",
    baseline: reference,
    candidate: reference,
    hosts: [stack.hosts[0]],
    plan: { warmUpSeconds: 5, durationSeconds: 600, windowSeconds: 5 },
    criteria: { minSeriesReductionPct: 10, claim: "observed" },
    protectedMetrics: [],
    priceEntry: "signoz-cloud-samples",
    reason: "the live test",
  });
  return id;
}

test("a change shows in every browser without a reload", async ({ page, browser, stack }) => {
  const other = await browser.newContext({ baseURL: stack.baseUrl });
  const second = await other.newPage();
  await signIn(second, stack, stack.token);
  for (const p of [page, second]) {
    await p.goto("/experiments");
    await expect(p.getByTestId("live-state")).toContainText("Live");
    await expect(p.getByRole("heading", { name: "Experiments", level: 1 })).toBeVisible();
  }
  const id = await draft(stack, NAMES[0] as string);
  const begun = Date.now();
  const seen = await Promise.all(
    [page, second].map((p) =>
      expect(p.getByText(NAMES[0] as string).first())
        .toBeVisible({ timeout: 10_000 })
        .then(() => Date.now() - begun),
    ),
  );
  test.info().annotations.push({ type: "live update", description: `seen after ${seen.join(" and ")} ms` });
  // The event's own time is not later than the answer. Ten seconds are for a loaded machine; the figure is measured by ./bench dashboard.
  for (const ms of seen) expect(ms).toBeLessThan(10_000);
  await stack.api("POST", `experiments/${id}/archive`, { reason: "the live test has seen it" });
  await other.close();
});

test("a restart of the control plane is survived without a reload", async ({ page, stack }) => {
  await page.goto("/experiments");
  await expect(page.getByTestId("live-state")).toContainText("Live");
  await page.evaluate(() => {
    (window as unknown as { marked: boolean }).marked = true;
  });
  await stack.killApi();
  await expect(page.getByTestId("live-state")).toContainText("Reconnecting");
  await expect(page.getByRole("heading", { name: "Experiments", level: 1 })).toBeVisible();
  await stack.startApi();
  await expect(page.getByTestId("live-state")).toContainText("Live", { timeout: 60_000 });
  // What happens after it is seen, also what nobody told while it was away.
  const id = await draft(stack, NAMES[1] as string);
  await expect(page.getByText(NAMES[1] as string).first()).toBeVisible();
  expect(await page.evaluate(() => (window as unknown as { marked?: boolean }).marked)).toBe(true);
  await stack.api("POST", `experiments/${id}/archive`, { reason: "the live test has seen it" });
  await until("hosts are heard again", async () =>
    (await stack.api<{ items: { state: string }[] }>("GET", "agents")).items.every((a) => a.state !== "lost"),
  );
});
