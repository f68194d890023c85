/**
 * Checks that run directly or in the thread: functions from plain values to plain values, which can be passed between
 * threads.
 */
import { TaskList } from "@tutti/contracts/types/v1";
import { Definition as DefinitionMessage, Graph, Trigger } from "@tutti/contracts/workflow/v1";
import {
  type CheckedDefinition,
  checkDocument,
  checkText,
  type DefinitionProblem,
  type DefinitionText,
  definitionMessage,
  documentOfTasks,
  graphOf,
  type PrintFormat,
  printDefinition,
  triggersOf,
} from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { ConfiguredRetry } from "@tutti/kernel";
import { catalogueOf, type Offered, Usage, type Used } from "../installation.ts";
import { type DefinitionFile, documentsIn, usedIn, type Validated, validate } from "../validate.ts";

/** The parts of a definition that the caller needs: a large one costs time to create and to pass. */
export interface RequestedParts {
  /** Returns the text in this format. */
  readonly text?: PrintFormat;
  readonly message?: boolean;
  readonly graph?: boolean;
  readonly plan?: boolean;
}

export interface DefinitionParts {
  readonly name: string;
  readonly hash: string;
  /** False for a template that is not filled in: it has no plan and no graph. */
  readonly isPlanned: boolean;
  readonly text: string;
  /** An encoded `tutti.workflow.v1.Definition`. */
  readonly message: Uint8Array | undefined;
  /** An encoded `tutti.workflow.v1.Graph`. */
  readonly graph: Uint8Array | undefined;
  /** Plan as JSON: the blob that the hash names. */
  readonly plan: Uint8Array | undefined;
  /** Triggers of its key `on`, each an encoded `tutti.workflow.v1.Trigger`. */
  readonly triggers: readonly Uint8Array[];
}

export interface CheckedParts {
  readonly problems: readonly DefinitionProblem[];
  /** Undefined if there is an error among the problems. */
  readonly definition: DefinitionParts | undefined;
}

export interface CheckedText {
  readonly source: DefinitionText;
  readonly offered?: Offered | undefined;
  /** Parameters that fill in a template. */
  readonly parameters?: Json | undefined;
  /** Retry defaults of the namespace and its pools. */
  readonly retry?: ConfiguredRetry | undefined;
}

export const checks = {
  definition({ source, offered, parameters, retry }: CheckedText, requested: RequestedParts): CheckedParts {
    const options = {
      retry,
      ...(offered && { catalogue: catalogueOf(offered) }),
      ...(parameters !== undefined && { parameters }),
    };
    return partsOf(checkText(source, options), requested);
  },
  /** Checks tasks that are not part of a definition, as an encoded `tutti.types.v1.TaskList`. */
  tasks(list: Uint8Array, requested: RequestedParts, retry?: ConfiguredRetry): CheckedParts {
    return partsOf(checkDocument(documentOfTasks("tasks", TaskList.decode(list)), { retry }), requested);
  },
  /** Returns the names that one definition uses, under any file name. */
  usedBy(source: DefinitionText): Used {
    const usage = new Usage();
    checkText(source, { catalogue: usage.catalogue });
    return { capabilities: usage.capabilities, definitions: usage.definitions };
  },
  used(files: readonly DefinitionText[]): Used {
    return usedIn(files);
  },
  files(files: readonly DefinitionText[], installation: Offered | undefined): Validated {
    return validate(files, { installation: installation && catalogueOf(installation) });
  },
  documents(files: readonly DefinitionText[]): readonly DefinitionFile[] {
    return documentsIn(files);
  },
};

export type Checks = typeof checks;

function partsOf({ problems, definition }: CheckedDefinition, requested: RequestedParts): CheckedParts {
  if (definition === undefined) return { problems, definition };
  const { document, hash, plan } = definition;
  const parts = {
    name: document.workflow,
    hash,
    isPlanned: plan !== undefined,
    text: requested.text === undefined ? "" : printDefinition(document, requested.text),
    message: requested.message ? DefinitionMessage.encode(definitionMessage(definition)).finish() : undefined,
    graph: requested.graph && plan !== undefined ? Graph.encode(graphOf(plan)).finish() : undefined,
    plan: requested.plan && plan !== undefined ? Buffer.from(JSON.stringify(plan)) : undefined,
    triggers: triggersOf(document).map((trigger) => Trigger.encode(trigger).finish()),
  };
  return { problems, definition: parts };
}
