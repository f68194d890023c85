/** Asks people. */
import { bytesOf, type Data, noBytes } from "../data.ts";
import { idOf, type Place } from "../kinds/kind.ts";
import type { Doing } from "../node/outcome.ts";
import { approvalAsked } from "./events.ts";

const nameLengthMax = 150;

/** Checks of a task did not hold, and people say whether its output counts all the same. */
export function askAboutOutput(
  place: Place,
  checks: readonly string[],
  output: Data | undefined,
  { agent = "", used }: Doing,
): void {
  const names = checks.join(", ");
  const { step, number } = place;
  step.emit(approvalAsked, {
    node: number,
    approvalId: approvalIdOf(place),
    title: `Is the output of ${idOf(place)} good enough?`,
    message: `It does not satisfy: ${names}.`,
    context: noBytes,
    requestMs: step.nowMs,
    expireMs: 0,
    check: names,
    output: bytesOf(output),
    agent,
    used,
  });
}

/** Readable, and another one for every question: `sure..3.1`, with the number of the node, how often it was begun, and how often the run was taken back. */
export function approvalIdOf(place: Place, isBegun = true): string {
  const { run, number } = place;
  const node = run.nodes[number];
  const visit = (node?.visit ?? 0) + (isBegun ? 0 : 1);
  const name = idOf(place).replaceAll("[", ".").replaceAll("]", "").replaceAll("#", ".");
  const { resets = 0 } = run.more ?? {};
  const again = resets === 0 ? "" : `.${resets}`;
  return `${name.slice(0, nameLengthMax)}..${number}.${visit}.${node?.attempt ?? 0}${again}`;
}
