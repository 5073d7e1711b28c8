/** What only deliveries need: a file of its own (`deliveries.js`), loaded with the first one. */
export { readDelivery } from './delivery.ts';
export { whyNotProven } from './prove.ts';
