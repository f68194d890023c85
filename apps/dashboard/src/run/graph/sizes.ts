/** How large nodes are drawn. The style sheet draws what fits in here. */

const nodeWidth = 216;
const headHeight = 60;
const padding = 12;

/** A cell represents a part, or several if there are too many. */
export const cell = { size: 8, gap: 2, max: 512 };
const cellsPerRow = Math.floor((nodeWidth - 2 * padding + cell.gap) / (cell.size + cell.gap));
const footHeight = 20;

export interface CellGrid {
  readonly columns: number;
  readonly rows: number;
  /** Number of parts per cell. */
  readonly perCell: number;
  readonly width: number;
  readonly height: number;
}

export function cellGrid(parts: number): CellGrid {
  const perCell = Math.ceil(parts / cell.max);
  const cells = Math.ceil(parts / Math.max(1, perCell));
  const columns = Math.min(cellsPerRow, Math.max(1, cells));
  const rows = Math.ceil(cells / columns);
  const pitch = cell.size + cell.gap;
  return { columns, rows, perCell, width: columns * pitch - cell.gap, height: rows * pitch - cell.gap };
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Why no worker takes a task, and what helps: four lines. */
const stuckHeight = 76;

export function sizeOf(parts: number, isStuck = false): Size {
  const below = isStuck ? stuckHeight : 0;
  if (parts === 0) return { width: nodeWidth, height: headHeight + below };
  return { width: nodeWidth, height: headHeight + cellGrid(parts).height + footHeight + padding + below };
}

/** Around a graph inside of a node. */
export const frame = { top: headHeight + 8, side: 16, bottom: 16 };

export function sizeAround({ width, height }: Size): Size {
  return { width: Math.max(nodeWidth, width + 2 * frame.side), height: frame.top + height + frame.bottom };
}
