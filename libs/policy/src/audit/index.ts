/** The audit alone, without access decisions: for making and checking proofs. */
export { matchesAction } from "../access/action-pattern.ts";
export { systemNamespace } from "../access/roles.ts";
export { emptyRoot, leafHash, sameHash } from "../merkle/hashes.ts";
export { MerkleTree } from "../merkle/tree.ts";
export {
  checkpointFault,
  checkpointOf,
  consistencyFault,
  headLeaf,
  inclusionFault,
  recordAt,
  recordHash,
  recordHashText,
  recordId,
  recordLeaf,
} from "./checkpoints.ts";
export { fault } from "./export/comparing.ts";
export { checkpointLineOf, type RecordLine, recordLineOf } from "./export/lines.ts";
export { type ExportVerdict, ExportVerifier } from "./export/verifying.ts";
export { type ExportedLeaf, type ExportState, ExportWriter } from "./export/writing.ts";
export { type Signer, signerOf } from "./signing.ts";
export { TrustedKeys } from "./signing-keys.ts";
