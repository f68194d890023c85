export { durationPattern, parseDurationMs, printDuration } from "@tutti/kernel";
