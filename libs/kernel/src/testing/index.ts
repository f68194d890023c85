export { type Gate, gate, type Latch, latch } from "./latch.ts";
export * from "./machine/index.ts";
export { type LogLine, type RecordingLogger, recordingLogger } from "./recording-logger.ts";
export { type RecordingMetrics, recordingMetrics } from "./recording-metrics.ts";
export { type RecordedSpan, type RecordingTracer, recordingTracer } from "./recording-tracer.ts";
export { seededChance } from "./seeded-chance.ts";
export { testContext } from "./test-context.ts";
export { type TestFoundation, testFoundation } from "./test-foundation.ts";
export { VirtualTime } from "./virtual-time.ts";
