/** Draws the choices between modes and plans of a session. */
import type { Choice, ModeCandidate } from "@tutti/rest/types";
import type { Style } from "../terminal/style.ts";
import { padEnd, padStart, safe, wrap } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";

interface Page {
  readonly style: Style;
  readonly width: number;
}

/** Draws each choice: its candidates with their estimates, its confidence and its outcome. */
export function drawChoices(choices: readonly Choice[], page: Page): string[] {
  return choices.flatMap((choice) => ["", ...drawChoice(choice, page)]);
}

function drawChoice(choice: Choice, { style, width }: Page): string[] {
  const { kind = "", reason = "", confidence = 0, candidates, chosen = 0, outcome } = choice;
  const reasonText = choice.fallback
    ? "the safe default"
    : choice.explored
      ? "chosen to learn"
      : `${Math.round(confidence * 100)} % sure`;
  const lines = [`${style.dim("chosen")} ${safe(kind)}  ${style.dim(reasonText)}`];
  if (reason !== "") lines.push(...wrap(safe(reason), width - 2).map((line) => `  ${line}`));
  for (const [at, candidate] of candidates.entries())
    lines.push(`  ${candidateLine(candidate, kind === "cut" || at === chosen, style)}`);
  if (outcome !== undefined)
    lines.push(`  ${style.dim("actual")} ${outcomeText(outcome, candidates[chosen])}`);
  const features = Object.entries(choice.features)
    .map(([name, value]) => `${safe(name)} ${printNumber(value)}`)
    .join("  ");
  if (features !== "") lines.push(...wrap(features, width - 2).map((line) => `  ${style.dim(line)}`));
  return lines;
}

function candidateLine(candidate: ModeCandidate, isChosen: boolean, style: Style): string {
  const { mode = "", eligible, expectedMs = 0, highMs = 0, expectedUse, score, reason = "" } = candidate;
  const mark = isChosen ? style.green("✓") : eligible === true ? "·" : style.dim("–");
  const name = padEnd(mode, 12);
  if (eligible !== true) return `${mark} ${style.dim(`${name} ${safe(reason)}`)}`;
  // A part of a plan has no estimate of its own.
  const time = expectedMs > 0 ? padStart(printDurationMs(expectedMs), 8) : "";
  const late = highMs > expectedMs ? ` to ${printDurationMs(highMs)}` : "";
  const money = (expectedUse?.money ?? 0) > 0 ? `  ${printNumber(expectedUse?.money ?? 0)} money` : "";
  const points = score === undefined ? "" : style.dim(`  ${score.toFixed(2)}`);
  return `${mark} ${name} ${time}${style.dim(late)}${money}${points}${reason === "" ? "" : `  ${style.dim(safe(reason))}`}`;
}

function outcomeText(
  { realMs = 0 }: NonNullable<Choice["outcome"]>,
  expected: ModeCandidate | undefined,
): string {
  const { expectedMs = 0 } = expected ?? {};
  if (expectedMs === 0 || realMs === 0) return printDurationMs(realMs);
  const times = realMs / expectedMs;
  if (times >= 2) return `${printDurationMs(realMs)}, ${printNumber(times)} times the expected duration`;
  const off = Math.round((times - 1) * 100);
  return `${printDurationMs(realMs)}, ${off === 0 ? "as expected" : `${Math.abs(off)} % ${off > 0 ? "more" : "less"} than expected`}`;
}

/** Returns a number with three significant digits, without trailing zeros. */
export function printNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}
