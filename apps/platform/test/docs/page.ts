/** Parses a page of the documentation: its code blocks, links, headings and mentioned paths. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** A fenced block: ```` ```ts file=billing.ts ````. */
export interface Block {
  /** `docs/guides/orchestrator.md:17`: position of its start. */
  readonly place: string;
  readonly kind: string;
  /** The attributes after the kind: `file=billing.ts`, `after="service X {"`. */
  readonly options: Readonly<Record<string, string>>;
  readonly text: string;
}

interface Mention {
  readonly place: string;
  readonly target: string;
}

export interface Page {
  /** `docs/guides/orchestrator.md` */
  readonly path: string;
  readonly blocks: readonly Block[];
  readonly links: readonly Mention[];
  /** Files and folders of the repository that the prose mentions as code. */
  readonly paths: readonly Mention[];
  /** Valid targets of a link after `#`. */
  readonly anchors: ReadonlySet<string>;
}

/** Returns the pages for people. The generator checks generated pages, but their links are tested here too. */
export function allPages(): readonly Page[] {
  const inDocs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((name) =>
    join("docs", name),
  );
  return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...inDocs]
    .filter((path) => path.endsWith(".md"))
    .sort()
    .map((path) => readPage(path));
}

export function readPage(path: string): Page {
  return parsePage(relative(root, join(root, path)), readFileSync(join(root, path), "utf8"));
}

const fence = /^(`{3,})(.*)$/;

function parsePage(path: string, text: string): Page {
  const blocks: Block[] = [];
  const links: Mention[] = [];
  const paths: Mention[] = [];
  const anchors = new Set<string>();
  const lines = text.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    const place = `${path}:${index + 1}`;
    const [, ticks, info = ""] = fence.exec(line) ?? [];
    if (ticks === undefined) {
      if (/^ {4}\S/.test(line) && lines[index - 1]?.trim() === "")
        throw new Error(
          `${place}: an indented block has no kind: write it between ${"`".repeat(3)} and its kind`,
        );
      links.push(...targetsOf(line).map((target) => ({ place, target })));
      paths.push(...pathsIn(line).map((target) => ({ place, target })));
      const [, heading] = /^#+ (.*)$/.exec(line) ?? [];
      if (heading !== undefined) anchors.add(anchorOf(heading, anchors));
      continue;
    }
    const end = lines.indexOf(ticks, index + 1);
    if (end < 0) throw new Error(`${place}: the block has no end: close it with ${ticks}`);
    blocks.push({ place, ...readInfo(info, place), text: `${lines.slice(index + 1, end).join("\n")}\n` });
    index = end;
  }
  return { path, blocks, links, paths, anchors };
}

/** `ts file=billing.ts after="class X {"` */
function readInfo(info: string, place: string): Pick<Block, "kind" | "options"> {
  const [, kind = "", rest = ""] = /^(\S*)\s*(.*)$/.exec(info) ?? [];
  const options: Record<string, string> = {};
  const remaining = rest.replace(
    /([a-z]+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))/g,
    (_, name: string, quoted?: string, plain?: string) => {
      options[name] = quoted?.replaceAll(/\\(.)/g, "$1") ?? plain ?? "";
      return "";
    },
  );
  if (remaining.trim() !== "")
    throw new Error(`${place}: expected name=value behind the kind, got ${remaining.trim()}`);
  return { kind, options };
}

/** Returns links of the forms `[text](target)` and `<https://…>`. Text between backticks is not a link. */
function targetsOf(line: string): string[] {
  const prose = line.replace(/`[^`]*`/g, "``");
  return [...prose.matchAll(/\]\(([^)\s]+)\)|<(https?:[^>]+)>/g)].map(
    ([, link, plain]) => link ?? plain ?? "",
  );
}

function pathsIn(line: string): string[] {
  return [...line.matchAll(/`((?:libs|apps|proto|tools|docs|bench|deploy|examples)\/[\w./-]+)`/g)].map(
    ([, path = ""]) => path,
  );
}

/** Returns an anchor as GitHub generates it. A repeated heading gets a number. */
function anchorOf(heading: string, used: ReadonlySet<string>): string {
  const plain = heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
  let anchor = plain;
  for (let number = 1; used.has(anchor); number++) anchor = `${plain}-${number}`;
  return anchor;
}
