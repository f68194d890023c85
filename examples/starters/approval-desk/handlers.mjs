export const handlers = { "bank.pay": ({ amount, to }) => `paid ${amount} to ${to}` };
