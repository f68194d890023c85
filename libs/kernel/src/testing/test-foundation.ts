import type { Foundation } from "../orchestrator/foundation.ts";
import { type RecordingLogger, recordingLogger } from "./recording-logger.ts";
import { type RecordingMetrics, recordingMetrics } from "./recording-metrics.ts";
import { type RecordingTracer, recordingTracer } from "./recording-tracer.ts";
import { seededChance } from "./seeded-chance.ts";
import { VirtualTime } from "./virtual-time.ts";

export interface TestFoundation extends Foundation {
  /** Clock and timers. */
  readonly time: VirtualTime;
  readonly logger: RecordingLogger;
  readonly metrics: RecordingMetrics;
  readonly tracer: RecordingTracer;
}

/**
 * Returns a foundation under a test's control: its time stands still, its randomness is reproducible, the rest can be
 * read.
 */
export function testFoundation(
  options: { readonly seed?: number; readonly time?: VirtualTime } = {},
): TestFoundation {
  const { seed = 1, time = new VirtualTime() } = options;
  return {
    time,
    clock: time,
    timers: time,
    chance: seededChance(seed),
    logger: recordingLogger(),
    metrics: recordingMetrics(),
    tracer: recordingTracer(),
  };
}
