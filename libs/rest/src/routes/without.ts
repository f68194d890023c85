/** Rpcs that are served and have no route of their own, each with the reason. */
const betweenProcesses = "processes of the installation call it among themselves";

export const withoutRoute: Readonly<Record<string, string>> = {
  "tutti.agent.v1.AgentLinkService/Link":
    "a stream both ways, over gRPC: clients with HTTP alone claim tasks by POST /v1/tasks/claim",
  "tutti.blob.v1.BlobService/Get": "GET /v1/blobs/{sha256} gives the bytes as they are",
  "tutti.blob.v1.BlobService/Put": "POST /v1/blobs takes the bytes as they are",
  "tutti.blob.v1.BlobService/Stat": "GET /v1/blobs/{sha256} shows whether it exists",
  "tutti.governance.v1.AuditService/RecordRefusals": betweenProcesses,
  "tutti.governance.v1.IdentityService/RecordUses": betweenProcesses,
  "tutti.governance.v1.PolicyService/GetBundlePart": betweenProcesses,
  "tutti.governance.v1.PolicyService/RecordDecisions": betweenProcesses,
  "tutti.governance.v1.AdmissionService/RecordFindings": betweenProcesses,
  "tutti.governance.v1.PolicyService/WatchBundles": betweenProcesses,
  "tutti.insight.v1.FactService/RecordCalls": betweenProcesses,
  "tutti.insight.v1.MetricService/RecordSamples":
    "a stream both ways, over gRPC. Workers send their values by POST /v1/metrics/measures",
  "tutti.insight.v1.MetricService/RecordOtlpMetrics":
    "the gateway answers POST /v1/otlp/v1/metrics with it, in the media types of OTLP",
  "tutti.insight.v1.MetricService/WatchSeries":
    "a stream over gRPC. GET /v1/metrics/series has the same values",
  "tutti.insight.v1.MetricService/ListMetrics": "GET /v1/metrics gives the same in fewer words",
  "tutti.insight.v1.MetricService/QuerySeries":
    "GET /v1/metrics/series gives the same as points for a picture",
  "tutti.intelligence.v1.EstimateService/ReadExperience": betweenProcesses,
  "tutti.intelligence.v1.EstimateService/RecordOutcomes": betweenProcesses,
  "tutti.registry.v1.RegistryService/Deregister": betweenProcesses,
  "tutti.registry.v1.RegistryService/Register": betweenProcesses,
  "tutti.registry.v1.RegistryService/Renew": betweenProcesses,
  "tutti.registry.v1.RegistryService/SetBreaker":
    "POST /v1/incidents/{id}/repairs does it, as a run with an undo",
  "tutti.registry.v1.RegistryService/Watch": betweenProcesses,
  "tutti.runtime.v1.RuntimeService/Deliver": betweenProcesses,
  "tutti.runtime.v1.RuntimeService/GetHistory":
    "GET /v1/runs/{id}/history gives it in a form that can be read",
  "tutti.runtime.v1.RuntimeService/GetState":
    "GET /v1/runs/{id}/state gives it in the form of runs and tasks",
  "tutti.runtime.v1.RuntimeService/ListMachines": "each kind has its own list",
  "tutti.runtime.v1.RuntimeService/ListPauses": betweenProcesses,
  "tutti.runtime.v1.RuntimeService/ReadJournal": "for audits over gRPC, where bytes stay bytes",
  "tutti.runtime.v1.RuntimeService/ReleasePartition": betweenProcesses,
  "tutti.runtime.v1.RuntimeService/SearchIndex": betweenProcesses,
  "tutti.runtime.v1.RuntimeService/WatchHistory": "GET /v1/watch/runs/{id} follows a run",
  "tutti.runtime.v1.RuntimeService/WatchOwnership": betweenProcesses,
  "tutti.session.v1.LockService/ResolveDeadlock": betweenProcesses,
  "tutti.session.v1.ResourceService/ClaimAllotments": betweenProcesses,
  "tutti.swarm.v1.BoardService/BringInOutcomes": "for engines of the installation that accepted tasks",
  "tutti.swarm.v1.BoardService/Participate": "a bidirectional gRPC stream: each operation has its own route",
  "tutti.swarm.v1.BoardService/WithdrawTasks": "for engines of the installation that take over tasks",
  "tutti.swarm.v1.DispatchService/ListLinks": betweenProcesses,
  "tutti.swarm.v1.DispatchService/Offer": betweenProcesses,
  "tutti.swarm.v1.DispatchService/Relay": betweenProcesses,
  "tutti.swarm.v1.DispatchService/TellLinks": betweenProcesses,
  "tutti.swarm.v1.HookService/ListenToHook":
    "a bidirectional gRPC stream: HTTP clients use a hook with a webhook",
  "tutti.swarm.v1.PoolService/ListPlacedAttempts": betweenProcesses,
  "tutti.swarm.v1.PoolService/GetPoolUse": "GET /v1/resources and GET /v1/allocations show it",
  "tutti.workflow.v1.TaskService/BringInOutcomes": "for engines of the installation that accepted tasks",
  "tutti.workflow.v1.TriggerService/ReceiveEvents": betweenProcesses,
  "tutti.workflow.v1.TaskService/WithdrawTasks": "for engines of the installation that take over tasks",
};
