/** The file of a load test: the started runs, their rate and duration, and the thresholds. */
import {
  checkFileText,
  type DefinitionProblem,
  type DefinitionText,
  type Findings,
  type MembersShape,
  parseDurationMs,
  type Shape,
  shapes,
} from "@tutti/definitions";
import { compileData, type Json, type Program, scopeOf, types } from "@tutti/expressions";
import { readThreshold, type Threshold } from "./thresholds.ts";

export interface Phase {
  readonly name: string;
  readonly durationMs: number;
  /** Starts per second at its start. */
  readonly ratePerS: number;
  /** Starts per second at its end. In between the rate changes linearly. */
  readonly toRatePerS: number;
  /** Not set: the phase only warms the platform up. */
  readonly isMeasured: boolean;
}

export interface Item {
  /** Name in the report. */
  readonly name: string;
  /** Name of the workflow, with a version label if need be. */
  readonly workflow: string;
  readonly weight: number;
  readonly input: Program | undefined;
}

export interface Scenario {
  readonly name: string;
  readonly description: string;
  /** Files that are registered before the first phase, relative to the scenario. */
  readonly register: readonly string[];
  readonly phases: readonly Phase[];
  readonly mix: readonly Item[];
  readonly inFlightMax: number;
  /** A run that has not ended this long after its due time counts as an error. */
  readonly timeoutMs: number;
  readonly thresholds: readonly Threshold[];
  readonly seed: number;
}

interface ScenarioDocument {
  readonly load: string;
  readonly description?: string;
  readonly register?: readonly string[];
  readonly phases: readonly {
    readonly name?: string;
    readonly for: string;
    readonly rate: number;
    readonly to?: number;
    readonly warmUp?: boolean;
  }[];
  readonly mix: readonly {
    readonly name?: string;
    readonly workflow: string;
    readonly weight?: number;
    readonly input?: Json;
  }[];
  readonly inFlight?: number;
  readonly timeout?: string;
  readonly thresholds?: Readonly<Record<string, Json>>;
  readonly seed?: number;
}

const { duration, flag, json, list, map, members, number, text, variants, whole } = shapes;

const rateMax = 100_000;
const rate = (doc: string): Shape => number(doc, 0, rateMax);

const scenarioShape: MembersShape = members(
  {
    load: text("The name of the load test.", "name", 200),
    description: text("A description for people.", undefined, 4096),
    register: list(
      text("A file, relative to this one.", undefined, 1_000),
      100,
      "Workflow files that are registered first.",
    ),
    phases: list(
      members(
        {
          name: text("The name of the phase.", "id", 100),
          for: duration("How long the phase takes."),
          rate: rate("Starts per second."),
          to: rate("Starts per second at the end of the phase: the rate changes evenly. Default: `rate`."),
          warmUp: flag("Whether the phase is left out of the results. Default: false."),
        },
        { name: "phase", required: ["for", "rate"], doc: "A time with a rate of starts." },
      ),
      100,
      "What happens one after the other.",
      1,
    ),
    mix: list(
      members(
        {
          name: text("The name in the report. Default: the workflow.", "id", 100),
          workflow: text(
            "The registered workflow that is started: `order`, `order@stable`.",
            "usesDefinition",
            450,
          ),
          weight: number("Its share of the starts, relative to the others. Default: 1.", 0, 1_000_000),
          input: json(
            "The input. Its texts may have expressions over `n` (0, 1, 2 …) and `random` (0 to 1).",
          ),
        },
        { name: "item", required: ["workflow"], doc: "A workflow that is started." },
      ),
      100,
      "What is started.",
      1,
    ),
    inFlight: whole(
      "The maximum number of active runs. Starts above it are dropped. Default: 1000.",
      1,
      100_000,
    ),
    timeout: duration("A run that takes longer counts as an error. Default: 1m."),
    thresholds: map(
      "labelKey",
      variants("A limit.", {
        text: text("A duration such as 200ms, or a share such as 1%.", undefined, 40),
        number: number("A number.", 0, 1_000_000_000),
      }),
      100,
      "What must hold: `run.p95: 2s`, `start.p99: 100ms`, `errors: 1%`, `dropped: 0%`, `rate: 40`.",
    ),
    seed: whole("What the mix and `random` are drawn from. Default: 1.", 0, 4_294_967_295),
  },
  { name: "load", required: ["load", "phases", "mix"], doc: "A load test of Tutti." },
);

export interface CheckedScenario {
  readonly problems: readonly DefinitionProblem[];
  /** Undefined if there is an error among the problems. */
  readonly scenario: Scenario | undefined;
}

/** Maximum duration. Split a longer test into several. */
const durationMaxMs = 7 * 24 * 60 * 60 * 1000;

/** Finds all problems of a scenario. Never throws because of the text. */
export function checkScenario(source: DefinitionText): CheckedScenario {
  const { problems, document, hasErrors } = checkFileText<ScenarioDocument>(source, {
    shape: scenarioShape,
    name: "load test",
    more: checkMeaning,
  });
  return { problems, scenario: document === undefined || hasErrors ? undefined : scenarioOf(document) };
}

function checkMeaning(
  { phases = [], mix = [], thresholds = {} }: Partial<ScenarioDocument>,
  findings: Findings,
): void {
  for (const [at, phase] of phases.entries()) {
    const path = ["phases", at];
    // An absent or negative rate is reported by the shape.
    if (phase.rate === 0 && (phase.to ?? 0) === 0)
      findings.error("out_of_range", [...path, "rate"], "expected more than 0, got 0");
    const ms = parseDurationMs(phase.for ?? "");
    if (ms !== undefined && (ms < 1 || ms > durationMaxMs))
      findings.error("out_of_range", [...path, "for"], `expected 1ms to 7d, got ${phase.for}`);
  }
  if (mix.length > 0 && mix.every(({ weight }) => weight === 0))
    findings.error("out_of_range", ["mix"], "expected a weight above 0, got none");
  for (const [at, item] of mix.entries()) {
    if (item.input === undefined) continue;
    const compiled = compileData(item.input, inputScope);
    for (const { code, path, at: place, message, expected } of compiled.ok ? [] : compiled.problems)
      findings.error(code, ["mix", at, "input", ...path], message, { at: place, expected });
  }
  const names = new Set(mix.map(nameOf));
  for (const [name, limit] of Object.entries(thresholds)) {
    const read = readThreshold(name, limit, names);
    if (typeof read === "string") findings.error("wrong_form", ["thresholds", name], read);
  }
}

const inputScope = scopeOf({ n: types.int, random: types.double });

const nameOf = ({ name, workflow = "" }: ScenarioDocument["mix"][number]): string => name ?? workflow;

function scenarioOf(document: ScenarioDocument): Scenario {
  const { load, description = "", register = [], inFlight = 1_000, timeout = "1m", seed = 1 } = document;
  const { phases, mix, thresholds = {} } = document;
  const names = new Set(mix.map(nameOf));
  return {
    name: load,
    description,
    register,
    phases: phases.map(({ name, for: time, rate, to = rate, warmUp = false }, at) => ({
      name: name ?? `phase-${at + 1}`,
      durationMs: parseDurationMs(time) ?? 0,
      ratePerS: rate,
      toRatePerS: to,
      isMeasured: !warmUp,
    })),
    mix: mix.map((item) => ({
      name: nameOf(item),
      workflow: item.workflow,
      weight: item.weight ?? 1,
      input: programOf(item.input),
    })),
    inFlightMax: inFlight,
    timeoutMs: parseDurationMs(timeout) ?? 60_000,
    thresholds: Object.entries(thresholds).flatMap(([name, limit]) => {
      const read = readThreshold(name, limit, names);
      return typeof read === "string" ? [] : [read];
    }),
    seed,
  };
}

function programOf(input: Json | undefined): Program | undefined {
  if (input === undefined) return undefined;
  const compiled = compileData(input, inputScope);
  return compiled.ok ? compiled.program : undefined;
}
