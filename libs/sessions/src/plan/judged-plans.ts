/**
 * Plans are checked by rules before any task starts. If a rule requires approval, the plan starts after people have
 * approved.
 *
 * 1. While a question is open no task of the part starts, and the plan is not recorded: it is made again after the
 *    answer, in the situation of that time.
 * 2. An approved question is not asked again if its text is the same. After a crash it is asked once more, and finds
 *    its answer.
 * 3. A rejection is thrown, like a refusal.
 */
import type { NewPlan, PlannedPlace } from "@tutti/contracts/session/v1";
import { Cause } from "@tutti/contracts/types/v1";
import type { CallContext, Foundation, InstanceKey } from "@tutti/kernel";
import type { SessionView } from "@tutti/machine-session";
import type { RequestOptions } from "../substrate/substrate.ts";
import type { HeldPlans } from "./held-plans.ts";

/** Rules about plans. */
export interface PlanRules {
  /** Returns whether any rule covers the plans of a namespace. */
  concernsPlans(namespace: string): boolean;
  /**
   * Returns the questions to people before a plan by `cause` for `requester` may start. Throws if rules reject
   * it.
   */
  plan(about: JudgedPlan, cause: Cause, requester: Cause): readonly PlanQuestion[];
}

interface PlanQuestion {
  /** Name that is the same for the same question about the same part. */
  readonly name: string;
  readonly message: string;
  /** Returns the open approval request. Undefined after an approval. Rejects with the person who rejected it. */
  requestDecision(
    caller: Pick<CallContext, "deadlineMs" | "signal" | "trace" | "logger">,
  ): Promise<string | undefined>;
}

interface JudgedPlan {
  readonly namespace: string;
  readonly session: string;
  readonly part: number;
  readonly reason: string;
  readonly expectedEndMs: number;
  readonly tasks: readonly {
    readonly id: string;
    readonly capability: string;
    readonly agent: string;
    readonly startMs: number;
    readonly endMs: number;
    readonly begins: boolean;
  }[];
}

export interface ProposedPlan {
  readonly begin: readonly PlannedPlace[];
  /** New plan. Undefined if only the starts have changed. */
  readonly plan: Pick<NewPlan, "reason" | "expectedEndMs" | "places"> | undefined;
}

export interface JudgedPlansParts {
  readonly rules: PlanRules | undefined;
  readonly heldPlans: HeldPlans;
  /** Principal in whose name plans are made. */
  readonly cause: Cause;
  readonly foundation: Pick<Foundation, "clock" | "logger">;
}

interface PlannedSession extends Pick<SessionView, "createCause"> {
  readonly tasks: readonly { readonly spec: Pick<SessionView["tasks"][number]["spec"], "id" | "work"> }[];
}

interface ApprovalOptions extends RequestOptions {
  readonly signal: AbortSignal;
}

/** Interval of checks for a decision. */
const approvalPollMs = 1_000;
const approvalTimeoutMs = 10_000;
const noTrace = { traceId: "", spanId: "", sampled: false };

/** Plans of one part. */
export class JudgedPlans {
  readonly #parts: JudgedPlansParts;
  readonly #key: InstanceKey;
  readonly #part: number;
  readonly #approved = new Set<string>();
  #open: readonly PlanQuestion[] = [];
  #nextPollMs = 0;

  constructor(parts: JudgedPlansParts, key: InstanceKey, part: number) {
    this.#parts = parts;
    this.#key = key;
    this.#part = part;
  }

  /**
   * Returns whether a plan and its starts may be executed now. Otherwise a person is asked first. Throws if
   * rules reject it.
   */
  admits(view: PlannedSession, { begin, plan }: ProposedPlan): boolean {
    const { rules, cause } = this.#parts;
    const { namespace, id: session } = this.#key;
    if (rules?.concernsPlans(namespace) !== true) return true;
    const starting = new Set(begin.map(({ task }) => task));
    const later = (plan?.places ?? []).filter(({ task }) => !starting.has(task));
    const judgedTask = (begins: boolean) => (place: PlannedPlace) => judgedTaskOf(view, place, begins);
    const tasks = [...begin.map(judgedTask(true)), ...later.map(judgedTask(false))];
    const { reason = "", expectedEndMs = 0 } = plan ?? {};
    const about = { namespace, session, part: this.#part, reason, expectedEndMs, tasks };
    const questions = rules.plan(about, cause, view.createCause ?? Cause.create());
    this.#open = questions.filter(({ name }) => !this.#approved.has(name));
    this.#nextPollMs = 0;
    return this.#open.length === 0;
  }

  /**
   * Returns whether a decision is open: nothing of the part starts until then. Rejects if a person rejected
   * it.
   */
  async isHeld({ signal, trace = noTrace }: ApprovalOptions): Promise<boolean> {
    if (this.#open.length === 0) return false;
    const { clock, logger } = this.#parts.foundation;
    if (clock.monotonic() < this.#nextPollMs) return true;
    const deadlineMs = clock.monotonic() + approvalTimeoutMs;
    const caller = { deadlineMs, signal, trace, logger };
    const answers = await Promise.all(
      this.#open.map(async (question) => ({ question, approval: await question.requestDecision(caller) })),
    );
    this.#nextPollMs = clock.monotonic() + approvalPollMs;
    const pending = answers.filter(({ approval }) => approval !== undefined);
    for (const { question, approval } of answers)
      if (approval === undefined) this.#approved.add(question.name);
    this.#open = pending.map(({ question }) => question);
    const questions = pending.map(({ question: { message }, approval = "" }) => ({ message, approval }));
    this.#parts.heldPlans.set(this.#key, this.#part, { questions, sinceMs: clock.now() });
    return pending.length > 0;
  }

  /** Stops planning the part in this process. */
  close(): void {
    this.#parts.heldPlans.set(this.#key, this.#part, { questions: [], sinceMs: 0 });
  }
}

function judgedTaskOf(view: PlannedSession, { task, agent, startMs, endMs }: PlannedPlace, begins: boolean) {
  const { id = "", work } = view.tasks[task]?.spec ?? {};
  return { id, capability: work?.$case === "capability" ? work.value : "", agent, startMs, endMs, begins };
}
