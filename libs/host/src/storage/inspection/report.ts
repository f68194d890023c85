import { counted } from "@tutti/kernel";
import type { Finding } from "./finding.ts";

/** Exit codes of the commands that check a directory: programs tell by them what was found. */
export const exitCodes = { sound: 0, problem: 1, usage: 2, held: 3 } as const;

export function exitCodeOf(findings: readonly Finding[]): number {
  if (findings.some(({ level }) => level === "problem")) return exitCodes.problem;
  return findings.some(({ code }) => code === "held") ? exitCodes.held : exitCodes.sound;
}

const marks = { sound: "ok", notice: "note", problem: "PROBLEM" } as const;

/** For people: a paragraph per finding, and what it comes to. */
export function textOf(findings: readonly Finding[]): string {
  const paragraphs = findings.map(({ level, text, advice }) => {
    const what = `${marks[level].padEnd(8)} ${text}`;
    return advice === "" ? what : `${what}\n         ${advice}`;
  });
  const problems = findings.filter(({ level }) => level === "problem").length;
  const sum =
    problems > 0 ? `${counted(problems, "problem")}: see above what to do.` : "Nothing has to be done.";
  return `${[...paragraphs, sum].join("\n")}\n`;
}
