// What Lighthouse says of pages, signed in, as a desktop: node lighthouse.js, with one JSON object on standard input:
// { url, token, chromium, rounds, pages: { name: path } }. The last line is a JSON object.
import { text } from "node:stream/consumers";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import desktop from "lighthouse/core/config/desktop-config.js";
import puppeteer from "puppeteer-core";
import { session } from "./session.js";

const { url, token, chromium, rounds, pages } = JSON.parse(await text(process.stdin));
const CATEGORIES = { performance: "performance", accessibility: "accessibility", bestPractices: "best-practices" };

const chrome = await launch({
  chromePath: chromium,
  chromeFlags: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  logLevel: "error",
});
try {
  const browser = await puppeteer.connect({ browserURL: `http://127.0.0.1:${chrome.port}` });
  await browser.defaultBrowserContext().setCookie(await session(url, token));
  await browser.disconnect();
  const results = Object.fromEntries(Object.keys(pages).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, path] of Object.entries(pages)) {
      const run = await lighthouse(url + path, { port: chrome.port, output: "json", logLevel: "error", onlyCategories: Object.values(CATEGORIES) }, desktop);
      if (run === undefined || run.lhr.runtimeError !== undefined) throw new Error(`${path}: ${run?.lhr.runtimeError?.message ?? "Lighthouse told nothing"}`);
      // Signed out, it would have measured another page.
      const shown = new URL(run.lhr.finalDisplayedUrl).pathname;
      if (shown !== path) throw new Error(`${path} led to ${shown}`);
      const { categories, audits } = run.lhr;
      const lost = Object.values(CATEGORIES).flatMap((category) =>
        categories[category].auditRefs
          .filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 0.9)
          .map(({ id }) => `${id} ${audits[id].displayValue ?? audits[id].score}`),
      );
      results[name].push({ ...Object.fromEntries(Object.entries(CATEGORIES).map(([key, category]) => [key, Math.round(100 * categories[category].score)])), lost });
    }
  console.log(JSON.stringify(results));
} finally {
  chrome.kill();
}
