/** What needs no more than a source: checking, registering, drawing, converting. */
import type { DefinitionReference, Payload } from "@tutti/contracts/types/v1";
import {
  type CheckDefinitionReply,
  type CheckDefinitionRequest,
  type ConvertDefinitionReply,
  type ConvertDefinitionRequest,
  DefinitionSource,
  type GetGraphReply,
  type GetGraphRequest,
  type RegisterDefinitionReply,
  type RegisterDefinitionRequest,
  SourceFormat,
} from "@tutti/contracts/workflow/v1";
import {
  type Definition,
  definitionMessage,
  graphOf,
  type PrintFormat,
  printDefinition,
  problemMessage,
} from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { CallContext } from "@tutti/kernel";
import { latest } from "@tutti/machine-entities/definition";
import { checkSource, withoutMistakes } from "../../definitions/sources.ts";
import { sourceErrors } from "../../errors.ts";
import { jsonOf } from "../payloads.ts";
import type { DefinitionDesk } from "./desk.ts";

export async function checkDefinition(
  desk: DefinitionDesk,
  { source = DefinitionSource.create(), againstInstallation }: CheckDefinitionRequest,
  context: CallContext,
): Promise<CheckDefinitionReply> {
  const catalogue = againstInstallation ? await desk.catalogue(source, context) : undefined;
  const { problems, definition } = checkSource(source, { catalogue });
  return {
    problems: problems.map(problemMessage),
    definition: definition && definitionMessage(definition),
    graph: definition?.plan && graphOf(definition.plan),
  };
}

export async function registerDefinition(
  desk: DefinitionDesk,
  { source: given = DefinitionSource.create(), versionLabels, keepLatest }: RegisterDefinitionRequest,
  context: CallContext,
): Promise<RegisterDefinitionReply> {
  const { source, checked } = await admittedSource(desk, given, context);
  const made = withoutMistakes(checked, source.fileName || "the definition");
  const labels = keepLatest ? versionLabels : [latest, ...versionLabels];
  const { definition, existed } = await desk.versions.register(made, { source, labels }, context);
  return { definition, existed, problems: checked.problems.map(problemMessage) };
}

/** As rules admit it. What is wrong in itself is told as such, and not asked about. */
async function admittedSource(desk: DefinitionDesk, source: DefinitionSource, context: CallContext) {
  const checked = checkSource(source);
  const { definition, problems } = checked;
  if (definition === undefined || problems.some(({ severity }) => severity === "error"))
    return { source, checked };
  const document = () => JSON.parse(printDefinition(definition.document, "json")) as Json;
  const changed = await desk.admission?.definition(document, context);
  if (changed === undefined) return { source, checked };
  const text = JSON.stringify(changed, undefined, 2);
  const fileName = `${definition.document.workflow}.json`;
  const other = { ...source, format: SourceFormat.SOURCE_FORMAT_JSON, text, fileName };
  return { source: other, checked: checkSource(other) };
}

export async function getGraph(
  desk: DefinitionDesk,
  { subject }: GetGraphRequest,
  context: CallContext,
): Promise<GetGraphReply> {
  const { plan, document } = await definitionOf(desk, subject, undefined, context);
  if (plan === undefined) throw sourceErrors.parametersWanted({ name: document.workflow });
  return { graph: graphOf(plan) };
}

export async function convertDefinition(
  desk: DefinitionDesk,
  { subject, format, parameters }: ConvertDefinitionRequest,
  context: CallContext,
): Promise<ConvertDefinitionReply> {
  const { document } = await definitionOf(desk, subject, parameters, context);
  const { print, ending } = formats[format] ?? yaml;
  const text = printDefinition(document, print);
  return { source: { format, text, fileName: `${document.workflow}.${ending}` } };
}

type Subject =
  | { readonly $case: "definition"; readonly value: DefinitionReference }
  | { readonly $case: "source"; readonly value: DefinitionSource }
  | undefined;

async function definitionOf(
  { versions }: DefinitionDesk,
  subject: Subject,
  parameters: Payload | undefined,
  context: CallContext,
): Promise<Definition> {
  const source =
    subject?.$case === "definition"
      ? await versions.findSource(subject.value, context)
      : (subject?.value ?? DefinitionSource.create());
  const given: Json | undefined = parameters && jsonOf(parameters, "parameters");
  return withoutMistakes(checkSource(source, { parameters: given }), source.fileName || "the definition");
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
