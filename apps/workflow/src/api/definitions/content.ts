/** Operations that need only a source: check, register, draw, convert. */
import type { DefinitionReference, Payload } from "@tutti/contracts/types/v1";
import {
  type CheckDefinitionReply,
  type CheckDefinitionRequest,
  type ConvertDefinitionReply,
  type ConvertDefinitionRequest,
  Definition as DefinitionMessage,
  DefinitionSource,
  type GetGraphReply,
  type GetGraphRequest,
  Graph,
  type RegisterDefinitionReply,
  type RegisterDefinitionRequest,
  SourceFormat,
} from "@tutti/contracts/workflow/v1";
import { jsonOf, type PrintFormat, problemMessage } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { type CallContext, inTurns } from "@tutti/kernel";
import { latest } from "@tutti/machine-entities/definition";
import { declareWeight } from "@tutti/mesh";
import type { DefinitionParts, WantedParts } from "@tutti/validation/thread";
import { applyOnTriggers } from "../../definitions/on-triggers.ts";
import { checkSource, requireValid } from "../../definitions/sources.ts";
import { sourceErrors } from "../../errors.ts";
import type { DefinitionDependencies } from "./dependencies.ts";

export async function checkDefinition(
  dependencies: DefinitionDependencies,
  { source = DefinitionSource.create(), againstInstallation }: CheckDefinitionRequest,
  context: CallContext,
): Promise<CheckDefinitionReply> {
  const offered = againstInstallation ? await dependencies.offered(source, context) : undefined;
  const retry = dependencies.retryIn(context.namespace);
  const parts = { message: true, graph: true };
  const { problems, definition } = await checkSource(source, parts, { offered, retry });
  const { message, graph } = definition ?? {};
  const reply: CheckDefinitionReply = {
    problems: problems.map(problemMessage),
    definition: message && (await inTurns(DefinitionMessage.decodeInSlices(message))),
    graph: graph && (await inTurns(Graph.decodeInSlices(graph))),
  };
  // JSON names its fields: it is longer than the message.
  const problemBytes = Buffer.byteLength(JSON.stringify(problems));
  return declareWeight(reply, problemBytes + (message?.length ?? 0) + (graph?.length ?? 0) + 100);
}

export async function registerDefinition(
  dependencies: DefinitionDependencies,
  request: RegisterDefinitionRequest,
  context: CallContext,
): Promise<RegisterDefinitionReply> {
  const { source: requested = DefinitionSource.create(), versionLabels, rolloutPercent: percent } = request;
  const keepLatest = request.keepLatest || percent !== undefined;
  const { source, checked } = await admittedSource(dependencies, requested, context);
  const checkedParts = requireValid(checked, source.fileName || "the definition");
  const labels = keepLatest ? versionLabels : [latest, ...versionLabels];
  const { definition, existed } = await dependencies.versions.register(
    checkedParts,
    { source, labels, percent },
    context,
  );
  // They start runs of the label `latest`.
  if (!keepLatest || definition.versionLabels.includes(latest))
    await applyOnTriggers(dependencies.triggers, checkedParts, context);
  return { definition, existed, problems: checked.problems.map(problemMessage) };
}

const registered = { message: true, plan: true } as const;

/** Returns the source as rules admit it. An invalid definition is reported without evaluating rules. */
async function admittedSource(
  dependencies: DefinitionDependencies,
  source: DefinitionSource,
  context: CallContext,
) {
  const isAdmitted = dependencies.admission === undefined;
  const options = { retry: dependencies.retryIn(context.namespace) };
  const parts = isAdmitted ? registered : { ...registered, text: "json" as const };
  const checked = await checkSource(source, parts, options);
  const { definition } = checked;
  if (isAdmitted || definition === undefined) return { source, checked };
  const document = () => JSON.parse(definition.text) as Json;
  const changed = await dependencies.admission?.definition(document, context);
  if (changed === undefined) return { source, checked };
  const text = JSON.stringify(changed, undefined, 2);
  const fileName = `${definition.name}.json`;
  const other = { ...source, format: SourceFormat.SOURCE_FORMAT_JSON, text, fileName };
  return { source: other, checked: await checkSource(other, registered, options) };
}

export async function getGraph(
  dependencies: DefinitionDependencies,
  { subject }: GetGraphRequest,
  context: CallContext,
): Promise<GetGraphReply> {
  const { name, graph } = await definitionOf(dependencies, subject, undefined, context, { graph: true });
  if (graph === undefined) throw sourceErrors.parametersWanted({ name });
  const reply = { graph: await inTurns(Graph.decodeInSlices(graph)) };
  return declareWeight(reply, graph.length + 100);
}

export async function convertDefinition(
  dependencies: DefinitionDependencies,
  { subject, format, parameters }: ConvertDefinitionRequest,
  context: CallContext,
): Promise<ConvertDefinitionReply> {
  const { print, ending } = formats[format] ?? yaml;
  const { name, text } = await definitionOf(dependencies, subject, parameters, context, { text: print });
  return { source: { format, text, fileName: `${name}.${ending}` } };
}

type Subject =
  | { readonly $case: "definition"; readonly value: DefinitionReference }
  | { readonly $case: "source"; readonly value: DefinitionSource }
  | undefined;

async function definitionOf(
  { versions }: DefinitionDependencies,
  subject: Subject,
  parameters: Payload | undefined,
  context: CallContext,
  parts: WantedParts,
): Promise<DefinitionParts> {
  const source =
    subject?.$case === "definition"
      ? await versions.findSource(subject.value, context)
      : (subject?.value ?? DefinitionSource.create());
  const parameterJson: Json | undefined = parameters && jsonOf(parameters, "parameters");
  const checked = await checkSource(source, parts, { parameters: parameterJson });
  return requireValid(checked, source.fileName || "the definition");
}

interface Format {
  readonly print: PrintFormat;
  readonly ending: string;
}

const yaml: Format = { print: "yaml", ending: "yaml" };

const formats: Readonly<Partial<Record<SourceFormat, Format>>> = {
  [SourceFormat.SOURCE_FORMAT_YAML]: yaml,
  [SourceFormat.SOURCE_FORMAT_JSON]: { print: "json", ending: "json" },
  [SourceFormat.SOURCE_FORMAT_TYPESCRIPT]: { print: "typescript", ending: "ts" },
};
