import { axe, expect, shot, test } from "./fixtures";

test("hosts are explored down to the values of a label, and an experiment begins there", async ({ page }) => {
  await page.goto("/explorer");
  await page.getByRole("button", { name: "Explore hosts" }).first().click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("Values of labels leave the hosts")).toBeVisible();
  await dialog.getByRole("button", { name: "Explore" }).click();
  await expect(dialog.getByText("Name at least one host.")).toBeVisible();
  await dialog.getByText("Labels", { exact: true }).click();
  await dialog.getByLabel("Label selector").fill("service=shop");
  await expect(dialog.getByRole("status")).toContainText("2 hosts");
  await dialog.getByRole("button", { name: "Explore" }).click();
  await expect(page).toHaveURL(/exploration=/);

  const table = page.getByRole("table", { name: "Metrics, labels and values" });
  await expect(page.getByText("Done", { exact: true }).first()).toBeVisible({ timeout: 90_000 });
  await expect(table.getByText("shop.requests")).toBeVisible();
  await expect(page.getByRole("img", { name: /^Map of metrics: shop.requests/ })).toBeVisible();
  await shot(page, "explorer");
  await axe(page);

  await table.getByRole("button", { name: "Open shop.requests" }).click();
  const customer = table.getByRole("row", { name: /^Open customer|customer/ }).filter({ hasText: "40" });
  await expect(customer).toBeVisible();
  await expect(page.getByRole("img", { name: /^Map of labels of shop.requests/ })).toBeVisible();
  await table.getByRole("button", { name: "Open customer" }).click();
  await expect(table.getByText(/^customer-0\d\d$/).first()).toBeVisible();
  await expect(page).toHaveURL(/label=customer/);
  await shot(page, "explorer-values");

  // The address alone leads there again.
  await page.reload();
  await expect(page.getByRole("img", { name: /^Map of values of customer in shop.requests/ })).toBeVisible();
  await page.getByLabel("Find").fill("shop.orders");
  await expect(table.getByText("shop.requests")).toBeHidden();
  await expect(table.getByText("shop.orders")).toBeVisible();
  await page.getByLabel("Find").fill("");

  await customer.getByRole("link", { name: "Experiment from here" }).click();
  await expect(page).toHaveURL(/\/experiments\/new\?.*template=aggregated/);
});
