/** What can be asked of this installation, as its contracts say it. */
import * as agent from "@tutti/contracts/agent/v1";
import * as blob from "@tutti/contracts/blob/v1";
import * as governance from "@tutti/contracts/governance/v1";
import * as insight from "@tutti/contracts/insight/v1";
import * as intelligence from "@tutti/contracts/intelligence/v1";
import * as registry from "@tutti/contracts/registry/v1";
import type { ServiceDescription } from "@tutti/contracts/rpc";
import * as runtime from "@tutti/contracts/runtime/v1";
import * as session from "@tutti/contracts/session/v1";
import * as swarm from "@tutti/contracts/swarm/v1";
import * as workflow from "@tutti/contracts/workflow/v1";
import { edgeActions } from "@tutti/host";
import { nearest } from "@tutti/kernel";
import { Vocabulary } from "@tutti/policy";

const areas = [agent, blob, governance, insight, intelligence, registry, runtime, session, swarm, workflow];

let made: Vocabulary | undefined;

/** Made when it is asked for first: most processes with the service never are. */
export function vocabulary(): Vocabulary {
  made ??= new Vocabulary([
    ...areas
      .flatMap((area) => Object.values(area).filter(isService))
      .flatMap(({ methods }) => Object.values(methods)),
    ...Object.values(edgeActions),
  ]);
  return made;
}

/** What is wrong with an action, or a pattern of some, that nobody serves. */
export function unserved(action: string): string | undefined {
  if (vocabulary().matching([action]).length > 0) return undefined;
  const instead = action.includes("*") ? undefined : nearest(action, [...vocabulary().actions]);
  return `nobody serves an action like ${action}${instead === undefined ? "" : `, did you mean ${instead}?`}`;
}

function isService(value: unknown): value is ServiceDescription {
  return typeof value === "object" && value !== null && "methods" in value && "area" in value;
}
