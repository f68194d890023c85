/** Recommendations about a workflow, from its document and its recorded runs. */
import { createHash } from "node:crypto";
import { PredictedGain, Recommendation } from "@tutti/contracts/intelligence/v1";
import { type Advice, advise, printDefinition } from "@tutti/definitions";
import { differencesOf, differenceText } from "@tutti/definitions/differences";
import type { Pools } from "./pools.ts";
import type { Uses } from "./uses.ts";
import type { Caller, Document, Found, Workflows } from "./workflows.ts";

export interface FindingParts {
  readonly workflows: Workflows;
  readonly uses: Pick<Uses, "of">;
  readonly pools: Pick<Pools, "spanMs" | "names" | "findAbout" | "strategyOf" | "setStrategy" | "samples">;
}

export const runsByDefault = 100;
const foundMax = 100;
const idLengthMax = 200;

export async function findAbout(
  { workflows, uses }: FindingParts,
  caller: Caller,
  { subject, count, sinceMs }: { readonly subject: string; readonly count: number; readonly sinceMs: number },
): Promise<Found> {
  const definition = await workflows.latest(caller, subject);
  const document = definition && (await workflows.document(caller, definition));
  if (definition === undefined || document === undefined) return { baseHash: "", runs: 0, found: [] };
  const { hash } = definition;
  const { runs, data } = await workflows.recorded(caller, { hash, count, sinceMs });
  const found = advise(document, runs, data, await uses.of(caller, document)).slice(0, foundMax);
  return {
    baseHash: hash,
    runs: runs.length,
    found: found.map((each) => recommendationOf(caller.namespace, document, subject, each)),
  };
}

function recommendationOf(
  namespace: string,
  document: Document,
  subject: string,
  { kind, task, about, saves, summary, evidence, gain, risk, changed, manual = "" }: Advice,
): Recommendation {
  return Recommendation.fromPartial({
    namespace,
    subject,
    kind,
    task,
    title: summary,
    reasons: [...evidence],
    risk,
    manual,
    recommendationId: idOf([subject, kind.replaceAll("_", "-"), task, about]),
    message: [summary, ...evidence, risk].join(" "),
    gain: PredictedGain.create({ measure: saves, ...gain }),
    evidence: { runs: gain.runs },
    effect: { [saves]: -gain.median },
    changes: differencesOf(document, changed).map(differenceText),
    document: changed === document ? "" : printDefinition(changed, "yaml"),
    command: "",
  });
}

/** The same advice has the same id, so it is recognised. */
function idOf(parts: readonly string[]): string {
  const id = parts
    .filter((part) => part !== "")
    .join(".")
    .replaceAll(/[^A-Za-z0-9._-]/g, "-");
  if (id.length <= idLengthMax) return id;
  const digest = createHash("sha256").update(id).digest("hex").slice(0, 16);
  return `${id.slice(0, idLengthMax - digest.length - 1)}.${digest}`;
}
