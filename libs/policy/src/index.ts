export { coversPattern, matchesAction, matchesAny } from "./access/action-pattern.ts";
export type { GrantedRole as HeldRole, Identity as Who } from "./access/bindings.ts";
export { type Cedar, loadCedar } from "./access/cedar.ts";
export { policyProblems } from "./access/checking.ts";
export { grantersIn, type Lack, type LackQuestion, lacksOf } from "./access/lacks.ts";
export { type Matrix, matrixOf, wideEvaluator } from "./access/matrix.ts";
export { PolicyEvaluator, type Question, type Verdict } from "./access/policy-evaluator.ts";
export { builtInRoles, systemNamespace } from "./access/roles.ts";
export { schemaText } from "./access/schema.ts";
export { type StatementProblem, statementTexts } from "./access/statements.ts";
export { entityType, groupsOf, type NamedAction, Vocabulary } from "./access/vocabulary.ts";
export {
  type Admission,
  AdmissionRules,
  type ApprovalQuestion,
  type RuleFinding,
  type Subject,
} from "./admission/admission.ts";
export { unevaluatedReason } from "./admission/allowed-verdicts.ts";
export { type CaseOutcome, caseOutcomes, findingOf, jsonIn } from "./admission/findings.ts";
export { compileRule, type RuleProblem } from "./admission/rule-programs.ts";
export {
  type AgentAbout,
  agentDocument,
  type PlanAbout,
  planDocument,
  type ResultAbout,
  resultActor,
  resultDocument,
} from "./admission/subjects.ts";
export {
  checkpointFault,
  checkpointOf,
  consistencyFault,
  headLeaf,
  headsFault,
  inclusionFault,
  type RecordAt,
  recordAt,
  recordHash,
  recordId,
  recordLeaf,
} from "./audit/checkpoints.ts";
export type { ExportedRecord } from "./audit/export/lines.ts";
export { type ExportVerdict, ExportVerifier } from "./audit/export/verifying.ts";
export {
  type ExportedLeaf,
  type ExportOpening,
  type ExportState,
  ExportWriter,
} from "./audit/export/writing.ts";
export { type Purpose, type Signer, signerOf, verifySignature } from "./audit/signing.ts";
export { endorsed, type KeyFault, type Signed, TrustedKeys } from "./audit/signing-keys.ts";
export {
  BundleCache,
  type BundleInForce,
  type Opened,
  opened,
  sealed,
} from "./bundles/bundles.ts";
export { type Admittance, type CallLimit, CallLimits } from "./guard/call-limits.ts";
export { type LockoutRules, Lockouts } from "./guard/lockouts.ts";
export { newApiKey, prefixOf, printApiKey, readApiKey, withoutKeys } from "./keys/api-key.ts";
export { type CheckedKey, KeyChecker } from "./keys/key-checker.ts";
export { hashKey, isHashed, keyHashCost } from "./keys/key-hash.ts";
export { emptyRoot, leafHash } from "./merkle/hashes.ts";
export {
  type LeafPlace,
  type TreeHead,
  verifyConsistency,
  verifyInclusion,
} from "./merkle/proofs.ts";
export { MerkleTree } from "./merkle/tree.ts";
export {
  bothGrants,
  type GrantFault,
  type GrantQuestion,
  grantFaults,
  type Offered,
} from "./scope/agent-grant.ts";
export { type Narrowing, narrowed, type ScopedQuestion, scopeFault, unscoped } from "./scope/scope.ts";
export { deliveryOf } from "./secrets/delivery.ts";
export {
  type Envelope,
  enveloped,
  resealed,
  type SealingKey,
  type SecretName,
  unwrapped,
} from "./secrets/envelope.ts";
export type { TokenContent } from "./tokens/claims.ts";
export {
  authorizationUrl,
  type CodeClient,
  type CodeExchange,
  codeExchange,
  type PendingSignIn,
} from "./tokens/code-flow.ts";
export {
  type DiscoveredIssuer,
  discoveryAddress,
  readDiscovery,
  securedAddress,
} from "./tokens/discovery.ts";
export { IssuerKeys, type IssuerKeysParts, KeysUnavailable } from "./tokens/issuer-keys.ts";
export { newTokenKey, publicTokenKey, TokenIssuer } from "./tokens/issuing.ts";
export {
  type CheckedToken,
  type SignInRules,
  TokenChecker,
  type TokenCheckerParts,
  type TokenFault,
  type TokenIdentity,
  type TokenRules,
  type TrustedIssuer,
} from "./tokens/token-checker.ts";
