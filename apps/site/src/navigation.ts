/**
 * The sections of the site, in order. A section lists the pages that its index links to, in the order of the links.
 * Each page is listed once.
 */

import type { Page } from "./page.ts";

export interface NavigationSection {
  readonly title: string;
  readonly pages: readonly Page[];
}

interface Plan {
  readonly title: string;
  /** Pages listed first. */
  readonly first?: readonly string[];
  /** The index page, whose links are the other pages. */
  readonly index?: string;
  /** Includes only pages below this folder. */
  readonly below?: string;
}

const plans: readonly Plan[] = [
  {
    title: "Tutorials",
    first: ["docs/README.md", "docs/start.md"],
    index: "docs/tutorials/README.md",
    below: "docs/tutorials/",
  },
  { title: "How-to guides", index: "docs/guides/README.md", below: "docs/guides/" },
  {
    title: "Concepts",
    index: "docs/concepts/README.md",
    below: "docs/concepts/",
    first: ["docs/glossary.md"],
  },
  {
    title: "Workflow language",
    index: "docs/reference/language/README.md",
    below: "docs/reference/language/",
  },
  {
    title: "TypeScript API",
    index: "docs/reference/typescript/README.md",
    below: "docs/reference/typescript/",
  },
  {
    title: "REST API",
    index: "docs/reference/rest.md",
    first: ["docs/reference/rest.md"],
    below: "docs/reference/rest/",
  },
  { title: "Reference", below: "docs/reference/" },
  { title: "Production", index: "docs/production/README.md", below: "docs/production/" },
  {
    title: "Compare and migrate",
    first: ["docs/compare.md", "docs/ten-jobs.md"],
    index: "docs/migrate/README.md",
    below: "docs/migrate/",
  },
  {
    title: "Internals",
    index: "docs/internals/README.md",
    below: "docs/internals/",
    first: [
      "docs/internals/README.md",
      "docs/architecture.md",
      "docs/glossary-contributors.md",
      "docs/adr/README.md",
    ],
  },
];

export function navigationOf(pages: ReadonlyMap<string, Page>): readonly NavigationSection[] {
  const listed = new Set<string>();
  return plans
    .map(({ title, first = [], index, below }) => {
      const linked = index === undefined ? [] : [index, ...(pages.get(index)?.linked ?? [])];
      const inFolder = below === undefined ? [] : [...pages.keys()].filter((path) => path.startsWith(below));
      const candidates = [
        ...first,
        ...linked.filter((path) => below === undefined || path.startsWith(below)),
        ...inFolder,
      ];
      const found = candidates.flatMap((path) => {
        const page = pages.get(path);
        if (page === undefined || listed.has(path)) return [];
        listed.add(path);
        return [page];
      });
      return { title, pages: found };
    })
    .filter((section) => section.pages.length > 0);
}
