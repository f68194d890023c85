import type { secretService } from "@tutti/contracts/governance/v1";
import type { Handlers } from "@tutti/mesh";
import type { SecretDependencies } from "./dependencies.ts";
import { getSecret, listSecrets } from "./reading.ts";
import { deleteSecret, putSecret, rotateSealing } from "./storing.ts";
import { unsealSecrets } from "./unsealing.ts";

export function secretHandlers(dependencies: SecretDependencies): Handlers<typeof secretService> {
  return {
    putSecret: (request, context) => putSecret(dependencies, request, context),
    getSecret: (request, context) => getSecret(dependencies, request, context),
    listSecrets: (request, context) => listSecrets(dependencies, request, context),
    deleteSecret: (request, context) => deleteSecret(dependencies, request, context),
    rotateSealing: (request, context) => rotateSealing(dependencies, request, context),
    unsealSecrets: (request, context) => unsealSecrets(dependencies, request, context),
  };
}
