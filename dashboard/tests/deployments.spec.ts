import { axe, expect, shot, signIn, test, userWith } from "./fixtures";
import { everything, type Stack, topK } from "./stack";

const publish = async (stack: Stack, name: string, configuration: string) =>
  stack.api<{ id: string; version: number }>("POST", "pipelines", { name, configuration, reason: "for the test" });

test("a version comes to hosts in waves, judged by what they report, and goes back", async ({ page, stack }) => {
  // A wave is judged by whole minutes that its hosts report.
  test.setTimeout(600_000);
  const { id } = await publish(stack, "folded", topK);
  await page.goto(`/deployments/new?pipeline=${id}&version=1`);
  await expect(page.getByRole("combobox", { name: "Pipeline" }).or(page.getByRole("textbox", { name: "Pipeline" }))).toHaveValue("folded");
  for (const host of stack.hosts) {
    await page.getByRole("combobox", { name: "Hosts", exact: true }).fill(host);
    await page.keyboard.press("Enter");
  }
  await page.getByRole("textbox", { name: "Watch each wave for" }).fill("5 s");
  await page.getByRole("textbox", { name: "Reason" }).fill("fewer series");
  await shot(page, "deployment-new");
  await axe(page);
  await page.getByRole("button", { name: "Deploy" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "folded v1" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Waves" })).toContainText("Wave 2");
  const gate = page.getByRole("region", { name: "Gate", exact: true });
  await expect(gate.getByRole("table", { name: "Checks of wave 1" })).toContainText("Met", { timeout: 240_000 });
  await expect(page.getByText("Completed", { exact: true }).first()).toBeVisible({ timeout: 240_000 });
  await expect(gate.getByRole("table", { name: "Checks of wave 2" })).toBeVisible();
  const hosts = page.getByRole("region", { name: "Hosts", exact: true });
  await expect(hosts.getByRole("row", { name: new RegExp(stack.hosts[1] as string) })).toContainText("Deployed");
  await shot(page, "deployment");
  await axe(page);

  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByRole("dialog").getByRole("textbox", { name: "Reason" }).fill("the test is over");
  await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
  await expect(page.getByText("Rolled back", { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("region", { name: "History" })).toContainText("the test is over");
});

test("the policy asks for a second person, who approves", async ({ page, stack, browser }) => {
  await page.goto("/deployments?tab=policy");
  await page.getByRole("button", { name: "Change it" }).click();
  await page.getByRole("switch", { name: /second person/ }).check({ force: true });
  await page.getByRole("button", { name: "Add a freeze" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("Once a year");
  await page.getByRole("textbox", { name: "For hours" }).fill("0");
  await page.getByRole("button", { name: "Set it" }).click();
  await expect(page.getByText(/lasts more than 0/).first()).toBeVisible();
  await page.getByRole("button", { name: "Remove the freeze Once a year" }).click();
  await page.getByRole("button", { name: "Set it" }).click();
  await expect(page.getByText("A second person approves every promotion and deployment.")).toBeVisible();
  await shot(page, "change-policy");
  await axe(page);

  const { id } = await publish(stack, "approved", `${everything}# approved by two\n`);
  const asked = await stack.api<{ id: string }>("POST", "deployments", {
    pipeline: { pipelineId: id, version: 1 },
    hosts: [stack.hosts[0]],
    rollout: { soakSeconds: 0, gate: { off: true } },
    reason: "to be approved",
  });
  await page.goto(`/deployments/${asked.id}`);
  await expect(page.getByText("It awaits approval")).toBeVisible();
  await expect(page.getByRole("button", { name: "Approve" })).toHaveCount(0);

  const other = await (await browser.newContext({ baseURL: stack.baseUrl })).newPage();
  await signIn(other, stack, await userWith(stack, "operator", "second person"));
  await other.goto(`/deployments/${asked.id}`);
  await other.getByRole("button", { name: "Approve" }).click();
  await other.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText("Completed", { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("region", { name: "History" })).toContainText("second person");
  await other.context().close();

  await page.goto("/deployments");
  await expect(page.getByRole("row", { name: /approved v1/ })).toContainText("Completed");
  await shot(page, "deployments");
  await axe(page);
  await stack.api("PUT", "change-policy", { reason: "the test is over" });
});

test("where every host runs what it should there is no drift", async ({ page }) => {
  await page.goto("/deployments?tab=drift");
  await expect(page.getByText("No host has drifted")).toBeVisible();
  await shot(page, "drift");
  await axe(page);
});
