export { endSecret } from "./ending.ts";
export { secretsErrors } from "./errors.ts";
export { atOnceMax } from "./limits.ts";
export { secretContents, secrets, secretsKind } from "./machine.ts";
export { resealSecrets } from "./resealing.ts";
export { isInForce, lastVersionOf, newSecrets, type Secrets, type SecretsView } from "./state.ts";
export { storeSecret, versionOf } from "./storing.ts";
export { noteSecretUses } from "./using.ts";
