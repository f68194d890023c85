/**
 * Decisions and refusals of this process, handed on in batches to be recorded.
 *
 * 1. It never delays or fails the decided operation: a refusal is valid whether or not it can be recorded.
 * 2. Equal decisions (actor, action, place, outcome) are one record with a count. Beyond a bound they are counted as
 *    left out, with a separate record for refusals. So a flood of them costs a bounded number of records, and none is
 *    attributed to another actor.
 * 3. Records that could not be handed on are kept for the next batch, within the same bound.
 * 4. A completed action is handed on at once, and its caller learns whether it was accepted. Otherwise it is handed on
 *    again later: the first time may have been accepted without an acknowledgement.
 * 5. A record that its receiver refuses delays no others: it is left out and reported.
 * 6. Actions that require a record leave room for the records of actions that do not.
 */
import {
  AuditRecord,
  AuditResult,
  type auditService,
  Decision as DecisionRecord,
  type policyService,
} from "@tutti/contracts/governance/v1";
import {
  type Component,
  type Foundation,
  isTuttiError,
  type TuttiError,
  toErrorDetail,
  toTimestamp,
} from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { systemNamespace } from "@tutti/policy";
import { Flusher } from "../flusher.ts";
import type { Authorization } from "./authorizer.ts";
import { accessErrors } from "./errors.ts";

/** Accepts records. Rejects if they are not accepted. */
export interface ReportTaker {
  readonly decisions: (records: readonly DecisionRecord[], leftOut: number) => Promise<void>;
  readonly refusals: (records: readonly AuditRecord[]) => Promise<void>;
}

export interface Refusal {
  readonly error: TuttiError;
  /** Undefined if no caller was identified. */
  readonly actor: AuditRecord["cause"];
  readonly namespace: string;
  readonly action: string;
  readonly address: string;
}

/** An action at an edge that is in no journal of its own. */
export type Done = Required<Pick<AuditRecord, "cause" | "namespace" | "action" | "work" | "address">>;

/** Outcome of a record: it was accepted, it may have been or may yet be, or it never will be. */
export type Recorded = "recorded" | "unheard" | "left_out";

interface Untaken {
  readonly done: readonly WaitingRecord[];
  readonly refusals: Map<string, AuditRecord>;
  readonly refusalsLeftOut: number;
}

interface WaitingRecord {
  readonly record: AuditRecord;
  readonly resolve: (recorded: Recorded) => void;
}

export interface ReportsParts {
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
  readonly taker: ReportTaker;
  readonly instance: string;
  readonly newId: () => string;
  readonly everyMs: number;
  /** Returns the number of the current bundle. */
  readonly bundle: () => number;
}

const keptMax = 1_000;
/** The action under which the audit lists the number of records left out. */
const leftOutAction = "access.refusals.left_out";
const doneMax = 9_000;
/**
 * While this many wait, no action starts that requires a record: each that fails would add a second one, for its end.
 */
const yetToBeDoneMax = 3_000;
/** Maximum duration of handing on: only after it is a failure certain. */
const handOnMs = 10_000;

export class Reports implements Component {
  readonly #parts: ReportsParts;
  #decisions = new Map<string, DecisionRecord>();
  #refusals = new Map<string, AuditRecord>();
  /** Each separately: none represents another. */
  #done: WaitingRecord[] = [];
  /** Number of these, including those that are being handed on. */
  #doneWaiting = 0;
  #leftOut = 0;
  #refusalsLeftOut = 0;
  readonly #flusher: Flusher;

  constructor(parts: ReportsParts) {
    this.#parts = parts;
    this.#flusher = new Flusher({
      timers: parts.foundation.timers,
      everyMs: parts.everyMs,
      flush: () => this.#flush(),
      isEmpty: () => this.#decisions.size + this.#refusals.size + this.#done.length === 0,
    });
  }

  decided({ question, verdict, decision }: Authorization): void {
    const { actor, action, namespace, resourceKind, resourceId, groups, labels } = question;
    const key = `${decision.allowed} ${actor.kind}:${actor.id} ${namespace} ${action}`;
    const known = this.#decisions.get(key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    if (this.#decisions.size >= keptMax) {
      this.#leftOut++;
      return;
    }
    const { clock } = this.#parts.foundation;
    this.#decisions.set(
      key,
      DecisionRecord.fromPartial({
        decisionId: this.#parts.newId(),
        decideTime: toTimestamp(clock.now()),
        question: {
          actor,
          groups: [...groups],
          action,
          resourceKind,
          resourceId,
          inNamespace: namespace,
          resourceLabels: { ...labels },
        },
        allowed: decision.allowed,
        policies: [...(verdict?.policies ?? [])],
        errors: [...(verdict?.errors ?? [])],
        shadowAllowed: verdict?.shadow?.allowed,
        shadowPolicies: [...(verdict?.shadow?.policies ?? [])],
        bundle: this.#parts.bundle(),
        instance: this.#parts.instance,
        count: 1,
      }),
    );
    this.#flusher.schedule();
  }

  refused({ error, actor, namespace, action, address }: Refusal): void {
    const key = `${error.code} ${actor?.actor?.kind}:${actor?.actor?.id} ${namespace} ${action} ${address}`;
    const known = this.#refusals.get(key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    if (this.#refusals.size >= keptMax) {
      this.#refusalsLeftOut++;
      return;
    }
    this.#refusals.set(
      key,
      AuditRecord.fromPartial({
        namespace,
        action,
        address,
        count: 1,
        cause: actor,
        time: toTimestamp(this.#parts.foundation.clock.now()),
        result: AuditResult.AUDIT_RESULT_REFUSED,
        error: toErrorDetail(error),
      }),
    );
    this.#flusher.schedule();
  }

  /**
   * Resolves with whether it is recorded, as soon as that is known.
   *
   * @param isYetToBeDone the action waits for its record, and does not happen without it
   */
  async done(done: Done, isYetToBeDone = false): Promise<Recorded> {
    const { foundation } = this.#parts;
    if (this.#doneWaiting >= (isYetToBeDone ? yetToBeDoneMax : doneMax)) {
      const { action } = done;
      if (!isYetToBeDone) foundation.logger.warn("edge activity not recorded: queue is full", { action });
      return "left_out";
    }
    const { promise: recorded, resolve } = Promise.withResolvers<Recorded>();
    const record = AuditRecord.fromPartial({
      ...done,
      count: 1,
      result: AuditResult.AUDIT_RESULT_DONE,
      time: toTimestamp(foundation.clock.now()),
    });
    this.#done.push({ record, resolve });
    this.#doneWaiting++;
    const timer = foundation.timers.after(handOnMs, () => resolve("unheard"));
    void this.#flushDone();
    const answer = await recorded;
    timer.cancel();
    return answer;
  }

  /** Waits for the present handover. Records that cannot be handed on wait for the next one. */
  async #flushDone(): Promise<void> {
    await this.#flusher.running;
    if (this.#done.length > 0) await this.#flush();
    if (this.#done.length > 0) this.#flusher.schedule();
  }

  stop(): Promise<void> {
    return this.#flusher.flushAndStop();
  }

  async #flush(): Promise<void> {
    const { taker, foundation } = this.#parts;
    const [decisions, refusals, leftOut] = [this.#decisions, this.#refusals, this.#leftOut];
    const done = this.#done;
    const refusalsLeftOut = this.#refusalsLeftOut;
    this.#done = [];
    this.#decisions = new Map();
    this.#refusals = new Map();
    this.#leftOut = 0;
    this.#refusalsLeftOut = 0;
    if (decisions.size + leftOut > 0)
      await taker.decisions([...decisions.values()], leftOut).catch((error: unknown) => {
        foundation.logger.debug("failed to forward decisions", { error });
        this.#leftOut += leftOut;
        for (const record of decisions.values()) this.#leftOut += record.count;
      });
    if (refusals.size + done.length > 0) {
      const left = refusalsLeftOut > 0 ? [this.#leftOutRecord(refusalsLeftOut)] : [];
      const become = new Map<AuditRecord, Recorded>();
      await this.#handOn([...refusals.values(), ...done.map(({ record }) => record), ...left], become);
      for (const { record, resolve } of done) resolve(become.get(record) ?? "recorded");
      const unheard = done.filter(({ record }) => become.get(record) === "unheard");
      this.#doneWaiting -= done.length - unheard.length;
      for (const [key, record] of refusals) {
        if (become.get(record) === "left_out") this.#refusalsLeftOut += record.count;
        if (become.get(record) !== "unheard") refusals.delete(key);
      }
      const isLeftUnheard = left.some((record) => become.get(record) === "unheard");
      this.#keep({ done: unheard, refusals, refusalsLeftOut: isLeftUnheard ? refusalsLeftOut : 0 });
    }
  }

  /**
   * Returns the outcome of records that were not accepted. It finds those that the receiver refuses by halving the
   * batch.
   */
  async #handOn(records: readonly AuditRecord[], become: Map<AuditRecord, Recorded>): Promise<void> {
    const { taker, foundation } = this.#parts;
    const error: unknown = await taker.refusals(records).then(
      () => undefined,
      (thrown: unknown) => thrown ?? "nothing was said",
    );
    if (error === undefined) return;
    const isWrong = isTuttiError(error) && error.status === "INVALID_ARGUMENT";
    if (isWrong && records.length > 1) {
      const half = Math.ceil(records.length / 2);
      await this.#handOn(records.slice(0, half), become);
      await this.#handOn(records.slice(half), become);
      return;
    }
    if (isWrong) foundation.logger.error("invalid audit record, skipped", { error });
    else foundation.logger.debug("failed to forward rejections", { error });
    for (const record of records) become.set(record, isWrong ? "left_out" : "unheard");
  }

  /** Keeps records for the next time. */
  #keep({ done, refusals, refusalsLeftOut }: Untaken): void {
    this.#done = [...done, ...this.#done];
    this.#refusalsLeftOut += refusalsLeftOut;
    // The older ones first: they take precedence over later ones.
    const later = this.#refusals;
    this.#refusals = refusals;
    for (const [key, record] of later) {
      const known = refusals.get(key);
      if (known !== undefined) known.count += record.count;
      else if (refusals.size < keptMax) refusals.set(key, record);
      else this.#refusalsLeftOut += record.count;
    }
  }

  /** Returns a record with the number of refusals without a record. */
  #leftOutRecord(count: number): AuditRecord {
    const { clock } = this.#parts.foundation;
    return AuditRecord.fromPartial({
      namespace: systemNamespace,
      action: leftOutAction,
      count,
      time: toTimestamp(clock.now()),
      result: AuditResult.AUDIT_RESULT_REFUSED,
      error: toErrorDetail(accessErrors.refusalsLeftOut({ count, most: keptMax })),
    });
  }
}

/** Hands on by the contracts: one batch per stream, because there is at most one every few seconds. */
export function takerAt({
  policies,
  audit,
  timeoutMs = handOnMs,
}: {
  readonly policies: Pick<Client<typeof policyService>, "recordDecisions">;
  readonly audit: Pick<Client<typeof auditService>, "recordRefusals">;
  readonly timeoutMs?: number;
}): ReportTaker {
  const batch = 1;
  return {
    async decisions(records, leftOut) {
      const requests = async function* () {
        yield { batch, decisions: [...records], leftOut };
      };
      for await (const reply of policies.recordDecisions(requests(), { timeoutMs }))
        if (reply.batch >= batch) return;
      throw new Error("the stream ended before the batch was taken");
    },
    async refusals(records) {
      const requests = async function* () {
        yield { batch, records: [...records] };
      };
      for await (const reply of audit.recordRefusals(requests(), { timeoutMs }))
        if (reply.batch >= batch) return;
      throw new Error("the stream ended before the batch was taken");
    },
  };
}
