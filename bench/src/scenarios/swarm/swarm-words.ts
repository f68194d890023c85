/** What the processes of this scenario ask each other, and how a task says when it was offered. */

export type AgentsQuestion =
  | { readonly ask: "begin" | "forget" | "latencies" }
  | { readonly ask: "greet"; readonly seconds: number };

export interface AgentsAnswer {
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly count?: number;
}

export interface HostQuestion {
  readonly ask: "memory" | "time";
}

export interface HostAnswer {
  readonly usedBytes: number;
  readonly cpuUs: number;
}

/** The processes of one machine agree on it. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** 100 bytes, as other scenarios have them; the first eight are the time, or nothing of one whose wait is not asked for. */
export function inputOf(isStamped: boolean): Uint8Array {
  const bytes = new Uint8Array(100);
  if (isStamped) new DataView(bytes.buffer).setFloat64(0, nowMs());
  return bytes;
}

/** Undefined of one whose wait is not asked for. */
export function agoMs(input: Uint8Array): number | undefined {
  const stamp = input.length < 8 ? 0 : new DataView(input.buffer, input.byteOffset).getFloat64(0);
  return stamp === 0 ? undefined : nowMs() - stamp;
}
