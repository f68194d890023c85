/** Asks the client for the approvals of its run, and records the answers. */
import { isTuttiError } from "@tutti/kernel";
import type { Approval, Run } from "@tutti/rest/types";
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

  /** Open approvals that the caller may answer and has not. A caller that may not see approvals has none. */
  async open(
    { context, namespace }: QuestionCall,
    { runId, openApprovals = 0 }: Run,
  ): Promise<readonly Approval[]> {
    if (openApprovals === 0) return [];
    try {
      const query = { namespace, workId: runId, mine: "true" };
      const { approvals } = await this.#calls.call("approvals.list", context, { query });
      return approvals.filter((approval) => !isAnsweredBy(approval, context.principal.id));
    } catch (error) {
      if (isTuttiError(error) && error.status === "PERMISSION_DENIED") return [];
      throw error;
    }
  }

  /** Decides the approvals that have an answer. Other answers are ignored: their approvals have been decided. */
  async decideAnswered(call: QuestionCall, run: Run, responses: Json): Promise<Answers> {
    const refused = new Map<string, string>();
    let isCancelled = false;
    for (const approval of await this.open(call, run)) {
      const { approvalId } = approval;
      if (!Object.hasOwn(responses, approvalId)) continue;
      try {
        const isDecided = await this.decide(call, run.runId, approval, responses[approvalId]);
        if (!isDecided) isCancelled = true;
      } catch (error) {
        if (!(error instanceof WrongAnswer) && !isTuttiError(error)) throw error;
        refused.set(approvalId, error.message);
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
      body: { runId, ...decision },
    });
    return true;
  }
}

/** Approvals as requests of the version without a handshake, each by the id of its approval. */
export function requestsOf(
  approvals: readonly Approval[],
  refused: ReadonlyMap<string, string> = new Map(),
): Json {
  return Object.fromEntries(
    approvals.map((approval) => {
      const { message, ...params } = requestOf(approval);
      const problem = refused.get(approval.approvalId);
      const text = problem === undefined ? message : `${problem}\n${message}`;
      return [approval.approvalId, { method: "elicitation/create", params: { ...params, message: text } }];
    }),
  );
}
