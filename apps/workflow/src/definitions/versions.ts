/** The versions of definitions: registered, found, filled in. Their large parts are in blobs. */
import type { BlobReference, DefinitionReference } from "@tutti/contracts/types/v1";
import {
  Definition as DefinitionMessage,
  type DefinitionSource,
  type definitionService,
} from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import { causeOf, type Hosting, whenOwned } from "@tutti/host";
import type { Blobs } from "@tutti/journal";
import {
  assert,
  type CallContext,
  type ConfiguredRetryOf,
  type InstanceKey,
  inTurns,
  toTimestamp,
} from "@tutti/kernel";
import {
  definitionErrors,
  latest,
  register,
  type VersionFacts,
  version,
  versions,
} from "@tutti/machine-entities/definition";
import type { Client } from "@tutti/mesh";
import type { Question, Runtime } from "@tutti/runtime";
import { runtimeErrors } from "@tutti/runtime/errors";
import type { DefinitionParts } from "@tutti/validation/thread";
import { sourceErrors } from "../errors.ts";
import { factsOf, keep, keepFacts, keepSource, type Shelf, sourceOf } from "./kept.ts";
import { checkSource, withoutMistakes } from "./sources.ts";

export interface VersionsNeeds extends Hosting {
  readonly runtime: Runtime;
  /** Available once the service has started. */
  readonly blobs: () => Blobs;
  /** Retry defaults of the configuration. */
  readonly retryIn: ConfiguredRetryOf;
  /** Definitions of all processes. */
  readonly definitions: Pick<Client<typeof definitionService>, "getDefinition">;
}

/** The version of a run at its start. */
export interface RunnableVersion {
  readonly name: string;
  /** Hash of the plan: for a template it differs for each set of parameters. */
  readonly hash: string;
  readonly label: string;
  readonly definition: DefinitionMessage;
}

interface Registering {
  readonly source: DefinitionSource;
  readonly labels: readonly string[];
  /** Share of new runs, if the version is new. */
  readonly percent: number | undefined;
}

export class Versions {
  readonly #needs: VersionsNeeds;

  constructor(needs: VersionsNeeds) {
    this.#needs = needs;
  }

  /** Registers a version: makes plan, source and facts durable first. */
  async register(
    made: DefinitionParts,
    { source, labels, percent }: Registering,
    context: CallContext,
  ): Promise<{ readonly definition: DefinitionMessage; readonly existed: boolean }> {
    const shelf = this.#shelf(context);
    assert(made.message !== undefined, "a definition that is registered has its facts", { name: made.name });
    const message = await inTurns(DefinitionMessage.decodeInSlices(made.message));
    if (made.plan !== undefined) await keepPlan(shelf, made.plan, made.hash);
    const [kept, facts] = await Promise.all([keepSource(shelf, source), keepFacts(shelf, message)]);
    const key = keyOf(context.namespace, message.name);
    const body = {
      hash: made.hash,
      source: kept,
      labels: [...labels],
      searchLabels: message.labels,
      percent,
      ...facts,
    };
    const { existed } = await whenOwned(this.#needs, key, context, () =>
      this.#needs.runtime.execute({ key, command: register, body, cause: causeOf(context) }),
    );
    const definition = await this.find(
      { name: message.name, version: { $case: "hash", value: made.hash } },
      context,
    );
    return { definition, existed };
  }

  /** Returns one version, whichever process has it. Throws `definition.missing`. */
  async find(reference: DefinitionReference, context: CallContext): Promise<DefinitionMessage> {
    if (this.#isHere(reference.name, context)) return this.findHere(reference, context);
    return this.#fetch(reference, false, context);
  }

  async findSource(reference: DefinitionReference, context: CallContext): Promise<DefinitionSource> {
    if (this.#isHere(reference.name, context)) return this.findSourceHere(reference, context);
    const { source } = await this.#fetch(reference, true, context);
    assert(source !== undefined, "a source comes where it is asked for", { name: reference.name });
    return source;
  }

  /** Returns one version of a definition that is owned here. Otherwise redirects the caller to the owner. */
  async findHere(reference: DefinitionReference, context: CallContext): Promise<DefinitionMessage> {
    return this.#messageOf(await this.#facts(reference, context), context.namespace);
  }

  async findSourceHere(reference: DefinitionReference, context: CallContext): Promise<DefinitionSource> {
    const { version: kept } = await this.#facts(reference, context);
    return sourceOf(this.#shelf(context), kept);
  }

  /** Lists versions of a definition, newest first. */
  async list(
    name: string,
    { from, count }: { readonly from: number; readonly count: number },
    context: CallContext,
  ): Promise<{ readonly definitions: readonly DefinitionMessage[]; readonly total: number }> {
    const wanted = { query: versions, body: { from, count } };
    const { versions: page, total } = await this.#ask(name, wanted, context);
    const definitions = await Promise.all(page.map((each) => this.#messageOf(each, context.namespace)));
    return { definitions, total };
  }

  /** Returns the version with a share of the runs without a requested version. Undefined if there is none. */
  async rolledOut(
    { name, version: wanted }: DefinitionReference,
    parameters: Json | undefined,
    context: CallContext,
  ): Promise<{ readonly version: RunnableVersion; readonly percent: number } | undefined> {
    if (wanted !== undefined && wanted.value !== "") return undefined;
    const { rollout } = await this.find({ name, version: undefined }, context);
    if (rollout === undefined) return undefined;
    const reference = { name, version: { $case: "hash", value: rollout.hash } } as const;
    try {
      const found = await this.runnable(reference, parameters, context);
      const [label = ""] = found.definition.versionLabels;
      return { version: { ...found, label }, percent: rollout.percent };
    } catch (error) {
      // An archived version takes no new runs.
      if (sourceErrors.archived.is(error)) return undefined;
      throw error;
    }
  }

  /** Returns the version for the start of a run, with its plan prepared. A template is filled in. */
  async runnable(
    reference: DefinitionReference,
    parameters: Json | undefined,
    context: CallContext,
  ): Promise<RunnableVersion> {
    const { name } = reference;
    const definition = await this.find(reference, context);
    const { hash, archived, archiveCause, parameterSchema } = definition;
    if (archived) throw sourceErrors.archived({ name, hash, reason: archiveCause?.reason ?? "" });
    const label = reference.version?.$case === "hash" ? "" : (reference.version?.value ?? latest);
    if (parameterSchema === "") return { name, hash, label, definition };
    // The label may name another version meanwhile.
    const exactly = { name, version: { $case: "hash", value: hash } } as const;
    const source = await this.findSource(exactly, context);
    return { name, hash: await this.#fillIn(source, parameters, context), label, definition };
  }

  /** Returns the plan of a template with these parameters. It is stored like any other plan. */
  async #fillIn(
    source: DefinitionSource,
    parameters: Json | undefined,
    context: CallContext,
  ): Promise<string> {
    const checked = await checkSource(
      source,
      { plan: true },
      { parameters, retry: this.#needs.retryIn(context.namespace) },
    );
    const { plan, hash, name } = withoutMistakes(checked, source.fileName);
    if (plan === undefined) throw sourceErrors.parametersWanted({ name });
    await keepPlan(this.#shelf(context), plan, hash);
    return hash;
  }

  #isHere(name: string, { namespace }: Pick<CallContext, "namespace">): boolean {
    const { runtime, partitionOwner } = this.#needs;
    return partitionOwner.holds(runtime.service, runtime.partitionOf(keyOf(namespace, name)));
  }

  async #fetch(
    definition: DefinitionReference,
    withSource: boolean,
    context: CallContext,
  ): Promise<DefinitionMessage> {
    const { namespace } = context;
    const wanted = { namespace, definition, withSource, withoutLiveCount: true };
    const { definition: found } = await this.#needs.definitions.getDefinition(wanted, { context });
    assert(found !== undefined, "a definition that is there is given", { name: definition.name });
    return found;
  }

  #shelf({ namespace }: Pick<CallContext, "namespace">): Shelf {
    return { blobs: this.#needs.blobs(), namespace };
  }

  #facts({ name, version: wanted }: DefinitionReference, context: CallContext): Promise<VersionFacts> {
    const hash = wanted?.$case === "hash" ? wanted.value : "";
    const label = wanted?.$case === "label" ? wanted.value : "";
    return this.#ask(name, { query: version, body: { hash, label } }, context);
  }

  #ask<Body, Reply>(name: string, question: Omit<Question<Body, Reply>, "key">, context: CallContext) {
    const key = keyOf(context.namespace, name);
    return whenOwned(this.#needs, key, context, async () => {
      try {
        return await this.#needs.runtime.query({ key, ...question });
      } catch (error) {
        throw runtimeErrors.unknownInstance.is(error)
          ? definitionErrors.missing({ name, version: latest })
          : error;
      }
    });
  }

  async #messageOf(
    { version: kept, labels, rollout }: VersionFacts,
    namespace: string,
  ): Promise<DefinitionMessage> {
    const facts = await factsOf(this.#shelf({ namespace }), kept);
    return {
      ...facts,
      namespace,
      versionLabels: [...labels],
      createTime: toTimestamp(kept.registerMs),
      createCause: kept.cause as DefinitionMessage["createCause"],
      archived: kept.archived,
      archiveCause: kept.archiveCause as DefinitionMessage["archiveCause"],
      rollout: rollout && { ...rollout },
    };
  }
}

/** Stores the plan as the blob with the name of its hash. */
async function keepPlan(shelf: Shelf, plan: Uint8Array, hash: string): Promise<BlobReference> {
  const kept = await keep(shelf, plan);
  assert(Buffer.from(kept.sha256).toString("hex") === hash, "a plan's hash is that of its text", { hash });
  return kept;
}

export function keyOf(namespace: string, name: string): InstanceKey {
  return { namespace, kind: "definition", id: name };
}
