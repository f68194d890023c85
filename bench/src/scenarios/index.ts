import type { Scenario } from "../scenario.ts";
import { availability } from "./availability/availability.ts";
import { ceiling } from "./ceiling/ceiling.ts";
import { cli } from "./cli/cli.ts";
import { cluster } from "./cluster/cluster.ts";
import { heartbeat } from "./heartbeat.ts";
import { history } from "./history/history.ts";
import { idle } from "./idle.ts";
import { journal } from "./journal/journal.ts";
import { fair } from "./matching/fair.ts";
import { match } from "./matching/match.ts";
import { mesh } from "./mesh/mesh.ts";
import { mission } from "./mission/mission.ts";
import { missionMachineCost } from "./mission-machine.ts";
import { adaptive } from "./modes/adaptive.ts";
import { efficiency } from "./modes/efficiency.ts";
import { hops } from "./modes/hops.ts";
import { page } from "./page/page.ts";
import { plan } from "./plan/plan.ts";
import { planExecuted } from "./plan/plan-executed.ts";
import { planLarge } from "./plan/plan-large.ts";
import { admission } from "./policy/admission.ts";
import { audit } from "./policy/audit.ts";
import { governed } from "./policy/governed.ts";
import { policy } from "./policy/policy.ts";
import { realtime } from "./realtime.ts";
import { recovery } from "./recovery/recovery.ts";
import { register } from "./register.ts";
import { api } from "./rest/api.ts";
import { restChain } from "./rest/rest-chain.ts";
import { dag, runMachineCost } from "./run-machine.ts";
import { runtime } from "./runtime/runtime.ts";
import { sessionChain } from "./sessions/session-chain.ts";
import { sessions } from "./sessions/sessions.ts";
import { start } from "./start.ts";
import { swarm } from "./swarm/swarm.ts";
import { baseline } from "./task/baseline.ts";
import { chain } from "./task/chain.ts";
import { fanout } from "./task/fanout.ts";
import { live } from "./task/live.ts";
import { worker } from "./worker/worker.ts";

export const scenarios: ReadonlyMap<string, Scenario> = new Map(
  [
    mesh,
    register,
    heartbeat,
    idle,
    start,
    realtime,
    ceiling,
    journal,
    history,
    runtime,
    recovery,
    match,
    fair,
    swarm,
    mission,
    missionMachineCost,
    availability,
    worker,
    runMachineCost,
    chain,
    fanout,
    dag,
    live,
    baseline,
    api,
    restChain,
    page,
    cli,
    plan,
    planLarge,
    planExecuted,
    adaptive,
    efficiency,
    hops,
    sessions,
    sessionChain,
    policy,
    admission,
    audit,
    governed,
    cluster,
  ].map((scenario) => [scenario.name, scenario]),
);
