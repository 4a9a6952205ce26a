import { axe, expect, shot, test } from "./fixtures";

test("an event is found, read with what led to it, and its stream replayed", async ({ page, stack }) => {
  await page.goto("/audit");
  await expect(page.getByRole("table", { name: "Events" })).toBeVisible();
  await axe(page);
  await shot(page, "audit");

  await page.getByRole("combobox", { name: "Of", exact: true }).click();
  await page.getByRole("option", { name: "Deployment", exact: true }).click();
  await expect(page).toHaveURL(/streamType=Deployment/);
  const requested = page.getByRole("button", { name: "Deployment requested" }).first();
  await requested.click();
  const drawer = page.getByRole("dialog");
  await expect(drawer.getByRole("heading", { name: "Deployment requested" })).toBeVisible();
  await expect(drawer.getByText("the first pipeline")).toBeVisible();
  await expect(drawer.getByRole("heading", { name: "Led to" })).toBeVisible();
  await axe(page);
  await shot(page, "audit-event");

  await drawer.getByRole("link", { name: "Replay from here" }).click();
  await expect(page.getByRole("heading", { name: "Replay of Deployment" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Deployment requested" })).toBeVisible();
  await page.getByRole("button", { name: "The next event" }).click();
  await expect(page.getByRole("heading", { name: "Wave started" })).toBeVisible();
  await expect(page.getByRole("table", { name: "What the event changed" })).toContainText("waiting");
  await axe(page);
  await shot(page, "audit-replay");
  // The address is the moment: another browser sees the same.
  const address = page.url();
  await page.goto("/");
  await page.goto(address);
  await expect(page.getByRole("heading", { name: "Wave started" })).toBeVisible();
  expect(stack.hosts.length).toBeGreaterThan(0);
});

test("what is shown can be taken away as a file", async ({ page }) => {
  await page.goto("/audit?streamType=Pipeline");
  await page.getByRole("button", { name: "Export" }).click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: /CSV/ }).click()]);
  const stream = await download.createReadStream();
  let text = "";
  for await (const chunk of stream) text += chunk;
  expect(text.split("\n")[0]).toContain("sequence");
  expect(text).toContain("pipeline_drafted");
  expect(text).not.toContain("deployment_requested");
});
