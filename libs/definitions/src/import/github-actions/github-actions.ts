/**
 * Imports a workflow of GitHub Actions: each step with `run` becomes a task, and steps of a job follow each
 * other.
 */
import type { Json } from "@tutti/expressions";
import { expressionOf, member, plain, template, UnsupportedConstruct } from "../cel.ts";
import {
  entryOf,
  ForeignDocument,
  isMembers,
  type Members,
  membersIn,
  type Path,
  textIn,
  textsIn,
} from "../foreign-document.ts";
import { firstFree, type Imported, inOrder, NotImported, nameFrom, nameLengthMax } from "../imported.ts";
import { type Condition, type Contexts, conditionOf, renderedText } from "./expression.ts";
import { type Combination, combinationsOf } from "./matrix.ts";

const noStep = "no step is translated";
const inFolder = "it needs a value of GitHub Actions: pass it as an input or as the output of a task";
const ofAction = "an action is a program of GitHub Actions: add a task that does the same";
const ofReusable = "a reusable workflow is another file: import it, and add a task with `workflow`";
const secretOfWorker =
  "a definition has no secrets. Start the worker with this variable, and name it in the option `env` of `shell()`";

export function importGithubActions(text: string): Imported {
  const source = new ForeignDocument(text);
  const { root, collector } = source;
  const jobs = membersIn(root, "jobs");
  if (root["runs"] !== undefined)
    throw new NotImported("it is an action. Import a workflow, which is a file with `jobs`");
  if (Object.keys(jobs).length === 0) throw new NotImported("it has no `jobs`");
  const tasks: Record<string, Json> = {};
  const name = collector.truncate(textIn(root, "name"), nameLengthMax, source.lineOf(["name"]), "name");
  const workflow = collector.freeName(name || "actions");
  const inputs = inputsIn(source);
  const ends = new Map<string, JobEnd>();
  /** The tasks of each job and of the jobs that it needs. */
  const upTo = new Map<string, readonly string[]>();
  /** Jobs without a task. */
  const without = new Set<string>();
  for (const name of jobsInOrder(jobs)) {
    const job = membersIn(jobs, name);
    const count = Object.keys(tasks).length;
    const before = endOf(needsOf(job).flatMap((need) => ends.get(need) ?? []));
    const earlier = [...new Set(needsOf(job).flatMap((need) => upTo.get(need) ?? []))];
    const known = new Set(Object.keys(tasks));
    ends.set(name, new Job({ source, workflow, name, job, before, earlier, inputs }).add(tasks));
    upTo.set(name, [...earlier, ...Object.keys(tasks).filter((task) => !known.has(task))]);
    const isWithout = Object.keys(tasks).length === count;
    if (isWithout) without.add(name);
    for (const need of needsOf(job).filter((each) => isWithout || without.has(each)))
      source.report(
        ["jobs", name, "needs"],
        `job ${name}: needs: ${need}`,
        `\`${isWithout ? name : need}\` has no task`,
      );
  }
  // Without a task there is no workflow: name and events are listed with the rest.
  if (Object.keys(tasks).length === 0) {
    reportUnusedKeys(source, root, []);
    if (name !== "") source.report(["name"], `name: ${name}`, noStep);
    const key = startsKey(root);
    if (root[key] !== undefined) source.report([key], "on", noStep);
    reportUntranslated(source, root, []);
    return source.finish();
  }
  collector.add({ workflow, ...inputs.schema, tasks }, 1);
  addStarts(source, workflow, inputs.names.size > 0);
  reportUntranslated(source, root, []);
  return source.finish();
}

/** What a job requires of the jobs that it needs, if it has no `if` of its own. Those that they need count as well. */
interface JobEnd {
  /** Tasks that have to succeed. */
  readonly tasks: readonly string[];
  /** Conditions: a job is skipped behind a skipped one. */
  readonly when: readonly string[];
}

function endOf(ends: readonly JobEnd[]): JobEnd {
  return {
    tasks: [...new Set(ends.flatMap(({ tasks }) => tasks))],
    when: [...new Set(ends.flatMap(({ when }) => when))],
  };
}

/**
 * Destination of the tasks of a job: the workflow, or a separate workflow that runs for each combination of a
 * matrix.
 */
interface JobParts {
  readonly source: ForeignDocument;
  readonly workflow: string;
  readonly name: string;
  readonly job: Members;
  /** The ends of the jobs that it needs. */
  readonly before: JobEnd;
  /** All tasks of the jobs that it needs, directly or not. */
  readonly earlier: readonly string[];
  readonly inputs: Inputs;
}

class Job {
  readonly #parts: JobParts;
  readonly #path: Path;
  /** Its tasks that the next one needs. */
  #last: readonly string[] = [];
  readonly #own: string[] = [];

  constructor(parts: JobParts) {
    this.#parts = parts;
    this.#path = ["jobs", parts.name];
  }

  /** Adds the tasks. Returns what dependents require. */
  add(tasks: Record<string, Json>): JobEnd {
    const { source, job, before, earlier } = this.#parts;
    const path = this.#path;
    if (job["runs-on"] !== undefined)
      source.report(
        [...path, "runs-on"],
        `runs-on: ${JSON.stringify(job["runs-on"]).replace(/^"|"$/g, "")}`,
        "tasks run on the workers of the pool",
      );
    if (job["uses"] !== undefined) return this.#omit("uses", `uses: ${String(job["uses"])}`, ofReusable);
    try {
      const strategy = membersIn(job, "strategy");
      const matrix = strategy["matrix"];
      const combinations = matrix === undefined ? undefined : combinationsOf(matrix);
      const parent = this.#contexts({});
      const own = conditionOf(job["if"] ?? "success()", parent);
      const isAfterSuccess = own.after === "success";
      const conditions = [
        ...(isAfterSuccess ? before.when : []),
        ...(own.when === undefined ? [] : [own.when]),
      ];
      const condition: Condition = {
        after: own.after,
        when: conditions.length === 0 ? undefined : conditions.join(" && "),
      };
      const last =
        combinations === undefined
          ? this.#steps(tasks, condition, parent)
          : this.#matrix(tasks, condition, combinations, strategy);
      reportUntranslated(source, job, path);
      const onFailure = own.after === "failure" ? [failedAmong(earlier, tasks)] : [];
      return endOf([
        { tasks: last, when: [...onFailure, ...conditions] },
        ...(isAfterSuccess ? [] : [before]),
      ]);
    } catch (error) {
      if (!(error instanceof UnsupportedConstruct)) throw error;
      const key = job["if"] !== undefined && !/matrix/.test(error.message) ? "if" : "strategy";
      return this.#omit(key, key === "if" ? `if: ${String(job["if"])}` : key, error.message);
    }
  }

  #omit(key: string, construct: string, reason: string): JobEnd {
    const { source, name, before } = this.#parts;
    const text = `${reason}. The job is left out`;
    source.report([...this.#path, key], `job ${name}: ${construct}`, text, this.#path);
    return before;
  }

  /** Runs a workflow with the steps for each combination. */
  #matrix(
    tasks: Record<string, Json>,
    condition: Condition,
    combinations: readonly Combination[],
    strategy: Members,
  ): readonly string[] {
    const { source, workflow, name, before, inputs } = this.#parts;
    const steps: Record<string, Json> = {};
    const contexts = this.#contexts({ matrix: combinations, inputs: "input.inputs" });
    const inside = new Job({ ...this.#parts, before: endOf([]), earlier: [] });
    inside.#steps(steps, alwaysNext, contexts);
    if (Object.keys(steps).length === 0) {
      source.report([...this.#path, "strategy"], `job ${name}: strategy`, noStep);
      return before.tasks;
    }
    const child = source.collector.freeName(`${workflow}-${name}`);
    source.collector.add({ workflow: child, tasks: steps }, source.lineOf(this.#path));
    const most = strategy["max-parallel"];
    const at = [...this.#path, "strategy"];
    reportComputed(source, strategy, at, { "max-parallel": "number", "fail-fast": "boolean" });
    const id = firstFree(nameFrom(name), (each) => Object.hasOwn(tasks, each));
    tasks[id] = {
      forEach: template(expressionOf(combinations as Json)),
      ...(typeof most === "number" && { maxParallel: most }),
      ...(strategy["fail-fast"] === false && { failFast: false }),
      workflow: child,
      with: { matrix: "${{ item }}", ...(inputs.names.size > 0 && { inputs: "${{ input }}" }) },
      ...this.#order(condition, alwaysNext, tasks),
    };
    return [id];
  }

  #contexts(sources: { readonly matrix?: readonly Combination[]; readonly inputs?: string }): Contexts {
    const { inputs } = this.#parts;
    const [first = {}] = sources.matrix ?? [];
    return {
      matrix: sources.matrix === undefined ? undefined : "input.matrix",
      matrixKeys: new Set(Object.keys(first)),
      inputs: sources.inputs ?? "input",
      inputNames: inputs.names,
      env: {},
    };
  }

  #steps(tasks: Record<string, Json>, ofJob: Condition, contexts: Contexts): readonly string[] {
    const { job, name, source } = this.#parts;
    const steps = Array.isArray(job["steps"]) ? job["steps"] : [];
    for (const [index, step] of steps.entries()) {
      if (!isMembers(step)) continue;
      const found = this.#task(step, [...this.#path, "steps", index], contexts);
      if (found === undefined) continue;
      const proposed = nameFrom(`${name}-${textIn(step, "id") || textIn(step, "name") || index + 1}`);
      const id = firstFree(proposed, (each) => Object.hasOwn(tasks, each));
      tasks[id] = { ...found.task, ...this.#order(ofJob, found.condition, tasks) };
      // A step that always runs, or may fail, does not end the wait for the earlier steps.
      const isNext = found.condition.after === "success" && !isMayFail(tasks[id]);
      this.#last = isNext ? [id] : [...this.#last, id];
      this.#own.push(id);
    }
    if (this.#own.length === 0) reportUnusedKeys(source, job, this.#path);
    return this.#own.length === 0 ? this.#parts.before.tasks : this.#last;
  }

  /** Returns the needs and the condition of a step. Without a step: those of the whole job. */
  #order(
    ofJob: Condition,
    ofStep: Condition,
    tasks: Record<string, Json>,
  ): { readonly needs?: Json; readonly when?: string } {
    const { before, earlier } = this.#parts;
    const needs = new Map<string, Json>();
    const need = (ids: readonly string[], { after }: Condition) => {
      for (const task of ids) {
        const isAny = after !== "success" || isMayFail(tasks[task]);
        needs.set(task, isAny ? { task, on: "always" } : task);
      }
    };
    if (ofJob.after === "failure" || this.#own.length === 0)
      need(ofJob.after === "success" ? before.tasks : earlier, ofJob);
    need(ofStep.after === "failure" ? this.#own : this.#last, ofStep);
    const when = [
      ofJob.after === "failure" ? failedAmong(earlier, tasks) : undefined,
      ofJob.when,
      ofStep.after === "failure" ? failedAmong(this.#own, tasks) : undefined,
      ofStep.when,
    ].filter((each) => each !== undefined);
    return {
      ...(needs.size > 0 && { needs: [...needs.values()] }),
      ...(when.length > 0 && { when: when.join(" && ") }),
    };
  }

  #task(
    step: Members,
    path: Path,
    contexts: Contexts,
  ): { readonly task: Record<string, Json>; readonly condition: Condition } | undefined {
    const { source, job } = this.#parts;
    const omitStep = (key: string, reason: string) => {
      source.report([...path, key], `${key}: ${String(step[key])}`, `${reason}. The step is left out`, path);
      return undefined;
    };
    if (step["uses"] !== undefined) return omitStep("uses", ofAction);
    const run = textIn(step, "run");
    if (run === "") return omitStep("run", "it has no command");
    const shell = textIn(step, "shell") || defaultOf(job, source.root, "shell");
    const shellCommand = entryOf(shells, shell);
    if (shellCommand === undefined)
      return omitStep(
        "shell",
        "only bash and sh are translated: add a task with `uses: shell` and this command",
      );
    if (/\$\{?GITHUB_/.test(run)) return omitStep("run", inFolder);
    let key = "if";
    try {
      const { env, missing } = this.#environment(step, path, contexts);
      const mentioned = missing.find((variable) => mentions(step, run, variable));
      if (mentioned !== undefined) {
        const text = `it mentions the variable \`${mentioned}\`. The step is left out`;
        source.report(path, `steps: ${textIn(step, "name") || run}`, text);
        return undefined;
      }
      const known = { ...contexts, env };
      const condition = conditionOf(step["if"] ?? "success()", known);
      key = "run";
      const command = renderedText(run, known);
      const folder = textIn(step, "working-directory") || defaultOf(job, source.root, "working-directory");
      const cwd = renderedText(folder, known);
      const minutes = step["timeout-minutes"];
      reportComputed(source, step, path, { "timeout-minutes": "number", "continue-on-error": "boolean" });
      const task = {
        ...(textIn(step, "name") !== "" && { title: plain(textIn(step, "name")) }),
        uses: "shell",
        with: {
          command: [...shellCommand, command],
          ...(cwd !== "" && { cwd }),
          ...(Object.keys(env).length > 0 && { env }),
        },
        retry: 1,
        ...(typeof minutes === "number" && { timeout: durationOf(minutes) }),
        ...(step["continue-on-error"] === true && { mayFail: true }),
      };
      return { task, condition };
    } catch (error) {
      if (!(error instanceof UnsupportedConstruct)) throw error;
      return omitStep(key, error.message);
    }
  }

  /**
   * Returns the variables of a step, and the names of those that are not translated. A secret is not a value of a
   * definition: it is on the worker.
   */
  #environment(
    step: Members,
    path: Path,
    contexts: Contexts,
  ): { readonly env: Readonly<Record<string, string>>; readonly missing: readonly string[] } {
    const { source, job } = this.#parts;
    const env: Record<string, string> = {};
    const missing = new Set<string>();
    for (const [members, above] of [
      [source.root, []],
      [job, this.#path],
      [step, path],
    ] as const)
      for (const [name, value] of Object.entries(textsIn(members, "env"))) {
        delete env[name];
        missing.delete(name);
        if (/^\$\{\{\s*secrets\.\w+\s*\}\}$/.test(value))
          this.#reportOnce([...above, "env", name], `env ${name}: ${value}`, secretOfWorker);
        else
          try {
            env[name] = renderedText(value, { ...contexts, env });
          } catch (error) {
            if (!(error instanceof UnsupportedConstruct)) throw error;
            missing.add(name);
            const reason = `${error.message}. Steps that mention the variable are left out`;
            this.#reportOnce([...above, "env", name], `env ${name}`, reason);
          }
      }
    return { env, missing: [...missing] };
  }

  #reportOnce(path: Path, construct: string, reason: string): void {
    const { source, inputs } = this.#parts;
    const key = path.join("\n");
    if (inputs.listed.has(key)) return;
    inputs.listed.add(key);
    source.report(path, construct, reason);
  }
}

/**
 * Whether a step mentions a variable: in its own `env`, or as a word of its command. A condition or folder with an
 * expression of the variable is not translated anyway.
 */
function mentions(step: Members, command: string, variable: string): boolean {
  if (Object.hasOwn(membersIn(step, "env"), variable)) return true;
  return command.split(/\W+/).includes(variable);
}

/** After successful steps. */
const alwaysNext: Condition = { after: "success", when: undefined };

function failedAmong(ids: readonly string[], tasks: Readonly<Record<string, Json>>): string {
  const failed = ids
    .filter((id) => !isMayFail(tasks[id]))
    .map((id) => `${member("tasks", id)}.status == "failed"`);
  return failed.length === 0 ? "false" : `(${failed.join(" || ")})`;
}

/** Values that only steps without a task use: no task contains them. */
function reportUnusedKeys(source: ForeignDocument, members: Members, path: Path): void {
  for (const key of ["env", "defaults"])
    if (members[key] !== undefined) source.report([...path, key], key, noStep);
}

/** What to do in the place of keys of a workflow or a job that have no counterpart. */
const untranslated: Readonly<Record<string, string>> = {
  permissions: "commands have the rights of their worker",
  concurrency: "set `limits` of the workflow, such as `[{key: deploy, concurrency: 1}]`",
  "run-name": "set the id or the labels of a run at its start",
  name: "a task has the name of its job and step",
  environment: "add a task with `approval` before these tasks if people have to approve",
  container: "start the worker in this image",
  services: "start these services next to the workers",
  outputs: "read outputs of tasks: `tasks.ID.output`",
  "timeout-minutes": "set `timeout` of each task",
  "continue-on-error": "set `mayFail` of each task",
};

function reportUntranslated(source: ForeignDocument, members: Members, path: Path): void {
  for (const [key, advice] of Object.entries(untranslated)) {
    const isName = key === "name" && path.length === 0;
    if (members[key] === undefined || isName) continue;
    source.report([...path, key], constructOf([...path, key], members[key]), advice);
  }
}

/** Lists expressions in the place of numbers and conditions, which a definition needs as values. */
function reportComputed(
  source: ForeignDocument,
  members: Members,
  path: Path,
  kinds: Readonly<Record<string, "number" | "boolean">>,
): void {
  for (const [key, kind] of Object.entries(kinds)) {
    const value = members[key];
    if (value === undefined || typeof value === kind) continue;
    source.report([...path, key], `${key}: ${String(value)}`, `expected a ${kind}: write its value`);
  }
}

function constructOf(path: Path, value: unknown): string {
  const suffix = typeof value === "object" ? "" : `: ${JSON.stringify(value)}`;
  return path.join(".") + suffix;
}

function durationOf(minutes: number): string {
  return Number.isInteger(minutes) ? `${minutes}m` : `${Math.ceil(minutes * 60)}s`;
}

/** Commands of shells, as in the runner. */
const shells: Readonly<Record<string, readonly string[]>> = {
  "": ["bash", "-e", "-c"],
  bash: ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"],
  sh: ["sh", "-e", "-c"],
};

function addStarts(source: ForeignDocument, workflow: string, hasInputs: boolean): void {
  const key = startsKey(source.root);
  const triggers = source.root[key];
  const starts = isMembers(triggers)
    ? Object.entries(triggers)
    : [triggers].flat().map((name): [string, unknown] => [String(name), undefined]);
  for (const [event, settings] of starts) {
    if (event === "schedule" && Array.isArray(settings)) {
      for (const [index, each] of settings.entries()) {
        const cron = isMembers(each) ? textIn(each, "cron") : "";
        const schedule = source.collector.freeName(`${workflow}-schedule`);
        source.collector.add(
          { schedule, workflow, ...(hasInputs && { input: {} }), cron, timeZone: "UTC", overlap: "allow" },
          source.lineOf([key, event, index]),
        );
      }
    } else if (manualEvents.has(event)) continue;
    else if (event !== "undefined")
      source.report([key, event], `on: ${event}`, "add a trigger or a webhook for it");
  }
}

/** YAML 1.1 reads `on` as true, and so do some tools that write it. */
function startsKey(root: Members): string {
  return root["on"] === undefined ? "true" : "on";
}

/** Events that start a workflow with inputs. */
const manualEvents = new Set(["workflow_dispatch", "workflow_call"]);

interface Inputs {
  readonly names: ReadonlySet<string>;
  /** Input schema of the workflow. */
  readonly schema: { readonly input?: Json };
  /** Listed places of constructs that several steps share. */
  readonly listed: Set<string>;
}

/** A schedule passes no inputs, so none is required in this case. */
function inputsIn(source: ForeignDocument): Inputs {
  const { root } = source;
  const starts = membersIn(root, startsKey(root));
  const properties: Record<string, Json> = {};
  const required: string[] = [];
  for (const event of manualEvents)
    for (const [name, declared] of Object.entries(membersIn(membersIn(starts, event), "inputs"))) {
      const input = isMembers(declared) ? declared : {};
      const [kind, options, fallback] = [textIn(input, "type"), input["options"], input["default"]];
      const type = kind === "boolean" || kind === "number" ? kind : "string";
      if (type === "string" && !["", "string", "choice"].includes(kind))
        source.report(
          [startsKey(root), event, "inputs", name, "type"],
          `type: ${kind}`,
          "the input is a text",
        );
      const about = textIn(input, "description");
      const isRequired = input["required"] === true && fallback === undefined;
      if (isRequired && starts["schedule"] === undefined) required.push(name);
      const empty = { boolean: false, number: 0, string: "" }[type];
      properties[name] = {
        type,
        ...(about !== "" && { description: about }),
        ...(Array.isArray(options) && { enum: options.map(String) }),
        ...(!isRequired && { default: (fallback as Json | undefined) ?? empty }),
      };
    }
  const names = new Set(Object.keys(properties));
  const input = { schema: { type: "object", properties, ...(required.length > 0 && { required }) } };
  return { names, listed: new Set(), schema: names.size === 0 ? {} : { input } };
}

/** Returns jobs after the jobs that they need. */
function jobsInOrder(jobs: Members): readonly string[] {
  return inOrder(
    Object.keys(jobs),
    (job) => needsOf(membersIn(jobs, job)).filter((need) => jobs[need] !== undefined),
    (job) => new NotImported(`job \`${job}\` needs itself`),
  );
}

function needsOf(job: Members): readonly string[] {
  return [job["needs"] ?? []].flat().map(String);
}

function defaultOf(job: Members, root: Members, key: string): string {
  return (
    textIn(membersIn(membersIn(job, "defaults"), "run"), key) ||
    textIn(membersIn(membersIn(root, "defaults"), "run"), key)
  );
}

function isMayFail(task: Json | undefined): boolean {
  return isMembers(task) && task["mayFail"] === true;
}
