import { type Json, listOf, objectOf, type Type, types } from "@tutti/expressions";
import { type Environment, failureType } from "../check/environment.ts";
import { parseDurationMs } from "../duration.ts";
import type {
  CompensateDocument,
  GateDocument,
  LimitDocument,
  LoopDocument,
  PlacementDocument,
  TaskDocument,
  WaitDocument,
} from "../language/document.ts";
import type { TaskKindWord } from "../language/task-shape.ts";
import type { Compensation, KeyedLimit, Placement, PlanTask, TaskPolicy, Work } from "../plan/plan.ts";
import type { Programmed } from "../plan/program-table.ts";
import type { Path } from "../problem.ts";
import type { Building, Draft } from "./building.ts";
import { checkInput } from "./input-check.ts";
import { addNeed, readNeeds } from "./needs.ts";
import { checkOptions, kindOf } from "./options.ts";
import {
  durationMs,
  policyKeys,
  rateOf,
  retryPolicy,
  selectorOf,
  sorted,
  splitAt,
  timeoutsOf,
} from "./values.ts";

/** Builds tasks: their programs, what does them, how they are treated, and what they need. */
export class TaskBuilder {
  readonly works: Work[] = [];
  readonly policies: TaskPolicy[] = [];
  readonly #building: Building;
  readonly #numbers = new Map<string, number>();
  readonly #commonPolicy: number;

  constructor(building: Building) {
    this.#building = building;
    this.#commonPolicy = this.#interned(
      "policy",
      this.policies,
      this.#policyOf(nobody, building.environmentOfScope(-1)),
    );
  }

  build(draft: Draft): PlanTask {
    const { document, path } = draft;
    this.#building.steps.take(1);
    readNeeds(this.#building, draft);
    const environment = this.#building.environmentOf(draft);
    this.#needed(draft, draft.forEach);
    const when = this.#condition(draft, document.when, environment, "when");
    const kind = kindOf(document);
    if (kind !== undefined) checkOptions(document, kind, path, this.#building.findings);
    const input = this.#input(draft, kind, environment);
    const policy = this.#hasPolicy(document) ? this.#policy(draft, environment) : this.#commonPolicy;
    const work =
      kind === undefined ? -1 : this.#interned("work", this.works, this.#work(draft, kind, environment));
    return {
      id: draft.id,
      title: document.title ?? "",
      kind: kind ?? "set",
      scope: draft.scope,
      needs: 0,
      work,
      policy,
      input,
      when,
      forEach: draft.forEach?.program ?? -1,
    };
  }

  #input(draft: Draft, kind: TaskKindWord | undefined, environment: Environment): number {
    const { document, path } = draft;
    const key = kind === "set" ? "set" : "with";
    const value = document[key];
    const made =
      value === undefined ? undefined : this.#building.programs.data(value, environment, [...path, key]);
    this.#needed(draft, made);
    if (kind === "uses" || kind === "workflow" || kind === "mission")
      checkInput(this.#building, draft, kind, made);
    return made?.program ?? -1;
  }

  #condition(
    draft: Draft,
    source: string | boolean | undefined,
    environment: Environment,
    key: string,
  ): number {
    if (source === undefined) return -1;
    const made = this.#building.programs.condition(source, environment, [...draft.path, key]);
    this.#needed(draft, made);
    return made.program;
  }

  #template(
    draft: Draft,
    text: string | undefined,
    environment: Environment,
    path: Path,
    wanted?: Type,
  ): number {
    if (text === undefined) return -1;
    const made = this.#building.programs.template(text, environment, path, wanted);
    this.#needed(draft, made);
    return made.program;
  }

  #data(draft: Draft, value: Json | undefined, environment: Environment, path: Path): number {
    if (value === undefined) return -1;
    const made = this.#building.programs.data(value, environment, path);
    this.#needed(draft, made);
    return made.program;
  }

  /** What an expression refers to is needed, whether `needs` says so or not. */
  #needed(draft: Draft, made: Programmed | undefined): void {
    if (made === undefined) return;
    for (const name of made.references) if (name.startsWith("tasks.")) addNeed(this.#building, draft, name);
  }

  #work(draft: Draft, kind: TaskKindWord, environment: Environment): Work {
    const { document, path } = draft;
    switch (kind) {
      case "uses": {
        const [capability, versionRange] = splitAt(document.uses ?? "");
        return { kind, capability, versionRange };
      }
      case "workflow":
      case "mission": {
        const [definition, version] = splitAt(document[kind] ?? "");
        const isHash = /^[0-9a-f]{64}$/.test(version);
        const parameters = this.#data(draft, document.parameters, environment, [...path, "parameters"]);
        return {
          kind,
          definition,
          label: isHash ? "" : version,
          hash: isHash ? version : "",
          parameters,
          parentClose: document.parentClose ?? "cancel",
        };
      }
      case "wait":
        return this.#wait(draft, document.wait ?? {}, environment);
      case "approve":
        return this.#approve(draft, environment);
      case "gate":
        return this.#gate(draft, document.gate ?? {}, environment);
      case "set":
        return { kind };
      case "loop":
        return this.#loop(draft, document.loop, environment);
      case "spawn":
        return this.#spawn(draft, environment);
    }
  }

  #wait(draft: Draft, wait: string | WaitDocument, environment: Environment): Work {
    const path = [...draft.path, "wait"];
    const spelt = typeof wait === "string" ? { for: wait } : wait;
    const inner = typeof wait === "string" ? path : [...path, "for"];
    if (spelt.signal !== undefined) {
      const { signal } = spelt;
      this.#checkSignal(signal, [...path, "signal"]);
      const payload = this.#building.signalTypes.get(signal) ?? types.dyn;
      const seen = environment.with({ signal: objectOf({ name: types.string, payload }) });
      const where =
        spelt.where === undefined
          ? undefined
          : this.#building.programs.condition(spelt.where, seen, [...path, "where"]);
      this.#needed(draft, where);
      const [within, withinMs] = this.#span(draft, spelt.within, environment, [...path, "within"]);
      return { kind: "waitSignal", signal, where: where?.program ?? -1, within, withinMs };
    }
    if (spelt.until !== undefined) {
      const moment = this.#template(draft, spelt.until, environment, [...path, "until"]);
      const constant = this.#building.programs.programs[moment];
      if (constant?.form === "constant" && Number.isNaN(Date.parse(String(constant.source))))
        this.#building.findings.error(
          "wrong_form",
          [...path, "until"],
          `expected a moment such as 2026-01-31T09:30:00Z, found ${JSON.stringify(constant.source)}`,
        );
      return { kind: "waitUntil", moment };
    }
    const [span, ms] = this.#span(draft, spelt.for, environment, inner);
    return { kind: "waitFor", span, ms };
  }

  /** A span that is known is milliseconds; one that is computed is a program. */
  #span(
    draft: Draft,
    text: string | undefined,
    environment: Environment,
    path: Path,
  ): readonly [program: number, ms: number] {
    if (text === undefined) return [-1, 0];
    const ms = parseDurationMs(text);
    if (ms !== undefined) return [-1, ms];
    if (!text.includes("${{")) {
      const expected = "a span of time such as `30s`, `1h30m` or `2d`";
      this.#building.findings.error(
        "wrong_form",
        path,
        `expected ${expected}, found ${JSON.stringify(text.slice(0, 60))}`,
        { expected },
      );
      return [-1, 0];
    }
    return [this.#template(draft, text, environment, path), 0];
  }

  #checkSignal(signal: string, path: Path): void {
    const declared = this.#building.signalTypes;
    // Who declares signals declares all of them; a definition without any takes whatever comes.
    if (declared.size === 0 || declared.has(signal)) return;
    const near = this.#building.findings.suggest(signal, declared.keys());
    this.#building.findings.error(
      "unknown_signal",
      path,
      `unknown signal \`${signal}\`${near === undefined ? "" : `; did you mean \`${near}\`?`}`,
      {
        expected:
          near === undefined ? `one of ${[...declared.keys()].slice(0, 10).join(", ")}` : `\`${near}\``,
      },
    );
  }

  #approve(draft: Draft, environment: Environment): Work {
    const {
      by = [],
      title,
      message,
      context,
      form = null,
      needed = 1,
      within,
    } = draft.document.approve ?? {};
    const path = [...draft.path, "approve"];
    return {
      kind: "approve",
      by,
      title: this.#template(draft, title, environment, [...path, "title"]),
      message: this.#template(draft, message, environment, [...path, "message"]),
      context: this.#data(draft, context, environment, [...path, "context"]),
      form,
      needed,
      withinMs: durationMs(within),
    };
  }

  #gate(draft: Draft, gate: GateDocument, environment: Environment): Work {
    const path = [...draft.path, "gate"];
    const named = Object.entries(gate.checks ?? {}).map(
      ([name, condition]) => [name, condition, [...path, "checks", name]] as const,
    );
    const all =
      gate.check === undefined ? named : [["check", gate.check, [...path, "check"]] as const, ...named];
    const checks = all.map(([name, source, place]) => {
      const made = this.#building.programs.condition(source, environment, place);
      this.#needed(draft, made);
      return { name, condition: made.program };
    });
    const sendBack = this.#taskNamed(draft, gate.sendBack, [...path, "sendBack"]);
    if (gate.times !== undefined && gate.sendBack === undefined)
      this.#building.findings.error(
        "conflicting_keys",
        [...path, "times"],
        "`times` means nothing without `sendBack`",
        { key: true },
      );
    const report = this.#data(draft, gate.report, environment, [...path, "report"]);
    return { kind: "gate", checks, sendBack, times: gate.times ?? (sendBack < 0 ? 0 : 1), report };
  }

  #loop(draft: Draft, loop: LoopDocument | undefined, environment: Environment): Work {
    const path = [...draft.path, "loop"];
    const { programs } = this.#building;
    const inside = this.#building.environmentOfScope(draft.body);
    const condition = (key: "while" | "until"): number => {
      const source = loop?.[key];
      if (source === undefined) return -1;
      const made = programs.condition(source, inside, [...path, key]);
      this.#needed(draft, made);
      return made.program;
    };
    const output =
      loop?.output === undefined ? undefined : programs.data(loop.output, inside, [...path, "output"]);
    this.#needed(draft, output);
    return {
      kind: "loop",
      scope: draft.body,
      while: condition("while"),
      until: condition("until"),
      max: loop?.max ?? 1,
      everyMs: durationMs(loop?.every),
      initial: this.#data(draft, loop?.initial, environment, [...path, "initial"]),
      output: output?.program ?? -1,
    };
  }

  #spawn(draft: Draft, environment: Environment): Work {
    const { spawn = "" } = draft.document;
    const { tasks, max = 1_000 } = typeof spawn === "string" ? { tasks: spawn } : spawn;
    const path = typeof spawn === "string" ? [...draft.path, "spawn"] : [...draft.path, "spawn", "tasks"];
    const made = this.#building.programs.condition(tasks, environment, path, listOf(types.dyn));
    this.#needed(draft, made);
    return { kind: "spawn", tasks: made.program, max };
  }

  #hasPolicy(document: TaskDocument): boolean {
    return policyKeys.some((key) => document[key] !== undefined);
  }

  #policy(draft: Draft, environment: Environment): number {
    // Most tasks have options that are the same as others', and refer to nothing.
    const plain = plainPolicyText(draft.document);
    if (plain === undefined)
      return this.#interned("policy", this.policies, this.#policyOf(draft, environment));
    const known = this.#numbers.get(plain);
    if (known !== undefined) return known;
    const number = this.#interned("policy", this.policies, this.#policyOf(draft, environment));
    this.#numbers.set(plain, number);
    return number;
  }

  /** Keys and labels may refer to tasks, which are then needed. */
  #policyOf(draft: Draft, environment: Environment): TaskPolicy {
    const { document, path } = draft;
    const { cache, estimate = {}, idempotencyKey } = document;
    const [key, ttl] = typeof cache === "string" ? [undefined, cache] : [cache?.key, cache?.ttl];
    return {
      maxParallel: document.maxParallel ?? 0,
      failFast: document.failFast ?? true,
      retry: retryPolicy(document.retry),
      timeouts: timeoutsOf(document.timeout),
      compensate:
        document.compensate === undefined
          ? null
          : this.#compensation(draft, document.compensate, environment),
      priority: document.priority ?? 0,
      labels: sorted(
        Object.fromEntries(
          Object.entries(document.labels ?? {}).map(([name, text]) => [
            name,
            this.#template(draft, text, environment, [...path, "labels", name]),
          ]),
        ),
      ),
      placement:
        document.placement === undefined ? null : this.#placement(draft, document.placement, environment),
      resources: sorted(document.resources ?? {}),
      estimate: {
        durationMs: durationMs(estimate.duration),
        money: estimate.money ?? 0,
        tokens: estimate.tokens ?? 0,
      },
      checks: (document.checks ?? []).map((_, index) => this.#check(draft, index, environment)),
      limits: this.limitsOf(document.limits, environment, [...path, "limits"], draft),
      cache:
        cache === undefined
          ? null
          : {
              key: this.#template(draft, key, environment, [...path, "cache", "key"]),
              ttlMs: durationMs(ttl),
            },
      dueTime: this.#template(draft, document.dueTime, environment, [...path, "dueTime"]),
      idempotencyKey: this.#template(draft, idempotencyKey, environment, [...path, "idempotencyKey"]),
      mayBeDoubled: document.mayBeDoubled ?? false,
      mayFail: document.mayFail ?? false,
    };
  }

  limitsOf(
    documents: readonly LimitDocument[] | undefined,
    environment: Environment,
    path: Path,
    draft?: Draft,
  ): readonly KeyedLimit[] {
    return (documents ?? []).map(({ key, concurrency = 0, rate }, index) => {
      const made = this.#building.programs.template(key ?? "", environment, [...path, index, "key"]);
      if (draft !== undefined) this.#needed(draft, made);
      if (concurrency === 0 && rate === undefined)
        this.#building.findings.error(
          "missing_key",
          [...path, index],
          "expected `concurrency` or `rate`, found neither",
          { expected: "`concurrency` or `rate`" },
        );
      return { key: made.program, concurrency, ...rateOf(rate) };
    });
  }

  #compensation(draft: Draft, document: CompensateDocument, environment: Environment): Compensation {
    const [capability, versionRange] = splitAt(document.uses ?? "");
    const seen = this.#afterwards(draft, environment);
    const path = [...draft.path, "compensate"];
    this.#checkCapability(capability, versionRange, [...path, "uses"]);
    return {
      capability,
      versionRange,
      input: this.#data(draft, document.with, seen, [...path, "with"]),
      retry: retryPolicy(document.retry ?? draft.document.retry),
      timeouts: timeoutsOf(document.timeout ?? draft.document.timeout),
    };
  }

  /** Once a task has ended, its output and what it worked on are known. */
  #afterwards(draft: Draft, environment: Environment): Environment {
    const output = this.#building.outputTypeOf(draft.number);
    const single = draft.document.forEach !== undefined && output.kind === "list" ? output.of : output;
    return environment.with({ output: single, given: types.dyn, error: failureType });
  }

  #checkCapability(name: string, range: string, path: Path): void {
    const { catalogue, findings } = this.#building;
    if (catalogue === undefined || catalogue.capability(name, range) !== undefined) return;
    const near = this.#building.findings.suggest(name, catalogue.capabilityNames());
    findings.error(
      "unknown_capability",
      path,
      `nobody offers \`${name}\`${range === "" ? "" : ` in the versions ${range}`}${near === undefined || near === name ? "" : `; did you mean \`${near}\`?`}`,
      {
        expected: near === undefined || near === name ? "a capability that somebody offers" : `\`${near}\``,
      },
    );
  }

  #placement(draft: Draft, document: PlacementDocument, environment: Environment): Placement {
    const path = [...draft.path, "placement"];
    const numbers = (key: "sameAgentAs" | "notAgentOf"): readonly number[] =>
      (document[key] ?? []).map((id, index) => this.#taskNamed(draft, id, [...path, key, index]));
    return {
      pool: document.pool ?? "",
      require: selectorOf(document.require),
      prefer: selectorOf(document.prefer),
      sameAgentAs: numbers("sameAgentAs"),
      notAgentOf: numbers("notAgentOf"),
      stickyKey: this.#template(draft, document.stickyKey, environment, [...path, "stickyKey"]),
      contextKey: this.#template(draft, document.contextKey, environment, [...path, "contextKey"]),
    };
  }

  #check(draft: Draft, index: number, environment: Environment): TaskPolicy["checks"][number] {
    const document = draft.document.checks?.[index];
    const path = [...draft.path, "checks", index];
    const { name = "", condition = true, onFailure = "fail", sendBackTo, times = 1 } = document ?? {};
    const made = this.#building.programs.condition(condition, this.#afterwards(draft, environment), [
      ...path,
      "condition",
    ]);
    this.#needed(draft, made);
    const target =
      sendBackTo === undefined ? draft.number : this.#taskNamed(draft, sendBackTo, [...path, "sendBackTo"]);
    return {
      name,
      condition: made.program,
      onFailure,
      sendBackTo: onFailure === "sendBack" ? target : -1,
      times,
    };
  }

  /** Number of a task of the same scope. */
  #taskNamed(draft: Draft, id: string | undefined, path: Path): number {
    if (id === undefined) return -1;
    const names = this.#building.namesOf(draft.scope);
    const number = names.numbers.get(id);
    if (number !== undefined) return number;
    const near = this.#building.findings.suggest(id, names.numbers.keys());
    this.#building.findings.error(
      "unknown_task",
      path,
      `unknown task \`${id}\`${near === undefined ? "" : `; did you mean \`${near}\`?`}`,
      {
        expected: near === undefined ? "a task beside it" : `\`${near}\``,
      },
    );
    return -1;
  }

  #interned<T>(what: "work" | "policy", list: T[], value: T): number {
    const text = `${what} ${JSON.stringify(value)}`;
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, list.length);
    list.push(value);
    return list.length - 1;
  }
}

/** The options of a task as a text, where none of them can refer to anything; else undefined. */
function plainPolicyText(document: TaskDocument): string | undefined {
  const { labels, placement, checks, limits, cache, dueTime, idempotencyKey, compensate } = document;
  if (labels ?? placement ?? checks ?? limits ?? cache ?? dueTime ?? idempotencyKey ?? compensate)
    return undefined;
  const { maxParallel, failFast, retry, timeout, priority, resources, estimate, mayBeDoubled, mayFail } =
    document;
  return JSON.stringify([
    maxParallel,
    failFast,
    retry,
    timeout,
    priority,
    resources,
    estimate,
    mayBeDoubled,
    mayFail,
  ]);
}

/** A task without options, whose policy is that of all such tasks. */
const nobody: Draft = {
  number: -1,
  id: "",
  document: {},
  path: [],
  scope: -1,
  body: -1,
  forEach: undefined,
  environment: undefined,
  output: undefined,
  needs: new Map(),
};
