/** What only deliveries need: a file of its own (`deliveries.js`), loaded with the first one. */
export { readDelivery } from './delivery.ts';
export { textOfNothing, textOfProblem, textOfResults } from './slack-text.ts';
export { whyNotProven } from './prove.ts';
