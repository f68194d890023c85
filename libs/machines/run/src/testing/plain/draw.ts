/** Draws definitions with all words that the interpreter knows, and scripts for them. */
import type {
  NeedDocument,
  RetryDocument,
  TaskDocument,
  WaitDocument,
  WorkflowDocument,
} from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { Chance } from "@tutti/kernel";
import { type DrawnRun, isRunnable } from "./drawn-run.ts";
import { type Answer, type Script, undoOf } from "./script.ts";
import { unwantedSignal, wantedSignal } from "./signals.ts";

const drawsMax = 200;

/** One that can be run, from a stream of chance. */
export function drawRun(chance: Chance): DrawnRun {
  for (let draws = 0; draws < drawsMax; draws++) {
    const drawn = new RunDraw(chance).run();
    if (isRunnable(drawn)) return drawn;
  }
  throw new Error(`expected one of ${drawsMax} definitions to be sound, found none`);
}

/** What a task can see: tasks before it, and how it needs them. */
interface Sight {
  readonly needs: ReadonlyMap<string, "success" | "failure" | "always">;
  readonly isEntry: boolean;
  readonly isRound: boolean;
}

class RunDraw {
  readonly #chance: Chance;
  readonly #script: Record<string, readonly Answer[]> = {};

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  run(): DrawnRun {
    const tasks = this.#tasks(
      ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"].slice(0, this.#skewed(1, 10)),
      "",
      false,
    );
    // What is sent back is done anew, but good entries of a list that failed stay, rounds of a loop that failed are undone
    // beside those that follow, children have their scripts once, and there is one signal for each that waits.
    const isPlain = !/"forEach"|"workflow"|"signal"|"loop".*"compensate"/.test(JSON.stringify(tasks));
    if (!isPlain) this.#withoutSendBack(tasks);
    const all: Sight = {
      needs: new Map(Object.keys(tasks).map((id) => [id, "always"])),
      isEntry: false,
      isRound: false,
    };
    const document: WorkflowDocument = {
      workflow: "drawn",
      tasks,
      ...(this.#happens(0.15) && { onFailure: "keep" }),
      ...(this.#happens(0.5) && { output: this.#data(all) }),
    };
    const input = {
      n: this.#whole(0, 3),
      text: "x",
      items: this.#one<Json>([], ["a"], ["a", "skip", "b"], [1, 2, 3, 4]),
    };
    return {
      document,
      input,
      script: this.#script as Script,
      cancelAfter: this.#happens(0.15) ? this.#whole(1, 4) : 0,
    };
  }

  #tasks(ids: readonly string[], before: string, isRound: boolean): Record<string, TaskDocument> {
    const tasks: Record<string, TaskDocument> = {};
    for (const [index, id] of ids.entries())
      tasks[id] = this.#task(`${before}${id}`, ids.slice(0, index), isRound);
    return tasks;
  }

  #task(path: string, before: readonly string[], isRound: boolean): TaskDocument {
    const needs = new Map<string, "success" | "failure" | "always">();
    for (const id of before)
      if (this.#happens(1.5 / before.length))
        needs.set(id, this.#one("success", "success", "success", "always", "failure"));
    const isEntry = this.#happens(0.22);
    const sight: Sight = { needs, isEntry, isRound };
    const listed: NeedDocument[] = [...needs].map(([task, on]) => (on === "success" ? task : { task, on }));
    const given = this.#happens(0.9) || isRound ? listed : listed.slice(1);
    const work = this.#work(path, sight);
    return {
      ...work,
      ...(given.length > 0 && { needs: given }),
      ...(isEntry && this.#list({ ...sight, isEntry: false }, work.loop !== undefined)),
      ...(this.#happens(0.2) && { when: this.#condition(sight) }),
      ...(this.#happens(0.25) && { mayFail: true }),
    };
  }

  #work(path: string, sight: Sight): TaskDocument {
    const isInside = path.includes(".");
    const canAsk = sight.needs.size > 0 && !sight.isEntry;
    const kind = this.#one(
      "uses",
      "uses",
      "uses",
      "uses",
      "set",
      "wait",
      "workflow",
      isInside ? "uses" : "loop",
      canAsk ? "gate" : "uses",
    );
    if (kind === "gate") return { gate: this.#gate(sight) };
    if (kind === "set") return { set: this.#data(sight) };
    if (kind === "wait") return { wait: this.#wait(isInside || sight.isEntry) };
    if (kind === "loop") return { loop: this.#loop(path, sight) };
    this.#script[path] = this.#answers();
    if (kind === "workflow") return this.#child(sight);
    for (let index = 0; index < 3; index++)
      if (sight.isEntry && this.#happens(0.2)) this.#script[`${path}[${index}]`] = this.#answers();
    const undoes = this.#happens(0.35);
    if (undoes) this.#script[undoOf(path)] = this.#answers();
    return {
      uses: "do.it",
      ...(this.#happens(0.7) && { with: this.#data(sight) }),
      ...(this.#happens(0.6) && { retry: this.#retry() }),
      ...(undoes && { compensate: { uses: "undo.it", ...(this.#happens(0.3) && { retry: this.#retry() }) } }),
    };
  }

  #wait(isMany: boolean): string | WaitDocument {
    if (isMany || this.#happens(0.4)) return this.#one("1s", "20ms");
    const signal = this.#one("go", "stop");
    if (this.#happens(0.3)) return { signal, where: unwantedSignal, within: "3s" };
    return { signal, ...(this.#happens(0.5) && { where: wantedSignal }) };
  }

  #withoutSendBack(tasks: Record<string, TaskDocument>): void {
    for (const [id, task] of Object.entries(tasks)) {
      if (task.loop !== undefined) this.#withoutSendBack(task.loop.tasks as Record<string, TaskDocument>);
      const { sendBack: _, times: __, ...gate } = task.gate ?? {};
      if (task.gate !== undefined) tasks[id] = { ...task, gate };
    }
  }

  #gate(sight: Sight): NonNullable<TaskDocument["gate"]> {
    const back = [...sight.needs.keys()][0];
    return {
      ...(this.#happens(0.5)
        ? { check: this.#condition(sight) }
        : { checks: { good: this.#condition(sight), well: this.#condition(sight) } }),
      ...(back !== undefined && this.#happens(0.6) && { sendBack: back, times: this.#whole(1, 2) }),
    };
  }

  #child(sight: Sight): TaskDocument {
    return {
      workflow: "child",
      ...(this.#happens(0.7) && { with: this.#data(sight) }),
      ...(this.#happens(0.5) && { retry: this.#retry() }),
      ...(this.#happens(0.3) && { parentClose: this.#one("abandon", "terminate", "cancel") }),
    };
  }

  #loop(path: string, sight: Sight): NonNullable<TaskDocument["loop"]> {
    const ids = ["k", "l", "m"].slice(0, this.#whole(1, 3));
    const inside: Sight = { ...sight, needs: new Map(ids.map((id) => [id, "always"])), isRound: true };
    const round = `round.number ${this.#one(">= 2", "> 3", ">= 1")}`;
    return {
      tasks: this.#tasks(ids, `${path}.`, true),
      max: this.#whole(1, 3),
      ...(this.#happens(0.5)
        ? { until: this.#one(round, this.#condition(inside)) }
        : { while: this.#one("round.number < 3", "round.last != 1", "true") }),
      ...(this.#happens(0.6) && { initial: this.#data(sight) }),
      ...(this.#happens(0.4) && { every: "2s" }),
      output: this.#data(inside),
    };
  }

  /** Where entries are loops, nobody can say which of several failed first. */
  #list(sight: Sight, areLoops: boolean): TaskDocument {
    const seen = [...sight.needs].flatMap(([id, how]) => (how === "success" ? [`tasks.${id}.output`] : []));
    return {
      forEach: this.#one("input.items", "[1, 2, 3]", "['a', 'skip']", seen[0] ?? "input.items"),
      ...(this.#happens(0.4) && { maxParallel: this.#whole(1, 2) }),
      ...((areLoops || this.#happens(0.4)) && { failFast: false }),
    };
  }

  #retry(): number | RetryDocument {
    if (this.#happens(0.3)) return this.#whole(1, 3);
    return {
      max: this.#whole(1, 4),
      ...(this.#happens(0.7) && { backoff: this.#one("50ms..200ms", "1s..5s") }),
      ...(this.#happens(0.2) && { on: ["t.a"] }),
      ...(this.#happens(0.3) && { notOn: ["t.fatal"] }),
    };
  }

  /** JSON with expressions in it. */
  #data(sight: Sight): Json {
    const expression = (): Json => `\${{ ${this.#expression(sight)} }}`;
    return this.#one<() => Json>(
      () => this.#value(),
      expression,
      expression,
      () => ({ fixed: 1, k: expression() }),
      () => [expression(), expression()],
      () => `n is ${expression()}`,
    )();
  }

  #expression(sight: Sight): string {
    const found = ["input.n", "input.text", "input.items", "input", "1 + 1", "input.missing", "input.n + 1"];
    for (const [id, how] of sight.needs) {
      found.push(`tasks.${id}.status`, `tasks.${id}.status == 'failed' ? 'bad' : 'good'`);
      if (how === "success") found.push(`tasks.${id}.output`, `tasks.${id}.output`, `tasks.${id}.output.n`);
      else if (how === "failure") found.push(`tasks.${id}.error.code`, `tasks.${id}.error.code`);
      else found.push(`tasks.${id}.output`);
    }
    if (sight.isEntry) found.push("item", "item", "index", "index + 1");
    if (sight.isRound) found.push("round.number", "round.last", "round.last");
    return found[this.#whole(0, found.length - 1)] ?? "1";
  }

  #condition(sight: Sight): string {
    const found = [
      "input.n > 1",
      "input.text == 'x'",
      "input.n < 9",
      "size(input.items) > 0",
      "has(input.missing)",
    ];
    for (const [id, how] of sight.needs) {
      found.push(`tasks.${id}.status == 'completed'`, `tasks.${id}.status != 'skipped'`);
      if (how === "success") found.push(`tasks.${id}.output == 1`, `tasks.${id}.output.n > 1`);
    }
    if (sight.isEntry) found.push("item != 'skip'", "item != 'skip'", "index < 2");
    if (sight.isRound) found.push("round.number < 2", "round.last == null");
    return found[this.#whole(0, found.length - 1)] ?? "true";
  }

  #answers(): Answer[] {
    return Array.from({ length: this.#whole(1, 3) }, () => this.#answer());
  }

  #answer(): Answer {
    if (this.#happens(0.25))
      return { fails: this.#one("t.a", "t.b", "t.fatal"), ...(this.#happens(0.1) && { isFinal: true }) };
    return this.#happens(0.3) ? { echoes: true } : { gives: this.#value() };
  }

  #value(): Json {
    return this.#one<Json>(
      null,
      1,
      7,
      "x",
      "skip",
      true,
      { n: 2 },
      { more: ["y"], n: 0 },
      [1, 2],
      ["a", "skip"],
      [],
    );
  }

  #happens(share: number): boolean {
    return this.#chance.random() < share;
  }

  /** From `from` to `to`, both included. */
  #whole(from: number, to: number): number {
    return from + Math.floor(this.#chance.random() * (to - from + 1));
  }

  #skewed(from: number, to: number): number {
    return from + Math.floor(this.#chance.random() ** 1.7 * (to - from + 1));
  }

  #one<T>(...of: readonly [T, ...T[]]): T {
    return of[this.#whole(0, of.length - 1)] ?? of[0];
  }
}
