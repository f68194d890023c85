/** The examples of agents, missions and sessions, found by their folders: `play.ts` starts them, and plays their agents. */
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "@tutti/sdk";
import { agents } from "@tutti/sdk/agents";
import type { Tutti } from "@tutti/sdk/client";
import { type ServedModel, serveModel } from "@tutti/sdk/model-server";
import { type ModelScript, ScriptedModel } from "@tutti/sdk/testing";

export type PlayKind = "agents" | "missions" | "sessions";

export interface Play {
  /** For examples whose tasks are offered to workers. */
  readonly handle?: (worker: Worker) => void;
  /** What the model of its agents answers. */
  readonly script?: () => ModelScript;
  /** Starts it, gives what came of it. */
  readonly play: (tutti: Tutti) => Promise<unknown>;
}

const folderOf = (kind: PlayKind): URL => new URL(`${kind}/`, import.meta.url);

export function playNames(kind: PlayKind): readonly string[] {
  return readdirSync(folderOf(kind), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

export function playNamed(kind: PlayKind, name: string): Promise<Play> {
  // In the package the examples are built.
  const language = import.meta.url.endsWith(".mjs") ? "mjs" : "ts";
  return import(new URL(`${name}/play.${language}`, folderOf(kind)).href);
}

export interface Stage {
  /** Of the namespace of the example, not yet started. */
  readonly worker: Worker;
  readonly tutti: Tutti;
  /** Where REST is. */
  readonly url: string;
}

/** Plays an example: its worker, and if its agents have a model, a server with the script of that model. */
export async function perform({ handle, script, play }: Play, stage: Stage): Promise<unknown> {
  const { worker, tutti, url } = stage;
  let served: ServedModel | undefined;
  handle?.(worker);
  if (script !== undefined) {
    served = await serveModel(new ScriptedModel(script()));
    const providers = { scripted: { speaks: "messages", url: served.url } } as const;
    worker.durable(agents({ server: url, providers, prices: { small: { input: 1, output: 5 } } }));
  }
  try {
    if (handle !== undefined || served !== undefined) await worker.start();
    if (served !== undefined) await listed(url, worker.settings.namespace);
    return await play(tutti);
  } finally {
    await worker.stop();
    await served?.close();
  }
}

/** Resolves when the platform lists the tools of the worker. */
async function listed(url: string, namespace: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/v1/capabilities?namespace=${encodeURIComponent(namespace)}`);
    if ((await answer.text()).includes('"tutti.agent"')) return;
    await sleep(50);
  }
}
