export {
  checkpointFault,
  checkpointOf,
  consistencyFault,
  headLeaf,
  headsFault,
  inclusionFault,
  type RecordAt,
  recordAt,
  recordId,
  recordLeaf,
} from "./audit/checkpoints.ts";
export { holdsSignature, type Purpose, type Signer, signerOf } from "./audit/signing.ts";
export { endorsed, type KeyFault, type Signed, TrustedKeys } from "./audit/signing-keys.ts";
export { emptyRoot, leafHash } from "./merkle/hashes.ts";
export { holdsConsistency, holdsInclusion, type LeafPlace, type TreeHead } from "./merkle/proofs.ts";
export { MerkleTree } from "./merkle/tree.ts";
