// Writes the table of the bus's events: the type and the description of the payload for each type of event.

export function eventCode(events, { messages, codecs }) {
  const rows = events
    .flatMap(([message, types]) => types.map((type) => ({ key: JSON.stringify(type), message })))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const descriptions = rows.map(({ key, message }) => {
    const name = messages.message(message);
    return `  ${key}: { type: ${key}, payload: ${codecs.of(message)}, toJson: ${name}.toJSON, fromJson: ${name}.fromJSON },`;
  });
  return [
    "/** The payload of each event by its type. */",
    "export interface EventPayloads {",
    ...rows.map(({ key, message }) => `  readonly ${key}: ${messages.message(message)};`),
    "}",
    "",
    "export type EventType = keyof EventPayloads;",
    "",
    "export const eventDescriptions: { readonly [T in EventType]: EventDescription<EventPayloads[T]> } = {",
    ...descriptions,
    "};",
  ].join("\n");
}
