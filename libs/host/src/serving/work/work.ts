/**
 * Access of handlers to work of one kind: runs, missions, sessions. Errors for missing or removed work use the words of
 * the kind.
 */
import { Record } from "@tutti/contracts/runtime/v1";
import type { CallContext, InstanceKey, TuttiError } from "@tutti/kernel";
import type { Runtime } from "@tutti/runtime";
import { runtimeErrors } from "@tutti/runtime/errors";
import { whenOwned } from "../../runtime/admission.ts";
import {
  type CommandCall,
  execute,
  type MachineDependencies,
  type QueryCall,
  query,
} from "../machine-calls.ts";

export interface WorkKind {
  readonly kind: string;
  /** The error for an id that does not exist. */
  readonly missing: (id: string) => TuttiError;
}

/** Facts of the runtime about an instance. */
type WorkFacts = Awaited<ReturnType<Runtime["instanceOf"]>>;

export interface Work extends WorkKind {
  keyOf(namespace: string, id: string): InstanceKey;
  /** Executes a command. */
  execute<Body, Reply>(
    dependencies: MachineDependencies,
    id: string,
    command: CommandCall<Body, Reply>,
    context: CallContext,
  ): Promise<Reply>;
  /** Answers a query about the present state, or the state after an earlier event. */
  query<Body, Reply>(
    dependencies: MachineDependencies,
    id: string,
    query: QueryCallAt<Body, Reply>,
    context: CallContext,
  ): Promise<Reply>;
  /** Returns the facts of the runtime about it. */
  factsOf(dependencies: MachineDependencies, id: string, context: CallContext): Promise<WorkFacts>;
  /** Returns its number of events. */
  eventsOf(dependencies: MachineDependencies, id: string, context: CallContext): Promise<number>;
  /** Returns its records after an event, page by page. */
  recordsOf(
    dependencies: MachineDependencies,
    id: string,
    after: number,
    context: CallContext,
  ): AsyncGenerator<Recorded, void>;
}

export interface QueryCallAt<Body, Reply> extends QueryCall<Body, Reply> {
  /** The event to query at. 0 or absent for the present state. */
  readonly atEvent?: number;
}

export interface Recorded {
  readonly event: number;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly timeMs: number;
  readonly traceparent: string;
  /** Reason of its cause. */
  readonly reason: string;
}

const recordsPage = 500;

export function workOf({ kind, missing }: WorkKind): Work {
  const keyOf = (namespace: string, id: string): InstanceKey => ({ namespace, kind, id });

  const work: Work = {
    kind,
    missing,
    keyOf,
    async execute(dependencies, id, call, context) {
      try {
        return await execute(dependencies, keyOf(context.namespace, id), call, context);
      } catch (error) {
        throw runtimeErrors.idTaken.is(error) ? missing(id) : error;
      }
    },
    async query(dependencies, id, { atEvent = 0, ...call }, context) {
      const key = keyOf(context.namespace, id);
      try {
        if (atEvent === 0) return await query(dependencies, key, call, context);
        return await whenOwned(dependencies, key, context, () =>
          dependencies.runtime.queryAt({ key, ...call }, atEvent),
        );
      } catch (error) {
        throw isMissing(error) ? missing(id) : error;
      }
    },
    async factsOf(dependencies, id, context) {
      const key = keyOf(context.namespace, id);
      try {
        return await whenOwned(dependencies, key, context, () => dependencies.runtime.instanceOf(key));
      } catch (error) {
        throw isMissing(error) ? missing(id) : error;
      }
    },
    async eventsOf(dependencies, id, context) {
      return (await work.factsOf(dependencies, id, context)).events;
    },
    async *recordsOf(dependencies, id, after, context) {
      const key = keyOf(context.namespace, id);
      for (let last = after; ; ) {
        const page = await whenOwned(dependencies, key, context, () =>
          dependencies.runtime.history(key, last, recordsPage),
        );
        for (const { event, record, timeMs } of page) {
          const { type, payload, cause } = Record.decode(record);
          yield {
            event,
            type,
            payload,
            timeMs,
            traceparent: cause?.traceparent ?? "",
            reason: cause?.reason ?? "",
          };
          last = event;
        }
        if (page.length < recordsPage) return;
      }
    },
  };
  return work;
}

/** It does not exist, or only its id is left. */
function isMissing(error: unknown): boolean {
  return runtimeErrors.unknownInstance.is(error) || runtimeErrors.idTaken.is(error);
}
