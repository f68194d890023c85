import { parseArgs } from "node:util";

/** The options of the command line. */
export interface SimulationOptions {
  readonly from: number;
  readonly seeds: number;
  readonly seed: number | undefined;
  /** A file with a plan, instead of a drawn plan. */
  readonly plan: string | undefined;
  readonly trace: boolean;
  readonly minimise: boolean;
  /** Name of a weakening, or `none`. */
  readonly weakening: string;
  readonly workers: number;
  readonly load: LoadName;
  readonly help: boolean;
}

/**
 * The load of the system: a bank, runs of workflows, missions and runs with a pool. Or a pool alone, with its
 * environment.
 */
export type LoadName = (typeof loads)[number];
const loads = ["bank", "runs", "pools", "work", "sessions"] as const;

export const usage = `usage: npm run sim -- [--seeds 1000] [--from 0] [--workers 2]     runs seeds and lists those that failed
       npm run sim -- --seed S [--trace] [--minimise]               runs one seed, prints its trace, minimises its plan
       npm run sim -- --plan FILE [--trace] [--minimise]            the same with a printed plan
       … --weakening NAME                                           with a deliberate defect
       … --load runs                                                runs of workflows instead of the bank
       … --load work                                                missions and runs that share a pool of agents
       … --load sessions                                            sessions in every mode, over runs and missions
       … --load pools                                               a pool of agents alone
       npm run sim -- --help                                        prints this help
`;

export function readOptions(args: readonly string[]): SimulationOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "1000" },
      from: { type: "string", default: "0" },
      seed: { type: "string" },
      plan: { type: "string" },
      trace: { type: "boolean", default: false },
      minimise: { type: "boolean", default: false },
      weakening: { type: "string", default: "none" },
      workers: { type: "string", default: "2" },
      load: { type: "string", default: "bank" },
      help: { type: "boolean", default: false, short: "h" },
    },
  });
  const { trace, minimise, weakening, plan, load, help } = values;
  if (!isLoad(load)) throw new RangeError(`expected --load to be one of ${loads.join(", ")}, got ${load}`);
  return {
    from: wholeNumber("from", values.from),
    seeds: wholeNumber("seeds", values.seeds),
    seed: values.seed === undefined ? undefined : wholeNumber("seed", values.seed),
    plan,
    trace,
    minimise,
    weakening,
    load,
    help,
    workers: Math.max(1, wholeNumber("workers", values.workers)),
  };
}

function isLoad(name: string): name is LoadName {
  return (loads as readonly string[]).includes(name);
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new RangeError(`expected --${name} to be a whole number, got ${text}`);
}
