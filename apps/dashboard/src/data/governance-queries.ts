import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type {
  AdmissionRule,
  AskAccessReply,
  ComplianceReport,
  ExplainDecisionReply,
  GetAccessMatrixReply,
  GetPolicySchemaReply,
  GetRecordReply,
  InclusionProof,
  ListCheckpointsReply,
  ListDecisionsReply,
  ListFindingsReply,
  ListFrameworksReply,
  ListKeysReply,
  ListLockoutsReply,
  ListPoliciesReply,
  ListPolicyVersionsReply,
  ListReportsReply,
  ListRolesReply,
  ListRulesReply,
  ListRuleVersionsReply,
  ListSigningKeysReply,
  ListTokensReply,
  Policy,
  Routes,
  SearchRecordsReply,
} from "@tutti/rest/types";
import { pathOf } from "../elements/spelled.ts";
import { type Filter, read, readAllPages } from "./queries.ts";
import { pageError, send } from "./send.ts";

/**
 * Queries of the pages about access and audit. They have no events: those with `decisions`, `keys` or `tokens` are
 * polled.
 */

type ListSignInsReply = Routes["signIns.list"]["reply"];
type Question = Readonly<Record<string, unknown>>;

/** Every query that a change of access rights invalidates. */
export const accessKeys = ["access", "policies", "decisions", "keys", "tokens"] as const;

export const rolesQuery = () =>
  queryOptions({
    queryKey: ["access", { roles: true }],
    queryFn: ({ signal }) => read<ListRolesReply>(pathOf(["roles"]), signal),
  });

export const matrixQuery = (token: string) =>
  queryOptions({
    queryKey: ["access", { matrix: token }],
    queryFn: async ({ signal }) => {
      const path = pathOf(["access", "matrix"], { size: 20, token });
      return (await send({ method: "POST", path, body: {} }, signal)) as GetAccessMatrixReply;
    },
  });

export const explainQuery = (question: Question) =>
  queryOptions({
    queryKey: ["access", { question }],
    queryFn: async ({ signal }) => {
      const call = { method: "POST", path: "/v1/access/ask", body: { questions: [question] } } as const;
      return (await send(call, signal)) as AskAccessReply;
    },
  });

/** It follows from the contracts: the same as long as the platform is. */
export const policySchemaQuery = () =>
  queryOptions({
    queryKey: ["policy-schema"],
    queryFn: ({ signal }) => read<GetPolicySchemaReply>(pathOf(["policy-schema"]), signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const policiesQuery = () =>
  queryOptions({
    queryKey: ["policies"],
    queryFn: ({ signal }) =>
      read<ListPoliciesReply>(pathOf(["policies"], { withSystem: true, size: 1000 }), signal),
  });

export const policyQuery = (policyId: string, from: { namespace?: string; version?: number } = {}) =>
  queryOptions({
    queryKey: ["policies", { policyId, ...from }],
    queryFn: ({ signal }) => read<Policy>(pathOf(["policies", policyId], from), signal),
  });

export const policyVersionsQuery = () =>
  queryOptions({
    queryKey: ["policies", { versions: true }],
    queryFn: ({ signal }) => read<ListPolicyVersionsReply>(pathOf(["policy-versions"], { size: 50 }), signal),
  });

export const decisionsQuery = (filter: Filter) =>
  infiniteQueryOptions({
    queryKey: ["decisions", filter],
    queryFn: ({ signal, pageParam }) =>
      read<ListDecisionsReply>(pathOf(["decisions"], { ...filter, size: 50, token: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextToken || undefined,
  });

export const decisionQuery = (decisionId: string) =>
  queryOptions({
    queryKey: ["decision", decisionId],
    queryFn: ({ signal }) => read<ExplainDecisionReply>(pathOf(["decisions", decisionId]), signal),
  });

export const keysQuery = (ended: boolean) =>
  queryOptions({
    queryKey: ["keys", { ended }],
    queryFn: ({ signal }) =>
      readAllPages<ListKeysReply>(pathOf(["keys"], { ended, size: 200 }), "keys", signal),
  });

export const tokensQuery = () =>
  queryOptions({
    queryKey: ["tokens"],
    queryFn: ({ signal }) =>
      readAllPages<ListTokensReply>(pathOf(["tokens"], { size: 200 }), "tokens", signal),
  });

/** All of them if the caller may see them, otherwise the caller's own. */
export const signInsQuery = () =>
  queryOptions({
    queryKey: ["sign-ins"],
    queryFn: async ({ signal }) => {
      try {
        return await read<ListSignInsReply>(pathOf(["sign-ins"]), signal);
      } catch (error) {
        if (pageError(error).status !== 403) throw error;
        return read<ListSignInsReply>(pathOf(["sign-ins"], { mine: true }), signal);
      }
    },
  });

/** Their data is excluded from all namespaces, by the data of this one. */
const installation = { namespace: "system" } as const;
export const lockoutsKey = ["lockouts"] as const;

export const lockoutsQuery = () =>
  queryOptions({
    queryKey: lockoutsKey,
    queryFn: ({ signal }) =>
      read<ListLockoutsReply>(pathOf(["lockouts"], { ...installation, size: 200 }), signal),
  });

/** Recent refusals of callers that are locked out. */
export const guessesQuery = (subject: string) =>
  queryOptions({
    queryKey: ["guesses", subject],
    queryFn: ({ signal }) =>
      read<SearchRecordsReply>(
        pathOf(["audit", "records"], {
          ...installation,
          action: "access",
          result: "refused",
          text: addressIn(subject),
          size: 20,
        }),
        signal,
      ),
  });

/** A lock-out is of an address and an account, `10.0.0.9/gateway.key`. The audit log knows the address. */
const addressIn = (subject: string): string => subject.split("/", 1)[0] ?? "";

/** A search creates a checkpoint of new records, so it runs on request, and is not repeated automatically. */
export const recordsQuery = (filter: Filter) =>
  infiniteQueryOptions({
    queryKey: ["records", filter],
    queryFn: ({ signal, pageParam }) =>
      read<SearchRecordsReply>(
        pathOf(["audit", "records"], { ...filter, size: 100, token: pageParam }),
        signal,
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextToken || undefined,
    refetchOnWindowFocus: false,
  });

/** Agents that were rejected lately, because they offered an ungranted capability. */
export const agentsRefusedQuery = () =>
  queryOptions({
    queryKey: ["agents-refused"],
    queryFn: ({ signal }) =>
      read<SearchRecordsReply>(
        pathOf(["audit", "records"], { result: "refused", action: "agent.*", size: 5 }),
        signal,
      ),
    refetchOnWindowFocus: false,
  });

/** The rights of an agent by its keys and tokens. */
export const grantsQuery = (agentId: string) =>
  queryOptions({
    queryKey: ["keys", { agentId }],
    queryFn: async ({ signal }) => {
      const agentFilter = { actorKind: "agent", actorId: agentId, size: 20 };
      const [{ keys }, { tokens }] = await Promise.all([
        read<ListKeysReply>(pathOf(["keys"], agentFilter), signal),
        read<ListTokensReply>(pathOf(["tokens"], agentFilter), signal),
      ]);
      return { keys, tokens };
    },
  });

export const recordQuery = (recordId: string) =>
  queryOptions({
    queryKey: ["record", recordId],
    queryFn: ({ signal }) => read<GetRecordReply>(pathOf(["audit", "records", recordId]), signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const proofQuery = (recordId: string) =>
  queryOptions({
    queryKey: ["record", recordId, "proof"],
    queryFn: ({ signal }) => read<InclusionProof>(pathOf(["audit", "records", recordId, "proof"]), signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const signingKeysQuery = () =>
  queryOptions({
    queryKey: ["signing-keys"],
    queryFn: ({ signal }) => read<ListSigningKeysReply>(pathOf(["audit", "keys"]), signal),
  });

export const checkpointsQuery = () =>
  queryOptions({
    queryKey: ["checkpoints"],
    queryFn: ({ signal }) =>
      read<ListCheckpointsReply>(pathOf(["audit", "checkpoints"], { size: 20 }), signal),
  });

export const ruleQuery = (ruleId: string) =>
  queryOptions({
    queryKey: ["rules", { ruleId }],
    queryFn: ({ signal }) => read<AdmissionRule>(pathOf(["rules", ruleId]), signal),
    refetchOnWindowFocus: false,
  });

export const ruleVersionsQuery = (ruleId: string) =>
  queryOptions({
    queryKey: ["rules", { ruleId, versions: true }],
    queryFn: ({ signal }) =>
      read<ListRuleVersionsReply>(pathOf(["rules", ruleId, "versions"], { size: 50 }), signal),
  });

export const rulesQuery = () =>
  queryOptions({
    queryKey: ["rules"],
    queryFn: ({ signal }) =>
      read<ListRulesReply>(pathOf(["rules"], { withSystem: true, size: 1000 }), signal),
  });

export const frameworksQuery = () =>
  queryOptions({
    queryKey: ["compliance", { frameworks: true }],
    queryFn: ({ signal }) => read<ListFrameworksReply>(pathOf(["compliance", "frameworks"]), signal),
  });

export const reportsQuery = () =>
  queryOptions({
    queryKey: ["compliance", { reports: true }],
    queryFn: ({ signal }) => read<ListReportsReply>(pathOf(["compliance", "reports"], { size: 50 }), signal),
  });

export const reportQuery = (reportId: string) =>
  queryOptions({
    queryKey: ["report", reportId],
    queryFn: ({ signal }) => read<ComplianceReport>(pathOf(["compliance", "reports", reportId]), signal),
  });

export const findingsQuery = () =>
  queryOptions({
    queryKey: ["findings"],
    queryFn: ({ signal }) => read<ListFindingsReply>(pathOf(["findings"], { size: 100 }), signal),
  });
