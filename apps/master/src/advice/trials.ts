/**
 * Searches for recommendations, and brings trials to their end.
 *
 * 1. The process that owns the advice of a namespace does this, so one process compares each trial. A failed
 *    round is repeated with the next one.
 * 2. The verdict is in the journal before new runs follow it. An unsettled trial is settled again until it
 *    succeeds.
 * 3. If new runs are no longer divided as the trial set it, a user changed that. Then the trial ends, and the
 *    runs stay as they are. The same applies to a pool whose strategy was not set by this process.
 */
import { type Recommendation, RecommendationStatus } from "@tutti/contracts/intelligence/v1";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import { impureInputs } from "@tutti/definitions";
import { allEntries, type MachineDependencies, orIfAbsent, Rounds } from "@tutti/host/serving";
import {
  type Command,
  counted,
  type Foundation,
  fromTimestamp,
  type InstanceKey,
  type ReadOnly,
} from "@tutti/kernel";
import {
  endTrial,
  isOnTrial,
  judgeTrialOf,
  keepFound,
  recommended,
  settleTrial,
} from "@tutti/machine-entities/advice";
import { type FindingParts, findAbout, runsByDefault } from "./finding.ts";
import { isTriedIn } from "./pools.ts";

export interface TrialsParts extends MachineDependencies, FindingParts {
  readonly foundation: Foundation;
  readonly adviceEveryMs: number;
}

const {
  RECOMMENDATION_STATUS_TRIAL: onTrial,
  RECOMMENDATION_STATUS_APPLIED: applied,
  RECOMMENDATION_STATUS_EXPIRED: expired,
} = RecommendationStatus;

const trialRoundMs = 10_000;
/** Rounds in a short span, and the minimum for long rounds: the first round of a span sets its strategy. */
const spanRounds = { usual: 5, min: 2 };
/** If its version is not registered by then, the process that started the trial has ended. */
const startMaxMs = 60_000;
const workflowsMax = 100;
/** A check of a cache reads the tasks of many runs. */
const purityEveryRuns = 10;

const cause: Cause = {
  actor: { kind: ActorKind.ACTOR_KIND_SERVICE, id: "master" },
  traceparent: "",
  decision: "",
  reason: "advice",
};

export function adviceKeyOf(namespace: string): InstanceKey {
  return { namespace, kind: "advice", id: namespace };
}

export function subjectOfPool(name: string): string {
  return `pool:${name}`;
}

export class Trials extends Rounds {
  readonly #parts: TrialsParts;
  #searchedMs: number;
  /** The strategies that this process set for pools on trial, by namespace and recommendation. */
  readonly #set = new Map<string, string>();
  /** The span in which the strategies of a pool were last compared, by namespace and recommendation. */
  readonly #comparedSpan = new Map<string, number>();
  /** Runs of the previous version at the last check of a cache on trial, by namespace and recommendation. */
  readonly #purityCheckedAt = new Map<string, number>();

  constructor(parts: TrialsParts) {
    const { spanMs } = parts.pools;
    const everyMs = Math.min(trialRoundMs, spanMs / spanRounds.usual);
    super(parts.foundation, everyMs, "advice is not searched", spanMs / spanRounds.min);
    this.#parts = parts;
    // Not at the start of the process, which is busy enough.
    this.#searchedMs = parts.foundation.clock.monotonic();
  }

  protected async round(): Promise<void> {
    const { clock } = this.#parts.foundation;
    for (const { key, labels } of await allEntries(this.#parts, { namespace: "", kinds: ["advice"] }))
      if (Object.keys(labels).length > 0 && this.#owns(key)) await this.#advanceTrials(key);
    const { adviceEveryMs } = this.#parts;
    if (adviceEveryMs === 0 || clock.monotonic() - this.#searchedMs < adviceEveryMs) return;
    this.#searchedMs = clock.monotonic();
    const learned = await allEntries(this.#parts, { namespace: "", kinds: ["experience"] });
    for (const { key } of learned)
      if (this.#owns(adviceKeyOf(key.namespace))) {
        await this.#search(key.namespace);
        await this.#searchPools(key.namespace);
      }
  }

  #owns(key: InstanceKey): boolean {
    const { runtime, partitionOwner } = this.#parts;
    return partitionOwner.owns(runtime.service, runtime.partitionOf(key));
  }

  async #search(namespace: string): Promise<void> {
    const { workflows } = this.#parts;
    for (const subject of await workflows.names({ namespace }, workflowsMax)) {
      if (this.stopping.aborted) return;
      const { baseHash, found } = await findAbout(
        this.#parts,
        { namespace },
        { subject, count: runsByDefault, sinceMs: 0 },
      );
      const known = await this.#recommended(adviceKeyOf(namespace));
      if (found.length > 0 || known.some((each) => each.subject === subject))
        await this.#execute(adviceKeyOf(namespace), keepFound, { subject, baseHash, found });
    }
  }

  async #searchPools(namespace: string): Promise<void> {
    const { pools } = this.#parts;
    for (const name of await pools.names({ namespace })) {
      if (this.stopping.aborted) return;
      const subject = subjectOfPool(name);
      const { baseHash, found } = await pools.findAbout({ namespace }, name, 0);
      const known = await this.#recommended(adviceKeyOf(namespace));
      // On trial a pool has two strategies. A replay then describes one of them.
      if (known.some((each) => each.subject === subject && isOnTrial(each))) continue;
      if (found.length > 0 || known.some((each) => each.subject === subject))
        await this.#execute(adviceKeyOf(namespace), keepFound, { subject, baseHash, found });
    }
  }

  /** Advances each trial of a namespace. */
  async #advanceTrials(key: InstanceKey): Promise<void> {
    for (const each of (await this.#recommended(key)).filter(isOnTrial)) {
      if (this.stopping.aborted) return;
      if (each.status === onTrial) await this.#compare(key, each);
      const now = (await this.#recommended(key)).find(
        ({ recommendationId }) => recommendationId === each.recommendationId,
      );
      if (now !== undefined && now.status !== onTrial && isOnTrial(now)) await this.applyVerdict(key, now);
    }
  }

  async #compare(key: InstanceKey, each: ReadOnly<Recommendation>): Promise<void> {
    const { workflows, foundation } = this.#parts;
    const { recommendationId, subject, baseHash, trial } = each;
    const { namespace } = key;
    const startMs = trial?.startTime === undefined ? 0 : fromTimestamp(trial.startTime);
    const hash = trial?.hash ?? "";
    if (hash === "") {
      if (foundation.clock.now() - startMs < startMaxMs) return;
      const finding = "The start of the trial was not completed.";
      await this.#execute(key, endTrial, { recommendationId, finding, reopen: true });
      return;
    }
    if (each.pool !== "") return await this.#comparePool(key, each, startMs);
    const latest = await workflows.latest({ namespace }, subject);
    if (latest?.hash !== baseHash || latest.rollout?.hash !== hash) {
      const finding = "A user changed the workflow, or how its new runs are divided.";
      await this.#execute(key, endTrial, { recommendationId, finding, reopen: false });
      return;
    }
    const [before, tried] = [
      await workflows.sample({ namespace }, baseHash, startMs),
      await workflows.sample({ namespace }, hash, startMs),
    ];
    const harm = await this.#cacheHarm(key, each, { startMs, runs: before.runMs.length });
    await this.#execute(key, judgeTrialOf, { recommendationId, before, tried, harm });
  }

  /** The previous version still computes all outputs, so its runs show whether the task has become impure. */
  async #cacheHarm(
    { namespace }: InstanceKey,
    { recommendationId, kind, task, baseHash }: ReadOnly<Recommendation>,
    { startMs, runs }: { readonly startMs: number; readonly runs: number },
  ): Promise<string> {
    const known = `${namespace}/${recommendationId}`;
    if (kind !== "cache" || runs < (this.#purityCheckedAt.get(known) ?? 0) + purityEveryRuns) return "";
    const range = { hash: baseHash, count: runsByDefault, sinceMs: startMs };
    const { data } = await this.#parts.workflows.recorded({ namespace }, range);
    this.#purityCheckedAt.set(known, runs);
    const count = impureInputs(data.filter((each) => each.task === task));
    return count === 0
      ? ""
      : `\`${task}\` gave different outputs for the same input (${counted(count, "input")}).`;
  }

  /** Sets the strategy of the span for the pool, and compares complete spans. */
  async #comparePool(key: InstanceKey, each: ReadOnly<Recommendation>, startMs: number): Promise<void> {
    const { pools, foundation } = this.#parts;
    const { recommendationId: id, pool: name, baseHash: before, trial } = each;
    const { namespace } = key;
    const tried = trial?.hash ?? "";
    const known = `${namespace}/${id}`;
    const now = await pools.strategyOf({ namespace }, name);
    if ((this.#set.get(known) ?? now) !== now || (now !== before && now !== tried)) {
      this.#set.delete(known);
      const finding = "A user changed the strategy of the pool.";
      await this.#execute(key, endTrial, { recommendationId: id, finding, reopen: false });
      return;
    }
    const span = Math.floor((foundation.clock.now() - startMs) / pools.spanMs);
    const strategy = isTriedIn(id, span) ? tried : before;
    await pools.setStrategy({ namespace }, name, strategy, `Trial of advice ${id}.`);
    this.#set.set(known, strategy);
    // Long rounds run less often, and would change the strategy too late. New results come with a complete span.
    if (this.#comparedSpan.get(known) === span) return;
    const samples = await pools.samples({ namespace }, { id, name, startMs, before, tried });
    await this.#execute(key, judgeTrialOf, { recommendationId: id, ...samples, harm: "" });
    this.#comparedSpan.set(known, span);
  }

  /** Settles a trial of a pool. A pool with neither strategy of the trial was changed by a user. */
  async #settlePool(key: InstanceKey, each: ReadOnly<Recommendation>): Promise<void> {
    const { recommendationId: id, pool: name, status, trial, baseHash: before, document } = each;
    const { namespace } = key;
    this.#set.delete(`${namespace}/${id}`);
    this.#comparedSpan.delete(`${namespace}/${id}`);
    const tried = trial?.hash || document;
    const now = await this.#parts.pools.strategyOf({ namespace }, name);
    if (status !== expired && (now === before || now === tried)) {
      const strategy = status === applied ? tried : before;
      await this.#parts.pools.setStrategy({ namespace }, name, strategy, findingOf(each));
    }
    await this.#execute(key, settleTrial, { recommendationId: id }, findingOf(each));
  }

  /** Applies the verdict to new runs. */
  async applyVerdict(key: InstanceKey, each: ReadOnly<Recommendation>): Promise<void> {
    if (each.pool !== "") return await this.#settlePool(key, each);
    const { recommendationId, subject: name, status, trial, baseHash } = each;
    this.#purityCheckedAt.delete(`${key.namespace}/${recommendationId}`);
    const caller = { namespace: key.namespace };
    const latest = await this.#parts.workflows.latest(caller, name);
    // A trial starts only with undivided new runs, so a division belongs to it, even without a known version.
    const version = trial?.hash || (latest?.rollout?.hash ?? "");
    if (status !== expired && latest?.hash === baseHash && latest.rollout?.hash === version) {
      const reason = findingOf(each);
      const percent = status === applied ? 100 : 0;
      await this.#parts.workflows.rollOut(caller, { name, version, percent, reason });
    }
    await this.#execute(key, settleTrial, { recommendationId }, findingOf(each));
  }

  /** A namespace without advice has no machine yet. */
  #recommended(key: InstanceKey): Promise<readonly ReadOnly<Recommendation>[]> {
    return orIfAbsent(this.#parts.runtime.query({ key, query: recommended, body: undefined }), []);
  }

  async #execute<Body, Reply>(
    key: InstanceKey,
    // biome-ignore lint/suspicious/noExplicitAny: a command knows its own machine
    command: Command<any, Body, Reply>,
    body: Body,
    reason: string = cause.reason,
  ): Promise<void> {
    const call = { key, command, body, cause: { ...cause, reason }, idempotencyKey: "" };
    await this.#parts.runtime.execute(call);
  }
}

/** Returns the reason of the steps that end a trial, which the audit log records. */
const findingOf = ({ recommendationId, trial }: ReadOnly<Recommendation>): string =>
  `Advice ${recommendationId}. ${trial?.finding ?? ""}`;
