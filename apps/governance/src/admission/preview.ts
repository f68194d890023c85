/**
 * The verdicts that rules would have given: on the latest starts of runs (as repeated by their callers), on
 * the registered definitions, and on the connected agents. The verdict is made as in every process, and
 * nothing is stored.
 *
 * 1. The preview reads only what the caller may read.
 * 2. Groups of callers are not in records: a rule with `actor.groups` sees none there.
 */
import {
  AdmissionRule,
  AdmissionSubject,
  type Finding,
  FindingResult,
  type PreviewRulesReply,
  type PreviewRulesRequest,
} from "@tutti/contracts/governance/v1";
import { type Agent, type agentService, ListAgentsRequest } from "@tutti/contracts/swarm/v1";
import { type Actor, ActorKind, Cause, WorkReference } from "@tutti/contracts/types/v1";
import {
  type definitionService,
  GetDefinitionRequest,
  GetRunRequest,
  ListDefinitionsRequest,
  ListRunsRequest,
  type runService,
  SourceFormat,
} from "@tutti/contracts/workflow/v1";
import { checkText, printDefinition } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { type CallContext, isTuttiError } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { AdmissionRules, agentDocument, findingOf } from "@tutti/policy";
import { Mapping, schema } from "@tutti/rest/json";
import type { TenantDependencies } from "../tenants/dependencies.ts";
import { problemsOf } from "./rules.ts";
import { ruleAt } from "./versions.ts";

export interface PreviewDependencies extends TenantDependencies {
  readonly runs: Pick<Client<typeof runService>, "listRuns" | "getRun">;
  readonly definitions: Pick<Client<typeof definitionService>, "listDefinitions" | "getDefinition">;
  readonly agents: Pick<Client<typeof agentService>, "listAgents">;
}

interface Judged {
  readonly kind: AdmissionSubject;
  readonly body: Json;
  readonly action: string;
  readonly cause: Cause | undefined;
  readonly work: WorkReference;
}

const startsUsual = 100;
const pageSize = 500;
const effectsMax = 1_000;
const {
  ADMISSION_SUBJECT_REQUEST: request,
  ADMISSION_SUBJECT_DEFINITION: definition,
  ADMISSION_SUBJECT_AGENT: agent,
} = AdmissionSubject;
const previewedSubjects: readonly AdmissionSubject[] = [request, definition, agent];
const noActor: Actor = { kind: ActorKind.ACTOR_KIND_UNSPECIFIED, id: "" };

export async function previewRules(
  dependencies: PreviewDependencies,
  { rules: proposed, ruleId, version, starts }: PreviewRulesRequest,
  context: CallContext,
): Promise<PreviewRulesReply> {
  const { namespace } = context;
  const former = ruleId === "" ? [] : [await ruleAt(dependencies, ruleId, version, context)];
  const rules = [...proposed, ...former].map((rule) => ({ ...AdmissionRule.fromPartial(rule), namespace }));
  const problems = rules.flatMap((rule) =>
    problemsOf(rule).map((problem) => ({ ...problem, fileName: rule.ruleId })),
  );
  if (problems.length > 0) return { effects: [], examined: 0, unseenRuleIds: [], problems };
  const judging = new AdmissionRules(rules);
  const effects: Finding[] = [];
  let examined = 0;
  const judge = ({ kind, body, action, cause, work }: Judged): void => {
    const about = { namespace, action, cause, work, nowMs: dependencies.foundation.clock.now() };
    const subject = { kind, namespace, action, body, labels: {}, groups: [], actor: cause?.actor ?? noActor };
    examined += 1;
    for (const finding of judging.admit(subject).findings)
      if (finding.result !== FindingResult.FINDING_RESULT_HELD && effects.length < effectsMax)
        effects.push(findingOf(finding, about));
  };
  if (judging.hasAny(request))
    for await (const start of startsOf(dependencies, starts || startsUsual, context)) judge(start);
  if (judging.hasAny(definition))
    for await (const found of definitionsOf(dependencies, context)) judge(found);
  if (judging.hasAny(agent)) for await (const found of agentsOf(dependencies, context)) judge(found);
  const unseen = rules.filter(({ subject }) => !previewedSubjects.includes(subject));
  return { effects, examined, unseenRuleIds: unseen.map((rule) => rule.ruleId), problems };
}

const startRequest = "tutti.workflow.v1.StartRunRequest";

/** Yields the starts as repeated requests. Lists have no inputs, so each run is read separately. */
async function* startsOf(
  dependencies: PreviewDependencies,
  size: number,
  context: CallContext,
): AsyncGenerator<Judged> {
  const { namespace } = context;
  const mapping = new Mapping(schema);
  const listed = ListRunsRequest.fromPartial({ namespace, page: { size } });
  for (const { runId } of (await dependencies.runs.listRuns(listed, { context })).runs) {
    const found = await orRemoved(
      dependencies.runs.getRun(GetRunRequest.fromPartial({ namespace, runId }), { context }),
    );
    if (found?.run === undefined) continue;
    const { spec, createCause: cause } = found.run;
    const body = mapping.message(startRequest, { namespace, runId, spec }) as Json;
    const work = WorkReference.fromPartial({ namespace, kind: "run", id: runId });
    yield { kind: request, body, action: "workflow.runs.start", cause, work };
  }
}

async function* definitionsOf(
  dependencies: PreviewDependencies,
  context: CallContext,
): AsyncGenerator<Judged> {
  const { namespace } = context;
  const pages = async (token: string) => {
    const request = ListDefinitionsRequest.fromPartial({ namespace, page: { size: pageSize, token } });
    const { definitions, page } = await dependencies.definitions.listDefinitions(request, { context });
    return { items: definitions, nextToken: page?.nextToken ?? "" };
  };
  for await (const { name, createCause: cause } of allOf(pages)) {
    const request = GetDefinitionRequest.fromPartial({
      namespace,
      withSource: true,
      withoutLiveCount: true,
      definition: { name, version: { $case: "label", value: "latest" } },
    });
    const source = (await orRemoved(dependencies.definitions.getDefinition(request, { context })))?.definition
      ?.source;
    const format = source?.format === SourceFormat.SOURCE_FORMAT_JSON ? "json" : "yaml";
    const checked = checkText({ format, text: source?.text ?? "", fileName: name }).definition;
    if (checked === undefined) continue;
    const body = JSON.parse(printDefinition(checked.document, "json")) as Json;
    const work = WorkReference.fromPartial({ namespace, kind: "definition", id: name });
    yield { kind: definition, body, action: "workflow.definitions.register", cause, work };
  }
}

async function* agentsOf(dependencies: PreviewDependencies, context: CallContext): AsyncGenerator<Judged> {
  const { namespace } = context;
  const pages = async (token: string) => {
    const request = ListAgentsRequest.fromPartial({ namespace, page: { size: pageSize, token } });
    const { agents, page } = await dependencies.agents.listAgents(request, { context });
    return { items: agents, nextToken: page?.nextToken ?? "" };
  };
  for await (const agent of allOf(pages)) yield agentJudged(agent, namespace);
}

function agentJudged({ agentId, pool, offering }: Agent, namespace: string): Judged {
  const action = "agent.links.open";
  const body = agentDocument({ namespace, pool, agentId, offering, action });
  const work = WorkReference.fromPartial({ namespace, kind: "agent", id: agentId });
  const cause = Cause.fromPartial({ actor: { kind: ActorKind.ACTOR_KIND_AGENT, id: agentId } });
  return { kind: agent, body, action, cause, work };
}

async function* allOf<Item>(
  pageAt: (token: string) => Promise<{ readonly items: readonly Item[]; readonly nextToken: string }>,
): AsyncGenerator<Item> {
  let token = "";
  do {
    const { items, nextToken } = await pageAt(token);
    yield* items;
    token = nextToken;
  } while (token !== "");
}

/** Returns undefined if the object was removed since it was listed. */
async function orRemoved<Reply>(reply: Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (isTuttiError(error) && error.status === "NOT_FOUND") return undefined;
    throw error;
  }
}
