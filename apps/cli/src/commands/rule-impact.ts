/**
 * What rules of a file would have said: of the latest starts of runs, of the definitions that are registered, and of the agents that are
 * there. They are judged here, as every process judges; nothing is set.
 */
import { AdmissionRule, AdmissionSubject, findingResultToJSON } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { checkText, printDefinition } from "@tutti/definitions";
import { AdmissionRules, agentDocument } from "@tutti/policy/admission";
import type { Actor, Agent } from "@tutti/rest/types";
import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { readDefinition } from "../local/definition-file.ts";
import type { Server } from "../server/calls.ts";
import { connect } from "../server/server.ts";
import { safe } from "../terminal/text.ts";
import { insistOnRules } from "./rule.ts";

interface Judged {
  readonly kind: AdmissionSubject;
  readonly what: string;
  readonly body: unknown;
  readonly action: string;
  readonly actor: Actor | undefined;
}

interface Effect {
  readonly rule: string;
  readonly what: string;
  /** `denied`, `changed`, `asked`, `noted`; by a rule that is tried out, `shadowed`. */
  readonly result: string;
  readonly message: string;
}

const latest = 100;
const pageSize = 500;
const held = "held";
const {
  ADMISSION_SUBJECT_REQUEST: request,
  ADMISSION_SUBJECT_DEFINITION: definition,
  ADMISSION_SUBJECT_AGENT: agent,
} = AdmissionSubject;

export async function previewRules(context: Context): Promise<number> {
  const { values, shell, print } = context;
  const file = await readDefinition(values.argument("FILE"), shell);
  const { rulesIn } = await import("@tutti/validation");
  await insistOnRules(context, file);
  const server = await connect(context);
  const { namespace = "default" } = server.namespace;
  const rules = rulesIn(file).map((rule) => AdmissionRule.fromPartial({ ...rule, namespace }));
  const judging = new AdmissionRules(rules);
  const wanted = (kind: AdmissionSubject) => judging.hasAny(kind);
  const subjects = [
    ...(wanted(request) ? await startsOf(server, values.whole("size") ?? latest) : []),
    ...(wanted(definition) ? await definitionsOf(server) : []),
    ...(wanted(agent) ? await agentsOf(server, namespace) : []),
  ];
  const effects = subjects.flatMap((subject) => effectsOf(judging, subject, namespace));
  const unseen = rules.filter(({ subject }) => ![request, definition, agent].includes(subject as never));
  if (print.isJson) {
    print.json({ looked: subjects.length, effects, unseen: unseen.map(({ ruleId }) => ruleId) });
    return exitCodes.completed;
  }
  for (const { rule, what, result, message } of effects)
    print.line(`${print.style.bold(safe(rule))} ${result}  ${safe(what)}  ${print.style.dim(safe(message))}`);
  if (print.isQuiet) return exitCodes.completed;
  print.line(`${effects.length} findings in ${subjects.length} starts, definitions and agents`);
  for (const { ruleId } of unseen)
    print.note(
      `${safe(ruleId)} is about plans or results, of which nothing is kept as it was judged: try it out with enforcement: shadow.`,
    );
  return exitCodes.completed;
}

function effectsOf(rules: AdmissionRules, subject: Judged, namespace: string): Effect[] {
  const { kind, what, body, action, actor } = subject;
  const by = { kind: kinds[actor?.kind ?? ""] ?? ActorKind.ACTOR_KIND_UNSPECIFIED, id: actor?.id ?? "" };
  const asked = { kind, namespace, action, labels: {}, groups: [], actor: by, body: body as never };
  return rules
    .admit(asked)
    .findings.map(({ rule, result, message }) => ({
      ...{ rule: rule.ruleId, what, message },
      result: findingResultToJSON(result).replace("FINDING_RESULT_", "").toLowerCase(),
    }))
    .filter(({ result }) => result !== held);
}

const kinds: Readonly<Record<string, ActorKind>> = {
  person: ActorKind.ACTOR_KIND_PERSON,
  service: ActorKind.ACTOR_KIND_SERVICE,
  agent: ActorKind.ACTOR_KIND_AGENT,
};

/** As they would be asked for again. Lists have no inputs, so each is asked for by itself. */
async function startsOf(server: Server, size: number): Promise<Judged[]> {
  const { runs } = await server.call("runs.list", { query: { ...server.namespace, size } });
  const all: Judged[] = [];
  for (const { runId = "" } of runs) {
    const run = await server.call("runs.get", { params: { id: runId }, query: server.namespace });
    const { spec, createCause } = run;
    const action = "workflow.runs.start";
    const body = { namespace: run.namespace, runId, spec };
    all.push({ kind: request, what: `run ${runId}`, body, action, actor: createCause?.actor });
  }
  return all;
}

async function definitionsOf(server: Server): Promise<Judged[]> {
  const all: Judged[] = [];
  let token = "";
  do {
    const query = { ...server.namespace, size: pageSize, ...(token === "" ? {} : { token }) };
    const reply = await server.call("workflows.list", { query });
    for (const { name = "", createCause } of reply.definitions) {
      const one = { params: { name }, query: { ...server.namespace, withSource: true } };
      const { source } = await server.call("workflows.get", one);
      const format = source?.format === "json" ? "json" : "yaml";
      const { definition: checked } = checkText({ format, text: source?.text ?? "", fileName: name });
      if (checked === undefined) continue;
      const body: unknown = JSON.parse(printDefinition(checked.document, "json"));
      const action = "workflow.definitions.register";
      all.push({ kind: definition, what: `workflow ${name}`, body, action, actor: createCause?.actor });
    }
    token = reply.nextToken ?? "";
  } while (token !== "");
  return all;
}

async function agentsOf(server: Server, namespace: string): Promise<Judged[]> {
  const all: Judged[] = [];
  let token = "";
  do {
    const query = { ...server.namespace, size: pageSize, ...(token === "" ? {} : { token }) };
    const reply = await server.call("agents.list", { query });
    all.push(...reply.agents.map((one) => agentJudged(one, namespace)));
    token = reply.nextToken ?? "";
  } while (token !== "");
  return all;
}

function agentJudged({ agentId, pool, offering }: Agent, namespace: string): Judged {
  const action = "agent.links.open";
  const body = agentDocument({ namespace, pool, agentId, offering: offering as never, action });
  return { kind: agent, what: `agent ${agentId}`, body, action, actor: { kind: "agent", id: agentId } };
}
