import type { secretService } from "@tutti/contracts/governance/v1";
import type { Handlers } from "@tutti/mesh";
import type { SecretDesk } from "./desk.ts";
import { getSecret, listSecrets } from "./showing.ts";
import { deleteSecret, putSecret, rotateSealing } from "./storing.ts";
import { unsealSecrets } from "./unsealing.ts";

export function secretHandlers(desk: SecretDesk): Handlers<typeof secretService> {
  return {
    putSecret: (request, context) => putSecret(desk, request, context),
    getSecret: (request, context) => getSecret(desk, request, context),
    listSecrets: (request, context) => listSecrets(desk, request, context),
    deleteSecret: (request, context) => deleteSecret(desk, request, context),
    rotateSealing: (request, context) => rotateSealing(desk, request, context),
    unsealSecrets: (request, context) => unsealSecrets(desk, request, context),
  };
}
