/** The row of an rpc about a namespace: one that is none is named first, whatever else is wrong. */
export function rowOf<Request>(codec: { fromPartial(given: { readonly namespace: string }): Request }) {
  return {
    malformed: codec.fromPartial({ namespace: "Shop" }),
    field: "namespace",
    tooLarge: codec.fromPartial({ namespace: "x".repeat(2_000) }),
  };
}
