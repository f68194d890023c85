import { type Mode, modes } from "@tutti/planner";
import { rounded } from "../../measure/statistics.ts";
import type { Result, Scenario } from "../../scenario.ts";
import { type Case, type CaseKind, caseKinds, mixedCases } from "./cases.ts";
import { type Lived, World } from "./world.ts";

const sessions = 400;
/** From here on it has had time to learn. */
const learnedAfter = 200;
const seeds = 3;
/** As good as the best is what takes hardly longer. */
const asGood = 1.01;

/** Sessions of five kinds, one after the other, in five installations: each of the modes alone, and one that chooses. */
export const adaptive: Scenario = {
  name: "adaptive",
  about: `${sessions} sessions of five kinds in virtual time: each mode alone, and chosen per session`,
  goals: [{ line: { variant: `after ${learnedAfter}` }, figure: "regret", atMost: 0.03 }],
  async *run({ isBrief = false }) {
    const lived: Line[] = [];
    for (let seed = 1; seed <= (isBrief ? 1 : seeds); seed++) lived.push(...livedWith(seed));
    const late = lived.filter(({ number }) => number >= learnedAfter);
    for (const kind of caseKinds)
      yield lineOf(
        kind,
        kind,
        late.filter((line) => line.case.kind === kind),
      );
    yield lineOf(
      `the first ${learnedAfter}`,
      "mix",
      lived.filter(({ number }) => number < learnedAfter),
    );
    yield lineOf(`after ${learnedAfter}`, "mix", late);
  },
};

interface Line {
  readonly number: number;
  readonly case: Case;
  readonly fixed: Readonly<Record<Mode, number>>;
  readonly chosen: Lived;
}

function livedWith(seed: number): readonly Line[] {
  const worlds = modes.map((mode) => [mode, new World(mode)] as const);
  const choosing = new World();
  return [...mixedCases(sessions, seed)].map((one, number) => ({
    number,
    case: one,
    fixed: Object.fromEntries(worlds.map(([mode, world]) => [mode, world.live(one).timeMs])) as Record<
      Mode,
      number
    >,
    chosen: choosing.live(one),
  }));
}

function lineOf(variant: string, kind: CaseKind | "mix", lines: readonly Line[]): Result {
  const best = ({ fixed }: Line) => Math.min(...modes.map((mode) => fixed[mode]));
  /** How much longer than the best of that session, on the average over sessions. */
  const over = (timeMs: (line: Line) => number) =>
    rounded(lines.reduce((sum, line) => sum + timeMs(line) / best(line) - 1, 0) / lines.length);
  const share = (is: (line: Line) => boolean) => rounded(lines.filter(is).length / lines.length);
  const each = (name: string, value: (mode: Mode) => number) =>
    Object.fromEntries(modes.map((mode) => [`${mode}${name}`, value(mode)]));
  return {
    ...{ variant, kind, sessions: lines.length },
    regret: over(({ chosen }) => chosen.timeMs),
    ...each("Regret", (mode) => over(({ fixed }) => fixed[mode])),
    ...each("BestShare", (mode) => share((line) => line.fixed[mode] <= best(line) * asGood)),
    ...each("ChosenShare", (mode) => share(({ chosen }) => chosen.mode === mode)),
    exploredShare: share(({ chosen }) => chosen.choice?.explored === true),
    fallbackShare: share(({ chosen }) => chosen.choice?.fallback === true),
  };
}
