export { type Found, findings, findingsKind, found, keepReport, takeFindings } from "./machine.ts";
