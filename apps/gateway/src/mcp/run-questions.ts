/** Asks the client for the approvals of its run and of its tasks in inboxes, and records the answers. */
import { isTuttiError } from "@tutti/kernel";
import type { Approval, Run } from "@tutti/rest/types";
import { type InboxPolling, inboxText, mayWaitInInbox, openQuestions } from "../calls/inbox-questions.ts";
import type { RequestContext } from "../calls/request-context.ts";
import type { RouteCalls } from "../calls/route-calls.ts";
import type { Json } from "./protocol.ts";
import { decisionIn, isAnsweredBy, requestOf, WrongAnswer } from "./questions.ts";

interface QuestionCall {
  readonly context: RequestContext;
  readonly namespace: string;
}

/** The results of the answers of a client. */
export interface Answers {
  /** Why an answer was not accepted, by the id of its approval. */
  readonly refused: ReadonlyMap<string, string>;
  readonly isCancelled: boolean;
}

export class RunQuestions {
  readonly #calls: RouteCalls;

  constructor(calls: RouteCalls) {
    this.#calls = calls;
  }

  /**
   * Open approvals that the caller may answer and has not. A caller that may not see approvals has none.
   *
   * @param polling when to poll inboxes. Default: now
   */
  async open(
    { context, namespace }: QuestionCall,
    run: Run,
    polling?: InboxPolling,
  ): Promise<readonly Approval[]> {
    const { runId, openApprovals = 0 } = run;
    if (openApprovals === 0 && !(polling?.isDue(run) ?? mayWaitInInbox(run))) return [];
    const approvals = await openQuestions(this.#calls, context, { namespace, runId, mine: true });
    polling?.found(approvals.some(({ inboxTask }) => inboxTask !== undefined));
    return approvals.filter((approval) => !isAnsweredBy(approval, context.principal.id));
  }

  /** Says which people a run waits for in inboxes: `waits in the inbox finance for ann`. Empty for none. */
  async inboxText({ context, namespace }: QuestionCall, run: Run): Promise<string> {
    if (!mayWaitInInbox(run)) return "";
    const { runId } = run;
    const texts = (await openQuestions(this.#calls, context, { namespace, runId })).map(inboxText);
    return [...new Set(texts.filter((text) => text !== undefined))].join(", ");
  }

  /** Returns the question that a caller names by its ids, or by the run and the task that wait in an inbox. */
  async named(
    { context, namespace }: QuestionCall,
    runId: string,
    approvalId: string,
  ): Promise<{ readonly runId: string; readonly approvalId: string }> {
    const open = await openQuestions(this.#calls, context, { namespace, runId });
    const [asking, ...more] = open.filter(
      (approval) =>
        approval.inboxTask !== undefined &&
        [approval.approvalId, approval.inboxTask.about?.task].includes(approvalId),
    );
    if (asking?.about === undefined || more.length > 0) return { runId, approvalId };
    return { runId: asking.about.id, approvalId: asking.approvalId };
  }

  /** Decides the approvals that have an answer. Other answers are ignored: their approvals have been decided. */
  async decideAnswered(call: QuestionCall, run: Run, responses: Json): Promise<Answers> {
    const refused = new Map<string, string>();
    let isCancelled = false;
    for (const approval of await this.open(call, run)) {
      const name = nameOf(approval);
      if (!Object.hasOwn(responses, name)) continue;
      try {
        const isDecided = await this.decide(call, run.runId, approval, responses[name]);
        if (!isDecided) isCancelled = true;
      } catch (error) {
        if (!(error instanceof WrongAnswer) && !isTuttiError(error)) throw error;
        refused.set(name, error.message);
      }
    }
    return { refused, isCancelled };
  }

  /** Returns false if the answer decides nothing. */
  async decide(
    { context, namespace }: QuestionCall,
    runId: string,
    approval: Approval,
    response: unknown,
  ): Promise<boolean> {
    const decision = decisionIn(approval, response);
    if (decision === undefined) return false;
    const params = { id: approval.approvalId };
    await this.#calls.call("approvals.decide", context, {
      params,
      query: { namespace },
      body: { runId: approval.about?.id ?? runId, ...decision },
    });
    return true;
  }
}

/** The name of a question of a run. Its tasks in inboxes ask in runs of their own, by equal ids of approvals. */
function nameOf({ approvalId, about, inboxTask }: Approval): string {
  return inboxTask === undefined ? approvalId : `${about?.id} ${approvalId}`;
}

/** Approvals as requests of the version without a handshake, each by its name. */
export function requestsOf(
  approvals: readonly Approval[],
  refused: ReadonlyMap<string, string> = new Map(),
): Json {
  return Object.fromEntries(
    approvals.map((approval) => {
      const { message, ...params } = requestOf(approval);
      const problem = refused.get(nameOf(approval));
      const text = problem === undefined ? message : `${problem}\n${message}`;
      return [nameOf(approval), { method: "elicitation/create", params: { ...params, message: text } }];
    }),
  );
}
