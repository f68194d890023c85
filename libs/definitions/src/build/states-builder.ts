import { fits, type Json, objectOf, printType, type Type, types } from "@tutti/expressions";
import { type Environment, failureType } from "../check/environment.ts";
import type {
  StateDocument,
  TaskDocument,
  TransitionDocument,
  TransitionsDocument,
} from "../language/document.ts";
import { needConditions, type PlanState, type PlanTransition } from "../plan/plan.ts";
import type { Path } from "../problem.ts";
import type { Building } from "./building.ts";
import { durationMs, sorted } from "./values.ts";

/**
 * The second front end: states, and transitions between them. Actions in states and of transitions are tasks
 * of the same plan, each list of them a scope with tasks in sequence.
 */
export class StatesBuilder {
  readonly states: PlanState[] = [];
  readonly transitions: PlanTransition[] = [];
  readonly #building: Building;
  readonly #base: Environment;
  readonly #vars: ReadonlyMap<string, Type>;
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(
    building: Building,
    base: Environment,
    vars: ReadonlyMap<string, Type>,
    names: readonly string[],
  ) {
    this.#building = building;
    this.#base = base;
    this.#vars = vars;
    this.#numbers = new Map(names.map((name, index) => [name, index]));
  }

  build(name: string, state: StateDocument): void {
    const path: Path = ["states", name];
    const inState = this.#base.with({ event: eventType });
    const scope =
      state.run === undefined ? -1 : this.#scope([["run", state.run, [...path, "run"]]], name, inState);
    const run = scope < 0 ? -1 : this.#building.firstOf(scope);
    const output = run < 0 ? types.dyn : this.#building.outputTypeOf(run);
    const onDone = this.#transitions(state.onDone, inState.with({ output }), [...path, "onDone"]);
    const failed = inState.with({ error: failureType });
    if (state.onDone !== undefined && run < 0)
      this.#building.findings.error(
        "conflicting_keys",
        [...path, "onDone"],
        "`onDone` has no effect without `run`",
        { key: true, expected: "`run` in the same state" },
      );
    this.states.push({
      name,
      title: state.title ?? "",
      entry: this.#actions(state.entry, name, inState, [...path, "entry"]),
      exit: this.#actions(state.exit, name, inState, [...path, "exit"]),
      run,
      onDone,
      onFailed: this.#transitions(state.onFailed, failed, [...path, "onFailed"]),
      on: Object.entries(state.on ?? {}).map(([signal, to]) => ({
        signal,
        transitions: this.#onSignal(signal, to, [...path, "on", signal]),
      })),
      after: Object.entries(state.after ?? {}).map(([delay, to]) => ({
        ms: durationMs(delay),
        transitions: this.#transitions(to, inState, [...path, "after", delay]),
      })),
      always: this.#transitions(state.always, inState, [...path, "always"]),
      final: state.final ?? false,
      output:
        state.output === undefined
          ? -1
          : this.#building.programs.data(state.output, inState, [...path, "output"]).program,
      fail:
        state.fail === undefined
          ? -1
          : this.#building.programs.template(state.fail, inState, [...path, "fail"]).program,
    });
    this.#checkEnd(state, path);
  }

  #checkEnd(state: StateDocument, path: Path): void {
    const { findings } = this.#building;
    const transitionKeys = ["onDone", "onFailed", "on", "after", "always"] as const;
    for (const key of transitionKeys) {
      if (state.final !== true || state[key] === undefined) continue;
      findings.error("conflicting_keys", [...path, key], `\`${key}\` is not allowed in a final state`, {
        key: true,
        expected: "a state that is not final",
      });
    }
    for (const key of ["output", "fail"] as const) {
      if (state.final === true || state[key] === undefined) continue;
      findings.error(
        "conflicting_keys",
        [...path, key],
        `\`${key}\` is not allowed in a state that is not final`,
        { key: true, expected: "`final: true`" },
      );
    }
    if (state.final !== true && transitionKeys.every((key) => state[key] === undefined))
      findings.warning("dead_end", path, "this state has no transition and is not final", {
        key: true,
        expected: "`final: true`, or a transition",
      });
  }

  #onSignal(signal: string, to: TransitionsDocument, path: Path): readonly number[] {
    const declared = this.#building.signalTypes;
    if (declared.size > 0 && !declared.has(signal)) {
      const suggestion = this.#building.findings.suggest(signal, declared.keys());
      this.#building.findings.error(
        "unknown_signal",
        path,
        `unknown signal \`${signal}\`${suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`}`,
        {
          key: true,
          expected:
            suggestion === undefined ? `one of ${[...declared.keys()].join(", ")}` : `\`${suggestion}\``,
        },
      );
    }
    const payload = declared.get(signal) ?? types.dyn;
    return this.#transitions(
      to,
      this.#base.with({ event: objectOf({ name: types.string, payload, time: types.string }) }),
      path,
    );
  }

  #transitions(
    document: TransitionsDocument | undefined,
    environment: Environment,
    path: Path,
  ): readonly number[] {
    if (document === undefined) return [];
    if (typeof document === "string") return [this.#transition({ to: document }, environment, path, path)];
    if (!isList(document)) return [this.#transition(document, environment, path, [...path, "to"])];
    return document.map((transition, index) =>
      this.#transition(transition, environment, [...path, index], [...path, index, "to"]),
    );
  }

  #transition(document: TransitionDocument, environment: Environment, path: Path, toPath: Path): number {
    const { to, when, set, do: actions } = document;
    const number = this.transitions.length;
    const place: { to: number; when: number; set: Readonly<Record<string, number>>; do: number } = {
      to: -1,
      when: -1,
      set: {},
      do: -1,
    };
    this.transitions.push(place);
    if (to !== undefined) place.to = this.#stateNamed(to, toPath);
    if (when !== undefined)
      place.when = this.#building.programs.condition(when, environment, [...path, "when"]).program;
    place.set = this.assignments(set, environment, [...path, "set"]);
    place.do = this.#actions(actions, path.slice(1).join("."), environment, [...path, "do"]);
    return number;
  }

  /** Builds programs of variables that change, each of a type that fits the variable. */
  assignments(
    set: Readonly<Record<string, Json>> | undefined,
    environment: Environment,
    path: Path,
  ): Readonly<Record<string, number>> {
    const programs: Record<string, number> = {};
    for (const [name, value] of Object.entries(set ?? {})) {
      const compiled = this.#building.programs.data(value, environment, [...path, name]);
      programs[name] = compiled.program;
      const type = this.#vars.get(name);
      if (type === undefined) {
        const suggestion = this.#building.findings.suggest(name, this.#vars.keys());
        this.#building.findings.error(
          "unknown_name",
          [...path, name],
          `unknown variable \`${name}\`${suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`}`,
          { key: true, expected: suggestion === undefined ? "a name under `vars`" : `\`${suggestion}\`` },
        );
      } else if (
        !fits(compiled.type, type) &&
        compiled.type.kind !== "null" &&
        !(compiled.type.kind === "int" && type.kind === "double")
      )
        this.#building.findings.error(
          "type_mismatch",
          [...path, name],
          `expected a ${printType(type)} for \`${name}\`, got ${printType(compiled.type)}`,
          { expected: printType(type) },
        );
    }
    return sorted(programs);
  }

  stateNumber(name: string, path: Path): number {
    return this.#stateNamed(name, path);
  }

  #stateNamed(name: string, path: Path): number {
    const number = this.#numbers.get(name);
    if (number !== undefined) return number;
    const suggestion = this.#building.findings.suggest(name, this.#numbers.keys());
    this.#building.findings.error(
      "unknown_state",
      path,
      `unknown state \`${name}\`${suggestion === undefined ? "" : `. Did you mean \`${suggestion}\`?`}`,
      {
        expected:
          suggestion === undefined
            ? `one of ${[...this.#numbers.keys()].slice(0, 10).join(", ")}`
            : `\`${suggestion}\``,
      },
    );
    return -1;
  }

  #actions(
    tasks: readonly TaskDocument[] | undefined,
    state: string,
    environment: Environment,
    path: Path,
  ): number {
    if (tasks === undefined || tasks.length === 0) return -1;
    const named = tasks.map((task, index) => [String(path.at(-1)) + index, task, [...path, index]] as const);
    const scope = this.#scope(named, state, environment);
    // Each action follows the previous one.
    const first = this.#building.firstOf(scope);
    for (let number = first + 1; number < first + tasks.length; number++)
      this.#building.drafts[number]?.needs.set(number - 1, needConditions.indexOf("done"));
    return scope;
  }

  #scope(
    tasks: readonly (readonly [id: string, document: TaskDocument, path: Path])[],
    state: string,
    environment: Environment,
  ): number {
    const prefixed = tasks.map(([id, document, path]) => [`${state}.${id}`, document, path] as const);
    return this.#building.declare(prefixed, { owner: -1, outer: undefined, base: environment });
  }

  /** Reports unreachable states. */
  checkReachable(initial: number): void {
    if (initial < 0) return;
    const reachable = new Set([initial]);
    const open = [initial];
    for (let number = open.pop(); number !== undefined; number = open.pop()) {
      const state = this.states[number];
      if (state === undefined) continue;
      const outgoing = [
        ...state.onDone,
        ...state.onFailed,
        ...state.always,
        ...state.on.flatMap(({ transitions }) => transitions),
        ...state.after.flatMap(({ transitions }) => transitions),
      ];
      for (const transition of outgoing) {
        const to = this.transitions[transition]?.to ?? -1;
        if (to < 0 || reachable.has(to)) continue;
        reachable.add(to);
        open.push(to);
      }
    }
    for (const [number, { name }] of this.states.entries())
      if (!reachable.has(number))
        this.#building.findings.warning(
          "unreachable",
          ["states", name],
          `no transition leads to the state \`${name}\``,
          { key: true, expected: "a transition to it" },
        );
  }
}

const eventType: Type = objectOf({ name: types.string, payload: types.dyn, time: types.string });

function isList(document: TransitionsDocument): document is readonly TransitionDocument[] {
  return Array.isArray(document);
}
