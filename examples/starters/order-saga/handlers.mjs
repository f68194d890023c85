import { TaskFailure } from "@tutti/sdk";

export const handlers = {
  "shop.reserve": ({ article }) => ({ reservation: `${article}-1` }),
  "shop.release": ({ reservation }) => `released ${reservation}`,
  // The key is the same for each attempt. Pass it to the bank, so that a retry charges once.
  "shop.charge": ({ cents }, { idempotencyKey }) => ({ payment: `${cents} with ${idempotencyKey}` }),
  "shop.refund": ({ payment }) => `refunded ${payment}`,
  "shop.ship": ({ article }) => {
    if (article === "piano")
      throw new TaskFailure("parcel.too_heavy", "a piano is no parcel", { final: true });
    return { label: `parcel with ${article}` };
  },
};
