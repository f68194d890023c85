/**
 * Evaluates a rule over series of the past, with the alert machine: which alerts it would have found, and
 * when.
 */
import { AlertRule, type AlertSnapshotV1, type KeptAlert, type Series } from "@tutti/contracts/insight/v1";
import { Cause } from "@tutti/contracts/types/v1";
import type { MachineEvent, ReadOnly } from "@tutti/kernel";
import { observe } from "../alert/commands.ts";
import { snapshotOf } from "../snapshots.ts";
import { type Alerts, type DeliverAlerts, newAlerts } from "../state.ts";
import type { RuleProgram } from "./rule-program.ts";
import { everyMsOf } from "./times.ts";

/** A trial sends no messages. */
const outstanding = { effect() {}, settled() {}, timer() {}, cleared() {} };
const key = { namespace: "default", kind: "alert", id: "default" };

export class RuleTrial {
  readonly #program: RuleProgram;
  readonly #series: readonly Series[];
  readonly #state: Alerts = newAlerts();
  #nextMs: number;
  #problem = "";

  constructor(program: RuleProgram, series: readonly Series[], fromMs: number) {
    this.#program = program;
    this.#series = series;
    this.#nextMs = fromMs;
    // A disabled rule is evaluated as well.
    const rule = { ...AlertRule.fromPartial(program.rule as AlertRule), disabled: false };
    this.#state.rules.set(rule.ruleId, { rule, revision: 1, changed: true });
  }

  /** First reason why the condition could not be evaluated. Empty if it always could. */
  get problem(): string {
    return this.#problem;
  }

  /** Current alerts, in the order of their starts. */
  get alerts(): readonly ReadOnly<KeptAlert>[] {
    const { alerts }: AlertSnapshotV1 = snapshotOf(this.#state);
    return alerts.toSorted((one, other) => one.startMs - other.startMs);
  }

  /** Evaluates the rule up to and including a time. */
  advanceTo(toMs: number, everyMs: number = everyMsOf(this.#program.rule)): void {
    for (; this.#nextMs <= toMs; this.#nextMs += everyMs) this.#evaluate(this.#nextMs);
  }

  #evaluate(nowMs: number): void {
    const { ruleId } = this.#program.rule;
    const { found, problem } = this.#program.evaluate(this.#series, nowMs);
    this.#problem ||= problem;
    observe.decide(
      this.#state,
      { observations: [{ ruleId, found }] },
      {
        key,
        events: 0,
        nowMs,
        cause: Cause.create(),
        behaviour: 1,
        settles: undefined,
        random: () => 0,
        emit: <Body>(event: MachineEvent<Alerts, DeliverAlerts, Body>, body: Body) =>
          event.evolve(this.#state, body, outstanding),
        send() {},
      },
    );
  }
}
