/**
 * An applied adapter is a scaler with a fixed number of processes, which run `tutti adapter run`.
 *
 * 1. The process reads the description from its environment variables. The next `tutti apply` reads it there too.
 * 2. Each variable that the description refers to is taken from the environment of the platform.
 * 3. A scaler that was changed by other means no longer matches its description. That is a difference.
 */
import { type AdapterDocument, referencesIn } from "@tutti/definitions";
import { type Difference, differencesOf } from "@tutti/definitions/differences";
import { specOf } from "@tutti/validation";

type Json = Readonly<Record<string, unknown>>;

/** The variable with the description. */
export const adapterVariable = "TUTTI_ADAPTER";
/** Distinguishes an adapter from other scalers. */
const adapterLabel = "tutti-adapter";
const agentsDefault = 1;

interface ScalerSpec {
  readonly labels?: Readonly<Record<string, string>>;
  readonly process?: { readonly environment?: Readonly<Record<string, string>> };
}

/** Returns whether files describe the scaler as an adapter. */
export function isAdapter(scaler: Json): boolean {
  return (scaler as ScalerSpec).labels?.[adapterLabel] !== undefined;
}

/** Returns the name of an adapter within its pool: `shop` of `default/shop`. */
export function adapterName(id: string): string {
  return id.slice(id.indexOf("/") + 1);
}

/** Returns an adapter with its defaults, so that an unset value and its default are equal. */
export function describedAdapter({ adapter: _, ...document }: AdapterDocument): Json {
  const { pool = "default", agents = agentsDefault } = document;
  return { ...document, pool, agents };
}

/** Returns the scaler of an adapter, as a file of a scaler would describe it. */
export function scalerOf(id: string, { labels, ...described }: Json): Json {
  const { pool, agents = agentsDefault, directory } = described;
  const variables = referencesIn(described).filter((reference) => reference.startsWith("env:"));
  return specOf("scaler", {
    scalerId: id,
    pool,
    minAgents: agents,
    maxAgents: agents,
    labels: { ...(labels as ScalerSpec["labels"]), [adapterLabel]: id },
    process: {
      command: ["tutti", "adapter", "run"],
      ...(directory !== undefined && { directory }),
      environment: {
        ...Object.fromEntries(variables.map((reference) => [reference.slice("env:".length), reference])),
        [adapterVariable]: JSON.stringify({ adapter: id, ...described }),
      },
    },
  });
}

export interface FoundAdapter {
  /** The description of the file, with the changes of its scaler. */
  readonly spec: Json;
  readonly scalerDifferences: readonly Difference[];
}

/** Reads the description out of a scaler. */
export function adapterIn(id: string, scaler: Json): FoundAdapter {
  const { labels: { [adapterLabel]: _, ...labels } = {}, process } = scaler as ScalerSpec;
  const described = readOf(process?.environment?.[adapterVariable]);
  const own: Json = { ...described, ...(Object.keys(labels).length > 0 && { labels }) };
  const { paused: __, ...there } = scaler;
  const scalerDifferences = differencesOf(there, scalerOf(id, own)).map(({ path, ...values }) => ({
    path: `scaler.${path}`,
    ...values,
  }));
  const changed = Object.fromEntries(scalerDifferences.map(({ path, before }) => [path, before ?? null]));
  return { spec: { ...own, ...(scalerDifferences.length > 0 && { scaler: changed }) }, scalerDifferences };
}

function readOf(text: string | undefined): Json {
  try {
    const { adapter: _, ...described } = JSON.parse(text ?? "") as Json;
    return described;
  } catch {
    // Not written by `tutti apply`.
    return {};
  }
}
