/** Keyed objects, as a program calls and reads them. A call is a run of the object's workflow. */
import {
  type KeyedObject as ObjectMessage,
  type objectService,
  RunSpec,
  type runService,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../errors.ts";
import {
  type CallableObject,
  callsOf,
  type ObjectCalls,
  type ObjectHandlers,
  type UntypedCalls,
} from "../functions/object-calls.ts";
import { type OptionNames, requireKnown, text } from "../options.ts";
import { payloadOf, valueIn } from "./payloads.ts";
import { RunHandle, type RunParts } from "./run.ts";
import { type ResultOptions, resultNames } from "./work/outcome.ts";
import { namesOfStart } from "./work/start-names.ts";

export interface ObjectsParts extends RunParts {
  readonly objects: Client<typeof objectService>;
  readonly runs: Client<typeof runService>;
}

export interface ObjectCallOptions extends ResultOptions {
  /** Id of the run: a second call with the same id is the same call. Default: a new id, created by the service. */
  readonly id?: string;
}

type CallNames = Pick<ObjectCallOptions, "id">;

const callNames: OptionNames<CallNames> = { id: text };
const optionNames: OptionNames<ObjectCallOptions> = { ...resultNames, ...callNames };

/** The state of a keyed object. */
export interface ObjectView {
  readonly name: string;
  readonly key: string;
  /** Its values. Absent in lists. */
  readonly state?: Readonly<Record<string, unknown>>;
  /** Numbers of waiting and ended calls. */
  readonly waiting: number;
  readonly ended: number;
  /** Id of the run that holds the object. */
  readonly currentRun?: string;
}

export class Objects {
  readonly #parts: ObjectsParts;

  constructor(parts: ObjectsParts) {
    this.#parts = parts;
  }

  /** Returns the calls of an object with this key. A call resolves with its result, or rejects with its error. */
  of<const Handlers extends ObjectHandlers>(
    target: CallableObject<Handlers>,
    key: string,
    options?: ObjectCallOptions,
  ): ObjectCalls<Handlers>;
  of<Calls extends object = UntypedCalls>(target: string, key: string, options?: ObjectCallOptions): Calls;
  of(target: CallableObject | string, key: string, options: ObjectCallOptions = {}): object {
    requireKnown("objects.of", options, optionNames);
    const { id, ...waiting } = options;
    const named = id === undefined ? {} : { id };
    const name = typeof target === "string" ? target : target.name;
    return callsOf(async (call, input) => {
      const run = await this.call(name, key, call, input, named);
      return await run.result(waiting);
    });
  }

  /** Calls an object. Resolves with the run of the call when that is durable. It may wait for other calls. */
  async call(
    name: string,
    key: string,
    call: string,
    input?: unknown,
    options: CallNames = {},
  ): Promise<RunHandle> {
    requireKnown("objects.call", options, callNames);
    const { namespace, ports, runs } = this.#parts;
    const { id, isNew } = namesOfStart("run", options, ports.ids);
    // Inline, because the key is read from it.
    const spec = RunSpec.fromPartial({ input: payloadOf({ key, call, input }, "input") ?? {} });
    spec.what = { $case: "definition", value: { name, version: undefined } };
    const { run, existed } = await runs.startRun(StartRunRequest.fromPartial({ namespace, runId: id, spec }));
    if (run === undefined) throw sdkErrors.replyIncomplete({ about: `a call of object ${name}` });
    return new RunHandle(this.#parts, run.runId, existed && !isNew);
  }

  /** Reads an object: its values and its calls. */
  async get(name: string, key: string): Promise<ObjectView> {
    const { namespace, objects } = this.#parts;
    const { object } = await objects.getObject({ namespace, name, key });
    if (object === undefined) throw sdkErrors.replyIncomplete({ about: `object ${name}` });
    return viewOf(object);
  }

  /** Lists objects that have been called, those of a name or all. */
  async *list(name = ""): AsyncGenerator<ObjectView, void, void> {
    const { namespace, objects } = this.#parts;
    let token = "";
    do {
      const reply = await objects.listObjects({ namespace, name, page: { size: 0, token } });
      for (const object of reply.objects) yield viewOf(object);
      token = reply.page?.nextToken ?? "";
    } while (token !== "");
  }
}

function viewOf({ name, key, state, waitingCount, endedCount, current }: ObjectMessage): ObjectView {
  return {
    name,
    key,
    waiting: waitingCount,
    ended: endedCount,
    ...(state !== undefined && { state: valueIn(state) as Record<string, unknown> }),
    ...(current !== undefined && { currentRun: current.runId }),
  };
}
