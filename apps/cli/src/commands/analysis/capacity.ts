/** Forecasts the agents that pools need, and when disks are full. */

import { bytesText, processName } from "@tutti/rest/text";
import type { Context } from "../../command/declaration.ts";
import type { Result } from "../../command/presenter.ts";
import { connect } from "../../server/server.ts";
import { printPercent } from "../../terminal/percent.ts";
import { safe } from "../../terminal/text.ts";
import { printMoment } from "../../terminal/time.ts";
import { factorIn } from "./what-if.ts";

const system = "system";
const dayMs = 86_400_000;
export const days = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

interface BackTest {
  readonly days?: number;
  readonly error?: number;
  readonly within?: number;
}

function tested({ days: testedDays = 0, error, within }: BackTest = {}): string {
  if (testedDays === 0) return "not yet tested";
  return `error ${printPercent(error)}, ${printPercent(within)} of ${testedDays} in range`;
}

/** Returns the next such day as a whole, in UTC. Default: the next seven days. */
function aheadOf(day: string | undefined, nowMs: number): { aheadFromMs?: number; aheadMs?: number } {
  if (day === undefined) return {};
  const today = Math.floor(nowMs / dayMs) * dayMs;
  const until = (days.indexOf(day) - new Date(today).getUTCDay() + 7) % 7 || 7;
  return { aheadFromMs: today + until * dayMs, aheadMs: dayMs };
}

export async function capacity(context: Context): Promise<Result> {
  const { print, values, shell } = context;
  const server = await connect(context);
  const pool = values.text("pool");
  const targetWaitMs = values.durationMs("wait-goal");
  const nowMs = shell.nowMs();
  const query = {
    ...server.namespace,
    ...aheadOf(values.text("weekday"), nowMs),
    ...(pool !== undefined && { pool }),
    ...(targetWaitMs !== undefined && { targetWaitMs }),
    loadFactor: factorIn(context, "load") ?? 1,
  };
  const { capacities = [] } = await server.call("capacity", { query });
  // Disks need access to the installation.
  const { disks = [] } = await server
    .call("capacity", { query: { namespace: system } })
    .catch(() => ({ disks: [] }));
  return {
    json: { capacities, disks },
    quiet: capacities.map(({ pool: name = "" }) => name),
    draw: () => {
      if (capacities.length === 0)
        print.note(
          `No forecast ${pool === undefined ? "" : `for pool ${safe(pool)} `}yet. It needs recorded work of a completed hour.`,
        );
      else
        print.table(
          [
            { title: "pool", widthMin: 8, yields: 1 },
            ...["slots now", "slots needed", "range", "agents"].map((title) => ({
              title,
              align: "right" as const,
            })),
            { title: "busiest hour", widthMin: 10, yields: 2 },
            { title: "past forecasts", widthMin: 10, yields: 3 },
          ],
          capacities.map((each) => [
            { text: each.pool ?? "", tone: "bold" },
            { text: `${each.slots ?? 0}` },
            { text: `${each.recommendedSlots ?? 0}` },
            { text: `${each.recommendedSlotsLow ?? 0}–${each.recommendedSlotsHigh ?? 0}` },
            { text: `${each.recommendedAgents ?? 0}` },
            { text: printMoment(each.peakTimeMs ?? 0, nowMs) },
            { text: tested(each.backTest) },
          ]),
        );
      for (const disk of disks) {
        const free = `${bytesText(disk.freeBytes ?? 0)} free`;
        const end =
          disk.backTest === undefined
            ? "no forecast yet"
            : disk.fullTimeMs === undefined
              ? "not full within ten years"
              : `full on ${printMoment(disk.fullTimeMs, nowMs)}, at the earliest ${printMoment(disk.earliestTimeMs ?? disk.fullTimeMs, nowMs)}`;
        print.line(`disk of ${processName(disk.process ?? "")}: ${free}, ${end} (${tested(disk.backTest)})`);
      }
    },
  };
}
