import { axe, expect, shot, signIn, test, userWith } from "./fixtures";
import { topK, until } from "./stack";

test("hosts are filtered by the control plane, and the filter is in the address", async ({ page }) => {
  await page.goto("/fleet");
  const table = page.getByRole("table", { name: "Hosts" });
  await expect(table.getByRole("link", { name: "web-1.example" })).toBeVisible();
  await expect(table.getByRole("link", { name: "web-2.example" })).toBeVisible();
  await shot(page, "fleet");
  await axe(page);

  await page.getByLabel("Labels", { exact: true }).fill("team=checkout");
  await expect(table.getByRole("link", { name: "web-2.example" })).toBeHidden();
  await expect(table.getByRole("link", { name: "web-1.example" })).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Labels", { exact: true })).toHaveValue("team=checkout");
  await expect(table.getByRole("link", { name: "web-2.example" })).toBeHidden();

  await page.getByLabel("Labels", { exact: true }).fill("team in (");
  await expect(page.getByRole("alert").first()).toContainText("selector");
  await page.getByRole("button", { name: "Show all" }).click();
  await expect(table.getByRole("link", { name: "web-2.example" })).toBeVisible();

  await page.getByLabel("Host id", { exact: true }).fill("2.EXAMPLE");
  await expect(table.getByRole("link", { name: "web-1.example" })).toBeHidden();
  await expect(table.getByRole("link", { name: "web-2.example" })).toBeVisible();
});

test("a group is defined, shown as a map, leads to its hosts, and is deleted", async ({ page }) => {
  await page.goto("/fleet?tab=groups");
  await page.getByRole("button", { name: "Define a group" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("shop");
  await dialog.getByLabel("Label selector").fill("service=shop");
  await expect(dialog.getByRole("status")).toContainText("2 hosts");
  await dialog.getByRole("button", { name: "Define" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("2 hosts:")).toBeVisible();
  await expect(page.getByRole("tabpanel").getByRole("link", { name: "2 active" })).toBeVisible();
  await shot(page, "fleet-groups");
  await axe(page);

  await page.getByRole("tabpanel").getByRole("link", { name: "2 active" }).click();
  await expect(page).toHaveURL(/group=shop/);
  await expect(page.getByRole("table", { name: "Hosts" }).getByRole("link", { name: /^web-/ })).toHaveCount(2);

  await page.goto("/fleet?tab=groups");
  await page.getByRole("button", { name: "Actions for group shop" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete the group" }).click();
  await expect(page.getByText("No group is defined yet")).toBeVisible();
});

test("a host is enrolled with the command that is shown, then labelled, drained and taken out", async ({ page, stack }) => {
  await page.goto("/fleet");
  await page.getByRole("button", { name: "Enrol a host" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Host id").fill("web-1.example");
  await expect(dialog.getByText("web-1.example is enrolled already")).toBeVisible();
  await dialog.getByLabel("Host id").fill("web-3.example");
  await dialog.getByRole("button", { name: "Issue a token" }).click();
  await expect(dialog.getByText("Waiting for web-3.example")).toBeVisible();
  await shot(page, "fleet-enrol");
  await axe(page);
  const command = await dialog.getByLabel("Command", { exact: true }).textContent();
  expect(command ?? "").toContain(`PHOENIX_API_URL=${stack.baseUrl}`);
  expect(command ?? "").toContain("AGENT_HOST_ID=web-3.example");
  const token = /PHOENIX_ENROLMENT_TOKEN=(\S+)/.exec(command ?? "")?.[1];
  if (token === undefined) throw new Error(`There is no token in: ${command}`);
  await stack.startAgent("web-3.example", { PHOENIX_ENROLMENT_TOKEN: token });
  await expect(dialog.getByText("web-3.example is enrolled")).toBeVisible();
  await dialog.getByRole("link", { name: "Open the host" }).click();

  await expect(page.getByRole("heading", { name: "web-3.example" })).toBeVisible();
  const act = async (name: string) => {
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name }).click();
  };
  await act("Set labels");
  await page.getByRole("dialog").getByRole("combobox", { name: "Labels" }).fill("rack=r7");
  await page.getByRole("dialog").getByRole("button", { name: "Set the labels" }).click();
  await expect(page.getByText("rack=r7", { exact: true })).toBeVisible();

  await act("Drain");
  await page.getByRole("dialog").getByLabel("Reason").fill("moves to another rack");
  await page.getByRole("dialog").getByRole("button", { name: "Drain" }).click();
  await expect(page.getByText("Drained", { exact: true }).first()).toBeVisible();
  await act("End the drain");
  await page.getByRole("dialog").getByRole("button", { name: "End the drain" }).click();
  await expect(page.getByText("Active", { exact: true })).toBeVisible();

  await act("Decommission");
  const last = page.getByRole("dialog");
  await last.getByRole("button", { name: "Decommission" }).click();
  await expect(last.getByText("Say why: it stands in the audit log.")).toBeVisible();
  await last.getByLabel("Reason").fill("a test is over");
  await last.getByRole("button", { name: "Decommission" }).click();
  await expect(page.getByText("Decommissioned", { exact: true }).first()).toBeVisible();

  await page.getByRole("tab", { name: "Events" }).click();
  await expect(page.getByText("web-3.example was drained.")).toBeVisible();
  await expect(page.getByText(/moves to another rack/)).toBeVisible();
  await expect(page.getByText(/rack=r7/)).toBeVisible();
});

test("an incident gives a host its full detail back, and is ended before its time", async ({ page, stack }) => {
  test.setTimeout(300_000);
  const lean = await stack.api<{ id: string; version: number }>("POST", "pipelines", {
    name: "heaviest customers",
    description: "",
    configuration: topK,
    reason: "for the incident",
  });
  const { id } = await stack.api<{ id: string }>("POST", "deployments", {
    pipeline: { pipelineId: lean.id, version: lean.version },
    hosts: ["web-2.example"],
    reason: "for the incident",
    rollout: { soakSeconds: 0, gate: { off: true } },
  });
  const completed = async () =>
    (await stack.api<{ deployment: { state: string } }>("GET", `deployments/${id}`)).deployment.state === "completed";
  await until("the lean pipeline is production", completed, 170);

  await page.goto("/fleet");
  await page.getByRole("checkbox", { name: "Choose web-2.example" }).check();
  await page.getByRole("button", { name: "Full detail for these" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Minutes").fill("30");
  await dialog.getByLabel("Ticket").fill("INC-7");
  await dialog.getByRole("button", { name: "Declare the incident" }).click();
  await expect(dialog.getByText("Say why: it stands in the audit log.")).toBeVisible();
  await dialog.getByLabel("Reason").fill("customers see errors");
  await dialog.getByRole("button", { name: "Declare the incident" }).click();
  await expect(dialog.getByText("1 host gets its full detail back")).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).last().click();

  await expect(page.getByRole("tab", { name: "Incidents (1)" })).toBeVisible();
  await expect(page.getByText("heaviest customers (full detail)")).toBeVisible();
  await expect(page.getByText(/^29 min .* left$|^30 min left$/)).toBeVisible();
  await expect(page.getByText("Full detail on 1 of 1 host.")).toBeVisible({ timeout: 60_000 });
  await shot(page, "fleet-incident");
  await axe(page);

  await page.getByRole("button", { name: "End now" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("it is over");
  await page.getByRole("dialog").getByRole("button", { name: "End it" }).click();
  await expect(page.getByText("No incident is running")).toBeVisible({ timeout: 60_000 });
});

test("a host tells its flow, its versions and the last lines of its logs", async ({ page }) => {
  await page.goto("/fleet/web-1.example");
  await expect(page.getByText("Flow of production")).toBeVisible();
  await expect(page.getByRole("row", { name: /^Series in/ })).toContainText(/\d/);
  await shot(page, "fleet-host");
  await axe(page);
  await page.getByRole("tab", { name: "Versions over time" }).click();
  await expect(page.getByText("Runs now")).toBeVisible();
  await page.getByRole("tab", { name: "Collectors" }).click();
  await expect(page.getByText("Healthy")).toBeVisible();
  await page.getByRole("tab", { name: "Logs" }).click();
  await page.getByRole("button", { name: "Ask the host" }).click();
  await expect(page.getByRole("log").first()).toBeVisible({ timeout: 30_000 });
  await page.getByRole("tab", { name: /^production/ }).click();
  await expect(page).toHaveURL(/log=production/);
  await expect(page.getByRole("log")).toContainText(/\S/);
  await axe(page);
});

test("the fleet is shown as it was, without what could be done", async ({ page, stack }) => {
  const { enrolledAt } = await stack.api<{ enrolledAt: string }>("GET", "agents/web-2.example");
  const before = new Date(Date.parse(enrolledAt) - 1).toISOString();
  await page.goto(`/fleet?at=${encodeURIComponent(before)}`);
  await expect(page.getByText("The fleet as it was, not as it is")).toBeVisible();
  const table = page.getByRole("table", { name: "Hosts" });
  await expect(table.getByRole("link", { name: "web-1.example" })).toBeVisible();
  await expect(table.getByRole("link", { name: "web-2.example" })).toBeHidden();
  await expect(page.getByRole("button", { name: "Enrol a host" })).toBeHidden();
  await expect(page.getByRole("button", { name: "Declare an incident" })).toBeHidden();
  await expect(page.getByRole("tab", { name: /^Incidents/ })).toBeHidden();
  await expect(page.getByRole("heading", { name: "What changed around here" })).toBeVisible();
  // A host that was not there yet is left by the same bar.
  await page.goto(`/fleet/web-2.example?at=${encodeURIComponent(before)}`);
  await expect(page.getByText("This is not there")).toBeVisible();
  await page.getByRole("button", { name: "Back to now" }).click();
  await expect(page.getByRole("tab", { name: "Tasks" })).toBeVisible();
  await page.goto(`/fleet?at=${encodeURIComponent(before)}`);
  await page.getByRole("button", { name: "Back to now" }).click();
  await expect(table.getByRole("link", { name: "web-2.example" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Enrol a host" })).toBeVisible();
});

test("a viewer sees the fleet and is offered nothing", async ({ page, stack }) => {
  await signIn(page, stack, await userWith(stack, "viewer", "Vera of the fleet"));
  await page.goto("/fleet/web-1.example");
  await expect(page.getByRole("heading", { name: "web-1.example" })).toBeVisible();
  await expect(page.getByRole("tab", { name: "Tasks" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Actions" })).toBeHidden();
  await expect(page.getByRole("tab", { name: "Logs" })).toBeHidden();
});
