import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";
import type { Plugin } from "vite";

type Bundle = Parameters<Extract<NonNullable<Plugin["writeBundle"]>, (...args: never[]) => unknown>>[1];

const compress = promisify(brotliCompress);
const PAGE = /\/src\/routes\/_app\/(.+)\.tsx\?tsr-split=component$/;
/** Smaller ones fit into a packet as they are. */
const LEAST_TO_COMPRESS = 1_000;

/**
 * What a page needs is known from its address, but only after the router runs would it be asked for. A script of a few lines asks for it at once: it writes
 * the same hints into the page that stand there for the main bundle. Beside each file its best compression is put, which the control plane serves.
 */
export function ship(): Plugin {
  return {
    name: "phoenix-ship",
    apply: "build",
    async writeBundle({ dir }, bundle) {
      if (dir === undefined) throw new Error("The build has no folder.");
      const main = Object.values(bundle).find((file) => file.type === "chunk" && file.isEntry);
      if (main === undefined) throw new Error("The build has no entry.");
      const loaded = needed(bundle, main.fileName);
      const shell = Object.values(bundle).find(
        (file) => file.type === "chunk" && file.facadeModuleId?.includes("/src/routes/_app.tsx?tsr-split"),
      );
      if (shell === undefined) throw new Error("The shell was not found in the build: hints of what each page needs would miss it.");
      const pages = Object.values(bundle).flatMap((file) => {
        const path = file.type === "chunk" ? PAGE.exec(file.facadeModuleId ?? "")?.[1] : undefined;
        if (path === undefined) return [];
        const files = new Set([...needed(bundle, shell.fileName), ...needed(bundle, file.fileName)]);
        return [{ pattern: patternOf(path), files: [...files].filter((f) => !loaded.has(f)) }];
      });
      if (pages.length === 0) throw new Error("No page was found in the build: hints of what each needs would be missing.");
      const script = hints(pages);
      const name = `assets/hints-${await digest(script)}.js`;
      await writeFile(join(dir, name), script);
      const index = join(dir, "index.html");
      const html = await readFile(index, "utf8");
      if (!html.includes("<title>")) throw new Error("index.html has no <title>, before which the hints stand.");
      await writeFile(index, html.replace("<title>", `<script async src="/${name}"></script>\n    <title>`));
      for (const file of [name, ...Object.keys(bundle)].filter((f) => f.startsWith("assets/"))) {
        const content = await readFile(join(dir, file));
        if (content.length < LEAST_TO_COMPRESS) continue;
        const smaller = await compress(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } });
        if (smaller.length < content.length) await writeFile(join(dir, `${file}.br`), smaller);
      }
    },
  };
}

/** Scripts and styles that have to be there before a script runs, itself among them. */
function needed(bundle: Bundle, fileName: string, found = new Set<string>()): Set<string> {
  if (found.has(fileName)) return found;
  found.add(fileName);
  const file = bundle[fileName];
  if (file?.type !== "chunk") return found;
  for (const style of file.viteMetadata?.importedCss ?? []) found.add(style);
  for (const other of file.imports) needed(bundle, other, found);
  return found;
}

/** A page's address as the router's files name it: `experiments/$id_.report` is `/experiments/<id>/report`. */
export function patternOf(path: string): string {
  const parts = path.split(/[/.]/).filter((part) => part !== "index");
  return `^/${parts.map((part) => (part.startsWith("$") ? "[^/]+" : part.replace(/_$/, ""))).join("/")}/?$`;
}

/** The most exact pattern first: `/experiments/new` is no experiment. */
export function hints(pages: readonly { pattern: string; files: readonly string[] }[]): string {
  const files = [...new Set(pages.flatMap((p) => p.files))];
  const table = [...pages]
    .sort((a, b) => a.pattern.split("[^/]+").length - b.pattern.split("[^/]+").length)
    .map((p) => [p.pattern, p.files.map((f) => files.indexOf(f))]);
  return `{
const files = ${JSON.stringify(files)};
for (const [pattern, needed] of ${JSON.stringify(table)}) {
  if (!new RegExp(pattern).test(location.pathname)) continue;
  for (const i of needed) {
    const link = document.createElement("link");
    const style = files[i].endsWith(".css");
    link.rel = style ? "preload" : "modulepreload";
    if (style) link.as = "style";
    link.crossOrigin = "";
    link.href = "/" + files[i];
    document.head.append(link);
  }
  break;
}
}
`;
}

async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Buffer.from(hash).toString("base64url").slice(0, 8);
}
