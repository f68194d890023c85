/**
 * Evaluates rules over the store of series, and reports the results to the machine of alerts.
 *
 * 1. The process that owns the machine of a namespace evaluates its rules, so one process evaluates each rule. The next
 *    round repeats a failed one.
 * 2. Rules that are due at the same time are one observation of their namespace.
 * 3. Series of processes belong to the installation, and rules of the namespace `system` see them. Rules of other
 *    namespaces see the series of their namespace.
 */
import type { KeptRule, RuleObservation } from "@tutti/contracts/insight/v1";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import { allEntries, type MachineDependencies } from "@tutti/host/serving";
import {
  type Command,
  type Component,
  degraded,
  errorFromUnknown,
  type Foundation,
  type Health,
  healthy,
  type InstanceKey,
  type Query,
  type Timer,
} from "@tutti/kernel";
import { type Alerts, deadMessages, installRules, observe, rulesQuery } from "@tutti/machine-alert";
import { type CompiledRule, compileRule, everyMsOf, readsOf } from "@tutti/machine-alert/evaluation";
import { installationNamespace } from "@tutti/mesh";
import { runtimeErrors } from "@tutti/runtime/errors";
import type { Recorder } from "../../series/recorder.ts";
import type { SeriesThread } from "../../series/thread/series-thread.ts";
import { keyOf } from "../key.ts";
import { builtInRules } from "./built-in-rules.ts";
import { ruleSeries } from "./rule-series.ts";

export interface EvaluatorParts extends MachineDependencies {
  readonly foundation: Foundation;
  readonly thread: Pick<SeriesThread, "request">;
  readonly recorder: Pick<Recorder, "catchUp">;
  /** Receivers of built-in rules. */
  readonly builtInReceivers: readonly string[];
  /** Escalation policy of built-in rules. Empty for none. */
  readonly builtInEscalation: string;
  readonly dashboardUrl: string | undefined;
}

interface KnownRule {
  readonly revision: number;
  readonly compiled: CompiledRule;
  dueMs: number;
  problem: string;
}

const cause: Cause = {
  actor: { kind: ActorKind.ACTOR_KIND_SERVICE, id: "insight" },
  traceparent: "",
  decision: "",
  reason: "",
};
/** Interval between lookups of namespaces, and maximum interval between rounds. */
const lookupEveryMs = 60_000;
const roundAfterMs = 50;
const retryAfterMs = 10_000;

export class Evaluator implements Component {
  readonly #parts: EvaluatorParts;
  readonly #instruments: ReturnType<typeof instrumentsOf>;
  /** By namespace and id. */
  readonly #known = new Map<string, KnownRule>();
  #namespaces: ReadonlySet<string> = new Set([installationNamespace]);
  #lookedUpMs = Number.NEGATIVE_INFINITY;
  #isInstalled = false;
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;
  #isStopped = false;
  #problem = "";

  constructor(parts: EvaluatorParts) {
    this.#parts = parts;
    this.#instruments = instrumentsOf(parts.foundation.metrics);
  }

  start(): void {
    this.#next(roundAfterMs);
  }

  async drain(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#round;
  }

  stop(): Promise<void> {
    return this.drain();
  }

  health(): Health {
    return this.#problem === "" ? healthy : degraded(this.#problem);
  }

  /** Returns the reason why the last evaluation of a rule failed. Empty if it succeeded. */
  problemOf(namespace: string, ruleId: string): string {
    return this.#known.get(nameOf(namespace, ruleId))?.problem ?? "";
  }

  /** Installs the built-in rules, before the first caller reads or changes one. */
  async install(namespace: string): Promise<void> {
    if (this.#isInstalled || namespace !== installationNamespace) return;
    const { builtInReceivers, builtInEscalation, dashboardUrl } = this.#parts;
    const rules = builtInRules(builtInReceivers, builtInEscalation, dashboardUrl);
    await this.#execute(keyOf(namespace), installRules, { rules });
    this.#isInstalled = true;
  }

  /** Starts a round, because a rule has changed. */
  requestRound(namespace: string): void {
    this.#namespaces = new Set([...this.#namespaces, namespace]);
    if (this.#isStopped) return;
    this.#timer?.cancel();
    if (this.#round === undefined) this.#next(roundAfterMs);
    else void this.#round.then(() => this.#next(roundAfterMs));
  }

  #next(afterMs: number): void {
    this.#timer?.cancel();
    if (this.#isStopped) return;
    this.#timer = this.#parts.foundation.timers.after(afterMs, () => {
      this.#round = this.#evaluateAll()
        .then((dueMs) => {
          this.#problem = "";
          return Math.max(roundAfterMs, dueMs - this.#parts.foundation.clock.now());
        })
        .catch((thrown: unknown) => this.#failed(thrown))
        .then((nextMs) => {
          this.#round = undefined;
          this.#next(nextMs);
        });
    });
  }

  #failed(thrown: unknown): number {
    const { message } = errorFromUnknown(thrown);
    if (this.#problem === "")
      this.#parts.foundation.logger.warn("alert rules were not evaluated, the next round repeats it", {
        problem: message,
      });
    this.#problem = `alert rules are not evaluated: ${message}`;
    return retryAfterMs;
  }

  /** Returns when the next rule is due. */
  async #evaluateAll(): Promise<number> {
    const { clock } = this.#parts.foundation;
    await this.#findNamespaces(clock.monotonic());
    let dueMs = clock.now() + lookupEveryMs;
    for (const namespace of this.#namespaces) {
      if (!this.#owns(namespace)) {
        // Until the owner is known, the next round comes sooner, because a start is about to find the owner.
        if (!this.#isInstalled && namespace === installationNamespace)
          dueMs = Math.min(dueMs, clock.now() + 1_000);
        continue;
      }
      await this.install(namespace);
      dueMs = Math.min(dueMs, await this.#evaluateNamespace(namespace));
      this.#instruments.dead(namespace, await this.#query(namespace, deadMessages, 0));
    }
    return dueMs;
  }

  async #findNamespaces(nowMs: number): Promise<void> {
    if (nowMs - this.#lookedUpMs < lookupEveryMs) return;
    const entries = await allEntries(this.#parts, { namespace: "", kinds: ["alert"], mayLag: true });
    this.#namespaces = new Set([...this.#namespaces, ...entries.map(({ key }) => key.namespace)]);
    this.#lookedUpMs = nowMs;
  }

  #owns(namespace: string): boolean {
    const { runtime, partitionOwner } = this.#parts;
    return partitionOwner.owns(runtime.service, runtime.partitionOf(keyOf(namespace)));
  }

  async #evaluateNamespace(namespace: string): Promise<number> {
    const { clock } = this.#parts.foundation;
    const rules = await this.#query(namespace, rulesQuery, []);
    const nowMs = clock.now();
    this.#removeMissing(namespace, rules);
    const due = rules.filter((stored) => this.#ruleOf(namespace, stored, nowMs).dueMs <= nowMs);
    let nextMs = nowMs + lookupEveryMs;
    if (due.some(({ rule }) => rule?.disabled === false)) await this.#parts.recorder.catchUp();
    const observations: RuleObservation[] = [];
    for (const stored of due) {
      const found = await this.#evaluate(namespace, stored, clock.now());
      if (found !== undefined) observations.push(found);
    }
    if (observations.length > 0) await this.#execute(keyOf(namespace), observe, { observations });
    for (const stored of rules) nextMs = Math.min(nextMs, this.#ruleOf(namespace, stored, nowMs).dueMs);
    return nextMs;
  }

  /** Returns undefined if the evaluation fails, so that the alerts stay unchanged. */
  async #evaluate(namespace: string, stored: KeptRule, nowMs: number): Promise<RuleObservation | undefined> {
    const { rule } = stored;
    const known = this.#ruleOf(namespace, stored, nowMs);
    if (rule === undefined) return undefined;
    const everyMs = everyMsOf(rule);
    known.dueMs = (Math.floor(nowMs / everyMs) + 1) * everyMs;
    if (rule.disabled) return { ruleId: rule.ruleId, found: [] };
    // Another system evaluates this rule.
    if (rule.external) return undefined;
    if (!known.compiled.ok) {
      known.problem = known.compiled.problems[0]?.message ?? "";
      return undefined;
    }
    try {
      const { program } = known.compiled;
      const series = await ruleSeries(
        this.#parts.thread,
        namespace,
        program.rule,
        readsOf(program.rule),
        nowMs,
      );
      const { found, problem } = program.evaluate(series, nowMs);
      known.problem = problem;
      this.#instruments.evaluated(problem === "");
      return problem === "" ? { ruleId: rule.ruleId, found } : undefined;
    } catch (thrown) {
      known.problem = errorFromUnknown(thrown).message;
      this.#instruments.evaluated(false);
      return undefined;
    }
  }

  #ruleOf(namespace: string, { rule, revision }: KeptRule, nowMs: number): KnownRule {
    const name = nameOf(namespace, rule?.ruleId ?? "");
    const known = this.#known.get(name);
    if (known?.revision === revision && rule !== undefined) return known;
    const compiled: CompiledRule = rule === undefined ? { ok: false, problems: [] } : compileRule(rule);
    const created = { revision, compiled, dueMs: nowMs, problem: "" };
    this.#known.set(name, created);
    return created;
  }

  #removeMissing(namespace: string, rules: readonly KeptRule[]): void {
    const there = new Set(rules.map(({ rule }) => nameOf(namespace, rule?.ruleId ?? "")));
    for (const name of this.#known.keys())
      if (name.startsWith(`${namespace}/`) && !there.has(name)) this.#known.delete(name);
  }

  async #query<Reply>(namespace: string, query: Query<Alerts, void, Reply>, absent: Reply): Promise<Reply> {
    try {
      return await this.#parts.runtime.query({ key: keyOf(namespace), query, body: undefined });
    } catch (error) {
      if (runtimeErrors.unknownInstance.is(error)) return absent;
      throw error;
    }
  }

  async #execute<Body>(key: InstanceKey, command: Command<Alerts, Body>, body: Body): Promise<void> {
    await this.#parts.runtime.execute({ key, command, body, cause, idempotencyKey: "" });
  }
}

function nameOf(namespace: string, ruleId: string): string {
  return `${namespace}/${ruleId}`;
}

function instrumentsOf(metrics: Foundation["metrics"]) {
  const outcomes = metrics.counter({
    name: "tutti_insight_rule_evaluations_total",
    help: "Evaluations of alert rules by outcome.",
    labels: ["outcome"],
  });
  const [good, failed] = [outcomes.with({ outcome: "good" }), outcomes.with({ outcome: "failed" })];
  const dead = metrics.gauge({
    name: "tutti_insight_alert_notifications_dead",
    help: "Dead-letter notifications, for namespaces that have had some.",
    labels: ["namespace"],
  });
  const hadSome = new Set<string>();
  return {
    evaluated: (isGood: boolean) => (isGood ? good : failed).add(1),
    dead: (namespace: string, count: number) => {
      if (count === 0 && !hadSome.has(namespace)) return;
      hadSome.add(namespace);
      dead.with({ namespace }).set(count);
    },
  };
}
