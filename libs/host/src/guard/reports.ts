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
export interface ReportSink {
  readonly decisions: (records: readonly DecisionRecord[], dropped: number) => Promise<void>;
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
export type EdgeAction = Required<Pick<AuditRecord, "cause" | "namespace" | "action" | "work" | "address">>;

/** Outcome of a record: it was accepted, it may have been or may yet be, or it never will be. */
export type Recorded = "recorded" | "undelivered" | "left_out";

interface Undelivered {
  readonly done: readonly WaitingRecord[];
  readonly refusals: Map<string, AuditRecord>;
  readonly refusalsDropped: number;
}

interface WaitingRecord {
  readonly record: AuditRecord;
  readonly resolve: (recorded: Recorded) => void;
}

export interface ReportsParts {
  readonly foundation: Pick<Foundation, "clock" | "timers" | "logger">;
  readonly sink: ReportSink;
  readonly instance: string;
  readonly newId: () => string;
  readonly everyMs: number;
  /** Returns the number of the current bundle. */
  readonly bundle: () => number;
}

const pendingMax = 1_000;
/** The action under which the audit lists the number of records left out. */
const droppedAction = "access.refusals.left_out";
const doneMax = 9_000;
/**
 * While this many wait, no action starts that requires a record: each that fails would add a second one, for its end.
 */
const yetToBeDoneMax = 3_000;
/** Maximum duration of handing on: only after it is a failure certain. */
const deliveryTimeoutMs = 10_000;

export class Reports implements Component {
  readonly #parts: ReportsParts;
  #decisions = new Map<string, DecisionRecord>();
  #refusals = new Map<string, AuditRecord>();
  /** Each separately: none represents another. */
  #done: WaitingRecord[] = [];
  /** Number of these, including those that are being handed on. */
  #doneWaiting = 0;
  #dropped = 0;
  #refusalsDropped = 0;
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
    if (this.#decisions.size >= pendingMax) {
      this.#dropped++;
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
    if (this.#refusals.size >= pendingMax) {
      this.#refusalsDropped++;
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
  async done(done: EdgeAction, isYetToBeDone = false): Promise<Recorded> {
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
    const timer = foundation.timers.after(deliveryTimeoutMs, () => resolve("undelivered"));
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
    const { sink, foundation } = this.#parts;
    const [decisions, refusals, dropped] = [this.#decisions, this.#refusals, this.#dropped];
    const done = this.#done;
    const refusalsDropped = this.#refusalsDropped;
    this.#done = [];
    this.#decisions = new Map();
    this.#refusals = new Map();
    this.#dropped = 0;
    this.#refusalsDropped = 0;
    if (decisions.size + dropped > 0)
      await sink.decisions([...decisions.values()], dropped).catch((error: unknown) => {
        foundation.logger.debug("failed to forward decisions", { error });
        this.#dropped += dropped;
        for (const record of decisions.values()) this.#dropped += record.count;
      });
    if (refusals.size + done.length > 0) {
      const droppedRecords = refusalsDropped > 0 ? [this.#droppedRecord(refusalsDropped)] : [];
      const outcomes = new Map<AuditRecord, Recorded>();
      await this.#deliver(
        [...refusals.values(), ...done.map(({ record }) => record), ...droppedRecords],
        outcomes,
      );
      for (const { record, resolve } of done) resolve(outcomes.get(record) ?? "recorded");
      const undelivered = done.filter(({ record }) => outcomes.get(record) === "undelivered");
      this.#doneWaiting -= done.length - undelivered.length;
      for (const [key, record] of refusals) {
        if (outcomes.get(record) === "left_out") this.#refusalsDropped += record.count;
        if (outcomes.get(record) !== "undelivered") refusals.delete(key);
      }
      const isCountUndelivered = droppedRecords.some((record) => outcomes.get(record) === "undelivered");
      this.#requeue({
        done: undelivered,
        refusals,
        refusalsDropped: isCountUndelivered ? refusalsDropped : 0,
      });
    }
  }

  /**
   * Returns the outcome of records that were not accepted. It finds those that the receiver refuses by halving the
   * batch.
   */
  async #deliver(records: readonly AuditRecord[], outcomes: Map<AuditRecord, Recorded>): Promise<void> {
    const { sink, foundation } = this.#parts;
    const error: unknown = await sink.refusals(records).then(
      () => undefined,
      (thrown: unknown) => thrown ?? "no reason",
    );
    if (error === undefined) return;
    const isWrong = isTuttiError(error) && error.status === "INVALID_ARGUMENT";
    if (isWrong && records.length > 1) {
      const half = Math.ceil(records.length / 2);
      await this.#deliver(records.slice(0, half), outcomes);
      await this.#deliver(records.slice(half), outcomes);
      return;
    }
    if (isWrong) foundation.logger.error("invalid audit record, skipped", { error });
    else foundation.logger.debug("failed to forward rejections", { error });
    for (const record of records) outcomes.set(record, isWrong ? "left_out" : "undelivered");
  }

  /** Keeps records for the next time. */
  #requeue({ done, refusals, refusalsDropped }: Undelivered): void {
    this.#done = [...done, ...this.#done];
    this.#refusalsDropped += refusalsDropped;
    // The older ones first: they take precedence over later ones.
    const later = this.#refusals;
    this.#refusals = refusals;
    for (const [key, record] of later) {
      const known = refusals.get(key);
      if (known !== undefined) known.count += record.count;
      else if (refusals.size < pendingMax) refusals.set(key, record);
      else this.#refusalsDropped += record.count;
    }
  }

  /** Returns a record with the number of refusals without a record. */
  #droppedRecord(count: number): AuditRecord {
    const { clock } = this.#parts.foundation;
    return AuditRecord.fromPartial({
      namespace: systemNamespace,
      action: droppedAction,
      count,
      time: toTimestamp(clock.now()),
      result: AuditResult.AUDIT_RESULT_REFUSED,
      error: toErrorDetail(accessErrors.refusalsLeftOut({ count, most: pendingMax })),
    });
  }
}

/** Hands on by the contracts: one batch per stream, because there is at most one every few seconds. */
export function sinkAt({
  policies,
  audit,
  timeoutMs = deliveryTimeoutMs,
}: {
  readonly policies: Pick<Client<typeof policyService>, "recordDecisions">;
  readonly audit: Pick<Client<typeof auditService>, "recordRefusals">;
  readonly timeoutMs?: number;
}): ReportSink {
  const batch = 1;
  return {
    async decisions(records, dropped) {
      const requests = async function* () {
        yield { batch, decisions: [...records], leftOut: dropped };
      };
      for await (const reply of policies.recordDecisions(requests(), { timeoutMs }))
        if (reply.batch >= batch) return;
      throw new Error("the stream ended before the batch was accepted");
    },
    async refusals(records) {
      const requests = async function* () {
        yield { batch, records: [...records] };
      };
      for await (const reply of audit.recordRefusals(requests(), { timeoutMs }))
        if (reply.batch >= batch) return;
      throw new Error("the stream ended before the batch was accepted");
    },
  };
}
