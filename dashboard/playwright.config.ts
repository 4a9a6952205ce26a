import { defineConfig } from "@playwright/test";

/** Tests in a real browser against the real control plane, agents and collectors; `./test browser` sets up what they need. */
export default defineConfig({
  testDir: "tests",
  globalSetup: "./tests/globalSetup.ts",
  // One stack, and tests that change what others see: one after the other.
  workers: 1,
  fullyParallel: false,
  // Wide, since time shall not decide a test: collectors start, machines are busy.
  timeout: 240_000,
  expect: { timeout: 30_000 },
  retries: 0,
  forbidOnly: true,
  outputDir: process.env.PHOENIX_BROWSER_OUTPUT ?? "test-results",
  reporter: [["list"], ["junit", { outputFile: process.env.PHOENIX_BROWSER_REPORT ?? "test-results/browser.xml" }]],
  use: {
    browserName: "chromium",
    viewport: { width: 1280, height: 800 },
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    timezoneId: "UTC",
    locale: "en-GB",
    launchOptions: {
      executablePath: process.env.PHOENIX_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
    },
  },
});
