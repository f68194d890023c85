import { listOf, objectOf, types } from "@tutti/expressions";
import { agentFunction } from "@tutti/kernel";
import type { Environment } from "../check/environment.ts";
import { isLoneExpression } from "../check/shape-checker.ts";
import { parseDurationMs } from "../duration.ts";
import type { GateDocument, LoopDocument, WaitDocument } from "../language/document.ts";
import type { TaskKindWord } from "../language/task-shape.ts";
import type { Among, Work } from "../plan/plan.ts";
import type { Path } from "../problem.ts";
import type { Building, Draft } from "./building.ts";
import type { TaskPrograms } from "./task-programs.ts";
import { durationMs, splitAt } from "./values.ts";

/** Words with dots between them. */
const eventTypeForm = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** Builds the work of a task, by its kind. */
export class WorkBuilder {
  readonly #building: Building;
  readonly #programs: TaskPrograms;

  constructor(building: Building, programs: TaskPrograms) {
    this.#building = building;
    this.#programs = programs;
  }

  workOf(draft: Draft, kind: TaskKindWord, environment: Environment): Work {
    const { document, path } = draft;
    switch (kind) {
      case "uses":
      case "function": {
        const among = kind === "uses" ? this.#among(draft, environment) : undefined;
        const [first] = among?.capabilities ?? [];
        if (among !== undefined && first !== undefined) return { kind, ...first, among };
        const [capability, versionRange] = splitAt(document[kind] ?? "");
        return { kind, capability, versionRange };
      }
      case "agent":
        return { kind: "function", capability: agentFunction, versionRange: "" };
      case "workflow":
      case "mission": {
        const [definition, version] = splitAt(document[kind] ?? "");
        const isHash = /^[0-9a-f]{64}$/.test(version);
        const parameters = this.#programs.data(draft, document.parameters, environment, [
          ...path,
          "parameters",
        ]);
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

  /** The declared capabilities, if `uses` is an expression. */
  #among(draft: Draft, environment: Environment): Among | undefined {
    const { document, path } = draft;
    const { uses = "", among = [] } = document;
    const isComputed = isLoneExpression(uses);
    if (isComputed !== among.length > 0) {
      this.#building.findings.error(
        "conflicting_keys",
        [...path, isComputed ? "uses" : "among"],
        isComputed
          ? "`uses` is an expression, and `among` does not list the capabilities that it may name"
          : "`among` lists capabilities for an expression, and `uses` is none",
        { expected: "`among: [stock.reserve, …]` with `uses: ${{ … }}`" },
      );
      return undefined;
    }
    if (!isComputed) return undefined;
    const program = this.#programs.template(draft, uses, environment, [...path, "uses"]);
    const capabilities = among.map((name) => {
      const [capability, versionRange] = splitAt(name);
      return { capability, versionRange };
    });
    return { program, capabilities };
  }

  #wait(draft: Draft, wait: string | WaitDocument, environment: Environment): Work {
    const path = [...draft.path, "wait"];
    const spelt = typeof wait === "string" ? { for: wait } : wait;
    const inner = typeof wait === "string" ? path : [...path, "for"];
    if (spelt.signal !== undefined) {
      const { signal } = spelt;
      this.#checkSignal(signal, [...path, "signal"]);
      this.#rejectKeys(spelt, ["if", "source"], "`where` for a signal", path);
      const payload = this.#building.signalTypes.get(signal) ?? types.dyn;
      const signalEnvironment = environment.with({ signal: objectOf({ name: types.string, payload }) });
      const filter =
        spelt.where === undefined
          ? undefined
          : this.#building.programs.condition(spelt.where, signalEnvironment, [...path, "where"]);
      this.#programs.needed(draft, filter);
      const [within, withinMs] = this.#duration(draft, spelt.within, environment, [...path, "within"]);
      return { kind: "waitSignal", signal, where: filter?.program ?? -1, within, withinMs };
    }
    if (spelt.event !== undefined) return this.#waitForEvent(draft, spelt.event, spelt, environment);
    if (spelt.until !== undefined) {
      const moment = this.#programs.template(draft, spelt.until, environment, [...path, "until"]);
      const constant = this.#building.programs.programs[moment];
      if (constant?.form === "constant" && Number.isNaN(Date.parse(String(constant.source))))
        this.#building.findings.error(
          "wrong_form",
          [...path, "until"],
          `expected a moment such as 2026-01-31T09:30:00Z, got ${JSON.stringify(constant.source)}`,
        );
      return { kind: "waitUntil", moment };
    }
    const [span, ms] = this.#duration(draft, spelt.for, environment, inner);
    return { kind: "waitFor", span, ms };
  }

  #waitForEvent(draft: Draft, type: string, wait: WaitDocument, environment: Environment): Work {
    const { source = "", if: conditionText, within: withinText } = wait;
    const path = [...draft.path, "wait"];
    if (!eventTypeForm.test(type)) this.#wrong([...path, "event"], "a type such as `shop.order.paid`", type);
    this.#rejectKeys(wait, ["where"], "`if` for an event", path);
    const eventEnvironment = environment.with({ event: types.dyn });
    const condition =
      conditionText === undefined
        ? undefined
        : this.#building.programs.condition(conditionText, eventEnvironment, [...path, "if"]);
    this.#programs.needed(draft, condition);
    const [within, withinMs] = this.#duration(draft, withinText, environment, [...path, "within"]);
    return { kind: "waitEvent", type, source, condition: condition?.program ?? -1, within, withinMs };
  }

  /** Reports keys of another kind of wait, which would be ignored. */
  #rejectKeys(wait: WaitDocument, keys: readonly (keyof WaitDocument)[], expected: string, path: Path): void {
    for (const key of keys) if (wait[key] !== undefined) this.#wrong([...path, key], expected, key);
  }

  #wrong(path: Path, expected: string, found: string): void {
    const message = `expected ${expected}, got ${JSON.stringify(found.slice(0, 60))}`;
    this.#building.findings.error("wrong_form", path, message, { expected });
  }

  /** Returns a duration: a constant in milliseconds, or a program. */
  #duration(
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
        `expected ${expected}, got ${JSON.stringify(text.slice(0, 60))}`,
        { expected },
      );
      return [-1, 0];
    }
    return [this.#programs.template(draft, text, environment, path), 0];
  }

  #checkSignal(signal: string, path: Path): void {
    const declared = this.#building.signalTypes;
    // A definition declares all of its signals or none. Without any it accepts every signal.
    if (declared.size === 0 || declared.has(signal)) return;
    const suggestion = this.#building.findings.suggest(signal, declared.keys());
    this.#building.findings.error(
      "unknown_signal",
      path,
      `unknown signal \`${signal}\`${suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`}`,
      {
        expected:
          suggestion === undefined
            ? `one of ${[...declared.keys()].slice(0, 10).join(", ")}`
            : `\`${suggestion}\``,
      },
    );
  }

  #approve(draft: Draft, environment: Environment): Work {
    const {
      by = [],
      exclude,
      title,
      message,
      context,
      form = null,
      needed = 1,
      within,
      claimFor,
    } = draft.document.approve ?? {};
    const path = [...draft.path, "approve"];
    return {
      kind: "approve",
      by,
      // Absent by default, so that plans without it are unchanged.
      ...(exclude !== undefined && {
        exclude: this.#programs.template(draft, exclude, environment, [...path, "exclude"]),
      }),
      title: this.#programs.template(draft, title, environment, [...path, "title"]),
      message: this.#programs.template(draft, message, environment, [...path, "message"]),
      context: this.#programs.data(draft, context, environment, [...path, "context"]),
      form,
      needed,
      withinMs: durationMs(within),
      ...(claimFor !== undefined && { claimMs: durationMs(claimFor) }),
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
      const compiled = this.#building.programs.condition(source, environment, place);
      this.#programs.needed(draft, compiled);
      return { name, condition: compiled.program };
    });
    const sendBack = this.#programs.taskNamed(draft, gate.sendBack, [...path, "sendBack"]);
    if (gate.times !== undefined && gate.sendBack === undefined)
      this.#building.findings.error(
        "conflicting_keys",
        [...path, "times"],
        "`times` has no effect without `sendBack`",
        { key: true },
      );
    const report = this.#programs.data(draft, gate.report, environment, [...path, "report"]);
    return { kind: "gate", checks, sendBack, times: gate.times ?? (sendBack < 0 ? 0 : 1), report };
  }

  #loop(draft: Draft, loop: LoopDocument | undefined, environment: Environment): Work {
    const path = [...draft.path, "loop"];
    const { programs } = this.#building;
    const inside = this.#building.environmentOfScope(draft.body);
    const condition = (key: "while" | "until"): number => {
      const source = loop?.[key];
      if (source === undefined) return -1;
      const compiled = programs.condition(source, inside, [...path, key]);
      this.#programs.needed(draft, compiled);
      return compiled.program;
    };
    const output =
      loop?.output === undefined ? undefined : programs.data(loop.output, inside, [...path, "output"]);
    this.#programs.needed(draft, output);
    return {
      kind: "loop",
      scope: draft.body,
      while: condition("while"),
      until: condition("until"),
      max: loop?.max ?? 1,
      everyMs: durationMs(loop?.every),
      initial: this.#programs.data(draft, loop?.initial, environment, [...path, "initial"]),
      output: output?.program ?? -1,
    };
  }

  #spawn(draft: Draft, environment: Environment): Work {
    const { spawn = "" } = draft.document;
    const settings = typeof spawn === "string" ? { tasks: spawn } : spawn;
    const { tasks, max = 1_000, returnErrors = false } = settings;
    const path = typeof spawn === "string" ? [...draft.path, "spawn"] : [...draft.path, "spawn", "tasks"];
    const compiled = this.#building.programs.condition(tasks, environment, path, listOf(types.dyn));
    this.#programs.needed(draft, compiled);
    return { kind: "spawn", tasks: compiled.program, max, ...(returnErrors && { returnErrors }) };
  }
}
