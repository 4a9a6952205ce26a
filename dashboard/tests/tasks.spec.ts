import { axe, expect, shot, test } from "./fixtures";
import { everything, until } from "./stack";

interface Queued {
  items: { id: string; hostId: string; lastError: string | null }[];
}

test("a dead letter says why, and is requeued after it was said how many it is", async ({ page, stack }) => {
  const broken = await stack.api<{ id: string; version: number }>("POST", "pipelines", {
    name: "names a variable that no host has",
    description: "",
    // Published since only a host knows its variables.
    configuration: everything.replace("SHOP_SINK", "VARIABLE_THAT_NO_HOST_HAS"),
    reason: "shall fail",
  });
  await stack.api("POST", "deployments", {
    pipeline: { pipelineId: broken.id, version: broken.version },
    hosts: ["web-1.example"],
    reason: "shall fail",
    rollout: { soakSeconds: 0, onFailure: "hold" },
  });
  const dead = () => stack.api<Queued>("GET", "tasks?hostId=web-1.example&status=deadLettered");
  await until("the task is a dead letter", async () => (await dead()).items.length === 1, 150);
  const [letter] = (await dead()).items;
  if (letter === undefined) throw new Error("There is no dead letter.");

  await page.goto("/tasks");
  await expect(page.getByText("1 task failed for good")).toBeVisible();
  await expect(page.getByRole("img", { name: /dead letters/ })).toBeVisible();
  await page.getByRole("link", { name: "Show them" }).click();
  await expect(page).toHaveURL(/status=deadLettered/);
  const table = page.getByRole("table", { name: "Tasks" });
  await expect(table.getByRole("link", { name: "web-1.example" })).toBeVisible();
  await shot(page, "tasks");
  await axe(page);

  await table.getByRole("button", { name: "Deploy" }).click();
  const drawer = page.getByRole("dialog");
  await expect(drawer.getByText(/^Dead letter after \d+ attempts$/)).toBeVisible();
  await expect(drawer.getByText("Queued", { exact: true })).toBeVisible();
  await expect(drawer.getByText(/VARIABLE_THAT_NO_HOST_HAS/).first()).toBeVisible();
  await shot(page, "tasks-drawer");
  await axe(page);
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();

  await expect(page.getByRole("button", { name: /^Requeue/ })).toBeHidden();
  await page.getByLabel("Host", { exact: true }).fill("web-1.example");
  await page.getByRole("button", { name: "Requeue dead letters of all of these" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("status")).toContainText("Dead letters of host web-1.example: 1");
  await dialog.getByLabel("Reason").fill("once more");
  await dialog.getByRole("button", { name: "Requeue 1" }).click();
  await expect(dialog).toBeHidden();
  const revived = async () =>
    (await stack.api<{ events: { type: string }[] }>("GET", `tasks/${letter.id}`)).events.some((e) => e.type === "task_revived");
  await until("the task was given new attempts", revived);
});

test("the queue is filtered, and the filter is in the address", async ({ page }) => {
  await page.goto("/tasks?purpose=simulateLoad&span=6h");
  await expect(page.getByText("No task is like that")).toBeVisible();
  await expect(page.getByRole("radio", { name: "6 hours" })).toBeChecked();
  await page.getByRole("button", { name: "Show all" }).click();
  await expect(page).not.toHaveURL(/purpose/);
});
