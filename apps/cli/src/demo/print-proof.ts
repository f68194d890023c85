/** Prints the table of the proof. */
import { counted } from "@tutti/kernel";
import type { Printer } from "../command/printer.ts";
import type { Entry } from "../terminal/table.ts";
import { printDurationMs } from "../terminal/time.ts";
import type { DemoKillOutcome } from "./demo-kill.ts";
import type { Tally } from "./proof.ts";

const lostMax = 5;
const twiceMax = 12;

export function printProof(outcome: DemoKillOutcome, print: Printer): void {
  const { starts, events, steps, effects, twice, doubled, holds, kills, tookMs } = outcome;
  print.line("");
  print.table(
    [
      { title: "acknowledged" },
      { title: "count", align: "right" },
      { title: "lost", align: "right" },
      { title: "", yields: 1 },
    ],
    [
      row("starts", starts, "answered by the platform, and there at the end"),
      row("events", events, "read by a client, and the same at the end"),
      row("steps", steps, "all of all runs, done"),
      row("effects", effects, "done by the journal, and by a worker's file"),
      [
        { text: "ran twice", tone: "bold" },
        String(twice.length),
        "",
        { text: "killed between the effect and its acknowledgement", tone: "dim" },
      ],
    ],
  );
  for (const { key, times, by } of twice.slice(0, twiceMax))
    print.line(
      `  ${print.style.yellow(key)}  ${counted(times, "time")}, by ${[...new Set(by)].join(" and ")}`,
    );
  if (twice.length > twiceMax) print.line(`  … and ${twice.length - twiceMax} more. List all with --json`);
  const allLost = [starts, events, steps, effects].flatMap(({ lost }) => lost);
  for (const item of allLost.slice(0, lostMax)) print.line(`  ${print.style.red("lost")}  ${item}`);
  for (const key of doubled.slice(0, lostMax))
    print.line(`  ${print.style.red("twice in the journal")}  ${key}`);
  print.line("");
  const summary = `${kills.length} kills in ${printDurationMs(tookMs)}`;
  if (!holds) print.line(`${print.style.red("✗")} ${summary}, and work was lost. Please report this bug.`);
  else
    print.line(
      `${print.style.green("✓")} ${summary}: nothing was lost.${twice.length === 0 ? "" : " A step that ran twice had the same idempotency key, so its callee can apply it once."}`,
    );
}

function row(name: string, { count, lost }: Tally, about: string): readonly Entry[] {
  return [
    { text: name, tone: "bold" },
    String(count),
    { text: String(lost.length), tone: lost.length === 0 ? "green" : "red" },
    { text: about, tone: "dim" },
  ];
}
