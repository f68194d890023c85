/** Access and audit as pages show them. */

const person = (id: string) => ({ kind: "person", id });
const press = { kind: "agent", id: "press" };
const actions = ["get", "list", "start", "cancel"].map((verb) => `workflow.runs.${verb}`);

const schema = [...actions, "governance.policies.apply", "governance.keys.create"]
  .map(
    (name) => `action "${name}" in ["read"] appliesTo { principal: [Person], resource: [Run], context: {} };`,
  )
  .join("\n");

const role = (name: string, reason: string) => ({ namespace: "default", policyId: `role:${name}`, reason });
const night = {
  ...{ namespace: "default", policyId: "night", statement: 1, reason: "at night the office is empty" },
};
const nightText = `@reason("at night the office is empty")
forbid(principal, action == Action::"workflow.runs.start", resource)
unless { principal in Role::"admin" };
`;

const decision = (number: number, id: string, allowed: boolean, nowMs: number) => ({
  decisionId: `dec_${number}`,
  decideTimeMs: nowMs - number * 40_000,
  question: {
    actor: person(id),
    groups: [],
    action: "workflow.runs.start",
    resourceKind: "run",
    resourceLabels: {},
  },
  ...{ allowed, policies: [allowed ? role("operator", "bound by b1") : night], errors: [], count: number },
  ...(allowed ? { shadowAllowed: false, shadowPolicies: [night] } : { shadowPolicies: [] }),
  work: { kind: "run", id: `order-${number}` },
});

const policiesAt = (nowMs: number) => [
  {
    ...{ namespace: "default", policyId: "night", description: "Nothing starts at night", text: nightText },
    ...{ enforcement: "shadow", cases: [], labels: {}, revision: "4", updateTimeMs: nowMs - 86_400_000 },
    updateCause: { actor: person("ada") },
  },
];

const keyAt = (nowMs: number) => ({
  ...{ keyId: "k1", title: "the printing press", actor: press, prefix: "tutti_live_7Qk2…" },
  scope: {
    actions: [],
    namespaces: [],
    agent: { offers: ["print.*"], pools: ["default"], namespaces: [], maxSlots: 4 },
  },
  ...{ useTimeMs: nowMs - 90_000, useAddress: "10.1.2.3", expireTimeMs: nowMs + 30 * 86_400_000 },
});

const recordAt = (number: number, nowMs: number) => ({
  ...{ recordId: `workflow/7/${number}/0`, timeMs: nowMs - number * 30_000, count: number === 2 ? 41 : 1 },
  cause: { actor: number === 2 ? press : person("ada"), decision: "default/role:operator" },
  action: number === 2 ? "agent.links.open" : "run.run_started",
  work: { kind: "run", id: `order-${number}` },
  ...(number === 2
    ? {
        result: "refused",
        error: { code: "swarm.not_granted", message: "expected a granted value (print.*), got pay.refund" },
      }
    : { result: "done" }),
});

const checkpointAt = (number: number, nowMs: number) => ({
  ...{ number, createTimeMs: nowMs - 60_000 * (20 - number), heads: [], treeSize: number * 16 },
  rootHash: "u1Mbb8mhL03WZ9K+45R68o8yuADzHWgPiyc0zAkBhhY=",
});

/** What a route of them answers. Undefined for one that is none of them. */
export function governanceAt(path: string, nowMs: number): unknown {
  const [area = "", id = ""] = path.split("/").slice(2).map(decodeURIComponent);
  switch (area) {
    case "policy-schema":
      return { schema };
    case "access":
      return id === "ask" ? { decisions: [decision(1, "bob", false, nowMs)] } : { rows: rows(), total: 2 };
    case "roles":
      return { roles: [{ role: "operator", description: "Steers what runs", actions: ["workflow.*"] }] };
    case "policies":
      return id === "" ? { policies: policiesAt(nowMs), version: 4 } : policyAnswer(id, nowMs);
    case "policy-versions":
      return { versions: [4, 3].map((number) => versionAt(number, nowMs)) };
    case "decisions":
      return { decisions: [decision(1, "ada", true, nowMs), decision(2, "bob", false, nowMs)] };
    case "keys":
      return { keys: [keyAt(nowMs)] };
    case "sign-ins":
      return { signIns: signInsAt(nowMs) };
    case "lockouts":
      return { lockouts: lockoutsAt(nowMs), total: 2 };
    case "missing-rights":
      return { namespace: "default", who: "person:local-admin", roles: ["admin"], missing: [], givers: [] };
    case "tokens":
      return {
        tokens: [{ ...keyAt(nowMs), tokenId: "token_1", use: "agent", createTimeMs: nowMs - 120_000 }],
      };
    case "audit":
      return auditAnswer(id, nowMs);
    case "compliance":
      return id === "frameworks"
        ? { frameworks: [{ framework: "soc2", covered: 3, open: 1 }] }
        : { reports: [] };
    case "findings":
      return {
        findings: [
          {
            findingId: "f1",
            ruleId: "owner",
            result: "denied",
            message: "expected a label owner",
            findTimeMs: nowMs,
          },
        ],
      };
    case "rules":
      return {
        rules: [
          {
            ruleId: "owner",
            subject: "request",
            condition: "has(subject.labels.owner)",
            controls: [],
            deny: {},
          },
        ],
      };
    default:
      return undefined;
  }
}

function rows() {
  return [
    { actor: person("ada"), roles: ["operator"], allowed: actions, conditional: [] },
    { actor: press, roles: [], allowed: [], conditional: ["workflow.runs.get"] },
  ];
}

function policyAnswer(id: string, nowMs: number): unknown {
  return id === "check" ? { problems: [] } : policiesAt(nowMs)[0];
}

function versionAt(number: number, nowMs: number) {
  const createCause = { actor: person("ada"), reason: "in shadow mode for a week" };
  return {
    number,
    createTimeMs: nowMs - 86_400_000,
    createCause,
    changedPolicyIds: ["night"],
    removedPolicyIds: [],
  };
}

function auditAnswer(part: string, nowMs: number): unknown {
  if (part === "keys")
    return {
      keys: [
        {
          signingKeyId: "key_1",
          publicKey: "0ffjiBWk7C1dAQhhLWYd/MP0u+dIjqBd7Beq/8BFByM=",
          startTimeMs: nowMs - 9e7,
        },
      ],
    };
  if (part === "checkpoints") return { checkpoints: [3, 2, 1].map((number) => checkpointAt(number, nowMs)) };
  return { records: [1, 2, 3, 4].map((number) => recordAt(number, nowMs)), indexedToMs: nowMs };
}

function lockoutsAt(nowMs: number) {
  const minuteMs = 60_000;
  return [
    { subject: "10.0.0.9", failures: 7, startTimeMs: nowMs - 3 * minuteMs, endTimeMs: nowMs + minuteMs },
    {
      ...{ subject: "2001:db8:85a3::8a2e:370:7334", failures: 1_204 },
      ...{ startTimeMs: nowMs - 300 * minuteMs, endTimeMs: nowMs + 58 * minuteMs },
    },
  ];
}

function signInsAt(nowMs: number) {
  const hourMs = 3_600_000;
  const ada = { id: "Jx3_w1kPq0Zr", who: "person:id.example|ada", by: "id_token", own: true };
  const press = { id: "b7Yk-2LmQw9E", who: "service:billing", by: "key", namespace: "shop", own: false };
  const [chrome, firefox] = ["Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0", "Firefox/143.0 (Android)"];
  return [
    {
      ...{ ...ada, address: "10.0.0.9", browser: chrome },
      ...{ startMs: nowMs - hourMs, useMs: nowMs - 60_000, expiresMs: nowMs + 11 * hourMs },
    },
    {
      ...press,
      address: "10.0.0.12",
      browser: firefox,
      startMs: nowMs - 90 * hourMs,
      expiresMs: nowMs + hourMs,
    },
  ];
}
