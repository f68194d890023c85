/**
 * Checks files together, as `tutti validate` does alone, and in addition what only an installation knows:
 * whether policies are readable, what rules say about definitions, and, if requested, whether all used parts
 * exist here. Nothing is changed.
 */
import {
  AdmissionSubject,
  FindingResult,
  PolicyChange,
  type ValidateReply,
  type ValidateRequest,
} from "@tutti/contracts/governance/v1";
import type { registryService } from "@tutti/contracts/registry/v1";
import type { agentService } from "@tutti/contracts/swarm/v1";
import { type Problem, Severity } from "@tutti/contracts/types/v1";
import { type definitionService, GetDefinitionRequest } from "@tutti/contracts/workflow/v1";
import { type DefinitionText, problemMessage } from "@tutti/definitions";
import { type CallContext, isTuttiError } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { AdmissionRules } from "@tutti/policy";
import type * as Validation from "@tutti/validation";
import { checked } from "@tutti/validation/thread";
import { governanceErrors } from "../errors.ts";
import { problemsOf } from "../policies/change.ts";
import { actorOf } from "../policies/deciding.ts";
import type { TenantDependencies } from "../tenants/dependencies.ts";

type Parts = typeof Validation;

export interface ValidatingDependencies extends Pick<TenantDependencies, "bundles" | "deciding"> {
  readonly definitions: Pick<Client<typeof definitionService>, "getDefinition">;
  readonly registry: Pick<Client<typeof registryService>, "findCapabilities">;
  readonly agents: Pick<Client<typeof agentService>, "listAgents">;
}

const bytesMax = 4_194_304;

export async function validateFiles(
  dependencies: ValidatingDependencies,
  { files, againstInstallation }: ValidateRequest,
  context: CallContext,
): Promise<ValidateReply> {
  const bytes = files.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  if (bytes > bytesMax) throw governanceErrors.filesTooLarge({ bytes, most: bytesMax });
  // A process that never validates does not need the parsers.
  const parts = await import("@tutti/validation");
  const policies = files.filter(({ fileName }) => parts.isPolicyFile(fileName));
  const others = files.filter(({ fileName }) => !parts.isPolicyFile(fileName)).map(sourceOf);
  const installation = againstInstallation
    ? await installed(dependencies, parts, others, context)
    : undefined;
  const found = await checked("files", bytes, others, installation);
  const problems = [
    ...found.problems.map(problemMessage),
    ...(await ofPolicies(dependencies, parts, policies, context)),
    ...(await ofRules(dependencies, await checked("documents", bytes, others), context)),
  ];
  return {
    problems: problems.sort(parts.byPlace),
    checked: found.checked.length + policies.length,
    skippedFiles: [...found.skipped],
  };
}

function sourceOf({ fileName, text }: { readonly fileName: string; readonly text: string }): DefinitionText {
  return { format: /\.json$/i.test(fileName) ? "json" : "yaml", fileName, text };
}

/** Returns the installation as the caller may see it. */
async function installed(
  dependencies: ValidatingDependencies,
  parts: Parts,
  files: readonly DefinitionText[],
  context: CallContext,
): Promise<Validation.Offered> {
  const size = files.reduce((sum, { text }) => sum + text.length, 0);
  const used = await checked("used", size, files);
  return parts.offeredFor(used, {
    capability: (requested) => parts.capabilityAt(dependencies, requested, context),
    async definition({ name, version }) {
      const { namespace } = context;
      const definition = { name, version: parts.versionNamed(version, "latest") };
      const request = GetDefinitionRequest.fromPartial({ namespace, definition, withoutLiveCount: true });
      try {
        const { definition: found } = await dependencies.definitions.getDefinition(request, { context });
        return found && parts.knownDefinition(found);
      } catch (error) {
        if (isTuttiError(error) && error.status === "NOT_FOUND") return undefined;
        throw error;
      }
    },
  });
}

async function ofPolicies(
  dependencies: ValidatingDependencies,
  parts: Parts,
  files: ValidateRequest["files"],
  { namespace }: CallContext,
): Promise<Problem[]> {
  if (files.length === 0) return [];
  const { policies, problems } = parts.policiesIn(files);
  const fileOf = new Map(policies.map(({ policyId, fileName }) => [policyId, fileName]));
  const set = policies.map(({ policyId, text }) => ({ policyId, text }));
  const found = problemsOf(await dependencies.deciding.cedar(), namespace, PolicyChange.fromPartial({ set }));
  const named = found.map((problem) => ({
    ...problem,
    fileName: fileOf.get(problem.fileName) ?? problem.fileName,
  }));
  return [...problems.map(problemMessage), ...named];
}

const verdicts: Readonly<Partial<Record<FindingResult, readonly [Severity, string]>>> = {
  [FindingResult.FINDING_RESULT_DENIED]: [Severity.SEVERITY_ERROR, "rule_denies"],
  [FindingResult.FINDING_RESULT_ASKED]: [Severity.SEVERITY_WARNING, "rule_asks_first"],
  [FindingResult.FINDING_RESULT_CHANGED]: [Severity.SEVERITY_WARNING, "rule_changes"],
  [FindingResult.FINDING_RESULT_NOTED]: [Severity.SEVERITY_WARNING, "rule_notes"],
  [FindingResult.FINDING_RESULT_SHADOWED]: [Severity.SEVERITY_WARNING, "rule_would_object"],
};

/** Returns the verdicts of the enforced rules on each definition, if the caller were to register it. */
async function ofRules(
  dependencies: ValidatingDependencies,
  documents: readonly Validation.DefinitionFile[],
  { principal, namespace }: CallContext,
): Promise<Problem[]> {
  if (documents.length === 0) return [];
  const rules = new AdmissionRules((await dependencies.bundles.current()).content.rules);
  const kind = AdmissionSubject.ADMISSION_SUBJECT_DEFINITION;
  const about = { kind, namespace, labels: {}, action: "workflow.definitions.register" };
  const caller = { actor: actorOf(principal), groups: principal.credential?.groups ?? [] };
  return documents.flatMap(({ fileName, document }) =>
    rules.admit({ ...about, ...caller, body: document }).findings.flatMap(({ rule, result, message }) => {
      const [severity, code] = verdicts[result] ?? [];
      if (severity === undefined || code === undefined) return [];
      const text = `the rule ${rule.namespace}/${rule.ruleId}: ${message}`;
      return [{ severity, code, fileName, line: 1, column: 1, path: "", message: text, expected: "" }];
    }),
  );
}
