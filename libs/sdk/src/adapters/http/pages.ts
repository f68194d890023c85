/** How an API divides a list into pages, which are read as one list. */
export type Pagination =
  /** The header `Link` has the address of the next page (RFC 8288). */
  | { readonly by: "link"; readonly items?: string }
  /** A member of the answer is the value of a parameter of the next request. */
  | { readonly by: "cursor"; readonly cursor: string; readonly parameter: string; readonly items?: string }
  /** Pages have numbers. An empty page is the last. */
  | { readonly by: "page"; readonly parameter: string; readonly first?: number; readonly items?: string };

export interface Page {
  readonly url: URL;
  readonly link: string | undefined;
  readonly value: unknown;
}

/** Returns the list of a page: the answer, or a member by a path with dots. */
export function itemsOf(pagination: Pagination, value: unknown): readonly unknown[] | undefined {
  const found = pagination.items === undefined ? value : partAt(value, pagination.items);
  return Array.isArray(found) ? found : undefined;
}

/** Returns the address of the next page. Undefined after the last page. */
export function nextPage(pagination: Pagination, requested: URL, page: Page): URL | undefined {
  switch (pagination.by) {
    case "link": {
      const next = linkNext(page.link ?? "");
      return next !== undefined && URL.canParse(next, page.url.href) ? new URL(next, page.url) : undefined;
    }
    case "cursor": {
      const cursor = exactText(partAt(page.value, pagination.cursor));
      if ((typeof cursor !== "string" && typeof cursor !== "number") || cursor === "") return undefined;
      return withParameter(requested, pagination.parameter, String(cursor));
    }
    case "page": {
      if ((itemsOf(pagination, page.value)?.length ?? 0) === 0) return undefined;
      const { parameter, first = 1 } = pagination;
      const before = Number(requested.searchParams.get(parameter) ?? first);
      return withParameter(requested, parameter, String(before + 1));
    }
  }
}

/** Returns a number with more digits than a double as text, and other values unchanged. */
function exactText(value: unknown): unknown {
  return "isRawJSON" in JSON && JSON.isRawJSON(value) ? JSON.stringify(value) : value;
}

function withParameter(url: URL, name: string, value: string): URL {
  const next = new URL(url);
  next.searchParams.set(name, value);
  return next;
}

const linkForm = /<([^<>]*)>((?:\s*;\s*[\w*]+\s*=\s*(?:"[^"]*"|[^",;\s]+))*)/g;

function linkNext(header: string): string | undefined {
  for (const [, target, parameters = ""] of header.matchAll(linkForm))
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?=[\s;]|$))/i.test(parameters)) return target;
  return undefined;
}

/** Returns the member of a value at a path with dots. */
function partAt(value: unknown, path: string): unknown {
  let part = value;
  for (const name of path.split(".")) {
    if (typeof part !== "object" || part === null || !Object.hasOwn(part, name)) return undefined;
    part = (part as Readonly<Record<string, unknown>>)[name];
  }
  return part;
}
