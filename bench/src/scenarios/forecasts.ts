import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SeasonalForecast } from "@tutti/planner";
import { median } from "../measure/statistics.ts";
import { Absent, type Result, type Scenario } from "../scenario.ts";

/** Default directory, next to the clone. */
const usualSeries = fileURLToPath(new URL("../../../../shared/data/nab", import.meta.url));
const dayMs = 24 * 3_600_000;
const hourMs = 3_600_000;
/** Days of training without predictions. */
const daysBefore = 3;

interface Series {
  readonly name: string;
  readonly stepMs: number;
  readonly values: readonly number[];
}

/** The error of forecasts on recorded load. Each value is predicted before the forecast learns from it. */
export const forecasts: Scenario = {
  name: "forecasts",
  about:
    "forecasts of recorded load: error compared with the value of one day earlier, and coverage of 80 % (--traces DIR)",
  goals: ["step", "hour"].flatMap((variant) => [
    { line: { variant }, figure: "overSeasonal", atMost: 0.8 },
    { line: { variant }, figure: "coverage", atLeast: 0.75 },
    { line: { variant }, figure: "coverage", atMost: 0.85 },
  ]),
  async *run({ traces = usualSeries }) {
    const lines: Scored[] = [];
    for (const series of seriesIn(traces)) {
      const scored = scoresOf(series);
      lines.push(...scored);
      for (const { ahead, ...figures } of scored)
        yield { variant: "series", series: series.name, ahead, ...rounded(figures) };
    }
    for (const variant of aheads.keys()) {
      const those = lines.filter(({ ahead }) => ahead === variant);
      const mean = (of: (line: Scored) => number) =>
        those.reduce((sum, line) => sum + of(line) / those.length, 0);
      const [overSeasonal, overLast] = [mean((line) => line.overSeasonal), mean((line) => line.overLast)];
      const coverage = mean((line) => line.coverage);
      yield { variant, count: those.length, ...rounded({ overSeasonal, overLast, coverage }) };
    }
  },
};

const aheads = new Map<string, (stepMs: number) => number>([
  ["step", () => 1],
  ["hour", (stepMs) => Math.max(1, Math.round(hourMs / stepMs))],
  ["day", (stepMs) => Math.round(dayMs / stepMs)],
]);

interface Scored {
  readonly ahead: string;
  readonly overSeasonal: number;
  readonly overLast: number;
  readonly coverage: number;
}

function scoresOf({ values, stepMs }: Series): readonly Scored[] {
  const season = Math.round(dayMs / stepMs);
  const forecast = new SeasonalForecast({ season });
  const sums = [...aheads].map(([ahead, stepsOf]) => ({
    ahead,
    steps: stepsOf(stepMs),
    off: 0,
    seasonal: 0,
    last: 0,
    covered: 0,
    count: 0,
  }));
  values.forEach((value, at) => {
    forecast.add(value);
    if (at < daysBefore * season) return;
    const points = forecast.ahead(season);
    for (const sum of sums) {
      const [point, actual] = [points[sum.steps - 1], values[at + sum.steps]];
      if (point === undefined || actual === undefined) continue;
      sum.off += Math.abs(point.expected - actual);
      sum.seasonal += Math.abs((values[at + sum.steps - season] ?? 0) - actual);
      sum.last += Math.abs(value - actual);
      if (point.low <= actual && actual <= point.high) sum.covered++;
      sum.count++;
    }
  });
  return sums.map(({ ahead, off, seasonal, last, covered, count }) => ({
    ahead,
    overSeasonal: off / seasonal,
    overLast: off / last,
    coverage: covered / count,
  }));
}

function seriesIn(directory: string): readonly Series[] {
  let files: readonly string[];
  try {
    files = readdirSync(directory).filter((file) => file.endsWith(".csv"));
  } catch {
    files = [];
  }
  if (files.length === 0)
    throw new Absent(`no recorded load in ${directory}. Pass its directory: --traces DIR`);
  return files.toSorted().map((file) => {
    const lines = readFileSync(`${directory}/${file}`, "utf8").trim().split("\n").slice(1);
    const rows = lines.map((line) => line.split(","));
    const times = rows.map(([time = ""]) => Date.parse(`${time}Z`));
    const stepMs = median(times.slice(1).map((time, at) => time - (times[at] ?? 0)));
    return { name: file.replace(/\.csv$/, ""), stepMs, values: rows.map(([, value]) => Number(value)) };
  });
}

function rounded(figures: Readonly<Record<string, number>>): Omit<Result, "variant"> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Math.round(value * 1e4) / 1e4]),
  );
}
