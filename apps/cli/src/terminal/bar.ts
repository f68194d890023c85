import type { Style } from "./style.ts";

const eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** Returns a bar of `width` columns, filled in steps of an eighth of a column. */
export function drawBar(share: number, width: number, style: Style): string {
  const filled = Math.max(0, Math.min(1, share)) * width;
  const full = Math.floor(filled);
  const part = eighths[Math.floor((filled - full) * 8)] ?? "";
  const done = "█".repeat(full) + part;
  const rest = "░".repeat(Math.max(0, width - full - (part === "" ? 0 : 1)));
  return `${style.green(done)}${style.dim(rest)}`;
}

/** Returns a share as `62 %`. An unfinished share is never rounded to 100. */
export function printShare(share: number): string {
  const percent = share >= 1 ? 100 : Math.min(99, Math.round(Math.max(0, share) * 100));
  return `${percent} %`;
}
