import { callOf, questionText } from "@tutti/rest/history";
import type { Approval } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import { readInput } from "../../command/input.ts";
import type { Result } from "../../command/presenter.ts";
import type { Server } from "../../server/calls.ts";
import { openQuestions, questionsOfFamily, waitingWork } from "../../server/questions.ts";
import { connect } from "../../server/server.ts";
import { safe } from "../../terminal/text.ts";
import { printAge } from "../../terminal/time.ts";

/** Answers a question to a person. Without a run, lists the open questions. */
export async function approve(context: Context): Promise<Result> {
  const { values, shell } = context;
  const id = values.optionalArgument("ID");
  // The task may be left out: `approve order-18 accepted=true`.
  const args = [values.optionalArgument("TASK"), ...values.manyArguments("DATA")].filter(
    (arg) => arg !== undefined,
  );
  const task = args[0]?.includes("=") === false ? args.shift() : undefined;
  const data = await readInput([...values.texts("form"), ...args], shell, "the form");
  const server = await connect(context);
  if (id === undefined) return openResult(context, await openQuestions(server));
  const approval = await findQuestion(server, id, task);
  // Before the decision, so that the user sees the subject.
  context.print.note(safe(questionText(approval)));
  const reason = values.text("reason");
  const decision = {
    verdict: values.flag("reject") ? ("rejected" as const) : ("approved" as const),
    ...(data === undefined ? {} : { data }),
    ...(reason === undefined ? {} : { reason }),
  };
  const decided = await decide(server, { id: approval.about?.id ?? id, approval, decision }).catch(
    (error: unknown) => {
      throw withForm(error, approval);
    },
  );
  return {
    json: decided,
    draw: () => {
      printDecision(context, approval, decided);
    },
  };
}

interface Answer {
  readonly id: string;
  readonly approval: Approval;
  readonly decision: {
    readonly verdict: "approved" | "rejected";
    readonly data?: unknown;
    readonly reason?: string;
  };
}

function decide(server: Server, { id, approval, decision }: Answer): Promise<Approval> {
  const query = server.namespace;
  if (approval.about?.kind === "mission")
    return server.call("missions.decide", {
      params: { id, approval: approval.approvalId },
      query,
      body: decision,
    });
  return server.call("approvals.decide", {
    params: { id: approval.approvalId },
    query,
    body: { runId: id, ...decision },
  });
}

function openResult({ print, shell }: Context, open: readonly Approval[]): Result {
  return {
    json: { approvals: open },
    quiet: open.map(({ about, approvalId }) => `${about?.id ?? ""} ${approvalId}`),
    draw: () => {
      if (open.length === 0) print.note("No open approvals.");
      else {
        const nowMs = shell.nowMs();
        print.table(
          [
            { title: "run", widthMin: 10 },
            { title: "task", widthMin: 8, yields: 1 },
            { title: "question", widthMin: 16, yields: 1 },
            { title: "requested", align: "right", yields: 2 },
            { title: "form", yields: 2, widthMin: 8 },
            { title: "approved", yields: 2 },
            { title: "claimed by", yields: 2, widthMin: 8 },
          ],
          open.map((question) => {
            const { approvalId, requestTimeMs, form = "", claim } = question;
            const { id: workId, task: waiting } = waitingWork(question);
            return [
              { text: workId, tone: "bold" },
              waiting || approvalId,
              questionText(question),
              { text: requestTimeMs === undefined ? "" : printAge(requestTimeMs, nowMs), tone: "dim" },
              { text: fieldsOf(form).join(", "), tone: "dim" },
              progressOf(question),
              claim?.person ?? "",
            ];
          }),
        );
        print.note("");
        const hints = ["Approve: tutti approve RUN [TASK]      Reject: tutti approve RUN [TASK] --reject"];
        if (open.some(({ context }) => callOf(context) !== undefined))
          hints.push("Change the input of a call: tutti approve RUN --form input='{\"amount\":5}'");
        for (const hint of hints) print.note(print.errorStyle.dim(hint));
      }
    },
  };
}

/**
 * Returns an open question of a run, mission or session: the only one, or the one of a named task. The error lists the
 * questions, also of its children: a repeated command must not decide the question of a child instead.
 */
export async function findQuestion(server: Server, id: string, task: string | undefined): Promise<Approval> {
  const { kind, own, ofChildren } = await questionsOfFamily(server, id);
  const isNamed = (each: Approval) => each.approvalId === task || waitingWork(each).task === task;
  const matching = task === undefined ? own : own.filter(isNamed);
  const [only, ...more] = matching;
  const all = [...own, ...ofChildren];
  if (only !== undefined && more.length === 0 && (task !== undefined || all.length === 1)) return only;
  const problem =
    all.length === 0
      ? "has no open approvals."
      : task !== undefined && only === undefined
        ? `has no open approval \`${task}\`.`
        : only === undefined
          ? "has no open approvals, but its children have."
          : `${ofChildren.length > 0 ? "and its children have" : "has"} ${all.length} open approvals. Pass the id and the task.`;
  throw new Failure(`${kind[0]?.toUpperCase()}${kind.slice(1)} \`${id}\` ${problem}`, {
    next: [
      ...all.map((question) => {
        const { id: workId, task: waiting } = waitingWork(question);
        return [`tutti approve ${workId} ${waiting || question.approvalId}`, questionText(question)] as const;
      }),
      ...(all.length === 0 ? [[`tutti why ${id}`, "explains its state"] as const] : []),
    ],
    exitCode: exitCodes.refused,
    code: "no_such_question",
  });
}

function printDecision({ print }: Context, approval: Approval, decided: Approval): void {
  const { style } = print;
  const { id, task } = waitingWork(approval);
  const mine = decided.decisions.at(-1)?.verdict ?? decided.verdict;
  const isApproved = mine === "approved";
  const mark = isApproved ? style.green("✓ approved") : style.yellow("✗ rejected");
  const missing = (decided.approvalsNeeded ?? 1) - answersOf(decided);
  const open = decided.verdict === "unspecified" && missing > 0 ? `, ${missing} more needed` : "";
  print.line(`${mark}  ${safe(id)} ${safe(task || approval.approvalId)}${style.dim(open)}`);
}

/** Returns how many of the required people have approved. Empty if one is enough. */
export function progressOf({
  approvalsNeeded = 1,
  decisions,
}: Pick<Approval, "approvalsNeeded" | "decisions">): string {
  return approvalsNeeded > 1 ? `${answersOf({ decisions })} of ${approvalsNeeded}` : "";
}

/** Returns the number of people who have answered. Each counts once, also with delegates. */
function answersOf({ decisions }: Pick<Approval, "decisions">): number {
  return new Set(decisions.map(({ cause, onBehalfOf }) => onBehalfOf || cause?.actor?.id)).size;
}

/** Adds the fields of the form to an error about data that does not match it. */
function withForm(error: unknown, { form = "" }: Approval): unknown {
  const fields = fieldsOf(form);
  if (!(error instanceof Failure) || fields.length === 0 || error.exitCode !== exitCodes.refused)
    return error;
  return new Failure(error.message, {
    why: error.why,
    next: [...error.next, `The form asks for: ${fields.join(", ")}. Set each with --form KEY=VALUE.`],
    exitCode: error.exitCode,
    code: error.code,
    cause: error,
  });
}

/** Returns the names of the fields of a form. An asterisk marks required fields. */
function fieldsOf(form: string): string[] {
  if (form === "") return [];
  try {
    const { properties = {}, required = [] } = JSON.parse(form) as {
      readonly properties?: object;
      readonly required?: readonly string[];
    };
    return Object.keys(properties).map((name) => (required.includes(name) ? `${name}*` : name));
  } catch {
    return [];
  }
}
