export { Cursor } from "./wire/cursor.ts";
export { EncodedHostFrame } from "./wire/encoded-host-frame.ts";
export { EncodedOffer, isOfferOf, openOffer } from "./wire/encoded-offer.ts";
export { FlatWriter } from "./wire/flat-writer.ts";
export { readAgentFrame, readHostFrame } from "./wire/link-frames.ts";
export { readOfferRequest } from "./wire/offer-requests.ts";
