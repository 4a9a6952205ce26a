import { axe, expect, shot, test } from "./fixtures";

test("the savings say what they know, and what they do not know yet", async ({ page }) => {
  await page.goto("/savings?price=signoz-cloud-samples");
  await expect(page.getByRole("heading", { name: "Savings", level: 1 })).toBeVisible();
  await expect(page.getByText("Saved this month")).toBeVisible();
  await axe(page);
  await shot(page, "savings-ledger");
  for (const [tab, seen] of [
    ["Trend and forecast", "There is no trend yet"],
    ["Experiments", "Experiment"],
    ["What-if prices", ""],
    ["Budgets", "Set a budget"],
  ] as const) {
    await page.getByRole("tab", { name: tab }).click();
    if (seen !== "") await expect(page.getByText(seen).first()).toBeVisible();
  }
});

test("a budget is set, changed and removed, with its reasons in the audit log", async ({ page, stack }) => {
  await page.goto("/savings?tab=budgets");
  await page.getByRole("button", { name: "Set a budget" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Set it" }).click();
  // The control plane names what is missing.
  await expect(dialog.getByRole("alert")).toBeVisible();
  await dialog.getByLabel("Name").fill("whole fleet");
  await dialog.getByLabel("Amount a month").fill("500");
  await dialog.getByRole("combobox", { name: "Price" }).click();
  await page
    .getByRole("option", { name: /SigNoz|samples/i })
    .first()
    .click();
  await dialog.getByLabel("Reason").fill("what was agreed for the year");
  await dialog.getByRole("button", { name: "Set it" }).click();
  await expect(page.getByRole("heading", { name: "whole fleet" })).toBeVisible();
  await axe(page);
  await shot(page, "savings-budgets");

  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("the test is over");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("There is no budget yet")).toBeVisible();
  const { items } = await stack.api<{ items: { type: string; reason: string }[] }>("GET", "audit?streamType=Budget");
  expect(items.map((e) => e.reason)).toEqual(["what was agreed for the year", "the test is over"]);
});
