/** Renders Markdown as HTML, with the same anchors as GitHub, so that links work on GitHub and on the site. */

import { Marked, type Tokens } from "marked";
import { diagramOf } from "./diagram.ts";
import { escaped, highlighted } from "./highlight.ts";

export interface Heading {
  readonly depth: number;
  readonly text: string;
  readonly anchor: string;
}

interface Section {
  /** The heading above the text. The first section of a page has its title. */
  readonly heading: string;
  readonly anchor: string;
  readonly text: string;
  /** Words that find the section as its heading does: `<!-- search: quickstart -->`. */
  readonly words: string;
}

export interface Rendered {
  readonly title: string;
  /** The first paragraph, as plain text. */
  readonly summary: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  readonly sections: readonly Section[];
}

/** Returns the address for a link or an image of the page. */
export type Leads = (link: string) => string;

export function rendered(text: string, leads: Leads): Rendered {
  const headings: Heading[] = [];
  const sections: { heading: string; anchor: string; text: string; words: string }[] = [];
  const usedAnchors = new Set<string>();
  let summary = "";
  const marked = new Marked({ gfm: true });
  marked.use({
    walkTokens(token) {
      if (token.type === "heading") {
        const { depth, text: raw } = token as Tokens.Heading;
        const heading = { depth, text: plain(raw), anchor: anchorOf(raw, usedAnchors) };
        headings.push(heading);
        sections.push({ heading: heading.text, anchor: heading.anchor, text: "", words: "" });
      } else if (token.type === "html") {
        const [, words = ""] = /^<!-- search: (.+) -->/.exec(token.raw) ?? [];
        const open = sections.at(-1);
        if (open !== undefined) open.words += words;
      } else if (token.type === "paragraph" || token.type === "text" || token.type === "table") {
        const content = plain(token.raw);
        if (summary === "" && token.type === "paragraph") summary = content;
        const open = sections.at(-1);
        if (open !== undefined && !open.text.includes(content)) open.text += `${content} `;
      }
    },
    renderer: rendererOf(leads, headings),
  });
  const html = marked.parse(text, { async: false });
  return { title: headings[0]?.text ?? "", summary, html, headings, sections };
}

function rendererOf(leads: Leads, headings: readonly Heading[]) {
  let at = 0;
  let diagrams = 0;
  return {
    heading(this: { parser: { parseInline(tokens: Tokens.Generic[]): string } }, token: Tokens.Heading) {
      const { anchor = "" } = headings[at++] ?? {};
      const inner = this.parser.parseInline(token.tokens as Tokens.Generic[]);
      const mark =
        token.depth === 1
          ? ""
          : ` <a class="anchor" href="#${anchor}" aria-label="Link to this section">#</a>`;
      return `<h${token.depth} id="${anchor}">${inner}${mark}</h${token.depth}>\n`;
    },
    code({ text, lang = "" }: Tokens.Code) {
      const language = lang.split(/\s/)[0] ?? "";
      const { text: heading = "" } = headings[at - 1] ?? {};
      if (language === "mermaid")
        return diagramOf(text, { number: ++diagrams, label: `Diagram: ${heading}` });
      const file = /\bfile=(\S+)/.exec(lang)?.[1];
      const caption = file === undefined ? "" : `<div class="file">${escaped(file)}</div>`;
      return `<div class="code">${caption}<pre tabindex="0"><code>${highlighted(text, language)}</code></pre></div>\n`;
    },
    link(this: { parser: { parseInline(tokens: Tokens.Generic[]): string } }, { href, tokens }: Tokens.Link) {
      return `<a href="${escaped(leads(href))}">${this.parser.parseInline(tokens as Tokens.Generic[])}</a>`;
    },
    image({ href, text }: Tokens.Image) {
      return `<img src="${escaped(leads(href))}" alt="${escaped(text)}" loading="lazy">`;
    },
    table(
      this: { parser: { parseInline(tokens: Tokens.Generic[]): string } },
      { header, rows }: Tokens.Table,
    ) {
      const cells = (all: readonly Tokens.TableCell[], tag: string) =>
        all
          .map(({ tokens }) => withoutBreaks(this.parser.parseInline(tokens as Tokens.Generic[])))
          .map((inner) => (tag === "th" && inner.trim() === "" ? "<td></td>" : `<${tag}>${inner}</${tag}>`))
          .join("");
      const body = rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("\n");
      return `<div class="table" tabindex="0"><table><thead><tr>${cells(header, "th")}</tr></thead><tbody>${body}</tbody></table></div>\n`;
    },
    html({ text }: Tokens.HTML | Tokens.Tag) {
      return text.startsWith("<!--") ? "" : escaped(text);
    },
  };
}

/** Keeps short names of a cell on one line. Long ones break, so that a table fits a phone. */
function withoutBreaks(cell: string): string {
  return cell.replace(/<code>([^<\s]{1,14})<\/code>/g, '<code class="word">$1</code>');
}

/** Returns the anchor that GitHub uses. A repeated heading gets a number. */
function anchorOf(heading: string, usedAnchors: Set<string>): string {
  const base = heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
  let anchor = base;
  for (let number = 1; usedAnchors.has(anchor); number++) anchor = `${base}-${number}`;
  usedAnchors.add(anchor);
  return anchor;
}

/** Returns text without Markdown syntax, for titles and the search. */
export function plain(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/\|[\s|:-]*\n\|?[\s|:-]+\|?(?=\n)/g, "")
    .replace(/[`*|]/g, (mark) => (mark === "|" ? " " : ""))
    .replace(/\s+/g, " ")
    .trim();
}
