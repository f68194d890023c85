// Judges agents by their recorded runs, for `tutti agent replay|compare|freeze`: reads a request from a file, and
// prints the result as JSON.
//
//   node tools/run.mjs tools/agents.mjs replay|compare|freeze FILE

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { agents } from "../libs/sdk/src/agents/index.ts";
import {
  compareAgents,
  frozenFrom,
  judgedBy,
  playFrozen,
  recordedTools,
  recordingOf,
  replayAgent,
} from "../libs/sdk/src/testing/index.ts";

const [command = "", file = ""] = process.argv.slice(2);
const { runs, task, name, changes, comparison } = JSON.parse(readFileSync(file, "utf8"));

async function replay(recordings) {
  const replays = [];
  for (const recording of recordings)
    replays.push({ run: recording.run, ...(await replayAgent(recording, changes)) });
  return { replays };
}

async function freeze(recordings) {
  const [first] = recordings;
  if (first.output === undefined) throw new Error(`the agent of run ${first.run} did not complete`);
  const definition = frozenFrom(first, name);
  const tests = [];
  for (const recording of recordings)
    tests.push({ run: recording.run, ...(await playFrozen(definition, recording)) });
  return { definition, tests, recordings };
}

async function compare(recordings) {
  const { one, other, score, judge, test } = parse(comparison);
  const { handlers, catalogue } = recordedTools(recordings);
  const runner = agents({ catalogue });
  const cases = recordings.map(({ input, output }) => ({ input, expected: output ?? null }));
  const scoreOf = async () => {
    if (judge !== undefined) return judgedBy({ ...judge, runner: agents({ catalogue }) });
    if (test !== undefined) return (await import(pathToFileURL(test).href)).default;
    return score ?? "output == expected";
  };
  return await compareAgents({ one, other, cases, handlers, runner, score: await scoreOf() });
}

const commands = { replay, freeze, compare };
try {
  if (!Object.hasOwn(commands, command))
    throw new Error(`expected replay, compare or freeze, got ${command}`);
  const recordings = runs.map(({ run, events }) => recordingOf(run, events, task));
  process.stdout.write(`${JSON.stringify(await commands[command](recordings))}\n`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
