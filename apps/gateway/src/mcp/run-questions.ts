/** Asks the client for the approvals of its run, of its tasks in inboxes and of its child runs, and records the answers. */
import { mayDecide } from "@tutti/host/serving";
import { isTuttiError } from "@tutti/kernel";
import type { Approval, Run } from "@tutti/rest/types";
import {
  isOfOtherRun,
  mayWaitForOtherRun,
  openQuestions,
  placeText,
  type QuestionPolling,
} from "../calls/related-questions.ts";
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
   * Open questions of a run, of its tasks in inboxes and of its child runs. A caller that may not see approvals has none.
   *
   * @param polling when to poll for questions of other runs. Default: now
   */
  async open(
    { context, namespace }: QuestionCall,
    run: Run,
    polling?: QuestionPolling,
  ): Promise<readonly Approval[]> {
    const { runId, openApprovals = 0 } = run;
    if (openApprovals === 0 && !(polling?.isDue(run) ?? mayWaitForOtherRun(run))) return [];
    const open = await openQuestions(this.#calls, context, { namespace, runId });
    polling?.found(open.some((approval) => isOfOtherRun(approval, runId)));
    return open;
  }

  /** Returns the question that a caller names by the run that waits, with the id of the approval or of its own task. */
  async named(
    { context, namespace }: QuestionCall,
    runId: string,
    approvalId: string,
  ): Promise<{ readonly runId: string; readonly approvalId: string }> {
    const open = await openQuestions(this.#calls, context, { namespace, runId });
    const named = open.filter(({ approvalId: id, inboxTask }) =>
      [id, inboxTask?.about?.id === runId ? inboxTask.about.task : undefined].includes(approvalId),
    );
    const own = named.filter((approval) => !isOfOtherRun(approval, runId));
    const [asking, ...more] = own.length > 0 ? own : named;
    if (asking?.about === undefined || more.length > 0) return { runId, approvalId };
    return { runId: asking.about.id, approvalId: asking.approvalId };
  }

  /** Decides the approvals that have an answer. Other answers are ignored: their approvals have been decided. */
  async decideAnswered(call: QuestionCall, run: Run, responses: Json): Promise<Answers> {
    const refused = new Map<string, string>();
    let isCancelled = false;
    for (const approval of forCaller(call, await this.open(call, run))) {
      const name = nameOf(approval, run.runId);
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

/** The questions that the caller may answer and has not. */
export function forCaller(
  { context }: Pick<QuestionCall, "context">,
  open: readonly Approval[],
): readonly Approval[] {
  const { principal } = context;
  return open.filter((approval) => mayDecide(approval, principal) && !isAnsweredBy(approval, principal.id));
}

/** Says where the questions of other runs are open: `waits in the inbox finance for ann`. Empty for none. */
export function placesText(open: readonly Approval[], runId: string): string {
  const texts = open.map((approval) => placeText(approval, runId));
  return [...new Set(texts.filter((text) => text !== undefined))].join(", ");
}

/** The name of a question of a run. Tasks in inboxes and child runs may have equal ids of approvals. */
function nameOf(approval: Approval, runId: string): string {
  const { approvalId, about } = approval;
  return isOfOtherRun(approval, runId) ? `${about?.id} ${approvalId}` : approvalId;
}

/** Approvals as requests of the version without a handshake, each by its name. */
export function requestsOf(
  approvals: readonly Approval[],
  runId: string,
  refused: ReadonlyMap<string, string> = new Map(),
): Json {
  return Object.fromEntries(
    approvals.map((approval) => {
      const { message, ...params } = requestOf(approval);
      const name = nameOf(approval, runId);
      const problem = refused.get(name);
      const text = problem === undefined ? message : `${problem}\n${message}`;
      return [name, { method: "elicitation/create", params: { ...params, message: text } }];
    }),
  );
}
