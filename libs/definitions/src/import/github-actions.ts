/** A workflow of GitHub Actions: each step with `run` becomes a task, steps of a job follow each other. */
import type { Json } from "@tutti/expressions";
import {
  entryOf,
  ForeignDocument,
  isMembers,
  type Members,
  membersIn,
  textIn,
  textsIn,
} from "./foreign-document.ts";
import { type Imported, isExpression, NotImported, nameFrom, nameLengthMax } from "./imported.ts";

const inFolder = "run: it needs a value of GitHub Actions";

export function importGithubActions(text: string): Imported {
  const source = new ForeignDocument(text);
  const { root, collector } = source;
  const jobs = membersIn(root, "jobs");
  if (Object.keys(jobs).length === 0) throw new NotImported("it has no `jobs`");
  const tasks: Record<string, Json> = {};
  /** The last tasks of each job: what its dependents wait for. */
  const ends = new Map<string, readonly string[]>();
  /** Jobs without a task. */
  const without = new Set<string>();
  for (const name of inOrder(jobs)) {
    const job = membersIn(jobs, name);
    const count = Object.keys(tasks).length;
    ends.set(name, new Job(source, name, job, ends).add(tasks));
    const isWithout = Object.keys(tasks).length === count;
    if (isWithout) without.add(name);
    for (const need of needsOf(job).filter((each) => isWithout || without.has(each)))
      source.leave(
        ["jobs", name, "needs"],
        `job ${name}: needs: ${need}`,
        `\`${isWithout ? name : need}\` has no task`,
      );
  }
  // Without a task there is no workflow to start: name and events are listed with the rest.
  if (Object.keys(tasks).length === 0) {
    leaveOfTasks(source, root, []);
    return source.finish();
  }
  const name = collector.fit(textIn(root, "name"), nameLengthMax, source.lineOf(["name"]), "name");
  const workflow = collector.freeName(name || "actions");
  collector.add({ workflow, tasks }, 1);
  addStarts(source, workflow);
  return source.finish();
}

class Job {
  readonly #source: ForeignDocument;
  readonly #name: string;
  readonly #job: Members;
  readonly #before: readonly string[];

  constructor(
    source: ForeignDocument,
    name: string,
    job: Members,
    ends: ReadonlyMap<string, readonly string[]>,
  ) {
    this.#source = source;
    this.#name = name;
    this.#job = job;
    this.#before = needsOf(job).flatMap((need) => ends.get(need) ?? []);
  }

  /** Adds the tasks. Returns the ids that dependents wait for. */
  add(tasks: Record<string, Json>): readonly string[] {
    const [source, job, path] = [this.#source, this.#job, ["jobs", this.#name]];
    if (job["runs-on"] !== undefined)
      source.leave(
        [...path, "runs-on"],
        `runs-on: ${String(job["runs-on"])}`,
        "tasks run on the workers of the pool",
      );
    for (const [key, reason] of [
      ["uses", "a reusable workflow is another file"],
      ["if", "jobs with a condition are not translated"],
    ] as const)
      if (job[key] !== undefined) {
        source.leave(
          [...path, key],
          `job ${this.#name}: ${key}: ${String(job[key])}`,
          `${reason}. The job is left out`,
          path,
        );
        return this.#before;
      }
    if (isMembers(job["strategy"])) {
      source.leave(
        [...path, "strategy"],
        `job ${this.#name}: strategy`,
        "a matrix is not translated. The job is left out",
        path,
      );
      return this.#before;
    }
    let before = this.#before;
    const steps = Array.isArray(job["steps"]) ? job["steps"] : [];
    for (const [index, step] of steps.entries()) {
      const task = isMembers(step) ? this.#task(step, [...path, "steps", index]) : undefined;
      if (task === undefined) continue;
      const wanted = nameFrom(`${this.#name}-${textIn(step, "id") || textIn(step, "name") || index + 1}`);
      const id = tasks[wanted] === undefined ? wanted : `${wanted}-${index + 1}`;
      const needs = before.map((need) => (isMayFail(tasks[need]) ? { task: need, on: "always" } : need));
      tasks[id] = { ...task, ...(needs.length > 0 && { needs }) };
      before = [id];
    }
    if (before === this.#before) leaveOfTasks(source, job, path);
    return before;
  }

  #task(step: Members, path: readonly (string | number)[]): Record<string, Json> | undefined {
    const source = this.#source;
    const leave = (key: string, reason: string) => {
      source.leave([...path, key], `${key}: ${String(step[key])}`, `${reason}. The step is left out`, path);
      return undefined;
    };
    if (step["uses"] !== undefined) return leave("uses", "an action is a program of GitHub Actions");
    const run = textIn(step, "run");
    if (run === "") return leave("run", "it has no command");
    if (step["if"] !== undefined) return leave("if", "a condition is not translated");
    const env = { ...textsIn(source.root, "env"), ...textsIn(this.#job, "env"), ...textsIn(step, "env") };
    const cwd = textIn(step, "working-directory") || defaultOf(this.#job, source.root, "working-directory");
    if ([run, cwd, ...Object.values(env)].some(isExpression) || /\$\{?GITHUB_/.test(run))
      return leave("run", inFolder);
    const shell = textIn(step, "shell") || defaultOf(this.#job, source.root, "shell");
    const words = entryOf(shells, shell);
    if (words === undefined) return leave("shell", "only bash and sh are translated");
    const minutes = step["timeout-minutes"];
    return {
      ...(textIn(step, "name") !== "" && { title: textIn(step, "name") }),
      uses: "shell",
      with: {
        command: [...words, run],
        ...(cwd !== "" && { cwd }),
        ...(Object.keys(env).length > 0 && { env }),
      },
      retry: 1,
      ...(typeof minutes === "number" && { timeout: `${Math.ceil(minutes)}m` }),
      ...(step["continue-on-error"] === true && { mayFail: true }),
    };
  }
}

/** Steps that are left out have read these, and no task has them. */
function leaveOfTasks(source: ForeignDocument, members: Members, path: readonly string[]): void {
  for (const key of ["env", "defaults"])
    if (members[key] !== undefined) source.leave([...path, key], key, "no step is translated");
}

/** As the runner starts them. */
const shells: Readonly<Record<string, readonly string[]>> = {
  "": ["bash", "-e", "-c"],
  bash: ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"],
  sh: ["sh", "-e", "-c"],
};

function addStarts(source: ForeignDocument, workflow: string): void {
  // YAML 1.1 reads `on` as true, and so do some tools that write it.
  const key = source.root["on"] === undefined ? "true" : "on";
  const given = source.root[key];
  const starts = isMembers(given)
    ? Object.entries(given)
    : [given].flat().map((name): [string, unknown] => [String(name), undefined]);
  for (const [event, settings] of starts) {
    if (event === "schedule" && Array.isArray(settings)) {
      for (const [index, each] of settings.entries()) {
        const cron = isMembers(each) ? textIn(each, "cron") : "";
        const schedule = source.collector.freeName(`${workflow}-schedule`);
        source.collector.add(
          { schedule, workflow, cron, timeZone: "UTC" },
          source.lineOf([key, event, index]),
        );
      }
    } else if (event === "workflow_dispatch" && !isMembers(settings)) continue;
    else if (event !== "undefined")
      source.leave([key, event], `on: ${event}`, "add a trigger or a webhook for it");
  }
}

/** Jobs behind the ones they need. */
function inOrder(jobs: Members): readonly string[] {
  const sorted = new Set<string>();
  const visit = (job: string, above: readonly string[]) => {
    if (above.includes(job)) throw new NotImported(`job \`${job}\` needs itself`);
    if (sorted.has(job) || jobs[job] === undefined) return;
    for (const need of needsOf(membersIn(jobs, job))) visit(need, [...above, job]);
    sorted.add(job);
  };
  for (const job of Object.keys(jobs)) visit(job, []);
  return [...sorted];
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
