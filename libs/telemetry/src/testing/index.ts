export { type ParsedFamily, type ParsedSample, parseExposition, sampleOf } from "./exposition-parser.ts";
export { type LogLines, logLines } from "./log-lines.ts";
