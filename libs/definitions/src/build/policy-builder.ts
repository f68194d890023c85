import { types } from "@tutti/expressions";
import { type RetryPolicy, resolveRetry, retryContradiction, singleAttempt } from "@tutti/kernel";
import { type Environment, failureType } from "../check/environment.ts";
import type {
  CacheDocument,
  CompensateDocument,
  LimitDocument,
  PlacementDocument,
  RetryDocument,
} from "../language/document.ts";
import type { TaskKindWord } from "../language/task-shape.ts";
import type { CachePolicy, Compensation, KeyedLimit, Placement, TaskPolicy } from "../plan/plan.ts";
import type { Path } from "../problem.ts";
import type { Building, Draft } from "./building.ts";
import { kindOf } from "./options.ts";
import type { TaskPrograms } from "./task-programs.ts";
import {
  cacheIn,
  durationMs,
  rateOf,
  retrySettings,
  selectorOf,
  sorted,
  splitAt,
  timeoutsOf,
} from "./values.ts";

/** Builds the policies of tasks: retries, timeouts, placement, compensation. */
export class PolicyBuilder {
  readonly #building: Building;
  readonly #programs: TaskPrograms;

  constructor(building: Building, programs: TaskPrograms) {
    this.#building = building;
    this.#programs = programs;
  }

  /** Keys and labels may refer to tasks, which are then needed. */
  policyOf(draft: Draft, environment: Environment): TaskPolicy {
    const { document, path } = draft;
    const { budget, cache, cost = document.estimate ?? {}, idempotencyKey } = document;
    return {
      maxParallel: document.maxParallel ?? 0,
      failFast: document.failFast ?? true,
      retry: this.#retry(draft, document.retry, kindOf(document), [...path, "retry"]),
      timeouts: timeoutsOf(document.timeout, document.uses === undefined ? "total" : "run"),
      compensate:
        document.compensate === undefined
          ? null
          : this.#compensation(draft, document.compensate, environment),
      priority: document.priority ?? 0,
      labels: sorted(
        Object.fromEntries(
          Object.entries(document.labels ?? {}).map(([name, text]) => [
            name,
            this.#programs.template(draft, text, environment, [...path, "labels", name]),
          ]),
        ),
      ),
      placement:
        document.placement === undefined ? null : this.#placement(draft, document.placement, environment),
      resources: this.#resourcesOf(document.resources, path),
      estimate: {
        durationMs: durationMs(cost.duration),
        money: cost.money ?? 0,
        tokens: cost.tokens ?? 0,
        ...(cost.by !== undefined && { by: [...cost.by] }),
      },
      checks: (document.checks ?? []).map((_, index) => this.#check(draft, index, environment)),
      limits: this.limitsOf(document.limits, environment, [...path, "limits"], draft),
      cache: cache === undefined ? null : this.#cache(draft, cache, environment),
      dueTime: this.#programs.template(draft, document.dueTime, environment, [...path, "dueTime"]),
      idempotencyKey: this.#programs.template(draft, idempotencyKey, environment, [
        ...path,
        "idempotencyKey",
      ]),
      mayBeDoubled: document.mayBeDoubled ?? false,
      mayFail: document.mayFail ?? false,
      ...(budget !== undefined && {
        budget: { tokens: budget.tokens ?? 0, money: budget.money ?? 0, timeMs: durationMs(budget.time) },
      }),
      ...(document.gang !== undefined && { gang: document.gang }),
    };
  }

  #cache(draft: Draft, document: string | CacheDocument, environment: Environment): CachePolicy {
    const { key, ttl, stale, failures, tags, auto = false } = cacheIn(document);
    const path = [...draft.path, "cache"];
    return {
      key: this.#programs.template(draft, key, environment, [...path, "key"]),
      ttlMs: durationMs(ttl),
      ...(stale !== undefined && { staleMs: durationMs(stale) }),
      ...(failures !== undefined && { failuresMs: durationMs(failures) }),
      ...(tags !== undefined && {
        tags: this.#programs.data(draft, [...tags], environment, [...path, "tags"]),
      }),
      ...(auto && { auto }),
    };
  }

  limitsOf(
    documents: readonly LimitDocument[] | undefined,
    environment: Environment,
    path: Path,
    draft?: Draft,
  ): readonly KeyedLimit[] {
    return (documents ?? []).map(({ key, concurrency = 0, rate, resources = {} }, index) => {
      const compiled = this.#building.programs.template(key ?? "", environment, [...path, index, "key"]);
      if (draft !== undefined) this.#programs.needed(draft, compiled);
      const names = Object.keys(resources);
      if (concurrency === 0 && rate === undefined && names.length === 0)
        this.#building.findings.error(
          "missing_key",
          [...path, index],
          "expected `concurrency`, `rate` or `resources`, got none of them",
          { expected: "`concurrency`, `rate` or `resources`" },
        );
      this.#checkAmounts(resources, [...path, index, "resources"], draft);
      const plain = { key: compiled.program, concurrency, ...rateOf(rate) };
      return names.length === 0 ? plain : { ...plain, resources: sorted(resources) };
    });
  }

  /** Work of agents is retried by default. Other tasks are retried only by a policy of their own. */
  #retry(
    draft: Draft,
    document: number | RetryDocument | undefined,
    kind: TaskKindWord | undefined,
    path: Path | undefined,
  ): RetryPolicy {
    const isOfAgent = kind === "uses" || kind === "function" || kind === "agent";
    if (document === undefined && !isOfAgent) return singleAttempt;
    const { pool } = draft.document.placement ?? {};
    const settings = { ...this.#building.retryOf(pool), ...retrySettings(document) };
    const contradiction = retryContradiction(settings);
    if (contradiction === undefined) return resolveRetry(settings);
    const pause = contradiction.field === "initialMs" ? "first pause" : "longest pause";
    const expected = `a ${pause} of ${contradiction.expected}`;
    if (path !== undefined)
      this.#building.findings.error(
        "wrong_value",
        [...path, "backoff"],
        `expected ${expected}, got ${contradiction.found}`,
        { expected },
      );
    return resolveRetry();
  }

  /** Refuses the resource `slots`: a task with it would wait for ever. */
  #resourcesOf(resources: Readonly<Record<string, number>> = {}, path: Path): Record<string, number> {
    if (resources["slots"] !== undefined)
      this.#building.findings.error(
        "wrong_value",
        [...path, "resources", "slots"],
        "expected resources by their names, got slots: each task takes exactly one slot. Omit slots",
        { expected: "resources by their names" },
      );
    return sorted(resources);
  }

  /** Refuses amounts above the limit: such a task would wait for ever too. */
  #checkAmounts(amounts: Readonly<Record<string, number>>, path: Path, draft: Draft | undefined): void {
    const { findings } = this.#building;
    if (draft?.document.uses === undefined && Object.keys(amounts).length > 0)
      findings.error(
        "conflicting_keys",
        path,
        "expected `concurrency` or `rate`, got amounts of resources. Set amounts only for tasks of agents",
        { expected: "`concurrency` or `rate`" },
      );
    for (const [name, most] of Object.entries(amounts)) {
      const requested = draft?.document.resources?.[name] ?? 0;
      if (requested > most)
        findings.error(
          "too_large",
          [...path, name],
          `expected at least ${requested} ${name}, which the task requests, got ${most}`,
          { expected: `at least ${requested}` },
        );
    }
  }

  #compensation(draft: Draft, document: CompensateDocument, environment: Environment): Compensation {
    const [capability, versionRange] = splitAt(document.uses ?? "");
    const resultEnvironment = this.#afterwards(draft, environment);
    const path = [...draft.path, "compensate"];
    this.#checkCapability(capability, versionRange, [...path, "uses"]);
    return {
      capability,
      versionRange,
      input: this.#programs.data(draft, document.with, resultEnvironment, [...path, "with"]),
      // Problems of the task's policy are already reported there.
      retry: this.#retry(
        draft,
        document.retry ?? draft.document.retry,
        "uses",
        document.retry === undefined ? undefined : [...path, "retry"],
      ),
      timeouts: timeoutsOf(document.timeout ?? draft.document.timeout),
    };
  }

  /** Returns the environment after the end of a task, with its output and its input. */
  #afterwards(draft: Draft, environment: Environment): Environment {
    const output = this.#building.outputTypeOf(draft.number);
    const single = draft.document.forEach !== undefined && output.kind === "list" ? output.of : output;
    return environment.with({ output: single, given: types.dyn, error: failureType });
  }

  #checkCapability(name: string, range: string, path: Path): void {
    const { catalogue, findings } = this.#building;
    if (catalogue === undefined || catalogue.capability(name, range) !== undefined) return;
    const suggestion = this.#building.findings.suggest(name, catalogue.capabilityNames());
    findings.error(
      "unknown_capability",
      path,
      `no agent offers \`${name}\`${range === "" ? "" : ` in the versions ${range}`}${suggestion === undefined || suggestion === name ? "" : `. Did you mean \`${suggestion}\`?`}`,
      {
        expected:
          suggestion === undefined || suggestion === name ? "a registered capability" : `\`${suggestion}\``,
      },
    );
  }

  #placement(draft: Draft, document: PlacementDocument, environment: Environment): Placement {
    const path = [...draft.path, "placement"];
    const numbers = (key: "sameAgentAs" | "notAgentOf"): readonly number[] =>
      (document[key] ?? []).map((id, index) => this.#programs.taskNamed(draft, id, [...path, key, index]));
    return {
      pool: document.pool ?? "",
      require: selectorOf(document.require),
      prefer: selectorOf(document.prefer),
      sameAgentAs: numbers("sameAgentAs"),
      notAgentOf: numbers("notAgentOf"),
      stickyKey: this.#programs.template(draft, document.stickyKey, environment, [...path, "stickyKey"]),
      contextKey: this.#programs.template(draft, document.contextKey, environment, [...path, "contextKey"]),
    };
  }

  #check(draft: Draft, index: number, environment: Environment): TaskPolicy["checks"][number] {
    const document = draft.document.checks?.[index];
    const path = [...draft.path, "checks", index];
    const { name = "", condition = true, onFailure = "fail", sendBackTo, times = 1 } = document ?? {};
    const compiled = this.#building.programs.condition(condition, this.#afterwards(draft, environment), [
      ...path,
      "condition",
    ]);
    this.#programs.needed(draft, compiled);
    const target =
      sendBackTo === undefined
        ? draft.number
        : this.#programs.taskNamed(draft, sendBackTo, [...path, "sendBackTo"]);
    return {
      name,
      condition: compiled.program,
      onFailure,
      sendBackTo: onFailure === "sendBack" ? target : -1,
      times,
    };
  }
}
