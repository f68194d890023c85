/** Questions between the processes of this scenario, and the time of the offer in a task. */

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

/** Returns a time on which all processes of one machine agree. */
function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Returns an input of 100 bytes, as in other scenarios. The first eight are the time. */
export function stampedInput(): Uint8Array {
  const bytes = new Uint8Array(100);
  new DataView(bytes.buffer).setFloat64(0, nowMs());
  return bytes;
}

export function agoMs(input: Uint8Array): number {
  return nowMs() - new DataView(input.buffer, input.byteOffset).getFloat64(0);
}
