import { afterEach, describe, expect, it } from "vitest";
import { hints, patternOf } from "./ship";

const PAGES = ["index", "experiments/$id", "experiments/new", "experiments/$id_.report", "audit/streams/$id"].map((path) => ({
  pattern: patternOf(path),
  files: [`assets/${path.replaceAll(/[/$.]/g, "_")}.js`, "assets/shared.js", "assets/shared.css"],
}));

describe("hints of what a page needs", () => {
  const clear = () => {
    for (const link of document.head.querySelectorAll("link")) link.remove();
  };
  afterEach(() => {
    clear();
    window.history.replaceState(null, "", "/");
  });

  const asked = (address: string): string[] => {
    clear();
    window.history.replaceState(null, "", address);
    new Function(hints(PAGES))();
    return [...document.head.querySelectorAll("link")].map((link) => `${link.rel} ${link.getAttribute("href")}`);
  };

  it.each([
    ["/", "index"],
    ["/experiments/0192", "experiments__id"],
    ["/experiments/0192/", "experiments__id"],
    ["/experiments/new", "experiments_new"],
    ["/experiments/0192/report", "experiments__id__report"],
    ["/audit/streams/0192", "audit_streams__id"],
  ])("%s is the page that the router shows there", (address, page) => {
    expect(asked(address)).toEqual([`modulepreload /assets/${page}.js`, "modulepreload /assets/shared.js", "preload /assets/shared.css"]);
  });

  it("are none where there is no such page", () => {
    expect(asked("/nowhere/at/all")).toEqual([]);
  });
});
