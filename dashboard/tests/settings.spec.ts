import { axe, expect, shot, test } from "./fixtures";

test("a user is added, becomes an operator and is disabled", async ({ page, browser, stack }) => {
  await page.goto("/settings");
  await page.getByRole("button", { name: "Add a user" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("a colleague");
  await page.getByRole("dialog").getByRole("button", { name: "Add" }).click();
  const link = await page.locator("code", { hasText: "/sign-in#" }).textContent();
  await axe(page);
  await shot(page, "settings-users");

  const context = await browser.newContext({ baseURL: stack.baseUrl });
  const theirs = await context.newPage();
  await theirs.goto(link ?? "");
  await expect(theirs.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(theirs.getByRole("button", { name: "Account of a colleague" })).toBeVisible();

  await page.getByRole("button", { name: "Actions for a colleague" }).click();
  await page.getByRole("menuitem", { name: "Make operator" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("runs experiments now");
  await page.getByRole("dialog").getByRole("button", { name: "Change the role" }).click();
  await expect(page.getByRole("row", { name: /a colleague/ })).toContainText("operator");

  await page.getByRole("button", { name: "Actions for a colleague" }).click();
  await page.getByRole("menuitem", { name: "Disable" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
  await expect(page.getByRole("row", { name: /a colleague/ })).toContainText("Disabled");
  await expect(theirs).toHaveURL(/\/sign-in/, { timeout: 30_000 });
  await context.close();
});

test("rates of own machines are set, and refused where they are none", async ({ page }) => {
  await page.goto("/settings?tab=prices");
  await expect(page.getByRole("table", { name: "Prices of today" })).toBeVisible();
  await axe(page);
  await shot(page, "settings-prices");
  await page.getByRole("button", { name: "Set rates" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(dialog.getByRole("alert")).toBeVisible();
  await dialog.getByLabel("A core hour").fill("0.04");
  await dialog.getByLabel("A GB hour of memory").fill("0.005");
  await dialog.getByLabel("A GB month of storage").fill("0.1");
  await dialog.getByLabel("Source").fill("last invoice");
  await dialog.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("table", { name: "Rates of own machines" })).toContainText("0.0400 USD");
});

test("what is protected for everybody is kept, and a list that somebody else has changed is not overwritten", async ({ page, stack }) => {
  await page.goto("/settings?tab=protected");
  await page.getByRole("button", { name: "Add a row" }).click();
  await page.getByLabel("Metric or pattern 1").fill("shop.orders");
  await page.getByLabel("Note 1").fill("the alert on orders");
  await stack.api("PUT", "protected-metrics", { patterns: [{ pattern: "shop.payments", note: "finance" }], reason: "meanwhile" });
  // What was typed stays, and is refused instead of saved over theirs.
  await expect(page.getByText("Somebody else has changed the list")).toBeVisible();
  await expect(page.getByLabel("Metric or pattern 1")).toHaveValue("shop.orders");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("This was not saved")).toBeVisible();
  await page.getByRole("button", { name: "Read again" }).click();
  await expect(page.getByLabel("Metric or pattern 1")).toHaveValue("shop.payments");
  await page.getByRole("button", { name: "Add a row" }).click();
  await page.getByLabel("Metric or pattern 2").fill("shop.orders");
  await page.getByRole("button", { name: "Save" }).click();
  await expect
    .poll(async () => (await stack.api<{ patterns: { pattern: string }[] }>("GET", "protected-metrics")).patterns.map((p) => p.pattern))
    .toEqual(["shop.payments", "shop.orders"]);
  await axe(page);
  await shot(page, "settings-protected");
});

test("colours and the time zone are chosen and kept", async ({ page }) => {
  await page.goto("/settings?tab=appearance");
  await page.getByText("Dark", { exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await page.getByRole("combobox", { name: "Time zone" }).fill("Asia/Tokyo");
  await page.getByRole("option", { name: "Asia/Tokyo" }).click();
  await expect(page.getByText("GMT+9")).toBeVisible();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await expect(page.getByText("GMT+9")).toBeVisible();
});

test("the keyboard goes to every page, and finds things by name", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await expect(page).toHaveURL(/\/fleet/);
  await page.keyboard.press("Control+k");
  await page.getByRole("textbox", { name: "Search" }).fill("everyth");
  await expect(page.locator(".mantine-Spotlight-action", { hasText: "everything" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/pipelines\//);
});
