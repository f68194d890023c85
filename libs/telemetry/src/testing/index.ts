export { type ParsedFamily, type ParsedSample, parseExposition, sampleOf } from "./exposition-parser.ts";
export { type LogLines, logLines } from "./log-lines.ts";
export type { OtlpAttributes, ReceivedMetric, ReceivedPoint, ReceivedSpan } from "./otlp-messages.ts";
export { type OtlpReceiver, otlpGrpcReceiver, otlpReceiver } from "./otlp-receiver.ts";
export { type ReceivedSample, type WriteReceiver, writeReceiver } from "./write-receiver.ts";
