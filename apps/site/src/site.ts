/**
 * Builds the site: every page of `docs/`, each other file that a page links to, the search index, and files for
 * language models: `llms.txt` and the Markdown of each page.
 *
 * 1. Every link and every anchor leads to a page of the site, or the build reports it.
 * 2. Addresses are relative. The site works below any path, and from a folder without a server.
 * 3. Pages load nothing from other hosts.
 */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { escaped, highlighted } from "./highlight.ts";
import { rendered } from "./markdown.ts";
import { type NavigationSection, navigationOf } from "./navigation.ts";
import type { Page } from "./page.ts";
import { addressOf, pagesOfDocs, readSource, type Source, targetOf, textAddressOf } from "./sources.ts";
import { between, framed } from "./template.ts";

export const workspaceRoot = resolve(import.meta.dirname, "..", "..", "..");

export interface Built {
  readonly pages: number;
  readonly bytes: number;
  readonly problems: readonly string[];
}

interface SiteOptions {
  readonly root: string;
  readonly out: string;
  /** The address of the repository: `https://git.example/tutti`. */
  readonly repository?: string | undefined;
  /** Sites of several versions are next to each other, in a folder that lists them. */
  readonly isVersioned?: boolean;
}

/** Maximum of characters of a section in the search index. Reference pages have thousands of sections. */
const searchedChars = { page: 2_000, reference: 120 };
/**
 * Minimum of characters for a compressed copy of a file. Gzip is for all browsers. Brotli is a third smaller, which is
 * worth another copy of the largest pages.
 */
const gzipFrom = 8_000;
const brotliFrom = 60_000;
const assets = join(import.meta.dirname, "..", "assets");
const style = "apps/dashboard/src/style/tokens.css";
const icon = "apps/dashboard/public/tutti.svg";

export async function buildSite(options: SiteOptions): Promise<Built> {
  const { root, repository, isVersioned = false } = options;
  const version = versionOf(root);
  const out = isVersioned ? join(options.out, version) : options.out;
  const sources = collected(root);
  const problems: string[] = [];
  const pages = new Map<string, Page>();
  for (const source of sources.values())
    if (source.kind === "page") pages.set(source.path, pageOf(source, sources, problems));
  problems.push(...brokenAnchors(pages));
  const sections = navigationOf(pages);
  const listed = new Set(sections.flatMap((section) => section.pages.map(({ path }) => path)));
  problems.push(...unlisted(pages, listed));
  if (problems.length > 0) return { pages: pages.size, bytes: 0, problems };
  rmSync(out, { recursive: true, force: true });
  const site = new Folder(out);
  for (const source of sources.values()) {
    if (source.kind === "image") {
      site.copy(join(root, source.path), addressOf(source));
      continue;
    }
    const frame = frameOf(source, { pages, sources, listed, repository });
    site.write(addressOf(source), framed(frame, { sections, version, isVersioned }));
    if (source.kind === "page") site.write(textAddressOf(source), markdownOf(source, sources));
    if (source.kind === "code") site.write(textAddressOf(source), source.text);
  }
  site.write("search.json", JSON.stringify(searchIndex(pages)));
  site.write("llms.txt", llmsText(pages, sections));
  for (const name of ["theme.js", "search.js", "site.js"]) site.copy(join(assets, name), name);
  site.write(
    "site.css",
    readFileSync(join(root, style), "utf8") + readFileSync(join(assets, "site.css"), "utf8"),
  );
  site.copy(join(root, icon), "tutti.svg");
  if (isVersioned) listVersions(options.out);
  return { pages: pages.size, bytes: site.bytes, problems };
}

function versionOf(root: string): string {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
}

/** Writes the list that the menu of versions reads, and a start page that leads to the newest one. */
function listVersions(folder: string): void {
  const versions = readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "index.html")))
    .sort((one, other) => other.localeCompare(one, "en", { numeric: true }));
  writeFileSync(join(folder, "versions.json"), JSON.stringify(versions));
  const newest = `${versions[0]}/index.html`;
  const page = `<!doctype html><meta charset="utf-8"><title>Tutti documentation</title><meta http-equiv="refresh" content="0; url=${newest}"><a href="${newest}">Documentation</a>\n`;
  writeFileSync(join(folder, "index.html"), page);
}

/** Returns all sources that the pages of `docs/` reach by links, directly or not. */
function collected(root: string): ReadonlyMap<string, Source> {
  const sources = new Map<string, Source>();
  const waiting = [...pagesOfDocs(root)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (sources.has(path)) continue;
    const source = readSource(root, path);
    if (source === undefined) continue;
    sources.set(path, source);
    if (source.kind === "folder") waiting.push(...source.files);
    if (source.kind === "page") waiting.push(...linksOf(source.text, path));
  }
  return sources;
}

function linksOf(text: string, from: string): readonly string[] {
  const found: string[] = [];
  rendered(text, (link) => {
    const target = targetOf(link, from);
    if (target !== undefined) found.push(target.path);
    return link;
  });
  return found;
}

function pageOf(
  source: Source & { kind: "page" },
  sources: ReadonlyMap<string, Source>,
  problems: string[],
): Page {
  const address = addressOf(source);
  const linked: string[] = [];
  const sizes = new Map<string, string>();
  const content = rendered(source.text, (link) => {
    const target = targetOf(link, source.path);
    if (target === undefined) return link;
    const found = sources.get(target.path);
    if (found === undefined) {
      problems.push(`${source.path}: the link ${link} leads to no file`);
      return link;
    }
    linked.push(target.path);
    if (found.kind === "image" && found.size !== undefined)
      sizes.set(
        between(address, addressOf(found)),
        ` width="${found.size.width}" height="${found.size.height}"`,
      );
    const anchor = target.anchor === "" ? "" : `#${target.anchor}`;
    return target.path === source.path ? anchor || "#" : `${between(address, addressOf(found))}${anchor}`;
  });
  if (content.title === "") problems.push(`${source.path}: expected a title`);
  // The first picture is near the title, so it loads at once.
  const html = content.html
    .replace(/<img src="([^"]+)"/g, (image, from: string) => `${image}${sizes.get(from) ?? ""}`)
    .replace(/(<img [^>]*) loading="lazy"/, "$1");
  return { path: source.path, title: content.title, address, content: { ...content, html }, linked };
}

/** Returns links to missing headings. */
function brokenAnchors(pages: ReadonlyMap<string, Page>): readonly string[] {
  const anchors = new Map(
    [...pages.values()].map(({ address, content }) => [
      address,
      new Set(content.headings.map(({ anchor }) => anchor)),
    ]),
  );
  return [...pages.values()].flatMap(({ path, address, content }) =>
    [...content.html.matchAll(/href="([^":]*?)#([^"]+)"/g)].flatMap(([, file = "", anchor = ""]) => {
      const target = file === "" ? address : join(dirname(address), file);
      const isThere = anchors.get(target)?.has(decodeURIComponent(anchor)) ?? true;
      return isThere ? [] : [`${path}: ${target} has no heading #${anchor}`];
    }),
  );
}

/** Returns pages that the navigation must list and does not. Decisions are only in their index. */
function unlisted(pages: ReadonlyMap<string, Page>, listed: ReadonlySet<string>): readonly string[] {
  return [...pages.keys()]
    .filter((path) => path.startsWith("docs/") && !/^docs\/(adr|ten-jobs)\//.test(path) && !listed.has(path))
    .map((path) => `${path}: expected a place in the navigation: link it in the index of its section`);
}

interface SiteContent {
  readonly pages: ReadonlyMap<string, Page>;
  readonly sources: ReadonlyMap<string, Source>;
  /** Paths that the navigation lists. */
  readonly listed: ReadonlySet<string>;
  readonly repository: string | undefined;
}

function frameOf(source: Source, { pages, sources, listed, repository }: SiteContent) {
  const address = addressOf(source);
  const shared = {
    address,
    textAddress: textAddressOf(source),
    editAddress: repository === undefined ? undefined : `${repository}/edit/main/${source.path}`,
    isListed: listed.has(source.path),
    path: source.path,
  };
  const page = pages.get(source.path);
  if (page !== undefined) return { ...shared, ...page.content };
  const title = source.path;
  const heading = `<h1>${escaped(basename(title))}</h1><p><code>${escaped(title)}</code></p>`;
  if (source.kind === "folder") {
    const links = source.files.flatMap((path) => {
      const file = sources.get(path);
      if (file === undefined) return [];
      return [`<li><a href="${escaped(between(address, addressOf(file)))}">${escaped(path)}</a></li>`];
    });
    return { ...shared, title, summary: title, headings: [], html: `${heading}<ul>${links.join("")}</ul>` };
  }
  const text = source.kind === "code" ? source.text : "";
  const code = highlighted(text, source.path.split(".").at(-1) ?? "");
  const html = `${heading}<div class="code"><pre tabindex="0"><code>${code}</code></pre></div>`;
  return { ...shared, title, summary: title, headings: [], html };
}

/** Returns the Markdown of a page, with links to the Markdown of other pages. */
function markdownOf(source: Source & { kind: "page" }, sources: ReadonlyMap<string, Source>): string {
  const from = textAddressOf(source);
  return source.text.replace(/\]\(([^)\s]+)\)/g, (match, link: string) => {
    const target = targetOf(link, source.path);
    const found = target === undefined ? undefined : sources.get(target.path);
    if (target === undefined || found === undefined || target.path === source.path) return match;
    const anchor = target.anchor === "" ? "" : `#${target.anchor}`;
    return `](${between(from, textAddressOf(found))}${anchor})`;
  });
}

/**
 * Returns the search index. Each entry has the address and title of a page, and its sections as anchor, heading,
 * text and further words.
 */
function searchIndex(pages: ReadonlyMap<string, Page>) {
  return [...pages.values()]
    .filter(({ path }) => path.startsWith("docs/"))
    .map(({ path, address, title, content }) => {
      const most = /^docs\/(reference|adr)\//.test(path) ? searchedChars.reference : searchedChars.page;
      return [
        address,
        title,
        content.sections.map(({ anchor, heading, text, words }) => [
          anchor,
          heading,
          text.slice(0, most),
          words,
        ]),
      ];
    });
}

/** Returns the index for language models, as in llmstxt.org. */
function llmsText(pages: ReadonlyMap<string, Page>, sections: readonly NavigationSection[]): string {
  const summary =
    pages.get("README.md")?.content.summary ?? pages.get("docs/README.md")?.content.summary ?? "";
  const lines = sections.flatMap(({ title, pages: listed }) => [
    "",
    `## ${title}`,
    "",
    ...listed.map((page) => {
      const about = page.content.summary.split(/(?<=[.!?])\s/)[0] ?? "";
      return `- [${page.title}](${textAddressOf({ kind: "page", path: page.path })}): ${about}`;
    }),
  ]);
  return [
    "# Tutti",
    "",
    `> ${summary || "Durable execution for workflows and AI agents."}`,
    "",
    "Each link is a page as Markdown.",
    ...lines,
    "",
  ].join("\n");
}

class Folder {
  readonly #out: string;
  #bytes = 0;

  constructor(out: string) {
    this.#out = out;
  }

  get bytes(): number {
    return this.#bytes;
  }

  write(address: string, text: string): void {
    const file = this.#prepare(address);
    writeFileSync(file, text);
    this.#bytes += Buffer.byteLength(text);
    if (text.length < gzipFrom || !/\.(html|json)$/.test(address)) return;
    writeFileSync(`${file}.gz`, gzipSync(text));
    if (text.length < brotliFrom) return;
    const params = { [constants.BROTLI_PARAM_QUALITY]: 6 };
    writeFileSync(`${file}.br`, brotliCompressSync(text, { params }));
  }

  copy(file: string, address: string): void {
    copyFileSync(file, this.#prepare(address));
    this.#bytes += readFileSync(file).length;
  }

  #prepare(address: string): string {
    const file = join(this.#out, address);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  }
}
