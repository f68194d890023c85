/** Draws tasks, and the answers of agents to them. */
import type {
  CheckDocument,
  NeedDocument,
  RetryDocument,
  TaskDocument,
  TimeoutDocument,
  WaitDocument,
} from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { NeedCondition } from "../plain-task.ts";
import { timeoutOf } from "../plain-times.ts";
import { type Answer, undoOf, visitOf } from "../script.ts";
import { acceptedSignal, rejectedSignal } from "../signals.ts";
import type { Random } from "./random.ts";
import { hasOutput, type Sight, type Values } from "./values.ts";

type Kind = "uses" | "set" | "wait" | "workflow" | "loop" | "gate" | "approve" | "spawn";

export class Tasks {
  readonly script: Record<string, readonly Answer[]> = {};
  readonly #random: Random;
  readonly #values: Values;
  #added = 0;

  constructor(random: Random, values: Values) {
    this.#random = random;
    this.#values = values;
  }

  /** Draws sibling tasks. Each may need those before it. */
  siblings(ids: readonly string[], more: readonly string[], before = "", isInRound = false) {
    const tasks: Record<string, TaskDocument> = {};
    for (const [index, id] of ids.entries())
      tasks[id] = this.#task(`${before}${id}`, ids.slice(0, index), { isInRound, more });
    return tasks;
  }

  /** A single task: an action, or the task of a state. */
  action(path: string, more: readonly string[], canCompensate: boolean): TaskDocument {
    const sight: Sight = { needs: new Map(), isEntry: false, isInRound: false, more };
    const work = this.#random.happens(0.3)
      ? { set: this.#values.data(sight) }
      : this.#uses(path, sight, canCompensate);
    return { ...work, ...(this.#random.happens(0.2) && { mayFail: true }) };
  }

  #task(path: string, before: readonly string[], about: Pick<Sight, "isInRound" | "more">): TaskDocument {
    const random = this.#random;
    const needs = new Map<string, NeedCondition>();
    for (const id of before)
      if (random.happens(1.5 / before.length))
        needs.set(id, random.pick("done", "done", "success", "always", "failure"));
    const isEntry = random.happens(0.22);
    const sight: Sight = { ...about, needs, isEntry };
    const listed: NeedDocument[] = [...needs].map(([task, on]) => (on === "done" ? task : { task, on }));
    const listedNeeds = random.happens(0.85) || about.isInRound ? listed : listed.slice(1);
    const work = this.#work(path, sight);
    return {
      ...work,
      ...(listedNeeds.length > 0 && { needs: listedNeeds }),
      ...(isEntry && this.#list({ ...sight, isEntry: false }, work.loop !== undefined)),
      ...(random.happens(0.2) && { when: this.#values.condition(sight) }),
      ...(random.happens(0.25) && { mayFail: true }),
    };
  }

  #work(path: string, sight: Sight): TaskDocument {
    const random = this.#random;
    const isInside = path.includes(".");
    const canAsk = sight.needs.size > 0 && !sight.isEntry;
    const kinds: Kind[] = ["uses", "uses", "uses", "uses", "set", "wait", "workflow"];
    if (!isInside) kinds.push("loop");
    if (canAsk) kinds.push("gate");
    if (random.may("approve")) kinds.push("approve", "approve");
    if (random.may("spawn") && !isInside && !sight.isEntry) kinds.push("spawn", "spawn");
    const kind = random.pick(...(kinds as [Kind, ...Kind[]]));
    switch (kind) {
      case "gate":
        return { gate: this.#gate(sight) };
      case "set":
        return { set: this.#values.data(sight) };
      case "wait":
        return this.#timed({ wait: this.#wait() });
      case "loop":
        return this.#timed({ loop: this.#loop(path, sight) });
      case "approve":
        return this.#timed({ approve: this.#approve(sight) });
      case "spawn":
        return { spawn: this.#spawn(sight) };
      case "workflow":
        return this.#child(path, sight);
      default:
        return this.#uses(path, sight, true);
    }
  }

  #uses(path: string, sight: Sight, canCompensate: boolean): TaskDocument {
    const random = this.#random;
    const timeout: TimeoutDocument | string | undefined =
      random.may("timeouts") && random.happens(0.5)
        ? random.pick<TimeoutDocument | string>(
            "30s",
            { queue: "1h" },
            { run: "30s", total: "2s" },
            { heartbeat: "5s", run: "1h" },
          )
        : undefined;
    const hangs = (["queue", "run", "heartbeat"] as const).filter(
      (key) => timeoutOf({ uses: "do.it", ...(timeout !== undefined && { timeout }) })[key] !== undefined,
    );
    this.#answers(path, hangs);
    for (let index = 0; index < 3; index++)
      if (sight.isEntry && random.happens(0.2)) this.script[`${path}[${index}]`] = this.#values.answers();
    const undoes = canCompensate && random.happens(0.35);
    if (undoes) this.script[undoOf(path)] = this.#values.answers();
    return {
      uses: "do.it",
      ...(random.happens(0.7) && { with: this.#values.data(sight) }),
      ...(random.happens(0.6) && { retry: this.#retry() }),
      ...(undoes && { compensate: this.#compensate(sight) }),
      ...(timeout !== undefined && { timeout }),
      ...(random.may("cache") && random.happens(0.5) && { cache: this.#cache(sight) }),
      ...(random.may("checks") && random.happens(0.6) && { checks: this.#checks(sight) }),
    };
  }

  #compensate({ isEntry, isInRound }: Sight): NonNullable<TaskDocument["compensate"]> {
    const random = this.#random;
    const outputs = [
      "given",
      "output",
      ...(isEntry ? ["item", "index"] : []),
      ...(isInRound ? ["round.last"] : []),
    ];
    const withInput = random.happens(0.3) && { with: outputs.map((name) => `\${{ ${name} }}`) };
    return { uses: "undo.it", ...withInput, ...(random.happens(0.3) && { retry: this.#retry() }) };
  }

  #answers(path: string, hangs: readonly ("queue" | "run" | "heartbeat")[]): void {
    this.script[path] = this.#values.answers(hangs);
    for (const visit of [2, 3])
      if (this.#random.happens(0.3)) this.script[visitOf(path, visit)] = this.#values.answers(hangs);
  }

  #timed(task: TaskDocument): TaskDocument {
    const isTimed = this.#random.may("timeouts") && this.#random.happens(0.4);
    return isTimed
      ? {
          ...task,
          timeout: this.#random.pick<TimeoutDocument | string>("5s", { total: "1s" }, { total: "5s" }),
        }
      : task;
  }

  #cache(sight: Sight): NonNullable<TaskDocument["cache"]> {
    const data = `\${{ string(${this.#random.pick("input.n", "input.text", sight.isEntry ? "index" : "1")}) }}`;
    return this.#random.pick<NonNullable<TaskDocument["cache"]>>("1h", "1s", { key: data, ttl: "1h" });
  }

  #checks(sight: Sight): CheckDocument[] {
    const random = this.#random;
    const [reviewed] = [...sight.needs].flatMap(([id, condition]) => (hasOutput(condition) ? [id] : []));
    const target =
      reviewed === undefined || sight.isEntry || random.happens(0.6) ? {} : { sendBackTo: reviewed };
    const check = (name: string): CheckDocument => ({
      name,
      condition: random.pick(
        "output != 1",
        "output == given",
        "output != null",
        "output.n > 1",
        "type(output) != map",
      ),
      ...random.pick<Partial<CheckDocument>>(
        {},
        { onFailure: "approval" },
        random.may("sendBack")
          ? { onFailure: "sendBack", times: random.integer(1, 2), ...target }
          : { onFailure: "fail" },
      ),
    });
    return random.happens(0.6) ? [check("good")] : [check("good"), check("well")];
  }

  #wait(): string | WaitDocument {
    const random = this.#random;
    if (random.happens(0.4)) return random.pick("1s", "20ms");
    const signal = random.pick("go", "stop");
    const filter = random.pick({}, { where: acceptedSignal }, { where: rejectedSignal });
    return { signal, ...filter, ...(random.happens(0.4) && { within: "3s" }) };
  }

  #approve(sight: Sight): NonNullable<TaskDocument["approve"]> {
    const random = this.#random;
    return {
      by: random.pick<string[]>(["anna"], ["anna", "ben"], ["anna", "ben", "eve"]),
      ...(random.happens(0.3) && { context: this.#values.data(sight) }),
      ...(random.happens(0.3) && { title: `for \${{ ${this.#values.expression(sight)} }}` }),
      ...(random.happens(0.3) && { within: "4s" }),
      ...(random.happens(0.4) && { form: this.#form() }),
    };
  }

  /** A form for approvals. Some of its fields are required. */
  #form(): NonNullable<NonNullable<TaskDocument["approve"]>["form"]> {
    const random = this.#random;
    const field = random.pick({}, { default: 1 }, { type: "number" as const });
    return {
      ...{ type: "object", properties: { n: field, note: { default: "none" } } },
      ...(random.happens(0.5) && { required: ["n"] }),
    };
  }

  #gate(sight: Sight): NonNullable<TaskDocument["gate"]> {
    const random = this.#random;
    const source = [...sight.needs.keys()][0];
    return {
      ...(random.happens(0.5)
        ? { check: this.#values.condition(sight) }
        : { checks: { good: this.#values.condition(sight), well: this.#values.condition(sight) } }),
      ...(source !== undefined &&
        random.may("sendBack") &&
        random.happens(0.8) && { sendBack: source, times: random.integer(1, 2) }),
      ...(random.happens(0.3) && { report: this.#values.data(sight) }),
    };
  }

  /** Sometimes a task that cannot be added. */
  #spawn(sight: Sight): NonNullable<TaskDocument["spawn"]> {
    const random = this.#random;
    const count = random.integer(0, 3);
    const ids = Array.from({ length: count }, () => `s${this.#added++}`);
    const [around] = sight.needs.keys();
    const tasks = ids.map((id, index): string => {
      this.script[id] = this.#values.answers();
      const needed = [ids[index - 1], around].filter((each) => each !== undefined && random.happens(0.5));
      const needs = needed.length === 0 ? "" : `, 'needs': [${needed.map((each) => `'${each}'`).join(", ")}]`;
      const mayFail = random.happens(0.3) ? ", 'mayFail': true" : "";
      const name = random.happens(0.05) ? random.pick("a", "b") : id;
      return `{'id': '${name}', 'uses': 'do.it'${needs}${mayFail}}`;
    });
    const list = `[${tasks.join(", ")}]`;
    return random.happens(0.9)
      ? { tasks: list, max: 2 + random.integer(0, 2) }
      : random.pick("input.items", "input.n", list);
  }

  #child(path: string, sight: Sight): TaskDocument {
    this.#answers(path, []);
    return {
      workflow: "child",
      ...(this.#random.happens(0.7) && { with: this.#values.data(sight) }),
      ...(this.#random.happens(0.5) && { retry: this.#retry() }),
      ...(this.#random.happens(0.3) && { parentClose: this.#random.pick("abandon", "terminate", "cancel") }),
      ...(this.#random.may("checks") && this.#random.happens(0.3) && { checks: this.#checks(sight) }),
    };
  }

  #loop(path: string, sight: Sight): NonNullable<TaskDocument["loop"]> {
    const random = this.#random;
    const ids = ["k", "l", "m"].slice(0, random.integer(1, 3));
    const inside: Sight = { ...sight, needs: new Map(ids.map((id) => [id, "always"])), isInRound: true };
    const round = `round.number ${random.pick(">= 2", "> 3", ">= 1")}`;
    return {
      tasks: this.siblings(ids, sight.more, `${path}.`, true),
      max: random.integer(1, 3),
      ...(random.happens(0.5)
        ? { until: random.pick(round, this.#values.condition(inside)) }
        : { while: random.pick("round.number < 3", "round.last != 1", "true") }),
      ...(random.happens(0.6) && { initial: this.#values.data(sight) }),
      ...(random.happens(0.4) && { every: "2s" }),
      output: this.#values.data(inside),
    };
  }

  /** If entries are loops, the order of their failures is unknown. */
  #list(sight: Sight, areLoops: boolean): TaskDocument {
    const random = this.#random;
    const outputs = [...sight.needs].flatMap(([id, condition]) =>
      hasOutput(condition) ? [`tasks.${id}.output`] : [],
    );
    return {
      forEach: random.pick("input.items", "[1, 2, 3]", "['a', 'skip']", outputs[0] ?? "input.items"),
      ...(random.happens(0.4) && { maxParallel: random.integer(1, 2) }),
      ...((areLoops || random.happens(0.4)) && { failFast: false }),
    };
  }

  #retry(): number | RetryDocument {
    const random = this.#random;
    if (random.happens(0.3)) return random.integer(1, 3);
    return {
      attempts: random.integer(1, 4),
      ...(random.happens(0.7) && { backoff: random.pick("50ms..200ms", "1s..5s") }),
      ...(random.happens(0.2) && { on: ["t.a"] }),
      ...(random.happens(0.3) && { notOn: ["t.fatal"] }),
      ...(random.may("pause") && random.happens(0.5) && { exhausted: "pause" as const }),
    };
  }

  /** A random value for tests about them. */
  static valueOf(random: Random): Json {
    return random.pick<Json>(null, 1, "mended", { n: 2 });
  }
}
