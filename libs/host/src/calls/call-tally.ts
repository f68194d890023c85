/**
 * Counts the calls from outside of a process: per minute, namespace, route, identity and code, with their time.
 * Insight keeps the counts as facts.
 *
 * 1. A count of a minute only grows, and is sent whole. So a repeated message changes nothing.
 * 2. A minute has at most `keysMax` counts. Calls beyond that count for their route under the identity `*`. If that
 *    does not fit either, they are counted as left out.
 * 3. Without calls there is no timer and no message. Without insight, counts are kept for ten minutes.
 */
import { CallCount, factService, RecordCallsRequest } from "@tutti/contracts/insight/v1";
import type { Component, Foundation, Timer } from "@tutti/kernel";
import { type Interceptor, installationNamespace, type Mesh, type ServerCall } from "@tutti/mesh";

export interface CallTallyParts {
  readonly foundation: Pick<Foundation, "clock" | "timers" | "metrics">;
  readonly mesh: Pick<Mesh, "client">;
  readonly processId: string;
  readonly sendEveryMs?: number;
}

export interface CountedCall {
  /** `http` or `grpc`. */
  readonly source: string;
  readonly namespace: string;
  readonly route: string;
  readonly identity: string;
  readonly code: string;
  readonly durationMs: number;
}

const minuteMs = 60_000;
const keysMax = 2_000;
const retentionMs = 10 * minuteMs;
const sendMs = 10_000;

export class CallTally implements Component {
  readonly #parts: CallTallyParts;
  /** Indexed by minute. */
  readonly #minutes = new Map<number, Minute>();
  readonly #dropped: { add(count?: number): void };
  readonly #stopping = new AbortController();
  #timer: Timer | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(parts: CallTallyParts) {
    this.#parts = parts;
    this.#dropped = parts.foundation.metrics
      .counter({
        name: "tutti_calls_left_out_total",
        help: "Calls that are not in the facts, because too many routes and identities called in a minute.",
      })
      .with({});
  }

  /** Counts of the last seconds are lost: the end of a process waits for no other process. */
  stop(): void {
    this.#timer?.cancel();
    this.#stopping.abort();
  }

  add(call: CountedCall): void {
    if (this.#stopping.signal.aborted) return;
    const minute = Math.floor(this.#parts.foundation.clock.now() / minuteMs) * minuteMs;
    const counts = this.#minuteAt(minute);
    const count =
      countOf(counts, minute, call) ?? countOf(counts, minute, { ...call, identity: "*" }, 2 * keysMax);
    if (count === undefined) {
      this.#dropped.add();
      return;
    }
    count.calls += 1;
    count.durationMs += call.durationMs;
    count.maxMs = Math.max(count.maxMs, call.durationMs);
    counts.isChanged = true;
    this.#timer ??= this.#parts.foundation.timers.after(this.#parts.sendEveryMs ?? sendMs, () => {
      this.#timer = undefined;
      void this.#send();
    });
  }

  /** Counts gRPC calls of other processes. Calls through the gateway are counted in the gateway. */
  step(): Interceptor<ServerCall> {
    const { clock } = this.#parts.foundation;
    return {
      name: "call-tally",
      scope: "core",
      run: (binding) => {
        const { method } = binding;
        if (method.builtin) return;
        binding.add({
          after: ({ incoming, principal, namespace, startedMs }, error) => {
            const { transport, presented } = incoming;
            if (transport !== "grpc" || presented !== undefined || principal.kind === "service") return;
            const code = error?.status ?? "OK";
            const durationMs = clock.monotonic() - startedMs;
            const about = namespace || installationNamespace;
            const { id: identity } = principal;
            this.add({ source: "grpc", namespace: about, route: method.label, identity, code, durationMs });
          },
        });
      },
    };
  }

  #minuteAt(minute: number): Minute {
    let counts = this.#minutes.get(minute);
    if (counts === undefined) {
      counts = { byKey: new Map(), isChanged: false };
      this.#minutes.set(minute, counts);
      for (const old of this.#minutes.keys()) if (old < minute - retentionMs) this.#minutes.delete(old);
    }
    return counts;
  }

  /** Sends run one after the other. */
  #send(): Promise<void> {
    this.#sending = this.#sending.then(() => this.#sendAll());
    return this.#sending;
  }

  async #sendAll(): Promise<void> {
    const { clock } = this.#parts.foundation;
    for (const [minute, counts] of this.#minutes) {
      if (counts.isChanged) {
        counts.isChanged = false;
        const calls = [...counts.byKey.values()].map((count) => ({ ...count }));
        try {
          await this.#record(calls);
        } catch {
          // Insight is unavailable or disabled. The next call sends it again.
          counts.isChanged = true;
          return;
        }
      }
      if (!counts.isChanged && minute + minuteMs <= clock.now()) this.#minutes.delete(minute);
    }
  }

  async #record(calls: CallCount[]): Promise<void> {
    const { mesh, processId } = this.#parts;
    const request = RecordCallsRequest.fromPartial({ processId, calls });
    await mesh.client(factService).recordCalls(request, { timeoutMs: 5_000, signal: this.#stopping.signal });
  }
}

interface Minute {
  readonly byKey: Map<string, CallCount>;
  /** True if it has changed since it was sent. */
  isChanged: boolean;
}

function countOf(
  { byKey }: Minute,
  minuteMs: number,
  call: CountedCall,
  most = keysMax,
): CallCount | undefined {
  const { source, namespace, route, identity, code } = call;
  const key = `${source}\0${namespace}\0${route}\0${identity}\0${code}`;
  let count = byKey.get(key);
  if (count === undefined && byKey.size < most) {
    count = CallCount.fromPartial({ minuteMs, source, namespace, route, identity, code });
    byKey.set(key, count);
  }
  return count;
}
