import {
  CreateHookRequest,
  DeleteHookRequest,
  GetHookRequest,
  hookService,
  ListenToHookRequest,
  ListHooksRequest,
  UpdateHookRequest,
} from "@tutti/contracts/swarm/v1";
import { describeRefusals } from "@tutti/host/testing";
import { swarm } from "../src/service.ts";

const long = "x".repeat(2_000);

describeRefusals({
  contract: hookService,
  services: [swarm],
  table: {
    createHook: {
      malformed: CreateHookRequest.fromPartial({
        hook: { hookId: "a b", moment: 1, action: { $case: "listener", value: {} } },
      }),
      field: "hook.hook_id",
      tooLarge: CreateHookRequest.fromPartial({
        hook: {
          hookId: "guard",
          moment: 1,
          description: long,
          action: { $case: "listener", value: {} },
        },
      }),
    },
    getHook: {
      malformed: GetHookRequest.fromPartial({ hookId: "" }),
      field: "hook_id",
      tooLarge: GetHookRequest.fromPartial({ hookId: long }),
    },
    listHooks: {
      malformed: ListHooksRequest.fromPartial({ pool: "Not A Name" }),
      field: "pool",
      tooLarge: ListHooksRequest.fromPartial({ page: { token: long } }),
    },
    updateHook: {
      malformed: UpdateHookRequest.fromPartial({
        hook: { hookId: "a b", moment: 1, action: { $case: "listener", value: {} } },
      }),
      field: "hook.hook_id",
      tooLarge: UpdateHookRequest.fromPartial({
        hook: { hookId: "guard", moment: 1, action: { $case: "listener", value: {} } },
        reason: long,
      }),
    },
    deleteHook: {
      malformed: DeleteHookRequest.fromPartial({ hookId: "" }),
      field: "hook_id",
      tooLarge: DeleteHookRequest.fromPartial({ hookId: "guard", reason: long }),
    },
    listenToHook: {
      malformed: ListenToHookRequest.fromPartial({ hookId: "a b" }),
      field: "hook_id",
      tooLarge: ListenToHookRequest.fromPartial({
        hookId: "guard",
        answers: [{ number: 1, verdict: { reason: long } }],
      }),
    },
  },
});
