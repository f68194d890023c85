import type { Candidate, Choice, Explanation, FailedAttempt, Wait } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import type { Outcome, Result } from "../../command/presenter.ts";
import { drawChoices } from "../../drawing/choices.ts";
import type { Server } from "../../server/calls.ts";
import { withQuestions } from "../../server/questions.ts";
import { connect } from "../../server/server.ts";
import { whichever } from "../../server/whichever.ts";
import type { Style } from "../../terminal/style.ts";
import { padEnd, safe, widthOf, wrap } from "../../terminal/text.ts";
import { printAge, printDurationMs } from "../../terminal/time.ts";
import { withIdleAdapters } from "../adapters/applied.ts";
import { withLocks } from "./locks.ts";

export async function why(context: Context): Promise<Result> {
  const { values } = context;
  const id = values.argument("ID");
  const task = values.optionalArgument("TASK");
  const server = await connect(context);
  const parts = { params: { id }, query: { ...server.namespace, ...(task === undefined ? {} : { task }) } };
  const { explanation, choices } = await whichever<Reasons>({
    run: async () => ({ explanation: await server.call("runs.why", parts) }),
    mission: async () => ({ explanation: await server.call("missions.why", parts) }),
    session: () => sessionReasons(server, id, task),
  });
  if (explanation === undefined) return exitCodes.completed;
  const withOpen = await withQuestions(server, id, explanation);
  const complete = await withLocks(server, withOpen, context.shell.nowMs());
  return explanationOutcome(context, await withIdleAdapters(server, complete), choices);
}

/** Explains a session. For a whole session, also explains its share of contended resources. */
export async function sessionReasons(server: Server, id: string, task: string | undefined): Promise<Reasons> {
  const params = { id };
  const query = { ...server.namespace, ...(task === undefined ? {} : { task }) };
  const reasons: Reasons = await server.call("sessions.why", { params, query });
  const { explanation } = reasons;
  if (task !== undefined || explanation === undefined) return reasons;
  // A caller without access to allocations sees the rest.
  const share = await server
    .call("allocations.explain", { params: { session: id }, query: server.namespace })
    .catch(() => undefined);
  const { granted = {}, wanted = {} } = share?.allocation ?? {};
  const hasSome = Object.keys({ ...granted, ...wanted }).length > 0;
  if (share?.explanation === undefined || !hasSome) return reasons;
  return { ...reasons, explanation: { ...explanation, parts: [...explanation.parts, share.explanation] } };
}

interface Reasons {
  readonly explanation?: Explanation;
  /** The choices between modes and plans. Set for sessions. */
  readonly choices?: readonly Choice[];
}

/** Prints the explanation in the requested format. */
export function explanationOutcome(
  { print, shell }: Context,
  explanation: Explanation,
  choices?: readonly Choice[],
): Outcome {
  return {
    json: choices === undefined ? explanation : { explanation, choices },
    quiet: [safe(explanation.summary ?? "")],
    draw: () => {
      const page = { style: print.style, width: Math.min(print.width, 100), nowMs: shell.nowMs() };
      print.lines([...drawExplanation(explanation, page), ...drawChoices(choices ?? [], page)]);
    },
  };
}

interface Page {
  readonly style: Style;
  readonly width: number;
  readonly nowMs: number;
}

/** Draws the answer, then the reasons, then the remedies. */
function drawExplanation(explanation: Explanation, page: Page): string[] {
  const { style, width, nowMs } = page;
  const {
    about,
    summary = "",
    waits,
    candidates,
    failures,
    remedies,
    expectedStartTimeMs,
    parts,
  } = explanation;
  const name = [about?.id ?? "", about?.task ?? ""].filter((part) => part !== "").join(" ");
  const lines = [
    style.bold(safe(name)),
    ...wrap(safe(summary === "" ? "No explanation is available." : summary), width),
  ];
  const present = waits.filter((wait) => wait.present === true);
  const past = waits.filter((wait) => wait.present !== true);
  lines.push(
    ...titled(
      "waits for",
      present.map((wait) => waitLine(wait, page)),
      style,
    ),
  );
  lines.push(
    ...titled(
      "waited for",
      past.map((wait) => waitLine(wait, page)),
      style,
    ),
  );
  lines.push(
    ...titled(
      "capable workers",
      candidates.slice(0, 10).map((candidate) => candidateLine(candidate, style)),
      style,
    ),
  );
  lines.push(
    ...titled(
      "errors",
      failures.slice(0, 10).map((failure) => failureLine(failure, page)),
      style,
    ),
  );
  if (expectedStartTimeMs !== undefined)
    lines.push("", style.dim(`expected to start ${printAge(expectedStartTimeMs, nowMs)}`));
  const commands = remedies.map(({ command = "" }) => widthOf(safe(command)));
  const commandWidth = Math.min(40, Math.max(0, ...commands));
  lines.push(
    ...titled(
      "what to do",
      remedies.map(({ text = "", command = "" }) =>
        command === "" ? safe(text) : `${padEnd(safe(command), commandWidth)}   ${style.dim(safe(text))}`,
      ),
      style,
    ),
  );
  for (const part of parts.flatMap((child) => withoutRepeats(child, explanation)))
    lines.push(
      "",
      ...drawExplanation(part, { ...page, width: width - 2 }).map((line) => (line === "" ? "" : `  ${line}`)),
    );
  return lines;
}

/**
 * Returns the part of a task without the statements that its run repeats. Empty if nothing else is left: most runs have
 * one cause of waiting.
 */
export function withoutRepeats(
  part: Explanation,
  { waits: all, remedies: known }: Explanation,
): Explanation[] {
  const waits = part.waits.filter(
    ({ message = "", present }) =>
      present !== true || message === "" || !all.some((wait) => wait.message?.endsWith(`: ${message}`)),
  );
  const remedies = part.remedies.filter(
    ({ text, command }) => !known.some((remedy) => remedy.text === text && remedy.command === command),
  );
  const { candidates, failures, parts } = part;
  const isRepeated =
    waits.length < part.waits.length &&
    [waits, remedies, candidates, failures, parts].every(({ length }) => length === 0);
  return isRepeated ? [] : [{ ...part, waits, remedies }];
}

function titled(title: string, lines: readonly string[], style: Style): string[] {
  return lines.length === 0 ? [] : ["", style.dim(title), ...lines.map((line) => `  ${line}`)];
}

function waitLine(
  { cause = "unspecified", message = "", waitedMs = 0, startTimeMs, endTimeMs, present }: Wait,
  { style, nowMs }: Page,
): string {
  const isNow = present === true;
  const forMs = isNow && startTimeMs !== undefined ? nowMs - startTimeMs : waitedMs;
  const due = isNow && endTimeMs !== undefined ? `ends ${printAge(endTimeMs, nowMs)}` : "";
  const time = [forMs > 0 ? `for ${printDurationMs(forMs)}` : "", due]
    .filter((part) => part !== "")
    .join(", ");
  const label = padEnd(cause === "no_capability" ? "no worker" : cause.replaceAll("_", " "), 13);
  return `${isNow ? style.yellow(label) : style.dim(label)} ${safe(message)}${time === "" ? "" : style.dim(`  ${time}`)}`;
}

function candidateLine(
  { kind = "", id, chosen, eligible, score, reason = "" }: Candidate,
  style: Style,
): string {
  const mark = chosen === true ? style.green("✓") : eligible === true ? "·" : style.dim("–");
  const points = eligible === true && score !== undefined ? style.dim(`  score ${score.toFixed(2)}`) : "";
  const name = kind === "agent" ? safe(id) : `${safe(kind)} ${safe(id)}`;
  return `${mark} ${name}${points}${reason === "" ? "" : `  ${style.dim(safe(reason))}`}`;
}

function failureLine(
  { task = "", attempt = 0, agentId = "", failTimeMs, error }: FailedAttempt,
  { style, nowMs }: Page,
): string {
  const place = [task, attempt > 0 ? `attempt ${attempt}` : "", agentId === "" ? "" : `at ${agentId}`].filter(
    (part) => part !== "",
  );
  const when = failTimeMs === undefined ? "" : ` ${printAge(failTimeMs, nowMs)}`;
  return `${style.red("✗")} ${safe(error?.message ?? error?.code ?? "failed")}  ${style.dim(`${safe(place.join(", "))}${when}`)}`;
}
