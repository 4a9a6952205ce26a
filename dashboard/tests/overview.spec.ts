import { axe, expect, shot, test } from "./fixtures";

test("with hosts and no experiment the overview leads to the first one, step by step", async ({ page, stack }) => {
  const { byState, archived } = await stack.api<{ byState: Record<string, number>; archived: number }>("GET", "experiments/counts");
  const started = archived + Object.entries(byState).reduce((sum, [state, n]) => sum + (state === "draft" ? 0 : n), 0);
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  const guide = page.getByRole("region", { name: "First steps" });
  if (started > 0) {
    await expect(guide).toHaveCount(0);
    return;
  }
  // Hosts and a pipeline are there: those steps are done by themselves.
  await expect(guide.getByRole("listitem").filter({ hasText: "Enrol a host" }).getByLabel("Done")).toBeVisible();
  await expect(guide.getByRole("listitem").filter({ hasText: "Publish a pipeline" }).getByLabel("Done")).toBeVisible();
  await shot(page, "overview-first-steps");
  await axe(page);
});

test("the overview says what goes through, by metric and service, and by which price it is money", async ({ page, stack }) => {
  await page.goto("/?price=signoz-cloud-samples");
  const money = page.getByRole("region", { name: "Money now" });
  // Hosts tell a minute of flow at a time.
  await expect(money.getByRole("table", { name: "Money now" })).toContainText("shop.requests", { timeout: 180_000 });
  await expect(money.getByRole("table", { name: "Money now" })).toContainText("$");
  await money.getByRole("radiogroup", { name: "By what" }).getByText("Service").click();
  await expect(page).toHaveURL(/by=service/);
  await expect(page.getByRole("region", { name: "Fleet" })).toContainText(`${stack.hosts.length} active`);
  await shot(page, "overview");
  await axe(page);
});

test("what needs a decision leads to its place", async ({ page, stack }) => {
  const policy = (approvalRequired: boolean) => stack.api("PUT", "change-policy", { approvalRequired, reason: "for the test" });
  const { items } = await stack.api<{ items: { id: string; name: string }[] }>("GET", "pipelines");
  const pipelineId = items.find((p) => p.name === "everything")?.id;
  await policy(true);
  try {
    const { id } = await stack.api<{ id: string }>("POST", "deployments", {
      pipeline: { pipelineId, version: 1 },
      hosts: [stack.hosts[0]],
      reason: "waits for approval",
    });
    await page.goto("/");
    const waiting = page.getByRole("region", { name: "Needs a decision", exact: true });
    await waiting.getByRole("link", { name: /everything v1 to 1 host/ }).click();
    await expect(page).toHaveURL(new RegExp(`/deployments/${id}`));
    await page.goto("/");
    const item = waiting.getByRole("link", { name: /everything v1 to 1 host/ });
    await expect(item).toBeVisible();
    // It goes as it is decided, without a reload.
    await stack.api("POST", `deployments/${id}/reject`, { reason: "the test is over" });
    await expect(item).toHaveCount(0);
  } finally {
    await policy(false);
  }
});
