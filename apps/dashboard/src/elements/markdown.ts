/**
 * A small part of Markdown, for texts that people write: headings, lists, paragraphs, code. Everything else stays as it
 * is written. The result is text, never markup.
 */

export type Block =
  | { readonly kind: "heading"; readonly level: number; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "text"; readonly text: string };

const heading = /^(#{1,6})\s+(.*)$/;
const item = /^\s*[-*]\s+(.*)$/;
const fence = /^\s*```/;

export function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const run = (matches: (line: string) => boolean): string[] => {
      const from = at;
      while (at < lines.length && matches(lines[at] ?? "")) at += 1;
      const matched = lines.slice(from, at);
      at -= 1;
      return matched;
    };
    const [, marks = "", title = ""] = heading.exec(line) ?? [];
    if (line.trim() === "") continue;
    if (marks !== "") blocks.push({ kind: "heading", level: marks.length, text: title.trim() });
    else if (fence.test(line)) {
      at += 1;
      const code = run((next) => !fence.test(next));
      at += 1;
      blocks.push({ kind: "code", text: code.join("\n") });
    } else if (item.test(line)) {
      const items = run((next) => item.test(next));
      blocks.push({ kind: "list", items: items.map((each) => item.exec(each)?.[1] ?? "") });
    } else {
      const paragraph = run(
        (next) => next.trim() !== "" && ![heading, item, fence].some((mark) => mark.test(next)),
      );
      blocks.push({ kind: "text", text: paragraph.map((each) => each.trim()).join(" ") });
    }
  }
  return blocks;
}

/** Headings follow each other without gaps, from a level on: readers of the page hear no level that is missing. */
export function ranked(blocks: readonly Block[], from: number): readonly Block[] {
  const levels = [
    ...new Set(blocks.flatMap((block) => (block.kind === "heading" ? [block.level] : []))),
  ].toSorted();
  return blocks.map((block) =>
    block.kind === "heading" ? { ...block, level: Math.min(6, from + levels.indexOf(block.level)) } : block,
  );
}

/** Returns a phrase of the platform as a full sentence. */
export function asSentence(phrase: string): string {
  const text = `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}`;
  return phrase === "" || /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** Splits a line into text and code: code has odd places. */
export function inlinePartsOf(text: string): readonly string[] {
  const parts = text.split("`");
  // A mark without its other half is text.
  return parts.length % 2 === 1 ? parts : [text];
}

const address = /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]]|(?<=\s)\/docs\/[^\s<>"]*[^\s<>".,;:!?)\]])/;

/** Splits a text into words and addresses: of the web, and of the documentation here. Addresses have odd places. */
export function addressesIn(text: string): readonly string[] {
  return text.split(address);
}
