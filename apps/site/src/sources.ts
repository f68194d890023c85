/**
 * The files of the site and their addresses. A page of `docs/` has the address of its path. Other files of the
 * repository that a page links to are part of the site too, below `files/`, so that no link needs the repository.
 */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, normalize, relative } from "node:path/posix";

export type Source =
  | { readonly kind: "page"; readonly path: string; readonly text: string }
  | { readonly kind: "code"; readonly path: string; readonly text: string }
  | { readonly kind: "folder"; readonly path: string; readonly files: readonly string[] }
  | { readonly kind: "image"; readonly path: string; readonly size: ImageSize | undefined };

interface ImageSize {
  readonly width: number;
  readonly height: number;
}

const displayedBytesMax = 200_000;
const excludedPaths = /(^|\/)(node_modules|dist|\.[^/]+|__pycache__|history[^/]*|recorded)(\/|$)/;

/** Returns every page of the documentation, as paths of the repository. */
export function pagesOfDocs(root: string): readonly string[] {
  return readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .map((name) => join("docs", name.replaceAll("\\", "/")))
    .filter((path) => path.endsWith(".md"))
    .sort();
}

/** Reads a file or a folder of the repository. Undefined if it does not exist. */
export function readSource(root: string, path: string): Source | undefined {
  const file = join(root, path);
  if (!existsSync(file)) return undefined;
  const stats = statSync(file);
  if (stats.isDirectory()) return { kind: "folder", path, files: filesIn(root, path) };
  if (/\.(png|svg|jpg)$/.test(path)) return { kind: "image", path, size: sizeOf(file) };
  const text = readFileSync(file, "utf8");
  if (path.endsWith(".md")) return { kind: "page", path, text };
  return {
    kind: "code",
    path,
    text: stats.size > displayedBytesMax ? `${text.slice(0, displayedBytesMax)}\n…` : text,
  };
}

/** Reads the size of a picture, so that a page reserves its place. Undefined if the file does not declare it. */
function sizeOf(file: string): ImageSize | undefined {
  const bytes = readFileSync(file);
  if (file.endsWith(".png")) return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  const [head = ""] = /<svg [^>]*>/.exec(bytes.toString("utf8", 0, 1_000)) ?? [];
  const [width, height] = [/ width="(\d+)"/.exec(head)?.[1], / height="(\d+)"/.exec(head)?.[1]];
  return width === undefined || height === undefined
    ? undefined
    : { width: Number(width), height: Number(height) };
}

function filesIn(root: string, folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath.replaceAll("\\", "/"), entry.name)))
    .filter(
      (path) => !excludedPaths.test(path) && /\.(md|yaml|yml|ts|mjs|js|py|json|sh|toml|proto)$/.test(path),
    )
    .sort();
}

/** Returns the address of the page of a source, relative to the root of the site. */
export function addressOf({ kind, path }: Pick<Source, "kind" | "path">): string {
  const place = placeOf(path);
  if (kind === "image") return place;
  if (kind === "folder") return join(place, "index.html");
  if (kind === "code") return `${place}.html`;
  return basename(place) === "README.md"
    ? join(dirname(place), "index.html")
    : place.replace(/\.md$/, ".html");
}

/** Returns the address of the text of a source: the Markdown of a page, or the file itself. */
export function textAddressOf({ kind, path }: Pick<Source, "kind" | "path">): string {
  const place = placeOf(path);
  if (kind === "folder") return join(place, "index.html");
  return kind === "code" ? `${place}.txt` : place;
}

function placeOf(path: string): string {
  return path.startsWith("docs/") ? path.slice("docs/".length) : join("files", path);
}

/** Returns the path in the repository that a link leads to. Undefined if the link leaves the repository. */
export function targetOf(link: string, from: string): { path: string; anchor: string } | undefined {
  if (/^[a-z]+:/i.test(link)) return undefined;
  const [file = "", anchor = ""] = link.split("#");
  const path = file === "" ? from : normalize(join(dirname(from), decodeURI(file))).replace(/\/$/, "");
  return { path, anchor };
}
