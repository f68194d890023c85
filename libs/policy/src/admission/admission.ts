/**
 * Evaluates rules for a request, a definition, a plan, an input, a result or an agent.
 *
 * 1. Rules of `system` come first, then those of the namespace, each by their ids. Changes are applied first,
 *    one rule after the other. Rules that refuse, ask or report see the changed subject, so that no change
 *    bypasses a refusal.
 * 2. A rule that cannot be evaluated refuses, except if it only reports: without a verdict nothing is
 *    admitted.
 * 3. A rule in shadow mode changes nothing, and reports what it would have done.
 */
import {
  type AdmissionRule,
  type AdmissionSubject,
  Enforcement,
  FindingResult,
} from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { type Json, type Program, textOfJson } from "@tutti/expressions";
import type { Labels } from "@tutti/kernel";
import { systemNamespace } from "../access/roles.ts";
import { type Changed, changedAt } from "./field-path.ts";
import { compileRule, type RuleProgram, type RuleVerdict } from "./rule-programs.ts";

export interface Subject {
  readonly kind: AdmissionSubject;
  readonly body: Json;
  readonly actor: Actor;
  readonly groups: readonly string[];
  readonly namespace: string;
  readonly labels: Labels;
  /** The action of a request, `workflow.runs.start`. Empty for other subjects. */
  readonly action: string;
}

export interface RuleFinding {
  readonly rule: AdmissionRule;
  readonly result: FindingResult;
  /** Empty if the rule held. */
  readonly message: string;
}

/** A question to a person before the admission. */
export interface ApprovalQuestion {
  readonly rule: AdmissionRule;
  readonly message: string;
  readonly deciders: readonly string[];
  readonly approvalsNeeded: number;
  /** 0: the question never expires. */
  readonly timeoutMs: number;
}

export interface Admission {
  readonly admitted: boolean;
  /** The admitted subject. The same object if nothing changed it. */
  readonly body: Json;
  /** Empty if it was not admitted. */
  readonly questions: readonly ApprovalQuestion[];
  readonly findings: readonly RuleFinding[];
}

/** Maximum of steps of one expression. A rule that needs more refuses. */
const stepsMax = 20_000;

export class AdmissionRules {
  /** By subject and namespace, in their order. */
  readonly #programs = new Map<AdmissionSubject, Map<string, RuleProgram[]>>();
  /** Unreadable rules: an earlier release accepted them. They refuse their subjects. */
  readonly #unreadable: AdmissionRule[] = [];

  constructor(rules: readonly AdmissionRule[]) {
    const inForce = rules.filter(({ enforcement }) => enforcement !== Enforcement.ENFORCEMENT_OFF);
    for (const rule of inForce.sort((one, other) => (one.ruleId < other.ruleId ? -1 : 1))) {
      const compiled = compileRule(rule);
      if (compiled.ok) this.#listOf(rule.subject, rule.namespace).push(compiled.program);
      else this.#unreadable.push(rule);
    }
  }

  get unreadable(): readonly string[] {
    return this.#unreadable.map(({ namespace, ruleId }) => `${namespace}/${ruleId}`);
  }

  /** Returns whether any rule covers subjects of a kind, in any namespace. */
  hasAny(kind: AdmissionSubject): boolean {
    return this.#programs.has(kind) || this.#unreadable.some(({ subject }) => subject === kind);
  }

  /** Returns whether any rule covers such a subject. If not, the subject need not be made. */
  concerns(kind: AdmissionSubject, namespace: string): boolean {
    const byNamespace = this.#programs.get(kind);
    const isAbout = (rule: AdmissionRule) => rule.subject === kind && appliesIn(rule, namespace);
    return (
      byNamespace?.has(systemNamespace) === true ||
      byNamespace?.has(namespace) === true ||
      this.#unreadable.some(isAbout)
    );
  }

  admit(subject: Subject): Admission {
    const { kind, namespace } = subject;
    const findings: RuleFinding[] = [];
    for (const rule of this.#unreadable)
      if (rule.subject === kind && appliesIn(rule, namespace))
        findings.push(
          found(rule, FindingResult.FINDING_RESULT_DENIED, "this release does not understand the rule"),
        );
    const rules = [...new Set([systemNamespace, namespace])].flatMap(
      (field) => this.#programs.get(kind)?.get(field) ?? [],
    );
    const judged = new Judging(subject, findings);
    for (const rule of rules) if (rule.verdict.kind === "change") judged.change(rule, rule.verdict);
    for (const rule of rules) if (rule.verdict.kind !== "change") judged.judge(rule, rule.verdict);
    const admitted = !findings.some(({ result }) => result === FindingResult.FINDING_RESULT_DENIED);
    return { admitted, body: judged.body, questions: admitted ? judged.questions : [], findings };
  }

  #listOf(subject: AdmissionSubject, namespace: string): RuleProgram[] {
    let byNamespace = this.#programs.get(subject);
    if (byNamespace === undefined) {
      byNamespace = new Map();
      this.#programs.set(subject, byNamespace);
    }
    let list = byNamespace.get(namespace);
    if (list === undefined) {
      list = [];
      byNamespace.set(namespace, list);
    }
    return list;
  }
}

type Changing = Extract<RuleVerdict, { readonly kind: "change" }>;
type Evaluated =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly message: string };

class Judging {
  readonly #subject: Subject;
  readonly #findings: RuleFinding[];
  readonly questions: ApprovalQuestion[] = [];
  body: Json;

  constructor(subject: Subject, findings: RuleFinding[]) {
    this.#subject = subject;
    this.#findings = findings;
    this.body = subject.body;
  }

  change(program: RuleProgram, { set }: Changing): void {
    if (!this.#isViolated(program)) return;
    const changed = this.#changed(set);
    if (changed.kind === "refused") {
      this.#failed(program, changed.message);
      return;
    }
    const names = set.map(([path]) => path.join("."));
    this.#report(program, FindingResult.FINDING_RESULT_CHANGED, `set ${names.join(", ")}`);
    if (counts(program)) this.body = changed.value;
  }

  judge(program: RuleProgram, verdict: Exclude<RuleVerdict, Changing>): void {
    if (!this.#isViolated(program)) return;
    const evaluated = this.#evaluated(verdict.message);
    if (!evaluated.ok) {
      this.#failed(program, evaluated.message);
      return;
    }
    const message = textOfJson(evaluated.value);
    this.#report(program, results[verdict.kind], message);
    if (verdict.kind !== "approval" || !counts(program)) return;
    const { deciders, approvalsNeeded, timeoutMs } = verdict;
    this.questions.push({ rule: program.rule, message, deciders, approvalsNeeded, timeoutMs });
  }

  /** Returns the subject with all changes of a rule, or none of them. */
  #changed(set: Changing["set"]): Changed {
    let body = this.body;
    for (const [path, value] of set) {
      const evaluated = this.#evaluated(value);
      if (!evaluated.ok) return { kind: "refused", message: evaluated.message };
      const changed = changedAt(body, path, evaluated.value);
      if (changed.kind === "refused")
        return { kind: "refused", message: `${path.join(".")}: ${changed.message}` };
      body = changed.value;
    }
    return { kind: "changed", value: body };
  }

  /** Returns whether a rule applies and is violated. Reports evaluation errors. */
  #isViolated(program: RuleProgram): boolean {
    for (const [condition, meaning] of [
      [program.when, true],
      [program.condition, false],
    ] as const) {
      const found = this.#evaluated(condition);
      if (!found.ok) {
        this.#failed(program, found.message);
        return false;
      }
      if (found.value === meaning) continue;
      if (!meaning) this.#report(program, FindingResult.FINDING_RESULT_HELD, "");
      return false;
    }
    return true;
  }

  #evaluated(program: Program): Evaluated {
    const { actor, groups, namespace, labels, action } = this.#subject;
    const variables: Readonly<Record<string, Json>> = {
      subject: this.body,
      call: { namespace, action, labels: { ...labels } as Json },
      actor: { kind: kindNames[actor.kind] ?? "unknown", id: actor.id, groups: [...groups] },
    };
    const evaluation = program.evaluate((place) => variables[program.references[place] ?? ""], { stepsMax });
    if (evaluation.ok) return { ok: true, value: evaluation.value };
    const { expression, message } = evaluation.problem;
    return { ok: false, message: `\`${expression.trim()}\`: ${message}` };
  }

  #failed(program: RuleProgram, message: string): void {
    const isNoteOnly = program.verdict.kind === "note";
    const result = FindingResult[isNoteOnly ? "FINDING_RESULT_NOTED" : "FINDING_RESULT_DENIED"];
    this.#report(program, result, `the rule cannot be evaluated: ${message}`);
  }

  #report(program: RuleProgram, result: FindingResult, message: string): void {
    const isHarmless =
      result === FindingResult.FINDING_RESULT_HELD || result === FindingResult.FINDING_RESULT_NOTED;
    const reported = counts(program) || isHarmless ? result : FindingResult.FINDING_RESULT_SHADOWED;
    this.#findings.push(found(program.rule, reported, message));
  }
}

const results = {
  deny: FindingResult.FINDING_RESULT_DENIED,
  approval: FindingResult.FINDING_RESULT_ASKED,
  note: FindingResult.FINDING_RESULT_NOTED,
} as const;

const kindNames: Readonly<Partial<Record<ActorKind, string>>> = {
  [ActorKind.ACTOR_KIND_PERSON]: "person",
  [ActorKind.ACTOR_KIND_SERVICE]: "service",
  [ActorKind.ACTOR_KIND_AGENT]: "agent",
};

function counts({ rule }: RuleProgram): boolean {
  return rule.enforcement !== Enforcement.ENFORCEMENT_SHADOW;
}

function appliesIn({ namespace }: AdmissionRule, target: string): boolean {
  return namespace === systemNamespace || namespace === target;
}

function found(rule: AdmissionRule, result: FindingResult, message: string): RuleFinding {
  return { rule, result, message };
}
