/** Policies: check, test, apply, roll back, ask. */

import { basename } from "node:path";
import { counted } from "@tutti/kernel";
import type { Decision, Flip, PolicyReference, PreviewImpactReply, Problem } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { usageFailure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { unreadable } from "../../server/address.ts";
import { listPages } from "../../server/pages.ts";
import { connect } from "../../server/server.ts";
import { drawProblem } from "../../terminal/problems.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";
import { doneOutcome } from "../outcome.ts";
import { keyOf, reasonOf } from "../request.ts";
import { actorIn, actorText } from "./actor.ts";

interface PolicyFile {
  readonly policyId: string;
  readonly text: string;
  readonly fileName: string;
}

async function readFiles({ values, shell }: Context): Promise<readonly PolicyFile[]> {
  return Promise.all(
    values.manyArguments("FILE").map(async (fileName) => {
      const policyId = basename(fileName).replace(/\.cedar$/i, "");
      return { policyId, fileName, text: await textOf(fileName, shell) };
    }),
  );
}

async function textOf(file: string, shell: Context["shell"]): Promise<string> {
  try {
    return await shell.readText(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function changeOf(context: Context, files: readonly PolicyFile[]) {
  const enforcement = context.values.flag("shadow") ? ("shadow" as const) : ("enforced" as const);
  return {
    set: files.map(({ policyId, text }) => ({ policyId, text, enforcement })),
    removedPolicyIds: [...context.values.texts("without")],
  };
}

export async function listPolicies(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const server = await connect(context);
  const withSystem = values.flag("system") ? { withSystem: true } : {};
  let version = 0;
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("policies.list", { query: { ...server.namespace, ...withSystem, ...page } }),
    (reply) => {
      version = reply.version ?? 0;
      return reply.policies;
    },
  );
  const nowMs = shell.nowMs();
  return {
    json: { policies: entries, version },
    nextToken,
    quiet: entries.map(({ policyId }) => policyId),
    empty: entries.length === 0 ? "No policies yet. Only roles decide." : undefined,
    draw: () => {
      print.line(`version ${version}`);
      print.table(
        [
          { title: "policy", widthMin: 8 },
          { title: "counts" },
          { title: "changed" },
          { title: "description", yields: 1, widthMin: 8 },
        ],
        entries.map(({ policyId, namespace, enforcement, updateTimeMs, description = "" }) => [
          { text: namespace === "system" ? `system/${policyId}` : policyId, tone: "bold" },
          { text: enforcement === "shadow" ? "shadow mode" : (enforcement ?? "enforced"), tone: "dim" },
          { text: updateTimeMs === undefined ? "" : printAge(updateTimeMs, nowMs), tone: "dim" },
          { text: description },
        ]),
      );
    },
  };
}

export async function checkPolicies(context: Context): Promise<Result> {
  const { print } = context;
  const files = await readFiles(context);
  const server = await connect(context);
  const body = { change: changeOf(context, files) };
  const reply = await server.call("policies.check", { query: server.namespace, body });
  const isGood = reply.problems.length === 0;
  return {
    json: { ...reply, ok: isGood },
    // With `--quiet`, correct policies print nothing: the exit code is the answer.
    ...(isGood ? { quiet: [] } : {}),
    draw: () => {
      if (isGood) print.line(`${print.style.green("✓")} ${files.length} checked, no errors`);
      else printProblems(context, reply.problems, files);
    },
    exitCode: isGood ? exitCodes.completed : exitCodes.failed,
  };
}

function printProblems({ print }: Context, problems: readonly Problem[], files: readonly PolicyFile[]): void {
  for (const { fileName: policyId, line = 0, column = 0, message = "", expected = "" } of problems) {
    const file = files.find((candidate) => candidate.policyId === policyId);
    const placed = { severity: "error", fileName: file?.fileName ?? policyId ?? "", line, column };
    const problem = { ...placed, path: "", message, expected };
    print.lines(
      drawProblem(problem, file?.text ?? "", { style: print.style, width: Math.min(print.width, 120) }),
    );
  }
}

export async function testPolicies(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const files = await readFiles(context);
  const caseFile = values.text("cases");
  const cases: unknown = caseFile === undefined ? [] : readJson(caseFile, await textOf(caseFile, shell));
  const server = await connect(context);
  const change = changeOf(context, files);
  const isChange = change.set.length > 0 || change.removedPolicyIds.length > 0;
  // The platform checks the content of the file and reports the position of each error.
  const body = { cases: cases as never, ...(isChange ? { change } : {}) };
  const reply = await server.call("policies.test", { query: server.namespace, body });
  const { results, failed = 0, problems } = reply;
  return {
    json: reply,
    draw: () => {
      printProblems(context, problems, files);
      for (const { passed, title = "", policyId = "", decision } of results) {
        const mark = passed === true ? print.style.green("✓") : print.style.red("✗");
        const of = policyId === "" ? "" : print.style.dim(` of ${safe(policyId)}`);
        print.line(`${mark} ${safe(title)}${of}  ${print.style.dim(becauseOf(decision))}`);
      }
      if (results.length === 0 && problems.length === 0)
        print.note("No test cases. Add cases to a policy, or set --cases FILE.");
    },
    exitCode: failed === 0 && problems.length === 0 ? exitCodes.completed : exitCodes.failed,
  };
}

function readJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw usageFailure(`${safe(file)}: expected a JSON list of cases: ${(error as Error).message}`);
  }
}

export async function applyPolicies(context: Context): Promise<Result> {
  const { values } = context;
  const files = await readFiles(context);
  const change = changeOf(context, files);
  if (change.set.length === 0 && change.removedPolicyIds.length === 0)
    throw usageFailure("Pass policy files, or set --without ID.", [
      ["tutti policy apply night.cedar", "applies the policy night"],
    ]);
  const version = values.integer("if-version");
  const server = await connect(context);
  const body = {
    change,
    ...reasonOf(context),
    ...(version === undefined ? {} : { version }),
  };
  const reply = await server.call("policies.apply", { query: server.namespace, ...keyOf(context), body });
  const number = String(reply.number ?? 0);
  return doneOutcome(context, reply, { id: number, line: `version ${number} is active` });
}

/** Lists the decisions of the last seven days that a change of policies would flip. */
export async function previewImpact(context: Context): Promise<Result> {
  const { print } = context;
  const files = await readFiles(context);
  const server = await connect(context);
  const body = { change: changeOf(context, files) };
  const flips: Flip[] = [];
  let examinedCount = 0;
  // A second connection would start over and report each flip again.
  const stream = server.follow("policies.impact", { query: server.namespace, body }, { isOnce: true });
  for await (const event of stream) {
    if (event.kind === "ready" || event.kind === "gap") continue;
    const { problems = [], examined = 0, flips: some = [] }: Partial<PreviewImpactReply> = event.value;
    if (problems.length > 0)
      return {
        json: { problems },
        draw: () => {
          printProblems(context, problems, files);
        },
        exitCode: exitCodes.failed,
      };
    flips.push(...some);
    examinedCount = examined;
  }
  if (context.shell.interrupted.aborted) return exitCodes.interrupted;
  return {
    json: { flips, examined: examinedCount },
    quiet: flipLines(context, flips),
    draw: () => {
      print.lines(flipLines(context, flips));
      print.line(`${flips.length} of ${examinedCount} recorded decisions would change`);
    },
  };
}

function flipLines({ print }: Context, flips: readonly Flip[]): string[] {
  return flips.map(({ before, allowed, policies }) => {
    const { actor, action = "" } = before?.question ?? {};
    const { kind = "", id = "" } = before?.work ?? {};
    const work = id === "" ? "" : print.style.dim(`  ${safe(`${kind} ${id}`)}`);
    const verdict =
      allowed === true ? print.style.green("would be allowed") : print.style.red("would be denied");
    const reason = becauseOf({ allowed: allowed === true, policies });
    const times = print.style.dim(` (${counted(before?.count ?? 1, "time")})`);
    return `${verdict}  ${safe(actorText(actor))} ${safe(action)}${times}${work}  ${print.style.dim(reason)}`;
  });
}

export async function rollBack(context: Context): Promise<Result> {
  const { values } = context;
  const version = versionIn(values.argument("VERSION"));
  const reason = values.text("reason");
  if (reason === undefined)
    throw usageFailure("--reason is required.", [
      [`tutti policy rollback ${version} --reason "too strict"`, "records the reason"],
    ]);
  const server = await connect(context);
  const body = { version, reason };
  const reply = await server.call("policies.rollBack", { query: server.namespace, ...keyOf(context), body });
  const number = String(reply.number ?? 0);
  return doneOutcome(context, reply, {
    id: number,
    line: `version ${number} is active, with the content of ${version}`,
  });
}

function versionIn(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageFailure(`VERSION: expected a number, got \`${safe(text)}\``, [
    ["tutti policy versions", "lists the versions"],
  ]);
}

export async function listVersions(context: Context): Promise<Result> {
  const { print, shell } = context;
  const server = await connect(context);
  const { entries, nextToken } = await listPages(
    context,
    (page) => server.call("policies.versions", { query: { ...server.namespace, ...page } }),
    ({ versions }) => versions,
  );
  return {
    json: { versions: entries },
    nextToken,
    quiet: entries.map(({ number = 0 }) => String(number)),
    empty: entries.length === 0 ? "No policy versions yet." : undefined,
    draw: () => {
      print.table(
        [
          { title: "version", align: "right" },
          { title: "created" },
          { title: "author" },
          { title: "changed", yields: 1, widthMin: 8 },
          { title: "reason", yields: 2, widthMin: 8 },
        ],
        entries.map(({ number = 0, createTimeMs = 0, createCause, changedPolicyIds, removedPolicyIds }) => [
          { text: String(number), tone: "bold" },
          { text: printAge(createTimeMs, shell.nowMs()), tone: "dim" },
          { text: actorText(createCause?.actor) },
          { text: [...changedPolicyIds, ...removedPolicyIds.map((id) => `-${id}`)].join(", ") },
          { text: createCause?.reason ?? "" },
        ]),
      );
    },
  };
}

export async function explainAccess(context: Context): Promise<Result> {
  const { print, values } = context;
  const actor = actorIn(context, values.argument("PRINCIPAL"));
  const action = values.argument("ACTION");
  const [resourceKind = "", ...rest] = (values.text("about") ?? "").split("/");
  const server = await connect(context);
  const question = {
    actor,
    action,
    groups: [...values.texts("group")],
    resourceKind,
    resourceId: rest.join("/"),
    resourceLabels: values.labels("label"),
  };
  const reply = await server.call("access.ask", { query: server.namespace, body: { questions: [question] } });
  const [decision] = reply.decisions;
  const isAllowed = decision?.allowed === true;
  return {
    json: decision,
    quiet: [isAllowed ? "allowed" : "denied"],
    draw: () => {
      const verdict = isAllowed ? print.style.green("allowed") : print.style.red("denied");
      print.line(`${verdict}  ${safe(actorText(actor))} ${safe(action)}: ${becauseOf(decision)}`);
      if (!isAllowed) print.note(adviceFor(decision));
      for (const fault of decision?.errors ?? [])
        print.line(`  ${print.style.yellow("fault")} ${safe(fault)}`);
      if (decision?.shadowAllowed !== undefined)
        print.line(
          `  in shadow mode: ${decision.shadowAllowed ? "allowed" : "denied"} by ${named(decision.shadowPolicies)}`,
        );
    },
    exitCode: isAllowed ? exitCodes.completed : exitCodes.failed,
  };
}

function adviceFor(decision: Pick<Decision, "policies" | "errors"> | undefined): string {
  if ((decision?.errors.length ?? 0) > 0) return "The errors of the request or the policies follow.";
  if ((decision?.policies.length ?? 0) > 0)
    return "A role cannot override a policy that forbids. Change the policy: tutti policy apply.";
  return "Bind a role (tutti role bind), or apply a policy (tutti policy apply).";
}

function becauseOf(decision: Pick<Decision, "allowed" | "policies"> | undefined): string {
  if (decision === undefined) return "";
  const { allowed, policies } = decision;
  if (policies.length === 0) return "no role or policy allows it";
  return `${allowed === true ? "permitted" : "forbidden"} by ${named(policies)}`;
}

function named(policies: readonly PolicyReference[]): string {
  return policies
    .map(({ namespace = "", policyId = "", statement = 0, reason = "" }) => {
      const place = statement > 0 ? ` (statement ${statement})` : "";
      return safe(`${namespace}/${policyId}${place}${reason === "" ? "" : `: ${reason}`}`);
    })
    .join("; ");
}
