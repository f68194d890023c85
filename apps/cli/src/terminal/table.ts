import { type Style, type Tone, toned } from "./style.ts";
import { cut, padEnd, padStart, safe, widthOf, wrap } from "./text.ts";

/** A column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** Minimum width, if the terminal is wide enough. */
  readonly widthMin?: number;
  /** Rank of yielding on a narrow terminal: 3 yields first, 0 never. A column that yields is cut, then left out. */
  readonly yields?: 0 | 1 | 2 | 3;
}

interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

/** A text without a tone, or a cell. */
export type Entry = string | Cell;

const gap = "  ";

/**
 * Draws a table without lines: alignment and space distinguish the columns, the head is dim. If the output is no
 * terminal, the width is unlimited and nothing is cut.
 */
export function drawTable(
  columns: readonly Column[],
  rows: readonly (readonly Entry[])[],
  { style, width }: { readonly style: Style; readonly width: number },
): string[] {
  const cells = rows.map((row) => columns.map((_, at) => cellOf(row[at])));
  // A column without any text is left out.
  const desired = columns.map(({ title }, at) =>
    cells.some((row) => row[at]?.text !== "")
      ? Math.max(widthOf(title), ...cells.map((row) => widthOf(row[at]?.text ?? "")))
      : 0,
  );
  const widths = fitted(columns, desired, width);
  const visible = columns.flatMap((column, at) => ((widths[at] ?? 0) > 0 ? [{ column, at }] : []));
  const line = (entry: (at: number) => Cell): string =>
    visible
      .map(({ column, at }) => {
        const { text, tone = "plain" } = entry(at);
        const room = widths[at] ?? 0;
        const short = cut(text, room);
        const filled = column.align === "right" ? padStart(short, room) : padEnd(short, room);
        return toned(style, tone, filled);
      })
      .join(gap)
      .trimEnd();
  const head = line((at) => ({ text: columns[at]?.title ?? "", tone: "dim" }));
  return [head, ...cells.map((row) => line((at) => row[at] ?? { text: "" }))];
}

function cellOf(entry: Entry | undefined): Cell {
  if (entry === undefined) return { text: "" };
  return typeof entry === "string" ? { text: safe(entry) } : { ...entry, text: safe(entry.text) };
}

/**
 * Returns widths that fit. Rank by rank, the highest first, texts are cut down to their minimum width, then columns are
 * left out. Right-aligned times and numbers are never cut, only left out.
 */
function fitted(columns: readonly Column[], desired: readonly number[], width: number): number[] {
  const widths = [...desired];
  const total = (): number => {
    const visible = widths.filter((columnWidth) => columnWidth > 0);
    return (
      visible.reduce((sum, columnWidth) => sum + columnWidth, 0) +
      gap.length * Math.max(0, visible.length - 1)
    );
  };
  for (const rank of [3, 2, 1]) {
    const ranked = [...columns.entries()].filter(([, { yields = 0 }]) => yields === rank);
    for (const [at, { widthMin = 8, align }] of ranked) {
      const over = total() - width;
      if (over > 0 && align !== "right")
        widths[at] = Math.max(Math.min(widthMin, desired[at] ?? 0), (widths[at] ?? 0) - over);
    }
    for (const isNumber of [true, false])
      for (const [at, { align }] of ranked)
        if (total() > width && (align === "right") === isNumber) widths[at] = 0;
  }
  // Cut columns get back the width that omitted columns no longer need.
  for (const rank of [1, 2, 3])
    for (const [at, { yields = 0 }] of columns.entries()) {
      const now = widths[at] ?? 0;
      const remaining = width - total();
      if (yields === rank && now > 0 && remaining > 0)
        widths[at] = Math.min(desired[at] ?? 0, now + remaining);
    }
  // If it still does not fit, the widest column is cut, even if it never yields.
  const over = total() - width;
  if (over > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = Math.max(4, (widths[widest] ?? 0) - over);
  }
  return widths;
}

/** Draws names and values below each other, with dim names. A long value continues below itself. */
export function drawFacts(
  facts: readonly (readonly [name: string, value: Entry | undefined])[],
  { style, width }: { readonly style: Style; readonly width: number },
): string[] {
  const known = facts.flatMap(([name, value]) =>
    value === undefined || cellOf(value).text === "" ? [] : [{ name, cell: cellOf(value) }],
  );
  const room = Math.max(0, ...known.map(({ name }) => widthOf(name)));
  const valueWidth = Math.max(20, width - room - gap.length);
  return known.flatMap(({ name, cell: { text, tone = "plain" } }) =>
    wrap(text, valueWidth).map((line, at) => {
      const head = style.dim(padEnd(at === 0 ? name : "", room));
      return `${head}${gap}${toned(style, tone, cut(line, valueWidth))}`;
    }),
  );
}
