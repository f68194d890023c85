/** The frame of a page: header with search and theme, navigation, content, the headings of the page, footer. */

import { dirname, relative } from "node:path/posix";
import { escaped } from "./highlight.ts";
import type { Heading } from "./markdown.ts";
import type { NavigationSection } from "./navigation.ts";

export interface Framed {
  readonly title: string;
  readonly summary: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  /** Its address, from the root of the site. */
  readonly address: string;
  /** The address of its Markdown or its plain text, from the root of the site. */
  readonly textAddress: string;
  /** Address to edit it. Undefined if the site is built without a repository. */
  readonly editAddress: string | undefined;
  /** Whether the navigation lists it. */
  readonly isListed: boolean;
  /** Its file in the repository. */
  readonly path: string;
}

/** Returns the relative path from one address of the site to another. */
export function between(from: string, to: string): string {
  return relative(dirname(from), to);
}

interface Site {
  readonly sections: readonly NavigationSection[];
  readonly version: string;
  /** Whether other versions may be next to it. */
  readonly isVersioned: boolean;
}

export function framed(page: Framed, { sections, version, isVersioned }: Site): string {
  const to = (address: string) => escaped(between(page.address, address));
  const home = to("index.html");
  const root = to("search.json").replace(/search\.json$/, "");
  const edit =
    page.editAddress === undefined
      ? `<span>Source: <code>${escaped(page.path)}</code></span>`
      : `<a href="${escaped(page.editAddress)}">Edit this page</a>`;
  return `<!doctype html>
<html lang="en" data-root="${root}" data-version="${escaped(version)}"${isVersioned ? " data-versioned" : ""}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="${escaped(page.summary.slice(0, 160))}">
<meta name="color-scheme" content="light dark">
<title>${escaped(page.title)} · Tutti documentation</title>
<link rel="icon" href="${to("tutti.svg")}" type="image/svg+xml">
<link rel="stylesheet" href="${to("site.css")}">
<link rel="alternate" type="text/markdown" href="${to(page.textAddress)}" title="This page as Markdown">
<script src="${to("theme.js")}"></script>
<script src="${to("search.js")}" defer></script>
<script src="${to("site.js")}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header class="top">
<a class="home" href="${home}"><img src="${to("tutti.svg")}" alt="" width="22" height="22"> Tutti <span>docs ${escaped(version)}</span></a>
<div class="search" role="search">
<label for="search" class="unseen">Search the documentation</label>
<input id="search" type="search" placeholder="Search ( / )" autocomplete="off" spellcheck="false" role="combobox" aria-expanded="false" aria-controls="found" aria-autocomplete="list">
<div id="found" role="listbox" aria-label="Search results" hidden></div>
</div>
<button type="button" id="theme" hidden>Theme: auto</button>
</header>
<div class="frame">
<nav class="parts" aria-label="Documentation">
<details id="parts" open><summary>All pages</summary>
${sections.map((section) => sectionOf(section, page)).join("\n")}
</details>
</nav>
<main id="content">
${sectioned(page.html)}
<footer>${edit}<a href="${to(page.textAddress)}">This page as text</a></footer>
</main>
${headingsOf(page.headings)}
</div>
</body>
</html>
`;
}

/**
 * Returns a section of the navigation. A page outside of the navigation, such as a decision or a file, shows only the
 * start of each section.
 */
function sectionOf({ title, pages }: NavigationSection, { address, isListed }: Framed): string {
  if (!isListed) {
    const first = pages[0]?.address ?? "index.html";
    return `<ul><li><a href="${escaped(between(address, first))}">${escaped(title)}</a></li></ul>`;
  }
  const isOpen = pages.some((page) => page.address === address);
  const links = pages.map((page) => {
    const current = page.address === address ? ' aria-current="page"' : "";
    return `<li><a href="${escaped(between(address, page.address))}"${current}>${escaped(page.title)}</a></li>`;
  });
  return `<details${isOpen ? " open" : ""}><summary>${escaped(title)}</summary><ul>${links.join("")}</ul></details>`;
}

/** Wraps each `h2` and its content in a section, because a browser lays out only sections near the window. */
function sectioned(html: string): string {
  const [head = "", ...parts] = html.split(/^(?=<h2 )/m);
  return `${head}${parts.map((part) => `<section>\n${part}</section>\n`).join("")}`;
}

function headingsOf(headings: readonly Heading[]): string {
  const visible = headings.filter(({ depth }) => depth === 2).slice(0, 60);
  if (visible.length < 2) return "";
  const links = visible.map(({ anchor, text }) => `<li><a href="#${anchor}">${escaped(text)}</a></li>`);
  return `<nav class="headings" aria-label="On this page"><p>On this page</p><ul>${links.join("")}</ul></nav>`;
}
