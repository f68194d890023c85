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
import { checkSource, requireValid } from "./sources.ts";
import {
  factsOf,
  type NamespaceBlobs,
  sourceOf,
  storeContent,
  storeFacts,
  storeSource,
} from "./stored-content.ts";

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
    parts: DefinitionParts,
    { source, labels, percent }: Registering,
    context: CallContext,
  ): Promise<{ readonly definition: DefinitionMessage; readonly existed: boolean }> {
    const store = this.#store(context);
    assert(parts.message !== undefined, "a definition that is registered has its facts", {
      name: parts.name,
    });
    const message = await inTurns(DefinitionMessage.decodeInSlices(parts.message));
    if (parts.plan !== undefined) await storePlan(store, parts.plan, parts.hash);
    const [sourceBlob, facts] = await Promise.all([storeSource(store, source), storeFacts(store, message)]);
    const key = keyOf(context.namespace, message.name);
    const body = {
      hash: parts.hash,
      source: sourceBlob,
      labels: [...labels],
      searchLabels: message.labels,
      percent,
      ...facts,
    };
    const { existed } = await whenOwned(this.#needs, key, context, () =>
      this.#needs.runtime.execute({ key, command: register, body, cause: causeOf(context) }),
    );
    const definition = await this.find(
      { name: message.name, version: { $case: "hash", value: parts.hash } },
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
    assert(source !== undefined, "a source is set where it is requested", { name: reference.name });
    return source;
  }

  /** Returns one version of a definition that is owned here. Otherwise redirects the caller to the owner. */
  async findHere(reference: DefinitionReference, context: CallContext): Promise<DefinitionMessage> {
    return this.#messageOf(await this.#facts(reference, context), context.namespace);
  }

  async findSourceHere(reference: DefinitionReference, context: CallContext): Promise<DefinitionSource> {
    const { version: stored } = await this.#facts(reference, context);
    return sourceOf(this.#store(context), stored);
  }

  /** Lists versions of a definition, newest first. */
  async list(
    name: string,
    { from, count }: { readonly from: number; readonly count: number },
    context: CallContext,
  ): Promise<{ readonly definitions: readonly DefinitionMessage[]; readonly total: number }> {
    const question = { query: versions, body: { from, count } };
    const { versions: page, total } = await this.#query(name, question, context);
    const definitions = await Promise.all(page.map((each) => this.#messageOf(each, context.namespace)));
    return { definitions, total };
  }

  /** Returns the version with a share of the runs without a requested version. Undefined if there is none. */
  async rolledOut(
    { name, version: selector }: DefinitionReference,
    parameters: Json | undefined,
    context: CallContext,
  ): Promise<{ readonly version: RunnableVersion; readonly percent: number } | undefined> {
    if (selector !== undefined && selector.value !== "") return undefined;
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
    const { hash, archived, archiveCause, parameterSchema, versionLabels } = definition;
    if (archived) throw sourceErrors.archived({ name, hash, reason: archiveCause?.reason ?? "" });
    const selected = reference.version?.value ?? latest;
    const label = versionLabels.includes(selected) ? selected : "";
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
    const { plan, hash, name } = requireValid(checked, source.fileName);
    if (plan === undefined) throw sourceErrors.parametersWanted({ name });
    await storePlan(this.#store(context), plan, hash);
    return hash;
  }

  #isHere(name: string, { namespace }: Pick<CallContext, "namespace">): boolean {
    const { runtime, partitionOwner } = this.#needs;
    return partitionOwner.owns(runtime.service, runtime.partitionOf(keyOf(namespace, name)));
  }

  async #fetch(
    definition: DefinitionReference,
    withSource: boolean,
    context: CallContext,
  ): Promise<DefinitionMessage> {
    const { namespace } = context;
    const request = { namespace, definition, withSource, withoutLiveCount: true };
    const { definition: found } = await this.#needs.definitions.getDefinition(request, { context });
    assert(found !== undefined, "a definition that is there is given", { name: definition.name });
    return found;
  }

  #store({ namespace }: Pick<CallContext, "namespace">): NamespaceBlobs {
    return { blobs: this.#needs.blobs(), namespace };
  }

  #facts({ name, version: selector }: DefinitionReference, context: CallContext): Promise<VersionFacts> {
    const hash = selector?.$case === "hash" ? selector.value : "";
    const label = selector?.$case === "label" ? selector.value : "";
    return this.#query(name, { query: version, body: { hash, label } }, context);
  }

  #query<Body, Reply>(name: string, question: Omit<Question<Body, Reply>, "key">, context: CallContext) {
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
    { version: stored, labels, rollout }: VersionFacts,
    namespace: string,
  ): Promise<DefinitionMessage> {
    const facts = await factsOf(this.#store({ namespace }), stored);
    return {
      ...facts,
      namespace,
      versionLabels: [...labels],
      createTime: toTimestamp(stored.registerMs),
      createCause: stored.cause as DefinitionMessage["createCause"],
      archived: stored.archived,
      archiveCause: stored.archiveCause as DefinitionMessage["archiveCause"],
      rollout: rollout && { ...rollout },
    };
  }
}

/** Stores the plan as the blob with the name of its hash. */
async function storePlan(store: NamespaceBlobs, plan: Uint8Array, hash: string): Promise<BlobReference> {
  const blob = await storeContent(store, plan);
  assert(Buffer.from(blob.sha256).toString("hex") === hash, "a plan's hash is that of its text", { hash });
  return blob;
}

export function keyOf(namespace: string, name: string): InstanceKey {
  return { namespace, kind: "definition", id: name };
}
