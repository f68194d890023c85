/** The examples of agents, missions and sessions, one folder each: `play.ts` starts them, and acts as their agents. */
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "@tutti/sdk";
import { agents } from "@tutti/sdk/agents";
import type { Tutti } from "@tutti/sdk/client";
import { type ServedModel, serveModel } from "@tutti/sdk/model-server";
import { type ModelScript, ScriptedModel } from "@tutti/sdk/testing";

export type PlayKind = "agents" | "missions" | "sessions";

export interface Play {
  /** Registers the handlers, if the example needs a worker. */
  readonly handle?: (worker: Worker) => void;
  /** The answers of the scripted model. */
  readonly script?: () => ModelScript;
  /** Starts the example and returns the outcome. */
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
  // The package has compiled examples.
  const language = import.meta.url.endsWith(".mjs") ? "mjs" : "ts";
  return import(new URL(`${name}/play.${language}`, folderOf(kind)).href);
}

export interface Stage {
  /** A worker in the namespace of the example, not started yet. */
  readonly worker: Worker;
  readonly tutti: Tutti;
  /** URL of the REST API. */
  readonly url: string;
}

/** Runs an example with its worker. If its agents use a model, starts a server for the scripted model. */
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
