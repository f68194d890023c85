/** What the processes of this scenario ask each other, and how a task says when it was offered. */

export interface AgentsQuestion {
  readonly ask: "begin" | "forget" | "latencies";
}

export interface AgentsAnswer {
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

export interface HostAnswer {
  readonly cpuUs: number;
}

/** Returns the processes of one machine agree on it. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** 100 bytes, as other scenarios have them. The first eight are the time. */
export function stampedInput(): Uint8Array {
  const bytes = new Uint8Array(100);
  new DataView(bytes.buffer).setFloat64(0, nowMs());
  return bytes;
}

export function agoMs(input: Uint8Array): number {
  return nowMs() - new DataView(input.buffer, input.byteOffset).getFloat64(0);
}
