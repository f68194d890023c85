/** Runs that are started in bulk, each as if it were started by itself: rules are about one start, however it came. */
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type RunSpec, StartRunRequest, type StartRunsRequest } from "@tutti/contracts/workflow/v1";

/** What came earlier in the same stream: the first message names the namespace of all. */
interface Earlier {
  readonly namespace: string;
  readonly specs: RunSpec[];
}

const streams = new WeakMap<object, Earlier>();

/** @param call the stream that the message came in */
export function startsIn(
  call: object,
  { namespace: named, specs, items }: StartRunsRequest,
): StartRunRequest[] {
  const { namespace, specs: known } = streams.get(call) ?? {
    namespace: named || defaultNamespace,
    specs: [],
  };
  streams.set(call, { namespace, specs: known });
  known.push(...specs);
  return items.flatMap(({ runId, spec: number, labels, input }) => {
    const spec = known[number - 1];
    if (spec === undefined) return [];
    const own =
      input?.$case === "inputPayload"
        ? input.value
        : input && { body: { $case: "inline" as const, value: input.value }, mediaType: "" };
    const whole = { ...spec, input: own ?? spec.input, labels: { ...spec.labels, ...labels } };
    return [{ ...StartRunRequest.create(), namespace, runId, spec: whole }];
  });
}
