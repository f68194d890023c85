/**
 * Freezes a recorded agent into a workflow: its calls become tasks, in the order of the answers that requested them.
 *
 * 1. A value of an input that equals a value of the run's input, or of an earlier output, becomes a reference to it.
 * 2. A call that a person approved needs an approval again.
 * 3. An output that no tool returned is written by the model, in one answer without tools.
 */
import type { Json } from "@tutti/expressions";
import {
  type AgentRecording,
  equal,
  literal,
  playRecorded,
  printCall,
  type RecordedCall,
} from "./agent-recording.ts";

export interface FrozenWorkflow {
  readonly workflow: string;
  readonly tasks: Readonly<Record<string, object>>;
  readonly output: string;
}

export interface FrozenPlay {
  /** Whether it made the calls of the recording and gave its output. */
  readonly same: boolean;
  readonly output: Json;
  readonly error: string;
}

/** Returns the definition of a workflow that makes the recorded calls. Calls that failed are left out. */
export function frozenFrom(recording: AgentRecording, workflow: string): FrozenWorkflow {
  // A call takes members of the input: the input as a whole may get more of them.
  const sources: Source[] = sourcesIn("input", recording.input).filter(
    ({ path, value }) => path !== "input" || typeof value !== "object",
  );
  const tasks: Record<string, object> = {};
  const done = recording.calls.filter(({ error }) => error === undefined);
  const decisions = [...recording.decisions];
  let before: readonly string[] = [];
  for (const answer of new Set(done.map((call) => call.answer))) {
    const calls = done.filter((call) => call.answer === answer);
    const found: Source[] = [];
    for (const call of calls) {
      const at = decisions.findIndex(({ target, approved }) => approved && target === call.target);
      const approval = at < 0 ? undefined : decisions.splice(at, 1)[0];
      const templatedInput = referring(call.input, sources);
      const needs = before.length === 0 ? {} : { needs: before };
      const approvalTask = `approve-${call.task}`;
      if (approval !== undefined)
        tasks[approvalTask] = {
          ...needs,
          approve: { title: `Call ${call.target}?`, context: { tool: call.target, input: templatedInput } },
        };
      tasks[call.task] = {
        ...(approval === undefined ? needs : { needs: [approvalTask] }),
        ...(call.kind === "child" ? { workflow: call.target } : { uses: call.target }),
        with: templatedInput,
      };
      found.push(...sourcesIn(`tasks["${call.task}"].output`, call.output ?? null));
    }
    sources.push(...found);
    before = calls.map(({ task }) => task);
  }
  const output = recording.output ?? null;
  const from = sources.find(({ value, path }) => path.startsWith("tasks") && equal(value, output));
  if (from !== undefined) return { workflow, tasks, output: `\${{ ${from.path} }}` };
  const { model, instructions, prompt = null, output: form } = recording.agent;
  tasks["answer"] = {
    ...(before.length > 0 && { needs: before }),
    agent: {
      ...{ model, instructions: literal(instructions), ...(form !== undefined && { output: form }) },
      prompt: { question: referring(prompt, sources), results: resultsOf(done) },
      max: 2,
    },
  };
  return { workflow, tasks, output: "${{ tasks.answer.output }}" };
}

/** Plays a frozen workflow, or a changed one, with the tools and the last answer of a recording. */
export async function playFrozen(definition: object, recording: AgentRecording): Promise<FrozenPlay> {
  const { run, calls } = await playRecorded(definition, recording, recording.replies.slice(-1));
  const failure = await run.failure();
  const error = failure === undefined ? "" : `${failure.code}: ${failure.message}`;
  const output = error === "" ? ((await run.result()) as Json) : null;
  const expectedCalls = recording.calls
    .filter((call) => call.error === undefined)
    .map(printCall)
    .sort();
  const isSame = equal(output, recording.output ?? null) && equal(calls.map(printCall).sort(), expectedCalls);
  return { same: error === "" && isSame, output, error };
}

interface Source {
  readonly path: string;
  readonly value: Json;
}

/** The value and all of its members. Values that are the same everywhere refer to nothing. */
function sourcesIn(path: string, value: Json): Source[] {
  if (value === null || typeof value === "boolean" || value === "") return [];
  if (typeof value !== "object") return [{ path, value }];
  const members = Array.isArray(value)
    ? value.map((member, at) => [`[${at}]`, member] as const)
    : Object.entries(value).map(([key, member]) => [memberOf(key), member as Json] as const);
  if (members.length === 0) return [];
  return [{ path, value }, ...members.flatMap(([key, member]) => sourcesIn(`${path}${key}`, member))];
}

function memberOf(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function referring(value: Json, sources: readonly Source[]): Json {
  const source = sources.find((each) => equal(each.value, value));
  if (source !== undefined) return `\${{ ${source.path} }}`;
  if (Array.isArray(value)) return value.map((member) => referring(member, sources));
  if (typeof value !== "object" || value === null) return literal(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, referring(member as Json, sources)]),
  );
}

function resultsOf(calls: readonly RecordedCall[]): Json {
  return Object.fromEntries(calls.map(({ task }) => [task, `\${{ tasks["${task}"].output }}`]));
}
