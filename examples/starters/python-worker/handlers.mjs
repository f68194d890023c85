export const handlers = { "letter.send": ({ text }) => `sent: ${text}` };
