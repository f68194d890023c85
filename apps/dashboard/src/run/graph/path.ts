/** An edge as a line: soft where it leaves, bends and arrives, always in the direction of the layers there. */
import type { Direction, Point } from "./layered.ts";

export function pathOf(points: readonly Point[], direction: Direction): string {
  const [first, ...others] = points;
  if (first === undefined) return "";
  const commands = [`M${round(first.x)},${round(first.y)}`];
  let last = first;
  for (const point of others) {
    commands.push(curve(last, point, direction));
    last = point;
  }
  return commands.join("");
}

function curve(from: Point, to: Point, direction: Direction): string {
  const end = `${round(to.x)},${round(to.y)}`;
  if (direction === "right") {
    if (Math.abs(from.y - to.y) < 0.5) return `L${end}`;
    const half = (to.x - from.x) / 2;
    return `C${round(from.x + half)},${round(from.y)} ${round(to.x - half)},${round(to.y)} ${end}`;
  }
  if (Math.abs(from.x - to.x) < 0.5) return `L${end}`;
  const half = (to.y - from.y) / 2;
  return `C${round(from.x)},${round(from.y + half)} ${round(to.x)},${round(to.y - half)} ${end}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
